//! Cashiers: the people who act, and what each role may do.

use serde::{Deserialize, Serialize};

use super::id::CashierId;
use super::secret::Sealed;
use super::text::Email;
use super::time::Timestamp;

/// What a cashier may do; each role may do all that the one before may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Looks.
    Viewer,
    /// Mints, rotates and invalidates tokens.
    Operator,
    /// Also rotates keys and manages cashiers and organizations.
    Admin,
}

impl Role {
    /// All three, the least first.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Operator, Self::Admin];

    /// The word used in commands and JSON.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }

    /// What it is for, in a few words.
    #[must_use]
    pub const fn purpose(self) -> &'static str {
        match self {
            Self::Viewer => "looks",
            Self::Operator => "mints, rotates and invalidates tokens",
            Self::Admin => "also rotates keys and manages cashiers",
        }
    }
}

/// One cashier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cashier {
    /// Its own name for good.
    pub id: CashierId,
    /// The address it signs in with, unique in the store.
    pub email: Email,
    /// What it may do.
    pub role: Role,
    /// The sealed argon2id PHC string; `None` until it enrolled.
    pub password: Option<Sealed>,
    /// A one-time code that lets it set a password.
    pub enrolment: Option<Enrolment>,
    /// Since when it may not sign in.
    pub disabled_at: Option<Timestamp>,
    /// When it was added.
    pub created_at: Timestamp,
    /// Who added it; the first admin added itself.
    pub created_by: Email,
}

/// A one-time enrolment code, of which only a keyed digest is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrolment {
    /// What a presented code is compared with.
    pub digest: super::token::Digest,
    /// From when on it is refused: 24 hours after it was made.
    pub expires_at: Timestamp,
}

/// What a cashier can do at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// Signs in with its password.
    Enrolled,
    /// Has a code, and no password yet.
    Invited,
    /// Its code ran out before it set a password.
    Lapsed,
    /// May not sign in.
    Disabled,
}

impl Standing {
    /// The word that people and JSON use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Enrolled => "enrolled",
            Self::Invited => "invited",
            Self::Lapsed => "lapsed",
            Self::Disabled => "disabled",
        }
    }
}

impl Cashier {
    /// Its standing at `now`.
    #[must_use]
    pub fn standing(&self, now: Timestamp) -> Standing {
        if self.disabled_at.is_some() {
            Standing::Disabled
        } else if self.password.is_some() {
            Standing::Enrolled
        } else if self.enrolment.as_ref().is_some_and(|code| now < code.expires_at) {
            Standing::Invited
        } else {
            Standing::Lapsed
        }
    }
}

/// The shortest password without a second factor, in characters (security.md, after NIST SP 800-63B-4).
pub const PASSWORD_MIN: usize = 15;
/// The longest, in characters: argon2 would take more, a request should not.
pub const PASSWORD_MAX: usize = 1024;
