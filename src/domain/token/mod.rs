//! An API token: what is kept of it, how long it works, and what may be done to it.
//!
//! The record never holds the token, only a keyed digest and its last four characters. Its status is derived from
//! [`Life`] and the time, never stored.

pub mod find;
pub mod finish;
pub mod format;
pub mod ladder;
pub mod lifetime;
pub mod overlap;
pub mod quiet;
pub mod status;

use serde::{Deserialize, Serialize};

pub use self::finish::Finish;
pub use self::format::TokenSecret;
pub use self::ladder::{Ladder, Ladders};
pub use self::lifetime::Lifetime;
pub use self::overlap::Overlap;
pub use self::status::{Life, Refusal, Status, Verdict, judge};

use super::address::AddressRange;
use super::id::{OrganizationId, TokenId};
use super::text::{Brand, Email, Environment, Reason, ServiceName, TokenName, TokenNote, Variable};
use super::time::Timestamp;

/// HMAC-SHA256 of a token's 32 secret bytes under the keyring's token key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Digest(pub [u8; 32]);

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Digest(…)")
    }
}

/// Everything that is kept of one token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// Its own name for good.
    pub id: TokenId,
    /// Whose it is.
    pub organization: OrganizationId,
    /// Unique among the organization's live tokens, but for the old one of a rotation.
    pub name: TokenName,
    /// The service that sends it.
    pub service: ServiceName,
    /// The environment it is for.
    pub environment: Environment,
    /// The environment variable it is kept in; unique among live tokens as the name is.
    pub variable: Variable,
    /// The brand at the time it was minted, which it begins with.
    pub brand: Brand,
    /// The expiry that was chosen.
    pub lifetime: Lifetime,
    /// The dates that its status follows from.
    pub life: Life,
    /// The cashier who minted it.
    pub minted_by: Email,
    /// What a presented token is compared with.
    pub digest: Digest,
    /// Which of the keyring's token keys made the digest.
    pub digest_key: u8,
    /// The last four characters, so that people can tell tokens apart.
    pub last_four: [u8; 4],
    /// When somebody confirmed to have it; `None` means that perhaps nobody has.
    pub acknowledged_at: Option<Timestamp>,
    /// The token that it replaces, and the overlap that begins when it is acknowledged.
    pub replaces: Option<(TokenId, Overlap)>,
    /// The token that replaces it, once that was acknowledged.
    pub replaced_by: Option<TokenId>,
    /// Who revoked it and why; the time is in [`Life::revoked_at`].
    pub revocation: Option<Revocation>,
    /// Where it may be used from; empty for everywhere.
    pub allowed: Vec<AddressRange>,
    /// What ends its overlap, once it was replaced.
    pub finish: Finish,
    /// Who has to be told of it, where that is not the cashier who minted it.
    pub owner: Option<Email>,
    /// What a cashier wrote about it.
    pub note: Option<TokenNote>,
    /// When to warn of its end; `None` for what holds for its lifetime.
    pub warnings: Option<Ladder>,
}

/// Who took a token's rights away, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// The cashier.
    pub by: Email,
    /// Somebody else may have it: never undone.
    pub leaked: bool,
    /// What the cashier wrote.
    pub reason: Option<Reason>,
}

impl Token {
    /// How a person sees which token it is: `fincode_prod_…x7Qm`.
    #[must_use]
    pub fn masked(&self) -> String {
        let last_four = String::from_utf8_lossy(&self.last_four);
        format!("{}_{}_…{last_four}", self.brand.prefix(), self.environment)
    }

    /// Whether its name and variable are taken: it still works, and no acknowledged successor carries them.
    #[must_use]
    pub fn holds_its_name(&self, now: Timestamp) -> bool {
        self.replaced_by.is_none() && self.life.stage(now).is_live()
    }

    /// Who has to be told of it.
    #[must_use]
    pub fn owner(&self) -> &Email {
        self.owner.as_ref().unwrap_or(&self.minted_by)
    }

    /// Says who has to be told of it.
    pub fn set_owner(&mut self, owner: Email) {
        self.owner = (owner != self.minted_by).then_some(owner);
    }
}
