//! Logins: a cashier's session of JWTs that are good for an hour and refresh tokens that are good once, and the key that
//! signs the JWTs.
//!
//! - One session a cashier: a new login takes the place of the one before.
//! - A session that is not refreshed for 30 days has ended. It has no other end of its own: refreshed, it goes on.
//! - The signing key is replaced at the first login or refresh after its 90 days. What it signed is good for an hour
//!   more, so its public half stays known a little longer than that; its private half is gone at once.

mod jws;
mod refresh;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

pub use self::jws::{Compact, MAX_JWT, header, part, public_jwk, signed, signing_input, thumbprint_input};
pub use self::refresh::RefreshSecret;

use super::cashier::Role;
use super::id::{CashierId, Id, LoginId};
use super::secret::Sealed;
use super::text::Email;
use super::time::Timestamp;
use super::token::Digest;

/// How long a JWT is good for.
pub const JWT_LIFETIME: TimeDelta = TimeDelta::hours(1);
/// How long a session lasts without a refresh.
pub const SESSION_LIFETIME: TimeDelta = TimeDelta::days(30);
/// How long a signing key signs.
const KEY_LIFETIME: TimeDelta = TimeDelta::days(90);
/// How long its public half stays known after that.
const KEY_AFTERLIFE: TimeDelta = TimeDelta::minutes(65);

/// A cashier's login session; of its refresh token only keyed digests are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginSession {
    /// Its own name, which its JWTs carry as `sid`.
    pub id: LoginId,
    /// Whose it is.
    pub cashier: CashierId,
    /// When the cashier logged in.
    pub begun_at: Timestamp,
    /// When it was refreshed last.
    pub refreshed_at: Timestamp,
    /// Digest of what all of its refresh tokens have in common.
    pub family: Digest,
    /// Digest of what only the newest one has.
    pub newest: Digest,
    /// Where the cashier logged in from.
    pub from: String,
}

impl LoginSession {
    /// When it ends if nobody refreshes it.
    #[must_use]
    pub fn ends_at(&self) -> Timestamp {
        self.refreshed_at.plus(SESSION_LIFETIME)
    }
}

/// The Ed25519 key that signs JWTs, and what is still known of the one before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginKey {
    /// The public half.
    pub public: [u8; 32],
    /// The sealed private half.
    pub sealed: Sealed,
    /// When it was made.
    pub made_at: Timestamp,
    /// The key that it replaced.
    pub previous: Option<PreviousLoginKey>,
}

/// The public half of a signing key that was replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviousLoginKey {
    /// The public half.
    pub public: [u8; 32],
    /// From when on nothing that it signed is good.
    pub until: Timestamp,
}

impl LoginKey {
    /// Whether another one is to sign at `now`.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        now >= self.made_at.plus(KEY_LIFETIME)
    }

    /// What stays known of it when it is replaced at `now`.
    #[must_use]
    pub fn replaced(&self, now: Timestamp) -> PreviousLoginKey {
        PreviousLoginKey {
            public: self.public,
            until: now.plus(KEY_AFTERLIFE),
        }
    }

    /// The public keys whose signatures count at `now`, the newest first.
    #[must_use]
    pub fn accepted(&self, now: Timestamp) -> Vec<[u8; 32]> {
        let previous = self.previous.as_ref().filter(|previous| now < previous.until);
        let previous = previous.map(|previous| previous.public);
        [self.public].into_iter().chain(previous).collect()
    }
}

/// What a JWT says (RFC 7519). Times are seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// Who issued it: the platform's name in lower case.
    pub iss: String,
    /// The cashier.
    pub sub: CashierId,
    /// Its address.
    pub email: Email,
    /// Its role when the JWT was issued.
    pub role: Role,
    /// The session.
    pub sid: LoginId,
    /// When it was issued.
    pub iat: i64,
    /// From when on it is good: the same.
    pub nbf: i64,
    /// From when on it is not.
    pub exp: i64,
    /// Its own name.
    pub jti: Id,
}

impl Claims {
    /// From when on it is good.
    #[must_use]
    pub const fn begins_at(&self) -> Timestamp {
        Timestamp::from_millis(self.nbf.saturating_mul(1000))
    }

    /// From when on it is not good any more.
    #[must_use]
    pub const fn expires_at(&self) -> Timestamp {
        Timestamp::from_millis(self.exp.saturating_mul(1000))
    }
}
