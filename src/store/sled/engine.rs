//! One sled database in a folder: opened with care, its panics and errors contained, usable again after a full disk.
//!
//! sled 0.34's habits decide the rules here (storage.md, "What was measured about sled"):
//! - its flush does not end in a sync of its file: every durable write ends in an fdatasync of `db`;
//! - after any error it refuses every write until it is opened again: after a full disk that is done at the next call;
//! - a write that failed half-way may turn up whole after that: what is written must be right when it does;
//! - it panics on damage, and is not to be touched afterwards, not even to be dropped: it is leaked, and stays closed;
//! - a `snap.*.generating` file that a crash left makes every later open fail: such files are removed first.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use crate::service::ports::StoreError;

use super::open::{Fault, Open, Write};
use crate::store::failure;

/// One sled database.
#[derive(Debug)]
pub(super) struct Engine {
    folder: PathBuf,
    trees: &'static [&'static str],
    /// In bytes.
    cache: u64,
    state: RwLock<State>,
    openings: AtomicU64,
}

#[derive(Debug)]
enum State {
    Open(Open),
    /// The disk was full: to be opened again.
    Full,
    /// After another fault. One that panicked is leaked, and keeps its lock until the process ends.
    Closed {
        why: String,
        leaked: bool,
        damaged: bool,
    },
}

impl Engine {
    /// Opens the database in `folder`, made when it is not there; `cache` is in bytes.
    ///
    /// # Errors
    /// It is damaged, the disk is full, or the operating system refused.
    pub(super) fn open(
        folder: PathBuf,
        trees: &'static [&'static str],
        cache: u64,
    ) -> Result<Self, StoreError> {
        let open = Open::new(&folder, trees, cache).map_err(|fault| explain(&folder, &fault))?;
        let state = RwLock::new(State::Open(open));
        Ok(Self {
            folder,
            trees,
            cache,
            state,
            openings: AtomicU64::new(1),
        })
    }

    /// Runs `call` on the open database.
    ///
    /// # Errors
    /// What went wrong; anything but a refusal of ours closes the database.
    pub(super) fn read<R>(&self, call: impl FnOnce(&Open) -> Result<R, Fault>) -> Result<R, StoreError> {
        let result = self.with_open(call)?;
        result.map_err(|fault| self.fail(fault))
    }

    /// Writes all of it or nothing; durable when it returns, if that is asked for.
    ///
    /// # Errors
    /// What went wrong: nobody knows then whether it will turn up.
    pub(super) fn write(&self, durable: bool, writes: &[Write]) -> Result<(), StoreError> {
        self.read(|open| {
            open.apply(writes)?;
            if durable { open.sync() } else { Ok(()) }
        })
    }

    /// Makes all that was written last through a power cut.
    ///
    /// # Errors
    /// What went wrong: nobody knows then what of it will turn up.
    pub(super) fn sync(&self) -> Result<(), StoreError> {
        self.read(Open::sync)
    }

    /// How often it was opened: each time may lack what had not been made to last.
    pub(super) fn openings(&self) -> u64 {
        self.openings.load(Ordering::Relaxed)
    }

    /// Opens it again after a fault.
    ///
    /// # Errors
    /// It is still damaged or unreadable, or sled panicked: then only another process can.
    pub(super) fn reopen(&self) -> Result<(), StoreError> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        match &*state {
            State::Open(_) => Ok(()),
            State::Closed {
                why, leaked: true, ..
            } => Err(StoreError::Closed(why.clone())),
            State::Full | State::Closed { .. } => {
                let open = Open::new(&self.folder, self.trees, self.cache)
                    .map_err(|fault| explain(&self.folder, &fault))?;
                *state = State::Open(open);
                self.openings.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
        }
    }

    /// Why it is closed, and whether opening it again is no help; `None` while it is open.
    pub(super) fn fault(&self) -> Option<(String, bool)> {
        match &*self.state.read().unwrap_or_else(PoisonError::into_inner) {
            State::Open(_) => None,
            State::Full => Some((
                StoreError::DiskFull(self.folder.display().to_string()).to_string(),
                false,
            )),
            State::Closed { why, damaged, leaked } => Some((why.clone(), *damaged || *leaked)),
        }
    }

    /// Lets go of its files; whether it could.
    pub(super) fn close(&self) -> bool {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let closed = State::Closed {
            why: "it was closed".into(),
            leaked: false,
            damaged: false,
        };
        match std::mem::replace(&mut *state, closed) {
            State::Open(open) => {
                drop(open);
                true
            }
            State::Closed { leaked, .. } => !leaked,
            State::Full => true,
        }
    }

    fn with_open<R>(&self, call: impl FnOnce(&Open) -> R) -> Result<R, StoreError> {
        match &*self.reopened()? {
            State::Open(open) => Ok(call(open)),
            State::Full => Err(StoreError::DiskFull(self.folder.display().to_string())),
            State::Closed { why, .. } => Err(StoreError::Closed(why.clone())),
        }
    }

    /// The state, after an attempt to open again what a full disk had closed.
    fn reopened(&self) -> Result<RwLockReadGuard<'_, State>, StoreError> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        if !matches!(*state, State::Full) {
            return Ok(state);
        }
        drop(state);
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if matches!(*state, State::Full) {
            match Open::new(&self.folder, self.trees, self.cache) {
                Ok(open) => {
                    *state = State::Open(open);
                    self.openings.fetch_add(1, Ordering::Relaxed);
                }
                Err(fault) => {
                    let error = explain(&self.folder, &fault);
                    if !matches!(error, StoreError::DiskFull(_)) {
                        *state = closed(&error, &fault);
                    }
                    return Err(error);
                }
            }
        }
        drop(state);
        Ok(self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Closes the database after a fault, to be opened again only when it was a full disk.
    fn fail(&self, fault: Fault) -> StoreError {
        let error = match fault {
            Fault::Refused(error) => return error,
            ref fault => explain(&self.folder, fault),
        };
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if matches!(*state, State::Open(_)) {
            let next = match (&error, &fault) {
                (StoreError::DiskFull(_), Fault::Sled(_) | Fault::Io(_)) => State::Full,
                _ => closed(&error, &fault),
            };
            if let State::Open(open) = std::mem::replace(&mut *state, next) {
                open.discard(&fault);
            }
        }
        error
    }
}

fn closed(error: &StoreError, fault: &Fault) -> State {
    State::Closed {
        why: error.to_string(),
        leaked: matches!(fault, Fault::Panic(_)),
        damaged: matches!(error, StoreError::Damaged(_)),
    }
}

/// The port's error for a fault.
fn explain(folder: &Path, fault: &Fault) -> StoreError {
    let path = folder.display();
    match fault {
        Fault::Refused(error) => error.clone(),
        // It panics on a full disk, too, where one of its own threads finds it.
        Fault::Panic(message) if message.contains("StorageFull") => StoreError::DiskFull(path.to_string()),
        Fault::Panic(message) => StoreError::Damaged(format!("{path}: {message}")),
        // What sled finds wrong comes as an error that no system call gave; all of these but its lock are damage.
        Fault::Sled(::sled::Error::Io(error))
            if error.raw_os_error().is_none() && !error.to_string().contains("acquire lock") =>
        {
            StoreError::Damaged(format!("{path}: {error}"))
        }
        Fault::Io(error) | Fault::Sled(::sled::Error::Io(error)) => failure::of(folder, error),
        Fault::Sled(error) => StoreError::Damaged(format!("{path}: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    fn value(engine: &Engine) -> Result<Option<Vec<u8>>, StoreError> {
        engine.read(|open| Ok(open.value(0, b"key")?.map(|value| value.to_vec())))
    }

    #[test]
    fn after_a_full_disk_it_is_opened_again() {
        let root = tempfile::tempdir().unwrap();
        let engine = Engine::open(root.path().join("records"), &["records"], 1 << 20).unwrap();
        let write = |value: &str| {
            engine.write(
                true,
                &[Write {
                    tree: 0,
                    key: b"key".to_vec(),
                    value: Some(value.as_bytes().to_vec()),
                }],
            )
        };
        write("old").unwrap();
        let full = Fault::Io(io::ErrorKind::StorageFull.into());
        assert!(matches!(engine.fail(full), StoreError::DiskFull(_)));
        assert_eq!(value(&engine), Ok(Some(b"old".to_vec())));
        write("new").unwrap();
        assert_eq!(value(&engine), Ok(Some(b"new".to_vec())));
    }

    #[test]
    fn after_a_panic_or_a_failed_sync_it_stays_closed() {
        let faults: [fn() -> Fault; 2] = [
            || Fault::Panic(contain(|| panic!("page 7")).unwrap_err()),
            || Fault::Io(io::Error::from_raw_os_error(5)),
        ];
        for fault in faults {
            let root = tempfile::tempdir().unwrap();
            let engine = Engine::open(root.path().join("records"), &["records"], 1 << 20).unwrap();
            let refused = engine.read(|_| Err::<(), _>(fault())).unwrap_err();
            assert!(
                matches!(refused, StoreError::Damaged(_) | StoreError::Io(_)),
                "{refused:?}"
            );
            assert!(matches!(value(&engine), Err(StoreError::Closed(_))));
        }
    }

    fn contain(call: impl FnOnce()) -> Result<(), String> {
        super::super::contain::contain(call)
    }
}
