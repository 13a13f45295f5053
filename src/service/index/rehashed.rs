//! The way to a token by the digest that it got later, when it was rehashed under another token key.
//!
//! - An entry never moves: it stays in the shard of the digest that it came with, so that a slot goes on naming it, and all
//!   that is counted and kept by slot stays where it is. The next opening puts it in its new digest's shard.
//! - This way is there before the entry has the new digest, and leads nowhere until then. So a token is found by its old
//!   digest, or after that by the new one: whoever looked for the new one too early looks for it again.

use std::sync::RwLock;

use hashbrown::HashTable;

use super::{SHARDS, Slot, TokenIndex, digest_hash, is_same, spread, unpoisoned};
use crate::domain::token::Digest;

/// Slots by the first byte of the later digest.
pub(super) struct Rehashed(Box<[Ways]>);

/// Slots by digest: (hash, slot). Aligned as the shards are.
#[derive(Default)]
#[repr(align(128))]
struct Ways(RwLock<HashTable<(u32, Slot)>>);

impl Default for Rehashed {
    fn default() -> Self {
        Self((0..SHARDS).map(|_| Ways::default()).collect())
    }
}

impl Rehashed {
    fn ways(&self, digest: &Digest) -> &RwLock<HashTable<(u32, Slot)>> {
        &self.0[digest.0[0] as usize].0
    }
}

impl TokenIndex {
    /// Makes the way to an entry whose digest is about to become this one, if it is another now.
    pub(super) fn make_way(&self, digest: &Digest, slot: Slot) {
        if self.read(slot, |entry| is_same(entry.digest(), &digest.0)) {
            return;
        }
        let hash = digest_hash(digest) as u32;
        let mut ways = unpoisoned(self.rehashed.ways(digest).write());
        ways.insert_unique(spread(hash), (hash, slot), |&(hash, _)| spread(hash));
    }

    /// The slot of the token that was rehashed and has this digest now.
    pub(super) fn rehashed_slot(&self, digest: &Digest) -> Option<Slot> {
        let hash = digest_hash(digest) as u32;
        let ways = unpoisoned(self.rehashed.ways(digest).read());
        ways.find(spread(hash), |&(other, slot)| {
            other == hash && self.read(slot, |entry| is_same(entry.digest(), &digest.0))
        })
        .map(|&(_, slot)| slot)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::domain::id::{Id, OrganizationId, TokenId};
    use crate::domain::text::{Brand, Email, Environment, ServiceName, TokenName, Variable};
    use crate::domain::time::Timestamp;
    use crate::domain::token::{Finish, Life, Lifetime, Token};
    use crate::service::index::{Found, Use};
    use crate::service::request::{Show, Sort};

    const NOW: Timestamp = Timestamp::from_millis(1_795_435_200_000);
    const USED: Option<Use> = Some(Use { at: NOW, from: None });

    /// A digest as random as a real one.
    fn digest(number: u64, key: u64) -> Digest {
        use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
        let hasher = BuildHasherDefault::<DefaultHasher>::default();
        let mut bytes = [0; 32];
        for (part, chunk) in bytes.chunks_exact_mut(8).enumerate() {
            chunk.copy_from_slice(&hasher.hash_one((number, key, part)).to_le_bytes());
        }
        Digest(bytes)
    }

    fn token(number: u64, digest: Digest, digest_key: u8) -> Token {
        let mut random = [0; 10];
        random[..8].copy_from_slice(&number.to_be_bytes());
        Token {
            id: TokenId(Id::new(NOW, random)),
            organization: OrganizationId(Id::new(NOW, [7; 10])),
            name: TokenName::from_stored(&format!("t{number:05}")),
            service: ServiceName::from_stored("checkout"),
            environment: Environment::from_stored("prod"),
            variable: Variable::from_stored(&format!("T_{number}")),
            brand: Brand::from_stored("FinCode"),
            lifetime: Lifetime::Months3,
            life: Life::begin(Lifetime::Months3, NOW),
            minted_by: Email::from_stored("ada@acme.test"),
            digest,
            digest_key,
            last_four: *b"x7Qm",
            acknowledged_at: Some(NOW),
            replaces: None,
            replaced_by: None,
            revocation: None,
            allowed: Vec::new(),
            finish: Finish::AtEnd,
            owner: None,
            note: None,
            warnings: None,
        }
    }

    fn filled(count: u64) -> TokenIndex {
        let index = TokenIndex::default();
        for number in 0..count {
            index.put(&token(number, digest(number, 1), 1), 0, 1);
        }
        index
    }

    fn rehash(index: &TokenIndex, number: u64) -> Slot {
        index.put(&token(number, digest(number, 2), 2), 0, 2)
    }

    /// As verify looks: the present digest, the previous one, and the present one again.
    fn find(index: &TokenIndex, number: u64) -> Option<Found> {
        let [old, new] = [1, 2].map(|key| digest(number, key));
        [new, old, new]
            .iter()
            .find_map(|digest| index.verify(digest, NOW, USED))
    }

    #[test]
    fn a_rehashed_token_keeps_its_slot_and_all_that_is_kept_by_it() {
        let index = filled(2_000);
        let before = index.select(0, (Show::All, ""), (Sort::Name, false), NOW);
        let is_in_its_shard = |number| digest(number, 1).0[0] == digest(number, 2).0[0];
        assert!((0..2_000).any(is_in_its_shard), "none stays in its own shard");
        for number in 0..2_000 {
            let found = index.verify(&digest(number, 1), NOW, USED).unwrap();
            assert_eq!(rehash(&index, number), found.slot);
            assert_eq!(index.verify(&digest(number, 1), NOW, None), None);
            assert_eq!(index.verify(&digest(number, 2), NOW, USED), Some(found));
            assert_eq!(index.slot(found.id), Some(found.slot));
            let (token, revision) = index.token(found.id).unwrap();
            assert_eq!(
                (token.digest, token.digest_key, revision),
                (digest(number, 2), 2, 2)
            );
            let labelled = index.labelled(token.organization, token.name.as_str());
            assert_eq!(labelled, [token]);
            assert_eq!(index.read(found.slot, |entry| entry.counts().0), 2);
        }
        let after = index.select(0, (Show::All, ""), (Sort::Name, false), NOW);
        assert!(after.slots == before.slots, "the list has another order");
        assert_eq!((after.counts.active, after.counts.unused), (2_000, 0));
        assert_eq!(index.take_used().len(), 2_000);
        assert_eq!(index.good_under_another_key(2, NOW), (0, Vec::new()));
        // The tables grow over what was rehashed, and it is changed again.
        for number in 2_000..20_000 {
            index.put(&token(number, digest(number, 2), 2), 0, 1);
        }
        for number in 0..2_000 {
            let mut revoked = token(number, digest(number, 2), 2);
            revoked.life.revoked_at = Some(NOW);
            index.put(&revoked, 0, 3);
        }
        for number in 0..20_000 {
            let found = index.verify(&digest(number, 2), NOW, None).unwrap();
            assert_eq!(found.verdict.is_good(), number >= 2_000);
        }
    }

    #[test]
    fn what_is_good_under_another_key_is_counted_and_named() {
        let index = filled(5);
        rehash(&index, 3);
        let (count, names) = index.good_under_another_key(2, NOW);
        assert_eq!((count, names.len()), (4, 3));
        assert!(!names.contains(&"t00003".to_owned()), "{names:?}");
    }

    #[test]
    fn a_token_is_found_at_every_instant_while_it_is_rehashed() {
        const COUNT: u64 = 400;
        let index = filled(COUNT);
        let (next, finds) = (AtomicU64::new(0), AtomicU64::new(0));
        std::thread::scope(|scope| {
            let look = || {
                let mut at = 0;
                while at < COUNT {
                    let found = find(&index, at);
                    finds.fetch_add(1, Ordering::Relaxed);
                    assert_eq!(found.map(|found| found.id), Some(token(at, digest(at, 2), 2).id));
                    at = next.load(Ordering::Relaxed);
                }
            };
            let threads = [scope.spawn(look), scope.spawn(look)];
            for number in 0..COUNT {
                // At the very token that is looked for.
                let before = finds.load(Ordering::Relaxed);
                next.store(number, Ordering::Relaxed);
                let has_failed = || threads.iter().any(std::thread::ScopedJoinHandle::is_finished);
                while finds.load(Ordering::Relaxed) == before && !has_failed() {
                    std::thread::yield_now();
                }
                rehash(&index, number);
            }
            next.store(COUNT, Ordering::Relaxed);
        });
        let counted = (0..COUNT).map(|number| {
            let slot = index.verify(&digest(number, 2), NOW, None).unwrap().slot;
            index.read(slot, |entry| entry.counts().0)
        });
        assert_eq!(counted.sum::<u64>(), finds.into_inner());
    }
}
