//! Whether a token is good: the fast side door, without allocation and without the store.

use super::index::Found;
use super::response::{TokenRow, Tried};
use super::{Actor, Service};
use crate::domain::secret::Secret;
use crate::domain::text::Slug;
use crate::domain::time::Timestamp;
use crate::domain::token::format::Malformed;
use crate::domain::token::{Refusal, Status, TokenSecret, Verdict};

/// The answer to a presented token.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verified {
    /// It works.
    Good {
        /// Which one; `Service::grant` tells its names.
        found: Found,
        /// Active, expiring or retiring.
        status: Status,
    },
    /// It is known to whoever presented it, and does not work.
    Refused(Refusal),
    /// Malformed or unknown: nobody learns which.
    Invalid,
    /// Nobody can say: the store is an older state, in which revocations may be missing.
    Unavailable,
}

impl Service {
    /// Judges a token as a client sent it, and counts a good one as used.
    pub fn verify(&self, presented: &[u8]) -> Verified {
        if self.found.rollback().is_some() {
            return Verified::Unavailable;
        }
        let Ok(secret) = TokenSecret::parse(presented) else {
            return Verified::Invalid;
        };
        match self.find(&secret, self.now(), Some(self.time.latest())) {
            Some(found) => match found.verdict {
                Verdict::Good(status) => Verified::Good { found, status },
                Verdict::Refused(refusal) => Verified::Refused(refusal),
            },
            None => Verified::Invalid,
        }
    }

    /// Says who presented a token that was found good; it is kept beside the counts.
    pub fn count_caller(&self, found: &Found, address: &str, agent: &str) {
        let at = self.time.latest();
        self.usage.count_caller(found.slot, address, agent, at);
    }

    /// The names that belong to a verified token.
    pub fn grant(&self, found: &Found) -> (TokenRow, Slug) {
        self.described(found, self.now())
    }

    /// The judgement for a service that asks through a command: a good token counts as used by the asking account.
    pub(super) fn verify_for(&self, actor: &Actor, presented: &Secret) -> Tried {
        if let Verified::Good { found, .. } = self.verify(presented.expose().trim_ascii()) {
            let address = actor
                .address
                .clone()
                .unwrap_or_else(|| format!("local:{}", actor.os_user));
            self.count_caller(&found, &address, "strongroom verify");
        }
        self.try_token(presented)
    }

    /// The same judgement for a person: counts nothing, and tells a mistyped token from an unknown one.
    pub(super) fn try_token(&self, presented: &Secret) -> Tried {
        let text = presented.expose().trim_ascii();
        let secret = match TokenSecret::parse(text) {
            Ok(secret) => secret,
            Err(Malformed::Checksum) => return Tried::Mistyped,
            Err(Malformed::Shape) => return Tried::Malformed,
        };
        let now = self.now();
        let Some(found) = self.find(&secret, now, None) else {
            return Tried::Unknown;
        };
        let (row, slug) = self.described(&found, now);
        match found.verdict {
            Verdict::Good(_) => Tried::Good(Box::new(row), slug),
            Verdict::Refused(refusal) => Tried::Refused(refusal, Box::new(row), slug),
        }
    }

    fn find(&self, secret: &TokenSecret, now: Timestamp, count: Option<Timestamp>) -> Option<Found> {
        let (digest, _) = self.ports.sealer.digest(secret.expose());
        self.index.verify(&digest, now, count).or_else(|| {
            let previous = self.ports.sealer.previous_digest(secret.expose())?;
            self.index.verify(&previous, now, count)
        })
    }

    fn described(&self, found: &Found, now: Timestamp) -> (TokenRow, Slug) {
        let row = self.row(found.slot, now);
        let registry = self.registry();
        let organization = registry.organizations.get(found.organization as usize);
        let slug = organization.map_or_else(
            || Slug::from_stored(""),
            |(organization, _)| organization.slug.clone(),
        );
        (row, slug)
    }
}
