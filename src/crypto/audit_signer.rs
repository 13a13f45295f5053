//! Ed25519 for the audit log's checkpoints, under a key that the keyring's root gives for that alone.

use std::fmt;

use openssl::pkey::{PKey, Private};

use super::ed25519;
use super::keyring::{Keyring, Purpose};
use crate::service::ports::{CheckpointSigner, CryptoError};

/// The key, in OpenSSL's hands, which wipes it when it is dropped.
pub struct AuditSigner {
    store: [u8; 16],
    epoch: u32,
    key: PKey<Private>,
}

impl Keyring {
    /// The key for the audit log's checkpoints.
    ///
    /// # Errors
    /// OpenSSL failed.
    pub fn audit_signer(&self) -> Result<AuditSigner, CryptoError> {
        let seed = self.key(Purpose::AuditCheckpoints);
        Ok(AuditSigner {
            store: *self.store_id(),
            epoch: self.epoch(),
            key: ed25519::private(&*seed)?,
        })
    }
}

impl CheckpointSigner for AuditSigner {
    fn store_id(&self) -> [u8; 16] {
        self.store
    }

    fn epoch(&self) -> u32 {
        self.epoch
    }

    fn public_key(&self) -> Result<Vec<u8>, CryptoError> {
        self.key.public_key_to_der().map_err(ed25519::failed)
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, CryptoError> {
        ed25519::sign(&self.key, message)
    }

    fn is_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        ed25519::is_signed(&self.key, message, signature)
    }
}

impl fmt::Debug for AuditSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditSigner")
            .field("epoch", &self.epoch)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::testing::Counting;
    use super::super::{KeyringFile, SealSource};
    use super::*;
    use crate::domain::secret::Secret;
    use crate::service::ports::Entropy;

    #[test]
    fn only_this_message_under_this_key_is_signed() {
        let entropy: Arc<dyn Entropy> = Arc::new(Counting::default());
        let key = Secret::new(vec![7; 32]);
        let signer = || {
            let source = SealSource::KeyFile {
                path: "/nowhere".into(),
                key: &key,
            };
            let (_, keyring) = KeyringFile::create(&source, Arc::clone(&entropy)).unwrap();
            keyring.audit_signer().unwrap()
        };
        let (ours, other) = (signer(), signer());
        let signature = ours.sign(b"head").unwrap();
        assert_eq!(signature.len(), 64);
        assert!(ours.is_signed(b"head", &signature));
        assert!(!ours.is_signed(b"tail", &signature));
        assert!(!ours.is_signed(b"head", &signature[..63]));
        assert!(!ours.is_signed(b"head", b""));
        assert!(!other.is_signed(b"head", &signature));
        // SubjectPublicKeyInfo of RFC 8410: this algorithm, and 32 bytes.
        let public = ours.public_key().unwrap();
        assert_eq!(public[..12], [48, 42, 48, 5, 6, 3, 43, 101, 112, 3, 33, 0]);
        assert_eq!(public.len(), 44);
    }
}
