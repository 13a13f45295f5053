//! The database of records and audit entries, as bytes, and how far it follows the journal.

use std::path::{Path, PathBuf};
use std::sync::mpsc::SyncSender;

use super::engine::Engine;
use super::open::Write;
use crate::service::ports::StoreError;

/// sled's default of 1 GB is for another kind of program: here every record is read once, at open.
const CACHE: u64 = 48 * 1024 * 1024;
/// Entries that are handed on at once.
const BATCH: usize = 512;

/// A tree of the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tree {
    /// Records.
    Records,
    /// Audit entries by their sequence.
    Audit,
}

/// A key and its value.
pub type RawEntry = (sled::IVec, sled::IVec);

const META: usize = 2;
const POSITION: &[u8] = b"position";

/// The database.
#[derive(Debug)]
pub struct Database {
    engine: Engine,
    folder: PathBuf,
}

impl Database {
    /// Opens the database in `folder`, made when it is not there.
    ///
    /// # Errors
    /// It is damaged, the disk is full, or the operating system refused.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let engine = Engine::open(folder.to_owned(), &["records", "audit", "meta"], CACHE)?;
        Ok(Self {
            engine,
            folder: folder.to_owned(),
        })
    }

    /// Where it is.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Opens it again after a fault; nothing to do for one that is open.
    ///
    /// # Errors
    /// As [`Self::open`], and after a panic of sled.
    pub fn reopen(&self) -> Result<(), StoreError> {
        self.engine.reopen()
    }

    /// Why it is closed, and whether opening it again is no help; `None` while it is open.
    #[must_use]
    pub fn fault(&self) -> Option<(String, bool)> {
        self.engine.fault()
    }

    /// How often it was opened: each time may lack what was written without being made to last.
    #[must_use]
    pub fn openings(&self) -> u64 {
        self.engine.openings()
    }

    /// Makes all that was written last through a power cut.
    ///
    /// # Errors
    /// It is damaged, or the disk is full; what was written may turn up all the same.
    pub fn sync(&self) -> Result<(), StoreError> {
        self.engine.sync()
    }

    /// Lets go of its files; whether it could. Nothing is asked of it after that.
    #[must_use]
    pub fn close(&self) -> bool {
        self.engine.close()
    }

    /// How far it follows the journal, as bytes that only the journal's owner reads; `None` for one without a journal.
    ///
    /// # Errors
    /// It is damaged.
    pub fn position(&self) -> Result<Option<Vec<u8>>, StoreError> {
        self.engine
            .read(|open| Ok(open.value(META, POSITION)?.map(|value| value.to_vec())))
    }

    /// The value of a record's key.
    ///
    /// # Errors
    /// It is damaged.
    pub fn value(&self, key: &[u8]) -> Result<Option<sled::IVec>, StoreError> {
        self.engine.read(|open| open.value(Tree::Records as usize, key))
    }

    /// Hands all entries of a tree to `visit`, in the order of their keys.
    ///
    /// # Errors
    /// It is damaged, or what `visit` gave.
    pub fn each(
        &self,
        tree: Tree,
        visit: &mut dyn FnMut(RawEntry) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.engine.read(|open| {
            for entry in open.entries(tree as usize, None) {
                visit(entry?)?;
            }
            Ok(())
        })
    }

    /// Shows every record to `seen`, and sends them on in batches as long as somebody wants them.
    ///
    /// # Errors
    /// It is damaged.
    pub fn send(
        &self,
        sender: &SyncSender<Vec<RawEntry>>,
        seen: &mut dyn FnMut(&RawEntry),
    ) -> Result<(), StoreError> {
        self.engine.read(|open| {
            let mut batch = Vec::with_capacity(BATCH);
            let mut wanted = true;
            for entry in open.entries(Tree::Records as usize, None) {
                let entry = entry?;
                seen(&entry);
                batch.push(entry);
                if batch.len() == BATCH {
                    let full = std::mem::replace(&mut batch, Vec::with_capacity(BATCH));
                    wanted = wanted && sender.send(full).is_ok();
                }
            }
            // Whoever does not want the rest has an error of its own.
            let _ = sender.send(batch);
            Ok(())
        })
    }

    /// Up to `limit` audit entries with a sequence below `before` (all when `None`), the newest first.
    ///
    /// # Errors
    /// It is damaged.
    pub fn newest_audit(&self, before: Option<u64>, limit: usize) -> Result<Vec<RawEntry>, StoreError> {
        self.engine.read(|open| {
            let end = before.map(u64::to_be_bytes);
            let entries = open.entries(Tree::Audit as usize, end.as_ref().map(<[u8; 8]>::as_slice));
            entries.rev().take(limit).collect()
        })
    }

    /// Begins a group of writes.
    #[must_use]
    pub fn writes(&self) -> Writes<'_> {
        Writes {
            database: self,
            writes: Vec::new(),
        }
    }
}

/// Writes that happen together.
#[derive(Debug)]
pub struct Writes<'a> {
    database: &'a Database,
    writes: Vec<Write>,
}

impl Writes<'_> {
    /// Writes or removes (`None`) a value.
    pub fn put(&mut self, tree: Tree, key: Vec<u8>, value: Option<Vec<u8>>) {
        self.writes.push(Write {
            tree: tree as usize,
            key,
            value,
        });
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.writes.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    /// Does it, without making it last through a power cut, and begins anew.
    ///
    /// # Errors
    /// It is damaged, or the disk is full.
    pub fn apply(&mut self) -> Result<(), StoreError> {
        self.database
            .engine
            .write(false, &std::mem::take(&mut self.writes))
    }

    /// Does it, and says how far the database follows the journal now; durable when it returns, if that is asked for.
    ///
    /// # Errors
    /// It is damaged, or the disk is full; it may turn up all the same.
    pub fn commit(mut self, durable: bool, position: Vec<u8>) -> Result<(), StoreError> {
        self.writes.push(Write {
            tree: META,
            key: POSITION.to_vec(),
            value: Some(position),
        });
        self.database.engine.write(durable, &self.writes)
    }
}
