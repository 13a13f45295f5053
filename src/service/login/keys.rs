//! The key that signs JWTs: made at the first login, replaced by age, opened once in a process.

use std::sync::{Arc, PoisonError, RwLock};

use crate::domain::audit::Action;
use crate::domain::key_pair::Fingerprint;
use crate::domain::login::{LoginKey, header, public_jwk, thumbprint_input};
use crate::domain::secret::Secret;
use crate::domain::time::Timestamp;
use crate::service::commit::Note;
use crate::service::error::{Code, Error};
use crate::service::ports::{Binding, CryptoError, Revision, Sealer, SigningKey, VerifyingKey};
use crate::service::{Ports, Service};

/// The keys as they are in the store in one revision, ready.
#[derive(Default)]
pub(super) struct Cache(RwLock<Option<(Revision, Arc<Ready>)>>);

pub(super) struct Ready {
    signing: Arc<dyn SigningKey>,
    /// The present one first.
    accepted: Vec<Accepted>,
}

struct Accepted {
    /// All that it signed begins with.
    header: String,
    key: Arc<dyn VerifyingKey>,
    /// From when on nothing that it signed is good.
    until: Option<Timestamp>,
}

impl Ready {
    /// The key that signs under a header, while it counts.
    pub(super) fn key(&self, header: &[u8], now: Timestamp) -> Option<&dyn VerifyingKey> {
        let mut accepted = self.accepted.iter();
        accepted
            .find(|one| one.header.as_bytes() == header && one.until.is_none_or(|until| now < until))
            .map(|one| &*one.key)
    }
}

/// What a JWT is to be signed with.
pub(super) struct Issuing {
    pub(super) key: Arc<dyn SigningKey>,
    pub(super) header: String,
    /// The record that has to be committed with it, where the key is new.
    pub(super) change: Option<(LoginKey, Note)>,
}

/// The public keys that JWTs are verified with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKeys {
    /// A JSON Web Key Set (RFC 7517): the present key and, for an hour, the one before; empty before the first login.
    pub jwks: String,
    /// Whether there is none: nobody has logged in yet.
    pub is_empty: bool,
}

impl Service {
    /// The public keys that JWTs are verified with, for services that do it themselves. They cannot know which sessions
    /// have ended: only verify does.
    pub fn login_keys(&self) -> PublicKeys {
        let now = self.now();
        let key = self.registry().login_key.clone();
        let accepted = key.map(|(key, _)| key.accepted(now)).unwrap_or_default();
        let keys: Vec<String> = accepted
            .iter()
            .map(|public| public_jwk(&self.kid(public), public))
            .collect();
        PublicKeys {
            jwks: format!(r#"{{"keys":[{}]}}"#, keys.join(",")),
            is_empty: keys.is_empty(),
        }
    }

    /// The key to sign with at `now`: the present one, or a new one where there is none or it is old.
    pub(super) fn issuing_key(&self, now: Timestamp) -> Result<Issuing, Error> {
        let present = self.registry().login_key.clone();
        if let Some((present, _)) = present.as_ref().filter(|(present, _)| !present.is_due(now)) {
            let ready = self.ready_keys()?.ok_or_else(missing)?;
            return Ok(Issuing {
                key: Arc::clone(&ready.signing),
                header: header(&self.kid(&present.public)),
                change: None,
            });
        }
        let (mut record, key) = new_key(&self.ports, &*self.ports.sealer, now)?;
        record.previous = present.as_ref().map(|(present, _)| present.replaced(now));
        let kid = self.kid(&record.public);
        let reason = match &present {
            Some((present, _)) => format!("replaces that of {}", present.made_at),
            None => "the first one".to_owned(),
        };
        let note = Note::done(Action::LoginKeyRotated, None, kid.as_str()).because(reason);
        Ok(Issuing {
            key,
            header: header(&kid),
            change: Some((record, note)),
        })
    }

    /// The keys of the store, opened; `None` before the first login.
    pub(super) fn ready_keys(&self) -> Result<Option<Arc<Ready>>, Error> {
        let registry = self.registry();
        let Some((record, revision)) = registry.login_key.as_ref() else {
            return Ok(None);
        };
        let cache = &self.logins.keys.0;
        let known = cache.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, ready)) = known.filter(|(known, _)| known == revision) {
            return Ok(Some(ready));
        }
        let (record, revision) = (record.clone(), *revision);
        drop(registry);
        let ready = Arc::new(self.open_keys(&record)?);
        *cache.write().unwrap_or_else(PoisonError::into_inner) = Some((revision, Arc::clone(&ready)));
        Ok(Some(ready))
    }

    fn open_keys(&self, record: &LoginKey) -> Result<Ready, Error> {
        let signatures = &*self.ports.signatures;
        let seed = self
            .ports
            .sealer
            .unseal(&binding(&record.public), &record.sealed)?;
        let accepted = |public: &[u8; 32], until| -> Result<Accepted, CryptoError> {
            Ok(Accepted {
                header: header(&self.kid(public)),
                key: signatures.verifying_key(public)?,
                until,
            })
        };
        let mut all = vec![accepted(&record.public, None)?];
        if let Some(previous) = &record.previous {
            all.push(accepted(&previous.public, Some(previous.until))?);
        }
        Ok(Ready {
            signing: signatures.signing_key(&seed)?,
            accepted: all,
        })
    }

    /// A key's name: its thumbprint (RFC 7638).
    fn kid(&self, public: &[u8; 32]) -> String {
        let hash = self.ports.hasher.sha256(thumbprint_input(public).as_bytes());
        Fingerprint(hash).to_string()
    }
}

/// A key that nothing was signed with yet, sealed for keeping.
pub(in crate::service) fn new_key(
    ports: &Ports,
    sealer: &dyn Sealer,
    now: Timestamp,
) -> Result<(LoginKey, Arc<dyn SigningKey>), CryptoError> {
    let mut bytes = vec![0; 32];
    let filled = ports.entropy.fill(&mut bytes);
    let seed = Secret::new(bytes);
    filled.map_err(|_| CryptoError::Engine("the operating system gave no randomness"))?;
    let key = ports.signatures.signing_key(&seed)?;
    let public = key.public_key()?;
    let record = LoginKey {
        public,
        sealed: sealer.seal(&binding(&public), &seed)?,
        made_at: now,
        previous: None,
    };
    Ok((record, key))
}

fn binding(public: &[u8; 32]) -> Binding<'_> {
    Binding {
        organization: &[0; 16],
        kind: "login-key",
        id: public,
        version: 1,
    }
}

fn missing() -> Error {
    Error::new(
        Code::Internal,
        "the key that signs JWTs is not there",
        "nothing was changed; try again",
    )
}
