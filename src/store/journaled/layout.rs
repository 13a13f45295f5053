//! Where the files of a store are.
//!
//! In the data directory: `records/` and `usage/` (sled), `journal/` (segments and checkpoints), `slots.a` and `slots.b`.
//! Outside, in the state directory: the anchor. After the keyring was replaced all of them carry its epoch (`records.2`),
//! so that the replacement of the file `keyring` switches from one whole store to another.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::service::ports::StoreCipher;

/// The two directories a store is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// Its data.
    pub data: PathBuf,
    /// What has to be elsewhere: the anchor.
    pub state: PathBuf,
}

/// The files of a store under one keyring.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    places: Places,
    suffix: String,
    store: String,
}

impl Layout {
    pub(super) fn new(places: &Places, cipher: &dyn StoreCipher) -> Self {
        Self {
            places: places.clone(),
            suffix: suffix(cipher.epoch()),
            store: cipher
                .store_id()
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect(),
        }
    }

    /// Of the same store under another keyring.
    pub(super) fn of_epoch(&self, epoch: u32) -> Self {
        Self {
            suffix: suffix(epoch),
            ..self.clone()
        }
    }

    fn data(&self, name: &str, more: &str) -> PathBuf {
        self.places.data.join(format!("{name}{}{more}", self.suffix))
    }

    /// The database.
    pub(super) fn records(&self) -> PathBuf {
        self.data("records", "")
    }

    /// One that is being built.
    pub(super) fn records_new(&self) -> PathBuf {
        self.data("records", ".new")
    }

    /// One that was built, and takes the other's place at the next chance.
    pub(super) fn records_next(&self) -> PathBuf {
        self.data("records", ".next")
    }

    /// One that was found wrong: kept for whoever wants to look.
    pub(super) fn records_damaged(&self) -> PathBuf {
        self.data("records", ".damaged")
    }

    pub(super) fn usage(&self) -> PathBuf {
        self.data("usage", "")
    }

    pub(super) fn journal(&self) -> PathBuf {
        self.data("journal", "")
    }

    /// One that is being begun anew.
    pub(super) fn journal_new(&self) -> PathBuf {
        self.data("journal", ".new")
    }

    /// One that was damaged: kept for whoever wants to look.
    pub(super) fn journal_damaged(&self) -> PathBuf {
        self.data("journal", ".damaged")
    }

    pub(super) fn suffix(&self) -> &str {
        &self.suffix
    }

    pub(super) fn data_directory(&self) -> &Path {
        &self.places.data
    }

    pub(super) fn anchor(&self) -> PathBuf {
        self.places
            .state
            .join(format!("anchor-{}{}", self.store, self.suffix))
    }

    /// The checkpoints, the newest first: the sequence each ends with, and its file.
    pub(super) fn checkpoints(&self) -> io::Result<Vec<(u64, PathBuf)>> {
        let entries = match fs::read_dir(self.journal()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut found = Vec::new();
        for entry in entries {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            let sequence = name.and_then(|name| name.strip_prefix("checkpoint-")?.parse().ok());
            found.extend(sequence.map(|sequence| (sequence, path)));
        }
        found.sort_by(|one, other| other.cmp(one));
        Ok(found)
    }

    /// A checkpoint that is being made.
    pub(super) fn part(&self) -> PathBuf {
        self.journal().join("checkpoint.new")
    }

    pub(super) fn checkpoint(&self, sequence: u64) -> PathBuf {
        self.journal().join(format!("checkpoint-{sequence:020}"))
    }
}

fn suffix(epoch: u32) -> String {
    match epoch {
        0 | 1 => String::new(),
        _ => format!(".{epoch}"),
    }
}

/// Removes a folder, if it is there.
pub(super) fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Renames within a directory; durable when it returns.
pub(super) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)?;
    to.parent()
        .map_or(Ok(()), |parent| fs::File::open(parent)?.sync_all())
}
