//! A clock that shows what it is wound to.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::TimeDelta;

use crate::domain::time::Timestamp;
use crate::service::ports::Clock;

/// Both readings move together, so that nobody takes it for a clock that was set.
#[derive(Debug)]
pub struct WoundClock {
    began: Timestamp,
    at: AtomicI64,
}

impl WoundClock {
    /// Shows `at`.
    #[must_use]
    pub const fn at(at: Timestamp) -> Self {
        Self {
            began: at,
            at: AtomicI64::new(at.millis()),
        }
    }

    /// Winds it to `at`, never back.
    pub fn wind_to(&self, at: Timestamp) {
        self.at.fetch_max(at.millis(), Ordering::SeqCst);
    }

    /// Winds it on.
    pub fn wind(&self, by: TimeDelta) {
        self.wind_to(self.now().plus(by));
    }
}

impl Clock for WoundClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.at.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Duration {
        self.now().since(self.began).to_std().unwrap_or_default()
    }

    /// No boot of this machine: who opens the store later has nothing to compare its time with.
    fn boot(&self) -> [u8; 16] {
        [0; 16]
    }
}
