//! What a text is that a client sent for a ciphertext: how it was written down, how it was padded, what to change.
//!
//! Reading is generous: every common way to spoil Base64 is undone and named. What it cannot be is a check of a
//! ciphertext before decrypting: that stays as strict as it is.

mod advice;
mod plaintext;
mod reading;

use serde::{Deserialize, Serialize};

pub use self::advice::{Advice, Sample, about, of_text, of_writing};
pub use self::plaintext::TextEncoding;
pub use self::reading::{Content, Reading};

/// How bytes were written down, beside Base64 as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Writing {
    /// Bytes as they are.
    Raw,
    /// Between quotes, perhaps with escapes.
    Quoted,
    /// As a form or query has it (`%2B`).
    PercentEncoded,
    /// Spaces in the place of `+`, as a form leaves them that was not percent-encoded.
    PlusLost,
    /// In several lines, or with spaces.
    Wrapped,
    /// With `-` and `_` for `+` and `/`.
    UrlSafe,
    /// Without the `=` at its end.
    Unpadded,
    /// In hexadecimal digits.
    Hex,
    /// Between PEM's BEGIN and END.
    Pem,
    /// A list of numbers, as JSON shows an array of bytes.
    Numbers,
    /// Base64 of what is written down already.
    Double,
}

impl Writing {
    /// As people say it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Raw => "raw bytes",
            Self::Quoted => "in quotes",
            Self::PercentEncoded => "percent-encoded",
            Self::PlusLost => "spaces for +",
            Self::Wrapped => "in several lines",
            Self::UrlSafe => "URL-safe Base64",
            Self::Unpadded => "Base64 without its =",
            Self::Hex => "hexadecimal",
            Self::Pem => "PEM",
            Self::Numbers => "a list of numbers",
            Self::Double => "encoded twice",
        }
    }
}

/// A hash function that OAEP is used with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "each is the hash of that name")]
pub enum Hash {
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    /// All five, the most likely first.
    pub const ALL: [Self; 5] = [Self::Sha256, Self::Sha1, Self::Sha512, Self::Sha384, Self::Sha224];

    /// As people write it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA-1",
            Self::Sha224 => "SHA-224",
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
        }
    }
}

/// How a plaintext was made as long as the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "scheme", rename_all = "snake_case")]
pub enum Padding {
    /// OAEP.
    Oaep {
        /// Its own hash.
        hash: Hash,
        /// The hash inside MGF1.
        mgf1: Hash,
    },
    /// PKCS#1 v1.5.
    Pkcs1,
    /// Not at all: textbook RSA.
    None,
}

impl Padding {
    /// Whether a decryption opens it.
    #[must_use]
    pub const fn is_accepted(self) -> bool {
        matches!(
            self,
            Self::Oaep {
                hash: Hash::Sha256,
                mgf1: Hash::Sha256 | Hash::Sha1
            }
        )
    }

    /// As people write it.
    #[must_use]
    pub fn label(self) -> String {
        match self {
            Self::Oaep { hash, mgf1 } => format!("OAEP with {} and MGF1-{}", hash.label(), mgf1.label()),
            Self::Pkcs1 => "PKCS#1 v1.5".into(),
            Self::None => "no padding (textbook RSA)".into(),
        }
    }
}

/// What a text turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// A ciphertext that the present key opens in some way.
    Opened,
    /// A ciphertext that a decryption opens as it came.
    Accepted,
    /// Nothing.
    Empty,
    /// No ciphertext: it was sent in clear.
    PlainText,
    /// No ciphertext: only encoded.
    EncodedText,
    /// Base64 with a character that does not belong there.
    Damaged,
    /// A key.
    Key,
    /// A JWE, which holds a ciphertext and more.
    Jwe,
    /// Encrypted with a passphrase, not to a public key.
    Passphrase,
    /// The beginning of a ciphertext.
    Truncated,
    /// Longer than a ciphertext.
    TooLong,
    /// Several ciphertexts, one behind the other.
    Blocks,
    /// A ciphertext for a key of another size.
    OtherSize,
    /// As long as one for the present key, which does not open it.
    OtherKey,
    /// The client named a key that was replaced.
    ReplacedKey,
}
