//! A hash table from digests to places in a shard, which verify reads: one cache line a look-up.
//!
//! hashbrown keeps its tags and its values apart, which costs a second cache miss: 200 of 850 ns at a million tokens. Here
//! a word is 8 bits of the hash and the place, in open addressing with linear probing, half full at most: 8 MB for a
//! million, which a processor's last cache and page table cache still hold. Nothing is ever removed: the word of a place
//! whose digest changed leads to an entry that is not the one looked for.

const PLACE_BITS: u32 = 24;
/// The bits of the place: 16 million a shard, of which there are 256.
const PLACE: u32 = (1 << PLACE_BITS) - 1;

/// Places by hash. The low half of a hash says where to look, the highest byte is the tag.
#[derive(Default)]
pub(super) struct SlotTable {
    /// A power of two long, or empty; 0 is a free word, else the tag and the place + 1.
    words: Box<[u32]>,
    used: usize,
}

impl SlotTable {
    /// The place with this hash that `is_it` accepts.
    pub(super) fn find(&self, hash: u64, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        let mask = self.words.len().checked_sub(1)?;
        let mut at = hash as usize & mask;
        loop {
            let word = self.words[at];
            if word == 0 {
                return None;
            }
            if word >> PLACE_BITS == tag(hash) && is_it(place_in(word)) {
                return Some(place_in(word));
            }
            at = (at + 1) & mask;
        }
    }

    /// Adds a place; `hash_of` tells the hash of every place, for when the table grows.
    pub(super) fn insert(&mut self, place: u32, hash_of: impl Fn(u32) -> u64) {
        if (self.used + 1) * 2 > self.words.len() {
            let larger = vec![0; (self.words.len() * 2).max(8)].into_boxed_slice();
            let old = std::mem::replace(&mut self.words, larger);
            for word in old.into_iter().filter(|&word| word != 0) {
                self.put(hash_of(place_in(word)), place_in(word));
            }
        }
        self.put(hash_of(place), place);
        self.used += 1;
    }

    fn put(&mut self, hash: u64, place: u32) {
        let mask = self.words.len() - 1;
        let mut at = hash as usize & mask;
        while self.words[at] != 0 {
            at = (at + 1) & mask;
        }
        self.words[at] = tag(hash) << PLACE_BITS | (place + 1);
    }
}

const fn tag(hash: u64) -> u32 {
    (hash >> 56) as u32
}

/// The place that a word which is not free names.
const fn place_in(word: u32) -> u32 {
    (word & PLACE) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_in_is_found_and_nothing_else() {
        // Few distinct hashes, so that probing and equal tags are common.
        let hash_of = |place: u32| u64::from(place % 97).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mut table = SlotTable::default();
        assert_eq!(table.find(hash_of(1), |_| true), None);
        for place in 0..5_000 {
            table.insert(place, hash_of);
        }
        for place in 0..5_000 {
            assert_eq!(table.find(hash_of(place), |found| found == place), Some(place));
        }
        assert_eq!(table.find(hash_of(3), |found| found == 4), None);
        assert_eq!(table.find(12345, |found| found == 5_000), None);
    }
}
