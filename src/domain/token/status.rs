//! What a token is worth at an instant: a pure judgement of its dates.
//!
//! An instant is the first moment of what it begins: a token is expired *at* `expires_at`, retired *at* `retires_at`.
//! Rights taken away count before dates that ran out, so that a revoked token is never called merely expired.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::Lifetime;
use crate::domain::time::Timestamp;

/// The dates that a token's status follows from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Life {
    /// When it was made.
    pub minted_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it ends because another replaced it; never after `expires_at`.
    pub retires_at: Option<Timestamp>,
    /// When somebody took its rights away.
    pub revoked_at: Option<Timestamp>,
    /// When it became a tombstone.
    pub deleted_at: Option<Timestamp>,
}

/// A token's status, as lists show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Works, but replaced: ends with its overlap.
    Retiring,
    /// Works, and ends soon: its first warning has passed.
    Expiring,
    /// Works.
    Active,
    /// Would work, and waits for an admin: what was revoked after the restored backup is not known.
    Held,
    /// Ran out, or its overlap did.
    Expired,
    /// Somebody took its rights away.
    Revoked,
    /// Only a tombstone is left.
    Deleted,
}

impl Status {
    /// The word that people and JSON use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Retiring => "retiring",
            Self::Expiring => "expiring",
            Self::Active => "active",
            Self::Held => "held",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::Deleted => "deleted",
        }
    }

    /// Whether the token works.
    #[must_use]
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Active | Self::Expiring | Self::Retiring)
    }
}

/// The answer to "is this token good?".
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Yes: active, expiring or retiring.
    Good(Status),
    /// No, and why.
    Refused(Refusal),
}

/// Why a known token does not work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Refusal {
    /// Ran out, or its overlap did.
    Expired,
    /// Revoked or deleted.
    Revoked,
    /// Restored from a backup, and not released yet.
    Held,
}

impl Verdict {
    /// Whether the token works.
    #[must_use]
    pub const fn is_good(self) -> bool {
        matches!(self, Self::Good(_))
    }
}

impl Life {
    /// A life that begins at `minted_at`.
    #[must_use]
    pub fn begin(lifetime: Lifetime, minted_at: Timestamp) -> Self {
        let expires_at = lifetime.expires_at(minted_at);
        Self {
            minted_at,
            expires_at,
            retires_at: None,
            revoked_at: None,
            deleted_at: None,
        }
    }

    /// When it stops working by itself: its expiry, or the end of its overlap.
    #[must_use]
    pub fn ends_at(&self) -> Timestamp {
        self.retires_at
            .map_or(self.expires_at, |retires_at| retires_at.min(self.expires_at))
    }

    /// The status at `now`, but that it does not matter whether it ends soon.
    #[must_use]
    pub fn stage(&self, now: Timestamp) -> Status {
        if self.deleted_at.is_some() {
            Status::Deleted
        } else if self.revoked_at.is_some() {
            Status::Revoked
        } else if now >= self.ends_at() {
            Status::Expired
        } else if self.retires_at.is_some() {
            Status::Retiring
        } else {
            Status::Active
        }
    }

    /// The status at `now` of a token whose first warning comes so long before its end.
    #[must_use]
    pub fn status(&self, first_warning: TimeDelta, now: Timestamp) -> Status {
        match self.stage(now) {
            Status::Active if self.expires_at.since(now) <= first_warning => Status::Expiring,
            stage => stage,
        }
    }

    /// Whether a revocation can still be undone at `now`: within 60 minutes, and never after a leak.
    #[must_use]
    pub fn can_be_restored(&self, leaked: bool, now: Timestamp) -> bool {
        let undo = TimeDelta::minutes(60);
        self.deleted_at.is_none() && !leaked && self.revoked_at.is_some_and(|at| now.since(at) < undo)
    }

    /// How long a token may be silent before it counts as dormant: 30 days, or a quarter of a shorter lifetime.
    #[must_use]
    pub fn dormant_after(&self) -> TimeDelta {
        TimeDelta::days(30).min(self.expires_at.since(self.minted_at) / 4)
    }

    /// Whether a token last used at `last_used` has been silent for too long.
    #[must_use]
    pub fn is_dormant(&self, last_used: Timestamp, now: Timestamp) -> bool {
        now.since(last_used) >= self.dormant_after()
    }
}

/// Judges a token by its dates. Allocates nothing: this is on the verify path.
pub fn judge(life: &Life, first_warning: TimeDelta, now: Timestamp) -> Verdict {
    match life.status(first_warning, now) {
        status @ (Status::Active | Status::Expiring | Status::Retiring) => Verdict::Good(status),
        Status::Expired => Verdict::Refused(Refusal::Expired),
        Status::Held => Verdict::Refused(Refusal::Held),
        Status::Revoked | Status::Deleted => Verdict::Refused(Refusal::Revoked),
    }
}
