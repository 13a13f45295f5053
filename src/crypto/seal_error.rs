//! Why a store's seal did not open, in words that say what to do; a wrong seal and damage are never confused.

use std::fmt;

use super::Cost;
use super::keyring_file::SealedBy;
use crate::service::ports::EntropyError;

/// Why a keyring could not be made or opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SealError {
    /// The passphrase or key is another than the keyring was sealed with.
    Wrong(SealedBy),
    /// Bytes that cannot be what was written. Names the part.
    Damaged(&'static str),
    /// Written by a newer program.
    UnknownVersion {
        /// The file's.
        version: u8,
        /// The newest this program reads.
        newest: u8,
    },
    /// A key that has not 32 bytes, but this many.
    KeyLength(usize),
    /// The key file's path is not UTF-8.
    Path,
    /// argon2 had not the memory, or its parameters are out of bounds.
    Derivation(Cost),
    /// The operating system gave no randomness.
    NoEntropy,
}

impl From<EntropyError> for SealError {
    fn from(_: EntropyError) -> Self {
        Self::NoEntropy
    }
}

impl fmt::Display for SealError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wrong(SealedBy::Passphrase { .. }) => {
                f.write_str("wrong seal: this is not the passphrase the store was sealed with; type it again")
            }
            Self::Wrong(SealedBy::KeyFile { path }) => write!(
                f,
                "wrong seal: the key file is not the one the store was sealed with; put the right one back at {}",
                path.display()
            ),
            Self::Wrong(SealedBy::Credential { name }) => write!(
                f,
                "wrong seal: the systemd credential {name} is not the key the store was sealed with; \
                 check the unit's LoadCredential"
            ),
            Self::Damaged(part) => {
                write!(
                    f,
                    "the keyring file is damaged ({part}); put it back from a backup"
                )
            }
            Self::UnknownVersion { version, newest } => write!(
                f,
                "the keyring file has version {version}, and this program reads versions up to {newest}; \
                 use a newer strongroom"
            ),
            Self::KeyLength(length) => {
                write!(
                    f,
                    "a seal key has 32 bytes, this one has {length}; name the file that was made at setup"
                )
            }
            Self::Path => f.write_str("the key file's path is not UTF-8; choose another"),
            Self::Derivation(cost) => write!(
                f,
                "argon2 could not run with {} KiB and {} passes; free some memory and try again",
                cost.memory_kib, cost.passes
            ),
            Self::NoEntropy => f.write_str("the operating system gave no randomness; try again"),
        }
    }
}

impl std::error::Error for SealError {}
