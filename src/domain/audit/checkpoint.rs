//! A signed checkpoint: what the audit log's head was at some time, for whoever keeps it elsewhere.
//!
//! It is one line of JSON. The signature is Ed25519 over the line's own text up to `,"signature"`, so that a copy can be
//! checked with nothing but openssl and the public key.

use std::fmt::Write as _;

use chrono::SecondsFormat;

use crate::domain::time::Timestamp;

/// What is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    /// The store's random name.
    pub store: [u8; 16],
    /// Which of the store's keyrings signs.
    pub epoch: u32,
    /// The newest entry.
    pub sequence: u64,
    /// Its hash.
    pub head: [u8; 32],
    /// When.
    pub at: Timestamp,
    /// An admin accepted an older state of the store: earlier checkpoints beyond this one do not count any more.
    pub rollback_accepted: bool,
}

impl Checkpoint {
    /// The text that is signed: a JSON object without its end.
    #[must_use]
    pub fn text(&self) -> String {
        let at = self.at.utc().to_rfc3339_opts(SecondsFormat::AutoSi, true);
        let mut text = format!(
            r#"{{"store":"{}","epoch":{},"sequence":{},"head":"{}","at":"{at}""#,
            hex(&self.store),
            self.epoch,
            self.sequence,
            hex(&self.head),
        );
        if self.rollback_accepted {
            text.push_str(r#","rollback_accepted":true"#);
        }
        text
    }

    /// The whole line, with a signature in Base64.
    #[must_use]
    pub fn line(&self, signature: &str) -> String {
        format!(r#"{},"signature":"{signature}"}}"#, self.text())
    }
}

/// Bytes as lower-case hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
            // Writing into a String does not fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// The bytes of exactly `2 * N` hexadecimal digits.
#[must_use]
pub fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    for (place, byte) in bytes.iter_mut().enumerate() {
        let digits = text
            .get(2 * place..2 * place + 2)
            .filter(|digits| text.len() == 2 * N && !digits.starts_with('+'))?;
        *byte = u8::from_str_radix(digits, 16).ok()?;
    }
    Some(bytes)
}
