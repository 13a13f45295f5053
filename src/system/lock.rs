//! One process at a time: an flock on the file `lock` in the data directory, which says who has it.
//!
//! The operating system lets go of the lock when its process ends, however it ends: what is written in the file is only
//! for the message, and may be old when the lock is free.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use crate::domain::text::escape;
use crate::domain::time::Timestamp;
use crate::service::ports::StoreError;

use super::data_dir::{DataDir, check_file};

/// How often, 20 ms apart, a holder that has only just taken the lock is given time to write its name.
const TRIES: u32 = 5;

/// The data directory is this process' as long as this lives.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

#[derive(Serialize, Deserialize)]
struct Holder {
    pid: u32,
    user: String,
    since: Timestamp,
    /// Where a daemon can be asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    socket: Option<PathBuf>,
}

impl Lock {
    /// Takes the lock, or says at once who has it.
    ///
    /// # Errors
    /// [`StoreError::Locked`]; [`StoreError::Io`] with the path when the file does not say by whom.
    pub fn acquire(directory: &DataDir, user: &str, now: Timestamp) -> Result<Self, StoreError> {
        Self::acquire_to_serve(directory, user, now, None)
    }

    /// The same for a daemon, which others can ask at `socket`.
    ///
    /// # Errors
    /// As [`Self::acquire`].
    pub fn acquire_to_serve(
        directory: &DataDir,
        user: &str,
        now: Timestamp,
        socket: Option<&Path>,
    ) -> Result<Self, StoreError> {
        let path = directory.path().join("lock");
        let failed =
            |error: std::io::Error| StoreError::Io(format!("{} cannot be used: {error}", path.display()));
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .mode(0o600)
            .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
            .open(&path)
            .map_err(failed)?;
        check_file(&file, &path)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => return Err(holder(&path)),
            Err(error) => return Err(failed(error.into())),
        }
        let holder = Holder {
            pid: std::process::id(),
            user: user.to_owned(),
            since: now,
            socket: socket.map(Path::to_path_buf),
        };
        let text = serde_json::to_string(&holder).map_err(|error| failed(error.into()))?;
        let mut lock = Self { file };
        lock.file
            .set_len(0)
            .and_then(|()| lock.file.write_all(text.as_bytes()))
            .map_err(failed)?;
        Ok(lock)
    }
}

/// A daemon that has a data directory, as its lock says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Daemon {
    /// Its process.
    pub pid: u32,
    /// The user it runs as.
    pub user: String,
    /// Where it can be asked.
    pub socket: PathBuf,
}

impl Daemon {
    /// The daemon that says it has this data directory. What a crash left behind says so too: ask it.
    #[must_use]
    pub fn of(data_dir: &Path) -> Option<Self> {
        let holder = read(&data_dir.join("lock"))?;
        Some(Self {
            pid: holder.pid,
            user: escape(&holder.user).into_owned(),
            socket: holder.socket?,
        })
    }

    /// Whether there is such a process; after a crash it may be another one by now.
    #[must_use]
    pub fn is_running(&self) -> bool {
        is_running(self.pid)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Only so that nobody wonders about an old name; the lock itself goes with the file.
        let _ = self.file.set_len(0);
    }
}

fn holder(path: &Path) -> StoreError {
    let mut last = None;
    for attempt in 0..TRIES {
        if attempt > 0 {
            std::thread::sleep(Duration::from_millis(20));
        }
        last = read(path).or(last);
        // A name of somebody who is gone was left by a crash; the new holder is about to write its own.
        if let Some(holder) = last.as_ref().filter(|holder| is_running(holder.pid)) {
            return locked(holder);
        }
    }
    last.as_ref().map_or_else(
        || {
            let path = path.display();
            StoreError::Io(format!(
                "{path} is locked by a process that it does not name; find it with: fuser -v {path}"
            ))
        },
        locked,
    )
}

fn is_running(pid: u32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}

fn read(path: &Path) -> Option<Holder> {
    let mut text = String::new();
    File::open(path).ok()?.take(4096).read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

fn locked(holder: &Holder) -> StoreError {
    StoreError::Locked {
        pid: holder.pid,
        user: escape(&holder.user).into_owned(),
        since: holder.since,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_hears_who_the_first_is_and_gets_it_when_that_one_is_done() {
        let root = tempfile::tempdir().unwrap();
        let directory = DataDir::open(&root.path().join("data")).unwrap();
        let since = Timestamp::from_millis(1_763_900_000_000);
        let first = Lock::acquire(&directory, "ada", since).unwrap();
        let refused = Lock::acquire(&directory, "bob", since).unwrap_err();
        assert_eq!(
            refused,
            StoreError::Locked {
                pid: std::process::id(),
                user: "ada".into(),
                since
            }
        );
        drop(first);
        Lock::acquire(&directory, "bob", since).unwrap();
    }

    #[test]
    fn a_lock_file_that_says_nothing_is_no_riddle() {
        let root = tempfile::tempdir().unwrap();
        let directory = DataDir::open(&root.path().join("data")).unwrap();
        let path = directory.path().join("lock");
        for text in ["", "{\"pid\":", "\u{1b}[2J"] {
            std::fs::write(&path, text).unwrap();
            let other = File::open(&path).unwrap();
            flock(&other, FlockOperation::LockExclusive).unwrap();
            let refused = Lock::acquire(&directory, "ada", Timestamp::default()).unwrap_err();
            assert!(
                matches!(&refused, StoreError::Io(text) if text.contains("fuser")),
                "{refused:?}"
            );
        }
        // What a crash left behind is no lock.
        std::fs::write(
            &path,
            "{\"pid\":1,\"user\":\"old\",\"since\":\"2026-01-01T00:00:00Z\"}",
        )
        .unwrap();
        Lock::acquire(&directory, "ada", Timestamp::default()).unwrap();
    }
}
