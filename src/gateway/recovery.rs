//! What is asked for when a store does not open, or is not there: restoring a backup, and finding out what is wrong.

use std::path::PathBuf;

use serde::Serialize;

use super::Seal;
use crate::domain::secret::Secret;
use crate::domain::time::Timestamp;

/// A backup, and what decrypts it.
#[derive(Debug, Clone)]
pub struct BackupSource {
    /// The file.
    pub path: PathBuf,
    /// What it was encrypted for.
    pub with: DecryptedWith,
}

/// What decrypts a backup.
#[derive(Debug, Clone)]
pub enum DecryptedWith {
    /// The recovery key, `AGE-SECRET-KEY-1…`.
    RecoveryKey(Secret),
    /// A passphrase.
    Passphrase(Secret),
}

/// What opens the keyring that is in a backup: the seal never is.
#[derive(Debug, Clone, Default)]
pub struct SealSecret {
    /// The store's passphrase.
    pub passphrase: Option<Secret>,
    /// Where the key file is, when it is not where the keyring says.
    pub key_file: Option<PathBuf>,
}

/// What a backup says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BackupContents {
    /// When it was made.
    pub made_at: Timestamp,
    /// The newest commit in it, at least.
    pub sequence: u64,
    /// The store's name, as hexadecimal digits.
    pub store: String,
    /// What opens the keyring in it.
    pub sealed_by: Seal,
}

/// What a restore did, or would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RestoreReport {
    /// What is in the backup.
    pub backup: BackupContents,
    /// The newest commit that is there afterwards.
    pub sequence: u64,
    /// Whether every token is held: what came after the backup is lost.
    pub held: bool,
    /// The store.
    pub data_dir: PathBuf,
    /// Where the damaged store was put.
    pub set_aside: Option<PathBuf>,
    /// Whether it was done; otherwise nothing was written.
    pub done: bool,
}

/// What was found out about a store that nobody has open.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DoctorReport {
    /// A line for each part.
    pub parts: Vec<DoctorLine>,
    /// Whether nothing needs somebody.
    pub healthy: bool,
}

/// How one part of a store is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DoctorLine {
    /// Which part.
    pub part: &'static str,
    /// How it is.
    pub state: PartState,
    /// What was found.
    pub message: String,
    /// What to do; empty where there is nothing.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub advice: String,
}

/// How a part of a store is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PartState {
    /// As it should be.
    Ok,
    /// It was not, and is now.
    Mended,
    /// It is not, and can be mended without a loss.
    Mendable,
    /// It is not, and cannot.
    Damaged,
}

impl PartState {
    /// The word that people and JSON use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Mended => "mended",
            Self::Mendable => "mendable",
            Self::Damaged => "damaged",
        }
    }
}
