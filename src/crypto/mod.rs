//! Cryptography behind the service's ports: RSA, sealing, password and token hashing. No primitive is our own.
//!
//! - Private-key operations and generation are OpenSSL's ([`rsa`]), public-key ones the `rsa` crate's
//!   ([`public_key`]): each checks the other.
//! - Secrets at rest are sealed under a [`Keyring`], which a [`KeyringFile`] keeps wrapped by a seal key.
//! - Randomness comes in through the `Entropy` port; only OpenSSL's key generation draws its own from the system.
//! - Keys live in types that wipe themselves, those of the keyring in locked pages (`locked`); an error never says more than that it failed.

pub mod age;
mod audit_signer;
mod common;
mod cost;
mod ed25519;
pub mod keyring;
pub mod keyring_file;
mod locked;
pub mod password;
pub mod public_key;
pub mod rsa;
mod seal;
pub mod seal_error;
mod store_cipher;
mod takeover;
mod text;
mod trial;

pub use self::audit_signer::AuditSigner;
pub use self::cost::Cost;
pub use self::ed25519::Ed25519;
pub use self::keyring::Keyring;
pub use self::keyring_file::{KeyringFile, SealSource, SealedBy};
pub use self::password::Argon2Passwords;
pub use self::rsa::RsaEngine;
pub use self::seal_error::SealError;
pub use self::store_cipher::FileKeys;

use sha2::Digest as _;

use crate::service::ports::{CryptoError, Entropy, EntropyError, Hasher};

/// SHA-256.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sha256Hasher;

impl Hasher for Sha256Hasher {
    fn sha256(&self, bytes: &[u8]) -> [u8; 32] {
        sha2::Sha256::digest(bytes).into()
    }
}

impl From<EntropyError> for CryptoError {
    fn from(_: EntropyError) -> Self {
        Self::Engine("the operating system gave no randomness")
    }
}

/// `N` random bytes.
fn random<const N: usize>(entropy: &dyn Entropy) -> Result<[u8; N], EntropyError> {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod testing {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    /// Different bytes at each call, the same ones in each run.
    #[derive(Default)]
    pub(super) struct Counting(AtomicU64);

    impl Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
            for chunk in bytes.chunks_mut(32) {
                let count = self.0.fetch_add(1, Ordering::Relaxed);
                chunk.copy_from_slice(&Sha256Hasher.sha256(&count.to_be_bytes())[..chunk.len()]);
            }
            Ok(())
        }
    }

    #[test]
    fn sha256_is_the_one_of_fips_180() {
        let expected = "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0";
        assert_eq!(
            crate::domain::key_pair::Fingerprint(Sha256Hasher.sha256(b"abc")).to_string(),
            expected
        );
    }
}
