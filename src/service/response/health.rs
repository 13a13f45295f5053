//! How the store is, and what guards it: journal, audit log, clock, backups.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::domain::audit::chain::Verdict;
use crate::domain::recovery::Backups;
use crate::domain::time::Timestamp;
use crate::domain::trusted_time::Jump;
pub use crate::service::ports::{Rollback, StoreHealth};

/// How the store and what guards it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// The answering clock.
    pub now: Timestamp,
    /// When this process opened the store.
    pub opened_at: Timestamp,
    /// The store itself.
    pub store: StoreHealth,
    /// The clocks.
    pub clock: ClockView,
    /// What the audit log turned out to be; `None` while it is verified for the first time.
    pub log: Option<Verdict>,
    /// What opening mended or missed.
    pub notices: Vec<Noticed>,
    /// An older state waits to be accepted.
    pub rollback: Option<Rollback>,
    /// What is known of backups, and whether tokens are held.
    #[serde(flatten)]
    pub recovery: BackupsView,
    /// Verifications that were refused.
    pub refusals: RefusalsView,
    /// What somebody has to do something about, the gravest first.
    pub alarms: Vec<Alarm>,
}

/// Verifications that were refused within the last minute.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusalsView {
    /// How many.
    pub last_minute: u64,
    /// Since the process began.
    pub total: u64,
    /// Where most came from, the most first.
    pub sources: Vec<RefusedSource>,
}

/// A source of bad verifications.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedSource {
    /// Its address, or what the local process is called.
    pub source: String,
    /// How many within the last minute.
    pub count: u64,
}

/// The clocks: which time is believed, and which is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockView {
    /// The time that can be trusted: what is written down.
    pub trusted: Timestamp,
    /// The wall clock.
    pub wall: Timestamp,
    /// The wall clock jumped, and neither came back nor was confirmed.
    pub jump: Option<Jump>,
    /// How many tokens that work would have expired if the wall clock were confirmed.
    pub would_expire: usize,
}

/// Something that opening mended or missed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noticed {
    /// For programs.
    pub kind: Cow<'static, str>,
    /// For people.
    pub message: String,
}

/// Something that somebody has to do something about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    /// How grave it is.
    pub level: Level,
    /// For programs.
    pub kind: Cow<'static, str>,
    /// What happened.
    pub message: String,
    /// What to do next.
    pub hint: String,
}

/// How grave an alarm is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// It should be seen to.
    Warning,
    /// Something does not work, or what was promised no longer holds.
    Critical,
}

/// What is known of backups, and what followed a restore.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupsView {
    /// Whom they are for, and the last one.
    pub backups: Backups,
    /// Tokens are held.
    pub hold: Option<HoldView>,
}

/// Tokens are held after a restore: revocations that came after the backup are not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldView {
    /// Those minted up to here.
    pub since: Timestamp,
    /// When the backup was made.
    pub backup_at: Timestamp,
    /// The newest commit that was in it.
    pub backup_sequence: u64,
    /// How many were released one by one.
    pub released: usize,
}

/// What the audit log turned out to be, and what it was compared with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditReport {
    /// The verdict.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// The store's name, as its checkpoints have it.
    pub store: String,
    /// What checkpoints are signed with: Base64 of an Ed25519 key's SubjectPublicKeyInfo, DER.
    pub public_key: String,
    /// How many signed checkpoints the log was compared with.
    pub checkpoints: usize,
    /// The newest entry that one of them names.
    pub newest_checkpoint: Option<u64>,
    /// Checkpoints under a keyring that was replaced since: they prove nothing any more.
    pub earlier_lines: usize,
    /// Lines that are no checkpoint of this store.
    pub rejected_lines: usize,
}
