//! Whether a token is good: the fast side door, without allocation and without the store.

use core::net::IpAddr;

use super::callers::Origin;
use super::index::{Found, Use};
use super::response::{TokenRow, Tried};
use super::{Actor, Service};
use crate::domain::id::TokenId;
use crate::domain::secret::{Secret, wiping_stack};
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
        /// Which one; [`Service::with_grant`] tells its names.
        found: Found,
        /// Active, expiring or retiring.
        status: Status,
    },
    /// It is known to whoever presented it, and does not work.
    Refused(Refusal),
    /// It works, and not from there; it was not counted as used.
    Forbidden(Found),
    /// Malformed or unknown: nobody learns which.
    Invalid,
    /// Nobody can say: the store is an older state, in which revocations may be missing.
    Unavailable,
}

/// What a verified token stands for, as services are told.
#[derive(Debug, Clone, Copy)]
pub struct Grant<'a> {
    /// Whose it is: the short name.
    pub organization: &'a str,
    /// The token.
    pub id: TokenId,
    /// The service that sends it.
    pub service: &'a str,
    /// The environment it is for.
    pub environment: &'a str,
    /// When it stops working by itself.
    pub expires: Timestamp,
    /// Active, expiring or retiring.
    pub status: Status,
}

impl Service {
    /// Judges a token as a client sent it. A good one is counted as used by its caller, a bad one against it.
    pub fn verify_from(&self, presented: &[u8], origin: &Origin<'_>) -> Verified {
        let verified = self.judge(presented, origin.address, true);
        match &verified {
            Verified::Good { found, .. } => self.count_caller(found, origin),
            Verified::Unavailable => {}
            _ => self.refusals.count(origin, self.time.latest()),
        }
        verified
    }

    /// The same from nowhere in particular: a good one is counted as used, and nobody as its caller.
    pub fn verify(&self, presented: &[u8]) -> Verified {
        self.judge(presented, None, true)
    }

    fn judge(&self, presented: &[u8], from: Option<IpAddr>, is_rehashed: bool) -> Verified {
        if self.found.rollback().is_some() {
            return Verified::Unavailable;
        }
        let Ok(secret) = TokenSecret::parse(presented) else {
            return Verified::Invalid;
        };
        let at = self.time.latest();
        match self.find(&secret, self.now(), Some(Use { at, from }), is_rehashed) {
            Some(found) => match found.verdict {
                Verdict::Good(_) if !found.is_allowed => Verified::Forbidden(found),
                Verdict::Good(status) => Verified::Good { found, status },
                Verdict::Refused(refusal) => Verified::Refused(refusal),
            },
            None => Verified::Invalid,
        }
    }

    fn count_caller(&self, found: &Found, origin: &Origin<'_>) {
        self.usage.callers.count(found.slot, origin, self.time.latest());
    }

    /// Tells what a token that was found good stands for, without copying it; `tell` must not ask anything here.
    pub fn with_grant<T>(&self, found: &Found, status: Status, tell: impl FnOnce(&Grant<'_>) -> T) -> T {
        self.index.names(found, |organization, service, environment| {
            tell(&Grant {
                organization,
                id: found.id,
                service,
                environment,
                expires: found.ends_at,
                status,
            })
        })
    }

    /// The judgement for a service that asks through a command: a good token counts as used by the asking account.
    pub(super) fn verify_for(&self, actor: &Actor, presented: &Secret) -> Tried {
        // Whoever may only look has nothing written but the counts.
        let text = presented.expose().trim_ascii();
        let verified = wiping_stack(|| self.judge(text, None, !actor.read_only));
        let local = actor
            .address
            .clone()
            .unwrap_or_else(|| format!("local:{}", actor.os_user));
        let origin = Origin {
            address: None,
            local: &local,
            agent: b"strongroom verify",
        };
        match verified {
            Verified::Good { found, .. } => self.count_caller(&found, &origin),
            Verified::Forbidden(found) => {
                self.refusals.count(&origin, self.time.latest());
                let (row, slug) = self.described(&found, self.now());
                return Tried::Forbidden(Box::new(row), slug);
            }
            Verified::Refused(_) | Verified::Invalid => self.refusals.count(&origin, self.time.latest()),
            Verified::Unavailable => {}
        }
        self.try_token(presented)
    }

    /// The same judgement for a person: counts nothing, and tells a mistyped token from an unknown one.
    pub(super) fn try_token(&self, presented: &Secret) -> Tried {
        let text = presented.expose().trim_ascii();
        let now = self.now();
        let found = wiping_stack(|| {
            let secret = TokenSecret::parse(text)?;
            Ok(self.find(&secret, now, None, false))
        });
        let found = match found {
            Ok(Some(found)) => found,
            Ok(None) => return Tried::Unknown,
            Err(Malformed::Checksum) => return Tried::Mistyped,
            Err(Malformed::Shape) => return Tried::Malformed,
        };
        let (row, slug) = self.described(&found, now);
        match found.verdict {
            Verdict::Good(_) => Tried::Good(Box::new(row), slug),
            Verdict::Refused(refusal) => Tried::Refused(refusal, Box::new(row), slug),
        }
    }

    fn find(
        &self,
        secret: &TokenSecret,
        now: Timestamp,
        used: Option<Use>,
        is_rehashed: bool,
    ) -> Option<Found> {
        let (digest, _) = self.ports.sealer.digest(secret.expose());
        self.index.verify(&digest, now, used).or_else(|| {
            let previous = self.ports.sealer.previous_digest(secret.expose())?;
            let found = self.index.verify(&previous, now, used);
            if is_rehashed && let Some(found) = &found {
                self.met.remember(found, previous, digest);
            }
            // It may have been rehashed between the two looks.
            found.or_else(|| self.index.verify(&digest, now, used))
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
