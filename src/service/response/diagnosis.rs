//! What is wrong with what a client sent for a ciphertext.

use serde::{Deserialize, Serialize};

use crate::domain::ciphertext::{Advice, Padding, TextEncoding, Verdict, Writing};
use crate::domain::key_pair::{Fingerprint, KeySize};
use crate::domain::secret::Secret;

/// A diagnosis, by the present key.
#[derive(Debug, Serialize, Deserialize)]
pub struct Diagnosis {
    /// The generation that it was tried with.
    pub generation: u32,
    /// Its size.
    pub size: KeySize,
    /// Its fingerprint.
    pub fingerprint: Fingerprint,
    /// One for a ciphertext, one a field for a payload.
    pub findings: Vec<Finding>,
}

/// What one text turned out to be.
#[derive(Debug, Serialize, Deserialize)]
pub struct Finding {
    /// Where it is in the payload (JSON Pointer); empty for a text alone.
    pub path: String,
    /// What it is.
    pub verdict: Verdict,
    /// The same in a sentence.
    pub said: String,
    /// How it was written down, the outermost layer first; nothing for Base64 as it should be.
    pub writings: Vec<Writing>,
    /// Bytes of what was inside.
    pub bytes: Option<usize>,
    /// Generations whose ciphertexts have as many.
    pub fits: Vec<u32>,
    /// The padding with which it opens.
    pub padding: Option<Padding>,
    /// The encoding of what it opens to.
    pub text: Option<TextEncoding>,
    /// What to change in the sender, the most important first.
    pub advice: Vec<Advice>,
    /// What it opens to, where that was asked for.
    #[serde(
        default,
        with = "crate::service::exposed",
        skip_serializing_if = "Option::is_none"
    )]
    pub plaintext: Option<Secret>,
}
