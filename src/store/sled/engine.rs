//! One sled database in a folder: opened with care, its panics and errors contained, usable again after a full disk.
//!
//! sled 0.34's habits decide the rules here (storage.md, "What was measured about sled"):
//! - its flush does not end in a sync of its file: every durable write ends in an fdatasync of `db`;
//! - after any error it refuses every write until it is opened again: after a full disk that is done at the next call;
//! - a write that failed half-way may turn up whole after that: what it replaced is put back before anything is read;
//! - it panics on damage, and is not to be touched afterwards, not even to be dropped: it is leaked, and stays closed;
//! - a `snap.*.generating` file that a crash left makes every later open fail: such files are removed first.

use std::convert::Infallible;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard};

use ::sled::transaction::{TransactionError, Transactional as _};
use ::sled::{Batch, Config, Db, Tree};

use crate::service::ports::StoreError;

use super::contain::contain;

/// sled's default of 1 GB is for another kind of program; with 64 MB a million records load as fast.
const CACHE: u64 = 64 * 1024 * 1024;
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

/// One sled database.
#[derive(Debug)]
pub(super) struct Engine {
    folder: PathBuf,
    trees: &'static [&'static str],
    state: RwLock<State>,
    /// Held from reading what a write depends on until it is durable.
    writer: Mutex<()>,
}

#[derive(Debug)]
enum State {
    Open(Open),
    /// The disk was full: to be opened again, and then made to have these values.
    Full(Vec<Write>),
    Closed(String),
}

/// The database while it is open.
#[derive(Debug)]
pub(super) struct Open {
    /// Its trees, in the order of the engine's list.
    trees: Vec<Tree>,
    db: Db,
    file: File,
}

impl Engine {
    /// Opens the database in `folder`, made when it is not there.
    ///
    /// # Errors
    /// It is damaged, the disk is full, or the operating system refused.
    pub(super) fn open(folder: PathBuf, trees: &'static [&'static str]) -> Result<Self, StoreError> {
        let open = Open::new(&folder, trees).map_err(|fault| explain(&folder, &fault))?;
        let state = RwLock::new(State::Open(open));
        Ok(Self {
            folder,
            trees,
            state,
            writer: Mutex::new(()),
        })
    }

    /// Runs `call` on the open database.
    ///
    /// # Errors
    /// What went wrong; anything but a refusal of ours closes the database.
    pub(super) fn read<R>(&self, call: impl FnOnce(&Open) -> Result<R, Fault>) -> Result<R, StoreError> {
        let result = self.with_open(call)?;
        result.map_err(|fault| self.fail(fault, Vec::new()))
    }

    /// Writes what `plan` decides, all of it or nothing; durable when it returns, if that is asked for.
    ///
    /// # Errors
    /// As `read`; after [`StoreError::DiskFull`] nothing of it is there, after [`StoreError::Closed`] nobody knows.
    pub(super) fn write(
        &self,
        durable: bool,
        plan: impl FnOnce(&Open) -> Result<Vec<Write>, Fault>,
    ) -> Result<(), StoreError> {
        let _one_at_a_time = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let mut undo = Vec::new();
        let result = self.with_open(|open| {
            let writes = plan(open)?;
            undo = writes
                .iter()
                .map(|write| open.present(write))
                .collect::<Result<_, _>>()?;
            open.apply(&writes)?;
            if durable { open.sync() } else { Ok(()) }
        })?;
        result.map_err(|fault| match self.fail(fault, undo) {
            StoreError::Io(why) => StoreError::Closed(why),
            error => error,
        })
    }

    fn with_open<R>(&self, call: impl FnOnce(&Open) -> R) -> Result<R, StoreError> {
        match &*self.reopened()? {
            State::Open(open) => Ok(call(open)),
            State::Full(_) => Err(StoreError::DiskFull(self.folder.display().to_string())),
            State::Closed(why) => Err(StoreError::Closed(why.clone())),
        }
    }

    /// The state, after an attempt to open again what a full disk had closed.
    fn reopened(&self) -> Result<RwLockReadGuard<'_, State>, StoreError> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        if !matches!(*state, State::Full(_)) {
            return Ok(state);
        }
        drop(state);
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if let State::Full(undo) = &*state {
            let attempt = Open::new(&self.folder, self.trees).and_then(|open| match open.restore(undo) {
                Ok(()) => Ok(open),
                Err(fault) => {
                    open.discard(&fault);
                    Err(fault)
                }
            });
            match attempt {
                Ok(open) => *state = State::Open(open),
                Err(fault) => {
                    let error = explain(&self.folder, &fault);
                    if !matches!(error, StoreError::DiskFull(_)) {
                        *state = State::Closed(error.to_string());
                    }
                    return Err(error);
                }
            }
        }
        drop(state);
        Ok(self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Closes the database after a fault, to be opened again only when it was a full disk.
    fn fail(&self, fault: Fault, undo: Vec<Write>) -> StoreError {
        let error = match fault {
            Fault::Refused(error) => return error,
            ref fault => explain(&self.folder, fault),
        };
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if let State::Open(_) = *state {
            let next = match error {
                StoreError::DiskFull(_) => State::Full(undo),
                _ => State::Closed(error.to_string()),
            };
            if let State::Open(open) = std::mem::replace(&mut *state, next) {
                open.discard(&fault);
            }
        }
        error
    }
}

impl Open {
    fn new(folder: &Path, names: &[&str]) -> Result<Self, Fault> {
        create(folder).map_err(Fault::Io)?;
        remove_stray_snapshots(folder).map_err(Fault::Io)?;
        let config = Config::new().path(folder).cache_capacity(CACHE);
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
            Ok(trees) => trees.map_err(Fault::Sled)?,
            Err(message) => {
                std::mem::forget(db);
                return Err(Fault::Panic(message));
            }
        };
        // The files' names have to survive a power cut as well as what is in them.
        let file = File::open(folder.join("db")).map_err(Fault::Io)?;
        for path in [&folder.join("db"), &folder.join("conf"), folder] {
            File::open(path)
                .and_then(|file| file.sync_all())
                .map_err(Fault::Io)?;
        }
        if let Some(parent) = folder.parent() {
            File::open(parent)
                .and_then(|file| file.sync_all())
                .map_err(Fault::Io)?;
        }
        Ok(Self { trees, db, file })
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

    /// What is now where `write` would write, as a write that puts it back.
    fn present(&self, write: &Write) -> Result<Write, Fault> {
        let value = self.value(write.tree, &write.key)?.map(|value| value.to_vec());
        Ok(Write {
            tree: write.tree,
            key: write.key.clone(),
            value,
        })
    }

    fn apply(&self, writes: &[Write]) -> Result<(), Fault> {
        let mut batches = vec![Batch::default(); self.trees.len()];
        for write in writes {
            match &write.value {
                Some(value) => batches[write.tree].insert(write.key.as_slice(), value.as_slice()),
                None => batches[write.tree].remove(write.key.as_slice()),
            }
        }
        let written: Result<(), TransactionError<Infallible>> = contain(|| {
            self.trees.as_slice().transaction(|trees| {
                for (tree, batch) in trees.iter().zip(&batches) {
                    tree.apply_batch(batch)?;
                }
                Ok(())
            })
        })
        .map_err(Fault::Panic)?;
        match written {
            Ok(()) => Ok(()),
            Err(TransactionError::Abort(never)) => match never {},
            Err(TransactionError::Storage(error)) => Err(Fault::Sled(error)),
        }
    }

    fn sync(&self) -> Result<(), Fault> {
        contained(|| self.db.flush())?;
        self.file.sync_data().map_err(Fault::Io)
    }

    /// Puts back what a failed write replaced, if it turned up after all.
    fn restore(&self, undo: &[Write]) -> Result<(), Fault> {
        let mut changed = false;
        for write in undo {
            changed |= self.value(write.tree, &write.key)?.as_deref() != write.value.as_deref();
        }
        if changed {
            self.apply(undo)?;
            self.sync()?;
        }
        Ok(())
    }

    /// Lets go of the database after a fault; after a panic it is leaked, because its own clean-up could hang.
    fn discard(self, fault: &Fault) {
        if let Fault::Panic(_) = fault {
            std::mem::forget(self);
        } else if contain(|| drop(self)).is_err() {
            // Dropped as far as it went: there is nothing left to let go of.
        }
    }
}

/// Entries of a tree, each read under containment.
pub(super) struct Entries(::sled::Iter);

/// A key and a value.
type Entry = (::sled::IVec, ::sled::IVec);

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

/// The port's error for a fault.
fn explain(folder: &Path, fault: &Fault) -> StoreError {
    let path = folder.display();
    match fault {
        Fault::Refused(error) => error.clone(),
        Fault::Panic(message) => StoreError::Damaged(format!("{path}: {message}")),
        Fault::Io(error) | Fault::Sled(::sled::Error::Io(error)) => match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                StoreError::DiskFull(path.to_string())
            }
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => StoreError::Permissions(
                format!("{path}: {error}; the store's own user must be able to write there"),
            ),
            _ => StoreError::Io(format!("{path}: {error}")),
        },
        Fault::Sled(error) => StoreError::Damaged(format!("{path}: {error}")),
    }
}
