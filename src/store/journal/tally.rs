//! How many records live, and the digest of all of them: a sum modulo 2^256 of a keyed function of each.
//!
//! A sum is cheap to keep (one value off, one value on), does not depend on the order of records, and cannot be steered
//! without the key. What is taken off comes from the service's index, never from disk (storage.md, "Digest").

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::service::ports::StoreCipher;

/// Count and digest of a set of records.
#[derive(Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// How many records.
    pub count: u64,
    /// The sum, in words from the least significant on.
    sum: [u64; 4],
}

impl Tally {
    /// Counts a record in.
    pub fn add(&mut self, cipher: &dyn StoreCipher, key: &[u8], value: &[u8]) {
        self.count = self.count.wrapping_add(1);
        let mut carry = false;
        for (word, other) in self.sum.iter_mut().zip(words(&cipher.prf(key, value))) {
            (*word, carry) = add(*word, other, carry);
        }
    }

    /// Counts a record out.
    pub fn remove(&mut self, cipher: &dyn StoreCipher, key: &[u8], value: &[u8]) {
        self.count = self.count.wrapping_sub(1);
        let mut borrow = false;
        for (word, other) in self.sum.iter_mut().zip(words(&cipher.prf(key, value))) {
            (*word, borrow) = subtract(*word, other, borrow);
        }
    }
}

impl fmt::Debug for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The digest is never in clear (storage.md): whoever could compare it could test guesses about records.
        f.debug_struct("Tally")
            .field("count", &self.count)
            .finish_non_exhaustive()
    }
}

fn words(bytes: &[u8; 32]) -> [u64; 4] {
    let (words, _) = bytes.as_chunks::<8>();
    [0, 1, 2, 3].map(|place: usize| u64::from_le_bytes(words[place]))
}

const fn add(one: u64, other: u64, carry: bool) -> (u64, bool) {
    let (sum, over) = one.overflowing_add(other);
    let (sum, over_again) = sum.overflowing_add(carry as u64);
    (sum, over || over_again)
}

const fn subtract(one: u64, other: u64, borrow: bool) -> (u64, bool) {
    let (rest, under) = one.overflowing_sub(other);
    let (rest, under_again) = rest.overflowing_sub(borrow as u64);
    (rest, under || under_again)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::ports::{CryptoError, FilePurpose};

    /// Sums that carry through all words.
    struct Ones;

    impl StoreCipher for Ones {
        fn store_id(&self) -> [u8; 16] {
            [0; 16]
        }
        fn epoch(&self) -> u32 {
            1
        }
        fn seal(&self, _: FilePurpose, _: &[&[u8]], plaintext: &[u8]) -> Result<Vec<u8>, CryptoError> {
            Ok(plaintext.to_vec())
        }
        fn unseal(&self, _: FilePurpose, _: &[&[u8]], sealed: &[u8]) -> Result<Vec<u8>, CryptoError> {
            Ok(sealed.to_vec())
        }
        fn mac(&self, _: FilePurpose, _: &[&[u8]]) -> [u8; 32] {
            [0; 32]
        }
        fn prf(&self, key: &[u8], _: &[u8]) -> [u8; 32] {
            [key[0]; 32]
        }
    }

    #[test]
    fn what_is_counted_out_again_leaves_nothing_and_the_order_does_not_matter() {
        let keys: [&[u8]; 4] = [&[255], &[1], &[128], &[255]];
        let mut tally = Tally::default();
        keys.iter().for_each(|key| tally.add(&Ones, key, b""));
        let mut other = Tally::default();
        keys.iter().rev().for_each(|key| other.add(&Ones, key, b""));
        assert_eq!(tally, other);
        assert_eq!(tally.count, 4);
        // 0xff…ff + 0x01…01 carries out of every word.
        let mut two = Tally::default();
        two.add(&Ones, &[255], b"");
        two.add(&Ones, &[1], b"");
        assert_eq!(two.sum[0], 0x0101_0101_0101_0100);
        assert_eq!(two.sum[3], 0x0101_0101_0101_0101);
        keys.iter().for_each(|key| tally.remove(&Ones, key, b""));
        assert_eq!(tally, Tally::default());
    }
}
