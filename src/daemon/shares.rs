//! At most so many places at a time for each who asks, so that nobody takes them all.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Who has how many places.
pub(super) struct Shares<K> {
    most: usize,
    in_all: usize,
    taken: Mutex<HashMap<K, usize>>,
}

/// A place, given back when it is dropped.
pub(super) struct Share<K: Hash + Eq + Copy> {
    of: Arc<Shares<K>>,
    who: K,
}

impl<K: Hash + Eq + Copy> Shares<K> {
    /// `most` places for each; how many there are together is somebody else's to say.
    pub(super) fn new(most: usize) -> Arc<Self> {
        Self::of(most, usize::MAX)
    }

    /// `most` places for each, and `in_all` for all together.
    pub(super) fn of(most: usize, in_all: usize) -> Arc<Self> {
        Arc::new(Self {
            most,
            in_all,
            taken: Mutex::default(),
        })
    }

    /// How many places are taken.
    pub(super) fn count(&self) -> usize {
        self.taken().values().sum()
    }

    /// A place for `who`, if they have not all of theirs and there is one.
    pub(super) fn take(self: &Arc<Self>, who: K) -> Option<Share<K>> {
        let mut taken = self.taken();
        if taken.values().sum::<usize>() >= self.in_all {
            return None;
        }
        let count = taken.entry(who).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Share {
            of: Arc::clone(self),
            who,
        })
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<K, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Hash + Eq + Copy> Drop for Share<K> {
    fn drop(&mut self) {
        let mut taken = self.of.taken();
        if let Some(count) = taken.get_mut(&self.who) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.who);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_its_own_places_and_gives_them_back() {
        let shares = Shares::new(2);
        let first = shares.take(1);
        let second = shares.take(1);
        assert!(first.is_some() && second.is_some());
        assert!(shares.take(1).is_none());
        assert!(shares.take(2).is_some());
        drop(first);
        assert!(shares.take(1).is_some());
        drop(second);
        assert!(shares.taken().is_empty(), "nobody is remembered who has none");
    }

    #[test]
    fn there_are_only_so_many_for_all() {
        let shares = Shares::of(2, 3);
        let taken = [1, 1, 2].map(|who| shares.take(who));
        assert!(taken.iter().all(Option::is_some));
        assert!(shares.take(3).is_none());
        assert_eq!(shares.count(), 3);
        drop(taken);
        assert_eq!(shares.count(), 0);
        assert!(shares.take(3).is_some());
    }
}
