//! All tokens in memory, compact: what verify reads, and what lists are sorted and filtered from.
//!
//! Entries live in 256 shards, chosen by the digest, so that a change locks one shard for a moment and verify never waits
//! for long. A slot (`u32`) names an entry for good: shard in the low byte, place in the rest; entries are replaced, never
//! removed. Lock order: a table (`ids`, `labels`, `names`) before a shard, never a table while a shard is held.

mod entries;
mod entry;
mod interner;
mod search;
mod selection;
mod slot_table;

use std::hash::{BuildHasher, Hasher as _, RandomState};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard};

use hashbrown::HashTable;

use self::entries::Entries;
pub use self::entry::Entry;
use self::interner::Interner;
pub use self::selection::Selection;
use self::selection::SelectionCache;
use self::slot_table::SlotTable;
use crate::domain::id::{OrganizationId, TokenId};
use crate::domain::recovery::Hold;
use crate::domain::time::Timestamp;
use crate::domain::token::{Digest, Refusal, Status, Token, Verdict, judge};

const SHARDS: usize = 256;

/// Before every minting.
const NOTHING_HELD: i64 = i64::MIN;

/// Names an entry for good.
pub type Slot = u32;

/// All tokens in memory.
pub struct TokenIndex {
    shards: Box<[RwLock<Shard>]>,
    /// Slots by id: (hash, slot).
    ids: RwLock<HashTable<(u32, Slot)>>,
    /// Slots by name and by variable, ended tokens included: (hash, slot).
    labels: RwLock<HashTable<(u32, Slot)>>,
    names: RwLock<Interner>,
    hasher: RandomState,
    generation: AtomicU64,
    selections: Mutex<SelectionCache>,
    used: Mutex<Vec<Slot>>,
    /// Tokens minted up to here are held after a restore.
    held_until: AtomicI64,
}

/// Aligned, so that two threads that lock neighbours do not pass one cache line to and fro.
#[derive(Default)]
#[repr(align(128))]
struct Shard {
    slots: SlotTable,
    entries: Entries,
}

/// What verify learns about a token that it knows. Nothing in it is allocated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Which entry.
    pub slot: Slot,
    /// The token.
    pub id: TokenId,
    /// Whose it is, as a place in the list of organizations.
    pub organization: u32,
    /// When it stops working by itself.
    pub ends_at: Timestamp,
    /// Whether it works.
    pub verdict: Verdict,
}

impl Default for TokenIndex {
    fn default() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| RwLock::default()).collect(),
            ids: RwLock::default(),
            labels: RwLock::default(),
            names: RwLock::default(),
            hasher: RandomState::new(),
            generation: AtomicU64::new(1),
            selections: Mutex::default(),
            used: Mutex::default(),
            held_until: AtomicI64::new(NOTHING_HELD),
        }
    }
}

/// A panic while a lock was held cannot leave a shard half-written: every change is one assignment or one insertion.
fn unpoisoned<T>(result: Result<T, PoisonError<T>>) -> T {
    result.unwrap_or_else(PoisonError::into_inner)
}

impl TokenIndex {
    /// Looks a digest up, judges the token, and counts a good one as used at `count`, if that is given.
    pub fn verify(&self, digest: &Digest, now: Timestamp, count: Option<Timestamp>) -> Option<Found> {
        let shard = unpoisoned(self.shard(digest).read());
        let place = shard.slots.find(digest_hash(digest), |place| {
            is_same(shard.entries[place as usize].digest(), &digest.0)
        })?;
        let entry = &shard.entries[place as usize];
        let life = entry.life();
        let mut verdict = judge(&life, entry.lifetime(), now);
        if verdict.is_good() && entry.is_held(self.held_until.load(Ordering::Relaxed)) {
            verdict = Verdict::Refused(Refusal::Held);
        }
        let slot = slot_of(digest, place);
        if let Some(at) = count
            && verdict.is_good()
            && entry.count_use(at)
        {
            unpoisoned(self.used.lock()).push(slot);
        }
        let (id, organization) = (entry.id(), entry.organization());
        Some(Found {
            slot,
            id,
            organization,
            ends_at: life.ends_at(),
            verdict,
        })
    }

    /// Puts a token in, or in the place of its earlier state. `organization` is its place in the list of organizations.
    pub fn put(&self, token: &Token, organization: u32, revision: u64) -> Slot {
        let mut names = unpoisoned(self.names.write());
        let entry = Entry::pack(token, organization, revision, &mut names);
        drop(names);
        let known = self.slot(token.id);
        let slot = match known {
            Some(slot) => {
                let mut shard = unpoisoned(self.shards[slot as usize % SHARDS].write());
                let place = &mut shard.entries[slot as usize / SHARDS];
                entry.take_over(place);
                *place = entry;
                slot
            }
            None => self.insert(token, entry),
        };
        self.generation.fetch_add(1, Ordering::Release);
        slot
    }

    fn insert(&self, token: &Token, entry: Entry) -> Slot {
        let mut guard = unpoisoned(self.shard(&token.digest).write());
        let shard = &mut *guard;
        let place = shard.entries.len() as u32;
        shard.entries.push(entry);
        let entries = &shard.entries;
        shard.slots.insert(place, |place| {
            digest_hash(&Digest(*entries[place as usize].digest()))
        });
        drop(guard);
        let slot = slot_of(&token.digest, place);
        let hash = self.id_hash(token.id);
        unpoisoned(self.ids.write()).insert_unique(spread(hash), (hash, slot), |&(hash, _)| spread(hash));
        let mut labels = unpoisoned(self.labels.write());
        for label in [token.name.as_str(), token.variable.as_str()] {
            let hash = self.label_hash(token.organization, label);
            labels.insert_unique(spread(hash), (hash, slot), |&(hash, _)| spread(hash));
        }
        slot
    }

    /// How many tokens are good, or held, and were hashed with another token key than this one.
    pub fn good_under_another_key(&self, key: u8, now: Timestamp) -> usize {
        let is_one = |entry: &&Entry| {
            !entry.is_hashed_with(key) && judge(&entry.life(), entry.lifetime(), now).is_good()
        };
        self.shards()
            .map(|(_, shard)| shard.entries.iter().filter(is_one).count())
            .sum()
    }

    /// Holds the tokens that were minted up to the hold, but for those that were released from it; `None` holds none.
    pub fn set_hold(&self, hold: Option<&Hold>) {
        for id in hold.iter().flat_map(|hold| &hold.released) {
            if let Some(slot) = self.slot(*id) {
                self.read(slot, Entry::release);
            }
        }
        let until = hold.map_or(NOTHING_HELD, |hold| hold.since.millis());
        self.held_until.store(until, Ordering::Relaxed);
        self.generation.fetch_add(1, Ordering::Release);
    }

    /// A token's status, the hold included.
    pub fn status(&self, slot: Slot, now: Timestamp) -> Status {
        let held_until = self.held_until.load(Ordering::Relaxed);
        self.read(slot, |entry| entry.status(held_until, now))
    }

    /// When the newest token was minted; `None` when there is none.
    pub fn newest(&self) -> Option<Timestamp> {
        let minted = |(_, shard): (usize, RwLockReadGuard<'_, Shard>)| {
            shard.entries.iter().map(|entry| entry.life().minted_at).max()
        };
        self.shards().filter_map(minted).max()
    }

    /// The entry's slot, if there is such a token.
    pub fn slot(&self, id: TokenId) -> Option<Slot> {
        let hash = self.id_hash(id);
        let ids = unpoisoned(self.ids.read());
        ids.find(spread(hash), |&(other, slot)| {
            other == hash && self.read(slot, |entry| entry.id() == id)
        })
        .map(|&(_, slot)| slot)
    }

    /// The whole record, and its revision.
    pub fn token(&self, id: TokenId) -> Option<(Token, u64)> {
        self.slot(id).map(|slot| self.token_at(slot))
    }

    /// The whole record in a slot, and its revision.
    pub fn token_at(&self, slot: Slot) -> (Token, u64) {
        let names = unpoisoned(self.names.read());
        self.read(slot, |entry| (entry.unpack(&names), entry.revision()))
    }

    /// All tokens of an organization that have, or had, this name or variable.
    pub fn labelled(&self, organization: OrganizationId, label: &str) -> Vec<Token> {
        let hash = self.label_hash(organization, label);
        let slots: Vec<Slot> = unpoisoned(self.labels.read())
            .iter_hash(spread(hash))
            .filter_map(|&(other, slot)| (other == hash).then_some(slot))
            .collect();
        let mut tokens: Vec<Token> = slots.into_iter().map(|slot| self.token_at(slot).0).collect();
        tokens.retain(|t| {
            t.organization == organization && (t.name.as_str() == label || t.variable.as_str() == label)
        });
        tokens.dedup_by_key(|token| token.id);
        tokens
    }

    /// Reads one entry under its shard's lock.
    pub fn read<T>(&self, slot: Slot, read: impl FnOnce(&Entry) -> T) -> T {
        read(&unpoisoned(self.shards[slot as usize % SHARDS].read()).entries[slot as usize / SHARDS])
    }

    /// Sets what usage records say, at open.
    pub fn set_usage(&self, id: TokenId, total: u64, first: Option<Timestamp>, last: Option<Timestamp>) {
        if let Some(slot) = self.slot(id) {
            self.read(slot, |entry| entry.set_counts(total, first, last));
        }
    }

    /// The slots that were used since the last call, each once.
    pub fn take_used(&self) -> Vec<Slot> {
        let slots = std::mem::take(&mut *unpoisoned(self.used.lock()));
        for &slot in &slots {
            self.read(slot, Entry::begin_counting);
        }
        slots
    }

    /// Puts slots back whose use could not be written, to be taken again.
    pub fn put_back_used(&self, slots: &[Slot]) {
        let is_missing = |slot: &&Slot| self.read(**slot, Entry::is_first_counted);
        let missing: Vec<Slot> = slots.iter().filter(is_missing).copied().collect();
        unpoisoned(self.used.lock()).extend(missing);
    }

    fn shard(&self, digest: &Digest) -> &RwLock<Shard> {
        &self.shards[digest.0[0] as usize]
    }

    fn shards(&self) -> impl Iterator<Item = (usize, RwLockReadGuard<'_, Shard>)> {
        self.shards
            .iter()
            .map(|shard| unpoisoned(shard.read()))
            .enumerate()
    }

    fn id_hash(&self, id: TokenId) -> u32 {
        self.hasher.hash_one(id) as u32
    }

    fn label_hash(&self, organization: OrganizationId, label: &str) -> u32 {
        let mut hasher = self.hasher.build_hasher();
        hasher.write(organization.0.bytes());
        hasher.write(label.as_bytes());
        hasher.finish() as u32
    }
}

/// Compares in constant time, by words.
fn is_same(one: &[u8; 32], other: &[u8; 32]) -> bool {
    let (one, _) = one.as_chunks::<8>();
    let (other, _) = other.as_chunks::<8>();
    let difference = one.iter().zip(other).fold(0, |difference, (one, other)| {
        difference | (u64::from_ne_bytes(*one) ^ u64::from_ne_bytes(*other))
    });
    subtle::ConstantTimeEq::ct_eq(&difference, &0).into()
}

fn slot_of(digest: &Digest, place: u32) -> Slot {
    place * SHARDS as u32 + u32::from(digest.0[0])
}

/// A digest is uniformly random already: its bytes serve as the hash.
fn digest_hash(digest: &Digest) -> u64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&digest.0[1..9]);
    u64::from_le_bytes(bytes)
}

/// 32 bits of hash spread over 64, for the table takes its tag from the high bits.
const fn spread(hash: u32) -> u64 {
    (hash as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}
