//! Backups: the key that opens them, and the file outside of the store that they are in.

use super::CryptoError;
use crate::domain::recovery::Recipient;
use crate::domain::secret::Secret;

/// Makes backups, and the recovery key that opens them.
pub trait BackupMaker: Send + Sync {
    /// A new recovery key, and whom to encrypt to so that it opens. Kept nowhere.
    ///
    /// # Errors
    /// There was no randomness.
    fn recovery_key(&self) -> Result<(Secret, Recipient), CryptoError>;
}
