//! What is answered when a request could not be done: a code for programs, a message and a hint for people.
//!
//! The message says what happened and to what, the hint what to do next. Neither ever holds a secret.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ports::{CryptoError, EntropyError, StoreError};
use crate::domain::text::TextError;

/// A refused or failed request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Error {
    /// For programs.
    pub code: Code,
    /// What happened, to what.
    pub message: String,
    /// What to do next.
    pub hint: String,
    /// The field of a form that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    pub field: Option<Cow<'static, str>>,
    /// What it is about, for programs: the paths of a payload's fields (JSON Pointer, RFC 6901), or the fingerprint of the
    /// key that took another's place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub about: Vec<String>,
    /// In how many seconds it may be tried again, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>, nullable = false)]
    pub retry_after: Option<u64>,
}

/// What kind of failure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// A value breaks a rule.
    Invalid,
    /// No such organization, token, cashier or key.
    NotFound,
    /// The name or variable is taken, or the state does not allow it.
    Conflict,
    /// Wrong e-mail, password or code.
    Unauthenticated,
    /// Too many wrong ones: wait.
    Throttled,
    /// The change needs a cashier who has signed in.
    SignInRequired,
    /// The cashier's role does not allow it.
    Forbidden,
    /// This console or command may only look.
    ReadOnly,
    /// The ciphertext does not open.
    DecryptionFailed,
    /// The client encrypted to a key that was replaced.
    KeyRotated,
    /// Fields of a payload that must be encrypted came in clear.
    ClearFields,
    /// A field of a payload opens to what is no text.
    NotText,
    /// Nothing was onboarded yet.
    NotOnboarded,
    /// The seal is not this store's, or the passphrase is wrong.
    WrongSeal,
    /// The store needs its passphrase first.
    Sealed,
    /// Another process has the store.
    StoreLocked,
    /// The store's bytes are not what was written.
    StoreDamaged,
    /// The store was written by a newer program.
    UnknownVersion,
    /// The store is an older state than what was acknowledged.
    RolledBack,
    /// The file system is full.
    DiskFull,
    /// A file or directory has the wrong owner or permissions.
    Permissions,
    /// The operating system failed.
    Io,
    /// Too much at once.
    Busy,
    /// It was cancelled.
    Cancelled,
    /// A bug of ours.
    Internal,
}

impl Code {
    /// The word that programs see.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::Unauthenticated => "unauthenticated",
            Self::Throttled => "throttled",
            Self::SignInRequired => "sign_in_required",
            Self::Forbidden => "forbidden",
            Self::ReadOnly => "read_only",
            Self::DecryptionFailed => "decryption_failed",
            Self::KeyRotated => "key_rotated",
            Self::ClearFields => "clear_fields",
            Self::NotText => "not_text",
            Self::NotOnboarded => "not_onboarded",
            Self::WrongSeal => "wrong_seal",
            Self::Sealed => "sealed",
            Self::StoreLocked => "store_locked",
            Self::StoreDamaged => "store_damaged",
            Self::UnknownVersion => "unknown_version",
            Self::RolledBack => "rolled_back",
            Self::DiskFull => "disk_full",
            Self::Permissions => "permissions",
            Self::Io => "io",
            Self::Busy => "busy",
            Self::Cancelled => "cancelled",
            Self::Internal => "internal",
        }
    }
}

impl Error {
    /// An error with its three parts.
    #[must_use]
    pub fn new(code: Code, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            hint: hint.into(),
            field: None,
            about: Vec::new(),
            retry_after: None,
        }
    }

    /// The same about one field of a form.
    #[must_use]
    pub fn on(mut self, field: &'static str) -> Self {
        self.field = Some(Cow::Borrowed(field));
        self
    }

    /// The same, and may be tried again after so long; a second that has begun is a whole one.
    #[must_use]
    pub const fn again_in(mut self, wait: Duration) -> Self {
        self.retry_after = Some(whole_seconds(wait));
        self
    }

    /// The same about these things, for programs.
    #[must_use]
    pub fn about(mut self, things: impl IntoIterator<Item = String>) -> Self {
        self.about = things.into_iter().collect();
        self
    }
}

/// The least whole seconds that are as long.
#[must_use]
pub const fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + if wait.subsec_nanos() > 0 { 1 } else { 0 }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.message, self.hint)
    }
}

impl std::error::Error for Error {}

impl From<TextError> for Error {
    fn from(error: TextError) -> Self {
        Self::new(Code::Invalid, error.to_string(), "correct it and try again").on(error.field)
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        let message = error.to_string();
        let (code, hint) = match error {
            StoreError::Conflict(_) | StoreError::AuditConflict => {
                (Code::Conflict, "nothing was changed: look again and repeat it")
            }
            StoreError::Locked { .. } => (
                Code::StoreLocked,
                "use that console, or end it and try again; nothing was changed",
            ),
            StoreError::Damaged(_) => (
                Code::StoreDamaged,
                "nothing was changed; keep a copy of the data directory, then run: strongroom doctor",
            ),
            StoreError::UnknownVersion { .. } => (
                Code::UnknownVersion,
                "a newer Strongroom wrote it: use that version or a newer one; nothing was changed",
            ),
            StoreError::TooLarge { .. } => (Code::Invalid, "shorten it; nothing was changed"),
            StoreError::DiskFull(_) => (
                Code::DiskFull,
                "nothing was changed; free some space there and repeat it",
            ),
            StoreError::Permissions(_) => (Code::Permissions, "mend it as its owner, then start again"),
            StoreError::Io(_) => (
                Code::Io,
                "nothing was changed; look at the path and the device, then repeat it",
            ),
            StoreError::Closed(_) => (
                Code::Io,
                "end this process and start again: what was acknowledged is there",
            ),
        };
        Self::new(code, message, hint)
    }
}

impl From<CryptoError> for Error {
    fn from(error: CryptoError) -> Self {
        let message = error.to_string();
        let (code, hint) = match error {
            CryptoError::Decryption => (
                Code::DecryptionFailed,
                "check that the client uses the current public key, OAEP with SHA-256, and sends Base64",
            ),
            CryptoError::Unsealing => (
                Code::StoreDamaged,
                "the record was altered or belongs to another store; nothing was changed",
            ),
            CryptoError::PlaintextTooLong { .. } => (
                Code::Invalid,
                "shorten it: RSA takes one short field, not a document",
            ),
            CryptoError::InvalidKey => (Code::Invalid, "give a Base64 SubjectPublicKeyInfo"),
            CryptoError::Busy => (Code::Busy, "try again in a second"),
            CryptoError::Engine(_) => (Code::Internal, "nothing was changed; try again"),
        };
        Self::new(code, message, hint)
    }
}

impl From<EntropyError> for Error {
    fn from(_: EntropyError) -> Self {
        Self::new(
            Code::Internal,
            "the operating system gave no randomness",
            "nothing was changed; try again",
        )
    }
}
