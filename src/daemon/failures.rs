//! Failed tries, kept in memory: whoever fails too often waits, twice as long with each further failure, up to a bound.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Who is remembered at a time: beyond it those whose failures are oldest are forgotten.
const REMEMBERED: usize = 8192;
/// Nobody waits longer.
const LONGEST_WAIT: Duration = Duration::from_secs(64);

/// Who failed, how often, and until when they wait.
pub(super) struct Failures<K> {
    /// Failures that cost nothing.
    free: u32,
    /// How long a failure counts.
    window: Duration,
    known: Mutex<HashMap<K, Known>>,
}

#[derive(Clone, Copy)]
struct Known {
    since: Instant,
    count: u32,
    until: Instant,
}

impl<K: Hash + Eq + Copy> Failures<K> {
    pub(super) fn new(free: u32, window: Duration) -> Self {
        Self {
            free,
            window,
            known: Mutex::default(),
        }
    }

    /// How long `who` still has to wait.
    pub(super) fn wait(&self, who: K, now: Instant) -> Option<Duration> {
        let until = self.known().get(&who)?.until;
        (until > now).then(|| until.duration_since(now))
    }

    /// One more failure.
    pub(super) fn failed(&self, who: K, now: Instant) {
        let mut known = self.known();
        if known.len() >= REMEMBERED && !known.contains_key(&who) {
            known.retain(|_, known| now.duration_since(known.since) < self.window);
            let oldest = known.iter().min_by_key(|(_, known)| known.since);
            if known.len() >= REMEMBERED
                && let Some((oldest, _)) = oldest.map(|(who, known)| (*who, *known))
            {
                known.remove(&oldest);
            }
        }
        let fresh = Known {
            since: now,
            count: 0,
            until: now,
        };
        let entry = known.entry(who).or_insert(fresh);
        if now.duration_since(entry.since) >= self.window {
            *entry = fresh;
        }
        entry.count = entry.count.saturating_add(1);
        if let Some(beyond) = entry.count.checked_sub(self.free + 1) {
            let wait = Duration::from_secs(1 << beyond.min(6));
            entry.until = now + wait.min(LONGEST_WAIT);
        }
    }

    /// Forgets the failures of `who`.
    pub(super) fn succeeded(&self, who: K) {
        self.known().remove(&who);
    }

    fn known(&self) -> MutexGuard<'_, HashMap<K, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_bound_and_end_with_the_window_or_a_success() {
        let failures = Failures::new(2, Duration::from_secs(600));
        let mut now = Instant::now();
        let mut waits = Vec::new();
        for _ in 0..11 {
            failures.failed(1, now);
            let wait = failures.wait(1, now).unwrap_or_default();
            waits.push(wait.as_secs());
            now += wait;
            assert_eq!(failures.wait(1, now), None);
        }
        assert_eq!(waits, [0, 0, 1, 2, 4, 8, 16, 32, 64, 64, 64]);
        assert_eq!(failures.wait(2, now), None, "nobody waits for another's failures");
        now += Duration::from_secs(600);
        failures.failed(1, now);
        assert_eq!(failures.wait(1, now), None);
        failures.failed(1, now);
        failures.failed(1, now);
        assert!(failures.wait(1, now).is_some());
        failures.succeeded(1);
        assert_eq!(failures.wait(1, now), None);
    }

    #[test]
    fn however_many_fail_only_so_many_are_remembered() {
        let failures = Failures::new(0, Duration::from_secs(600));
        let begun = Instant::now();
        for who in 0..=REMEMBERED {
            failures.failed(who, begun + Duration::from_millis(who as u64));
        }
        assert_eq!(failures.known().len(), REMEMBERED);
        assert_eq!(failures.wait(0, begun), None, "the oldest is forgotten");
    }
}
