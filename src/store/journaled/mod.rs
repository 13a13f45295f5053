//! The store on disk that can be trusted: a sled database that holds the records, and a journal beside it that proves them.
//!
//! - A commit is a frame of the journal, synced, and the anchor, synced; then it is answered (`commit`). The database has
//!   it a moment later, and before anything is read there (`following`).
//! - Opening compares count and digest of all records with the journal's last frame, and mends or refuses (`open`).
//! - Checkpoints keep the journal short (`checkpoints`); a database that is wrong is built anew from them (`rebuild`).
//! - Under a new keyring the store is built anew beside the old one (`rekey`), whose files go afterwards (`epochs`).
//! - The anchor, outside the data directory, tells an older state put in the place of a newer one (`anchoring`).

mod anchoring;
mod backup;
mod checkpoints;
mod commit;
pub mod doctor;
mod epochs;
mod following;
mod layout;
mod mend;
mod open;
mod position;
mod rebuild;
mod rekey;

use std::fmt;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};
use std::thread;

pub use self::backup::{Restored, Survivor};
pub use self::layout::Places;

use self::anchoring::Anchoring;
use self::commit::{Job, Writer};
use self::epochs::Leftovers;
use self::following::Following;
use self::layout::Layout;
use self::open::Tail;
use super::journal::Tally;
use super::journal::anchor::AnchorFile;
use super::record;
use super::sled::{Database, UsageDatabase};
use super::slots::Slots;
use crate::domain::audit::AuditEntry;
use crate::domain::id::TokenId;
use crate::domain::secret::Sealed;
use crate::domain::time::Timestamp;
use crate::domain::usage::Usage;
use crate::service::ports::{
    Batch, Change, Clock, Loaded, Notice, Opening, Record, Revision, SlotId, Store, StoreCipher, StoreError,
    StoreHealth, Takeover, TimeMark, UsageRecord,
};

/// Batches of records that may wait to be decoded.
const AHEAD: usize = 8;

/// The store in a data directory and a state directory.
pub struct JournaledStore {
    layout: Layout,
    cipher: Arc<dyn StoreCipher>,
    clock: Arc<dyn Clock>,
    database: Arc<RwLock<Database>>,
    usage: UsageDatabase,
    slots: Slots,
    writer: Mutex<Writer>,
    waiting: Mutex<Vec<Arc<Job>>>,
    checkpointing: Mutex<()>,
    anchoring: Anchoring,
    following: Following,
    facts: Mutex<Facts>,
    /// The clock's reading that never goes back, at the opening.
    opened: std::time::Duration,
    /// Of other keyrings' epochs, until they are removed.
    leftovers: Mutex<Leftovers>,
}

/// What is told about the store.
#[derive(Default)]
struct Facts {
    notices: Vec<Notice>,
    verified_at: Option<Timestamp>,
    checkpoint_at: Option<Timestamp>,
    /// The checkpoint that was read through.
    proven: Option<u64>,
}

impl JournaledStore {
    /// Opens the store in `places`, made when it is not there; [`Store::load`] compares it with its journal.
    ///
    /// The directories are checked and the data directory is locked already: `system::data_dir`, `system::lock`.
    ///
    /// # Errors
    /// It is damaged beyond what can be mended without a loss, the disk is full, or the operating system refused.
    pub fn open(
        places: &Places,
        cipher: Arc<dyn StoreCipher>,
        clock: Arc<dyn Clock>,
        takeover: &dyn Takeover,
    ) -> Result<Self, StoreError> {
        let layout = Layout::new(places, &*cipher);
        let leftovers = Leftovers::find(&layout, &*cipher)?;
        let (slots, slots_mended) = Slots::open(&places.data, layout.suffix(), Arc::clone(&cipher))?;
        let opening = open::Opening {
            layout: &layout,
            cipher: &cipher,
            clock: &*clock,
            has_slots: !slots.is_empty(),
        };
        let opened = opening.open(takeover, &mut |slot, wrapped| slots.add(slot, wrapped))?;
        let (usage, usage_lost) = UsageDatabase::open(&layout.usage());
        let mut notices = opened.notices;
        notices.extend(slots_mended.then_some(Notice::SlotsMended));
        notices.extend(usage_lost.then_some(Notice::UsageLost));
        let anchoring = Anchoring::begin(
            AnchorFile::open(layout.anchor(), &opened.anchor),
            Arc::clone(&cipher),
            Arc::clone(&clock),
            &opened.anchor,
        );
        let openings = opened.database.openings();
        let database = Arc::new(RwLock::new(opened.database));
        let store = Self {
            opened: clock.monotonic(),
            following: Following::begin(Arc::clone(&database), Arc::clone(&cipher), openings),
            layout,
            cipher,
            clock,
            database,
            usage,
            slots,
            writer: Mutex::new(Writer {
                journal: opened.journal,
                position: opened.position,
                behind: None,
                role: opened.role,
                is_suspect: false,
                closed: None,
                rollback: opened.rollback,
                accepts: false,
                tail: opened.tail,
                verified: false,
            }),
            waiting: Mutex::default(),
            checkpointing: Mutex::default(),
            anchoring,
            facts: Mutex::new(Facts {
                notices,
                ..Facts::default()
            }),
            leftovers: Mutex::new(leftovers),
        };
        store.facts().checkpoint_at = store.newest_checkpoint();
        Ok(store)
    }

    fn database(&self) -> RwLockReadGuard<'_, Database> {
        self.database.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn facts(&self) -> MutexGuard<'_, Facts> {
        lock(&self.facts)
    }

    /// Reads all records once: decodes them here, and reckons their digest on the thread that reads, also when one of them
    /// is refused here.
    fn scan(
        &self,
        visit: &mut dyn FnMut(Record, Revision) -> Result<(), StoreError>,
    ) -> (Result<Tally, StoreError>, Result<(), StoreError>) {
        let database = self.database();
        thread::scope(|scope| {
            let (sender, batches) = sync_channel(AHEAD);
            let reader = scope.spawn(|| {
                let sender = sender;
                let mut tally = Tally::default();
                let sent = database.send(&sender, &mut |(key, value)| tally.add(&*self.cipher, key, value));
                sent.map(|()| tally)
            });
            let mut visited = Ok(());
            for (key, value) in batches.iter().flatten() {
                visited = record::decode(&key, &value).and_then(|(record, revision)| visit(record, revision));
                if visited.is_err() {
                    break;
                }
            }
            drop(batches);
            let tally = reader
                .join()
                .unwrap_or_else(|_| Err(StoreError::Damaged("the records cannot be read".into())));
            (tally, visited)
        })
    }

    /// Whether what was read is what the journal says; otherwise the database is built anew.
    fn judge(&self, writer: &mut Writer, scanned: Result<Tally, StoreError>) -> Result<Loaded, StoreError> {
        let wanted = writer.position;
        let difference = scanned.and_then(|tally| self.difference(&wanted, &tally, &self.database()));
        let why = match difference {
            Ok(None) => return self.whole(writer),
            Ok(Some(why)) | Err(StoreError::Damaged(why) | StoreError::Closed(why)) => why,
            Err(error) => return Err(error),
        };
        if writer.tail == Tail::UnansweredIfWhole || writer.rollback.is_some() {
            return Err(StoreError::Damaged(format!(
                "{}: {why}; and frame {} of the journal is not there to tell",
                self.layout.records().display(),
                wanted.link.sequence + 1
            )));
        }
        self.replace_database(writer, &self.following.turn(), why)?;
        Ok(Loaded::Mended)
    }

    /// Puts the anchor back that somebody took away while nothing was committed.
    fn watch_anchor(&self) {
        let writer = lock(&self.writer);
        // A fault is told by the health.
        let _ = self.anchoring.pen().settle(writer.position.link);
    }

    fn whole(&self, writer: &mut Writer) -> Result<Loaded, StoreError> {
        if writer.tail != Tail::Clean {
            writer.journal.cut()?;
            writer.tail = Tail::Clean;
            let sequence = writer.position.link.sequence + 1;
            self.facts().notices.push(Notice::TornFrame(sequence));
        }
        writer.verified = true;
        self.facts().verified_at = Some(self.clock.now());
        if writer.rollback.is_none() {
            self.anchoring.follow(writer.position.link);
        }
        Ok(Loaded::Whole)
    }
}

impl Drop for JournaledStore {
    /// Closed in order, the database is a witness of all that was answered, also where the anchor is lost.
    fn drop(&mut self) {
        let mut writer = lock(&self.writer);
        if writer.verified && writer.closed.is_none() && writer.rollback.is_none() {
            // What it does not have the journal has.
            let _ = self.stand_witness(&mut writer);
        }
    }
}

impl fmt::Debug for JournaledStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JournaledStore")
            .field("layout", &self.layout)
            .finish_non_exhaustive()
    }
}

impl Store for JournaledStore {
    fn load(
        &self,
        visit: &mut dyn FnMut(Record, Revision) -> Result<(), StoreError>,
    ) -> Result<Loaded, StoreError> {
        let mut writer = lock(&self.writer);
        self.mend(&mut writer)?;
        let (scanned, visited) = self.scan(visit);
        let loaded = self.judge(&mut writer, scanned)?;
        // Of records that were damaged nobody could know what they were; a whole one may be too new for us.
        if loaded == Loaded::Whole {
            visited?;
        }
        Ok(loaded)
    }

    fn opening(&self) -> Opening {
        let rollback = lock(&self.writer).rollback;
        let notices = self.facts().notices.clone();
        Opening { notices, rollback }
    }

    fn accept_rollback(&self) -> Result<(), StoreError> {
        lock(&self.writer).accepts = true;
        Ok(())
    }

    fn health(&self) -> StoreHealth {
        let writer = lock(&self.writer);
        let behind = writer.behind.clone();
        let behind = behind.or_else(|| self.following.behind(&self.database()));
        let facts = self.facts();
        let (anchored_at, anchor_fault) = self.anchoring.health();
        let behind = behind.map(|behind| {
            format!(
                "the database is behind the journal ({}); nothing is lost, and it is tried again",
                behind.why
            )
        });
        let closed = writer.closed.as_ref().map(|why| {
            format!("the journal cannot be written ({why}); nothing more is changed until the store is opened again")
        });
        StoreHealth {
            sequence: writer.position.link.sequence,
            records: writer.position.tally.count,
            verified_at: facts.verified_at,
            checkpoint_at: facts.checkpoint_at,
            anchored_at,
            faults: [closed, behind, anchor_fault, self.usage.fault()]
                .into_iter()
                .flatten()
                .collect(),
        }
    }

    fn maintain(&self) -> Result<(), StoreError> {
        self.mended()?;
        self.following.turn().sync()?;
        let is_whole = {
            let writer = lock(&self.writer);
            writer.verified && writer.rollback.is_none()
        };
        if is_whole {
            lock(&self.leftovers).remove()?;
            self.watch_anchor();
        }
        self.checkpoint_if_due()
    }

    fn slot(&self, slot: SlotId) -> Option<Sealed> {
        self.slots.slot(slot)
    }

    fn add_slot(&self, slot: SlotId, wrapped: &Sealed) -> Result<(), StoreError> {
        self.slots.add(slot, wrapped)
    }

    fn retain_slots(&self, keep: &[SlotId]) -> Result<usize, StoreError> {
        // After a commit whose outcome is unknown nobody knows which keys are active.
        {
            let writer = lock(&self.writer);
            let why = match &writer.closed {
                Some(why) => Some(why.clone()),
                None if writer.rollback.is_some() => Some("an older state waits to be accepted".into()),
                None if !writer.verified => Some("the records were not read yet".into()),
                None => None,
            };
            if let Some(why) = why {
                return Err(StoreError::Closed(why));
            }
        }
        self.slots.retain(keep)
    }

    fn recorded_time(&self) -> Option<TimeMark> {
        self.anchoring.time()
    }

    fn record_time(&self, mark: TimeMark) {
        self.anchoring.record_time(mark);
    }

    fn commit(&self, batch: &Batch) -> Result<(), StoreError> {
        self.submit(batch)
    }

    fn audit_head(&self) -> Result<Option<AuditEntry>, StoreError> {
        Ok(self.audit_page(None, 1)?.pop())
    }

    fn audit_page(&self, before: Option<u64>, limit: usize) -> Result<Vec<AuditEntry>, StoreError> {
        self.following.apply();
        let entries = self.database().newest_audit(before, limit)?;
        entries
            .iter()
            .map(|(key, value)| record::decode_audit(key, value))
            .collect()
    }

    fn changes(&self) -> Result<Vec<Change>, StoreError> {
        Ok(Vec::new())
    }

    fn load_usage(&self, visit: &mut dyn FnMut(UsageRecord)) -> Result<(), StoreError> {
        if self.usage.load(visit) {
            self.facts().notices.push(Notice::UsageLost);
        }
        Ok(())
    }

    fn token_usage(&self, token: TokenId) -> Result<Option<Usage>, StoreError> {
        self.usage.of_token(token)
    }

    fn write_usage(&self, records: &[UsageRecord]) -> Result<(), StoreError> {
        self.usage.write(records)
    }
}

/// A panic elsewhere leaves what these guard whole: every change is made in one step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
