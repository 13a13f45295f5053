//! A stand-in for what makes backups: always the same recovery key.
#![allow(dead_code, reason = "each test binary uses its own part of it")]
#![allow(unreachable_pub, reason = "benches have it as a module of their own")]

use strongroom::crypto::age;
use strongroom::domain::recovery::Recipient;
use strongroom::domain::secret::Secret;
use strongroom::service::ports::{BackupMaker, CryptoError, Entropy, EntropyError};

/// Makes the same recovery key each time.
#[derive(Debug)]
pub struct FixedBackups;

impl BackupMaker for FixedBackups {
    fn recovery_key(&self) -> Result<(Secret, Recipient), CryptoError> {
        age::recovery_key(&Sevens)
    }
}

struct Sevens;

impl Entropy for Sevens {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        bytes.fill(7);
        Ok(())
    }
}
