//! The database of usage: checksummed, never synced, set aside when it is damaged. It may be lost, never wrong.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::engine::Engine;
use super::open::Write;
use crate::domain::id::TokenId;
use crate::domain::usage::Usage;
use crate::service::ports::{StoreError, UsageRecord};
use crate::store::record;

/// Usage is read once, and written where it was used.
const CACHE: u64 = 8 * 1024 * 1024;
const USAGE: usize = 0;

/// The database; without one that can be used, usage is counted in memory only.
#[derive(Debug)]
pub struct UsageDatabase {
    folder: PathBuf,
    state: RwLock<State>,
}

#[derive(Debug)]
struct State {
    engine: Option<Engine>,
    /// What is wrong at the moment, and what to do.
    fault: Option<String>,
}

impl UsageDatabase {
    /// Opens the database in `folder`, made when it is not there; says whether a damaged one was set aside for it, as
    /// `usage.damaged` beside it.
    #[must_use]
    pub fn open(folder: &Path) -> (Self, bool) {
        let usage = Self {
            folder: folder.to_owned(),
            state: RwLock::new(State {
                engine: None,
                fault: None,
            }),
        };
        let was_lost = match usage.engine() {
            Ok(engine) => {
                usage.state_mut().engine = Some(engine);
                false
            }
            Err(StoreError::Damaged(_)) => usage.begin_anew(),
            Err(error) => {
                usage.fail(&error);
                false
            }
        };
        (usage, was_lost)
    }

    /// Whether it can be opened; changes nothing of ours.
    #[must_use]
    pub fn is_readable(folder: &Path) -> bool {
        Engine::open(folder.to_owned(), &["usage"], CACHE).is_ok()
    }

    /// What is wrong with it, if something is.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        self.state().fault.clone()
    }

    /// Hands every record that is what was written to `visit`; whether it had to be set aside.
    #[must_use]
    pub fn load(&self, visit: &mut dyn FnMut(UsageRecord)) -> bool {
        let read = self.with(|engine| {
            engine.read(|open| {
                for entry in open.entries(USAGE, None) {
                    let (key, value) = entry?;
                    if let Some(usage) = record::decode_usage(&key, &value) {
                        visit(usage);
                    }
                }
                Ok(())
            })
        });
        matches!(read, Err(StoreError::Damaged(_))) && self.begin_anew()
    }

    /// One token's usage.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn of_token(&self, token: TokenId) -> Result<Option<Usage>, StoreError> {
        let key = record::token_usage_key(token);
        let value = self.with(|engine| engine.read(|open| open.value(USAGE, &key)))?;
        Ok(match value.and_then(|value| record::decode_usage(&key, &value)) {
            Some(UsageRecord::Token(_, usage)) => Some(usage),
            _ => None,
        })
    }

    /// Writes records over those that are there.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, records: &[UsageRecord]) -> Result<(), StoreError> {
        let mut writes = Vec::with_capacity(records.len());
        for usage in records {
            let (key, value) = record::encode_usage(usage)?;
            writes.push(Write {
                tree: USAGE,
                key,
                value: Some(value),
            });
        }
        let written = self.with(|engine| {
            // What closed it the last time may be over.
            engine.reopen()?;
            engine.write(false, &writes)
        });
        match &written {
            Ok(()) => self.state_mut().fault = None,
            Err(error) => self.fail(error),
        }
        written
    }

    fn with<R>(&self, call: impl FnOnce(&Engine) -> Result<R, StoreError>) -> Result<R, StoreError> {
        let state = self.state();
        match (&state.engine, &state.fault) {
            (Some(engine), _) => call(engine),
            (None, fault) => Err(StoreError::Closed(fault.clone().unwrap_or_default())),
        }
    }

    /// Sets what is there aside and begins with nothing; whether it could.
    fn begin_anew(&self) -> bool {
        self.state_mut().engine = None;
        match set_aside(&self.folder).and_then(|()| self.engine()) {
            Ok(engine) => {
                self.state_mut().engine = Some(engine);
                true
            }
            Err(error) => {
                self.fail(&error);
                false
            }
        }
    }

    fn fail(&self, error: &StoreError) {
        self.state_mut().fault = Some(format!(
            "usage cannot be written ({error}); tokens work, and what they are used for is lost at the end"
        ));
    }

    fn engine(&self) -> Result<Engine, StoreError> {
        Engine::open(self.folder.clone(), &["usage"], CACHE)
    }

    fn state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn state_mut(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

fn set_aside(folder: &Path) -> Result<(), StoreError> {
    let mut aside = folder.as_os_str().to_owned();
    aside.push(".damaged");
    let aside = Path::new(&aside);
    let removed = match fs::remove_dir_all(aside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    };
    removed
        .and_then(|()| fs::rename(folder, aside))
        .map_err(|error| StoreError::Io(format!("{} cannot be set aside: {error}", folder.display())))
}
