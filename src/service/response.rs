//! What is answered: views of records as people and programs see them. Serialized, they are the shapes of `--json`.

mod diagnosis;
mod ending;
mod health;
mod key;
mod leak;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use self::diagnosis::*;
pub use self::health::*;
pub use self::key::*;
pub use self::leak::*;

use super::error::Error;
use super::request::{JobId, RevealId, SessionId};
use crate::domain::address::AddressRange;
use crate::domain::audit::AuditEntry;
use crate::domain::audit::chain::Verdict;
use crate::domain::cashier::{Role, Standing};
use crate::domain::delivery::Deliveries;
use crate::domain::id::TokenId;
use crate::domain::recovery::LastBackup;
use crate::domain::recovery::Recipient;
use crate::domain::secret::Secret;
use crate::domain::text::{
    Brand, Email, Environment, OrganizationName, Reason, ServiceName, Slug, TokenName, TokenNote, Variable,
};
use crate::domain::time::Timestamp;
use crate::domain::token::{Ladder, Lifetime, Overlap, Refusal, Status};
use crate::domain::usage::Caller;

/// The answer to a request; each request names its own.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Response {
    /// It is done; there is nothing to add.
    Done,
    /// What is there.
    Overview(Overview),
    /// An organization was onboarded.
    Onboarded(OrganizationRow, KeyGeneration),
    /// All organizations.
    Organizations(Vec<OrganizationRow>),
    /// A key pair.
    Key(Box<KeyView>),
    /// What would break.
    Impact(Impact),
    /// A ciphertext in Base64.
    Encrypted(String),
    /// An opened ciphertext.
    Decrypted(Decrypted),
    /// A payload whose encrypted fields were opened.
    PayloadOpened(PayloadOpened),
    /// What was wrong.
    Diagnosed(Diagnosis),
    /// Long work began.
    Started(JobId),
    /// A key pair replaced another: the old one and the new one.
    KeyRotated(KeyGeneration, KeyGeneration),
    /// A window of tokens.
    Tokens(TokenPage),
    /// One token.
    Token(Box<TokenDetail>),
    /// A free variable.
    Variable(Variable),
    /// A new token, with its text.
    Minted(Box<Minted>),
    /// Whether a token is good.
    Tried(Tried),
    /// Which tokens and keys they are.
    Identified(Identified),
    /// Why it works, or does not.
    Explained(Vec<Explained>),
    /// All cashiers.
    Cashiers(Vec<CashierRow>),
    /// A one-time code for a cashier.
    EnrolmentCode(EnrolmentCode),
    /// Ten minutes for changes.
    SignedIn(SignedIn),
    /// A page of the audit log.
    Activity(ActivityPage),
    /// How the store is.
    Health(Box<Health>),
    /// What the audit log turned out to be.
    AuditVerified(AuditReport),
    /// A backup was made, and read back whole.
    BackedUp(LastBackup),
    /// What is known of backups.
    Backups(BackupsView),
    /// A new recovery key, with its text.
    RecoveryKey(RecoveryKey),
    /// How webhooks arrive.
    Deliveries(Deliveries),
}

/// What happens without having been asked for here: somebody changed something, or long work went on.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// Records changed: what is on a screen may be out of date.
    Changed,
    /// Tokens were used: counts on a screen may be out of date. At most once a second, however many uses there were.
    Used,
    /// Long work ended; `Err` with `Cancelled` when it was cancelled.
    JobEnded(JobId, #[serde(with = "ending")] Result<Arc<Response>, Error>),
    /// Whoever answers went away, or is there again: told by the gateway on this side, never by the service.
    Connection(Connection),
}

/// Whether whoever answers can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Connection {
    /// Not any more; it is tried again by itself.
    Lost,
    /// Again: what happened meanwhile was not told.
    Back,
}

/// What is there, for a console's frame.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Overview {
    /// The organizations, by slug; none before onboarding.
    pub organizations: Vec<OrganizationRow>,
    /// The answering clock.
    pub now: Timestamp,
    /// An older state of the store waits to be accepted; hardly anything else is answered until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollback: Option<Rollback>,
    /// The role of the only cashier that may act here (`--as`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Tokens are held after a restore.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold: Option<HoldView>,
}

/// An organization in a list.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OrganizationRow {
    /// Its short name.
    pub slug: Slug,
    /// Its full name.
    pub name: OrganizationName,
    /// Its platform.
    pub brand: Brand,
    /// When it was onboarded.
    pub created_at: Timestamp,
    /// Its tokens.
    pub tokens: Counts,
    /// The live token that ends first, and when.
    pub nearest: Option<(TokenName, Timestamp)>,
    /// Who is told of all its tokens, beside each one's owner.
    pub contacts: Vec<Email>,
    /// When to warn of its tokens' ends, by lifetime.
    pub warnings: Vec<WarningsRow>,
}

/// When to warn of the ends of an organization's tokens of one lifetime.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WarningsRow {
    /// The lifetime.
    pub lifetime: Lifetime,
    /// When.
    pub warnings: Ladder,
    /// Whether the organization says so itself.
    pub own: bool,
}

/// How many tokens there are of each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "each is the status of that name")]
pub struct Counts {
    pub active: usize,
    pub expiring: usize,
    pub retiring: usize,
    pub held: usize,
    pub expired: usize,
    pub revoked: usize,
    pub deleted: usize,
    /// Live ones whose reveal nobody acknowledged.
    pub unacknowledged: usize,
    /// Live ones never used, or silent for too long.
    pub unused: usize,
}

impl Counts {
    /// Those that work.
    #[must_use]
    pub const fn live(&self) -> usize {
        self.active + self.expiring + self.retiring
    }
}

/// What will break when rights are taken away.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Impact {
    /// How many things it is about.
    pub subjects: usize,
    /// How many of them work at the moment.
    pub live: usize,
    /// Callers within the last hour.
    pub callers_last_hour: usize,
    /// The most recent callers, at most five.
    pub callers: Vec<Caller>,
    /// Uses within the last 30 days.
    pub uses_30_days: u64,
}

/// Whether a token that somebody has was used of late.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UseFlag {
    /// Never.
    NeverUsed,
    /// Not for too long.
    Dormant,
}

/// A token in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenRow {
    /// Its id.
    pub id: TokenId,
    /// Its name.
    pub name: TokenName,
    /// The service that sends it.
    pub service: ServiceName,
    /// The environment.
    pub environment: Environment,
    /// The environment variable it is kept in.
    pub variable: Variable,
    /// `fincode_prod_…x7Qm`.
    pub masked: String,
    /// Its status now.
    pub status: Status,
    /// Whether it is used.
    pub flag: Option<UseFlag>,
    /// The chosen expiry.
    pub lifetime: Lifetime,
    /// When it was minted.
    pub minted_at: Timestamp,
    /// By whom.
    pub minted_by: Email,
    /// Who has to be told of it.
    pub owner: Email,
    /// What a cashier wrote about it.
    pub note: Option<TokenNote>,
    /// When to warn of its end: its own ladder, its organization's, or the usual one.
    pub warnings: Ladder,
    /// When it expires.
    pub expires_at: Timestamp,
    /// When it stops working by itself: its expiry, or the end of its overlap.
    pub ends_at: Timestamp,
    /// Whether somebody confirmed to have it.
    pub acknowledged: bool,
    /// The token it replaces.
    pub replaces: Option<TokenId>,
    /// The token that replaced it: it is the old one of a rotation.
    pub replaced_by: Option<TokenId>,
    /// Whether it was revoked as leaked.
    pub leaked: bool,
    /// When it was last used.
    pub last_used: Option<Timestamp>,
    /// How often it was used.
    pub uses: u64,
    /// Uses per day of the last 30, the oldest first.
    pub days: Vec<u64>,
}

/// A window of a token list.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct TokenPage {
    /// The visible rows.
    pub rows: Vec<TokenRow>,
    /// How many come before them.
    pub offset: usize,
    /// How many the filter left in all.
    pub matching: usize,
    /// All of the organization's tokens.
    pub counts: Counts,
}

/// Everything about one token.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TokenDetail {
    /// As in a list.
    #[serde(flatten)]
    pub row: TokenRow,
    /// Whose.
    pub organization: Slug,
    /// When it was first used.
    pub first_used: Option<Timestamp>,
    /// Uses per day of the last 90, the oldest first.
    pub days_90: Vec<u64>,
    /// The most recent callers.
    pub callers: Vec<Caller>,
    /// How often each of them used it within the last hour, in the same order; what came before this process is left out.
    pub callers_last_hour: Vec<u64>,
    /// Uses per minute of the last 60, the oldest first; what came before this process is left out.
    pub minutes_60: Vec<u32>,
    /// Where it may be used from; empty for everywhere.
    pub allowed: Vec<AddressRange>,
    /// Whether its warnings are its own.
    pub own_warnings: bool,
    /// Who revoked it, when and why.
    pub revoked: Option<RevokedView>,
    /// Until when the revocation can be undone.
    pub restorable_until: Option<Timestamp>,
    /// When it was deleted.
    pub deleted_at: Option<Timestamp>,
    /// The overlap that begins, or began, when its successor's or its own reveal was acknowledged.
    pub overlap: Option<Overlap>,
    /// Its rotations, the oldest first, itself included.
    pub chain: Vec<TokenRow>,
    /// How far it is from finishing, while its overlap runs and finishes when it is quiet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finish: Option<FinishView>,
}

/// How far the old token of a rotation is from being quiet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FinishView {
    /// The hours of silence that were asked for; it may need more.
    pub hours: u8,
    /// Whether uses are counted at the moment: without a daemon silence means nothing.
    pub counted: bool,
    /// Whether anybody has called with the new token.
    pub successor_seen: bool,
    /// When the present silence began.
    pub silent_since: Timestamp,
    /// The silence that it needs, in seconds.
    pub needed_seconds: i64,
    /// When it will have been silent for long enough, if nobody calls.
    pub quiet_at: Timestamp,
}

/// A revocation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevokedView {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: Email,
    /// For good.
    pub leaked: bool,
    /// Why.
    pub reason: Option<Reason>,
}

/// A new token, for its one reveal.
#[derive(Debug, Serialize, Deserialize)]
pub struct Minted {
    /// Its row.
    pub token: TokenRow,
    /// Its text. Nobody can show it again.
    #[serde(with = "crate::service::exposed")]
    pub secret: Secret,
    /// With this the reveal is acknowledged or given up.
    #[serde(with = "crate::service::exposed")]
    pub reveal: RevealId,
    /// The token it replaces, and the overlap that begins with the acknowledgement.
    pub replaces: Option<(TokenRow, Overlap)>,
}

/// Whether a token is good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tried {
    /// It works.
    Good(Box<TokenRow>, Slug),
    /// It works, and not from where it was presented.
    Forbidden(Box<TokenRow>, Slug),
    /// It is known and does not.
    Refused(Refusal, Box<TokenRow>, Slug),
    /// It has the form of a token, and nobody knows it.
    Unknown,
    /// A character is wrong: the checksum does not fit.
    Mistyped,
    /// It has not the form of a token.
    Malformed,
}

/// A cashier in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CashierRow {
    /// The address it signs in with.
    pub email: Email,
    /// What it may do.
    pub role: Role,
    /// What it can do at the moment.
    pub standing: Standing,
    /// When its code runs out.
    pub code_expires_at: Option<Timestamp>,
    /// Failed sign-ins since the last success, from all sources.
    pub failures: u32,
    /// Until when a further try is refused from the source that must wait longest.
    pub blocked_until: Option<Timestamp>,
    /// When it was added.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: Email,
    /// Its login session, while it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login: Option<LoginView>,
}

/// A login session, as people see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginView {
    /// When the cashier logged in.
    pub since: Timestamp,
    /// Where from.
    pub from: String,
    /// When it was refreshed last.
    pub refreshed_at: Timestamp,
    /// When it ends if nobody refreshes it.
    pub ends_at: Timestamp,
}

/// A one-time code, to be handed to the cashier by another road.
#[derive(Debug, Serialize, Deserialize)]
pub struct EnrolmentCode {
    /// For whom.
    pub email: Email,
    /// Four groups of five characters.
    #[serde(with = "crate::service::exposed")]
    pub code: Secret,
    /// From when on it is refused.
    pub expires_at: Timestamp,
}

/// Ten minutes for changes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SignedIn {
    /// Goes with the requests that follow.
    #[serde(with = "crate::service::exposed")]
    pub session: SessionId,
    /// Who.
    pub email: Email,
    /// With which role.
    pub role: Role,
    /// Until when.
    pub until: Timestamp,
}

/// A page of the audit log.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ActivityPage {
    /// The entries, in the order that was asked for.
    pub entries: Vec<AuditEntry>,
    /// Where the next page begins, as the same request takes it; `None` when there is none.
    pub next: Option<u64>,
    /// The newest entry's sequence.
    pub head: u64,
    /// What the log turned out to be; `None` while it is verified for the first time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chain: Option<Verdict>,
}

/// A recovery key, for its one reveal.
#[derive(Debug, Serialize, Deserialize)]
pub struct RecoveryKey {
    /// Its text, `AGE-SECRET-KEY-1…`. Nobody can show it again.
    #[serde(with = "crate::service::exposed")]
    pub identity: Secret,
    /// Whom to encrypt to so that it opens.
    pub recipient: Recipient,
}
