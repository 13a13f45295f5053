//! The audit log: who did what to what, chained by hash so that nothing can be altered, dropped or reordered unseen.
//!
//! An entry never holds a token, password, ciphertext or plaintext. Its hash is SHA-256 over [`AuditEntry::canonical`],
//! which begins with the previous entry's hash; the first one's previous hash is 32 zero bytes.

pub mod chain;
pub mod checkpoint;

use serde::{Deserialize, Serialize};

use super::cashier::Role;
use super::id::RequestId;
use super::text::{Email, Slug};
use super::time::Timestamp;

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// 1, 2, 3, … without gaps.
    pub sequence: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: AuditActor,
    /// Did what.
    pub action: Action,
    /// Whose it was, where it was an organization's.
    pub organization: Option<Slug>,
    /// To what: a token's name and id, a fingerprint, an e-mail address.
    pub subject: String,
    /// With what result.
    pub result: Outcome,
    /// Why, or what in particular: free text of ours or a cashier's.
    pub reason: String,
    /// The request that it belongs to.
    pub request: RequestId,
    /// The hash of the entry before; in JSON as 64 hexadecimal digits.
    #[serde(with = "hexadecimal")]
    pub previous: [u8; 32],
    /// The hash of this one; in JSON as 64 hexadecimal digits.
    #[serde(with = "hexadecimal")]
    pub hash: [u8; 32],
}

/// Who acted: the person who proved it, and the operating system's account that carried it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditActor {
    /// The cashier, where one had signed in or tried to.
    pub cashier: Option<Email>,
    /// That cashier's role.
    pub role: Option<Role>,
    /// The operating system's user name.
    pub os_user: String,
    /// And its number.
    pub uid: u32,
    /// The SSH client's address, where there was one.
    pub address: Option<String>,
}

/// Whether it was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It was.
    Done,
    /// It was refused.
    Refused,
}

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)+) => {
        /// What was done. New ones are added at the end: the position is what is stored.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Action {
            $($(#[$doc])* #[serde(rename = $word)] $name,)+
        }

        impl Action {
            /// The word that people and JSON use, `noun.verb`.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }
        }
    };
}

actions! {
    /// An organization was onboarded, with its first key pair.
    OrganizationOnboarded = "organization.onboarded",
    /// A key pair replaced another.
    KeyRotated = "key.rotated",
    /// A token was minted.
    TokenCreated = "token.created",
    /// A token was minted to replace another.
    TokenRotated = "token.rotated",
    /// Somebody confirmed to have a new token; an overlap began.
    TokenAcknowledged = "token.acknowledged",
    /// A new token was given up at its reveal.
    TokenDiscarded = "token.discarded",
    /// An overlap was made longer.
    OverlapExtended = "token.overlap_extended",
    /// An overlap was ended by hand.
    TokenCutOver = "token.cut_over",
    /// A token's rights were taken away.
    TokenRevoked = "token.revoked",
    /// The same, because somebody else may have it.
    TokenRevokedAsLeaked = "token.revoked_as_leaked",
    /// A revocation was undone.
    TokenRestored = "token.restored",
    /// A token became a tombstone.
    TokenDeleted = "token.deleted",
    /// A cashier was added.
    CashierAdded = "cashier.added",
    /// A cashier set its password with a code.
    CashierEnrolled = "cashier.enrolled",
    /// A cashier got a new code, and its password was forgotten.
    CashierReset = "cashier.reset",
    /// A cashier changed its password.
    PasswordChanged = "cashier.password_changed",
    /// A cashier got another role.
    RoleChanged = "cashier.role_changed",
    /// A cashier may no longer sign in.
    CashierDisabled = "cashier.disabled",
    /// A cashier may sign in again.
    CashierEnabled = "cashier.enabled",
    /// A cashier's failed sign-ins were forgotten.
    CashierUnlocked = "cashier.unlocked",
    /// A cashier signed in.
    SignedIn = "cashier.signed_in",
    /// Somebody tried to sign in and could not.
    SignInFailed = "cashier.sign_in_failed",
    /// The host's owner made a code without an admin.
    BreakGlass = "cashier.break_glass",
    /// The right password ended a row of failures.
    FailuresForgotten = "cashier.failures_forgotten",
    /// A password was hashed again, with today's parameters.
    PasswordRehashed = "cashier.password_rehashed",
    /// A store of an earlier version got its journal, checkpoint and key slots.
    StoreTakenOver = "store.taken_over",
    /// The database was not what was acknowledged, and was rebuilt from checkpoint and journal.
    StoreRebuilt = "store.rebuilt",
    /// A commit that was cut off before it was acknowledged was removed.
    TornCommitDropped = "store.torn_commit_dropped",
    /// There was no anchor at an opening.
    AnchorMissing = "store.anchor_missing",
    /// One copy of the key slots was written anew from the other.
    SlotsMended = "store.slots_mended",
    /// Usage could not be read, and began anew.
    UsageLost = "store.usage_lost",
    /// An admin accepted an older state in the place of a newer one.
    RollbackAccepted = "store.rollback_accepted",
    /// The wall clock jumped, and is not believed.
    ClockJumped = "clock.jumped",
    /// An admin said that it is right nevertheless.
    ClockConfirmed = "clock.confirmed",
    /// Another recovery key's recipient was set.
    RecipientSet = "backup.recipient_set",
    /// A backup was made, and read back whole.
    StoreBackedUp = "store.backed_up",
    /// A backup was restored.
    StoreRestored = "store.restored",
    /// A token that was held after a restore was released.
    TokenReleased = "token.released",
    /// All tokens that were held after a restore were released.
    HoldReleased = "token.all_released",
    /// The keyring was sealed with another passphrase or key file.
    SealRotated = "seal.rotated",
    /// A replaced private key could not be erased at once.
    KeyErasurePending = "key.erasure_pending",
    /// A replaced private key was erased, later than it was replaced.
    KeyErased = "key.erased",
    /// The keyring was replaced, and everything sealed anew.
    SealRekeyed = "seal.rekeyed",
    /// A checkpoint was not what was written, and another was made.
    CheckpointReplaced = "store.checkpoint_replaced",
    /// Tokens that were used since the keyring was replaced were hashed again, under its token key.
    TokensRehashed = "token.rehashed",
    /// A cashier logged in; a login session before it has ended.
    LoggedIn = "login.begun",
    /// Somebody tried to log in and could not.
    LoginRefused = "login.refused",
    /// A refresh token was used again, and its login session ended: somebody else may have it.
    RefreshReused = "login.refresh_reused",
    /// A login session was ended.
    LoggedOut = "login.ended",
    /// Another key signs the JWTs of logins.
    LoginKeyRotated = "login.key_rotated",
    /// The old token of a rotation was quiet, and its overlap ended by itself.
    TokenCutOverWhenQuiet = "token.cut_over_when_quiet",
    /// A rotation was undone: its old token goes on.
    RotationUndone = "token.rotation_undone",
    /// An organization's list of fields to encrypt was changed.
    FieldPolicyChanged = "organization.fields_changed",
    /// It was said where a token may be used from.
    AddressesAllowed = "token.addresses_allowed",
    /// It was tried with every padding what somebody had sent for a ciphertext.
    CiphertextDiagnosed = "key.diagnosed",
    /// A token got another name, owner, note or warnings.
    TokenChanged = "token.changed",
    /// Who is told of all of an organization's tokens was changed.
    ContactsChanged = "organization.contacts_changed",
    /// It was said when to warn of the ends of an organization's tokens.
    WarningsChanged = "organization.warnings_changed",
}

impl AuditEntry {
    /// The bytes that the hash is over: every field but the hash, each with its length in front (u32, big-endian).
    ///
    /// An optional field is empty when it is absent, and otherwise a 1 and its text, so that no two entries share bytes.
    #[must_use]
    pub fn canonical(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(256);
        let mut field = |value: &[u8]| {
            bytes.extend_from_slice(&u32::try_from(value.len()).unwrap_or(u32::MAX).to_be_bytes());
            bytes.extend_from_slice(value);
        };
        field(&self.previous);
        field(&self.sequence.to_be_bytes());
        field(&self.at.millis().to_be_bytes());
        field(&optional(self.actor.cashier.as_ref().map(Email::as_str)));
        field(&optional(self.actor.role.map(Role::word)));
        field(self.actor.os_user.as_bytes());
        field(&self.actor.uid.to_be_bytes());
        field(&optional(self.actor.address.as_deref()));
        field(self.action.word().as_bytes());
        field(&optional(self.organization.as_ref().map(Slug::as_str)));
        field(self.subject.as_bytes());
        field(match self.result {
            Outcome::Done => b"done",
            Outcome::Refused => b"refused",
        });
        field(self.reason.as_bytes());
        field(self.request.0.bytes());
        bytes
    }
}

fn optional(text: Option<&str>) -> Vec<u8> {
    text.map_or_else(Vec::new, |text| [&[1], text.as_bytes()].concat())
}

/// 32 bytes as digits where people read them, and as they are in the store.
mod hexadecimal {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

    use super::checkpoint::{hex, unhex};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8; 32], serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.serialize_str(&hex(bytes))
        } else {
            bytes.serialize(serializer)
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; 32], D::Error> {
        if !deserializer.is_human_readable() {
            return <[u8; 32]>::deserialize(deserializer);
        }
        let text = String::deserialize(deserializer)?;
        unhex(&text).ok_or_else(|| de::Error::custom("not 64 hexadecimal digits"))
    }
}
