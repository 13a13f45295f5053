//! The text of a refresh token: `<brand>_refresh_<43 base62><43 base62><6 base62>`.
//!
//! The first 256 bits are the session's, and stay; the next are new with every refresh; the checksum is that of an API
//! token. Who presents a session's first half with another second half has one that was used before: nobody else knows
//! the first. The form is never that of an API token.

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::domain::secret::Secret;
use crate::domain::text::Brand;
use crate::domain::token::format::{
    CHECKSUM_DIGITS, SECRET_DIGITS, append_checksum, decode, encode, has_its_checksum,
};

const MARK: &[u8] = b"_refresh_";
const DIGITS: usize = 2 * SECRET_DIGITS + CHECKSUM_DIGITS;
const LENGTHS: std::ops::RangeInclusive<usize> = 1 + MARK.len() + DIGITS..=Brand::MAX + MARK.len() + DIGITS;

/// The 64 random bytes that a refresh token carries.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct RefreshSecret {
    family: [u8; 32],
    newest: [u8; 32],
}

impl std::fmt::Debug for RefreshSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RefreshSecret(…)")
    }
}

impl RefreshSecret {
    /// Takes twice 256 bits of the operating system's randomness.
    #[must_use]
    pub const fn from_random(family: [u8; 32], newest: [u8; 32]) -> Self {
        Self { family, newest }
    }

    /// The next one of the same session.
    #[must_use]
    pub const fn next(&self, newest: [u8; 32]) -> Self {
        Self {
            family: self.family,
            newest,
        }
    }

    /// What all of a session's refresh tokens have in common, for the keyed digest.
    #[must_use]
    pub const fn expose_family(&self) -> &[u8; 32] {
        &self.family
    }

    /// What only this one has, for the keyed digest.
    #[must_use]
    pub const fn expose_newest(&self) -> &[u8; 32] {
        &self.newest
    }

    /// Reads a refresh token as a client sends it; `None` where it has not the form of one, or its checksum is wrong.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        if !LENGTHS.contains(&text.len()) || has_its_checksum(text) != Some(true) {
            return None;
        }
        let (front, digits) = text.split_at(text.len() - DIGITS);
        let brand = front.strip_suffix(MARK)?;
        let is_brand = (1..=Brand::MAX).contains(&brand.len())
            && brand.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        let (family, rest) = digits.split_at(SECRET_DIGITS);
        let (family, newest) = (decode(family)?, decode(&rest[..SECRET_DIGITS])?);
        is_brand.then_some(Self { family, newest })
    }

    /// The refresh token's text.
    #[must_use]
    pub fn text(&self, brand: &Brand) -> Secret {
        // Reserved in full, so that no reallocation leaves a copy behind.
        let mut text = Vec::with_capacity(*LENGTHS.end());
        text.extend_from_slice(brand.prefix().as_bytes());
        text.extend_from_slice(MARK);
        encode(&self.family, &mut text);
        encode(&self.newest, &mut text);
        append_checksum(&mut text);
        Secret::new(text)
    }
}
