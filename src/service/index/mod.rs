//! All tokens in memory, compact: what verify reads, and what lists are sorted and filtered from.
//!
//! Entries live in 256 shards, chosen by the digest, so that a change locks one shard for a moment and verify never waits
//! for long. A slot (`u32`) names an entry for good: shard in the low byte, place in the rest; entries are replaced, never
//! removed or moved. Lock order: a table (`ids`, `labels`, `names`, `rehashed`) before a shard, never a table while a shard
//! is held.

mod entries;
mod entry;
mod interner;
mod rehashed;
mod search;
mod selection;
mod slot_table;

use core::net::IpAddr;
use std::collections::BTreeSet;
use std::hash::{BuildHasher, Hasher as _, RandomState};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard};

use hashbrown::HashTable;

use self::entries::Entries;
pub use self::entry::Entry;
use self::interner::{Interner, Symbol};
use self::rehashed::Rehashed;
pub use self::selection::Selection;
use self::selection::SelectionCache;
use self::slot_table::SlotTable;
use crate::domain::id::{OrganizationId, TokenId};
use crate::domain::organization::Organization;
use crate::domain::recovery::Hold;
use crate::domain::time::Timestamp;
use crate::domain::token::{Digest, Finish, Ladder, Refusal, Status, Token, Verdict, judge};

const SHARDS: usize = 256;

/// Before every minting.
const NOTHING_HELD: i64 = i64::MIN;

/// Of many tokens, the names of so many are told.
const NAMED: usize = 3;

/// Names an entry for good.
pub type Slot = u32;

/// All tokens in memory.
pub struct TokenIndex {
    shards: Box<[RwLock<Shard>]>,
    rehashed: Rehashed,
    /// Slots by id: (hash, slot).
    ids: RwLock<HashTable<(u32, Slot)>>,
    /// Slots by name and by variable, ended tokens included: (hash, slot).
    labels: RwLock<HashTable<(u32, Slot)>>,
    names: RwLock<Interner>,
    hasher: RandomState,
    generation: AtomicU64,
    /// How often a token got another name, owner or note: orders and texts that were made before are out of date.
    renamings: AtomicU64,
    selections: Mutex<SelectionCache>,
    used: Mutex<Vec<Slot>>,
    /// Old tokens whose overlap finishes when they are quiet.
    finishing: Mutex<BTreeSet<Slot>>,
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
    /// Whether it may be used from where it was presented.
    pub is_allowed: bool,
    service: Symbol,
    environment: Symbol,
}

/// A use of a token that is to be counted, if it may be used from there.
#[derive(Debug, Clone, Copy)]
pub struct Use {
    /// When.
    pub at: Timestamp,
    /// From which address, where that is known.
    pub from: Option<IpAddr>,
}

impl Default for TokenIndex {
    fn default() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| RwLock::default()).collect(),
            rehashed: Rehashed::default(),
            ids: RwLock::default(),
            labels: RwLock::default(),
            names: RwLock::default(),
            hasher: RandomState::new(),
            generation: AtomicU64::new(1),
            renamings: AtomicU64::new(0),
            selections: Mutex::default(),
            used: Mutex::default(),
            finishing: Mutex::default(),
            held_until: AtomicI64::new(NOTHING_HELD),
        }
    }
}

/// A panic while a lock was held cannot leave a shard half-written: every change is one assignment or one insertion.
fn unpoisoned<T>(result: Result<T, PoisonError<T>>) -> T {
    result.unwrap_or_else(PoisonError::into_inner)
}

impl TokenIndex {
    /// Looks a digest up, judges the token, and counts a good one as used, if it is.
    pub fn verify(&self, digest: &Digest, now: Timestamp, used: Option<Use>) -> Option<Found> {
        let shard = unpoisoned(self.shard(digest).read());
        let place = shard.slots.find(digest_hash(digest), |place| {
            is_same(shard.entries[place as usize].digest(), &digest.0)
        });
        if let Some(place) = place {
            let entry = &shard.entries[place as usize];
            return Some(self.judged(slot_of(digest, place), entry, now, used));
        }
        drop(shard);
        let slot = self.rehashed_slot(digest)?;
        Some(self.read(slot, |entry| self.judged(slot, entry, now, used)))
    }

    #[inline]
    fn judged(&self, slot: Slot, entry: &Entry, now: Timestamp, used: Option<Use>) -> Found {
        let life = entry.life();
        let mut verdict = judge(&life, entry.first_warning(), now);
        if verdict.is_good() && entry.is_held(self.held_until.load(Ordering::Relaxed)) {
            verdict = Verdict::Refused(Refusal::Held);
        }
        let is_allowed = used.is_none_or(|used| entry.allows(used.from));
        if let Some(Use { at, .. }) = used
            && verdict.is_good()
            && is_allowed
            && entry.count_use(at)
        {
            unpoisoned(self.used.lock()).push(slot);
        }
        let (id, organization) = (entry.id(), entry.organization());
        Found {
            slot,
            id,
            organization,
            ends_at: life.ends_at(),
            verdict,
            is_allowed,
            service: entry.service(),
            environment: entry.environment(),
        }
    }

    /// Tells the names that belong to what was found: organization, service and environment.
    pub fn names<T>(&self, found: &Found, tell: impl FnOnce(&str, &str, &str) -> T) -> T {
        let names = unpoisoned(self.names.read());
        tell(
            names.slug(found.organization),
            names.text(found.service),
            names.text(found.environment),
        )
    }

    /// Takes over what the organizations say, in the order of the list of organizations.
    pub fn set_organizations<'a>(&self, all: impl Iterator<Item = &'a Organization>) {
        let all = all.map(|organization| (organization.slug.as_str(), &organization.warnings));
        if !unpoisoned(self.names.write()).set_organizations(all) {
            return;
        }
        let names = unpoisoned(self.names.read());
        for (_, shard) in self.shards() {
            for entry in shard.entries.iter() {
                entry.warn_by(names.ladders(entry.organization()));
            }
        }
        self.generation.fetch_add(1, Ordering::Release);
    }

    /// Puts a token in, or in the place of its earlier state. `organization` is its place in the list of organizations.
    pub fn put(&self, token: &Token, organization: u32, revision: u64) -> Slot {
        let mut names = unpoisoned(self.names.write());
        let entry = Entry::pack(token, organization, revision, &mut names);
        drop(names);
        let known = self.slot(token.id);
        let slot = match known {
            Some(slot) => {
                self.make_way(&token.digest, slot);
                let mut shard = unpoisoned(self.shards[slot as usize % SHARDS].write());
                let place = &mut shard.entries[slot as usize / SHARDS];
                entry.take_over(place);
                let is_renamed = entry.is_called_otherwise(place);
                *place = entry;
                drop(shard);
                if is_renamed {
                    self.label(token.organization, token.name.as_str(), slot);
                    self.renamings.fetch_add(1, Ordering::Release);
                }
                slot
            }
            None => self.insert(token, entry),
        };
        if finishes_when_quiet(token) {
            unpoisoned(self.finishing.lock()).insert(slot);
        } else if known.is_some() {
            unpoisoned(self.finishing.lock()).remove(&slot);
        }
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
        for label in [token.name.as_str(), token.variable.as_str()] {
            self.label(token.organization, label, slot);
        }
        slot
    }

    /// Lets an entry be found by a name or variable; also by one that it no longer has, which `labelled` sorts out.
    fn label(&self, organization: OrganizationId, label: &str, slot: Slot) {
        let hash = self.label_hash(organization, label);
        let mut labels = unpoisoned(self.labels.write());
        if labels
            .find(spread(hash), |known| *known == (hash, slot))
            .is_none()
        {
            labels.insert_unique(spread(hash), (hash, slot), |&(hash, _)| spread(hash));
        }
    }

    /// How many tokens are good, or held, and were hashed with another token key than this one; and some of their names.
    pub fn good_under_another_key(&self, key: u8, now: Timestamp) -> (usize, Vec<String>) {
        let (mut count, mut names) = (0, Vec::new());
        for (_, shard) in self.shards() {
            for entry in shard.entries.iter() {
                if entry.is_hashed_with(key) || !entry.life().stage(now).is_live() {
                    continue;
                }
                count += 1;
                if names.len() < NAMED {
                    names.push(entry.name().to_owned());
                }
            }
        }
        (count, names)
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

    /// When to warn of the end of the token in a slot: its own ladder, its organization's, or the usual one.
    pub fn ladder(&self, slot: Slot) -> Ladder {
        let names = unpoisoned(self.names.read());
        self.read(slot, |entry| entry.ladder(&names))
    }

    /// The token that nobody has acknowledged and that `is` says is the one.
    pub fn unacknowledged(&self, is: impl Fn(&Token) -> bool) -> Option<Token> {
        let names = unpoisoned(self.names.read());
        self.shards().find_map(|(_, shard)| {
            let mut open = shard.entries.iter().filter(|entry| !entry.is_acknowledged());
            open.find_map(|entry| Some(entry.unpack(&names)).filter(&is))
        })
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

    /// The tokens, tombstones included, that end with these four characters.
    pub fn ending_like(&self, last: &[u8]) -> Vec<Slot> {
        let mut slots = Vec::new();
        for (number, shard) in self.shards() {
            let ends = |entry: &Entry| entry.last_four().as_slice() == last;
            let places = shard.entries.iter().enumerate().filter(|(_, entry)| ends(entry));
            slots.extend(places.map(|(place, _)| (place * SHARDS + number) as Slot));
        }
        slots
    }

    /// Reads one entry under its shard's lock.
    pub fn read<T>(&self, slot: Slot, read: impl FnOnce(&Entry) -> T) -> T {
        read(&unpoisoned(self.shards[slot as usize % SHARDS].read()).entries[slot as usize / SHARDS])
    }

    /// The old tokens whose overlap runs at `now` and finishes when they are quiet.
    pub fn finishing(&self, now: Timestamp) -> Vec<Slot> {
        let mut finishing = unpoisoned(self.finishing.lock());
        finishing.retain(|&slot| self.read(slot, |entry| entry.life().ends_at() > now));
        finishing.iter().copied().collect()
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

/// Whether its overlap may end before its end.
fn finishes_when_quiet(token: &Token) -> bool {
    let life = &token.life;
    token.finish != Finish::AtEnd
        && life.retires_at.is_some()
        && life.revoked_at.is_none()
        && life.deleted_at.is_none()
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
