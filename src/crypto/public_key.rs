//! The public half of a key: encryption as a client does it, and the formats that clients take.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rsa::pkcs8::{DecodePublicKey as _, EncodePublicKey as _, LineEnding};
use rsa::rand_core::{TryCryptoRng, TryRng};
use rsa::traits::PublicKeyParts as _;
use rsa::{Oaep, PublicKey};
use serde::Serialize;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use crate::domain::key_pair::{Fingerprint, Mgf1};
use crate::domain::secret::Secret;
use crate::service::ports::{CryptoError, Entropy, EntropyError, PublicKeyFormats};

/// OAEP's own bytes with SHA-256: two hashes and two more (RFC 8017, 7.1.1).
const OVERHEAD: usize = 66;

/// SHA-256 of a DER SubjectPublicKeyInfo.
pub(super) fn fingerprint(public: &[u8]) -> Fingerprint {
    Fingerprint(Sha256::digest(public).into())
}

pub(super) fn encrypt(
    entropy: &dyn Entropy,
    public: &[u8],
    mgf1: Mgf1,
    plaintext: &Secret,
) -> Result<Vec<u8>, CryptoError> {
    let key = parse(public)?;
    let max = key.size().saturating_sub(OVERHEAD);
    if plaintext.len() > max {
        return Err(CryptoError::PlaintextTooLong {
            max,
            length: plaintext.len(),
        });
    }
    let mut random = Random(entropy);
    match mgf1 {
        Mgf1::Sha256 => key.encrypt(&mut random, Oaep::<Sha256>::new(), plaintext.expose()),
        Mgf1::Sha1 => key.encrypt(
            &mut random,
            Oaep::<Sha256, Sha1>::new_with_mgf_hash(),
            plaintext.expose(),
        ),
    }
    .map_err(|_| CryptoError::Engine("the encryption failed: no randomness, or an unusable key"))
}

pub(super) fn describe(public: &[u8]) -> Result<PublicKeyFormats, CryptoError> {
    let key = parse(public)?;
    let fingerprint = fingerprint(public);
    let jwk = Jwk {
        kty: "RSA",
        usage: "enc",
        alg: "RSA-OAEP-256",
        kid: fingerprint.to_string(),
        n: URL_SAFE_NO_PAD.encode(key.n_bytes()),
        e: URL_SAFE_NO_PAD.encode(key.e_bytes()),
    };
    Ok(PublicKeyFormats {
        base64: STANDARD.encode(public),
        pem: key
            .to_public_key_pem(LineEnding::LF)
            .map_err(|_| CryptoError::InvalidKey)?,
        jwk: serde_json::to_string(&jwk).map_err(|_| CryptoError::InvalidKey)?,
        fingerprint,
    })
}

/// Only the canonical encoding is taken: the fingerprint names these very bytes.
fn parse(public: &[u8]) -> Result<PublicKey, CryptoError> {
    PublicKey::from_public_key_der(public)
        .ok()
        .filter(|key| key.to_public_key_der().is_ok_and(|der| der.as_bytes() == public))
        .ok_or(CryptoError::InvalidKey)
}

/// RFC 7517 and 7518; members in the order in which the RFC's examples have them.
#[derive(Serialize)]
struct Jwk {
    kty: &'static str,
    #[serde(rename = "use")]
    usage: &'static str,
    alg: &'static str,
    kid: String,
    n: String,
    e: String,
}

/// The `Entropy` port as the generator that the `rsa` crate asks for.
struct Random<'a>(&'a dyn Entropy);

impl TryRng for Random<'_> {
    type Error = NoEntropy;

    fn try_next_u32(&mut self) -> Result<u32, NoEntropy> {
        super::random(self.0).map(u32::from_ne_bytes).map_err(NoEntropy)
    }

    fn try_next_u64(&mut self) -> Result<u64, NoEntropy> {
        super::random(self.0).map(u64::from_ne_bytes).map_err(NoEntropy)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), NoEntropy> {
        self.0.fill(bytes).map_err(NoEntropy)
    }
}

impl TryCryptoRng for Random<'_> {}

#[derive(Debug)]
struct NoEntropy(
    #[allow(dead_code, reason = "shown by Debug, which the trait's bound asks for")] EntropyError,
);

impl std::fmt::Display for NoEntropy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the operating system gave no randomness")
    }
}

impl std::error::Error for NoEntropy {}

#[cfg(test)]
mod tests {
    use openssl::pkey::PKey;

    use super::super::testing::Counting;
    use super::*;

    fn public() -> Vec<u8> {
        let rsa = openssl::rsa::Rsa::generate(2048).unwrap();
        PKey::from_rsa(rsa).unwrap().public_key_to_der().unwrap()
    }

    #[test]
    fn openssl_reads_every_format_as_the_same_key() {
        let public = public();
        let formats = describe(&public).unwrap();
        assert_eq!(STANDARD.decode(&formats.base64).unwrap(), public);

        let key = PKey::public_key_from_pem(formats.pem.as_bytes()).unwrap();
        assert_eq!(key.public_key_to_der().unwrap(), public);
        assert!(formats.pem.starts_with("-----BEGIN PUBLIC KEY-----\n"));
        assert!(formats.pem.ends_with("-----END PUBLIC KEY-----\n"));
        assert_eq!(formats.pem.lines().nth(1).unwrap().len(), 64);

        let jwk: serde_json::Value = serde_json::from_str(&formats.jwk).unwrap();
        let rsa = key.rsa().unwrap();
        let member = |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap();
        assert_eq!((member("n"), member("e")), (rsa.n().to_vec(), rsa.e().to_vec()));
        assert_eq!(jwk["kid"], formats.fingerprint.to_string());
        assert!(
            formats
                .jwk
                .starts_with(r#"{"kty":"RSA","use":"enc","alg":"RSA-OAEP-256","kid":"#)
        );
        assert_eq!(formats.fingerprint.0, openssl::sha::sha256(&public));
    }

    #[test]
    fn a_plaintext_over_the_bound_is_refused_with_both_lengths() {
        let error = encrypt(
            &Counting::default(),
            &public(),
            Mgf1::Sha256,
            &Secret::new(vec![1; 191]),
        );
        assert_eq!(
            error,
            Err(CryptoError::PlaintextTooLong {
                max: 190,
                length: 191
            })
        );
    }

    #[test]
    fn bytes_that_are_no_rsa_key_are_refused() {
        let ed25519 = PKey::generate_ed25519().unwrap().public_key_to_der().unwrap();
        let mut trailing = public();
        trailing.push(0);
        for bytes in [ed25519, trailing, vec![]] {
            assert_eq!(describe(&bytes), Err(CryptoError::InvalidKey));
        }
    }
}
