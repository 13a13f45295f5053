//! One sealed value: XChaCha20-Poly1305 under a random nonce, bound to what it is by its associated data.
//!
//! Layout: 24 bytes nonce, ciphertext, 16 bytes tag. Nonces are random, never counted: 192 bits of them do not
//! repeat, and a restored copy of the store cannot make one repeat either.

use chacha20poly1305::aead::{AeadInOut as _, KeyInit as _};
use chacha20poly1305::{Tag, XChaCha20Poly1305, XNonce};

use crate::domain::secret::{Sealed, Secret};
use crate::service::ports::{CryptoError, Entropy};

const NONCE: usize = 24;
const TAG: usize = 16;

/// A key ready to seal with; wiped when dropped (chacha20poly1305's `zeroize` feature).
pub(super) struct SealingKey(XChaCha20Poly1305);

impl SealingKey {
    pub(super) fn new(key: &[u8; 32]) -> Self {
        Self(XChaCha20Poly1305::new(key.into()))
    }

    pub(super) fn seal(
        &self,
        entropy: &dyn Entropy,
        associated: &AssociatedData,
        plaintext: &Secret,
    ) -> Result<Sealed, CryptoError> {
        let nonce: [u8; NONCE] = super::random(entropy)?;
        // Encrypted in place in its final buffer, so that no copy of the plaintext is left.
        let mut sealed = Vec::with_capacity(NONCE + plaintext.len() + TAG);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plaintext.expose());
        let tag = self
            .0
            .encrypt_inout_detached(&XNonce::from(nonce), &associated.0, (&mut sealed[NONCE..]).into())
            .map_err(|_| CryptoError::Engine("the value is too long to be sealed"))?;
        sealed.extend_from_slice(&tag);
        Ok(Sealed(sealed))
    }

    pub(super) fn unseal(&self, associated: &AssociatedData, sealed: &Sealed) -> Result<Secret, CryptoError> {
        let (nonce, rest) = sealed
            .0
            .split_first_chunk::<NONCE>()
            .ok_or(CryptoError::Unsealing)?;
        let (ciphertext, tag) = rest.split_last_chunk::<TAG>().ok_or(CryptoError::Unsealing)?;
        let mut plaintext = ciphertext.to_vec();
        // The tag is compared before anything is decrypted: on failure the buffer still holds ciphertext.
        self.0
            .decrypt_inout_detached(
                &XNonce::from(*nonce),
                &associated.0,
                plaintext.as_mut_slice().into(),
                &Tag::from(*tag),
            )
            .map_err(|_| CryptoError::Unsealing)?;
        Ok(Secret::new(plaintext))
    }
}

/// What a sealed value is, each part behind its length as four big-endian bytes: parts cannot run into each other.
#[derive(Default)]
pub(super) struct AssociatedData(Vec<u8>);

impl AssociatedData {
    #[must_use]
    pub(super) fn with(mut self, part: &[u8]) -> Self {
        // Parts are ids and names; a length beyond u32 cannot be reached, and would be authenticated as the maximum.
        let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(part);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Counting;
    use super::*;

    fn bound(part: &[u8]) -> AssociatedData {
        AssociatedData::default().with(part)
    }

    #[test]
    fn a_value_opens_only_under_its_key_and_as_what_it_is() {
        let entropy = Counting::default();
        let (key, other) = (SealingKey::new(&[1; 32]), SealingKey::new(&[2; 32]));
        let plaintext = Secret::from_text("planted".into());
        let sealed = key.seal(&entropy, &bound(b"a"), &plaintext).unwrap();
        assert_eq!(sealed.0.len(), NONCE + 7 + TAG);
        assert_eq!(key.unseal(&bound(b"a"), &sealed).unwrap().expose(), b"planted");
        assert_eq!(
            key.unseal(&bound(b"b"), &sealed).unwrap_err(),
            CryptoError::Unsealing
        );
        assert_eq!(
            other.unseal(&bound(b"a"), &sealed).unwrap_err(),
            CryptoError::Unsealing
        );
        assert_ne!(key.seal(&entropy, &bound(b"a"), &plaintext).unwrap(), sealed);
    }

    #[test]
    fn every_altered_bit_and_every_truncation_is_noticed() {
        let key = SealingKey::new(&[1; 32]);
        let sealed = key
            .seal(
                &Counting::default(),
                &bound(b"a"),
                &Secret::from_text("four".into()),
            )
            .unwrap();
        for bit in 0..sealed.0.len() * 8 {
            let mut altered = sealed.clone();
            altered.0[bit / 8] ^= 1 << (bit % 8);
            assert!(key.unseal(&bound(b"a"), &altered).is_err(), "bit {bit}");
        }
        for length in 0..sealed.0.len() {
            assert!(
                key.unseal(&bound(b"a"), &Sealed(sealed.0[..length].to_vec()))
                    .is_err()
            );
        }
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        let joined = |parts: &[&[u8]]| {
            parts
                .iter()
                .fold(AssociatedData::default(), |data, part| data.with(part))
                .0
        };
        assert_ne!(joined(&[b"ab", b"c"]), joined(&[b"a", b"bc"]));
        assert_ne!(joined(&[b"a", b""]), joined(&[b"", b"a"]));
    }
}
