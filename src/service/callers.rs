//! Who uses tokens: counted on the fast path, so a known caller costs no allocation, and there is a bound to the others.
//!
//! A caller is a token's slot, an address and a user agent. Its uses wait here to be written, and are kept for an hour by
//! the minute, for whoever watches. Beyond the bound a new caller is counted with its token alone.

use core::net::IpAddr;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use hashbrown::HashTable;

use super::index::Slot;
use super::lock;
use crate::domain::ring::Ring;
use crate::domain::text::is_unprintable;
use crate::domain::time::Timestamp;

/// Callers that are known at a time.
const PENDING_CALLERS: usize = 10_000;
/// Beyond this many, those that have been silent for longest make room, once they are written.
const CROWDED: usize = PENDING_CALLERS / 4 * 3;
/// The bytes of a user agent that are kept.
const AGENT: usize = 128;
const SHARDS: usize = 64;
const HOUR: usize = 60;

/// Where a presented token came from.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    /// The client's address; `None` for a process of this host that named none.
    pub address: Option<IpAddr>,
    /// What that process is called then, such as `local:www-data`.
    pub local: &'a str,
    /// The user agent as it was sent; empty where there was none.
    pub agent: &'a [u8],
}

/// Uses by one caller.
pub(super) struct Uses {
    pub(super) slot: Slot,
    pub(super) address: String,
    pub(super) agent: String,
    /// Not written yet.
    pub(super) count: u64,
    pub(super) last_hour: u64,
    pub(super) last: Timestamp,
}

/// All callers, in shards by slot.
#[derive(Default)]
pub(super) struct Callers {
    shards: Box<[Shard]>,
    hasher: RandomState,
    known: AtomicUsize,
    /// Something was counted since this was last asked for.
    is_new: AtomicBool,
}

/// Aligned, so that two threads that lock neighbours do not pass one cache line to and fro.
#[derive(Default)]
#[repr(align(128))]
struct Shard(Mutex<HashTable<Counted>>);

struct Counted {
    slot: Slot,
    place: Place,
    agent: Box<str>,
    unwritten: u64,
    last: Timestamp,
    minutes: Ring<HOUR>,
}

#[derive(PartialEq, Eq)]
enum Place {
    Address(IpAddr),
    Local(Box<str>),
}

/// A caller as it is looked up: nothing of it is owned.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Key<'a> {
    slot: Slot,
    address: Option<IpAddr>,
    local: &'a str,
    agent: &'a str,
}

impl Counted {
    fn key(&self) -> Key<'_> {
        let (address, local) = match &self.place {
            Place::Address(address) => (Some(*address), ""),
            Place::Local(local) => (None, &**local),
        };
        Key {
            slot: self.slot,
            address,
            local,
            agent: &self.agent,
        }
    }

    fn uses(&self, now: Timestamp) -> Uses {
        Uses {
            slot: self.slot,
            address: match &self.place {
                Place::Address(address) => address.to_string(),
                Place::Local(local) => local.to_string(),
            },
            agent: self.agent.to_string(),
            count: self.unwritten,
            last_hour: self.minutes.sum(minute(now)),
            last: self.last,
        }
    }
}

impl Callers {
    pub(super) fn new() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Shard::default()).collect(),
            ..Self::default()
        }
    }

    /// Counts one use of a token.
    pub(super) fn count(&self, slot: Slot, origin: &Origin<'_>, at: Timestamp) {
        let mut room = [0; AGENT];
        let address = origin.address.map(|address| address.to_canonical());
        let key = Key {
            slot,
            address,
            local: if address.is_some() { "" } else { origin.local },
            agent: printable(origin.agent, &mut room),
        };
        let hash = self.hasher.hash_one(key);
        if !self.is_new.load(Ordering::Relaxed) {
            self.is_new.store(true, Ordering::Relaxed);
        }
        let mut callers = lock(self.shard(slot));
        if let Some(known) = callers.find_mut(hash, |known| known.key() == key) {
            known.unwritten += 1;
            known.last = known.last.max(at);
            known.minutes.add(minute(at), 1);
            return;
        }
        if self.known.fetch_add(1, Ordering::Relaxed) >= PENDING_CALLERS {
            self.known.fetch_sub(1, Ordering::Relaxed);
            return;
        }
        let mut minutes = Ring::default();
        minutes.add(minute(at), 1);
        let new = Counted {
            slot,
            place: address.map_or_else(|| Place::Local(key.local.into()), Place::Address),
            agent: key.agent.into(),
            unwritten: 1,
            last: at,
            minutes,
        };
        callers.insert_unique(hash, new, |known| self.hasher.hash_one(known.key()));
    }

    /// Takes what waits to be written.
    pub(super) fn take(&self, now: Timestamp) -> Vec<Uses> {
        let mut taken = Vec::new();
        for shard in &self.shards {
            for caller in lock(&shard.0).iter_mut().filter(|caller| caller.unwritten > 0) {
                taken.push(caller.uses(now));
                caller.unwritten = 0;
            }
        }
        taken
    }

    /// Puts back what was taken and could not be written.
    pub(super) fn put_back(&self, taken: &[Uses]) {
        for uses in taken {
            let address = uses.address.parse().ok();
            let key = Key {
                slot: uses.slot,
                address,
                local: if address.is_some() { "" } else { &uses.address },
                agent: &uses.agent,
            };
            let hash = self.hasher.hash_one(key);
            let mut callers = lock(self.shard(uses.slot));
            if let Some(known) = callers.find_mut(hash, |known| known.key() == key) {
                known.unwritten += uses.count;
            }
        }
    }

    /// Forgets who has been silent for an hour; when it is crowded, those that have been silent for longest.
    pub(super) fn forget_silent(&self, now: Timestamp) {
        let hour_ago = now.minus(chrono::TimeDelta::hours(1));
        self.forget(hour_ago);
        if self.known.load(Ordering::Relaxed) <= CROWDED {
            return;
        }
        let mut lasts: Vec<Timestamp> = Vec::with_capacity(PENDING_CALLERS);
        for shard in &self.shards {
            lasts.extend(lock(&shard.0).iter().map(|caller| caller.last));
        }
        lasts.sort_unstable_by(|one, other| other.cmp(one));
        if let Some(&last) = lasts.get(CROWDED / 2) {
            self.forget(last);
        }
    }

    fn forget(&self, until: Timestamp) {
        for shard in &self.shards {
            let mut callers = lock(&shard.0);
            let before = callers.len();
            callers.retain(|caller| caller.unwritten > 0 || caller.last > until);
            self.known.fetch_sub(before - callers.len(), Ordering::Relaxed);
        }
    }

    /// Who used a token within the hour, or has uses that wait; and its uses of the last 60 minutes, the oldest first.
    pub(super) fn of(&self, slot: Slot, now: Timestamp) -> (Vec<Uses>, Vec<u32>) {
        let callers = lock(self.shard(slot));
        let mut uses = Vec::new();
        let mut minutes = vec![0_u32; HOUR];
        for caller in callers.iter().filter(|caller| caller.slot == slot) {
            uses.push(caller.uses(now));
            for (sum, count) in minutes.iter_mut().zip(caller.minutes.window(minute(now))) {
                *sum = sum.saturating_add(count);
            }
        }
        (uses, minutes)
    }

    /// Whether anything was counted since the last call.
    pub(super) fn has_news(&self) -> bool {
        self.is_new.swap(false, Ordering::Relaxed)
    }

    fn shard(&self, slot: Slot) -> &Mutex<HashTable<Counted>> {
        // The low byte names the index's shard, which a digest chose at random.
        &self.shards[slot as usize % SHARDS].0
    }
}

fn minute(at: Timestamp) -> i64 {
    at.millis().div_euclid(60_000)
}

/// What is kept of a user agent: its first bytes, and a question mark for what no terminal should get.
fn printable<'a>(agent: &'a [u8], room: &'a mut [u8; AGENT]) -> &'a str {
    let cut = &agent[..agent.len().min(AGENT)];
    if cut.iter().all(|byte| matches!(byte, b' '..=b'~')) {
        return std::str::from_utf8(cut).unwrap_or_default();
    }
    let mut length = 0;
    for chunk in cut.utf8_chunks() {
        for character in chunk.valid().chars() {
            let kept = if is_unprintable(character) { '?' } else { character };
            // A character is replaced by a shorter one or by itself, so there is room.
            length += kept.encode_utf8(&mut room[length..]).len();
        }
        if !chunk.invalid().is_empty() && length < AGENT {
            room[length] = b'?';
            length += 1;
        }
    }
    std::str::from_utf8(&room[..length]).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_795_435_200_000);

    fn origin(number: u32, agent: &str) -> Origin<'_> {
        Origin {
            address: Some(IpAddr::from(number.to_be_bytes())),
            local: "",
            agent: agent.as_bytes(),
        }
    }

    #[test]
    fn what_a_client_calls_itself_is_cut_and_made_printable() {
        let kept = |agent: &[u8]| printable(agent, &mut [0; AGENT]).to_owned();
        assert_eq!(kept(b"checkout/4.2"), "checkout/4.2");
        assert_eq!(kept("käse/1 \u{1b}[2J\u{202e}".as_bytes()), "käse/1 ?[2J?");
        assert_eq!(kept(b"a\xff\xfeb\xc3"), "a??b?");
        assert_eq!(kept(&[b'x'; 500]).len(), AGENT);
        for length in 0..8 {
            let long = ["x".repeat(length), "ä€😀\u{1b}\u{200b}".repeat(40)].concat();
            assert!(kept(long.as_bytes()).len() <= AGENT);
            assert!(!kept(long.as_bytes()).contains('\u{1b}'));
        }
    }

    #[test]
    fn there_is_a_bound_and_the_silent_make_room() {
        let callers = Callers::new();
        for number in 0..2 * PENDING_CALLERS as u32 {
            callers.count(number % 300, &origin(number, "a"), NOW);
        }
        assert_eq!(callers.take(NOW).len(), PENDING_CALLERS);
        callers.count(1, &origin(1, "a"), NOW.plus(chrono::TimeDelta::minutes(1)));
        callers.forget_silent(NOW.plus(chrono::TimeDelta::minutes(2)));
        let left = callers.known.load(Ordering::Relaxed);
        assert!((1..=CROWDED).contains(&left), "{left}");
        callers.count(7, &origin(u32::MAX, "b"), NOW);
        assert_eq!(callers.take(NOW).len(), 2);
        callers.forget_silent(NOW.plus(chrono::TimeDelta::hours(2)));
        assert_eq!(callers.known.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn what_could_not_be_written_is_taken_again() {
        let callers = Callers::new();
        let local = Origin {
            address: None,
            local: "local:www-data",
            agent: b"",
        };
        callers.count(3, &local, NOW);
        callers.count(3, &origin(9, "a"), NOW);
        let taken = callers.take(NOW);
        assert!(callers.take(NOW).is_empty());
        callers.count(3, &local, NOW);
        callers.put_back(&taken);
        let mut counts: Vec<_> = callers
            .take(NOW)
            .into_iter()
            .map(|uses| (uses.address, uses.count, uses.last_hour))
            .collect();
        counts.sort();
        assert_eq!(
            counts,
            [("0.0.0.9".to_owned(), 1, 1), ("local:www-data".to_owned(), 2, 2)]
        );
        assert_eq!(callers.of(3, NOW).1[HOUR - 1], 3);
        assert!(callers.has_news() && !callers.has_news());
    }
}
