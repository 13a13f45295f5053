//! Looking for a substring in everything searchable: one long text, made at the first search, that only grows, until
//! a token is called otherwise: then another one is made.

use super::{SHARDS, Slot, TokenIndex, unpoisoned};

/// Everything searchable of one organization's tokens.
pub(super) struct SearchText {
    text: Vec<u8>,
    /// Where each token's text begins, ascending.
    starts: Vec<(u32, Slot)>,
    /// How many entries of each shard are in it.
    included: [u32; SHARDS],
    /// How many renamings there were when it was begun.
    pub(super) renamings: u64,
}

impl SearchText {
    pub(super) fn new(renamings: u64) -> Self {
        Self {
            text: Vec::new(),
            starts: Vec::new(),
            included: [0; SHARDS],
            renamings,
        }
    }

    /// Adds the tokens that came since the last time.
    pub(super) fn extend(&mut self, index: &TokenIndex, organization: u32) {
        let names = unpoisoned(index.names.read());
        for (number, shard) in index.shards() {
            let included = self.included[number] as usize;
            for (place, entry) in shard.entries.iter().enumerate().skip(included) {
                if entry.organization() == organization {
                    self.starts
                        .push((self.text.len() as u32, (place * SHARDS + number) as Slot));
                    entry.searchable(&names, &mut self.text);
                    self.text.push(b'\n');
                }
            }
            self.included[number] = shard.entries.len() as u32;
        }
    }

    pub(super) fn find(&self, needle: &[u8]) -> Slots {
        let mut found = Slots::default();
        let mut cursor = 0;
        let mut from = 0;
        let finder = memchr::memmem::Finder::new(needle);
        while let Some(at) = finder.find(&self.text[from..]) {
            let position = (from + at) as u32;
            // Matches ascend, so the token is found by going on from the last one in growing steps.
            cursor += self.starts[cursor..]
                .partition_point(|&(start, _)| start <= position)
                .saturating_sub(1);
            found.insert(self.starts[cursor].1);
            // One match a token is enough: on to the next token.
            from = self
                .starts
                .get(cursor + 1)
                .map_or(self.text.len(), |&(start, _)| start as usize);
        }
        found
    }
}

/// A set of slots.
#[derive(Default)]
pub(super) struct Slots(Vec<u64>);

impl Slots {
    pub(super) fn contains(&self, slot: Slot) -> bool {
        self.0
            .get(slot as usize / 64)
            .is_some_and(|word| word >> (slot % 64) & 1 == 1)
    }

    pub(super) fn insert(&mut self, slot: Slot) {
        let word = slot as usize / 64;
        if word >= self.0.len() {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (slot % 64);
    }
}
