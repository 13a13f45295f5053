//! The vocabulary: everything that anybody can ask of Strongroom, and who asks.
//!
//! Values arrive parsed (`TokenName`, `Email`, …); what is left to the use cases is whether they may be used. An
//! `organization` of `None` means the only one there is.

mod change;
mod leak;
mod owner;
mod query;

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use self::leak::*;
pub use self::owner::*;
pub use self::query::*;

use crate::domain::address::AddressRange;
use crate::domain::cashier::Role;
use crate::domain::id::{RequestId, TokenId};
use crate::domain::key_pair::{Fingerprint, KeySize, Mgf1};
use crate::domain::recovery::Recipient;
use crate::domain::secret::Secret;
use crate::domain::text::{
    Brand, Email, Environment, FieldName, OrganizationName, Reason, ServiceName, Slug, TokenName, TokenNote,
    Variable,
};
use crate::domain::time::Timestamp;
use crate::domain::token::{Finish, Ladder, Lifetime, Overlap};

/// Who asks: the account that the operating system vouches for, and the cashier who signed in, if one did.
#[derive(Debug, Clone, Default)]
pub struct Actor {
    /// The operating system's user name.
    pub os_user: String,
    /// And its number.
    pub uid: u32,
    /// The client's address, where this process knows it itself.
    pub address: Option<String>,
    /// The address that the account says it asks for: logged as said, and nothing is decided by it.
    pub said_address: Option<String>,
    /// Whether that account owns the store: it may break the glass.
    pub owns_store: bool,
    /// May only look, whatever the role.
    pub read_only: bool,
    /// The only cashier that may act here (`--as`).
    pub fixed_email: Option<Email>,
    /// The sign-in that this request goes with.
    pub session: Option<SessionId>,
    /// What names this request for good, so that a repeated one is not done twice.
    pub request: Option<RequestId>,
}

/// Proof of a sign-in: random, kept in memory only, good for ten minutes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionId(pub [u8; 16]);

/// Proof of having been given a new token's reveal; good until it is answered.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RevealId(pub [u8; 16]);

/// Long work that was begun; its progress and end arrive on the feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
pub struct JobId(pub u64);

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionId(…)")
    }
}

impl fmt::Debug for RevealId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RevealId(…)")
    }
}

/// A cashier's e-mail and password.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    /// The e-mail.
    pub email: Email,
    /// The password as typed; NFKC is applied when it is hashed.
    #[serde(with = "crate::service::exposed")]
    pub password: Secret,
}

/// A token as people name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TokenRef {
    /// By its id.
    Id(TokenId),
    /// By its name: the live one that carries it, else the most recent one that did.
    Name(String),
}

impl TokenRef {
    /// What somebody typed: an id where it is one, else a name.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        text.parse()
            .map_or_else(|_| Self::Name(text.to_owned()), Self::Id)
    }
}

/// Everything that can be asked.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[allow(missing_docs, reason = "the fields are said by their types")]
pub enum Request {
    /// What is there at all. → `Overview`
    Overview,
    /// Makes the first organization with its key pair and the first admin, or a further organization. → `Onboarded`
    Onboard(Onboard),
    /// → `Organizations`
    ListOrganizations,

    /// The active pair, its use and its history. → `Key`
    ShowKey { organization: Option<Slug> },
    /// What a key rotation would break. → `Impact`
    KeyImpact { organization: Option<Slug> },
    /// Makes a new pair and invalidates the old one; admin. → `Started`, then `KeyRotated` on the feed
    RotateKey(RotateKey),
    /// Encrypts a text as a client would. → `Encrypted`
    Encrypt {
        organization: Option<Slug>,
        #[serde(with = "crate::service::exposed")]
        plaintext: Secret,
        mgf1: Mgf1,
    },
    /// Opens a ciphertext (Base64). → `Decrypted`
    Decrypt {
        organization: Option<Slug>,
        ciphertext: String,
        key: Option<Fingerprint>,
    },
    /// Opens the encrypted fields of a JSON payload in place. → `PayloadOpened`
    OpenPayload {
        organization: Option<Slug>,
        #[serde(with = "crate::service::exposed")]
        payload: Secret,
        key: Option<Fingerprint>,
    },
    /// What is wrong with a ciphertext, or with the encrypted fields of a JSON payload; operator, or the store's owner.
    /// → `Diagnosed`
    Diagnose {
        organization: Option<Slug>,
        #[serde(with = "crate::service::exposed")]
        pasted: Secret,
        key: Option<Fingerprint>,
        /// Whether to answer what it opens to.
        show_plaintext: bool,
    },
    /// Changes the list of fields that clients must encrypt; admin. → `Done`
    ChangeFieldPolicy {
        organization: Option<Slug>,
        /// Whether to begin with the usual list.
        reset: bool,
        add: Vec<FieldName>,
        remove: Vec<FieldName>,
    },

    /// A window over the sorted, filtered tokens. → `Tokens`
    ListTokens(TokenQuery),
    /// Everything about one. → `Token`
    ShowToken {
        organization: Option<Slug>,
        token: TokenRef,
    },
    /// What taking these tokens' rights away would break. → `Impact`
    TokenImpact {
        organization: Option<Slug>,
        tokens: Vec<TokenRef>,
    },
    /// The variable that a new token would be kept in, free among live tokens. → `Variable`
    SuggestVariable {
        organization: Option<Slug>,
        service: Option<ServiceName>,
        environment: Environment,
    },
    /// Mints a token; operator, e-mail and password every time. → `Minted`
    CreateToken(CreateToken),
    /// Mints a token to replace another; operator, e-mail and password every time. → `Minted`
    RotateToken(RotateToken),
    /// Confirms to have a new token: the overlap begins. → `Done`
    AcknowledgeReveal {
        #[serde(with = "crate::service::exposed")]
        reveal: RevealId,
    },
    /// Gives a new token up: it is revoked, the old one goes on. → `Done`
    DiscardReveal {
        #[serde(with = "crate::service::exposed")]
        reveal: RevealId,
        /// Why, for the audit log.
        #[serde(default)]
        reason: Option<Reason>,
    },
    /// Makes a running overlap longer, from now on, or has it finish otherwise; what is `None` stays. → `Done`
    ExtendOverlap {
        organization: Option<Slug>,
        token: TokenRef,
        overlap: Option<Overlap>,
        finish: Option<Finish>,
    },
    /// Ends a running overlap at once. → `Done`
    CutOver {
        organization: Option<Slug>,
        token: TokenRef,
    },
    /// Ends a running overlap the other way: the new token is revoked, the old one goes on; operator. → `Done`
    UndoRotation {
        organization: Option<Slug>,
        token: TokenRef,
    },
    /// Says where a token may be used from, nothing for everywhere; operator. → `Done`
    AllowAddresses {
        organization: Option<Slug>,
        token: TokenRef,
        ranges: Vec<AddressRange>,
    },
    /// Takes the rights of one or several tokens away, all or none; operator. → `Done`
    Invalidate(Invalidate),
    /// Undoes a revocation within 60 minutes; operator. → `Done`
    RestoreToken {
        organization: Option<Slug>,
        token: TokenRef,
    },
    /// Whether a token is good, for a service that was sent it: a good one counts as used. → `Tried`
    Verify {
        #[serde(with = "crate::service::exposed")]
        presented: Secret,
    },
    /// The same for a person who wonders: counts nothing. → `Tried`
    TryToken {
        #[serde(with = "crate::service::exposed")]
        presented: Secret,
    },
    /// Which tokens and keys of this store were found elsewhere: counts nothing. → `Identified`
    Identify(Identify),
    /// Why a token or key works, or does not; without an organization among those of all. → `Explained`
    Explain {
        organization: Option<Slug>,
        subject: Subject,
    },

    /// → `Cashiers`
    ListCashiers,
    /// Adds a cashier; admin. → `EnrolmentCode`
    AddCashier { email: Email, role: Role },
    /// Sets the first password with a code. → `Done`
    Enrol {
        email: Email,
        #[serde(with = "crate::service::exposed")]
        code: Secret,
        #[serde(with = "crate::service::exposed")]
        password: Secret,
    },
    /// Sets another password. → `Done`
    ChangePassword {
        credentials: Credentials,
        #[serde(with = "crate::service::exposed")]
        password: Secret,
    },
    /// Gives another role; admin. → `Done`
    SetRole { email: Email, role: Role },
    /// Forgets the password and gives a new code; admin. → `EnrolmentCode`
    ResetCashier { email: Email },
    /// Lets a cashier sign in no more, or again; admin. → `Done`
    DisableCashier { email: Email, disabled: bool },
    /// Forgets failed sign-ins; admin, or the store's owner. → `Done`
    UnlockCashier { email: Email },
    /// A code without an admin; the store's owner only, audited. → `EnrolmentCode`
    BreakGlass { email: Email },
    /// Ends a cashier's login session; admin, or the store's owner. → `Done`
    EndLogin { email: Email },

    /// Believes the wall clock after it jumped; `wall` is what it showed the admin. → `Done`
    ConfirmClock {
        credentials: Credentials,
        wall: Timestamp,
    },

    /// Opens ten minutes for changes. → `SignedIn`
    SignIn(Credentials),
    /// Closes them. → `Done`
    SignOut,

    /// The audit log, the newest first. → `Activity`
    ListActivity {
        filter: String,
        before: Option<u64>,
        limit: usize,
    },
    /// Makes a backup; admin, or the store's owner on the host. → `Started`, then `BackedUp` on the feed
    MakeBackup(MakeBackup),
    /// Whom backups are for, the last one, and whether tokens are held. → `Backups`
    ShowBackups,
    /// A recovery key that nothing is encrypted to yet. → `RecoveryKey`
    MakeRecoveryKey,
    /// Encrypts backups to another recovery key from now on; admin. → `Done`
    SetRecipient { recipient: Recipient },
    /// Lets tokens work that are held after a restore: these, or with `None` all of every organization; admin. → `Done`
    ReleaseHold {
        organization: Option<Slug>,
        tokens: Option<Vec<TokenRef>>,
    },
    /// How the store and what guards it is. → `Health`
    Health,
    /// Goes on with an older state of the store; admin, e-mail and password. → `Done`
    AcceptRollback {
        credentials: Credentials,
        /// The commit that this state ends at, so that nobody accepts another one than was looked at.
        sequence: u64,
    },
    /// The audit log behind an entry, the oldest first. → `Activity`
    FollowActivity {
        filter: String,
        after: u64,
        limit: usize,
    },
    /// Verifies the audit log, also against the lines of a checkpoint file that was kept elsewhere. → `AuditVerified`
    VerifyAudit { from: Option<String> },
    /// How the daemon's webhooks arrive. → `Deliveries`
    ListDeliveries,
    /// Says another name, owner, note or warnings of a token; what is `None` stays; operator. → `Done`
    ChangeToken(ChangeToken),
    /// Changes who is told of all of an organization's tokens; admin. → `Done`
    ChangeContacts {
        organization: Option<Slug>,
        add: Vec<Email>,
        remove: Vec<Email>,
    },
    /// Says when to warn of the ends of an organization's tokens of a lifetime; admin. → `Done`
    ChangeWarnings {
        organization: Option<Slug>,
        lifetime: Lifetime,
        warnings: NewWarnings,
    },
    /// Ends a job; what it had not committed does not happen. → `Done`
    CancelJob(JobId),
}

/// A first or further organization.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Onboard {
    /// The platform.
    pub brand: Brand,
    /// The short name.
    pub slug: Slug,
    /// The full name.
    pub name: OrganizationName,
    /// The size of its first key pair.
    pub size: KeySize,
    /// The first admin; for a further organization an admin who exists.
    pub admin: Credentials,
    /// With the first: whom backups are encrypted to.
    pub recipient: Option<Recipient>,
}

/// A backup.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MakeBackup {
    /// A new file; or a directory, in which the newest seven are kept.
    #[schema(value_type = String)]
    pub place: PathBuf,
    /// Whom it is for, beside the holder of the store's recovery key.
    pub recipients: Vec<Recipient>,
    /// Or what it is opened with instead.
    #[serde(default, with = "crate::service::exposed")]
    pub passphrase: Option<Secret>,
}

/// One of several ciphertexts.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ciphertext {
    /// In Base64.
    pub text: String,
    /// The fingerprint of the key that the client says it used.
    pub key: Option<Fingerprint>,
    /// The MGF1 variant to try first; `None` for the one that last succeeded.
    pub mgf1: Option<Mgf1>,
}

/// A new key pair for the present one.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RotateKey {
    /// Whose.
    pub organization: Option<Slug>,
    /// Its slug typed out, so that nobody rotates by accident.
    pub confirmation: String,
    /// The new pair's size.
    pub size: KeySize,
    /// E-mail and password of an admin.
    pub credentials: Credentials,
}

/// A new token.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateToken {
    /// Whose.
    pub organization: Option<Slug>,
    /// Its name, free among live tokens.
    pub name: TokenName,
    /// The service that will send it.
    pub service: ServiceName,
    /// The environment.
    pub environment: Environment,
    /// When it ends.
    pub lifetime: Lifetime,
    /// The environment variable; `None` for the suggestion.
    pub variable: Option<Variable>,
    /// Where it may be used from; empty for everywhere.
    #[serde(default)]
    pub allowed: Vec<AddressRange>,
    /// Who has to be told of it; `None` for the cashier who mints it.
    #[serde(default)]
    pub owner: Option<Email>,
    /// What there is to say about it.
    #[serde(default)]
    pub note: Option<TokenNote>,
    /// When to warn of its end; `None` for what holds for its lifetime.
    #[serde(default)]
    pub warnings: Option<Ladder>,
    /// E-mail and password of an operator.
    pub credentials: Credentials,
}

/// A new token for an old one.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RotateToken {
    /// Whose.
    pub organization: Option<Slug>,
    /// The old one.
    pub token: TokenRef,
    /// When the new one ends; `None` for the old one's choice.
    pub lifetime: Option<Lifetime>,
    /// How long both work, from the acknowledged reveal on.
    pub overlap: Overlap,
    /// What ends the overlap before its end, if anything does.
    #[serde(default)]
    pub finish: Finish,
    /// Who has to be told of the new one; `None` for whom the old one has.
    #[serde(default)]
    pub owner: Option<Email>,
    /// What there is to say about it; `None` for what is said about the old one.
    #[serde(default)]
    pub note: Option<TokenNote>,
    /// E-mail and password of an operator.
    pub credentials: Credentials,
}

/// The end of one or several tokens.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Invalidate {
    /// Whose.
    pub organization: Option<Slug>,
    /// Which.
    pub tokens: Vec<TokenRef>,
    /// In what way.
    pub how: Invalidation,
    /// Why, for the audit log.
    pub reason: Option<Reason>,
}

/// A way to take a token's rights away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Invalidation {
    /// Refused from now on; can be undone for 60 minutes.
    Revoke,
    /// The same for good: somebody else may have it.
    RevokeAsLeaked,
    /// Only a tombstone is left; for good.
    Delete,
}

impl Invalidation {
    /// All three, the mildest first.
    pub const ALL: [Self; 3] = [Self::Revoke, Self::RevokeAsLeaked, Self::Delete];
}
