//! How long somebody must wait after wrong passwords: by account and source, kept over restarts.
//!
//! Waits of 1, 2, 4 and 8 seconds after the first four failures, 15 minutes at the fifth to ninth, 30 minutes from the
//! tenth on, each (security.md). A success or a release by an admin forgets all of it.

use chrono::TimeDelta;
use ipnet::Ipv6Net;
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
    /// What counts as one source: an address, of IPv6 its /64, which one client has all of, else the text as it is.
    #[must_use]
    pub fn source(address: &str) -> String {
        match format!("{address}/64").parse::<Ipv6Net>() {
            Ok(net) => net
                .addr()
                .to_ipv4_mapped()
                .map_or_else(|| net.trunc().to_string(), |mapped| mapped.to_string()),
            Err(_) => address.to_owned(),
        }
    }

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
    fn an_address_of_ipv6_counts_with_all_that_its_owner_has() {
        for (address, source) in [
            ("2001:db8:0:7::1", "2001:db8:0:7::/64"),
            ("2001:db8:0:7:ffff::9", "2001:db8:0:7::/64"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("192.0.2.7", "192.0.2.7"),
            ("local:ada", "local:ada"),
        ] {
            assert_eq!(Throttle::source(address), source);
        }
    }

    #[test]
    fn the_waits_are_those_of_the_rule() {
        let seconds: Vec<i64> = (0..=11).map(|n| Throttle::wait(n).num_seconds()).collect();
        assert_eq!(seconds, [0, 1, 2, 4, 8, 900, 900, 900, 900, 900, 1800, 1800]);
    }
}
