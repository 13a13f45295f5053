//! The one way for a secret into JSON and out of it: fields that cross the daemon's private socket name this module,
//! `#[serde(with = "crate::service::exposed")]`, so that a review finds every one of them.
//!
//! Bytes are Base64, proofs are hexadecimal digits, as the header has them. What is in between is wiped; a text with
//! escapes is a copy of serde's own that nobody can wipe, and is refused: no Base64 needs one. No error quotes anything.

use std::fmt;
use std::marker::PhantomData;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserializer, Serializer, de};
use zeroize::Zeroizing;

use super::request::{RevealId, SessionId};
use crate::domain::secret::Secret;

/// What can be exposed.
pub trait Exposed: Sized {
    /// As text; `None` where there is nothing.
    fn shown(&self) -> Option<Zeroizing<String>>;

    /// From a text, if it is one of these.
    fn read(text: &str) -> Option<Self>;

    /// What stands for nothing, if that is allowed.
    fn nothing() -> Option<Self> {
        None
    }
}

impl Exposed for Secret {
    fn shown(&self) -> Option<Zeroizing<String>> {
        // One allocation: a string that grew would leave copies behind.
        let mut text = Zeroizing::new(String::with_capacity(self.len().div_ceil(3) * 4));
        STANDARD.encode_string(self.expose(), &mut text);
        Some(text)
    }

    fn read(text: &str) -> Option<Self> {
        let mut bytes = Zeroizing::new(vec![0; base64::decoded_len_estimate(text.len())]);
        let length = STANDARD.decode_slice(text, &mut bytes).ok()?;
        Some(Self::new(bytes[..length].to_vec()))
    }
}

impl Exposed for Option<Secret> {
    fn shown(&self) -> Option<Zeroizing<String>> {
        self.as_ref().and_then(Exposed::shown)
    }

    fn read(text: &str) -> Option<Self> {
        Secret::read(text).map(Some)
    }

    fn nothing() -> Option<Self> {
        Some(None)
    }
}

impl Exposed for SessionId {
    fn shown(&self) -> Option<Zeroizing<String>> {
        Some(digits(self.0))
    }

    fn read(text: &str) -> Option<Self> {
        bytes(text).map(Self)
    }
}

impl Exposed for RevealId {
    fn shown(&self) -> Option<Zeroizing<String>> {
        Some(digits(self.0))
    }

    fn read(text: &str) -> Option<Self> {
        bytes(text).map(Self)
    }
}

fn digits(proof: [u8; 16]) -> Zeroizing<String> {
    Zeroizing::new(format!("{:032x}", u128::from_be_bytes(proof)))
}

fn bytes(text: &str) -> Option<[u8; 16]> {
    let is_digits = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = u128::from_str_radix(text, 16).ok().filter(|_| is_digits)?;
    Some(number.to_be_bytes())
}

/// Writes a secret.
///
/// # Errors
/// The serializer's.
pub fn serialize<T: Exposed, S: Serializer>(secret: &T, serializer: S) -> Result<S::Ok, S::Error> {
    match secret.shown() {
        Some(text) => serializer.serialize_str(&text),
        None => serializer.serialize_none(),
    }
}

/// Reads a secret.
///
/// # Errors
/// The text is none; it is not quoted.
pub fn deserialize<'de, T: Exposed, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_any(Reader(PhantomData))
}

struct Reader<T>(PhantomData<T>);

impl<'de, T: Exposed> de::Visitor<'de> for Reader<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a secret")
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<T, E> {
        T::read(text).ok_or_else(|| E::custom("not a secret's text"))
    }

    fn visit_unit<E: de::Error>(self) -> Result<T, E> {
        T::nothing().ok_or_else(|| E::custom("a secret is missing"))
    }
}
