//! What accounts are called: looked up on threads of its own, and kept for a while.
//!
//! The user database may be a server elsewhere that does not answer. Nobody waits for it but who comes from that account,
//! and that not for long: then its number stands for the name.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use super::pool::Pool;

/// Accounts that are remembered at a time: beyond it the one that was looked up first is forgotten.
const REMEMBERED: usize = 1024;
/// How long a name is believed, and no further answer is asked for.
const AGE: Duration = Duration::from_secs(60);
/// How long a connection waits for its account's name.
const PATIENCE: Duration = Duration::from_secs(1);
/// Accounts that are looked up at a time.
const THREADS: usize = 4;
/// Those that may wait.
const WAITING: usize = 64;

/// What looks a name up, and may take its time.
type LookUp = fn(u32) -> String;

/// The accounts' names.
pub(super) struct Names {
    known: Mutex<HashMap<u32, Known>>,
    pool: Pool,
    look_up: LookUp,
}

#[derive(Clone)]
struct Known {
    since: Instant,
    /// None until it was looked up.
    name: watch::Receiver<Option<Arc<str>>>,
}

impl Names {
    /// # Errors
    /// A thread cannot be had.
    pub(super) fn new(look_up: LookUp) -> io::Result<Self> {
        Ok(Self {
            known: Mutex::default(),
            pool: Pool::new("names", THREADS, WAITING, 0)?,
            look_up,
        })
    }

    /// What an account is called; `uid 1234` for one without a name, or while nobody says it.
    pub(super) async fn of(&self, uid: u32) -> Arc<str> {
        if let Some(mut name) = self.known_or_asked(uid, Instant::now())
            && let Ok(Ok(name)) = timeout(PATIENCE, name.wait_for(Option::is_some)).await
            && let Some(name) = &*name
        {
            return Arc::clone(name);
        }
        format!("uid {uid}").into()
    }

    fn known_or_asked(&self, uid: u32, now: Instant) -> Option<watch::Receiver<Option<Arc<str>>>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let is_fresh = |known: &Known| now.saturating_duration_since(known.since) < AGE;
        if let Some(known) = known.get(&uid).filter(|known| is_fresh(known)) {
            return Some(known.name.clone());
        }
        let (told, name) = watch::channel(None);
        let look_up = self.look_up;
        let work = move || told.send_replace(Some(look_up(uid).into()));
        // What comes of it arrives where everybody sees it.
        drop(self.pool.try_run(work).ok()?);
        if known.len() >= REMEMBERED && !known.contains_key(&uid) {
            let first = known.iter().min_by_key(|(_, known)| known.since);
            if let Some(first) = first.map(|(uid, _)| *uid) {
                known.remove(&first);
            }
        }
        let entry = Known {
            since: now,
            name: name.clone(),
        };
        known.insert(uid, entry);
        Some(name)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    fn run<T>(work: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build();
        runtime.unwrap().block_on(work)
    }

    #[test]
    fn who_asks_again_is_told_what_is_known_until_it_is_old() {
        static ASKED: AtomicU32 = AtomicU32::new(0);
        let names = Names::new(|uid| format!("{uid} {}", ASKED.fetch_add(1, Ordering::Relaxed))).unwrap();
        run(async {
            assert_eq!(&*names.of(7).await, "7 0");
            assert_eq!(&*names.of(7).await, "7 0");
            let later = Instant::now() + AGE;
            let mut name = names.known_or_asked(7, later).unwrap();
            assert_eq!(
                name.wait_for(Option::is_some).await.unwrap().as_deref(),
                Some("7 1")
            );
        });
    }

    #[test]
    fn an_account_that_nobody_can_name_keeps_no_other_waiting_and_is_asked_for_once() {
        static ASKED: AtomicU32 = AtomicU32::new(0);
        let names = Names::new(|uid| {
            if uid == 7 {
                ASKED.fetch_add(1, Ordering::Relaxed);
                loop {
                    std::thread::park();
                }
            }
            "ada".into()
        });
        let names = names.unwrap();
        run(async {
            for _ in 0..2 * THREADS {
                drop(names.known_or_asked(7, Instant::now()));
            }
            assert_eq!(&*names.of(8).await, "ada");
            assert_eq!(&*names.of(7).await, "uid 7");
        });
        assert_eq!(ASKED.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn however_many_accounts_there_are_only_so_many_are_remembered() {
        let names = Names::new(|uid| uid.to_string()).unwrap();
        run(async {
            for uid in 0..=REMEMBERED as u32 {
                assert_eq!(*names.of(uid).await, uid.to_string());
            }
        });
        let known = names.known.lock().unwrap();
        assert_eq!(known.len(), REMEMBERED);
        assert!(!known.contains_key(&0), "the first is forgotten");
    }
}
