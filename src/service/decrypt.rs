//! Opening what clients encrypted, with the active private key and no other.
//!
//! One error for every failure, whatever it was. The generation is looked at again after the work: a key that was rotated
//! away meanwhile answers nothing. The MGF1 variant that last succeeded is tried first.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use base64::Engine as _;

use super::Service;
use super::error::{Code, Error};
use super::ports::{CryptoError, PrivateKey};
use super::response::Decrypted;
use crate::domain::id::OrganizationId;
use crate::domain::key_pair::{Fingerprint, KeyPair, Mgf1};
use crate::domain::text::Slug;

/// Private keys that are ready to decrypt, one an organization.
#[derive(Default)]
pub(super) struct Decryptors {
    open: RwLock<HashMap<OrganizationId, Arc<Decryptor>>>,
}

struct Decryptor {
    generation: u32,
    key: Box<dyn PrivateKey>,
    /// Whether the last client used MGF1 with SHA-1.
    sha1_habit: AtomicBool,
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
    /// Opens a Base64 ciphertext; `named` is the fingerprint that the client says it used.
    ///
    /// # Errors
    /// `KeyRotated` for a client that names a replaced key, else one error for every failure.
    pub fn decrypt(
        &self,
        organization: Option<&Slug>,
        ciphertext: &str,
        named: Option<Fingerprint>,
    ) -> Result<Decrypted, Error> {
        let (id, pair) = {
            let registry = self.registry();
            let (_, organization) = registry.organization(organization)?;
            let id = organization.id;
            (id, registry.active_pair(id)?.0.clone())
        };
        if let Some(named) = named.filter(|named| *named != pair.fingerprint) {
            return Err(self.not_the_active_key(id, named, &pair));
        }
        let is_active = || {
            let registry = self.registry();
            let active = registry.active_pair(id);
            active.is_ok_and(|(now, _)| now.generation == pair.generation)
        };
        // A key that was rotated away meanwhile may have lost its slot: that is no damage.
        let decryptor = match self.decryptor(&pair) {
            Err(_) if !is_active() => return Err(CryptoError::Decryption.into()),
            decryptor => decryptor?,
        };
        let ciphertext: String = ciphertext.split_ascii_whitespace().collect();
        // What is no Base64 takes the same road as what does not open: an empty ciphertext fails like any other.
        let ciphertext = base64::engine::general_purpose::STANDARD
            .decode(ciphertext)
            .unwrap_or_default();
        let first = if decryptor.sha1_habit.load(Ordering::Relaxed) {
            Mgf1::Sha1
        } else {
            Mgf1::Sha256
        };
        let opened = decryptor.key.decrypt(&ciphertext, first);
        let still_active = is_active();
        match opened {
            Ok((plaintext, mgf1)) if still_active => {
                decryptor.sha1_habit.store(mgf1 == Mgf1::Sha1, Ordering::Relaxed);
                self.usage.count_decryption(id, Ok(mgf1), self.trusted_now());
                Ok(Decrypted {
                    plaintext,
                    mgf1,
                    generation: pair.generation,
                })
            }
            _ => {
                if !still_active {
                    // It may have been opened again after the rotation forgot it.
                    self.decryptors.forget_generation(id, pair.generation);
                }
                self.usage.count_decryption(id, Err(()), self.trusted_now());
                Err(CryptoError::Decryption.into())
            }
        }
    }

    fn not_the_active_key(&self, id: OrganizationId, named: Fingerprint, active: &KeyPair) -> Error {
        let known = self
            .registry()
            .pairs
            .get(&id)
            .is_some_and(|p| p.iter().any(|(p, _)| p.fingerprint == named));
        if !known {
            return CryptoError::Decryption.into();
        }
        self.usage.count_stale(id);
        Error::new(
            Code::KeyRotated,
            format!("the key {} was replaced by {}", named.short(), active.fingerprint),
            "fetch the current public key and encrypt again",
        )
    }

    fn decryptor(&self, pair: &KeyPair) -> Result<Arc<Decryptor>, Error> {
        if let Some(open) = self.decryptors.find(pair.organization, pair.generation) {
            return Ok(open);
        }
        let key = self.ports.keys.open(&self.private_key(pair)?)?;
        let decryptor = Arc::new(Decryptor {
            generation: pair.generation,
            key,
            sha1_habit: AtomicBool::new(false),
        });
        self.decryptors.keep(pair.organization, &decryptor);
        Ok(decryptor)
    }
}
