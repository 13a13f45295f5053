//! Proving who one is: passwords, throttled by account and source, and ten minutes for changes.
//!
//! An unknown address costs the same time and gets the same answer as a wrong password. Only who knows the password
//! learns that the cashier is disabled. The throttle is asked before argon2 is.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use super::access::{Acting, changes_allowed, disabled, email_allowed};
use super::commit::{Changes, Note};
use super::error::{Code, Error};
use super::ports::{Binding, PasswordCheck, Record, RecordKey};
use super::request::{Credentials, SessionId};
use super::response::{Response, SignedIn};
use super::{Actor, Service, lock};
use crate::domain::audit::{Action, Outcome};
use crate::domain::cashier::{Cashier, PASSWORD_MAX, PASSWORD_MIN, Role};
use crate::domain::secret::{Sealed, Secret};
use crate::domain::text::Email;
use crate::domain::throttle::Throttle;
use crate::domain::time::Timestamp;

/// How long a sign-in is good for (security.md, "Who acts").
const SESSION: Duration = Duration::from_secs(600);
/// Addresses that are throttled in memory, because nobody has them or the store takes nothing; beyond it the oldest are
/// forgotten.
const STRANGERS: usize = 1_000;

#[derive(Default)]
pub(super) struct Sessions {
    open: Mutex<HashMap<SessionId, (Email, Duration)>>,
    strangers: Mutex<HashMap<(Email, String), Throttle>>,
}

impl Sessions {
    pub(super) fn email(&self, session: SessionId, now: Duration) -> Option<Email> {
        let mut open = lock(&self.open);
        open.retain(|_, (_, until)| now < *until);
        open.get(&session).map(|(email, _)| email.clone())
    }

    /// Forgets what was counted in memory for an address.
    pub(super) fn forget_strangers(&self, email: &Email) {
        lock(&self.strangers).retain(|(other, _), _| other != email);
    }

    /// Counts a failure that is not stored: nothing of an address that nobody has is ever written.
    fn count_in_memory(&self, key: (Email, String), begin: Throttle, now: Timestamp) -> Result<(), Error> {
        let mut strangers = lock(&self.strangers);
        if let Some(until) = strangers.get(&key).and_then(|known| known.blocked_until(now)) {
            return Err(throttled(&key.0, until, now));
        }
        if strangers.len() >= STRANGERS {
            let oldest = strangers
                .iter()
                .min_by_key(|(_, throttle)| throttle.last_failure)
                .map(|(key, _)| key.clone());
            oldest.map(|key| strangers.remove(&key));
        }
        let throttle = strangers.entry(key).or_insert(begin);
        throttle.failures += 1;
        throttle.last_failure = now;
        Ok(())
    }

    /// Ends every sign-in of a cashier.
    pub(super) fn close(&self, email: &Email) {
        lock(&self.open).retain(|_, (other, _)| other != email);
    }
}

impl Service {
    pub(super) fn sign_in(&self, actor: &Actor, credentials: &Credentials) -> Result<Response, Error> {
        let cashier = self.check_password(actor, credentials)?;
        let (email, role) = (cashier.email.clone(), cashier.role);
        // Held until the sign-in is there: a reset that comes after this ends it, one that came before is seen.
        let mut writer = self.writer();
        let acting = self.still_proven(&cashier, Role::Viewer)?;
        if !actor.read_only && self.found.rollback().is_none() {
            let note = Note::done(Action::SignedIn, None, email.as_str());
            let changes = Changes {
                notes: vec![note],
                ..Changes::default()
            };
            self.commit(&mut writer, actor, Some(&acting), changes)?;
        }
        let session = SessionId(self.random()?);
        let until = self.ports.clock.monotonic() + SESSION;
        lock(&self.sessions.open).insert(session, (email.clone(), until));
        let until = self.trusted_now().plus(chrono::TimeDelta::minutes(10));
        Ok(Response::SignedIn(SignedIn {
            session,
            email,
            role,
            until,
        }))
    }

    pub(super) fn sign_out(&self, actor: &Actor) -> Result<Response, Error> {
        if let Some(session) = actor.session {
            lock(&self.sessions.open).remove(&session);
        }
        Ok(Response::Done)
    }

    /// Whether the password is the cashier's; the cashier as it was then, if so.
    pub(super) fn check_password(&self, actor: &Actor, credentials: &Credentials) -> Result<Cashier, Error> {
        let email = &credentials.email;
        email_allowed(actor, email)?;
        let source = source(actor);
        self.refuse_if_throttled(email, &source)?;
        let known = self.registry().cashiers.get(email).cloned();
        let phc = match known
            .as_ref()
            .and_then(|(cashier, _)| Some((cashier, cashier.password.as_ref()?)))
        {
            Some((cashier, sealed)) => Some(self.ports.sealer.unseal(&password_binding(cashier), sealed)?),
            None => None,
        };
        let check = self.ports.passwords.verify(&credentials.password, phc.as_ref())?;
        // Tries side by side pass the first question together: only one of them gets an answer.
        self.refuse_if_throttled(email, &source)?;
        match (check, known) {
            (PasswordCheck::Right | PasswordCheck::RightButOutdated, Some((cashier, _))) => {
                if cashier.disabled_at.is_some() {
                    return Err(disabled(email));
                }
                self.forget_failures(actor, &cashier, &source)?;
                if check == PasswordCheck::RightButOutdated && self.found.rollback().is_none() {
                    return self.rehash(actor, cashier, &credentials.password);
                }
                Ok(cashier)
            }
            (_, known) => {
                self.count_failure(actor, email, source, known.is_some())?;
                Err(Error::new(
                    Code::Unauthenticated,
                    "the e-mail or the password is wrong",
                    "try again; the waits grow with each failure",
                )
                .on("password"))
            }
        }
    }

    fn refuse_if_throttled(&self, email: &Email, source: &str) -> Result<(), Error> {
        let key = (email.clone(), source.to_owned());
        let now = self.trusted_now();
        let blocked = |throttle: &Throttle| throttle.blocked_until(now);
        let stored = self
            .registry()
            .throttles
            .get(&key)
            .and_then(|(throttle, _)| blocked(throttle));
        let in_memory = lock(&self.sessions.strangers).get(&key).and_then(blocked);
        stored
            .max(in_memory)
            .map_or(Ok(()), |until| Err(throttled(email, until, now)))
    }

    fn count_failure(&self, actor: &Actor, email: &Email, source: String, known: bool) -> Result<(), Error> {
        let now = self.trusted_now();
        let key = (email.clone(), source.clone());
        let stored = self.registry().throttles.get(&key).cloned();
        let begin = || match &stored {
            Some((throttle, _)) => throttle.clone(),
            None => Throttle {
                email: email.clone(),
                source: source.clone(),
                failures: 0,
                last_failure: now,
            },
        };
        if !known || self.found.rollback().is_some() {
            return self.sessions.count_in_memory(key, begin(), now);
        }
        let mut writer = self.writer();
        // Again, because only here nobody else can fail at the same time.
        self.refuse_if_throttled(email, &key.1)?;
        let mut throttle = self
            .registry()
            .throttles
            .get(&key)
            .map_or_else(&begin, |(throttle, _)| throttle.clone());
        throttle.failures += 1;
        throttle.last_failure = now;
        let note = Note {
            action: Action::SignInFailed,
            organization: None,
            subject: email.as_str().to_owned(),
            result: Outcome::Refused,
            reason: format!("failure {} in a row", throttle.failures),
        };
        let changes = Changes::of(vec![Record::Throttle(throttle)], note);
        let acting = Acting {
            email: email.clone(),
            role: None,
        };
        self.commit(&mut writer, actor, Some(&acting), changes)
            .inspect_err(|_| {
                // A store that takes nothing, such as one on a full disk, must not make guessing free.
                let _ = self.sessions.count_in_memory(key.clone(), begin(), now);
            })
    }

    fn forget_failures(&self, actor: &Actor, cashier: &Cashier, source: &str) -> Result<(), Error> {
        let key = (cashier.email.clone(), source.to_owned());
        lock(&self.sessions.strangers).remove(&key);
        let mut writer = self.writer();
        let takes_nothing = actor.read_only || self.found.rollback().is_some();
        if takes_nothing || !self.registry().throttles.contains_key(&key) {
            return Ok(());
        }
        let acting = Acting {
            email: cashier.email.clone(),
            role: Some(cashier.role),
        };
        let changes = Changes {
            delete: vec![RecordKey::Throttle(key.0, key.1)],
            notes: vec![Note::done(
                Action::FailuresForgotten,
                None,
                cashier.email.as_str(),
            )],
            ..Changes::default()
        };
        self.commit(&mut writer, actor, Some(&acting), changes)
    }

    /// Keeps the password with today's parameters; the cashier as it is kept then.
    fn rehash(&self, actor: &Actor, cashier: Cashier, password: &Secret) -> Result<Cashier, Error> {
        let password = Some(self.seal_password(&cashier, password)?);
        let mut writer = self.writer();
        let Ok(current) = self
            .registry()
            .cashier(&cashier.email)
            .map(|(cashier, _)| cashier.clone())
        else {
            return Ok(cashier);
        };
        if current.password != cashier.password {
            return Ok(cashier);
        }
        let acting = Acting {
            email: current.email.clone(),
            role: Some(current.role),
        };
        let note = Note::done(Action::PasswordRehashed, None, current.email.as_str());
        let rehashed = Cashier { password, ..current };
        let put = vec![Record::Cashier(rehashed.clone())];
        self.commit(&mut writer, actor, Some(&acting), Changes::of(put, note))?;
        Ok(rehashed)
    }

    /// Checks a new password against the rules and hashes it for keeping.
    pub(super) fn new_password(&self, cashier: &Cashier, password: &Secret) -> Result<Sealed, Error> {
        let refuse =
            |message: String, hint: &str| Err(Error::new(Code::Invalid, message, hint).on("password"));
        let Some(text) = password.expose_text() else {
            return refuse(
                "the password is not UTF-8 text".into(),
                "type it on a terminal that sends UTF-8",
            );
        };
        let length = text.chars().count();
        if length < PASSWORD_MIN {
            let message = format!("the password has {length} characters, {PASSWORD_MIN} are the least");
            return refuse(message, "several words are easier to remember than signs");
        }
        if length > PASSWORD_MAX {
            return refuse(
                format!("the password has {length} characters, {PASSWORD_MAX} are the most"),
                "shorten it",
            );
        }
        if self.ports.passwords.is_common(password) || text.eq_ignore_ascii_case(cashier.email.as_str()) {
            return refuse(
                "the password is one of those that are tried first".into(),
                "choose another",
            );
        }
        self.seal_password(cashier, password)
    }

    fn seal_password(&self, cashier: &Cashier, password: &Secret) -> Result<Sealed, Error> {
        let phc = self.ports.passwords.hash(password)?;
        Ok(self.ports.sealer.seal(&password_binding(cashier), &phc)?)
    }

    /// Sets a cashier's own new password.
    pub(super) fn change_password(
        &self,
        actor: &Actor,
        credentials: &Credentials,
        password: &Secret,
    ) -> Result<Response, Error> {
        changes_allowed(actor)?;
        let cashier = self.check_password(actor, credentials)?;
        let sealed = self.new_password(&cashier, password)?;
        let mut writer = self.writer();
        let acting = self.still_proven(&cashier, Role::Viewer)?;
        let (current, _) = self.registry().cashier(&credentials.email)?.clone();
        let note = Note::done(Action::PasswordChanged, None, current.email.as_str());
        let put = vec![Record::Cashier(Cashier {
            password: Some(sealed),
            ..current
        })];
        self.commit(&mut writer, actor, Some(&acting), Changes::of(put, note))?;
        self.sessions.close(&credentials.email);
        Ok(Response::Done)
    }
}

fn throttled(email: &Email, until: Timestamp, now: Timestamp) -> Error {
    let wait = until.since(now).num_seconds() + 1;
    let message = format!("too many wrong passwords for {email} from here: wait until {until}, {wait} s");
    let hint = "wait, or have an admin or the host's owner run: strongroom cashier unlock";
    Error::new(Code::Throttled, message, hint).on("password")
}

/// Where a try comes from: the SSH client's address, else the operating system's user.
fn source(actor: &Actor) -> String {
    actor
        .address
        .clone()
        .unwrap_or_else(|| format!("local:{}", actor.os_user))
}

pub(super) fn password_binding(cashier: &Cashier) -> Binding<'_> {
    Binding {
        organization: &[0; 16],
        kind: "password",
        id: cashier.id.0.bytes(),
        version: 1,
    }
}
