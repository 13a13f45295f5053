//! Opening what clients encrypted, with the active private key and no other.
//!
//! One error for every failure, whatever it was, after the same work: what is no Base64, or names a key that nobody knows,
//! is tried like any other ciphertext. The generation is looked at again after the work: a key that was rotated away
//! meanwhile answers nothing. The MGF1 variant that last succeeded is tried first, unless the request names one.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use base64::Engine as _;

use super::error::{Code, Error};
use super::ports::{CryptoError, PrivateKey};
use super::request::Ciphertext;
use super::response::Decrypted;
use super::{Actor, Service};
use crate::domain::id::OrganizationId;
use crate::domain::key_pair::{Fingerprint, KeyPair, Mgf1};
use crate::domain::text::{Slug, escape};

/// Ciphertexts in one request.
pub(super) const MOST: usize = 64;
/// And their characters, as in a request's body.
const MOST_CHARACTERS: usize = 64 * 1024;
/// Characters that are kept of who named a replaced key.
const WHO: usize = 128;

/// Private keys that are ready to decrypt, one an organization.
#[derive(Default)]
pub(super) struct Decryptors {
    open: RwLock<HashMap<OrganizationId, Arc<Decryptor>>>,
}

pub(super) struct Decryptor {
    generation: u32,
    key: Box<dyn PrivateKey>,
}

/// An organization's keys as a request finds them.
pub(super) struct Keys {
    pair: KeyPair,
    replaced: Vec<Fingerprint>,
}

impl Keys {
    /// The active generation.
    pub(super) const fn generation(&self) -> u32 {
        self.pair.generation
    }

    /// The active pair.
    pub(super) const fn pair(&self) -> &KeyPair {
        &self.pair
    }
}

/// A ciphertext to try, and the MGF1 variant to begin with.
#[derive(Default)]
pub(super) struct Attempt {
    ciphertext: Vec<u8>,
    first: Option<Mgf1>,
}

impl Attempt {
    /// A Base64 text; what is none becomes a ciphertext that fails like any other.
    pub(super) fn of(text: &str, first: Option<Mgf1>) -> Self {
        let text: String = text.split_ascii_whitespace().collect();
        let decoded = base64::engine::general_purpose::STANDARD.decode(text);
        Self {
            ciphertext: decoded.unwrap_or_default(),
            first,
        }
    }

    /// Whether these are the bytes that will be tried.
    pub(super) fn is(&self, ciphertext: &[u8]) -> bool {
        self.ciphertext == ciphertext
    }
}

impl Decryptor {
    /// The private key.
    pub(super) fn key(&self) -> &dyn PrivateKey {
        &*self.key
    }
}

impl Decryptors {
    pub(super) fn forget(&self, organization: OrganizationId) {
        self.open
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&organization);
    }

    fn forget_generation(&self, organization: OrganizationId, generation: u32) {
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        if open
            .get(&organization)
            .is_some_and(|decryptor| decryptor.generation == generation)
        {
            open.remove(&organization);
        }
    }

    fn find(&self, organization: OrganizationId, generation: u32) -> Option<Arc<Decryptor>> {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        open.get(&organization)
            .filter(|decryptor| decryptor.generation == generation)
            .cloned()
    }

    fn keep(&self, organization: OrganizationId, decryptor: &Arc<Decryptor>) {
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        open.insert(organization, Arc::clone(decryptor));
    }
}

impl Service {
    /// Opens several ciphertexts, each with an answer of its own, for `actor`.
    ///
    /// # Errors
    /// There are too many; else as for one: of each, `KeyRotated` where it names a replaced key, and one error for every
    /// failure.
    pub fn decrypt_all(
        &self,
        actor: &Actor,
        organization: Option<&Slug>,
        items: &[Ciphertext],
    ) -> Result<Vec<Result<Decrypted, Error>>, Error> {
        self.refuse_older_state()?;
        refuse_too_many(items)?;
        let keys = self.keys_of(organization)?;
        let attempt = |item: &Ciphertext| {
            let is_known = self.named(actor, &keys, item.key)?;
            Ok(if is_known {
                Attempt::of(&item.text, item.mgf1)
            } else {
                Attempt::default()
            })
        };
        let attempts = items.iter().map(attempt);
        self.open_all(&keys, attempts.collect())
    }

    /// Opens one.
    pub(super) fn decrypt(
        &self,
        actor: &Actor,
        organization: Option<&Slug>,
        text: String,
        key: Option<Fingerprint>,
    ) -> Result<Decrypted, Error> {
        let only = Ciphertext {
            text,
            key,
            mgf1: None,
        };
        let answers = self.decrypt_all(actor, organization, &[only])?;
        let failed = || Err(CryptoError::Decryption.into());
        answers.into_iter().next().unwrap_or_else(failed)
    }

    /// The active key of an organization, and the names of those before it.
    pub(super) fn keys_of(&self, organization: Option<&Slug>) -> Result<Keys, Error> {
        let registry = self.registry();
        let (_, organization) = registry.organization(organization)?;
        let (pair, _) = registry.active_pair(organization.id)?;
        let all = registry.pairs.get(&organization.id).into_iter().flatten();
        Ok(Keys {
            pair: pair.clone(),
            replaced: all
                .map(|(other, _)| other.fingerprint)
                .filter(|other| *other != pair.fingerprint)
                .collect(),
        })
    }

    /// Whether the fingerprint that a client says it used is the active key's, or left out; false for an unknown one.
    ///
    /// # Errors
    /// `KeyRotated` for a replaced key, which is counted.
    pub(super) fn named(
        &self,
        actor: &Actor,
        keys: &Keys,
        named: Option<Fingerprint>,
    ) -> Result<bool, Error> {
        let active = &keys.pair;
        let Some(named) = named.filter(|named| *named != active.fingerprint) else {
            return Ok(true);
        };
        if !keys.replaced.contains(&named) {
            return Ok(false);
        }
        self.usage
            .count_stale(active.organization, &who(actor), named, self.trusted_now());
        Err(Error::new(
            Code::KeyRotated,
            format!("the key {} was replaced by {}", named.short(), active.fingerprint),
            "fetch the current public key and encrypt again",
        )
        .about([active.fingerprint.to_string()]))
    }

    /// Opens what is to be tried; what is an error already stays one.
    pub(super) fn open_all(
        &self,
        keys: &Keys,
        attempts: Vec<Result<Attempt, Error>>,
    ) -> Result<Vec<Result<Decrypted, Error>>, Error> {
        let pair = &keys.pair;
        let decryptor = match self.decryptor(pair) {
            Ok(decryptor) => Some(decryptor),
            // A key that was rotated away meanwhile may have lost its slot: that is no damage.
            Err(_) if !self.is_active(pair) => None,
            Err(error) => return Err(error),
        };
        let mut habit = self.usage.habit(pair.organization);
        let mut open = |attempt: Attempt| -> Result<Decrypted, Error> {
            let decryptor = decryptor.as_ref().ok_or(CryptoError::Decryption)?;
            let first = attempt.first.unwrap_or(habit);
            let (plaintext, mgf1) = decryptor.key.decrypt(&attempt.ciphertext, first)?;
            habit = mgf1;
            Ok(Decrypted {
                plaintext,
                mgf1,
                generation: pair.generation,
            })
        };
        let mut opened: Vec<_> = attempts
            .into_iter()
            .map(|attempt| attempt.and_then(&mut open))
            .collect();
        if !self.is_active(pair) {
            // It may have been opened again after the rotation forgot it.
            self.decryptors
                .forget_generation(pair.organization, pair.generation);
            for answer in opened.iter_mut().filter(|answer| answer.is_ok()) {
                *answer = Err(CryptoError::Decryption.into());
            }
        }
        self.usage
            .count_decryptions(pair.organization, &opened, self.trusted_now());
        Ok(opened)
    }

    pub(super) fn is_active(&self, pair: &KeyPair) -> bool {
        let registry = self.registry();
        let active = registry.active_pair(pair.organization);
        active.is_ok_and(|(now, _)| now.generation == pair.generation)
    }

    pub(super) fn decryptor(&self, pair: &KeyPair) -> Result<Arc<Decryptor>, Error> {
        if let Some(open) = self.decryptors.find(pair.organization, pair.generation) {
            return Ok(open);
        }
        let key = self.ports.keys.open(&self.private_key(pair)?)?;
        let decryptor = Arc::new(Decryptor {
            generation: pair.generation,
            key,
        });
        self.decryptors.keep(pair.organization, &decryptor);
        Ok(decryptor)
    }
}

fn refuse_too_many(items: &[Ciphertext]) -> Result<(), Error> {
    let characters: usize = items.iter().map(|item| item.text.len()).sum();
    if items.len() > MOST || characters > MOST_CHARACTERS {
        let message = format!("there are {} ciphertexts of {characters} characters", items.len());
        let hint = format!("send {MOST} of {MOST_CHARACTERS} characters at most in one request");
        return Err(Error::new(Code::Invalid, message, hint));
    }
    Ok(())
}

/// Who asks, as the stale-client meter names it: the account, and the address that it said it asks for.
fn who(actor: &Actor) -> String {
    let account = format!("{} (uid {})", actor.os_user, actor.uid);
    let who = match actor.address.as_ref().or(actor.said_address.as_ref()) {
        Some(address) => format!("{address} through {account}"),
        None => account,
    };
    escape(&who).chars().take(WHO).collect()
}
