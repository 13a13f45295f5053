//! The database follows the journal, on a thread of its own and off the commits' path: a frame and the anchor are what they
//! wait for.
//!
//! - A commit that is answered is queued here. Some 200 ms after the first, or at once where many wait, all are applied in
//!   their order, many in one transaction with the position of the last, and made to last. Where too many wait, the next
//!   commit applies them itself.
//! - What is not applied is known by its keys, for what the next commit expects. Whoever reads anything else in the
//!   database applies the queue before.
//! - Whoever has the turn writes to the database, and nobody else: the thread, a reader, a commit of a witness, `mend`.
//! - A failure leaves the database behind: the queue is dropped and takes nothing, until `mend` has caught up from the
//!   journal, which has all of it. A crash leaves it behind as well, and the next opening replays.
//!
//! Order of the locks: the writer, the anchor's pen, the turn, the database, the queue. Whoever has one asks for none
//! before it.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};
use std::thread::JoinHandle;
use std::time::Duration;

use super::lock;
use super::mend::Behind;
use super::position::{Position, Role};
use super::rebuild::put_body;
use crate::service::ports::{StoreCipher, StoreError};
use crate::store::journal::Body;
use crate::store::sled::Database;

/// From the first commit that is not applied and synced.
const PAUSE: Duration = Duration::from_millis(200);
/// Writes that are done in one transaction, or a few more.
const GROUP: usize = 1000;
/// So many frames, or bytes, are not waited with.
const LONG: (usize, usize) = (500, 1 << 20);
/// So many may wait.
const MOST: (usize, usize) = (1000, 4 << 20);

/// New values by their keys; `None` is removed.
pub(super) type Values = HashMap<Vec<u8>, Option<Vec<u8>>>;

/// A commit that is in the journal, on its way into the database.
pub(super) struct Frame {
    pub(super) position: Position,
    pub(super) body: Body,
}

pub(super) struct Following {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    cipher: Arc<dyn StoreCipher>,
    database: Arc<RwLock<Database>>,
    turn: Mutex<()>,
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Frame>,
    /// Frames that are not applied: the queue's, and those that are being applied.
    frames: usize,
    /// Their length, roughly.
    bytes: usize,
    /// Their newest values, with the sequence of the frame.
    values: HashMap<Vec<u8>, (u64, Option<Vec<u8>>)>,
    /// Something was applied that is to last.
    is_due: bool,
    /// Why nothing is applied any more.
    behind: Option<Behind>,
    /// How often the database had been opened when it had all that was applied.
    openings: u64,
    ends: bool,
}

impl State {
    const fn is_beyond(&self, (frames, bytes): (usize, usize)) -> bool {
        self.frames >= frames || self.bytes >= bytes
    }

    const fn is_idle(&self) -> bool {
        self.frames == 0 && !self.is_due
    }

    /// The next frames for one transaction.
    fn take(&mut self) -> Vec<Frame> {
        let mut writes = 0;
        let mut taken = Vec::new();
        while writes < GROUP {
            let Some(frame) = self.queue.pop_front() else {
                break;
            };
            writes += frame.body.records.len() + frame.body.audit.len();
            taken.push(frame);
        }
        taken
    }

    fn forget(&mut self) {
        self.queue.clear();
        self.values.clear();
        (self.frames, self.bytes) = (0, 0);
    }

    fn fail(&mut self, behind: Behind) {
        self.forget();
        self.behind.get_or_insert(behind);
    }
}

/// The right to write to the database.
pub(super) struct Turn<'a> {
    shared: &'a Shared,
    _nobody_else: MutexGuard<'a, ()>,
}

impl Following {
    /// Begins with a database that has all that it was given.
    pub(super) fn begin(
        database: Arc<RwLock<Database>>,
        cipher: Arc<dyn StoreCipher>,
        openings: u64,
    ) -> Self {
        let shared = Arc::new(Shared {
            cipher,
            database,
            turn: Mutex::default(),
            state: Mutex::new(State {
                openings,
                ..State::default()
            }),
            wake: Condvar::new(),
        });
        let of_thread = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("follow".into());
        // Without a thread to be had, maintenance does it, and whoever reads.
        let thread = thread.spawn(move || of_thread.run()).ok();
        Self { shared, thread }
    }

    /// Takes a frame that comes after all that were taken; `values` is what it wrote.
    pub(super) fn queue(&self, frame: Frame, values: Values) {
        let mut state = lock(&self.shared.state);
        if state.behind.is_some() {
            return;
        }
        let (was_idle, was_long) = (state.is_idle(), state.is_beyond(LONG));
        state.frames += 1;
        state.bytes += length(&frame.body);
        let sequence = frame.position.link.sequence;
        let values = values.into_iter().map(|(key, value)| (key, (sequence, value)));
        state.values.extend(values);
        state.queue.push_back(frame);
        let (is_long, is_full) = (state.is_beyond(LONG), state.is_beyond(MOST));
        drop(state);
        if was_idle || (is_long && !was_long) {
            self.shared.wake.notify_one();
        }
        if is_full {
            // Its failure is found by the next commit.
            let _ = self.turn().apply();
        }
    }

    /// What a frame wrote that is not applied; the inner `None` where it removed the record.
    pub(super) fn queued(&self, key: &[u8]) -> Option<Option<Vec<u8>>> {
        let state = lock(&self.shared.state);
        state.values.get(key).map(|(_, value)| value.clone())
    }

    /// Brings all that was taken into the database, for whoever reads it then. Where it fails, the database says so itself,
    /// or is behind.
    pub(super) fn apply(&self) {
        if lock(&self.shared.state).frames > 0 {
            let _ = self.turn().apply();
        }
    }

    /// Why the database may lack something that was given to it, if it may.
    pub(super) fn behind(&self, database: &Database) -> Option<Behind> {
        self.shared.behind(database)
    }

    /// The right to write to the database, when nobody else does.
    pub(super) fn turn(&self) -> Turn<'_> {
        self.shared.turn()
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        lock(&self.shared.state).ends = true;
        self.shared.wake.notify_one();
        if let Some(thread) = self.thread.take() {
            // It contains no panic of ours.
            let _ = thread.join();
        }
        // What fails the next opening replays.
        let _ = self.shared.turn().apply();
    }
}

impl Turn<'_> {
    /// Applies all that is queued; why the database is behind, if it is.
    pub(super) fn apply(&self) -> Option<Behind> {
        let database = self.shared.database();
        loop {
            let frames = lock(&self.shared.state).take();
            let Some(last) = frames.last() else {
                return self.shared.behind(&database);
            };
            let position = last.position;
            // After a failure the queue is empty.
            let _ = self.write(&database, frames, &position, Role::Follower, false);
        }
    }

    /// Makes all that was applied last through a power cut.
    ///
    /// # Errors
    /// The disk is full, or the operating system refused; the database is behind then.
    pub(super) fn sync(&self) -> Result<(), StoreError> {
        if !std::mem::take(&mut lock(&self.shared.state).is_due) {
            return Ok(());
        }
        let database = self.shared.database();
        let synced = database.sync();
        // It may have been opened again in between, without what was to last.
        let behind = match &synced {
            Ok(()) => self.shared.behind(&database),
            Err(error) => Some(said_of(&database, error)),
        };
        if let Some(behind) = behind {
            lock(&self.shared.state).fail(behind);
        }
        synced
    }

    /// Applies all that is queued and this frame after it, and the role that the database has with it; synced when it
    /// returns.
    ///
    /// # Errors
    /// The database is behind.
    pub(super) fn settle(&self, frame: Frame, role: Role) -> Result<(), Behind> {
        self.apply().map_or(Ok(()), Err)?;
        let position = frame.position;
        let database = self.shared.database();
        self.write(&database, vec![frame], &position, role, true)
    }

    /// The database has all that is in the journal, synced.
    pub(super) fn caught_up(&self) {
        let openings = self.shared.database().openings();
        let mut state = lock(&self.shared.state);
        state.forget();
        state.behind = None;
        state.is_due = false;
        state.openings = openings;
    }

    /// Writes frames in one transaction, after all that came before them.
    fn write(
        &self,
        database: &Database,
        frames: Vec<Frame>,
        position: &Position,
        role: Role,
        is_durable: bool,
    ) -> Result<(), Behind> {
        let lengths = frames.iter().map(|frame| length(&frame.body));
        let (count, bytes) = (frames.len(), lengths.sum::<usize>());
        let written = self.shared.behind(database).map_or(Ok(()), Err).and_then(|()| {
            let mut writes = database.writes();
            for frame in frames {
                put_body(&mut writes, frame.body);
            }
            position
                .seal(role, &*self.shared.cipher)
                .and_then(|sealed| writes.commit(is_durable, sealed))
                .map_err(|error| said_of(database, &error))?;
            // It may have been opened again in between.
            self.shared.behind(database).map_or(Ok(()), Err)
        });
        let mut state = lock(&self.shared.state);
        match &written {
            Ok(()) => {
                let sequence = position.link.sequence;
                // Zero after a frame that was never queued.
                state.frames = state.frames.saturating_sub(count);
                state.bytes = state.bytes.saturating_sub(bytes);
                state.values.retain(|_, (of, _)| *of > sequence);
                state.is_due = !is_durable;
            }
            Err(behind) => state.fail(behind.clone()),
        }
        written
    }
}

impl Shared {
    fn run(&self) {
        let mut state = lock(&self.state);
        while !state.ends {
            if state.is_idle() {
                state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let waits = |state: &mut State| !state.ends && !state.is_beyond(LONG);
            let waited = self.wake.wait_timeout_while(state, PAUSE, waits);
            drop(waited.unwrap_or_else(PoisonError::into_inner));
            {
                let turn = self.turn();
                // The next commit finds the database behind.
                let _ = turn.apply();
                let _ = turn.sync();
            }
            state = lock(&self.state);
        }
    }

    fn turn(&self) -> Turn<'_> {
        Turn {
            _nobody_else: lock(&self.turn),
            shared: self,
        }
    }

    fn database(&self) -> RwLockReadGuard<'_, Database> {
        self.database.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn behind(&self, database: &Database) -> Option<Behind> {
        let (behind, openings) = {
            let state = lock(&self.state);
            (state.behind.clone(), state.openings)
        };
        let opened_again = || {
            let is_same = database.openings() == openings;
            (!is_same).then(|| ("it was opened again after an error".to_owned(), false).into())
        };
        behind
            .or_else(|| database.fault().map(Behind::from))
            .or_else(opened_again)
    }
}

/// Why a write failed, in the words of the database that it closed.
fn said_of(database: &Database, error: &StoreError) -> Behind {
    let fault = database.fault();
    fault.unwrap_or_else(|| (error.to_string(), false)).into()
}

/// Bytes of keys and values.
fn length(body: &Body) -> usize {
    let records = body.records.iter();
    let records = records.map(|(key, value)| key.len() + value.as_ref().map_or(0, Vec::len));
    let audit = body.audit.iter().map(|(key, value)| key.len() + value.len());
    records.chain(audit).sum()
}

#[cfg(test)]
mod tests;
