//! Where records are kept: the store's port, what is written together, and how the store is.

use std::fmt;

use crate::domain::audit::AuditEntry;
use crate::domain::cashier::Cashier;
use crate::domain::id::{CashierId, OrganizationId, TokenId};
use crate::domain::key_pair::KeyPair;
use crate::domain::login::{LoginKey, LoginSession};
use crate::domain::organization::Organization;
use crate::domain::recovery::{Backups, Hold};
use crate::domain::secret::Sealed;
use crate::domain::text::Email;
use crate::domain::throttle::Throttle;
use crate::domain::time::Timestamp;
use crate::domain::token::Token;
pub use crate::domain::trusted_time::TimeMark;
use crate::domain::usage::{KeyUsage, Usage};

/// Where records are kept. One writer; whatever `commit` acknowledged is there after a power cut.
pub trait Store: Send + Sync {
    /// Hands every record to `visit`, at open: in the order of their keys, usage and audit entries left out.
    ///
    /// What was handed out holds only if the answer is [`Loaded::Whole`]; after [`Loaded::Mended`] it is to be forgotten,
    /// and `load` called again.
    ///
    /// # Errors
    /// The store is damaged, has a record of an unknown version, or `visit` refused one.
    fn load(
        &self,
        visit: &mut dyn FnMut(Record, Revision) -> Result<(), StoreError>,
    ) -> Result<Loaded, StoreError>;

    /// What opening found and mended, and whether an older state was put in the place of a newer one. Known after `load`.
    fn opening(&self) -> Opening;

    /// Goes on with a state that is older than the anchor says; an admin has said so.
    ///
    /// # Errors
    /// The new anchor cannot be written.
    fn accept_rollback(&self) -> Result<(), StoreError>;

    /// How the store is: for the console's health line, `doctor` and the daemon.
    fn health(&self) -> StoreHealth;

    /// What is due now and then: a checkpoint that is old or far back, a database that fell behind.
    ///
    /// # Errors
    /// It could not be done; nothing is lost, and the next call tries again.
    fn maintain(&self) -> Result<(), StoreError>;

    /// The wrapped data key of a generation's private half.
    fn slot(&self, slot: SlotId) -> Option<Sealed>;

    /// Keeps a wrapped data key; in both copies of the slots' file when it returns.
    ///
    /// # Errors
    /// It could not be written; no slot is lost.
    fn add_slot(&self, slot: SlotId, wrapped: &Sealed) -> Result<(), StoreError>;

    /// Destroys all slots but these, in both copies; how many were destroyed.
    ///
    /// # Errors
    /// It could not be written: the erasure is pending, to be tried again.
    fn retain_slots(&self, keep: &[SlotId]) -> Result<usize, StoreError>;

    /// The time that was recorded last (security.md, the clock).
    fn recorded_time(&self) -> Option<TimeMark>;

    /// Records the time outside the data directory, beside the anchor; at the latest a second after, and at the end.
    fn record_time(&self, mark: TimeMark);

    /// Writes all of a batch or nothing of it; durable when it returns.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when an expectation does not hold; otherwise what went wrong. Nothing was written then.
    fn commit(&self, batch: &Batch) -> Result<(), StoreError>;

    /// The newest audit entry: the head of the chain.
    ///
    /// # Errors
    /// The store is damaged.
    fn audit_head(&self) -> Result<Option<AuditEntry>, StoreError>;

    /// Up to `limit` audit entries with a sequence below `before` (all when `None`), the newest first.
    ///
    /// # Errors
    /// The store is damaged.
    fn audit_page(&self, before: Option<u64>, limit: usize) -> Result<Vec<AuditEntry>, StoreError>;

    /// What others committed since the last call, in order. Always empty for a store with one owner (sled, memory).
    ///
    /// # Errors
    /// The store cannot tell.
    fn changes(&self) -> Result<Vec<Change>, StoreError>;

    /// Hands every usage record to `visit`, at open. A damaged one is left out: usage may be lost, never wrong.
    ///
    /// # Errors
    /// The usage lane cannot be read at all.
    fn load_usage(&self, visit: &mut dyn FnMut(UsageRecord)) -> Result<(), StoreError>;

    /// One token's usage in full, for a screen that looks at it.
    ///
    /// # Errors
    /// The usage lane cannot be read.
    fn token_usage(&self, token: TokenId) -> Result<Option<Usage>, StoreError>;

    /// Writes usage records over those that are there. Not synced: a crash may lose it.
    ///
    /// # Errors
    /// The usage lane cannot be written.
    fn write_usage(&self, records: &[UsageRecord]) -> Result<(), StoreError>;
}

/// Gives a record sealed anew under another keyring, and for a private key its data key, wrapped for its slot.
pub type Resealing<'a> = dyn FnMut(Record) -> Result<(Record, Option<(SlotId, Sealed)>), StoreError> + 'a;

/// Whether what `load` handed out holds.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loaded {
    /// It is all there is, and what was acknowledged.
    Whole,
    /// It was not; the records were rebuilt meanwhile: load again.
    Mended,
}

/// What opening found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Opening {
    /// What was mended, or is worth a word: for the console and the audit log.
    pub notices: Vec<Notice>,
    /// An older state was put in the place of a newer one: sealed until an admin accepts it.
    pub rollback: Option<Rollback>,
}

/// Something that opening mended, or missed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// A store of the time before the journal got its journal, checkpoint and key slots.
    TakenOver,
    /// The database was behind the journal by so many frames, as after every crash, and has them now.
    Replayed(u64),
    /// The database was not what was acknowledged, and was rebuilt from checkpoint and journal. Says why.
    Rebuilt(String),
    /// A commit that was cut off before it was acknowledged was removed; its sequence.
    TornFrame(u64),
    /// There was no anchor: an old copy put back could not have been noticed.
    NoAnchor,
    /// One copy of the key slots was damaged or behind, and was written anew from the other.
    SlotsMended,
    /// Usage could not be read, and begins anew.
    UsageLost,
    /// A checkpoint was not what was written, and another was made. Says which, and why.
    CheckpointReplaced(String),
}

/// An older state in the place of a newer one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Rollback {
    /// The newest sequence that the anchor knows.
    pub anchored: u64,
    /// The newest sequence that is here.
    pub found: u64,
    /// When the anchor was written.
    pub anchored_at: Timestamp,
}

/// How the store is.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct StoreHealth {
    /// The newest commit's sequence; 0 before the first.
    pub sequence: u64,
    /// Live records, as the last commit counted them.
    pub records: u64,
    /// When count and digest of all records were compared with the journal.
    pub verified_at: Option<Timestamp>,
    /// When the last checkpoint was made.
    pub checkpoint_at: Option<Timestamp>,
    /// When the anchor was written last.
    pub anchored_at: Option<Timestamp>,
    /// What is wrong at the moment: each a sentence that says what to do.
    pub faults: Vec<String>,
}

/// Which private key's data key: one generation of an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct SlotId {
    /// Whose.
    pub organization: OrganizationId,
    /// Which generation.
    pub generation: u32,
}

/// How often a record was written, from 1 on: what an expectation compares.
pub type Revision = u64;

/// Everything that is kept under a key of its own.
#[allow(
    clippy::large_enum_variant,
    reason = "nearly all records are tokens; a box each would slow every start"
)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// An organization.
    Organization(Organization),
    /// One generation of a key pair.
    KeyPair(KeyPair),
    /// A token.
    Token(Token),
    /// A cashier.
    Cashier(Cashier),
    /// Failed sign-ins of one account from one source.
    Throttle(Throttle),
    /// What is known of backups; there is one.
    Backups(Backups),
    /// Which tokens are held after a restore; there is one, or none.
    Hold(Hold),
    /// The key that signs the JWTs of logins; there is one from the first login on.
    LoginKey(LoginKey),
    /// A cashier's login session; each has one, or none.
    LoginSession(LoginSession),
}

/// What names a record in the store.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RecordKey {
    /// An organization.
    Organization(OrganizationId),
    /// One generation of an organization's key pair.
    KeyPair(OrganizationId, u32),
    /// An organization's token.
    Token(OrganizationId, TokenId),
    /// A cashier.
    Cashier(CashierId),
    /// An account and a source.
    Throttle(Email, String),
    /// The backups.
    Backups,
    /// The hold.
    Hold,
    /// The signing key.
    LoginKey,
    /// A cashier's login session.
    LoginSession(CashierId),
}

impl Record {
    /// The key it is kept under.
    #[must_use]
    pub fn key(&self) -> RecordKey {
        match self {
            Self::Organization(organization) => RecordKey::Organization(organization.id),
            Self::KeyPair(pair) => RecordKey::KeyPair(pair.organization, pair.generation),
            Self::Token(token) => RecordKey::Token(token.organization, token.id),
            Self::Cashier(cashier) => RecordKey::Cashier(cashier.id),
            Self::Throttle(throttle) => RecordKey::Throttle(throttle.email.clone(), throttle.source.clone()),
            Self::Backups(_) => RecordKey::Backups,
            Self::Hold(_) => RecordKey::Hold,
            Self::LoginKey(_) => RecordKey::LoginKey,
            Self::LoginSession(session) => RecordKey::LoginSession(session.cashier),
        }
    }
}

/// What is written together.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// What must hold, or nothing is written.
    pub expect: Vec<Expectation>,
    /// Records to write, each with its new revision.
    pub put: Vec<(Record, Revision)>,
    /// Records to remove.
    pub delete: Vec<RecordKey>,
    /// The audit entries, in sequence: no entry, no change.
    pub audit: Vec<AuditEntry>,
    /// What `put` and `delete` take the place of, as the index has it: the store's digest is reckoned from it, never from
    /// what is on disk.
    pub replaced: Vec<(Record, Revision)>,
}

/// What must hold for a batch to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expectation {
    /// There is no such record.
    Absent(RecordKey),
    /// The record is there in this revision.
    Revision(RecordKey, Revision),
    /// The newest audit entry has this sequence; 0 for an empty log.
    AuditHead(u64),
}

/// What another owner of the same store committed.
#[derive(Debug, Clone)]
pub enum Change {
    /// A record was written.
    Put(Box<Record>, Revision),
    /// A record was removed.
    Deleted(RecordKey),
}

/// One record of the lossy lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UsageRecord {
    /// A token's use.
    Token(TokenId, Usage),
    /// An organization's private keys' use.
    Key(OrganizationId, KeyUsage),
}

/// Why the store could not do it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreError {
    /// An expectation did not hold: somebody else was first.
    Conflict(RecordKey),
    /// The newest audit entry is another than was expected.
    AuditConflict,
    /// Another process has it.
    Locked {
        /// That process.
        pid: u32,
        /// The user it runs as.
        user: String,
        /// Since when.
        since: Timestamp,
    },
    /// Bytes that cannot be what was written. Names the place.
    Damaged(String),
    /// A record was written by a newer program.
    UnknownVersion {
        /// What kind of record.
        kind: &'static str,
        /// Its version.
        version: u8,
        /// The newest this program reads.
        newest: u8,
    },
    /// A record is longer than the store takes; nothing was written.
    TooLarge {
        /// What kind of record.
        kind: &'static str,
        /// Its bytes.
        length: usize,
        /// The most that is taken.
        max: usize,
    },
    /// The file system is full. Nothing was written; earlier records are whole.
    DiskFull(String),
    /// A file or directory that others could read or change, or that belongs to somebody else. Names it and says what to do.
    Permissions(String),
    /// Any other failure of the operating system. Names the path.
    Io(String),
    /// After an error whose outcome is unknown, until the store is opened again.
    Closed(String),
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conflict(key) => write!(f, "the record {key:?} was changed by somebody else"),
            Self::AuditConflict => write!(f, "the audit log was extended by somebody else"),
            Self::Locked { pid, user, since } => {
                write!(f, "the store is in use by process {pid} of {user} since {since}")
            }
            Self::Damaged(place) => write!(f, "the store is damaged: {place}"),
            Self::UnknownVersion {
                kind,
                version,
                newest,
            } => write!(
                f,
                "a {kind} record has version {version}, and this program reads versions up to {newest}"
            ),
            Self::TooLarge { kind, length, max } => {
                write!(
                    f,
                    "a {kind} record of {length} bytes is too long, {max} is the most"
                )
            }
            Self::DiskFull(path) => write!(f, "no space left on the device of {path}"),
            Self::Permissions(what) | Self::Io(what) => f.write_str(what),
            Self::Closed(why) => write!(f, "the store was closed after an error: {why}"),
        }
    }
}

impl std::error::Error for StoreError {}
