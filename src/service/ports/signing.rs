//! Ed25519 keys for the JWTs of logins.

use std::sync::Arc;

use super::CryptoError;
use crate::domain::secret::Secret;

/// Makes keys ready.
pub trait SignatureEngine: Send + Sync {
    /// The key that 32 random bytes give.
    ///
    /// # Errors
    /// The bytes are not 32, or the engine failed.
    fn signing_key(&self, seed: &Secret) -> Result<Arc<dyn SigningKey>, CryptoError>;

    /// A public key.
    ///
    /// # Errors
    /// The engine failed.
    fn verifying_key(&self, public: &[u8; 32]) -> Result<Arc<dyn VerifyingKey>, CryptoError>;
}

/// A key that signs.
pub trait SigningKey: Send + Sync {
    /// Its public half.
    ///
    /// # Errors
    /// The engine failed.
    fn public_key(&self) -> Result<[u8; 32], CryptoError>;

    /// Signs.
    ///
    /// # Errors
    /// The engine failed.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, CryptoError>;
}

/// A key that only verifies.
pub trait VerifyingKey: Send + Sync {
    /// Whether its other half signed that message.
    fn is_signed(&self, message: &[u8], signature: &[u8]) -> bool;
}
