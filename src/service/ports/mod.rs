//! What the use cases need from the outside world, as traits that adapters implement (`store`, `crypto`, `system`).
//!
//! Every implementation is shared between threads. None of them logs; errors never carry a secret.

mod backup;
mod checkpoints;
mod crypto;
mod deliveries;
mod signing;
mod store;

pub use self::backup::*;
pub use self::checkpoints::CheckpointLog;
pub use self::crypto::*;
pub use self::deliveries::DeliveryLog;
pub use self::signing::{SignatureEngine, SigningKey, VerifyingKey};
pub use self::store::*;

use crate::domain::time::Timestamp;

/// The time of day, and a reading that never goes back.
pub trait Clock: Send + Sync {
    /// The wall clock's time.
    fn now(&self) -> Timestamp;
    /// Time since the boot, also while the machine slept: for measuring how long something takes or has been idle.
    fn monotonic(&self) -> std::time::Duration;
    /// Which boot of the machine that was; zeros where nobody can tell.
    fn boot(&self) -> [u8; 16];
}

/// The operating system's randomness.
pub trait Entropy: Send + Sync {
    /// Fills `bytes`.
    ///
    /// # Errors
    /// The operating system has none to give.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError>;
}

/// The operating system gave no randomness.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntropyError;
