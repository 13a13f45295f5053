//! What is answered: views of records as people and programs see them. Serialized, they are the shapes of `--json`.

mod health;

use serde::Serialize;

pub use self::health::*;

use super::error::Error;
use super::request::{JobId, RevealId, SessionId};
use crate::domain::audit::AuditEntry;
use crate::domain::audit::chain::Verdict;
use crate::domain::cashier::{Role, Standing};
use crate::domain::field::FieldRule;
use crate::domain::id::TokenId;
use crate::domain::key_pair::{Fingerprint, KeySize, Mgf1};
use crate::domain::recovery::LastBackup;
use crate::domain::recovery::Recipient;
use crate::domain::secret::Secret;
use crate::domain::text::{
    Brand, Email, Environment, OrganizationName, Reason, ServiceName, Slug, TokenName, Variable,
};
use crate::domain::time::Timestamp;
use crate::domain::token::{Lifetime, Overlap, Refusal, Status};
use crate::domain::usage::Caller;

/// The answer to a request; each request names its own.
#[derive(Debug)]
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
}

/// What happens without having been asked for here: somebody changed something, or long work went on.
#[derive(Debug, Clone)]
pub enum Event {
    /// Records changed: what is on a screen may be out of date.
    Changed,
    /// Long work ended; `Err` with `Cancelled` when it was cancelled.
    JobEnded(JobId, Result<std::sync::Arc<Response>, Error>),
}

/// What is there, for a console's frame.
#[derive(Debug, Clone, Serialize)]
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
#[derive(Debug, Clone, Serialize)]
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
}

/// How many tokens there are of each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
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

/// One generation of a key pair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyGeneration {
    /// 1, 2, …
    pub generation: u32,
    /// Its size.
    pub size: KeySize,
    /// Its fingerprint.
    pub fingerprint: Fingerprint,
    /// When it was made.
    pub made_at: Timestamp,
    /// Who had it made.
    pub made_by: Email,
    /// When and by whom it was replaced; `None` for the active one.
    pub replaced: Option<(Timestamp, Email)>,
}

/// An organization's keys.
#[derive(Debug, Clone, Serialize)]
pub struct KeyView {
    /// Whose.
    pub organization: Slug,
    /// The active generation.
    pub active: KeyGeneration,
    /// The public key in its formats.
    pub base64: String,
    /// PEM.
    pub pem: String,
    /// JWK.
    pub jwk: String,
    /// Decryptions per day of the last 30, the oldest first.
    pub days: Vec<u64>,
    /// All decryptions by MGF1 variant.
    pub mgf1_sha256: u64,
    /// All decryptions by MGF1 variant.
    pub mgf1_sha1: u64,
    /// Ciphertexts that did not open.
    pub failures: u64,
    /// Requests that named a replaced key.
    pub stale: u64,
    /// The last successful decryption.
    pub last_decryption: Option<Timestamp>,
    /// The fields that clients must encrypt, and those that they need not.
    pub fields: Vec<FieldRule>,
    /// All generations, the newest first.
    pub history: Vec<KeyGeneration>,
}

/// What will break when rights are taken away.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
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

/// An opened ciphertext.
#[derive(Debug)]
pub struct Decrypted {
    /// What the client encrypted.
    pub plaintext: Secret,
    /// With which MGF1.
    pub mgf1: Mgf1,
    /// By which generation it was opened.
    pub generation: u32,
}

/// Whether a token that somebody has was used of late.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UseFlag {
    /// Never.
    NeverUsed,
    /// Not for too long.
    Dormant,
}

/// A token in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
#[derive(Debug, Clone, Default, Serialize)]
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
#[derive(Debug, Clone, Serialize)]
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
}

/// A revocation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
#[derive(Debug)]
pub struct Minted {
    /// Its row.
    pub token: TokenRow,
    /// Its text. Nobody can show it again.
    pub secret: Secret,
    /// With this the reveal is acknowledged or given up.
    pub reveal: RevealId,
    /// The token it replaces, and the overlap that begins with the acknowledgement.
    pub replaces: Option<(TokenRow, Overlap)>,
}

/// Whether a token is good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tried {
    /// It works.
    Good(Box<TokenRow>, Slug),
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
}

/// A one-time code, to be handed to the cashier by another road.
#[derive(Debug)]
pub struct EnrolmentCode {
    /// For whom.
    pub email: Email,
    /// Four groups of five characters.
    pub code: Secret,
    /// From when on it is refused.
    pub expires_at: Timestamp,
}

/// Ten minutes for changes.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Goes with the requests that follow.
    pub session: SessionId,
    /// Who.
    pub email: Email,
    /// With which role.
    pub role: Role,
    /// Until when.
    pub until: Timestamp,
}

/// A page of the audit log.
#[derive(Debug, Clone, Serialize)]
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
#[derive(Debug)]
pub struct RecoveryKey {
    /// Its text, `AGE-SECRET-KEY-1…`. Nobody can show it again.
    pub identity: Secret,
    /// Whom to encrypt to so that it opens.
    pub recipient: Recipient,
}
