//! Stand-ins for what a test has to control: time and randomness.
#![allow(dead_code, reason = "each test binary uses its own part of it")]
#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests, which clippy does not take for tests"
)]

pub mod backup;

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use strongroom::domain::time::Timestamp;
use strongroom::service::ports::{Clock, Entropy, EntropyError};

/// A clock that stands still until it is told otherwise. Clones show the same time.
#[derive(Debug, Clone)]
pub struct FakeClock(Arc<Hands>);

#[derive(Debug)]
struct Hands {
    wall_millis: AtomicI64,
    monotonic: Mutex<Duration>,
    boot: AtomicU64,
}

impl FakeClock {
    /// Shows `at`, and an hour since boot.
    pub fn at(at: Timestamp) -> Self {
        Self(Arc::new(Hands {
            wall_millis: AtomicI64::new(at.millis()),
            monotonic: Mutex::new(Duration::from_secs(3600)),
            boot: AtomicU64::new(1),
        }))
    }

    /// The same, since the boot of this number.
    pub fn booted(self, number: u64) -> Self {
        self.0.boot.store(number, Ordering::SeqCst);
        self
    }

    /// Lets time pass, on both readings.
    pub fn advance(&self, by: Duration) {
        let millis = i64::try_from(by.as_millis()).unwrap();
        self.0.wall_millis.fetch_add(millis, Ordering::SeqCst);
        *self.0.monotonic.lock().unwrap() += by;
    }

    /// Sets the wall clock alone, as somebody with `date` would.
    pub fn set_wall(&self, at: Timestamp) {
        self.0.wall_millis.store(at.millis(), Ordering::SeqCst);
    }

    /// Boots the machine anew: it counts from a minute on, under another name.
    pub fn reboot(&self) {
        self.0.boot.fetch_add(1, Ordering::SeqCst);
        *self.0.monotonic.lock().unwrap() = Duration::from_secs(60);
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.wall_millis.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Duration {
        *self.0.monotonic.lock().unwrap()
    }

    fn boot(&self) -> [u8; 16] {
        u128::from(self.0.boot.load(Ordering::SeqCst)).to_be_bytes()
    }
}

/// The same bytes for the same seed, in each run: SHA-256 in counter mode.
#[derive(Debug, Default)]
pub struct SeededEntropy {
    seed: u64,
    counter: AtomicU64,
}

impl SeededEntropy {
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            counter: AtomicU64::new(0),
        }
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        for chunk in bytes.chunks_mut(32) {
            let count = self.counter.fetch_add(1, Ordering::SeqCst);
            let block = Sha256::new()
                .chain_update(self.seed.to_be_bytes())
                .chain_update(count.to_be_bytes());
            chunk.copy_from_slice(&block.finalize()[..chunk.len()]);
        }
        Ok(())
    }
}
