//! Keeps the anchor at most a second behind the journal, on a thread of its own: commits do not wait for it.

use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::domain::time::Timestamp;
use crate::service::ports::{Clock, StoreCipher, StoreError, TimeMark};
use crate::store::failure;
use crate::store::journal::Link;
use crate::store::journal::anchor::Anchor;

/// Between two writes.
const PAUSE: Duration = Duration::from_millis(900);

pub(super) struct Anchoring {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    path: PathBuf,
    cipher: Arc<dyn StoreCipher>,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    /// Held while the file is written.
    writing: Mutex<()>,
    wake: Condvar,
}

/// Why it could not be written: as the store's error, and as a sentence that says what that means.
type Fault = (StoreError, String);

#[derive(Default)]
struct State {
    /// What the anchor should say; `None` while nothing may be written.
    wanted: Option<Link>,
    time: Option<TimeMark>,
    written: Option<(Link, Option<TimeMark>)>,
    written_at: Option<Timestamp>,
    fault: Option<Fault>,
    ends: bool,
}

impl State {
    fn is_due(&self) -> bool {
        self.wanted
            .is_some_and(|link| self.written != Some((link, self.time)))
    }
}

impl Anchoring {
    /// Begins with what was found; nothing is written before the first [`Self::follow`].
    pub(super) fn begin(
        path: PathBuf,
        cipher: Arc<dyn StoreCipher>,
        clock: Arc<dyn Clock>,
        found: Option<&Anchor>,
    ) -> Self {
        let state = State {
            time: found.and_then(|anchor| anchor.time),
            written: found.map(|anchor| (anchor.link, anchor.time)),
            written_at: found.map(|anchor| anchor.at),
            ..State::default()
        };
        let shared = Arc::new(Shared {
            path,
            cipher,
            clock,
            state: Mutex::new(state),
            writing: Mutex::default(),
            wake: Condvar::new(),
        });
        let of_thread = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("anchor".into());
        let thread = thread.spawn(move || of_thread.run());
        if let Err(error) = &thread {
            let said = format!(
                "the anchor is written at the end only, for want of a thread ({error}); end this process and start again"
            );
            shared.lock().fault = Some((StoreError::Io(said.clone()), said));
        }
        let thread = thread.ok();
        Self { shared, thread }
    }

    /// The journal has come so far.
    pub(super) fn follow(&self, link: Link) {
        self.shared.lock().wanted = Some(link);
        self.shared.wake.notify_one();
    }

    /// Nothing may be written any more.
    pub(super) fn forget(&self) {
        self.shared.lock().wanted = None;
    }

    /// Writes it now, for a change that must not be late.
    pub(super) fn write_now(&self) -> Result<(), StoreError> {
        self.shared.write();
        let state = self.shared.lock();
        state
            .fault
            .as_ref()
            .map_or(Ok(()), |(error, _)| Err(error.clone()))
    }

    pub(super) fn time(&self) -> Option<TimeMark> {
        self.shared.lock().time
    }

    pub(super) fn record_time(&self, mark: TimeMark) {
        self.shared.lock().time = Some(mark);
        self.shared.wake.notify_one();
    }

    /// When it was written, and what was wrong the last time.
    pub(super) fn health(&self) -> (Option<Timestamp>, Option<String>) {
        let state = self.shared.lock();
        (
            state.written_at,
            state.fault.as_ref().map(|(_, said)| said.clone()),
        )
    }
}

impl Drop for Anchoring {
    fn drop(&mut self) {
        self.shared.lock().ends = true;
        self.shared.wake.notify_one();
        if let Some(thread) = self.thread.take() {
            // It contains no panic of ours; the last write is done here in any case.
            let _ = thread.join();
        }
        self.shared.write();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        let mut state = self.lock();
        while !state.ends {
            if state.is_due() {
                drop(state);
                self.write();
                state = self.lock();
                if !state.ends {
                    let waited = self.wake.wait_timeout_while(state, PAUSE, |state| !state.ends);
                    state = waited.unwrap_or_else(PoisonError::into_inner).0;
                }
            } else {
                state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    fn write(&self) {
        let _one_at_a_time = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let (link, time) = {
            let state = self.lock();
            match state.wanted {
                Some(link) if state.is_due() => (link, state.time),
                _ => return,
            }
        };
        let at = self.clock.now();
        let anchor = Anchor { link, at, time };
        let result = anchor.write(&self.path, &*self.cipher);
        let mut state = self.lock();
        match result {
            Ok(()) => {
                state.written = Some((link, time));
                state.written_at = Some(at);
                state.fault = None;
            }
            Err(error) => {
                let said = format!(
                    "the anchor {} cannot be written: {error}; an old copy of the store put back would not be noticed",
                    self.path.display()
                );
                state.fault = Some((failure::of(&self.path, &error), said));
            }
        }
    }
}
