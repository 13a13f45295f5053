//! How long somebody must wait after wrong passwords: by account and source, kept over restarts.
//!
//! Waits of 1, 2, 4 and 8 seconds after the first four failures, 15 minutes at the fifth to ninth, 30 minutes from the
//! tenth on, each (security.md). A success or a release by an admin forgets all of it.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::text::Email;
use super::time::Timestamp;

/// The failures of one account from one source since its last success.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Throttle {
    /// The account that was tried, whether it exists or not.
    pub email: Email,
    /// Where from: an OS user, or an address.
    pub source: String,
    /// How often.
    pub failures: u32,
    /// When last.
    pub last_failure: Timestamp,
}

impl Throttle {
    /// The wait that `failures` cost.
    #[must_use]
    pub fn wait(failures: u32) -> TimeDelta {
        match failures {
            0 => TimeDelta::zero(),
            1..=4 => TimeDelta::seconds(1 << (failures - 1)),
            5..=9 => TimeDelta::minutes(15),
            _ => TimeDelta::minutes(30),
        }
    }

    /// Until when a further try is refused, if it is at `now`.
    #[must_use]
    pub fn blocked_until(&self, now: Timestamp) -> Option<Timestamp> {
        let until = self.last_failure.plus(Self::wait(self.failures));
        (now < until).then_some(until)
    }

    /// Whether it is old enough to be forgotten: a day without a failure.
    #[must_use]
    pub fn is_stale(&self, now: Timestamp) -> bool {
        now.since(self.last_failure) > TimeDelta::days(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_waits_are_those_of_the_rule() {
        let seconds: Vec<i64> = (0..=11).map(|n| Throttle::wait(n).num_seconds()).collect();
        assert_eq!(seconds, [0, 1, 2, 4, 8, 900, 900, 900, 900, 900, 1800, 1800]);
    }
}
