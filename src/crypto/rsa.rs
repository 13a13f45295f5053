//! RSA-OAEP with SHA-256 on the private side: generation and decryption in OpenSSL, through its EVP interface.
//!
//! Unpadding is OpenSSL's, in constant time. Every failure is one error and has tried both MGF1 variants; in the place of a
//! ciphertext of the wrong length a number is tried that does not open, so that this takes as long.

use std::sync::Arc;

use openssl::error::ErrorStack;
use openssl::md::Md;
use openssl::pkey::{Id, PKey, Private};
use openssl::pkey_ctx::PkeyCtx;
use openssl::rsa::{Padding as RsaPadding, Rsa};
use zeroize::Zeroizing;

use super::{public_key, trial};
use crate::domain::ciphertext::Padding;
use crate::domain::key_pair::{KeySize, Mgf1};
use crate::domain::secret::Secret;
use crate::service::ports::{CryptoError, Entropy, GeneratedKey, KeyEngine, PrivateKey, PublicKeyFormats};

/// The key engine.
#[derive(Clone)]
pub struct RsaEngine {
    entropy: Arc<dyn Entropy>,
}

impl RsaEngine {
    /// An engine that draws the randomness of its encryptions from `entropy`.
    #[must_use]
    pub fn new(entropy: Arc<dyn Entropy>) -> Self {
        Self { entropy }
    }
}

impl KeyEngine for RsaEngine {
    fn generate(&self, size: KeySize) -> Result<GeneratedKey, CryptoError> {
        let made = || -> Result<(Vec<u8>, Vec<u8>), ErrorStack> {
            let key = PKey::from_rsa(Rsa::generate(size.bits())?)?;
            Ok((key.private_key_to_pkcs8()?, key.public_key_to_der()?))
        };
        let (private, public) = made().map_err(|_| CryptoError::Engine("OpenSSL made no key pair"))?;
        Ok(GeneratedKey {
            private: Secret::new(private),
            fingerprint: public_key::fingerprint(&public),
            public,
        })
    }

    fn open(&self, private: &Secret) -> Result<Box<dyn PrivateKey>, CryptoError> {
        let key = PKey::private_key_from_pkcs8(private.expose()).map_err(|_| CryptoError::InvalidKey)?;
        if key.id() != Id::RSA {
            return Err(CryptoError::InvalidKey);
        }
        Ok(Box::new(OpenKey(key)))
    }

    fn encrypt(&self, public: &[u8], mgf1: Mgf1, plaintext: &Secret) -> Result<Vec<u8>, CryptoError> {
        public_key::encrypt(&*self.entropy, public, mgf1, plaintext)
    }

    fn describe(&self, public: &[u8]) -> Result<PublicKeyFormats, CryptoError> {
        public_key::describe(public)
    }
}

/// The bytes of what is tried for a ciphertext of the wrong length.
const STAND_IN: u8 = 0x5a;

/// A private key in OpenSSL's form; OpenSSL wipes it when it is freed.
struct OpenKey(PKey<Private>);

impl PrivateKey for OpenKey {
    fn decrypt(&self, ciphertext: &[u8], first: Mgf1) -> Result<(Secret, Mgf1), CryptoError> {
        // OpenSSL takes a shorter ciphertext for a number with leading zeros, RFC 8017 (7.1.2) does not.
        let fits = ciphertext.len() == self.0.size();
        // Below every modulus, whose highest bit is set.
        let stand_in = vec![STAND_IN; self.0.size()];
        let ciphertext = if fits { ciphertext } else { &stand_in };
        [first, first.other()]
            .into_iter()
            .find_map(|mgf1| Some((self.attempt(ciphertext, mgf1).ok()?, mgf1)))
            .filter(|_| fits)
            .ok_or(CryptoError::Decryption)
    }

    fn try_paddings(&self, ciphertext: &[u8]) -> Option<(Padding, Secret)> {
        trial::find(&self.0, ciphertext)
    }
}

impl OpenKey {
    fn attempt(&self, ciphertext: &[u8], mgf1: Mgf1) -> Result<Secret, ErrorStack> {
        let mut context = PkeyCtx::new(&self.0)?;
        context.decrypt_init()?;
        context.set_rsa_padding(RsaPadding::PKCS1_OAEP)?;
        context.set_rsa_oaep_md(Md::sha256())?;
        context.set_rsa_mgf1_md(match mgf1 {
            Mgf1::Sha256 => Md::sha256(),
            Mgf1::Sha1 => Md::sha1(),
        })?;
        // Of the modulus' size, which OpenSSL demands, and wiped in full whichever way this ends.
        let mut plaintext = Zeroizing::new(vec![0; self.0.size()]);
        let length = context.decrypt(ciphertext, Some(&mut plaintext))?;
        plaintext.truncate(length);
        Ok(Secret::new(std::mem::take(&mut *plaintext)))
    }
}

#[cfg(test)]
mod tests {
    use openssl::encrypt::Encrypter;
    use openssl::hash::MessageDigest;

    use super::super::testing::Counting;
    use super::*;

    fn engine() -> RsaEngine {
        RsaEngine::new(Arc::new(Counting::default()))
    }

    fn secret(bytes: &[u8]) -> Secret {
        Secret::new(bytes.to_vec())
    }

    #[test]
    fn openssl_decrypts_what_the_rsa_crate_encrypts_and_says_which_mgf1() {
        let key = engine().generate(KeySize::Bits2048).unwrap();
        let private = engine().open(&key.private).unwrap();
        let longest = vec![0xa5; KeySize::Bits2048.max_plaintext()];
        for mgf1 in [Mgf1::Sha256, Mgf1::Sha1] {
            for plaintext in [b"".as_slice(), b"1234", &longest] {
                let ciphertext = engine().encrypt(&key.public, mgf1, &secret(plaintext)).unwrap();
                for first in [mgf1, mgf1.other()] {
                    let (opened, used) = private.decrypt(&ciphertext, first).unwrap();
                    assert_eq!((opened.expose(), used), (plaintext, mgf1));
                }
            }
        }
    }

    #[test]
    fn openssl_decrypts_what_openssl_encrypts() {
        let key = engine().generate(KeySize::Bits2048).unwrap();
        let public = PKey::public_key_from_der(&key.public).unwrap();
        let mut encrypter = Encrypter::new(&public).unwrap();
        encrypter.set_rsa_padding(RsaPadding::PKCS1_OAEP).unwrap();
        encrypter.set_rsa_oaep_md(MessageDigest::sha256()).unwrap();
        encrypter.set_rsa_mgf1_md(MessageDigest::sha1()).unwrap();
        let mut ciphertext = vec![0; 256];
        assert_eq!(encrypter.encrypt(b"pin", &mut ciphertext).unwrap(), 256);
        let (opened, used) = engine()
            .open(&key.private)
            .unwrap()
            .decrypt(&ciphertext, Mgf1::Sha256)
            .unwrap();
        assert_eq!((opened.expose(), used), (b"pin".as_slice(), Mgf1::Sha1));
    }

    #[test]
    fn the_rsa_crate_decrypts_with_a_key_that_openssl_made() {
        use ::rsa::pkcs8::DecodePrivateKey as _;
        let key = engine().generate(KeySize::Bits2048).unwrap();
        let ciphertext = engine()
            .encrypt(&key.public, Mgf1::Sha256, &secret(b"answer"))
            .unwrap();
        let private = ::rsa::PrivateKey::from_pkcs8_der(key.private.expose()).unwrap();
        assert_eq!(
            private.oaep_decrypt::<sha2::Sha256>(&ciphertext).unwrap(),
            b"answer"
        );
    }

    #[test]
    fn every_failure_is_the_same_error() {
        let (key, other) = (
            engine().generate(KeySize::Bits2048).unwrap(),
            engine().generate(KeySize::Bits2048).unwrap(),
        );
        let private = engine().open(&key.private).unwrap();
        let good = engine()
            .encrypt(&key.public, Mgf1::Sha256, &secret(b"x"))
            .unwrap();
        let foreign = engine()
            .encrypt(&other.public, Mgf1::Sha256, &secret(b"x"))
            .unwrap();
        let mut flipped = good.clone();
        flipped[100] ^= 1;
        let mut longer = good.clone();
        longer.push(0);
        let mut padded = vec![0];
        padded.extend_from_slice(&good);
        for bad in [
            &foreign,
            &flipped,
            &longer,
            &padded,
            &good[..255].to_vec(),
            &vec![],
            &vec![0xff; 256],
        ] {
            assert_eq!(
                private.decrypt(bad, Mgf1::Sha256).unwrap_err(),
                CryptoError::Decryption
            );
        }
        assert!(private.decrypt(&good, Mgf1::Sha256).is_ok());
    }

    #[test]
    fn a_ciphertext_without_its_leading_zero_byte_is_refused() {
        let key = engine().generate(KeySize::Bits2048).unwrap();
        let private = engine().open(&key.private).unwrap();
        let counting = engine();
        // One in about 256 ciphertexts begins with a zero byte.
        let ciphertext = (0..20_000)
            .map(|_| {
                counting
                    .encrypt(&key.public, Mgf1::Sha256, &secret(b"x"))
                    .unwrap()
            })
            .find(|ciphertext| ciphertext[0] == 0)
            .unwrap();
        assert!(private.decrypt(&ciphertext, Mgf1::Sha256).is_ok());
        assert_eq!(
            private.decrypt(&ciphertext[1..], Mgf1::Sha256).unwrap_err(),
            CryptoError::Decryption
        );
    }

    #[test]
    fn keys_of_other_kinds_and_damaged_ones_are_refused() {
        let ed25519 = PKey::generate_ed25519().unwrap().private_key_to_pkcs8().unwrap();
        for bytes in [ed25519, vec![], b"not a key".to_vec()] {
            assert_eq!(
                engine().open(&Secret::new(bytes)).err(),
                Some(CryptoError::InvalidKey)
            );
        }
    }
}
