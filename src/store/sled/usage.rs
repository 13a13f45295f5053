//! The database of usage: checksummed, never synced, set aside when it is damaged. It may be lost, never wrong.

use std::fs;
use std::io;
use std::path::Path;

use super::engine::Engine;
use super::open::Write;
use crate::domain::id::TokenId;
use crate::domain::usage::Usage;
use crate::service::ports::{StoreError, UsageRecord};
use crate::store::record;

/// Usage is read once, and written where it was used.
const CACHE: u64 = 8 * 1024 * 1024;
const USAGE: usize = 0;

/// The database.
#[derive(Debug)]
pub struct UsageDatabase {
    engine: Engine,
}

impl UsageDatabase {
    /// Opens the database in `folder`, made when it is not there; says whether a damaged one was set aside for it, as
    /// `usage.damaged` beside it.
    ///
    /// # Errors
    /// The disk is full, or the operating system refused.
    pub fn open(folder: &Path) -> Result<(Self, bool), StoreError> {
        let open = || Engine::open(folder.to_owned(), &["usage"], CACHE);
        match open() {
            Err(StoreError::Damaged(_)) => {
                set_aside(folder)?;
                Ok((Self { engine: open()? }, true))
            }
            opened => Ok((Self { engine: opened? }, false)),
        }
    }

    /// Whether it can be opened; changes nothing of ours.
    #[must_use]
    pub fn is_readable(folder: &Path) -> bool {
        Engine::open(folder.to_owned(), &["usage"], CACHE).is_ok()
    }

    /// Hands every record that is what was written to `visit`.
    ///
    /// # Errors
    /// It cannot be read at all.
    pub fn load(&self, visit: &mut dyn FnMut(UsageRecord)) -> Result<(), StoreError> {
        self.engine.read(|open| {
            for entry in open.entries(USAGE, None) {
                let (key, value) = entry?;
                if let Some(usage) = record::decode_usage(&key, &value) {
                    visit(usage);
                }
            }
            Ok(())
        })
    }

    /// One token's usage.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn of_token(&self, token: TokenId) -> Result<Option<Usage>, StoreError> {
        let key = record::token_usage_key(token);
        let value = self.engine.read(|open| open.value(USAGE, &key))?;
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
        self.engine.write(false, &writes)
    }
}

fn set_aside(folder: &Path) -> Result<(), StoreError> {
    let aside = folder.with_extension("damaged");
    let removed = match fs::remove_dir_all(&aside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    };
    removed
        .and_then(|()| fs::rename(folder, &aside))
        .map_err(|error| StoreError::Io(format!("{} cannot be set aside: {error}", folder.display())))
}
