//! The vocabulary: everything that anybody can ask of Strongroom, and who asks.
//!
//! Values arrive parsed (`TokenName`, `Email`, …); what is left to the use cases is whether they may be used. An
//! `organization` of `None` means the only one there is.

use std::fmt;
use std::path::PathBuf;

use crate::domain::cashier::Role;
use crate::domain::id::TokenId;
use crate::domain::key_pair::{Fingerprint, KeySize, Mgf1};
use crate::domain::recovery::Recipient;
use crate::domain::secret::Secret;
use crate::domain::text::{
    Brand, Email, Environment, OrganizationName, Reason, ServiceName, Slug, TokenName, Variable,
};
use crate::domain::time::Timestamp;
use crate::domain::token::{Lifetime, Overlap, Status};

/// Who asks: the account that the operating system vouches for, and the cashier who signed in, if one did.
#[derive(Debug, Clone, Default)]
pub struct Actor {
    /// The operating system's user name.
    pub os_user: String,
    /// And its number.
    pub uid: u32,
    /// The SSH client's address, where there is one.
    pub address: Option<String>,
    /// Whether that account owns the store: it may break the glass.
    pub owns_store: bool,
    /// May only look, whatever the role.
    pub read_only: bool,
    /// The only cashier that may act here (`--as`).
    pub fixed_email: Option<Email>,
    /// The sign-in that this request goes with.
    pub session: Option<SessionId>,
}

/// Proof of a sign-in: random, kept in memory only, good for ten minutes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionId(pub [u8; 16]);

/// Proof of having seen a new token's reveal: random, kept in memory only.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RevealId(pub [u8; 16]);

/// Long work that was begun; its progress and end arrive on the feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The e-mail.
    pub email: Email,
    /// The password as typed; NFKC is applied when it is hashed.
    pub password: Secret,
}

/// A token as people name it.
#[derive(Debug, Clone, PartialEq, Eq)]
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
#[derive(Debug, Clone)]
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
        plaintext: Secret,
        mgf1: Mgf1,
    },
    /// Opens a ciphertext (Base64). → `Decrypted`
    Decrypt {
        organization: Option<Slug>,
        ciphertext: String,
        key: Option<Fingerprint>,
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
    AcknowledgeReveal { reveal: RevealId },
    /// Gives a new token up: it is revoked, the old one goes on. → `Done`
    DiscardReveal { reveal: RevealId },
    /// Makes a running overlap longer, from now on. → `Done`
    ExtendOverlap {
        organization: Option<Slug>,
        token: TokenRef,
        overlap: Overlap,
    },
    /// Ends a running overlap at once. → `Done`
    CutOver {
        organization: Option<Slug>,
        token: TokenRef,
    },
    /// Takes the rights of one or several tokens away, all or none; operator. → `Done`
    Invalidate(Invalidate),
    /// Undoes a revocation within 60 minutes; operator. → `Done`
    RestoreToken {
        organization: Option<Slug>,
        token: TokenRef,
    },
    /// Whether a token is good, for a service that was sent it: a good one counts as used. → `Tried`
    Verify { presented: Secret },
    /// The same for a person who wonders: counts nothing. → `Tried`
    TryToken { presented: Secret },

    /// → `Cashiers`
    ListCashiers,
    /// Adds a cashier; admin. → `EnrolmentCode`
    AddCashier { email: Email, role: Role },
    /// Sets the first password with a code. → `Done`
    Enrol {
        email: Email,
        code: Secret,
        password: Secret,
    },
    /// Sets another password. → `Done`
    ChangePassword {
        credentials: Credentials,
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
    /// Ends a job; what it had not committed does not happen. → `Done`
    CancelJob(JobId),
}

/// A first or further organization.
#[derive(Debug, Clone)]
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
#[derive(Debug, Clone)]
pub struct MakeBackup {
    /// A new file; or a directory, in which the newest seven are kept.
    pub place: PathBuf,
    /// Whom it is for, beside the holder of the store's recovery key.
    pub recipients: Vec<Recipient>,
    /// Or what it is opened with instead.
    pub passphrase: Option<Secret>,
}

/// A new key pair for the present one.
#[derive(Debug, Clone)]
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
#[derive(Debug, Clone)]
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
    /// E-mail and password of an operator.
    pub credentials: Credentials,
}

/// A new token for an old one.
#[derive(Debug, Clone)]
pub struct RotateToken {
    /// Whose.
    pub organization: Option<Slug>,
    /// The old one.
    pub token: TokenRef,
    /// When the new one ends; `None` for the old one's choice.
    pub lifetime: Option<Lifetime>,
    /// How long both work, from the acknowledged reveal on.
    pub overlap: Overlap,
    /// E-mail and password of an operator.
    pub credentials: Credentials,
}

/// The end of one or several tokens.
#[derive(Debug, Clone)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

/// Which tokens a list shows, and in which order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenQuery {
    /// Whose.
    pub organization: Option<Slug>,
    /// Shows those whose name, service, environment, variable, last four characters or minting cashier contain it,
    /// without regard to case; empty for all.
    pub text: String,
    /// Which of them.
    pub show: Show,
    /// In which order.
    pub sort: Sort,
    /// The other way round.
    pub descending: bool,
    /// How many of them to skip.
    pub offset: usize,
    /// How many to answer at most.
    pub limit: usize,
}

impl Default for TokenQuery {
    fn default() -> Self {
        Self {
            organization: None,
            text: String::new(),
            show: Show::Live,
            sort: Sort::Expiry,
            descending: false,
            offset: 0,
            limit: 100,
        }
    }
}

/// Which tokens a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Show {
    /// Those that work.
    Live,
    /// All but tombstones.
    All,
    /// Expired, revoked and deleted ones.
    Ended,
    /// Those with this status.
    Only(Status),
    /// Those that work and are silent for too long, or were never used.
    Unused,
    /// Those whose reveal nobody acknowledged.
    Unacknowledged,
}

/// The order of a token list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sort {
    /// What ends first, first.
    Expiry,
    /// By name.
    Name,
    /// The longest unused first; never used ones before all.
    LastUse,
    /// The oldest first.
    Minted,
    /// By service, then name.
    Service,
    /// By environment, then name.
    Environment,
}

impl Sort {
    /// All of them, in the order that a key goes through them.
    pub const ALL: [Self; 6] = [
        Self::Expiry,
        Self::Name,
        Self::LastUse,
        Self::Minted,
        Self::Service,
        Self::Environment,
    ];

    /// The word that commands use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Expiry => "expiry",
            Self::Name => "name",
            Self::LastUse => "last-use",
            Self::Minted => "minted",
            Self::Service => "service",
            Self::Environment => "environment",
        }
    }
}
