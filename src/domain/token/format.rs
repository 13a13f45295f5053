//! The text of a token: `<brand>_<env>_<43 base62><6 base62>`.
//!
//! 43 digits hold 256 bits, the most significant first; the six after them are the CRC-32 (IEEE) of everything before,
//! in the manner of GitHub's tokens. The checksum serves scanners and typing mistakes; it is no defence. Any brand and
//! environment of the right form parses, so that tokens of an earlier brand keep working.

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::domain::secret::Secret;
use crate::domain::text::{Brand, Environment};

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
pub(in crate::domain) const SECRET_DIGITS: usize = 43;
pub(in crate::domain) const CHECKSUM_DIGITS: usize = 6;
/// The shortest is `x_y_` and the digits, the longest has a brand of 24 and an environment of 12 characters.
const LENGTHS: std::ops::RangeInclusive<usize> = 4 + 49..=Brand::MAX + 1 + Environment::MAX + 1 + 49;

/// The 32 random bytes that a token carries.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct TokenSecret([u8; 32]);

/// Why a text is no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Malformed {
    /// Too short or too long, or without the two parts in front.
    Shape,
    /// The right shape, but a character was changed: the checksum does not fit.
    Checksum,
}

impl std::fmt::Debug for TokenSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenSecret(…)")
    }
}

impl TokenSecret {
    /// Takes 256 bits of the operating system's randomness.
    #[must_use]
    pub const fn from_random(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, for the keyed digest.
    #[must_use]
    pub const fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads a token as a client sends it. Allocates nothing.
    ///
    /// # Errors
    /// Says whether the shape or only the checksum is wrong.
    pub fn parse(text: &[u8]) -> Result<Self, Malformed> {
        if !LENGTHS.contains(&text.len()) {
            return Err(Malformed::Shape);
        }
        let (front, digits) = text.split_at(text.len() - SECRET_DIGITS - CHECKSUM_DIGITS);
        let environment_at = front[..front.len() - 1]
            .iter()
            .rposition(|&b| b == b'_')
            .ok_or(Malformed::Shape)?;
        let (brand, environment) = (
            &front[..environment_at],
            &front[environment_at + 1..front.len() - 1],
        );
        let is_part = |part: &[u8], max| {
            (1..=max).contains(&part.len())
                && part.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        };
        if front[front.len() - 1] != b'_'
            || !is_part(brand, Brand::MAX)
            || !is_part(environment, Environment::MAX)
        {
            return Err(Malformed::Shape);
        }
        let secret = decode(&digits[..SECRET_DIGITS]).ok_or(Malformed::Shape)?;
        if !has_its_checksum(text).ok_or(Malformed::Shape)? {
            return Err(Malformed::Checksum);
        }
        Ok(Self(secret))
    }

    /// The token's text for a brand and an environment.
    #[must_use]
    pub fn text(&self, brand: &Brand, environment: &Environment) -> Secret {
        // Reserved in full, so that no reallocation leaves a copy behind.
        let mut text = Vec::with_capacity(*LENGTHS.end());
        text.extend_from_slice(brand.prefix().as_bytes());
        text.push(b'_');
        text.extend_from_slice(environment.as_str().as_bytes());
        text.push(b'_');
        encode(&self.0, &mut text);
        append_checksum(&mut text);
        Secret::new(text)
    }
}

/// Ends a text with the checksum of what it has so far.
pub(in crate::domain) fn append_checksum(text: &mut Vec<u8>) {
    let mut checksum = u64::from(crc32fast::hash(text));
    let mut digits = [0; CHECKSUM_DIGITS];
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET[(checksum % 62) as usize];
        checksum /= 62;
    }
    text.extend_from_slice(&digits);
}

/// Whether a text ends with the checksum of everything before; `None` where it ends with none.
pub(in crate::domain) fn has_its_checksum(text: &[u8]) -> Option<bool> {
    let (front, checksum) = text.split_at_checked(text.len().checked_sub(CHECKSUM_DIGITS)?)?;
    Some(u64::from(crc32fast::hash(front)) == digits_value(checksum)?)
}

/// 62^10 fits in 60 bits: ten digits are taken at a time.
const CHUNK: usize = 10;

/// Each byte's value as a base62 digit, 255 where it is none.
const VALUES: [u8; 256] = {
    let mut values = [255; 256];
    let mut value = 0;
    while value < 62 {
        values[ALPHABET[value] as usize] = value as u8;
        value += 1;
    }
    values
};

/// Whether a byte is a base62 digit.
#[inline]
pub(super) const fn is_digit(byte: u8) -> bool {
    VALUES[byte as usize] != 255
}

fn digits_value(digits: &[u8]) -> Option<u64> {
    let mut value = 0u64;
    let mut invalid = 0u8;
    for &digit in digits {
        let digit = VALUES[digit as usize];
        invalid |= digit & 0x80;
        value = value.wrapping_mul(62).wrapping_add(u64::from(digit));
    }
    (invalid == 0).then_some(value)
}

/// 43 digits to 256 bits; `None` where a digit is none or the number does not fit.
pub(in crate::domain) fn decode(digits: &[u8]) -> Option<[u8; 32]> {
    let mut limbs = [0u64; 4];
    let head = digits.len() % CHUNK;
    let (first, rest) = digits.split_at(head);
    for chunk in std::iter::once(first).chain(rest.chunks_exact(CHUNK)) {
        let mut carry = u128::from(digits_value(chunk)?);
        let scale = u128::from(62u64.pow(chunk.len() as u32));
        for limb in &mut limbs {
            carry += u128::from(*limb) * scale;
            *limb = carry as u64;
            carry >>= 64;
        }
        if carry != 0 {
            return None;
        }
    }
    let mut bytes = [0; 32];
    for (slot, limb) in bytes.chunks_exact_mut(8).zip(limbs.iter().rev()) {
        slot.copy_from_slice(&limb.to_be_bytes());
    }
    limbs.zeroize();
    Some(bytes)
}

/// 256 bits as 43 digits, at the end of `text`.
pub(in crate::domain) fn encode(bytes: &[u8; 32], text: &mut Vec<u8>) {
    let mut number = *bytes;
    let mut digits = [0u8; SECRET_DIGITS];
    for digit in digits.iter_mut().rev() {
        let mut remainder = 0u32;
        for byte in &mut number {
            let value = (remainder << 8) | u32::from(*byte);
            *byte = (value / 62) as u8;
            remainder = value % 62;
        }
        *digit = ALPHABET[remainder as usize];
    }
    text.extend_from_slice(&digits);
    number.zeroize();
    digits.zeroize();
}
