//! The versions of an organization's record: 2 added its own list of fields to encrypt,
//! 3 contacts and warnings.

use serde::{Deserialize, Serialize};

use super::version::{Nothing, Version, first_version};
use crate::domain::field::FieldPolicy;
use crate::domain::id::OrganizationId;
use crate::domain::organization::Organization;
use crate::domain::text::{Brand, Email, OrganizationName, Slug};
use crate::domain::time::Timestamp;
use crate::domain::token::Ladders;

#[derive(Serialize, Deserialize)]
pub(super) struct Organization1 {
    id: OrganizationId,
    slug: Slug,
    name: OrganizationName,
    brand: Brand,
    created_at: Timestamp,
    created_by: Email,
}

first_version! { Organization1, "organization"; }

#[derive(Serialize, Deserialize)]
pub(super) struct Organization2 {
    id: OrganizationId,
    slug: Slug,
    name: OrganizationName,
    brand: Brand,
    created_at: Timestamp,
    created_by: Email,
    fields: FieldPolicy,
}

impl Version for Organization2 {
    const KIND: &'static str = "organization";
    const NUMBER: u8 = 2;
    type Before = Organization1;

    fn from_before(before: Organization1) -> Self {
        Self {
            id: before.id,
            slug: before.slug,
            name: before.name,
            brand: before.brand,
            created_at: before.created_at,
            created_by: before.created_by,
            fields: FieldPolicy::default(),
        }
    }

    fn to_before(&self) -> Option<Organization1> {
        (self.fields == FieldPolicy::default()).then(|| Organization1 {
            id: self.id,
            slug: self.slug.clone(),
            name: self.name.clone(),
            brand: self.brand.clone(),
            created_at: self.created_at,
            created_by: self.created_by.clone(),
        })
    }
}

impl Version for Organization {
    const KIND: &'static str = "organization";
    const NUMBER: u8 = 3;
    type Before = Organization2;

    fn from_before(before: Organization2) -> Self {
        Self {
            id: before.id,
            slug: before.slug,
            name: before.name,
            brand: before.brand,
            created_at: before.created_at,
            created_by: before.created_by,
            fields: before.fields,
            contacts: Vec::new(),
            warnings: Ladders::default(),
        }
    }

    fn to_before(&self) -> Option<Organization2> {
        let says_more = !self.contacts.is_empty() || self.warnings != Ladders::default();
        (!says_more).then(|| Organization2 {
            id: self.id,
            slug: self.slug.clone(),
            name: self.name.clone(),
            brand: self.brand.clone(),
            created_at: self.created_at,
            created_by: self.created_by.clone(),
            fields: self.fields.clone(),
        })
    }
}
