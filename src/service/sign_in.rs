//! Proving who one is: passwords, throttled by account and source, and ten minutes for changes.
//!
//! An unknown address costs the same time and gets the same answer as a wrong password. Only who knows the password
//! learns that the cashier is disabled. The throttle is asked before argon2 is.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use super::access::{Acting, changes_allowed, disabled, email_allowed};
use super::commit::{Changes, Note};
use super::error::{Code, Error, whole_seconds};
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
/// Accounts and sources whose failures are stored; who fails from more addresses than that is counted in memory.
const SOURCES: usize = 10_000;
/// Old ones that go with each new failure.
const FORGOTTEN_AT_ONCE: usize = 64;

/// A sign-in, good only for whoever it was made for.
#[derive(Clone)]
pub(super) struct Session {
    pub(super) email: Email,
    /// It may only look, whatever a later request says of itself.
    pub(super) read_only: bool,
    uid: u32,
    fixed_email: Option<Email>,
    until: Duration,
}

impl Session {
    fn belongs_to(&self, actor: &Actor) -> bool {
        (self.uid, &self.fixed_email) == (actor.uid, &actor.fixed_email)
    }
}

#[derive(Default)]
pub(super) struct Sessions {
    open: Mutex<HashMap<SessionId, Session>>,
    strangers: Mutex<HashMap<(Email, String), Throttle>>,
}

impl Sessions {
    /// The sign-in that the request goes with, if it is that account's own.
    pub(super) fn of(&self, actor: &Actor, now: Duration) -> Option<Session> {
        let mut open = lock(&self.open);
        open.retain(|_, session| now < session.until);
        let session = open.get(&actor.session?)?;
        session.belongs_to(actor).then(|| session.clone())
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
        lock(&self.open).retain(|_, session| session.email != *email);
    }
}

impl Service {
    pub(super) fn sign_in(&self, actor: &Actor, credentials: &Credentials) -> Result<Response, Error> {
        let cashier = self.check_password(actor, credentials, Action::SignInFailed)?;
        let (email, role) = (cashier.email.clone(), cashier.role);
        // Held until the sign-in is there: a reset that comes after this ends it, one that came before is seen.
        let mut writer = self.writer();
        let acting = self.still_proven(&cashier, Role::Viewer)?;
        if self.found.rollback().is_none() {
            let note = Note::done(Action::SignedIn, None, email.as_str());
            let changes = Changes {
                notes: vec![note],
                ..Changes::default()
            };
            self.commit(&mut writer, actor, Some(&acting), changes)?;
        }
        let session = SessionId(self.random()?);
        let opened = Session {
            email: email.clone(),
            read_only: actor.read_only,
            uid: actor.uid,
            fixed_email: actor.fixed_email.clone(),
            until: self.ports.clock.monotonic() + SESSION,
        };
        lock(&self.sessions.open).insert(session, opened);
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
            lock(&self.sessions.open).retain(|id, open| *id != session || !open.belongs_to(actor));
        }
        Ok(Response::Done)
    }

    /// Whether the password is the cashier's; the cashier as it was then, if so. A failure is logged as `refused`.
    pub(super) fn check_password(
        &self,
        actor: &Actor,
        credentials: &Credentials,
        refused: Action,
    ) -> Result<Cashier, Error> {
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
                self.count_failure(actor, email, source, known.is_some().then_some(refused))?;
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

    /// `refused` is what the log says of a cashier's failure; of an address that nobody has it says nothing.
    fn count_failure(
        &self,
        actor: &Actor,
        email: &Email,
        source: String,
        refused: Option<Action>,
    ) -> Result<(), Error> {
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
        let is_kept = self.found.rollback().is_none()
            && (stored.is_some() || self.registry().throttles.len() < SOURCES);
        let Some(action) = refused.filter(|_| is_kept) else {
            return self.sessions.count_in_memory(key, begin(), now);
        };
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
            action,
            organization: None,
            subject: email.as_str().to_owned(),
            result: Outcome::Refused,
            reason: format!("failure {} in a row", throttle.failures),
        };
        let changes = Changes {
            delete: self.stale_throttles(&key, now),
            ..Changes::of(vec![Record::Throttle(throttle)], note)
        };
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

    /// Failures that are a day old count no more, and go with another's.
    fn stale_throttles(&self, but: &(Email, String), now: Timestamp) -> Vec<RecordKey> {
        let registry = self.registry();
        let stale = registry
            .throttles
            .iter()
            .filter(|(key, (throttle, _))| *key != but && throttle.is_stale(now));
        stale
            .take(FORGOTTEN_AT_ONCE)
            .map(|((email, source), _)| RecordKey::Throttle(email.clone(), source.clone()))
            .collect()
    }

    fn forget_failures(&self, actor: &Actor, cashier: &Cashier, source: &str) -> Result<(), Error> {
        let key = (cashier.email.clone(), source.to_owned());
        lock(&self.sessions.strangers).remove(&key);
        let mut writer = self.writer();
        let takes_nothing = self.found.rollback().is_some();
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
        let cashier = self.check_password(actor, credentials, Action::SignInFailed)?;
        let sealed = self.new_password(&cashier, password)?;
        let mut writer = self.writer();
        let acting = self.still_proven(&cashier, Role::Viewer)?;
        let (current, _) = self.registry().cashier(&credentials.email)?.clone();
        let note = Note::done(Action::PasswordChanged, None, current.email.as_str());
        let put = vec![Record::Cashier(Cashier {
            password: Some(sealed),
            ..current
        })];
        let changes = Changes {
            delete: self.login_of(current.id),
            ..Changes::of(put, note)
        };
        self.commit(&mut writer, actor, Some(&acting), changes)?;
        self.sessions.close(&credentials.email);
        Ok(Response::Done)
    }
}

fn throttled(email: &Email, until: Timestamp, now: Timestamp) -> Error {
    let wait = until.since(now).to_std().unwrap_or_default();
    let seconds = whole_seconds(wait);
    let message = format!("too many wrong passwords for {email} from here: wait until {until}, {seconds} s");
    let hint = "wait, or have an admin or the host's owner run: strongroom cashier unlock";
    Error::new(Code::Throttled, message, hint)
        .on("password")
        .again_in(wait)
}

/// Where a try comes from: the client's address, else the operating system's user, who might say a new address each time.
fn source(actor: &Actor) -> String {
    actor
        .address
        .as_deref()
        .map_or_else(|| format!("local:{}", actor.os_user), Throttle::source)
}

pub(super) fn password_binding(cashier: &Cashier) -> Binding<'_> {
    Binding {
        organization: &[0; 16],
        kind: "password",
        id: cashier.id.0.bytes(),
        version: 1,
    }
}
