//! A stand-in for what makes backups: always the same recovery key.
#![allow(dead_code, reason = "each test binary uses its own part of it")]
#![allow(unreachable_pub, reason = "benches have it as a module of their own")]

use strongroom::crypto::age;
use strongroom::domain::recovery::{LastBackup, Recipient};
use strongroom::domain::secret::Secret;
use strongroom::domain::time::Timestamp;
use strongroom::service::ports::{
    BackupMaker, BackupOrder, BackupWatch, CryptoError, Entropy, EntropyError, StoreError,
};

/// Makes the same recovery key each time.
#[derive(Debug)]
pub struct FixedBackups;

impl BackupMaker for FixedBackups {
    fn recovery_key(&self) -> Result<(Secret, Recipient), CryptoError> {
        age::recovery_key(&Sevens)
    }

    fn make(&self, order: &BackupOrder, watch: &dyn BackupWatch) -> Result<LastBackup, StoreError> {
        if !watch.is_final() {
            return Err(StoreError::Io("it was given up".into()));
        }
        Ok(LastBackup {
            at: Timestamp::from_millis(7),
            sequence: 7,
            path: order.place.display().to_string(),
        })
    }
}

struct Sevens;

impl Entropy for Sevens {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        bytes.fill(7);
        Ok(())
    }
}
