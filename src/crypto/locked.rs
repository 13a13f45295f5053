//! Keys that live as long as the process, in memory of their own that is locked: it is never swapped out.
//!
//! Locked are the keyring's keys (its root, what seals records, what digests tokens) and the keys of the store's files; each
//! set has a page to itself, so that no other value's end unlocks it. An ordinary user may lock little (RLIMIT_MEMLOCK,
//! often 8 MB, at least 64 KB): where that is used up the keys are there nevertheless, and the service says so.
//! Not locked is what lives for a moment (a password, a token at its reveal, a private key on its way to OpenSSL) and
//! what OpenSSL keeps.

use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};

use region::LockGuard;

/// Whether all keys of the process could be locked so far.
static ALL_LOCKED: AtomicBool = AtomicBool::new(true);

/// Whether every key of this process is in locked memory.
pub(super) fn all_locked() -> bool {
    ALL_LOCKED.load(Ordering::Relaxed)
}

/// A value in pages of its own, locked where the system allows it. It wipes itself, while it is still locked.
pub(super) struct Locked<T> {
    // Before the lock: fields are dropped in their order.
    value: Box<Paged<T>>,
    _lock: Option<LockGuard>,
}

/// As large as whole pages are, and beginning with one.
#[repr(C, align(4096))]
struct Paged<T>(T);

impl<T> Locked<T> {
    pub(super) fn new(value: T) -> Self {
        let value = Box::new(Paged(value));
        let lock = region::lock(&raw const *value, size_of::<Paged<T>>()).ok();
        if lock.is_none() {
            ALL_LOCKED.store(false, Ordering::Relaxed);
        }
        Self { value, _lock: lock }
    }
}

impl<T> Deref for Locked<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Kilobytes that the kernel counts as locked.
    fn locked() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find(|line| line.starts_with("VmLck:")).unwrap();
        line.split_ascii_whitespace().nth(1).unwrap().parse().unwrap()
    }

    #[test]
    fn a_value_has_locked_pages_of_its_own() {
        let values = [(); 8].map(|()| Locked::new([7_u8; 5000]));
        assert!(locked() >= 8 * 8 && all_locked());
        for value in &values {
            assert_eq!(&raw const **value as usize % 4096, 0);
            assert_eq!(**value, [7; 5000]);
        }
    }
}
