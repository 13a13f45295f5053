//! The keyring as it is kept: wrapped by a seal key that comes from a passphrase, a key file or a systemd credential.
//!
//! Layout: magic, version, from the second epoch on the epoch, a postcard body, SHA-256 of all before it. The hash tells damage from a wrong seal: with it
//! intact, a key-check value that does not fit means another passphrase or file. What is kept of the seal is
//! authenticated when the keyring is unwrapped.

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::keyring::{Keyring, Keys, expand};
use super::seal::{AssociatedData, SealingKey};
use super::seal_error::SealError;
use super::{Cost, text};
use crate::domain::secret::{Sealed, Secret};
use crate::service::ports::Entropy;

const MAGIC: &[u8; 8] = b"STRGRING";
/// A file of the first epoch, which it does not name.
const FIRST_EPOCH: u8 = 1;
/// Any other: the epoch as four big-endian bytes stands before the body.
const VERSION: u8 = 2;
const HASH: usize = 32;

/// The seal to wrap a new keyring with.
#[derive(Debug)]
pub enum SealSource<'a> {
    /// A passphrase, at [`Cost::STANDARD`] but in tests.
    Passphrase {
        /// What is typed, before NFKC.
        passphrase: &'a Secret,
        /// What a guess at it costs.
        cost: Cost,
    },
    /// A file.
    KeyFile {
        /// Where it is; kept, to be read at the next start.
        path: PathBuf,
        /// The 32 bytes in it.
        key: &'a Secret,
    },
    /// A credential that systemd hands over.
    Credential {
        /// Its name under `$CREDENTIALS_DIRECTORY`; kept.
        name: String,
        /// The 32 bytes in it.
        key: &'a Secret,
    },
}

/// How a keyring is sealed: what to ask for, or where to look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SealedBy {
    /// By a passphrase.
    Passphrase {
        /// argon2id's salt.
        salt: [u8; 16],
        /// argon2id's parameters.
        cost: Cost,
    },
    /// By a key file.
    KeyFile {
        /// Where it was.
        path: PathBuf,
    },
    /// By a systemd credential.
    Credential {
        /// Its name.
        name: String,
    },
}

/// A wrapped keyring: holds no secret in clear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyringFile {
    epoch: u32,
    body: Body,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Body {
    store: [u8; 16],
    sealed_by: SealedBy,
    key_check: [u8; 32],
    wrapped: Sealed,
}

impl KeyringFile {
    /// Makes a store's keyring and wraps it.
    ///
    /// # Errors
    /// A key that has not 32 bytes, no randomness, or no memory for argon2.
    pub fn create(source: &SealSource<'_>, entropy: Arc<dyn Entropy>) -> Result<(Self, Keyring), SealError> {
        let store = super::random(&*entropy)?;
        let keyring = Keyring::new(store, Keys::generate(&*entropy)?, Arc::clone(&entropy));
        Ok((Self::wrap(&keyring, source, &*entropy)?, keyring))
    }

    /// Wraps a keyring; the one that holds it so far goes on to open it.
    ///
    /// # Errors
    /// As [`Self::create`].
    pub fn wrap(
        keyring: &Keyring,
        source: &SealSource<'_>,
        entropy: &dyn Entropy,
    ) -> Result<Self, SealError> {
        let (store, epoch) = (*keyring.store_id(), keyring.epoch());
        let (sealed_by, secret) = match source {
            SealSource::Passphrase { passphrase, cost } => (
                SealedBy::Passphrase {
                    salt: super::random(entropy)?,
                    cost: *cost,
                },
                *passphrase,
            ),
            SealSource::KeyFile { path, key } => (SealedBy::KeyFile { path: path.clone() }, *key),
            SealSource::Credential { name, key } => (SealedBy::Credential { name: name.clone() }, *key),
        };
        let seal = SealKey::derive(&sealed_by, secret, &store)?;
        let wrapped = seal
            .wrapping
            .seal(
                entropy,
                &associated(&store, epoch, &sealed_by),
                &keyring.keys().to_secret()?,
            )
            .map_err(|_| SealError::NoEntropy)?;
        let body = Body {
            store,
            sealed_by,
            key_check: *seal.check,
            wrapped,
        };
        Ok(Self { epoch, body })
    }

    /// Reads what [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    /// Damage, or a newer version.
    pub fn parse(bytes: &[u8]) -> Result<Self, SealError> {
        let rest = bytes
            .strip_prefix(MAGIC)
            .ok_or(SealError::Damaged("its first bytes"))?;
        let (&version, rest) = rest.split_first().ok_or(SealError::Damaged("its length"))?;
        let (body, hash) = rest
            .split_last_chunk::<HASH>()
            .ok_or(SealError::Damaged("its length"))?;
        let hashed: [u8; HASH] = Sha256::digest(&bytes[..bytes.len() - HASH]).into();
        if hashed != *hash {
            return Err(SealError::Damaged("its checksum"));
        }
        let (epoch, body) = match (version, body.split_first_chunk()) {
            (FIRST_EPOCH, _) => (1, body),
            (VERSION, Some((epoch, body))) => (u32::from_be_bytes(*epoch), body),
            (VERSION, None) => return Err(SealError::Damaged("its length")),
            _ => {
                return Err(SealError::UnknownVersion {
                    version,
                    newest: VERSION,
                });
            }
        };
        let body = postcard::from_bytes(body).map_err(|_| SealError::Damaged("its fields"))?;
        Ok(Self { epoch, body })
    }

    /// The bytes to keep. They may lie beside the data: without the seal they give nothing away.
    ///
    /// # Errors
    /// A path that is not UTF-8 cannot be kept.
    pub fn to_bytes(&self) -> Result<Vec<u8>, SealError> {
        let mut bytes = MAGIC.to_vec();
        if self.epoch == 1 {
            bytes.push(FIRST_EPOCH);
        } else {
            bytes.push(VERSION);
            bytes.extend(self.epoch.to_be_bytes());
        }
        bytes.extend(postcard::to_allocvec(&self.body).map_err(|_| SealError::Path)?);
        bytes.extend(Sha256::digest(&bytes));
        Ok(bytes)
    }

    /// How it is sealed.
    #[must_use]
    pub const fn sealed_by(&self) -> &SealedBy {
        &self.body.sealed_by
    }

    /// The store's random name.
    #[must_use]
    pub const fn store_id(&self) -> &[u8; 16] {
        &self.body.store
    }

    /// The keyring's epoch.
    #[must_use]
    pub const fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Unwraps the keyring with the passphrase, or the key file's or credential's bytes.
    ///
    /// # Errors
    /// [`SealError::Wrong`] when it is another passphrase or key; damage; no memory for argon2.
    pub fn open(&self, secret: &Secret, entropy: Arc<dyn Entropy>) -> Result<Keyring, SealError> {
        let Body {
            store,
            sealed_by,
            key_check,
            wrapped,
        } = &self.body;
        let seal = SealKey::derive(sealed_by, secret, store)?;
        if !bool::from(seal.check.ct_eq(key_check)) {
            return Err(SealError::Wrong(sealed_by.clone()));
        }
        let plaintext = seal
            .wrapping
            .unseal(&associated(store, self.epoch, sealed_by), wrapped)
            .map_err(|_| SealError::Damaged("the wrapped keyring"))?;
        let keys = Keys::from_secret(&plaintext)?;
        Ok(Keyring::new(*store, keys, entropy))
    }
}

/// The store, the epoch, and how the keyring is sealed: none can be exchanged for another's.
fn associated(store: &[u8; 16], epoch: u32, sealed_by: &SealedBy) -> AssociatedData {
    let data = AssociatedData::default().with(store).with(b"keyring");
    let data = match epoch {
        1 => data.with(&[FIRST_EPOCH]),
        _ => data.with(&[VERSION]).with(&epoch.to_be_bytes()),
    };
    match sealed_by {
        SealedBy::Passphrase { salt, cost } => data
            .with(b"passphrase")
            .with(salt)
            .with(&cost.memory_kib.to_be_bytes())
            .with(&cost.passes.to_be_bytes()),
        SealedBy::KeyFile { path } => data.with(b"key-file").with(path.as_os_str().as_encoded_bytes()),
        SealedBy::Credential { name } => data.with(b"credential").with(name.as_bytes()),
    }
}

/// What wraps the keyring, and the value that shows it is the right one; both derived, neither gives the other.
struct SealKey {
    wrapping: SealingKey,
    check: Zeroizing<[u8; 32]>,
}

impl SealKey {
    fn derive(sealed_by: &SealedBy, secret: &Secret, store: &[u8; 16]) -> Result<Self, SealError> {
        let seal = match sealed_by {
            SealedBy::Passphrase { salt, cost } => cost
                .derive(text::nfkc(secret).expose(), salt)
                .ok_or(SealError::Derivation(*cost))?,
            SealedBy::KeyFile { .. } | SealedBy::Credential { .. } => {
                let key = secret
                    .expose()
                    .try_into()
                    .map_err(|_| SealError::KeyLength(secret.len()))?;
                Zeroizing::new(key)
            }
        };
        let mut wrapping = Zeroizing::new([0; 32]);
        let mut check = Zeroizing::new([0; 32]);
        expand(&seal, store, &[b"strongroom seal wrapping"], &mut wrapping);
        expand(&seal, store, &[b"strongroom seal check"], &mut check);
        Ok(Self {
            wrapping: SealingKey::new(&wrapping),
            check,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Counting;
    use super::*;
    use crate::service::ports::{Binding, Sealer as _};

    const SMALL: Cost = Cost {
        memory_kib: 64,
        passes: 1,
    };

    fn entropy() -> Arc<dyn Entropy> {
        Arc::new(Counting::default())
    }

    fn text(text: &str) -> Secret {
        Secret::from_text(text.into())
    }

    fn by_passphrase(passphrase: &str) -> (KeyringFile, Keyring) {
        let passphrase = text(passphrase);
        KeyringFile::create(
            &SealSource::Passphrase {
                passphrase: &passphrase,
                cost: SMALL,
            },
            entropy(),
        )
        .unwrap()
    }

    fn by_file(key: &Secret) -> (KeyringFile, Keyring) {
        let path = PathBuf::from("/etc/strongroom/seal.key");
        KeyringFile::create(&SealSource::KeyFile { path, key }, entropy()).unwrap()
    }

    #[test]
    fn what_was_sealed_before_opens_after_the_file_was_read_again() {
        let key = Secret::new(vec![5; 32]);
        let binding = Binding {
            organization: &[1; 16],
            kind: "private-key",
            id: &[1],
            version: 1,
        };
        for ((file, keyring), secret) in [
            (by_passphrase("Zürich"), text("Zu\u{308}rich")),
            (by_file(&key), key.clone()),
        ] {
            let sealed = keyring.seal(&binding, &text("planted")).unwrap();
            let bytes = file.to_bytes().unwrap();
            let again = KeyringFile::parse(&bytes).unwrap();
            assert_eq!(again, file);
            let opened = again.open(&secret, entropy()).unwrap();
            assert_eq!(opened.unseal(&binding, &sealed).unwrap().expose(), b"planted");
            assert_eq!(opened.digest(&[1; 32]), keyring.digest(&[1; 32]));
            assert_eq!(opened.store_id(), keyring.store_id());
        }
    }

    #[test]
    fn a_wrong_seal_is_told_from_damage() {
        let (file, _) = by_passphrase("correct horse");
        let error = file.open(&text("battery staple"), entropy()).unwrap_err();
        assert!(
            matches!(error, SealError::Wrong(SealedBy::Passphrase { .. })),
            "{error}"
        );
        let (file, _) = by_file(&Secret::new(vec![5; 32]));
        let error = file.open(&Secret::new(vec![6; 32]), entropy()).unwrap_err();
        assert!(error.to_string().contains("/etc/strongroom/seal.key"), "{error}");
        assert_eq!(
            file.open(&text("short"), entropy()).unwrap_err(),
            SealError::KeyLength(5)
        );
    }

    #[test]
    fn every_altered_byte_and_every_truncation_is_damage() {
        let bytes = by_passphrase("correct horse").0.to_bytes().unwrap();
        for at in 0..bytes.len() {
            let mut altered = bytes.clone();
            altered[at] ^= 0x10;
            assert!(
                matches!(KeyringFile::parse(&altered), Err(SealError::Damaged(_))),
                "byte {at}"
            );
            assert!(
                matches!(KeyringFile::parse(&bytes[..at]), Err(SealError::Damaged(_))),
                "length {at}"
            );
        }
    }

    #[test]
    fn a_newer_version_is_named() {
        let mut bytes = by_passphrase("x").0.to_bytes().unwrap();
        bytes.truncate(bytes.len() - HASH);
        bytes[MAGIC.len()] = 9;
        let hash = Sha256::digest(&bytes);
        bytes.extend(hash);
        assert_eq!(
            KeyringFile::parse(&bytes),
            Err(SealError::UnknownVersion {
                version: 9,
                newest: VERSION
            })
        );
    }

    #[test]
    fn a_keyring_wrapped_again_opens_with_the_new_seal_alone() {
        let (old_file, keyring) = by_passphrase("correct horse");
        let key = Secret::new(vec![5; 32]);
        let source = SealSource::KeyFile {
            path: "/etc/strongroom/seal.key".into(),
            key: &key,
        };
        let file = KeyringFile::wrap(&keyring, &source, &Counting::default()).unwrap();
        let file = KeyringFile::parse(&file.to_bytes().unwrap()).unwrap();
        let opened = file.open(&key, entropy()).unwrap();
        assert_eq!(opened.digest(&[1; 32]), keyring.digest(&[1; 32]));
        assert_eq!((file.store_id(), file.epoch()), (keyring.store_id(), 1));
        assert!(file.open(&text("correct horse"), entropy()).is_err());
        assert!(old_file.open(&text("correct horse"), entropy()).is_ok());
    }

    #[test]
    fn a_seal_description_that_was_exchanged_does_not_open() {
        let key = Secret::new(vec![5; 32]);
        let (mut file, _) = by_file(&key);
        file.body.sealed_by = SealedBy::KeyFile {
            path: "/elsewhere".into(),
        };
        assert!(matches!(file.open(&key, entropy()), Err(SealError::Damaged(_))));
    }

    #[test]
    fn parameters_that_would_eat_the_machine_are_refused() {
        let (mut file, _) = by_passphrase("x");
        let cost = Cost {
            memory_kib: u32::MAX,
            passes: 1,
        };
        file.body.sealed_by = SealedBy::Passphrase { salt: [0; 16], cost };
        assert_eq!(
            file.open(&text("x"), entropy()).unwrap_err(),
            SealError::Derivation(cost)
        );
    }

    #[test]
    fn the_file_holds_neither_the_seal_nor_a_key_in_clear() {
        let key = Secret::new((100..132).collect());
        let (file, keyring) = by_file(&key);
        let bytes = file.to_bytes().unwrap();
        let contains = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
        assert!(contains(keyring.store_id()));
        assert!(!contains(&key.expose()[..8]));
        let seal = SealKey::derive(file.sealed_by(), &key, keyring.store_id()).unwrap();
        let bound = associated(keyring.store_id(), 1, file.sealed_by());
        let keys = seal.wrapping.unseal(&bound, &file.body.wrapped).unwrap();
        assert!(keys.len() > 64);
        assert!(!keys.expose().windows(8).any(contains));
    }
}
