//! Backups of the store in this machine's data directory.

use std::sync::Arc;

use crate::crypto::age;
use crate::domain::recovery::Recipient;
use crate::domain::secret::Secret;
use crate::service::ports::{BackupMaker, CryptoError, Entropy};

/// Makes them.
pub(super) struct LocalBackups {
    entropy: Arc<dyn Entropy>,
}

impl LocalBackups {
    pub(super) fn new(entropy: Arc<dyn Entropy>) -> Self {
        Self { entropy }
    }
}

impl BackupMaker for LocalBackups {
    fn recovery_key(&self) -> Result<(Secret, Recipient), CryptoError> {
        age::recovery_key(&*self.entropy)
    }
}
