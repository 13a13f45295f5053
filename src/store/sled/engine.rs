//! One sled database in a folder: opened with care, its panics and errors contained, usable again after a full disk.
//!
//! sled 0.34's habits decide the rules here (storage.md, "What was measured about sled"):
//! - its flush does not end in a sync of its file: every durable write ends in an fdatasync of `db`;
//! - after any error it refuses every write until it is opened again: after a full disk that is done at the next call;
//! - a write that failed half-way may turn up whole after that: what it replaced is put back before anything is read;
//! - it panics on damage, and is not to be touched afterwards, not even to be dropped: it is leaked, and stays closed;
//! - a `snap.*.generating` file that a crash left makes every later open fail: such files are removed first.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard};

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
            let attempt =
                Open::new(&self.folder, self.trees, self.cache).and_then(|open| match open.restore(undo) {
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
        match (&mut *state, &error) {
            // A read met the full disk before this write did.
            (State::Full(pending), StoreError::DiskFull(_)) => pending.extend(undo),
            (State::Open(_) | State::Full(_), _) => {
                let next = match error {
                    StoreError::DiskFull(_) => State::Full(undo),
                    _ => State::Closed(error.to_string()),
                };
                if let State::Open(open) = std::mem::replace(&mut *state, next) {
                    open.discard(&fault);
                }
            }
            (State::Closed(_), _) => {}
        }
        error
    }
}

/// The port's error for a fault.
fn explain(folder: &Path, fault: &Fault) -> StoreError {
    let path = folder.display();
    match fault {
        Fault::Refused(error) => error.clone(),
        Fault::Panic(message) => StoreError::Damaged(format!("{path}: {message}")),
        Fault::Io(error) | Fault::Sled(::sled::Error::Io(error)) => failure::of(folder, error),
        Fault::Sled(error) => StoreError::Damaged(format!("{path}: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    fn set(value: &str) -> Vec<Write> {
        vec![Write {
            tree: 0,
            key: b"key".to_vec(),
            value: Some(value.as_bytes().to_vec()),
        }]
    }

    fn value(engine: &Engine) -> Result<Option<Vec<u8>>, StoreError> {
        engine.read(|open| Ok(open.value(0, b"key")?.map(|value| value.to_vec())))
    }

    #[test]
    fn a_write_that_failed_for_want_of_room_and_turned_up_all_the_same_is_undone() {
        let root = tempfile::tempdir().unwrap();
        let engine = Engine::open(root.path().join("records"), &["records"], 1 << 20).unwrap();
        engine.write(true, |_| Ok(set("old"))).unwrap();
        engine.write(true, |_| Ok(set("new"))).unwrap();
        let full = Fault::Io(io::ErrorKind::StorageFull.into());
        assert!(matches!(engine.fail(full, set("old")), StoreError::DiskFull(_)));
        assert_eq!(value(&engine), Ok(Some(b"old".to_vec())));
        engine.write(true, |_| Ok(set("newer"))).unwrap();
        drop(engine);
        let engine = Engine::open(root.path().join("records"), &["records"], 1 << 20).unwrap();
        assert_eq!(value(&engine), Ok(Some(b"newer".to_vec())));
    }

    #[test]
    fn after_a_panic_or_a_failed_sync_it_stays_closed() {
        let faults: [fn() -> Fault; 2] = [
            || Fault::Panic(contain(|| panic!("page 7")).unwrap_err()),
            || Fault::Io(io::ErrorKind::Other.into()),
        ];
        for fault in faults {
            let root = tempfile::tempdir().unwrap();
            let engine = Engine::open(root.path().join("records"), &["records"], 1 << 20).unwrap();
            let refused = engine.write(true, |_| Err(fault())).unwrap_err();
            assert!(
                matches!(refused, StoreError::Damaged(_) | StoreError::Closed(_)),
                "{refused:?}"
            );
            assert!(matches!(value(&engine), Err(StoreError::Closed(_))));
        }
    }

    fn contain(call: impl FnOnce()) -> Result<(), String> {
        super::super::contain::contain(call)
    }
}
