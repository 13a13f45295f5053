//! What monitoring reads of deliveries.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Counts since the daemon began, by endpoint.
#[derive(Debug, Default)]
pub struct Tally(Mutex<BTreeMap<String, Counts>>);

/// Those of one endpoint.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::daemon) struct Counts {
    pub(in crate::daemon) delivered: u64,
    /// Attempts that failed.
    pub(in crate::daemon) failed: u64,
    /// Messages that were given up.
    pub(in crate::daemon) given_up: u64,
    /// Messages that wait now.
    pub(in crate::daemon) waiting: usize,
}

impl Tally {
    pub(super) fn count(&self, endpoint: &str, change: impl FnOnce(&mut Counts)) {
        change(self.counts().entry(endpoint.to_owned()).or_default());
    }

    pub(in crate::daemon) fn of_each(&self) -> Vec<(String, Counts)> {
        let counts = self.counts();
        counts
            .iter()
            .map(|(name, counts)| (name.clone(), *counts))
            .collect()
    }

    fn counts(&self) -> MutexGuard<'_, BTreeMap<String, Counts>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
