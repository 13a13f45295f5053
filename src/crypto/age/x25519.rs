//! A file key wrapped for an X25519 recipient, and the identity that opens it.

use openssl::derive::Deriver;
use openssl::pkey::{Id, PKey, Private};
use zeroize::Zeroizing;

use super::header::{Header, Stanza, base64, bytes};
use super::{AgeError, FileKey, derive, stream};
use crate::domain::bech32;
use crate::domain::recovery::Recipient;
use crate::domain::secret::Secret;
use crate::service::ports::Entropy;

const TYPE: &str = "X25519";
const INFO: &[u8] = b"age-encryption.org/v1/X25519";
const PREFIX: &str = "age-secret-key-";

/// The private half of a recipient: what the recovery key is. Wiped when dropped.
pub struct Identity(Zeroizing<[u8; 32]>);

impl Identity {
    /// A new one.
    ///
    /// # Errors
    /// There was no randomness.
    pub fn generate(entropy: &dyn Entropy) -> Result<Self, AgeError> {
        Ok(Self(Zeroizing::new(super::super::random(entropy)?)))
    }

    /// From its text, `AGE-SECRET-KEY-1…`; or from a file as `age-keygen` writes it, with comments before it.
    #[must_use]
    pub fn parse(text: &Secret) -> Option<Self> {
        let lines = text.expose_text()?.lines().map(str::trim);
        let mut keys = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        let (only, None) = (keys.next()?, keys.next()) else {
            return None;
        };
        bech32::decode(PREFIX, only).map(|bytes| Self(Zeroizing::new(bytes)))
    }

    /// Its text, `AGE-SECRET-KEY-1…`.
    #[must_use]
    pub fn to_text(&self) -> Secret {
        let mut text = String::new();
        bech32::encode(PREFIX, &*self.0, &mut text);
        text.make_ascii_uppercase();
        Secret::from_text(text)
    }

    /// Whom to encrypt to.
    ///
    /// # Errors
    /// The library failed.
    pub fn recipient(&self) -> Result<Recipient, AgeError> {
        public(&self.key()?).map(Recipient)
    }

    fn key(&self) -> Result<PKey<Private>, AgeError> {
        PKey::private_key_from_raw_bytes(&*self.0, Id::X25519).map_err(|_| AgeError::Engine)
    }

    /// The file key, if one of the stanzas is for this identity.
    pub(super) fn file_key(&self, header: &Header) -> Result<FileKey, AgeError> {
        if header.stanzas.len() > 1 && header.stanzas.iter().any(super::passphrase::is_ours) {
            return Err(AgeError::Header("a passphrase has no company"));
        }
        let (key, recipient) = (self.key()?, self.recipient()?);
        for stanza in &header.stanzas {
            let share = match stanza.arguments.as_slice() {
                [kind, share] if kind == TYPE => bytes(share),
                [kind, ..] if kind == TYPE => None,
                _ => continue,
            };
            let share: [u8; 32] = share.ok_or(AgeError::Header("a share is none"))?;
            if stanza.body.len() != stream::WRAPPED {
                return Err(AgeError::Header("a wrapped key is none"));
            }
            let shared = agree(&key, &share).ok_or(AgeError::Header("a share is worth nothing"))?;
            let wrapping = derive(&*shared, &[share, recipient.0].concat(), INFO)?;
            if let Some(file_key) = stream::unwrap_key(&wrapping, &stanza.body) {
                return Ok(file_key);
            }
        }
        Err(AgeError::NotForUs)
    }
}

pub(super) fn wrap(recipient: &Recipient, key: &FileKey, entropy: &dyn Entropy) -> Result<Stanza, AgeError> {
    let ephemeral = Identity::generate(entropy)?.key()?;
    let share = public(&ephemeral)?;
    let shared = agree(&ephemeral, &recipient.0).ok_or(AgeError::WeakRecipient)?;
    let wrapping = derive(&*shared, &[share, recipient.0].concat(), INFO)?;
    Ok(Stanza {
        arguments: vec![TYPE.to_owned(), base64(&share)],
        body: stream::wrap_key(&wrapping, key)?,
    })
}

fn public(key: &PKey<Private>) -> Result<[u8; 32], AgeError> {
    let bytes = key.raw_public_key().map_err(|_| AgeError::Engine)?;
    bytes.try_into().map_err(|_| AgeError::Engine)
}

/// The shared secret; `None` where the other side's point makes it zero, which OpenSSL refuses.
fn agree(key: &PKey<Private>, other: &[u8; 32]) -> Option<Zeroizing<[u8; 32]>> {
    let other = PKey::public_key_from_raw_bytes(other, Id::X25519).ok()?;
    let mut deriver = Deriver::new(key).ok()?;
    deriver.set_peer(&other).ok()?;
    let mut shared = Zeroizing::new([0; 32]);
    let length = deriver.derive(&mut *shared).ok()?;
    (length == shared.len()).then_some(shared)
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Identity(…)")
    }
}
