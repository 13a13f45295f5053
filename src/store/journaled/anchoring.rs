//! The anchor as the second witness of every commit: it is written after the frame and before the answer (`commit`).
//!
//! A thread of its own writes what no commit waits for: a recorded time, and the anchor again after a write that failed.
//! Whoever has the pen writes: while a frame is being written no slot of the anchor is, so that a power cut tears one of
//! the two at most.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::lock;
use crate::domain::time::Timestamp;
use crate::service::ports::{Clock, StoreCipher, StoreError, TimeMark};
use crate::store::failure;
use crate::store::journal::Link;
use crate::store::journal::anchor::{Anchor, AnchorFile, Found};

/// Between two writes that nobody waits for.
const PAUSE: Duration = Duration::from_millis(900);

pub(super) struct Anchoring {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    cipher: Arc<dyn StoreCipher>,
    clock: Arc<dyn Clock>,
    file: Mutex<AnchorFile>,
    /// Taken after the file, never before it.
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Default)]
struct State {
    /// What the anchor should say; `None` while nothing may be written.
    wanted: Option<Link>,
    time: Option<TimeMark>,
    /// What it says; `None` where it is not whole.
    written: Option<(Link, Option<TimeMark>)>,
    written_at: Option<Timestamp>,
    /// Why it could not be written, and what that means.
    fault: Option<String>,
    ends: bool,
}

impl State {
    fn is_due(&self) -> bool {
        self.wanted
            .is_some_and(|link| self.written != Some((link, self.time)))
    }
}

/// The right to write the anchor.
pub(super) struct Pen<'a> {
    shared: &'a Shared,
    file: MutexGuard<'a, AnchorFile>,
}

impl Pen<'_> {
    /// Makes it say this; durable when it returns.
    ///
    /// # Errors
    /// The operating system refused; it is tried again later.
    pub(super) fn write(&mut self, link: Link) -> Result<(), StoreError> {
        lock(&self.shared.state).wanted = Some(link);
        self.shared.write(&mut self.file)
    }

    /// The same, if it does not say so already.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub(super) fn settle(&mut self, link: Link) -> Result<(), StoreError> {
        let is_in_place = self.file.is_in_place();
        let mut state = lock(&self.shared.state);
        if !is_in_place {
            state.written = None;
        }
        if state.written.is_some_and(|(written, _)| written == link) {
            return Ok(());
        }
        drop(state);
        self.write(link)
    }

    /// Leaves nothing of what it says at the next write.
    pub(super) fn renew(&mut self) {
        self.file.renew();
    }

    /// Nothing may be written any more.
    pub(super) fn forget(&mut self) {
        lock(&self.shared.state).wanted = None;
    }
}

impl Anchoring {
    /// Begins with what was found; nothing is written before a pen says so.
    pub(super) fn begin(
        file: AnchorFile,
        cipher: Arc<dyn StoreCipher>,
        clock: Arc<dyn Clock>,
        found: &Found,
    ) -> Self {
        let anchor = found.anchor;
        let state = State {
            time: anchor.and_then(|anchor| anchor.time),
            written: anchor
                .filter(|_| found.is_whole)
                .map(|anchor| (anchor.link, anchor.time)),
            written_at: anchor.map(|anchor| anchor.at),
            ..State::default()
        };
        let shared = Arc::new(Shared {
            cipher,
            clock,
            file: Mutex::new(file),
            state: Mutex::new(state),
            wake: Condvar::new(),
        });
        let of_thread = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("anchor".into());
        let thread = thread.spawn(move || of_thread.run());
        if let Err(error) = &thread {
            lock(&shared.state).fault = Some(format!(
                "the time is recorded with commits only, for want of a thread ({error}); end this process and start again"
            ));
        }
        let thread = thread.ok();
        Self { shared, thread }
    }

    /// The right to write it, when nobody else does.
    pub(super) fn pen(&self) -> Pen<'_> {
        Pen {
            file: lock(&self.shared.file),
            shared: &self.shared,
        }
    }

    /// It may be written, and is to say this.
    pub(super) fn follow(&self, link: Link) {
        lock(&self.shared.state).wanted = Some(link);
        self.shared.wake.notify_one();
    }

    pub(super) fn time(&self) -> Option<TimeMark> {
        lock(&self.shared.state).time
    }

    pub(super) fn record_time(&self, mark: TimeMark) {
        lock(&self.shared.state).time = Some(mark);
        self.shared.wake.notify_one();
    }

    /// When it was written, and what was wrong the last time.
    pub(super) fn health(&self) -> (Option<Timestamp>, Option<String>) {
        let state = lock(&self.shared.state);
        (state.written_at, state.fault.clone())
    }
}

impl Drop for Anchoring {
    fn drop(&mut self) {
        lock(&self.shared.state).ends = true;
        self.shared.wake.notify_one();
        if let Some(thread) = self.thread.take() {
            // It contains no panic of ours; the last write is done here in any case.
            let _ = thread.join();
        }
        // What it could not say the next opening says.
        let _ = self.shared.write(&mut lock(&self.shared.file));
    }
}

impl Shared {
    fn run(&self) {
        let mut state = lock(&self.state);
        while !state.ends {
            if state.is_due() {
                drop(state);
                // A fault is told by the health.
                let _ = self.write(&mut lock(&self.file));
                state = lock(&self.state);
                if !state.ends {
                    let waited = self.wake.wait_timeout_while(state, PAUSE, |state| !state.ends);
                    state = waited.unwrap_or_else(PoisonError::into_inner).0;
                }
            } else {
                state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    fn write(&self, file: &mut AnchorFile) -> Result<(), StoreError> {
        let (link, time) = {
            let state = lock(&self.state);
            match state.wanted {
                Some(link) if state.is_due() => (link, state.time),
                _ => return Ok(()),
            }
        };
        let at = self.clock.now();
        let anchor = Anchor { link, at, time };
        let result = file.write(&anchor, &*self.cipher);
        let mut state = lock(&self.state);
        match result {
            Ok(()) => {
                state.written = Some((link, time));
                state.written_at = Some(at);
                state.fault = None;
                Ok(())
            }
            Err(error) => {
                let path = file.path();
                state.written = None;
                state.fault = Some(format!(
                    "the anchor {} cannot be written: {error}; an old copy of the store put back would not be noticed",
                    path.display()
                ));
                Err(failure::of(path, &error))
            }
        }
    }
}
