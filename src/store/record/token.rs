//! The versions of a token's record: 2 added the allow-list and what ends an overlap, 3 owner, note and warnings.

use serde::{Deserialize, Serialize};

use super::version::{Nothing, Version, first_version};
use crate::domain::address::AddressRange;
use crate::domain::id::{OrganizationId, TokenId};
use crate::domain::text::{Brand, Email, Environment, ServiceName, TokenName, Variable};
use crate::domain::time::Timestamp;
use crate::domain::token::{Digest, Finish, Life, Lifetime, Overlap, Revocation, Token};

#[derive(Serialize, Deserialize)]
pub(super) struct Token1 {
    id: TokenId,
    organization: OrganizationId,
    name: TokenName,
    service: ServiceName,
    environment: Environment,
    variable: Variable,
    brand: Brand,
    lifetime: Lifetime,
    life: Life,
    minted_by: Email,
    digest: Digest,
    digest_key: u8,
    last_four: [u8; 4],
    acknowledged_at: Option<Timestamp>,
    replaces: Option<(TokenId, Overlap)>,
    replaced_by: Option<TokenId>,
    revocation: Option<Revocation>,
}

first_version! { Token1, "token"; }

#[derive(Serialize, Deserialize)]
pub(super) struct Token2 {
    id: TokenId,
    organization: OrganizationId,
    name: TokenName,
    service: ServiceName,
    environment: Environment,
    variable: Variable,
    brand: Brand,
    lifetime: Lifetime,
    life: Life,
    minted_by: Email,
    digest: Digest,
    digest_key: u8,
    last_four: [u8; 4],
    acknowledged_at: Option<Timestamp>,
    replaces: Option<(TokenId, Overlap)>,
    replaced_by: Option<TokenId>,
    revocation: Option<Revocation>,
    allowed: Vec<AddressRange>,
    finish: Finish,
}

impl Version for Token2 {
    const KIND: &'static str = "token";
    const NUMBER: u8 = 2;
    type Before = Token1;

    fn from_before(before: Token1) -> Self {
        Self {
            id: before.id,
            organization: before.organization,
            name: before.name,
            service: before.service,
            environment: before.environment,
            variable: before.variable,
            brand: before.brand,
            lifetime: before.lifetime,
            life: before.life,
            minted_by: before.minted_by,
            digest: before.digest,
            digest_key: before.digest_key,
            last_four: before.last_four,
            acknowledged_at: before.acknowledged_at,
            replaces: before.replaces,
            replaced_by: before.replaced_by,
            revocation: before.revocation,
            allowed: Vec::new(),
            finish: Finish::AtEnd,
        }
    }

    fn to_before(&self) -> Option<Token1> {
        let says_more = !self.allowed.is_empty() || self.finish != Finish::AtEnd;
        (!says_more).then(|| Token1 {
            id: self.id,
            organization: self.organization,
            name: self.name.clone(),
            service: self.service.clone(),
            environment: self.environment.clone(),
            variable: self.variable.clone(),
            brand: self.brand.clone(),
            lifetime: self.lifetime,
            life: self.life,
            minted_by: self.minted_by.clone(),
            digest: self.digest,
            digest_key: self.digest_key,
            last_four: self.last_four,
            acknowledged_at: self.acknowledged_at,
            replaces: self.replaces,
            replaced_by: self.replaced_by,
            revocation: self.revocation.clone(),
        })
    }
}

impl Version for Token {
    const KIND: &'static str = "token";
    const NUMBER: u8 = 3;
    type Before = Token2;

    fn from_before(before: Token2) -> Self {
        Self {
            id: before.id,
            organization: before.organization,
            name: before.name,
            service: before.service,
            environment: before.environment,
            variable: before.variable,
            brand: before.brand,
            lifetime: before.lifetime,
            life: before.life,
            minted_by: before.minted_by,
            digest: before.digest,
            digest_key: before.digest_key,
            last_four: before.last_four,
            acknowledged_at: before.acknowledged_at,
            replaces: before.replaces,
            replaced_by: before.replaced_by,
            revocation: before.revocation,
            allowed: before.allowed,
            finish: before.finish,
            owner: None,
            note: None,
            warnings: None,
        }
    }

    fn to_before(&self) -> Option<Token2> {
        let says_more = self.owner.is_some() || self.note.is_some() || self.warnings.is_some();
        (!says_more).then(|| Token2 {
            id: self.id,
            organization: self.organization,
            name: self.name.clone(),
            service: self.service.clone(),
            environment: self.environment.clone(),
            variable: self.variable.clone(),
            brand: self.brand.clone(),
            lifetime: self.lifetime,
            life: self.life,
            minted_by: self.minted_by.clone(),
            digest: self.digest,
            digest_key: self.digest_key,
            last_four: self.last_four,
            acknowledged_at: self.acknowledged_at,
            replaces: self.replaces,
            replaced_by: self.replaced_by,
            revocation: self.revocation.clone(),
            allowed: self.allowed.clone(),
            finish: self.finish,
        })
    }
}
