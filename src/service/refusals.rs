//! Bad verifications, counted by source over the last minute: in bounded memory, and never a write for one.

use core::net::IpAddr;
use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::callers::Origin;
use super::lock;
use super::response::{RefusalsView, RefusedSource};
use crate::domain::ring::Ring;
use crate::domain::time::Timestamp;

/// Sources that are counted one by one within a minute; the others are counted together.
const SOURCES: usize = 4_096;
/// Sources that are named.
const NAMED: usize = 5;
/// A unit of the ring, and how many make a minute.
const UNIT_MS: i64 = 10_000;
const UNITS: usize = 6;

#[derive(Default)]
pub(super) struct Refusals {
    total: AtomicU64,
    sources: Mutex<Sources>,
}

#[derive(Default)]
struct Sources {
    all: Ring<UNITS>,
    addresses: HashMap<IpAddr, Ring<UNITS>>,
    locals: HashMap<Box<str>, Ring<UNITS>>,
    /// When those that fell silent were last forgotten, so that a flood does not look for them each time.
    swept: i64,
}

impl Refusals {
    pub(super) fn count(&self, origin: &Origin<'_>, now: Timestamp) {
        self.total.fetch_add(1, Ordering::Relaxed);
        let unit = unit(now);
        let sources = &mut *lock(&self.sources);
        sources.all.add(unit, 1);
        let address = origin.address.map(|address| address.to_canonical());
        let known = match address {
            Some(address) => sources.addresses.get_mut(&address),
            None => sources.locals.get_mut(origin.local),
        };
        if let Some(ring) = known {
            return ring.add(unit, 1);
        }
        if !sources.has_room(unit) {
            return;
        }
        let mut ring = Ring::default();
        ring.add(unit, 1);
        match address {
            Some(address) => drop(sources.addresses.insert(address, ring)),
            None => drop(sources.locals.insert(origin.local.into(), ring)),
        }
    }

    pub(super) fn view(&self, now: Timestamp) -> RefusalsView {
        let unit = unit(now);
        let sources = lock(&self.sources);
        let addresses = sources.addresses.iter();
        let locals = sources.locals.iter();
        let mut named: Vec<RefusedSource> = addresses
            .map(|(address, ring)| (address.to_string(), ring))
            .chain(locals.map(|(local, ring)| (local.to_string(), ring)))
            .map(|(source, ring)| RefusedSource {
                source,
                count: ring.sum(unit),
            })
            .filter(|source| source.count > 0)
            .collect();
        let last_minute = sources.all.sum(unit);
        drop(sources);
        named.sort_by(|one, other| (other.count, &one.source).cmp(&(one.count, &other.source)));
        named.truncate(NAMED);
        RefusalsView {
            last_minute,
            total: self.total.load(Ordering::Relaxed),
            sources: named,
        }
    }
}

impl Sources {
    fn has_room(&mut self, unit: i64) -> bool {
        let is_full = |sources: &Self| sources.addresses.len() + sources.locals.len() >= SOURCES;
        if is_full(self) && self.swept != unit {
            self.swept = unit;
            self.addresses.retain(|_, ring| ring.sum(unit) > 0);
            self.locals.retain(|_, ring| ring.sum(unit) > 0);
        }
        !is_full(self)
    }
}

fn unit(at: Timestamp) -> i64 {
    at.millis().div_euclid(UNIT_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_795_435_200_000);

    fn origin(number: u32) -> Origin<'static> {
        Origin {
            address: Some(IpAddr::from(number.to_be_bytes())),
            local: "",
            agent: b"",
        }
    }

    #[test]
    fn sources_are_told_apart_and_a_minute_later_they_are_forgotten() {
        let refusals = Refusals::default();
        for number in [1, 2, 2, 2, 3, 3] {
            refusals.count(&origin(number), NOW);
        }
        let view = refusals.view(NOW);
        let named: Vec<_> = view
            .sources
            .iter()
            .map(|s| (s.source.as_str(), s.count))
            .collect();
        assert_eq!((view.last_minute, view.total), (6, 6));
        assert_eq!(named, [("0.0.0.2", 3), ("0.0.0.3", 2), ("0.0.0.1", 1)]);
        let later = refusals.view(NOW.plus(chrono::TimeDelta::minutes(1)));
        assert_eq!((later.last_minute, later.total, later.sources.len()), (0, 6, 0));
    }

    #[test]
    fn a_flood_from_everywhere_is_counted_in_bounded_memory() {
        let refusals = Refusals::default();
        for number in 0..3 * SOURCES as u32 {
            refusals.count(&origin(number), NOW);
        }
        let kept = || lock(&refusals.sources).addresses.len();
        assert_eq!(
            (kept(), refusals.view(NOW).last_minute),
            (SOURCES, 3 * SOURCES as u64)
        );
        refusals.count(&origin(u32::MAX), NOW.plus(chrono::TimeDelta::minutes(2)));
        assert_eq!(kept(), 1);
    }
}
