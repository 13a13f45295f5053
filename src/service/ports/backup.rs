//! Backups: the key that opens them, and the file outside of the store that they are in.

use std::path::PathBuf;

use super::{CryptoError, StoreError};
use crate::domain::recovery::{LastBackup, Recipient};
use crate::domain::secret::Secret;
use crate::domain::time::Timestamp;

/// Makes backups, and the recovery key that opens them.
pub trait BackupMaker: Send + Sync {
    /// A new recovery key, and whom to encrypt to so that it opens. Kept nowhere.
    ///
    /// # Errors
    /// There was no randomness.
    fn recovery_key(&self) -> Result<(Secret, Recipient), CryptoError>;

    /// Makes a backup, and reads it back to its end. Nothing is in its place before that, and nothing that was there is
    /// replaced.
    ///
    /// # Errors
    /// It could not be written, is not what was to be in it, or was given up; nothing is left of it then.
    fn make(&self, order: &BackupOrder, watch: &dyn BackupWatch) -> Result<LastBackup, StoreError>;
}

/// What a backup is to be.
#[derive(Debug)]
pub struct BackupOrder {
    /// A new file; or a directory, in which it gets a name with its time, and only the newest of its kind are kept.
    pub place: PathBuf,
    /// When it is made, by the time that can be trusted.
    pub at: Timestamp,
    /// What such a name has in it.
    pub name: String,
    /// Whom it is for.
    pub whom: BackupFor,
}

/// Whom a backup is encrypted for.
#[derive(Debug)]
pub enum BackupFor {
    /// The holders of these recipients' keys.
    Recipients(Vec<Recipient>),
    /// Whoever knows it.
    Passphrase(Secret),
}

/// Whether a backup is still wanted.
pub trait BackupWatch: Sync {
    /// Whether it goes on.
    fn goes_on(&self) -> bool;

    /// The same, just before it is put in its place; from here on it is not given up any more.
    fn is_final(&self) -> bool;
}
