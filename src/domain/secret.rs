//! Types that carry a secret, so that no log, error or `Debug` output can: none of them prints what it holds.
//!
//! A [`Secret`] is plaintext in memory: wiped when dropped, readable only through `expose`, never serializable. A
//! [`Sealed`] is the same encrypted for keeping: it may be stored, and only the `Sealer` port opens it.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Secret bytes: a private key, a token, a password, a decrypted field.
#[derive(Clone, Default, Zeroize, ZeroizeOnDrop)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// Takes over `bytes`; the caller keeps no copy.
    #[must_use]
    pub const fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Takes over a text.
    #[must_use]
    pub fn from_text(text: String) -> Self {
        Self(text.into_bytes())
    }

    /// The bytes. Every call is a place to look at in a review.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The bytes as text, if they are UTF-8.
    #[must_use]
    pub fn expose_text(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// How many bytes it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A secret encrypted under the keyring: 24-byte nonce, ciphertext, 16-byte tag, as the `Sealer` port made it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed(pub Vec<u8>);

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({} bytes)", self.0.len())
    }
}

/// Does `work` and overwrites the stack that it used: moves leave copies there which no destructor finds, and whatever
/// is moved later carries them on in its padding. For work on fixed-size secrets that needs no more than 16 KiB.
#[inline(never)]
pub fn wiping_stack<T>(work: impl FnOnce() -> T) -> T {
    #[inline(never)]
    fn apart<T>(work: impl FnOnce() -> T) -> T {
        work()
    }
    #[inline(never)]
    fn wipe() {
        std::hint::black_box(&mut [0u8; WORKED_ON]);
    }
    let result = apart(work);
    wipe();
    result
}

/// How many bytes of stack are overwritten.
const WORKED_ON: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_shows_nothing() {
        let secret = Secret::from_text("correct horse".into());
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        assert_eq!(format!("{:?}", Sealed(vec![1, 2, 3])), "Sealed(3 bytes)");
    }
}
