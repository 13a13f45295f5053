//! What happened to a token or a key: counts, days and callers, of which a crash may lose the last seconds.

use serde::{Deserialize, Serialize};

use super::key_pair::{Fingerprint, Mgf1};
use super::time::Timestamp;

/// Days that are counted one by one.
pub const DAYS: usize = 90;
/// Days whose largest gap is remembered.
pub const GAP_DAYS: usize = 30;
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
    /// The longest time without use that ended on a day, the oldest first: (day since 1970, milliseconds).
    pub gaps: Vec<(i64, i64)>,
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
    /// Which variant it was; unknown where only counts are.
    pub last_mgf1: Option<Mgf1>,
    /// The last successful one whose client used MGF1 with SHA-1.
    pub last_sha1: Option<Timestamp>,
    /// Who named a replaced key, the most recent first.
    pub stale_callers: Vec<StaleCaller>,
}

/// Somebody whose clients still encrypt to a key that was replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaleCaller {
    /// The account that asked, and the address that it gave.
    pub who: String,
    /// The replaced key that was named.
    pub named: Fingerprint,
    /// How often.
    pub count: u64,
    /// When last.
    pub last: Timestamp,
}

impl Usage {
    /// Counts `count` uses by one caller at `at`.
    pub fn record(&mut self, address: &str, agent: &str, count: u64, at: Timestamp) {
        if let Some(last) = self.last.filter(|last| *last < at) {
            self.note_gap(at.day(), at.since(last).num_milliseconds());
        }
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

    fn note_gap(&mut self, day: i64, millis: i64) {
        match self.gaps.last_mut() {
            Some((last, longest)) if *last >= day => *longest = millis.max(*longest),
            _ => self.gaps.push((day, millis)),
        }
        self.gaps.retain(|(ended, _)| day - ended < GAP_DAYS as i64);
    }
}

impl KeyUsage {
    /// Counts one decryption that succeeded at `at`.
    pub fn record(&mut self, mgf1: Mgf1, at: Timestamp) {
        match mgf1 {
            Mgf1::Sha256 => self.mgf1_sha256 += 1,
            Mgf1::Sha1 => {
                self.mgf1_sha1 += 1;
                self.last_sha1 = self.last_sha1.max(Some(at));
            }
        }
        self.last = self.last.max(Some(at));
        self.last_mgf1 = Some(mgf1);
        count_day(&mut self.days, 1, at);
    }

    /// Counts one request of `who` at `at` that named a replaced key.
    pub fn record_stale(&mut self, who: &str, named: Fingerprint, at: Timestamp) {
        self.stale += 1;
        let known = self
            .stale_callers
            .iter()
            .position(|caller| caller.who == who && caller.named == named);
        let mut caller = match known {
            Some(place) => self.stale_callers.remove(place),
            None => StaleCaller {
                who: who.to_owned(),
                named,
                count: 0,
                last: at,
            },
        };
        caller.count += 1;
        caller.last = caller.last.max(at);
        self.stale_callers.insert(0, caller);
        self.stale_callers.truncate(CALLERS);
    }

    /// The variant to try first: the one that opened last, else the one that opened most.
    #[must_use]
    pub fn habit(&self) -> Mgf1 {
        self.last_mgf1.unwrap_or(if self.mgf1_sha1 > self.mgf1_sha256 {
            Mgf1::Sha1
        } else {
            Mgf1::Sha256
        })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variant_that_opened_last_is_the_habit_and_without_one_the_more_frequent() {
        let mut usage = KeyUsage {
            mgf1_sha1: 2,
            mgf1_sha256: 1,
            ..KeyUsage::default()
        };
        assert_eq!(usage.habit(), Mgf1::Sha1);
        usage.record(Mgf1::Sha256, Timestamp::from_millis(5));
        assert_eq!((usage.habit(), usage.last_sha1), (Mgf1::Sha256, None));
        usage.record(Mgf1::Sha1, Timestamp::from_millis(7));
        assert_eq!(usage.last_sha1, Some(Timestamp::from_millis(7)));
        assert_eq!(KeyUsage::default().habit(), Mgf1::Sha256);
    }

    #[test]
    fn the_32_most_recent_stale_callers_are_kept_each_by_the_key_it_named() {
        let (old, older) = (Fingerprint([1; 32]), Fingerprint([2; 32]));
        let mut usage = KeyUsage::default();
        for (second, key) in [(1, older), (2, old), (3, older)] {
            usage.record_stale("billing", key, Timestamp::from_millis(second));
        }
        let seen: Vec<_> = usage
            .stale_callers
            .iter()
            .map(|caller| (caller.named, caller.count, caller.last.millis()))
            .collect();
        assert_eq!(seen, [(older, 2, 3), (old, 1, 2)]);
        for number in 0..40 {
            usage.record_stale(&format!("service {number}"), old, Timestamp::from_millis(9));
        }
        assert_eq!((usage.stale, usage.stale_callers.len()), (43, CALLERS));
        assert_eq!(usage.stale_callers[0].who, "service 39");
    }
}
