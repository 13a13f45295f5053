//! From what somebody pasted to the bytes of a ciphertext, undoing one layer after the other.
//!
//! It may be a secret that was sent in clear: what is in between is wiped.

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use super::Writing;
use crate::domain::key_pair::KeySize;

/// Layers that are undone at most.
const LAYERS: usize = 6;
/// Fewer bytes than this are no part of a ciphertext that anybody could tell from a word.
const LEAST: usize = 64;
/// A text of which so many in a hundred characters are Base64's was meant to be Base64.
const NEARLY: usize = 90;

/// Takes what was cut off, and what has no `=`.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// What was found inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Bytes that may be a ciphertext, or a part of one, or several.
    Bytes(Zeroizing<Vec<u8>>),
    /// Nothing.
    Empty,
    /// A text that is not encoded.
    Text,
    /// Base64 of a readable text.
    EncodedText,
    /// Base64, but for the character at this place (from 1).
    Damaged(usize),
    /// A key.
    Key,
    /// A JWE.
    Jwe,
    /// What OpenSSL's `enc` and CryptoJS make with a passphrase.
    Passphrase,
}

/// A text, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The layers around the content, the outermost first.
    pub writings: Vec<Writing>,
    /// What was inside.
    pub content: Content,
}

/// One layer less, or an end.
enum Step {
    Inside(Writing, Zeroizing<Vec<u8>>),
    End(Content),
}

impl Reading {
    /// Reads what was pasted.
    #[must_use]
    pub fn of(pasted: &[u8]) -> Self {
        let mut writings = Vec::new();
        let mut current = Zeroizing::new(pasted.to_vec());
        for _ in 0..LAYERS {
            match step(&current, &mut writings) {
                Step::Inside(writing, inside) => {
                    writings.push(writing);
                    current = inside;
                }
                Step::End(content) => return Self { writings, content },
            }
        }
        Self {
            writings,
            content: Content::Text,
        }
    }
}

fn step(current: &[u8], writings: &mut Vec<Writing>) -> Step {
    let text = match std::str::from_utf8(current) {
        Ok(text) if !text.contains(|char: char| char.is_control() && !char.is_whitespace()) => text.trim(),
        _ if current.len() < LEAST => return Step::End(Content::Text),
        _ => {
            writings.push(Writing::Raw);
            return Step::End(Content::Bytes(Zeroizing::new(current.to_vec())));
        }
    };
    if text.is_empty() {
        return Step::End(Content::Empty);
    }
    if text.starts_with("-----BEGIN") {
        return pem(text);
    }
    let undone = quoted(text)
        .or_else(|| percent_encoded(text))
        .or_else(|| numbers(text))
        .or_else(|| hexadecimal(text))
        .or_else(|| plus_lost(current))
        .or_else(|| wrapped(text));
    match undone {
        Some((Writing::Hex | Writing::Numbers, bytes)) if !is_written(&bytes) => {
            writings.push(if numbers(text).is_some() {
                Writing::Numbers
            } else {
                Writing::Hex
            });
            Step::End(judged(bytes))
        }
        Some((writing, inside)) => Step::Inside(writing, inside),
        None if is_jwe(text) => Step::End(Content::Jwe),
        None => base64(text, writings),
    }
}

fn pem(text: &str) -> Step {
    let label = text.lines().next().unwrap_or_default();
    if label.contains("KEY") || label.contains("CERTIFICATE") {
        return Step::End(Content::Key);
    }
    let body = text
        .lines()
        .filter(|line| !line.starts_with("-----") && !line.contains(':'));
    let mut inside = Zeroizing::new(Vec::with_capacity(text.len()));
    body.for_each(|line| inside.extend_from_slice(line.trim().as_bytes()));
    Step::Inside(Writing::Pem, inside)
}

type Undone = Option<(Writing, Zeroizing<Vec<u8>>)>;

fn quoted(text: &str) -> Undone {
    let quote = text.chars().next().filter(|first| matches!(first, '"' | '\''))?;
    let between = text.get(1..)?.strip_suffix(quote)?;
    let mut inside = Zeroizing::new(Vec::with_capacity(between.len()));
    let mut rest = between;
    while let Some((before, after)) = rest.split_once('\\') {
        inside.extend_from_slice(before.as_bytes());
        let escape = after.bytes().next()?;
        let mut length = 1;
        inside.push(match escape {
            b'n' | b'r' | b't' => b'\n',
            b'u' => {
                length = 5;
                u8::try_from(u32::from_str_radix(after.get(1..length)?, 16).ok()?).ok()?
            }
            escaped => escaped,
        });
        rest = after.get(length..)?;
    }
    inside.extend_from_slice(rest.as_bytes());
    Some((Writing::Quoted, inside))
}

/// Only what stands for a character of Base64 counts: a password may have a `%` of its own.
fn percent_encoded(text: &str) -> Undone {
    let mut inside = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        inside.extend_from_slice(before.as_bytes());
        inside.push(match after.get(..2)?.to_ascii_uppercase().as_str() {
            "2B" => b'+',
            "2F" => b'/',
            "3D" => b'=',
            "0A" | "0D" => b'\n',
            "20" => b' ',
            _ => return None,
        });
        rest = &after[2..];
    }
    if rest.len() == text.len() {
        return None;
    }
    inside.extend_from_slice(rest.as_bytes());
    Some((Writing::PercentEncoded, inside))
}

fn numbers(text: &str) -> Undone {
    let list = text.strip_prefix('[')?.strip_suffix(']')?;
    let mut inside = Zeroizing::new(Vec::with_capacity(list.len() / 2));
    for number in list.split(',') {
        let number: i16 = number.trim().parse().ok()?;
        // Java's bytes are signed.
        inside.push(
            u8::try_from(number)
                .or_else(|_| i8::try_from(number).map(i8::cast_unsigned))
                .ok()?,
        );
    }
    Some((Writing::Numbers, inside))
}

fn hexadecimal(text: &str) -> Undone {
    let digits = text.strip_prefix("0x").unwrap_or(text).bytes();
    let digits = Zeroizing::new(
        digits
            .filter(|byte| !matches!(byte, b':' | b' ' | b'\r' | b'\n'))
            .collect::<Vec<u8>>(),
    );
    let (pairs, rest) = digits.as_chunks::<2>();
    if pairs.len() < LEAST || !rest.is_empty() {
        return None;
    }
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    let mut inside = Zeroizing::new(Vec::with_capacity(pairs.len()));
    for [high, low] in pairs {
        inside.push(digit(*high)? << 4 | digit(*low)?);
    }
    Some((Writing::Hex, inside))
}

/// Where there is a ciphertext with the spaces taken for `+`, and none without them.
fn plus_lost(current: &[u8]) -> Undone {
    // A space at its beginning may be one of them.
    let text = std::str::from_utf8(current)
        .ok()?
        .trim_matches(['\r', '\n', '\t']);
    if !text.contains(' ') || text.contains('\n') {
        return None;
    }
    let mended = Zeroizing::new(text.replace(' ', "+"));
    let length = BASE64.decode(&*mended).map(Zeroizing::new).ok()?.len();
    is_ciphertext(length).then(|| (Writing::PlusLost, Zeroizing::new(mended.as_bytes().to_vec())))
}

/// White space in what is Base64 without it, and too long to be a sentence.
fn wrapped(text: &str) -> Undone {
    if !text.contains(char::is_whitespace) {
        return None;
    }
    let mut inside = Zeroizing::new(Vec::with_capacity(text.len()));
    inside.extend(text.bytes().filter(|byte| !byte.is_ascii_whitespace()));
    let is_meant = has_long_word(text.as_bytes()) && nearly_base64(&inside);
    is_meant.then_some((Writing::Wrapped, inside))
}

/// Five parts with dots between them, the first of which is a JSON object in Base64.
fn is_jwe(text: &str) -> bool {
    text.starts_with("eyJ") && text.matches('.').count() == 4
}

fn base64(text: &str, writings: &mut Vec<Writing>) -> Step {
    let is_url_safe = text.contains(['-', '_']) && !text.contains(['+', '/']);
    let standard = Zeroizing::new(if is_url_safe {
        text.replace('-', "+").replace('_', "/")
    } else {
        text.to_owned()
    });
    let characters = standard.trim_end_matches('=');
    let Some(bytes) = decoded(characters) else {
        let foreign = text.bytes().position(|byte| !is_base64(byte));
        return Step::End(match foreign {
            Some(at) if nearly_base64(text.as_bytes()) => Content::Damaged(at + 1),
            _ => Content::Text,
        });
    };
    let is_short = bytes.len() < LEAST;
    if is_short && (!is_text(&bytes) || !text.len().is_multiple_of(4)) {
        return Step::End(Content::Text);
    }
    if is_url_safe {
        writings.push(Writing::UrlSafe);
    }
    if standard.len() % 4 != 0 && characters.len() % 4 != 1 && is_ciphertext(bytes.len()) {
        writings.push(Writing::Unpadded);
    }
    if is_written(&bytes) {
        return Step::Inside(Writing::Double, bytes);
    }
    Step::End(judged(bytes))
}

/// Of several texts one behind the other, each of which ended with `=`, the bytes of all.
fn decoded(characters: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(characters.len()));
    for part in characters.split('=') {
        // One character more than whole groups says nothing: it was cut off there.
        let whole = part.len() - usize::from(part.len() % 4 == 1);
        bytes.extend_from_slice(&Zeroizing::new(BASE64.decode(part.get(..whole)?).ok()?));
    }
    Some(bytes)
}

/// Whether the bytes are an encoding of their own, by their characters.
fn is_written(bytes: &[u8]) -> bool {
    let characters = bytes.iter().filter(|byte| !byte.is_ascii_whitespace());
    bytes.len() >= LEAST * 4 / 3 && has_long_word(bytes) && characters.copied().all(is_base64)
}

/// Longer than those of a sentence.
fn has_long_word(text: &[u8]) -> bool {
    text.split(u8::is_ascii_whitespace)
        .any(|word| word.len() >= LEAST / 2)
}

fn judged(bytes: Zeroizing<Vec<u8>>) -> Content {
    // A SubjectPublicKeyInfo, PKCS#8 or PKCS#1 key begins as a long DER sequence that goes on to its end.
    let is_der = matches!(&**bytes, [0x30, 0x82, high, low, 0x30 | 0x02, ..]
        if usize::from(*high) << 8 | usize::from(*low) == bytes.len() - 4);
    if bytes.starts_with(b"Salted__") {
        Content::Passphrase
    } else if is_der {
        Content::Key
    } else if is_text(&bytes) {
        Content::EncodedText
    } else {
        Content::Bytes(bytes)
    }
}

fn is_text(bytes: &[u8]) -> bool {
    let is_plain = |text: &str| !text.contains(|char: char| char.is_control() && !char.is_whitespace());
    !bytes.is_empty() && std::str::from_utf8(bytes).is_ok_and(is_plain)
}

fn is_ciphertext(length: usize) -> bool {
    KeySize::ALL.iter().any(|size| size.bits() as usize / 8 == length)
}

const fn is_base64(byte: u8) -> bool {
    matches!(byte, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' | b'-' | b'_' | b'=')
}

fn nearly_base64(text: &[u8]) -> bool {
    let of_base64 = text.iter().filter(|byte| is_base64(**byte)).count();
    text.len() > LEAST && of_base64 * 100 >= text.len() * NEARLY
}

#[cfg(test)]
mod tests;
