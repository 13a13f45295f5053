//! What waits to be delivered outside, over restarts: a directory beside the store, with a file for each message and receiver.
//!
//! - It is in the state directory: a restored copy of the store neither sends what was sent nor forgets what was not.
//! - Files are ours alone (0600), written whole and synced: a crash leaves the old one or the new one.
//! - The memory of what was made into messages is written after them. Made again after a crash they have the same
//!   names, and take the place of those that are there.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::private_file;
use crate::domain::delivery::{Attempt, Deliveries};
use crate::domain::secret::Secret;
use crate::domain::time::Timestamp;
use crate::service::ports::{DeliveryLog, StoreError};

const MEMORY: &str = "memory";
const LOG: &str = "log";
const ENDING: &str = ".message";
/// Attempts that the log has at most before the older half goes.
const MOST: usize = 80;

/// The directory of one store.
#[derive(Debug, Clone)]
pub struct Outbox(PathBuf);

/// Something for one receiver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The receiver's name: letters, digits and `-`.
    pub receiver: String,
    /// Its name, the same at each attempt and for each receiver: letters, digits, `-` and `_`.
    pub id: String,
    /// What kind it is.
    pub kind: String,
    /// What is sent.
    pub body: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is to be tried next.
    pub next: Timestamp,
}

/// How far the store was turned into messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// The last entry of the audit log.
    pub sequence: u64,
    /// The end of the last look at the tokens.
    pub looked_at: Timestamp,
}

impl Outbox {
    /// That of webhooks, for the store of this name in `state`, which was checked; nothing is made.
    #[must_use]
    pub fn of_webhooks(state: &Path, store: &str) -> Self {
        Self(state.join(format!("webhooks-{store}")))
    }

    /// Makes the directory where there is none.
    ///
    /// # Errors
    /// The operating system refused.
    pub fn make(&self) -> io::Result<()> {
        match DirBuilder::new().mode(0o700).create(&self.0) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => Ok(()),
        }
    }

    /// Keeps a message, in the place of an earlier state of it; durable when it returns.
    ///
    /// # Errors
    /// The operating system refused; what was there is as it was.
    pub fn keep(&self, message: &Message) -> io::Result<()> {
        self.write(&file_of(message), message)
    }

    /// Forgets a message.
    ///
    /// # Errors
    /// The operating system refused.
    pub fn remove(&self, message: &Message) -> io::Result<()> {
        match fs::remove_file(self.0.join(file_of(message))) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// All messages that wait; none where nothing was ever kept. One that cannot be read is said in the log and stays
    /// where it is: it keeps no other from being delivered.
    ///
    /// # Errors
    /// The operating system refused.
    pub fn messages(&self) -> io::Result<Vec<Message>> {
        let entries = match fs::read_dir(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut messages = Vec::new();
        for entry in entries {
            let name = entry?.file_name();
            let name = name.to_string_lossy();
            if !name.ends_with(ENDING) {
                continue;
            }
            match self.read(&name) {
                Ok(message) => messages.extend::<Option<Message>>(message),
                Err(error) => tracing::warn!(%error, "a message of the outbox cannot be read"),
            }
        }
        Ok(messages)
    }

    /// How far the store was turned into messages; `None` before the first time.
    ///
    /// # Errors
    /// As [`Self::messages`].
    pub fn memory(&self) -> io::Result<Option<Memory>> {
        self.read(MEMORY)
    }

    /// Remembers that.
    ///
    /// # Errors
    /// The operating system refused; what was there is as it was.
    pub fn remember(&self, memory: &Memory) -> io::Result<()> {
        self.write(MEMORY, memory)
    }

    /// Who said to be gone for good, and under which address.
    ///
    /// # Errors
    /// As [`Self::messages`].
    pub fn gone(&self) -> io::Result<BTreeMap<String, String>> {
        Ok(self.read("gone")?.unwrap_or_default())
    }

    /// Remembers that.
    ///
    /// # Errors
    /// The operating system refused; what was there is as it was.
    pub fn remember_gone(&self, gone: &BTreeMap<String, String>) -> io::Result<()> {
        self.write("gone", gone)
    }

    /// Adds an attempt to the log, of which the older half goes when it gets long.
    ///
    /// # Errors
    /// The operating system refused; what was there is as it was.
    pub fn log(&self, attempt: Attempt) -> io::Result<()> {
        let mut attempts = self.attempts()?;
        if attempts.len() >= MOST {
            attempts.drain(..MOST / 2);
        }
        attempts.push(attempt);
        self.write(LOG, &attempts)
    }

    /// The last attempts, the oldest first.
    ///
    /// # Errors
    /// As [`Self::messages`].
    pub fn attempts(&self) -> io::Result<Vec<Attempt>> {
        Ok(self.read(LOG)?.unwrap_or_default())
    }

    fn write(&self, name: &str, value: &impl Serialize) -> io::Result<()> {
        private_file::replace(&self.0.join(name), &serde_json::to_vec(value)?)
    }

    fn read<T: for<'de> Deserialize<'de>>(&self, name: &str) -> io::Result<Option<T>> {
        let path = self.0.join(name);
        if !path.exists() {
            return Ok(None);
        }
        let content: Secret = private_file::read(&path).map_err(io::Error::other)?;
        let read = serde_json::from_slice(content.expose());
        read.map(Some)
            .map_err(|error| io::Error::other(format!("{} is damaged: {error}; remove it", path.display())))
    }
}

impl DeliveryLog for Outbox {
    fn deliveries(&self) -> Result<Deliveries, StoreError> {
        let failed = |error: io::Error| StoreError::Io(format!("the outbox cannot be read: {error}"));
        let mut deliveries = Deliveries {
            attempts: self.attempts().map_err(failed)?,
            gone: self.gone().map_err(failed)?.into_keys().collect(),
            ..Deliveries::default()
        };
        deliveries.attempts.reverse();
        for message in self.messages().map_err(failed)? {
            *deliveries.waiting.entry(message.receiver).or_default() += 1;
        }
        Ok(deliveries)
    }
}

fn file_of(message: &Message) -> String {
    format!("{}~{}{ENDING}", message.receiver, message.id)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    const AT: Timestamp = Timestamp::from_millis(1_795_716_840_000);

    fn message(id: &str) -> Message {
        Message {
            receiver: "ops".into(),
            id: id.into(),
            kind: "token.revoked".into(),
            body: "{}".into(),
            attempts: 0,
            next: AT,
        }
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn what_is_kept_is_there_for_the_next_process_until_it_is_removed() {
        let root = tempfile::tempdir().unwrap();
        let outbox = Outbox::of_webhooks(root.path(), "07");
        assert_eq!(outbox.messages().unwrap(), []);
        outbox.make().unwrap();
        outbox.make().unwrap();
        let tried = Message {
            attempts: 1,
            ..message("a")
        };
        outbox.keep(&message("a")).unwrap();
        outbox.keep(&tried).unwrap();
        let again = Outbox::of_webhooks(root.path(), "07");
        assert_eq!(again.messages().unwrap(), std::slice::from_ref(&tried));
        assert_eq!(mode(&again.0), 0o700);
        assert_eq!(mode(&again.0.join("ops~a.message")), 0o600);
        again.remove(&tried).unwrap();
        again.remove(&tried).unwrap();
        assert_eq!(outbox.messages().unwrap(), []);
    }

    #[test]
    fn a_message_that_cannot_be_read_keeps_no_other_from_being_delivered() {
        let root = tempfile::tempdir().unwrap();
        let outbox = Outbox::of_webhooks(root.path(), "07");
        outbox.make().unwrap();
        for id in ["whole", "cut", "open"] {
            outbox.keep(&message(id)).unwrap();
        }
        fs::write(outbox.0.join("ops~cut.message"), "{").unwrap();
        let open = outbox.0.join("ops~open.message");
        fs::set_permissions(open, fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(outbox.messages().unwrap(), [message("whole")]);
    }

    #[test]
    fn the_log_begins_anew_in_the_middle_and_stays_short_enough_to_be_read() {
        let root = tempfile::tempdir().unwrap();
        let outbox = Outbox::of_webhooks(root.path(), "07");
        outbox.make().unwrap();
        // As long as an attempt gets: 32 letters of a name, the longest id, an error of 120 letters and a date.
        let attempt = |attempt| Attempt {
            at: AT,
            receiver: "r".repeat(32),
            id: "i".repeat(64),
            kind: "rotation.finished".into(),
            attempt,
            delivered: false,
            result: "\u{fffd}".repeat(120) + "; again at 2026-11-23T14:13:00Z",
        };
        let all: Vec<Attempt> = (0..MOST).map(|number| attempt(number as u32)).collect();
        outbox.write(LOG, &all).unwrap();
        outbox.log(attempt(7777)).unwrap();
        let left = outbox.attempts().unwrap();
        assert_eq!(left.len(), MOST / 2 + 1);
        assert_eq!((left[0].attempt, left[MOST / 2].attempt), (MOST as u32 / 2, 7777));
    }
}
