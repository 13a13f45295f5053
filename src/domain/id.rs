//! Identifiers: ULIDs, so that records made later sort later and the store can be loaded in order.
//!
//! 48 bits of Unix milliseconds and 80 random bits, shown as 26 characters of Crockford's Base32 in lower case
//! (<https://github.com/ulid/spec>). Parsing is case-insensitive and reads `i`, `l` and `o` as digits, as Crockford asks.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::time::Timestamp;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const TEXT_LENGTH: usize = 26;

/// A ULID of any kind of record; the typed identifiers below wrap it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Id([u8; 16]);

/// The text is not 26 characters of Base32, or exceeds 128 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidId;

impl Id {
    /// Builds an identifier from the time it was made and 80 bits of randomness.
    #[must_use]
    pub fn new(at: Timestamp, random: [u8; 10]) -> Self {
        let mut bytes = [0; 16];
        let millis = u64::try_from(at.millis()).unwrap_or(0).to_be_bytes();
        bytes[..6].copy_from_slice(&millis[2..]);
        bytes[6..].copy_from_slice(&random);
        Self(bytes)
    }

    /// The 16 bytes, big-endian: their order is the order of time.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Takes 16 bytes that `bytes` gave.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = u128::from_be_bytes(self.0);
        let mut text = [0u8; TEXT_LENGTH];
        for (place, slot) in text.iter_mut().rev().enumerate() {
            *slot = ALPHABET[((value >> (5 * place)) & 31) as usize];
        }
        f.pad(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Id {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        if text.len() != TEXT_LENGTH || text.as_bytes()[0] > b'7' {
            return Err(InvalidId);
        }
        let mut value = 0u128;
        for byte in text.bytes() {
            let digit = match byte.to_ascii_lowercase() {
                b'i' | b'l' => 1,
                b'o' => 0,
                lower => ALPHABET.iter().position(|&c| c == lower).ok_or(InvalidId)?,
            };
            value = (value << 5) | digit as u128;
        }
        Ok(Self(value.to_be_bytes()))
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            text.parse()
                .map_err(|InvalidId| de::Error::custom("not an identifier"))
        } else {
            <[u8; 16]>::deserialize(deserializer).map(Self)
        }
    }
}

macro_rules! typed_id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Id);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                text.parse().map(Self)
            }
        }
    )+};
}

typed_id! {
    /// Names one organization.
    OrganizationId,
    /// Names one token for good, also after its name went to its successor.
    TokenId,
    /// Names one cashier.
    CashierId,
    /// Names one request in the audit log.
    RequestId,
    /// Names one login session.
    LoginId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_specification_s_example_survives_a_round_trip() {
        let id: Id = "01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().unwrap();
        assert_eq!(id.to_string(), "01arz3ndektsv4rrffq69g5fav");
    }

    #[test]
    fn later_sorts_later() {
        let early = Id::new(Timestamp::from_millis(1_000), [255; 10]);
        let late = Id::new(Timestamp::from_millis(1_001), [0; 10]);
        assert!(early < late);
        assert!(early.to_string() < late.to_string());
    }

    #[test]
    fn what_is_no_identifier_is_refused() {
        for text in [
            "",
            "01arz3ndektsv4rrffq69g5fa",
            "81arz3ndektsv4rrffq69g5fav",
            "01arz3ndektsv4rrffq69g5fau",
        ] {
            assert_eq!(text.parse::<Id>(), Err(InvalidId), "{text}");
        }
    }
}
