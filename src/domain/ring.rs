//! Counts of the latest units of time, minutes or seconds: what a live screen shows.

/// The counts of the latest `N` units of time, in room that does not grow.
#[derive(Debug, Clone, Copy)]
pub struct Ring<const N: usize> {
    newest: i64,
    counts: [u32; N],
}

impl<const N: usize> Default for Ring<N> {
    fn default() -> Self {
        Self {
            newest: i64::MIN,
            counts: [0; N],
        }
    }
}

impl<const N: usize> Ring<N> {
    /// Counts in a unit; one that is too old is left out.
    pub fn add(&mut self, unit: i64, count: u32) {
        if unit > self.newest {
            // What lies between was silent, and so was what the ring held before that.
            let first = self
                .newest
                .saturating_add(1)
                .max(unit.saturating_sub(N as i64 - 1));
            for silent in first..=unit {
                self.counts[place::<N>(silent)] = 0;
            }
            self.newest = unit;
        }
        if self.holds(unit) {
            let count_of = &mut self.counts[place::<N>(unit)];
            *count_of = count_of.saturating_add(count);
        }
    }

    /// The counts of the `N` units up to `now`, the oldest first.
    #[must_use]
    pub fn window(&self, now: i64) -> [u32; N] {
        std::array::from_fn(|from_oldest| {
            let unit = now.saturating_sub((N - 1 - from_oldest) as i64);
            if self.holds(unit) {
                self.counts[place::<N>(unit)]
            } else {
                0
            }
        })
    }

    /// The sum of [`Self::window`].
    #[must_use]
    pub fn sum(&self, now: i64) -> u64 {
        self.window(now).iter().map(|&count| u64::from(count)).sum()
    }

    fn holds(&self, unit: i64) -> bool {
        unit <= self.newest && self.newest.saturating_sub(unit) < N as i64
    }
}

const fn place<const N: usize>(unit: i64) -> usize {
    unit.rem_euclid(N as i64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_holds_the_latest_units_and_nothing_older() {
        let mut ring = Ring::<4>::default();
        assert_eq!(ring.window(7), [0; 4]);
        for (unit, count) in [(10, 1), (11, 2), (11, 2), (13, 8), (9, 100), (12, 3)] {
            ring.add(unit, count);
        }
        assert_eq!(ring.window(13), [1, 4, 3, 8]);
        assert_eq!(ring.window(15), [3, 8, 0, 0]);
        assert_eq!(ring.window(11), [0, 0, 1, 4]);
        assert_eq!((ring.sum(13), ring.sum(17)), (16, 0));
        ring.add(14, 1);
        assert_eq!(ring.window(14), [4, 3, 8, 1]);
        ring.add(1_000, 5);
        assert_eq!(ring.window(1_000), [0, 0, 0, 5]);
    }

    #[test]
    fn a_count_stays_at_its_most() {
        let mut ring = Ring::<2>::default();
        ring.add(-1, u32::MAX);
        ring.add(-1, 1);
        assert_eq!(ring.sum(-1), u64::from(u32::MAX));
    }
}
