//! The store on disk, in sled 0.34: a database for records and audit log, and one for usage.
//!
//! A commit is one transaction over both trees, a flush, and an fdatasync of sled's file: what it acknowledged is there
//! after a power cut. Usage lies in a database of its own so that its writes are not in the file that commits sync; a
//! damaged one is set aside as `usage.damaged`, because usage may be lost. One process at a time: `system::lock` sees to it.

pub mod contain;
mod engine;
mod open;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::domain::audit::AuditEntry;
use crate::domain::id::TokenId;
use crate::domain::secret::Sealed;
use crate::domain::usage::Usage;
use crate::service::ports::{
    Batch, Change, Loaded, Opening, Record, Revision, SlotId, Store, StoreError, StoreHealth, TimeMark,
    UsageRecord,
};

use self::engine::Engine;
use self::open::{Entry, Fault, Open, Write};
use super::{batch, record};

/// The store in a data directory.
#[derive(Debug)]
pub struct SledStore {
    records: Engine,
    usage: Engine,
    slots: Mutex<BTreeMap<SlotId, Sealed>>,
}

/// The trees of the first database.
const RECORDS: usize = 0;
const AUDIT: usize = 1;
/// The tree of the second.
const USAGE: usize = 0;

/// sled's default of 1 GB is for another kind of program: here every record is read once, at open.
const RECORDS_CACHE: u64 = 64 * 1024 * 1024;
/// Usage is read once, and written where it was used.
const USAGE_CACHE: u64 = 8 * 1024 * 1024;

/// Records that are handed from reading to decoding at once, and how many times that may wait.
const BATCH: usize = 512;
const BATCHES_AHEAD: usize = 8;

impl SledStore {
    /// Opens the store in `directory` (its folders `records` and `usage`), made when it is not there.
    ///
    /// The directory is checked and locked already: `system::data_dir`, `system::lock`.
    ///
    /// # Errors
    /// It is damaged, the disk is full, or the operating system refused.
    pub fn open(directory: &Path) -> Result<Self, StoreError> {
        let records = Engine::open(directory.join("records"), &["records", "audit"], RECORDS_CACHE)?;
        let usage = match open_usage(directory) {
            Err(StoreError::Damaged(_)) => {
                set_aside(directory)?;
                open_usage(directory)?
            }
            opened => opened?,
        };
        Ok(Self {
            records,
            usage,
            slots: Mutex::default(),
        })
    }
}

impl Store for SledStore {
    fn load(
        &self,
        visit: &mut dyn FnMut(Record, Revision) -> Result<(), StoreError>,
    ) -> Result<Loaded, StoreError> {
        self.records.read(|open| {
            thread::scope(|scope| {
                let (sender, batches) = sync_channel(BATCHES_AHEAD);
                scope.spawn(move || read_ahead(open, &sender));
                for entry in batches.into_iter().flatten() {
                    let (key, value) = entry?;
                    let (record, revision) = record::decode(&key, &value)?;
                    visit(record, revision)?;
                }
                Ok(Loaded::Whole)
            })
        })
    }

    fn opening(&self) -> Opening {
        Opening::default()
    }

    fn accept_rollback(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn health(&self) -> StoreHealth {
        StoreHealth::default()
    }

    fn maintain(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn slot(&self, slot: SlotId) -> Option<Sealed> {
        lock(&self.slots).get(&slot).cloned()
    }

    fn add_slot(&self, slot: SlotId, wrapped: &Sealed) -> Result<(), StoreError> {
        lock(&self.slots).insert(slot, wrapped.clone());
        Ok(())
    }

    fn retain_slots(&self, keep: &[SlotId]) -> Result<usize, StoreError> {
        let mut slots = lock(&self.slots);
        let before = slots.len();
        slots.retain(|slot, _| keep.contains(slot));
        Ok(before - slots.len())
    }

    fn recorded_time(&self) -> Option<TimeMark> {
        None
    }

    fn record_time(&self, _: TimeMark) {}

    fn commit(&self, batch: &Batch) -> Result<(), StoreError> {
        self.records.write(true, |open| {
            let head = newest(open, None, 1)?.first().map_or(0, |entry| entry.sequence);
            let mut fault = None;
            let prepared = batch::prepare(batch, head, &mut |key| match open.value(RECORDS, key) {
                Ok(value) => value.map(|value| record::revision(&value)).transpose(),
                Err(it) => {
                    fault = Some(it);
                    Err(StoreError::Closed(String::new()))
                }
            });
            if let Some(fault) = fault {
                return Err(fault);
            }
            let prepared = prepared?;
            let records = prepared.records.into_iter();
            let audit = prepared.audit.into_iter();
            Ok(records
                .map(|(key, value)| Write {
                    tree: RECORDS,
                    key,
                    value,
                })
                .chain(audit.map(|(key, value)| Write {
                    tree: AUDIT,
                    key,
                    value: Some(value),
                }))
                .collect())
        })
    }

    fn audit_head(&self) -> Result<Option<AuditEntry>, StoreError> {
        Ok(self.audit_page(None, 1)?.pop())
    }

    fn audit_page(&self, before: Option<u64>, limit: usize) -> Result<Vec<AuditEntry>, StoreError> {
        self.records.read(|open| newest(open, before, limit))
    }

    fn changes(&self) -> Result<Vec<Change>, StoreError> {
        Ok(Vec::new())
    }

    fn load_usage(&self, visit: &mut dyn FnMut(UsageRecord)) -> Result<(), StoreError> {
        self.usage.read(|open| {
            for entry in open.entries(USAGE, None) {
                let (key, value) = entry?;
                if let Some(usage) = record::decode_usage(&key, &value) {
                    visit(usage);
                }
            }
            Ok(())
        })
    }

    fn token_usage(&self, token: TokenId) -> Result<Option<Usage>, StoreError> {
        let key = record::token_usage_key(token);
        let value = self.usage.read(|open| open.value(USAGE, &key))?;
        Ok(match value.and_then(|value| record::decode_usage(&key, &value)) {
            Some(UsageRecord::Token(_, usage)) => Some(usage),
            _ => None,
        })
    }

    fn write_usage(&self, records: &[UsageRecord]) -> Result<(), StoreError> {
        self.usage.write(false, |_| {
            let mut writes = Vec::with_capacity(records.len());
            for usage in records {
                let (key, value) = record::encode_usage(usage)?;
                writes.push(Write {
                    tree: USAGE,
                    key,
                    value: Some(value),
                });
            }
            Ok(writes)
        })
    }
}

/// Reads all records in batches while those before are decoded; ends early when nobody wants them any more.
fn read_ahead(open: &Open, sender: &SyncSender<Vec<Result<Entry, Fault>>>) {
    let mut entries = open.entries(RECORDS, None);
    loop {
        let batch: Vec<_> = entries.by_ref().take(BATCH).collect();
        if batch.is_empty() || sender.send(batch).is_err() {
            return;
        }
    }
}

fn newest(open: &Open, before: Option<u64>, limit: usize) -> Result<Vec<AuditEntry>, Fault> {
    let end = before.map(u64::to_be_bytes);
    let entries = open.entries(AUDIT, end.as_ref().map(<[u8; 8]>::as_slice));
    let page = entries.rev().take(limit).map(|entry| {
        let (key, value) = entry?;
        Ok(record::decode_audit(&key, &value)?)
    });
    page.collect()
}

fn open_usage(directory: &Path) -> Result<Engine, StoreError> {
    Engine::open(directory.join("usage"), &["usage"], USAGE_CACHE)
}

fn set_aside(directory: &Path) -> Result<(), StoreError> {
    let (from, to) = (directory.join("usage"), directory.join("usage.damaged"));
    let removed = match fs::remove_dir_all(&to) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    };
    removed
        .and_then(|()| fs::rename(&from, &to))
        .map_err(|error| StoreError::Io(format!("{} cannot be set aside: {error}", from.display())))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
