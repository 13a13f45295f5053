//! An organization: whose keys and tokens these are.

use serde::{Deserialize, Serialize};

use super::field::FieldPolicy;
use super::id::OrganizationId;
use super::text::{Brand, Email, OrganizationName, Slug};
use super::time::Timestamp;
use super::token::Ladders;

/// The most contacts of an organization.
pub const MOST_CONTACTS: usize = 8;

/// One organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organization {
    /// Its own name for good.
    pub id: OrganizationId,
    /// Its short name, unique in the store.
    pub slug: Slug,
    /// Its full name.
    pub name: OrganizationName,
    /// The platform its clients connect to.
    pub brand: Brand,
    /// When it was onboarded.
    pub created_at: Timestamp,
    /// Who onboarded it.
    pub created_by: Email,
    /// What its clients must encrypt.
    pub fields: FieldPolicy,
    /// Who is told of all its tokens, beside each one's owner.
    pub contacts: Vec<Email>,
    /// When to warn of its tokens' ends.
    pub warnings: Ladders,
}
