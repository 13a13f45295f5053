//! A sled database that is open: reading it, writing to it, and making what was written last.
//!
//! Every call into sled is contained. Nothing here decides what a fault means: that is the engine's.

use std::convert::Infallible;
use std::fs::{self, File};
use std::io;
use std::path::Path;

use ::sled::transaction::{TransactionError, Transactional as _};
use ::sled::{Batch, Config, Db, Tree};

use crate::service::ports::StoreError;

use super::contain::contain;
use super::nudge::Nudge;

/// How often, 10 ms apart, an open is tried again while sled's own threads still let go of the file.
const TRIES: u32 = 300;

/// What came in the way of a call.
#[derive(Debug)]
pub(super) enum Fault {
    /// Our own refusal: the database is as good as before.
    Refused(StoreError),
    /// sled's error.
    Sled(::sled::Error),
    /// A sync or another call of ours to the operating system failed.
    Io(io::Error),
    /// sled panicked.
    Panic(String),
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Refused(error)
    }
}

/// One change of one key.
#[derive(Debug, Clone)]
pub(super) struct Write {
    /// Which tree, as a place in the list that the engine was opened with.
    pub(super) tree: usize,
    /// The key.
    pub(super) key: Vec<u8>,
    /// The new value; `None` removes.
    pub(super) value: Option<Vec<u8>>,
}

/// The database while it is open.
#[derive(Debug)]
pub(super) struct Open {
    /// Its trees, in the order of the engine's list.
    trees: Vec<Tree>,
    /// There until it is dropped, as is what watches it.
    db: Option<Db>,
    nudge: Option<Nudge>,
    file: File,
}

impl Open {
    /// Opens the database in `folder`, made when it is not there, with these trees and a cache of so many bytes.
    ///
    /// # Errors
    /// sled's, or the operating system's.
    pub(super) fn new(folder: &Path, names: &[&str], cache: u64) -> Result<Self, Fault> {
        create(folder).map_err(Fault::Io)?;
        remove_stray_snapshots(folder).map_err(Fault::Io)?;
        let config = Config::new().path(folder).cache_capacity(cache);
        let mut tries = 0;
        let db = loop {
            match contain(|| config.open()).map_err(Fault::Panic)? {
                Ok(db) => break db,
                Err(::sled::Error::Io(error))
                    if tries < TRIES && error.to_string().contains("acquire lock") =>
                {
                    tries += 1;
                    std::thread::sleep(std::time::Duration::from_millis(10));
                }
                Err(error) => return Err(Fault::Sled(error)),
            }
        };
        let opened = contain(|| {
            names
                .iter()
                .map(|name| db.open_tree(name))
                .collect::<Result<Vec<_>, _>>()
        });
        let trees = match opened {
            Ok(Ok(trees)) => trees,
            Ok(Err(error)) => {
                let_go(Vec::new(), Some(db));
                return Err(Fault::Sled(error));
            }
            Err(message) => {
                std::mem::forget(db);
                return Err(Fault::Panic(message));
            }
        };
        match sync_names(folder) {
            Ok(file) => Ok(Self {
                trees,
                nudge: Some(Nudge::start(&db)),
                db: Some(db),
                file,
            }),
            Err(error) => {
                let_go(trees, Some(db));
                Err(Fault::Io(error))
            }
        }
    }

    /// A value.
    ///
    /// # Errors
    /// sled's.
    pub(super) fn value(&self, tree: usize, key: &[u8]) -> Result<Option<::sled::IVec>, Fault> {
        contained(|| self.trees[tree].get(key))
    }

    /// The entries of a tree in the order of their keys, those before `end` if one is given.
    pub(super) fn entries(&self, tree: usize, end: Option<&[u8]>) -> Entries {
        match end {
            Some(end) => Entries(self.trees[tree].range(..end)),
            None => Entries(self.trees[tree].iter()),
        }
    }

    /// Writes all of it in one transaction over all trees, or nothing.
    pub(super) fn apply(&self, writes: &[Write]) -> Result<(), Fault> {
        let mut batches = vec![Batch::default(); self.trees.len()];
        for write in writes {
            match &write.value {
                Some(value) => batches[write.tree].insert(write.key.as_slice(), value.as_slice()),
                None => batches[write.tree].remove(write.key.as_slice()),
            }
        }
        let transaction = || {
            self.trees.as_slice().transaction(|trees| {
                for (tree, batch) in trees.iter().zip(&batches) {
                    tree.apply_batch(batch)?;
                }
                Ok(())
            })
        };
        let written: Result<(), TransactionError<Infallible>> =
            self.watched(|| contain(transaction)).map_err(Fault::Panic)?;
        match written {
            Ok(()) => Ok(()),
            Err(TransactionError::Abort(never)) => match never {},
            Err(TransactionError::Storage(error)) => Err(Fault::Sled(error)),
        }
    }

    /// Makes all that was written last through a power cut.
    pub(super) fn sync(&self) -> Result<(), Fault> {
        if let Some(db) = &self.db {
            self.watched(|| contained(|| db.flush()))?;
        }
        self.file.sync_data().map_err(Fault::Io)
    }

    fn watched<R>(&self, call: impl FnOnce() -> R) -> R {
        match &self.nudge {
            Some(nudge) => nudge.during(call),
            None => call(),
        }
    }

    /// Lets go of the database after a fault; after a panic it is leaked, because its own clean-up could hang.
    pub(super) fn discard(self, fault: &Fault) {
        if let Fault::Panic(_) = fault {
            std::mem::forget(self);
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.nudge = None;
        let_go(std::mem::take(&mut self.trees), self.db.take());
    }
}

/// Drops a database. sled syncs once more then, and panics when that fails: what was to be durable was synced before.
fn let_go(trees: Vec<Tree>, db: Option<Db>) {
    let _ = contain(|| drop((trees, db)));
}

/// Entries of a tree, each read under containment.
pub(super) struct Entries(::sled::Iter);

/// A key and a value.
pub(super) type Entry = (::sled::IVec, ::sled::IVec);

impl Iterator for Entries {
    type Item = Result<Entry, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        contained(|| self.0.next().transpose()).transpose()
    }
}

impl DoubleEndedIterator for Entries {
    fn next_back(&mut self) -> Option<Self::Item> {
        contained(|| self.0.next_back().transpose()).transpose()
    }
}

fn contained<R>(call: impl FnOnce() -> ::sled::Result<R>) -> Result<R, Fault> {
    contain(call).map_err(Fault::Panic)?.map_err(Fault::Sled)
}

/// The files' names have to survive a power cut as well as what is in them. The file that every sync goes to.
fn sync_names(folder: &Path) -> io::Result<File> {
    let database = folder.join("db");
    for path in [&database, &folder.join("conf"), folder] {
        File::open(path)?.sync_all()?;
    }
    if let Some(parent) = folder.parent() {
        File::open(parent)?.sync_all()?;
    }
    File::open(database)
}

fn create(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    match fs::DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

fn remove_stray_snapshots(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("snap.") && name.ends_with(".generating") {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
