//! Whether a JWT is good: beside the fast side door of tokens, without the store.
//!
//! - Our own signature first; then its times, and each time anew whether its session is the cashier's present one. A JWT
//!   that was verified is known again by its hash, so that Ed25519 is paid once.
//! - The answer's role is the cashier's now; the one in the JWT is that of its issuing.
//! - Only who holds a JWT that we signed learns that it expired or that its session ended. To say so of what cannot be good
//!   anyway, some signatures a second are verified and no more: a flood of made-up JWTs is refused as invalid, unread.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use crate::domain::cashier::Role;
use crate::domain::id::LoginId;
use crate::domain::login::{Claims, Compact, MAX_JWT};
use crate::domain::text::Email;
use crate::domain::time::Timestamp;
use crate::service::{Origin, Service};

/// JWTs that are known again; beyond it all are verified anew. Each took a commit, so strangers cannot fill it.
const KNOWN: usize = 4_096;

/// Signatures a second that are verified for JWTs which cannot be good: a few hundredths of a core.
const COURTESY: u64 = 500;

/// The answer to a presented JWT.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoginVerified {
    /// It works.
    Good(LoggedIn),
    /// We signed it, and it does not work.
    Refused(LoginRefusal),
    /// We did not sign it, or it is none.
    Invalid,
    /// Nobody can say: the store is an older state, or the keys do not open.
    Unavailable,
}

/// Why a JWT that we signed does not work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginRefusal {
    /// Its hour is over: refresh it.
    Expired,
    /// Its session is not the cashier's any more: log in again.
    Ended,
}

/// Who logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedIn {
    /// The cashier.
    pub email: Email,
    /// Its role now.
    pub role: Role,
    /// The session.
    pub session: LoginId,
    /// From when on the JWT is refused.
    pub expires_at: Timestamp,
}

/// What JWTs that were verified say, by their hashes.
#[derive(Default)]
pub(super) struct Cache(RwLock<HashMap<[u8; 32], Arc<Claims>>>);

impl Cache {
    fn known(&self, hash: &[u8; 32]) -> Option<Arc<Claims>> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.get(hash).map(Arc::clone)
    }

    fn keep(&self, hash: [u8; 32], claims: Arc<Claims>, now: Timestamp) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KNOWN {
            known.retain(|_, claims| now < claims.expires_at());
        }
        if known.len() >= KNOWN {
            known.clear();
        }
        known.insert(hash, claims);
    }
}

/// How many signatures were verified in vain within the present second.
#[derive(Default)]
pub(super) struct Courtesy(AtomicU64);

impl Courtesy {
    /// Whether one more is; `second` is that of the machine's boot.
    fn is_left(&self, second: u64) -> bool {
        let second = second & u64::from(u32::MAX);
        let one_more = |seen: u64| match (seen >> 32 == second, seen & u64::from(u32::MAX)) {
            (false, _) => Some((second << 32) | 1),
            (true, used) if used < COURTESY => Some(seen + 1),
            (true, _) => None,
        };
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more)
            .is_ok()
    }
}

impl Service {
    /// Judges a JWT as a client sent it. A bad one is counted against its caller, as a bad token is; a good one is no
    /// token's use.
    pub fn verify_login_from(&self, jwt: &[u8], origin: &Origin<'_>) -> LoginVerified {
        let verified = self.verify_login(jwt);
        if matches!(verified, LoginVerified::Refused(_) | LoginVerified::Invalid) {
            self.refusals.count(origin, self.time.latest());
        }
        verified
    }

    /// The same from nowhere in particular.
    pub fn verify_login(&self, jwt: &[u8]) -> LoginVerified {
        if self.found.rollback().is_some() {
            return LoginVerified::Unavailable;
        }
        if jwt.len() > MAX_JWT {
            return LoginVerified::Invalid;
        }
        let now = self.now();
        let hash = self.ports.hasher.sha256(jwt);
        let claims = match self.logins.verified.known(&hash) {
            Some(claims) => claims,
            None => match self.signed_claims(jwt, now) {
                Ok(Some(claims)) => {
                    let claims = Arc::new(claims);
                    if now < claims.expires_at() {
                        self.logins.verified.keep(hash, Arc::clone(&claims), now);
                    }
                    claims
                }
                Ok(None) => return LoginVerified::Invalid,
                Err(()) => return LoginVerified::Unavailable,
            },
        };
        self.judge_login(&claims, now)
    }

    /// What a JWT says that we signed; `Err` where nobody can say whether we did.
    fn signed_claims(&self, jwt: &[u8], now: Timestamp) -> Result<Option<Claims>, ()> {
        let Some(compact) = Compact::parse(jwt) else {
            return Ok(None);
        };
        let Some(ready) = self.ready_keys().map_err(|_| ())? else {
            return Ok(None);
        };
        let Some(key) = ready.key(compact.header, now) else {
            return Ok(None);
        };
        let Ok(claims) = serde_json::from_slice::<Claims>(&compact.payload) else {
            return Ok(None);
        };
        // Nothing is believed of it yet; but what could not be good even if it were true is not worth much work.
        let could_be_good = matches!(self.judge_login(&claims, now), LoginVerified::Good(_));
        if !could_be_good {
            let second = self.ports.clock.monotonic().as_secs();
            if !self.logins.courtesy.is_left(second) {
                return Ok(None);
            }
        }
        let is_signed = key.is_signed(compact.signing_input, &compact.signature);
        Ok(is_signed.then_some(claims))
    }

    fn judge_login(&self, claims: &Claims, now: Timestamp) -> LoginVerified {
        let registry = self.registry();
        let cashier = registry.cashiers.get(&claims.email).map(|(cashier, _)| cashier);
        let session = registry.logins.get(&claims.sub).map(|(session, _)| session);
        let (Some(cashier), Some(session)) = (cashier, session) else {
            return LoginVerified::Refused(LoginRefusal::Ended);
        };
        let is_present = session.id == claims.sid && cashier.id == claims.sub;
        if !is_present || cashier.disabled_at.is_some() || cashier.password.is_none() {
            return LoginVerified::Refused(LoginRefusal::Ended);
        }
        if now >= claims.expires_at() {
            return LoginVerified::Refused(LoginRefusal::Expired);
        }
        if now < claims.begins_at() {
            // Issued by a clock that was put back since.
            return LoginVerified::Invalid;
        }
        LoginVerified::Good(LoggedIn {
            email: claims.email.clone(),
            role: cashier.role,
            session: claims.sid,
            expires_at: claims.expires_at(),
        })
    }
}
