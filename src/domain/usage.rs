//! What happened to a token or a key: counts, days and callers, of which a crash may lose the last seconds.

use serde::{Deserialize, Serialize};

use super::time::Timestamp;

/// Days that are counted one by one.
pub const DAYS: usize = 90;
/// Callers that are remembered, the most recent first.
pub const CALLERS: usize = 32;

/// The use of one token.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// The first use.
    pub first: Option<Timestamp>,
    /// The last use.
    pub last: Option<Timestamp>,
    /// All uses.
    pub total: u64,
    /// Uses per day, the oldest first, days without use left out: (day since 1970, count).
    pub days: Vec<(i64, u64)>,
    /// Who used it, the most recent first.
    pub callers: Vec<Caller>,
}

/// Somebody who used a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    /// The address, or the local process' description.
    pub address: String,
    /// The user agent, where it gave one.
    pub agent: String,
    /// How often.
    pub count: u64,
    /// When last.
    pub last: Timestamp,
}

/// The use of one organization's private keys.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyUsage {
    /// Successful decryptions per day, the oldest first: (day since 1970, count).
    pub days: Vec<(i64, u64)>,
    /// Successful ones whose client used MGF1 with SHA-256.
    pub mgf1_sha256: u64,
    /// Successful ones whose client used MGF1 with SHA-1.
    pub mgf1_sha1: u64,
    /// Ciphertexts that did not open.
    pub failures: u64,
    /// Requests that named a replaced key.
    pub stale: u64,
    /// The last successful one.
    pub last: Option<Timestamp>,
}

impl Usage {
    /// Counts `count` uses by one caller at `at`.
    pub fn record(&mut self, address: &str, agent: &str, count: u64, at: Timestamp) {
        self.first = self.first.or(Some(at));
        self.last = self.last.max(Some(at));
        self.total += count;
        count_day(&mut self.days, count, at);
        let known = self
            .callers
            .iter()
            .position(|c| c.address == address && c.agent == agent);
        let mut caller = match known {
            Some(place) => self.callers.remove(place),
            None => Caller {
                address: address.to_owned(),
                agent: agent.to_owned(),
                count: 0,
                last: at,
            },
        };
        caller.count += count;
        caller.last = caller.last.max(at);
        self.callers.insert(0, caller);
        self.callers.truncate(CALLERS);
    }
}

impl KeyUsage {
    /// Counts one decryption that succeeded at `at`.
    pub fn record(&mut self, mgf1: super::key_pair::Mgf1, at: Timestamp) {
        match mgf1 {
            super::key_pair::Mgf1::Sha256 => self.mgf1_sha256 += 1,
            super::key_pair::Mgf1::Sha1 => self.mgf1_sha1 += 1,
        }
        self.last = self.last.max(Some(at));
        count_day(&mut self.days, 1, at);
    }
}

/// The counts of the last `length` days up to `today`, the oldest first, zero where there was none: for a sparkline.
#[must_use]
pub fn window(days: &[(i64, u64)], today: i64, length: usize) -> Vec<u64> {
    let mut counts = vec![0; length];
    for &(day, count) in days {
        let ago = today - day;
        if let Some(place) = usize::try_from(ago).ok().filter(|&ago| ago < length) {
            counts[length - 1 - place] = count;
        }
    }
    counts
}

fn count_day(days: &mut Vec<(i64, u64)>, count: u64, at: Timestamp) {
    match days.last_mut() {
        Some((day, so_far)) if *day >= at.day() => *so_far += count,
        _ => days.push((at.day(), count)),
    }
    let surplus = days.len().saturating_sub(DAYS);
    days.drain(..surplus);
}
