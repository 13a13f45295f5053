//! Logins: e-mail and password for a JWT of an hour and a refresh token that is good once; one session a cashier.
//!
//! - The password is checked as for a sign-in: the same throttle, the same queue before argon2, the same time for an
//!   address that nobody has.
//! - A refresh token that is presented a second time ends its session: of two who have it, one should not. A client that
//!   lost an answer and repeats the refresh is taken for that too, and its cashier logs in again.
//! - A session ends at once with a new login, a logout, a new password, and when its cashier is reset or disabled; with a
//!   restore that lost something, and with an older state that was accepted, all of them end.
//! - Refreshes are not in the audit log: each cashier's client does one an hour, all day, and nothing is decided in it
//!   that the login did not decide. The session's record says when the last one was.
//! - What has not the form of a credential is told from one that could be before anybody waits for anything.

mod keys;
mod pace;
mod verify;

pub use self::keys::PublicKeys;
pub(super) use self::keys::new_key;
pub use self::verify::{LoggedIn, LoginRefusal, LoginVerified};

use super::access::{Acting, changes_allowed};
use super::commit::{Changes, Note, Writer};
use super::error::{Code, Error};
use super::ports::{Record, RecordKey};
use super::request::Credentials;
use super::response::{LoginView, Response};
use super::{Actor, Service};
use crate::domain::audit::{Action, Outcome};
use crate::domain::cashier::{Cashier, Role};
use crate::domain::id::{CashierId, Id, LoginId};
use crate::domain::login::{Claims, JWT_LIFETIME, LoginSession, RefreshSecret, signed, signing_input};
use crate::domain::secret::Secret;
use crate::domain::text::{Brand, Email};
use crate::domain::time::Timestamp;
use crate::domain::token::Digest;

/// What of the logins is in this process' memory only.
#[derive(Default)]
pub(super) struct Logins {
    keys: keys::Cache,
    verified: verify::Cache,
    courtesy: verify::Courtesy,
    pace: pace::Pace,
}

/// What a login or a refresh gives.
#[derive(Debug)]
pub struct LoginGranted {
    /// The JWT.
    pub jwt: Secret,
    /// The refresh token. The one before is good no more.
    pub refresh: Secret,
    /// Who.
    pub email: Email,
    /// With which role.
    pub role: Role,
    /// From when on the JWT is refused.
    pub expires_at: Timestamp,
    /// When the session ends if nobody refreshes it.
    pub ends_at: Timestamp,
}

/// Whose session is to end: shown by either of its credentials.
#[derive(Debug, Clone, Copy)]
pub enum LoginProof<'a> {
    /// A refresh token of the session, also an old one.
    Refresh(&'a RefreshSecret),
    /// A JWT that is good.
    Jwt(&'a [u8]),
}

/// Reads a refresh token as a client sent it.
///
/// # Errors
/// It has not the form of one, or its checksum is wrong.
pub fn refresh_token(text: &Secret) -> Result<RefreshSecret, Error> {
    RefreshSecret::parse(text.expose().trim_ascii()).ok_or_else(no_session)
}

/// The session that a refresh token belongs to.
struct Presented {
    session: LoginSession,
    cashier: Cashier,
    is_newest: bool,
}

impl Service {
    /// Begins a cashier's session, and ends the one before.
    ///
    /// # Errors
    /// The e-mail or the password is wrong, somebody has to wait, or it could not be written.
    pub fn log_in(&self, actor: &Actor, credentials: &Credentials) -> Result<LoginGranted, Error> {
        changes_allowed(actor)?;
        self.refuse_older_state()?;
        let proven = self.check_password(actor, credentials, Action::LoginRefused)?;
        let mut writer = self.writer();
        let acting = self.still_proven(&proven, Role::Viewer)?;
        let cashier = self.registry().cashier(&proven.email)?.0.clone();
        let now = self.trusted_now();
        let secret = RefreshSecret::from_random(self.random()?, self.random()?);
        let session = LoginSession {
            id: LoginId(Id::new(now, self.random()?)),
            cashier: cashier.id,
            begun_at: now,
            refreshed_at: now,
            family: self.ports.sealer.digest(secret.expose_family()).0,
            newest: self.ports.sealer.digest(secret.expose_newest()).0,
            from: actor
                .address
                .clone()
                .unwrap_or_else(|| format!("local:{}", actor.os_user)),
        };
        let before = self
            .registry()
            .logins
            .get(&cashier.id)
            .map(|(before, _)| before.clone());
        let note = Note::done(Action::LoggedIn, None, cashier.email.as_str());
        let note = match before.filter(|before| now < before.ends_at()) {
            Some(before) => note.because(format!("ends the session of {}", before.begun_at)),
            None => note,
        };
        self.grant_login(
            &mut writer,
            actor,
            (&acting, &cashier),
            session,
            &secret,
            vec![note],
        )
    }

    /// Another JWT and another refresh token for one that was not used yet.
    ///
    /// # Errors
    /// Its session has ended, or was refreshed too often of late; or it was used before, which ends the session; or it
    /// could not be written.
    pub fn refresh_login(&self, actor: &Actor, secret: &RefreshSecret) -> Result<LoginGranted, Error> {
        changes_allowed(actor)?;
        self.refuse_older_state()?;
        // Before the lock, so that nobody who guesses or hurries keeps others from changing something.
        let found = self.session_of(secret).ok_or_else(no_session)?;
        if found.is_newest {
            self.logins
                .pace
                .allows(&found.session, self.ports.clock.monotonic())?;
        }
        let mut writer = self.writer();
        let found = self.session_of(secret).ok_or_else(no_session)?;
        let Presented {
            session,
            cashier,
            is_newest,
        } = found;
        let acting = Acting {
            email: cashier.email.clone(),
            role: Some(cashier.role),
        };
        if !is_newest {
            let mut note = Note::done(Action::RefreshReused, None, cashier.email.as_str())
                .because(format!("ends the session of {}", session.begun_at));
            note.result = Outcome::Refused;
            self.commit(&mut writer, actor, Some(&acting), ended(&session, note))?;
            return Err(Error::new(
                Code::Unauthenticated,
                "this refresh token was used before: somebody else may have it, and its session has ended",
                "log in again",
            ));
        }
        let now = self.trusted_now();
        if now >= session.ends_at() || cashier.disabled_at.is_some() || cashier.password.is_none() {
            return Err(no_session());
        }
        self.logins.pace.take(&session, self.ports.clock.monotonic())?;
        let secret = secret.next(self.random()?);
        let session = LoginSession {
            refreshed_at: now,
            // Both anew, so that the session outlives the token key that it began under.
            family: self.ports.sealer.digest(secret.expose_family()).0,
            newest: self.ports.sealer.digest(secret.expose_newest()).0,
            ..session
        };
        self.grant_login(
            &mut writer,
            actor,
            (&acting, &cashier),
            session,
            &secret,
            Vec::new(),
        )
    }

    /// Ends a session.
    ///
    /// # Errors
    /// Nothing shows a session that could end, or it could not be written.
    pub fn log_out(&self, actor: &Actor, proof: LoginProof<'_>) -> Result<(), Error> {
        changes_allowed(actor)?;
        self.refuse_older_state()?;
        // First without the lock: what is no credential costs nobody else anything.
        self.shown_by(proof).ok_or_else(no_session)?;
        let mut writer = self.writer();
        let (session, acting) = self.shown_by(proof).ok_or_else(no_session)?;
        let note = Note::done(Action::LoggedOut, None, acting.email.as_str()).because("logged out");
        self.commit(&mut writer, actor, Some(&acting), ended(&session, note))
    }

    /// Ends a cashier's session: by an admin who signed in, or by the store's owner on the host.
    pub(super) fn end_login(&self, actor: &Actor, email: &Email) -> Result<Response, Error> {
        changes_allowed(actor)?;
        let mut writer = self.writer();
        let acting = self.admin_or_owner(actor)?;
        let cashier = self.registry().cashier(email)?.0.id;
        let session = self.registry().logins.get(&cashier).map(|(it, _)| it.clone());
        let Some(session) = session.filter(|session| self.trusted_now() < session.ends_at()) else {
            return Err(Error::new(
                Code::Conflict,
                format!("{email} has no login session"),
                "nothing was changed",
            ));
        };
        let by = if acting.is_some() {
            "by an admin"
        } else {
            "by the store's owner"
        };
        let note = Note::done(Action::LoggedOut, None, email.as_str()).because(by);
        self.commit(&mut writer, actor, acting.as_ref(), ended(&session, note))?;
        Ok(Response::Done)
    }

    /// What is to be removed so that a cashier's session ends with another change.
    pub(super) fn login_of(&self, cashier: CashierId) -> Vec<RecordKey> {
        let registry = self.registry();
        let session = registry.logins.get(&cashier);
        session
            .map(|_| RecordKey::LoginSession(cashier))
            .into_iter()
            .collect()
    }

    /// The same for all cashiers.
    pub(super) fn all_logins(&self) -> Vec<RecordKey> {
        let registry = self.registry();
        registry
            .logins
            .keys()
            .copied()
            .map(RecordKey::LoginSession)
            .collect()
    }

    fn shown_by(&self, proof: LoginProof<'_>) -> Option<(LoginSession, Acting)> {
        let (session, cashier) = match proof {
            LoginProof::Refresh(presented) => {
                let presented = self.session_of(presented)?;
                (presented.session, presented.cashier)
            }
            LoginProof::Jwt(jwt) => match self.verify_login(jwt) {
                LoginVerified::Good(who) => {
                    let registry = self.registry();
                    let (cashier, _) = registry.cashier(&who.email).ok()?;
                    let (session, _) = registry.logins.get(&cashier.id)?;
                    (session.clone(), cashier.clone())
                }
                _ => return None,
            },
        };
        let acting = Acting {
            email: cashier.email,
            role: Some(cashier.role),
        };
        Some((session, acting))
    }

    /// The session whose first half this is. There are few of them, one a cashier.
    fn session_of(&self, secret: &RefreshSecret) -> Option<Presented> {
        let sealer = &*self.ports.sealer;
        let both = |half: &[u8; 32]| [Some(sealer.digest(half).0), sealer.previous_digest(half)];
        let is_one_of =
            |digest: &Digest, of: &[Option<Digest>; 2]| of.iter().flatten().any(|other| other == digest);
        let (family, newest) = (both(secret.expose_family()), both(secret.expose_newest()));
        let registry = self.registry();
        let (session, _) = registry
            .logins
            .values()
            .find(|(session, _)| is_one_of(&session.family, &family))?;
        let (cashier, _) = registry
            .cashiers
            .values()
            .find(|(cashier, _)| cashier.id == session.cashier)?;
        Some(Presented {
            session: session.clone(),
            cashier: cashier.clone(),
            is_newest: is_one_of(&session.newest, &newest),
        })
    }

    /// Signs the JWT, then commits the session: whoever gets the JWT has the session.
    fn grant_login(
        &self,
        writer: &mut Writer,
        actor: &Actor,
        (acting, cashier): (&Acting, &Cashier),
        session: LoginSession,
        secret: &RefreshSecret,
        mut notes: Vec<Note>,
    ) -> Result<LoginGranted, Error> {
        let brand = self.platform()?;
        let issuing = self.issuing_key(session.refreshed_at)?;
        let issued_at = session.refreshed_at.millis().div_euclid(1000);
        let claims = Claims {
            iss: brand.prefix(),
            sub: cashier.id,
            email: cashier.email.clone(),
            role: cashier.role,
            sid: session.id,
            iat: issued_at,
            nbf: issued_at,
            exp: issued_at + JWT_LIFETIME.num_seconds(),
            jti: Id::new(session.refreshed_at, self.random()?),
        };
        let expires_at = claims.expires_at();
        let payload = serde_json::to_vec(&claims).map_err(|_| {
            Error::new(
                Code::Internal,
                "the claims of a JWT cannot be written down",
                "nothing was changed",
            )
        })?;
        let input = signing_input(&issuing.header, &payload);
        let jwt = Secret::from_text(signed(&input, &issuing.key.sign(input.as_bytes())?));
        let ends_at = session.ends_at();
        let mut put = vec![Record::LoginSession(session)];
        if let Some((key, note)) = issuing.change {
            put.push(Record::LoginKey(key));
            notes.push(note);
        }
        let changes = Changes {
            put,
            notes,
            ..Changes::default()
        };
        self.commit(writer, actor, Some(acting), changes)?;
        Ok(LoginGranted {
            jwt,
            refresh: secret.text(&brand),
            email: cashier.email.clone(),
            role: cashier.role,
            expires_at,
            ends_at,
        })
    }

    /// Cashiers belong to no organization: the first one's platform gives the name.
    fn platform(&self) -> Result<Brand, Error> {
        let registry = self.registry();
        let first = registry.organizations.first();
        first
            .map(|(organization, _)| organization.brand.clone())
            .ok_or_else(|| {
                Error::new(
                    Code::NotOnboarded,
                    "no organization was onboarded yet",
                    "open the console, or run: strongroom init",
                )
            })
    }
}

/// A session as a list shows it, if it goes on at `now`.
pub(super) fn shown(session: &LoginSession, now: Timestamp) -> Option<LoginView> {
    (now < session.ends_at()).then(|| LoginView {
        since: session.begun_at,
        from: session.from.clone(),
        refreshed_at: session.refreshed_at,
        ends_at: session.ends_at(),
    })
}

fn ended(session: &LoginSession, note: Note) -> Changes {
    Changes {
        delete: vec![RecordKey::LoginSession(session.cashier)],
        notes: vec![note],
        ..Changes::default()
    }
}

/// What everybody hears whose credential shows no session, whatever it is instead.
#[must_use]
pub fn no_session() -> Error {
    Error::new(
        Code::Unauthenticated,
        "there is no login session that this belongs to",
        "log in again",
    )
}
