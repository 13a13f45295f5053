//! Ed25519 (RFC 8032) in OpenSSL: for the audit log's checkpoints and the JWTs of logins, each with keys of its own.

use std::sync::Arc;

use openssl::error::ErrorStack;
use openssl::pkey::{HasPrivate, HasPublic, Id, PKey, PKeyRef, Private, Public};
use openssl::sign::{Signer, Verifier};

use crate::domain::secret::Secret;
use crate::service::ports::{CryptoError, SignatureEngine, SigningKey, VerifyingKey};

/// Makes Ed25519 keys ready.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ed25519;

/// A private key in OpenSSL's hands, which wipes it when it is dropped.
struct OpenPrivate(PKey<Private>);

/// A public key.
struct OpenPublic(PKey<Public>);

impl SignatureEngine for Ed25519 {
    fn signing_key(&self, seed: &Secret) -> Result<Arc<dyn SigningKey>, CryptoError> {
        Ok(Arc::new(OpenPrivate(private(seed.expose())?)))
    }

    fn verifying_key(&self, public: &[u8; 32]) -> Result<Arc<dyn VerifyingKey>, CryptoError> {
        let key = PKey::public_key_from_raw_bytes(public, Id::ED25519).map_err(failed)?;
        Ok(Arc::new(OpenPublic(key)))
    }
}

impl SigningKey for OpenPrivate {
    fn public_key(&self) -> Result<[u8; 32], CryptoError> {
        let bytes = self.0.raw_public_key().map_err(failed)?;
        bytes.try_into().map_err(|_| FAILED)
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, CryptoError> {
        sign(&self.0, message)
    }
}

impl VerifyingKey for OpenPublic {
    fn is_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        is_signed(&self.0, message, signature)
    }
}

/// The key that 32 bytes give.
pub(super) fn private(seed: &[u8]) -> Result<PKey<Private>, CryptoError> {
    PKey::private_key_from_raw_bytes(seed, Id::ED25519).map_err(failed)
}

pub(super) fn sign(key: &PKeyRef<impl HasPrivate>, message: &[u8]) -> Result<Vec<u8>, CryptoError> {
    Signer::new_without_digest(key)
        .and_then(|mut signer| signer.sign_oneshot_to_vec(message))
        .map_err(failed)
}

pub(super) fn is_signed(key: &PKeyRef<impl HasPublic>, message: &[u8], signature: &[u8]) -> bool {
    Verifier::new_without_digest(key)
        .and_then(|mut verifier| verifier.verify_oneshot(signature, message))
        // A signature of another length is an error there, and none here.
        .unwrap_or(false)
}

const FAILED: CryptoError = CryptoError::Engine("OpenSSL could not sign");

pub(super) fn failed(_: ErrorStack) -> CryptoError {
    FAILED
}
