//! An organization's keys, and what they open.

use serde::{Deserialize, Serialize};

use crate::domain::field::FieldRule;
use crate::domain::key_pair::{Fingerprint, KeySize, Mgf1};
use crate::domain::secret::Secret;
use crate::domain::text::{Email, Slug};
use crate::domain::time::Timestamp;
use crate::domain::usage::StaleCaller;

/// One generation of a key pair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyGeneration {
    /// 1, 2, …
    pub generation: u32,
    /// Its size.
    pub size: KeySize,
    /// Its fingerprint.
    pub fingerprint: Fingerprint,
    /// When it was made.
    pub made_at: Timestamp,
    /// Who had it made.
    pub made_by: Email,
    /// When and by whom it was replaced; `None` for the active one.
    pub replaced: Option<(Timestamp, Email)>,
}

/// An organization's keys.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct KeyView {
    /// Whose.
    pub organization: Slug,
    /// The active generation.
    pub active: KeyGeneration,
    /// The public key in its formats.
    pub base64: String,
    /// PEM.
    pub pem: String,
    /// JWK.
    pub jwk: String,
    /// Decryptions per day of the last 30, the oldest first.
    pub days: Vec<u64>,
    /// All decryptions by MGF1 variant.
    pub mgf1_sha256: u64,
    /// All decryptions by MGF1 variant.
    pub mgf1_sha1: u64,
    /// Ciphertexts that did not open.
    pub failures: u64,
    /// Requests that named a replaced key.
    pub stale: u64,
    /// Who sent them, the most recent first.
    pub stale_callers: Vec<StaleCaller>,
    /// The last successful decryption.
    pub last_decryption: Option<Timestamp>,
    /// With which MGF1 variant it was.
    pub last_mgf1: Option<Mgf1>,
    /// The last one with MGF1-SHA-1.
    pub last_sha1: Option<Timestamp>,
    /// The fields that clients must encrypt, and those that they need not.
    pub fields: Vec<FieldRule>,
    /// All generations, the newest first.
    pub history: Vec<KeyGeneration>,
}

/// An opened ciphertext.
#[derive(Debug, Serialize, Deserialize)]
pub struct Decrypted {
    /// What the client encrypted.
    #[serde(with = "crate::service::exposed")]
    pub plaintext: Secret,
    /// With which MGF1.
    pub mgf1: Mgf1,
    /// By which generation it was opened.
    pub generation: u32,
}

/// An opened payload.
#[derive(Debug, Serialize, Deserialize)]
pub struct PayloadOpened {
    /// The JSON text as it came, with plaintexts in the place of ciphertexts.
    #[serde(with = "crate::service::exposed")]
    pub payload: Secret,
    /// The fields that were opened, in their order.
    pub opened: Vec<OpenedField>,
    /// By which generation.
    pub generation: u32,
}

/// A field of a payload that was opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenedField {
    /// Where it is (JSON Pointer, RFC 6901).
    pub path: String,
    /// With which MGF1 the client encrypted it.
    pub mgf1: Mgf1,
}
