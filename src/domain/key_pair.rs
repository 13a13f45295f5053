//! An organization's RSA key pair: one is active, the ones before it are history without a private half.

use std::fmt;

use base64::Engine as _;
use serde::{Deserialize, Serialize};

use super::id::OrganizationId;
use super::secret::Sealed;
use super::text::Email;
use super::time::Timestamp;

/// A modulus length in bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum KeySize {
    /// 2048: accepted with a warning (NIST SP 800-57 gives it until 2030).
    #[serde(rename = "2048")]
    Bits2048,
    /// 3072: the default.
    #[serde(rename = "3072")]
    Bits3072,
    /// 4096.
    #[serde(rename = "4096")]
    Bits4096,
}

impl KeySize {
    /// All three, the default in the middle.
    pub const ALL: [Self; 3] = [Self::Bits2048, Self::Bits3072, Self::Bits4096];

    /// The number of bits.
    #[must_use]
    pub const fn bits(self) -> u32 {
        match self {
            Self::Bits2048 => 2048,
            Self::Bits3072 => 3072,
            Self::Bits4096 => 4096,
        }
    }

    /// The longest plaintext that OAEP with SHA-256 takes, in bytes (RFC 8017, 7.1.1: k − 2·hLen − 2).
    #[must_use]
    pub const fn max_plaintext(self) -> usize {
        self.bits() as usize / 8 - 66
    }

    /// What to tell whoever chooses it, if anything.
    #[must_use]
    pub const fn warning(self) -> Option<&'static str> {
        match self {
            Self::Bits2048 => {
                Some("2048 bits are advised against after 2030; choose 3072 unless a client cannot")
            }
            Self::Bits3072 | Self::Bits4096 => None,
        }
    }
}

/// SHA-256 of the SubjectPublicKeyInfo's DER; shown as 43 characters of unpadded Base64url.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "FingerprintText", try_from = "FingerprintText")]
pub struct Fingerprint(pub [u8; 32]);

impl Fingerprint {
    /// The first twelve characters, as lists show it.
    #[must_use]
    pub fn short(&self) -> String {
        let mut text = self.to_string();
        text.truncate(12);
        text
    }

    /// Reads the 43 characters.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD
            .decode(text)
            .ok()?;
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct FingerprintText(String);

impl From<Fingerprint> for FingerprintText {
    fn from(fingerprint: Fingerprint) -> Self {
        Self(fingerprint.to_string())
    }
}

impl TryFrom<FingerprintText> for Fingerprint {
    type Error = &'static str;

    fn try_from(text: FingerprintText) -> Result<Self, Self::Error> {
        Self::parse(&text.0).ok_or("not a fingerprint")
    }
}

/// One generation of an organization's key pair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyPair {
    /// Whose it is.
    pub organization: OrganizationId,
    /// 1 for the first, one more at each rotation.
    pub generation: u32,
    /// Its modulus' length.
    pub size: KeySize,
    /// The DER SubjectPublicKeyInfo.
    pub public: Vec<u8>,
    /// SHA-256 of `public`.
    pub fingerprint: Fingerprint,
    /// When it was made.
    pub made_at: Timestamp,
    /// Who had it made.
    pub made_by: Email,
    /// Whether it decrypts.
    pub state: KeyState,
}

/// Whether a key pair decrypts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyState {
    /// It does: here is the sealed PKCS#8 DER of its private half.
    Active(Sealed),
    /// It does not: another took its place, and the private half is gone.
    Replaced {
        /// Since when.
        at: Timestamp,
        /// Who rotated.
        by: Email,
    },
}

/// The hash inside MGF1, which Java's default parameters set differently from everybody else's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Mgf1 {
    /// MGF1 with SHA-256: explicit parameters, and every platform but Java.
    #[serde(rename = "sha256")]
    Sha256,
    /// MGF1 with SHA-1: Java's `OAEPWithSHA-256AndMGF1Padding` without explicit parameters.
    #[serde(rename = "sha1")]
    Sha1,
}

impl Mgf1 {
    /// As people write it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Sha256 => "MGF1-SHA-256",
            Self::Sha1 => "MGF1-SHA-1",
        }
    }

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Sha256 => Self::Sha1,
            Self::Sha1 => Self::Sha256,
        }
    }
}
