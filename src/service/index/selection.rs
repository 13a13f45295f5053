//! Which tokens a list shows, in which order: built once, kept until a record or a status changes.
//!
//! A page of a list is a slice of a selection, so moving through a million tokens costs the rows on the screen. Shards are
//! read one after the other, so that building one never holds up verify.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::interner::Interner;
use super::search::{SearchText, Slots};
use super::{Entry, SHARDS, Slot, TokenIndex, unpoisoned};
use crate::domain::time::Timestamp;
use crate::domain::token::Status;
use crate::service::request::{Show, Sort};
use crate::service::response::Counts;

/// How many selections are kept: a console needs one or two, several consoles look at different things.
const KEPT: usize = 8;
/// Last use changes all the time without a record changing: an order by it may be this old.
const STALE_AFTER: chrono::TimeDelta = chrono::TimeDelta::seconds(2);

/// Which tokens, in which order.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    organization: u32,
    show: Show,
    sort: Sort,
    descending: bool,
    text: String,
}

/// A list's tokens.
#[derive(Debug)]
pub struct Selection {
    /// In order.
    pub slots: Vec<Slot>,
    /// All of the organization's tokens by status.
    pub counts: Counts,
    generation: u64,
    valid_until: Timestamp,
}

#[derive(Default)]
pub(super) struct SelectionCache {
    /// The most recently used last.
    kept: Vec<(Key, Arc<Selection>)>,
    texts: HashMap<u32, SearchText>,
    name_orders: NameOrders,
}

/// All tokens of an organization in an order by name, and of how many entries and after how many renamings it was made.
type NameOrders = HashMap<(u32, Sort), ((usize, u64), Arc<Vec<Slot>>)>;

impl TokenIndex {
    /// The tokens that a list shows at `now`.
    pub fn select(
        &self,
        organization: u32,
        (show, text): (Show, &str),
        (sort, descending): (Sort, bool),
        now: Timestamp,
    ) -> Arc<Selection> {
        let key = Key {
            organization,
            show,
            sort,
            descending,
            text: text.to_lowercase(),
        };
        let generation = self.generation.load(Ordering::Acquire);
        if let Some(kept) = unpoisoned(self.selections.lock()).find(&key, generation, now) {
            return kept;
        }
        let selection = if key.text.is_empty() {
            self.build(&key, generation, now)
        } else {
            let whole = self.select(organization, (show, ""), (sort, descending), now);
            self.narrow(&key, &whole)
        };
        let selection = Arc::new(selection);
        unpoisoned(self.selections.lock()).keep(key, &selection);
        selection
    }

    /// Forgets every selection.
    pub fn forget_selections(&self) {
        unpoisoned(self.selections.lock()).kept.clear();
    }

    fn build(&self, key: &Key, generation: u64, now: Timestamp) -> Selection {
        let mut counts = Counts::default();
        let mut valid_until = Timestamp::from_millis(i64::MAX);
        if key.sort == Sort::LastUse || key.show == Show::Unused {
            valid_until = now.plus(STALE_AFTER);
        }
        let slots = match key.sort {
            Sort::Expiry | Sort::Minted | Sort::LastUse => {
                let date = |entry: &Entry| match key.sort {
                    Sort::Expiry => entry.life().ends_at().millis(),
                    Sort::Minted => entry.life().minted_at.millis(),
                    _ => entry.counts().2.map_or(i64::MIN, Timestamp::millis),
                };
                self.sorted(key, now, (&mut counts, &mut valid_until), date)
            }
            Sort::Name | Sort::Service | Sort::Environment => {
                // Names hardly change: the order of all is kept, and those that are shown are picked from it.
                let shown = self.shown(key, now, (&mut counts, &mut valid_until));
                let order = self.name_order(key);
                let pick = |slot: &Slot| shown.contains(*slot);
                if key.descending {
                    order.iter().rev().copied().filter(pick).collect()
                } else {
                    order.iter().copied().filter(pick).collect()
                }
            }
        };
        Selection {
            slots,
            counts,
            generation,
            valid_until,
        }
    }

    fn sorted(
        &self,
        key: &Key,
        now: Timestamp,
        (counts, valid_until): (&mut Counts, &mut Timestamp),
        date: impl Fn(&Entry) -> i64,
    ) -> Vec<Slot> {
        let held_until = self.held_until.load(Ordering::Relaxed);
        let mut keyed = Vec::new();
        self.each(key.organization, |slot, entry| {
            if Seen::new(entry, held_until, now).is_counted_and_shown(key.show, counts, valid_until) {
                keyed.push((date(entry), slot));
            }
        });
        if key.descending {
            keyed.sort_unstable_by(|a, b| b.cmp(a));
        } else {
            keyed.sort_unstable();
        }
        keyed.into_iter().map(|(_, slot)| slot).collect()
    }

    fn shown(
        &self,
        key: &Key,
        now: Timestamp,
        (counts, valid_until): (&mut Counts, &mut Timestamp),
    ) -> Slots {
        let held_until = self.held_until.load(Ordering::Relaxed);
        let mut shown = Slots::default();
        self.each(key.organization, |slot, entry| {
            if Seen::new(entry, held_until, now).is_counted_and_shown(key.show, counts, valid_until) {
                shown.insert(slot);
            }
        });
        shown
    }

    /// All of an organization's tokens in the order of their names; made anew when there are more, or one is renamed.
    fn name_order(&self, key: &Key) -> Arc<Vec<Slot>> {
        let kept = (key.organization, key.sort);
        let renamings = self.renamings.load(Ordering::Acquire);
        let entries: usize = self.shards().map(|(_, shard)| shard.entries.len()).sum();
        if let Some((of, order)) = unpoisoned(self.selections.lock()).name_orders.get(&kept)
            && *of == (entries, renamings)
        {
            return Arc::clone(order);
        }
        let names = unpoisoned(self.names.read());
        let ranks = Ranks::new(&names);
        drop(names);
        let mut keyed = Vec::with_capacity(entries);
        self.each(key.organization, |slot, entry| {
            let rank = match key.sort {
                Sort::Service => ranks.of(entry.service()),
                Sort::Environment => ranks.of(entry.environment()),
                _ => 0,
            };
            keyed.push((name_key(rank, entry.name()), slot));
        });
        keyed.sort_unstable();
        let order: Arc<Vec<Slot>> = Arc::new(keyed.into_iter().map(|(_, slot)| slot).collect());
        let mut cache = unpoisoned(self.selections.lock());
        cache
            .name_orders
            .insert(kept, ((entries, renamings), Arc::clone(&order)));
        order
    }

    fn each(&self, organization: u32, mut visit: impl FnMut(Slot, &Entry)) {
        for (number, shard) in self.shards() {
            for (place, entry) in shard.entries.iter().enumerate() {
                if entry.organization() == organization {
                    visit((place * SHARDS + number) as Slot, entry);
                }
            }
        }
    }

    /// Those of `whole` whose searchable text has the key's text in it.
    fn narrow(&self, key: &Key, whole: &Selection) -> Selection {
        let mut cache = unpoisoned(self.selections.lock());
        let renamings = self.renamings.load(Ordering::Acquire);
        let search = cache
            .texts
            .entry(key.organization)
            .or_insert_with(|| SearchText::new(renamings));
        if search.renamings != renamings {
            *search = SearchText::new(renamings);
        }
        search.extend(self, key.organization);
        let found = search.find(key.text.as_bytes());
        let slots = whole
            .slots
            .iter()
            .copied()
            .filter(|slot| found.contains(*slot))
            .collect();
        Selection {
            slots,
            counts: whole.counts,
            generation: whole.generation,
            valid_until: whole.valid_until,
        }
    }
}

impl SelectionCache {
    fn find(&mut self, key: &Key, generation: u64, now: Timestamp) -> Option<Arc<Selection>> {
        self.kept
            .retain(|(_, selection)| selection.generation == generation && now < selection.valid_until);
        let place = self.kept.iter().position(|(kept, _)| kept == key)?;
        let found = self.kept.remove(place);
        self.kept.push(found.clone());
        Some(found.1)
    }

    fn keep(&mut self, key: Key, selection: &Arc<Selection>) {
        self.kept.retain(|(kept, _)| *kept != key);
        self.kept.push((key, Arc::clone(selection)));
        if self.kept.len() > KEPT {
            self.kept.remove(0);
        }
    }
}

/// One token at one instant.
struct Seen {
    status: Status,
    unused: bool,
    acknowledged: bool,
    /// When its status changes by itself next.
    changes_at: Timestamp,
}

impl Seen {
    fn new(entry: &Entry, held_until: i64, now: Timestamp) -> Self {
        let life = entry.life();
        let status = entry.status(held_until, now);
        let last_used = entry.counts().2;
        let unused = status.is_live() && last_used.is_none_or(|last| life.is_dormant(last, now));
        let changes_at = match status {
            Status::Active => life.expires_at.minus(entry.first_warning()).min(life.ends_at()),
            Status::Expiring | Status::Retiring | Status::Held => life.ends_at(),
            Status::Expired | Status::Revoked | Status::Deleted => Timestamp::from_millis(i64::MAX),
        };
        Self {
            status,
            unused,
            acknowledged: entry.is_acknowledged(),
            changes_at,
        }
    }

    fn count(&self, counts: &mut Counts) {
        match self.status {
            Status::Active => counts.active += 1,
            Status::Expiring => counts.expiring += 1,
            Status::Retiring => counts.retiring += 1,
            Status::Held => counts.held += 1,
            Status::Expired => counts.expired += 1,
            Status::Revoked => counts.revoked += 1,
            Status::Deleted => counts.deleted += 1,
        }
        counts.unused += usize::from(self.unused);
        counts.unacknowledged += usize::from(self.status.is_live() && !self.acknowledged);
    }

    fn is_counted_and_shown(&self, show: Show, counts: &mut Counts, valid_until: &mut Timestamp) -> bool {
        self.count(counts);
        *valid_until = (*valid_until).min(self.changes_at);
        self.is_shown(show)
    }

    fn is_shown(&self, show: Show) -> bool {
        match show {
            // A held token will work again: it does not vanish from the list of those that do.
            Show::Live => self.status.is_live() || self.status == Status::Held,
            Show::All => self.status != Status::Deleted,
            Show::Ended => !self.status.is_live() && self.status != Status::Held,
            Show::Only(status) => self.status == status,
            Show::Unused => self.unused,
            Show::Unacknowledged => self.status.is_live() && !self.acknowledged,
        }
    }
}

/// The alphabetical place of every interned text.
struct Ranks(Vec<u32>);

impl Ranks {
    fn new(names: &Interner) -> Self {
        let mut symbols: Vec<u32> = (0..names.len() as u32).collect();
        symbols.sort_unstable_by_key(|&symbol| names.text(symbol));
        let mut ranks = vec![0; symbols.len()];
        for (rank, symbol) in symbols.into_iter().enumerate() {
            ranks[symbol as usize] = rank as u32 + 1;
        }
        Self(ranks)
    }

    fn of(&self, symbol: u32) -> u32 {
        self.0.get(symbol as usize).copied().unwrap_or(0)
    }
}

/// Sorts by rank, then by the name's first bytes without regard to case: 28 are more than a list shows.
fn name_key(rank: u32, name: &str) -> (u32, [u8; 28]) {
    let mut bytes = [0; 28];
    for (slot, byte) in bytes.iter_mut().zip(name.bytes()) {
        *slot = byte.to_ascii_lowercase();
    }
    (rank, bytes)
}
