//! Wakes up a call into sled that waits for a write that failed.
//!
//! When a write fails on one of its own threads, sled 0.34 notes the error and, on one of its paths, wakes nobody: whoever
//! waited for that write waits for ever. Any other flush finds the error and wakes them all. So calls that write are
//! watched, and while one of them does not come back, another flush is made.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use ::sled::Db;

use super::contain::contain;

/// How long a call may take before it is looked after; a slow disk loses nothing by it.
const PATIENCE: Duration = Duration::from_millis(500);

/// Watches the calls into one database.
#[derive(Debug)]
pub(super) struct Nudge {
    calls: Arc<Calls>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Calls {
    begun: AtomicU64,
    ended: AtomicU64,
    is_over: AtomicBool,
}

impl Nudge {
    /// Begins to watch; without a thread to be had, nobody does.
    pub(super) fn start(db: &Db) -> Self {
        let calls = Arc::new(Calls::default());
        let (watched, db) = (Arc::clone(&calls), db.clone());
        let watch = move || watch(&watched, &db);
        let thread = thread::Builder::new().name("sled-nudge".into()).spawn(watch);
        Self {
            calls,
            thread: thread.ok(),
        }
    }

    /// Makes a call that does not panic.
    pub(super) fn during<R>(&self, call: impl FnOnce() -> R) -> R {
        self.calls.begun.fetch_add(1, Ordering::Relaxed);
        let result = call();
        self.calls.ended.fetch_add(1, Ordering::Relaxed);
        result
    }
}

impl Drop for Nudge {
    fn drop(&mut self) {
        self.calls.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // It lets go of its handle on the database, and does not panic.
            let _ = thread.join();
        }
    }
}

/// Flushes that may wait at once: more would wake nobody.
const AT_ONCE: usize = 4;

fn watch(calls: &Calls, db: &Db) {
    let mut before = 0;
    let waiting = Arc::new(());
    while !calls.is_over.load(Ordering::Relaxed) {
        thread::park_timeout(PATIENCE);
        let ended = calls.ended.load(Ordering::Relaxed);
        let is_waiting = calls.begun.load(Ordering::Relaxed) > ended;
        if is_waiting && ended == before && Arc::strong_count(&waiting) <= AT_ONCE {
            let (db, waits) = (db.clone(), Arc::clone(&waiting));
            let flush = move || {
                drop(contain(|| db.flush()));
                drop(waits);
            };
            // On a thread of its own: it may have to wait as well, and then the next one wakes both.
            let _ = thread::Builder::new().name("sled-io-nudge".into()).spawn(flush);
        }
        before = ended;
    }
}
