//! How long both tokens of a rotation work: from the acknowledged reveal on, and never past the old one's own expiry.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::domain::time::Timestamp;

/// One of the five overlaps (product.md).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Overlap {
    /// The old one ends when the new one is acknowledged.
    #[serde(rename = "now")]
    Now,
    /// One hour.
    #[serde(rename = "1h")]
    Hour1,
    /// 24 hours.
    #[serde(rename = "24h")]
    Hours24,
    /// Three days.
    #[serde(rename = "3d")]
    Days3,
    /// Seven days.
    #[serde(rename = "7d")]
    Days7,
}

impl Overlap {
    /// All five, the shortest first.
    pub const ALL: [Self; 5] = [Self::Now, Self::Hour1, Self::Hours24, Self::Days3, Self::Days7];

    /// The word used in commands and JSON.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Now => "now",
            Self::Hour1 => "1h",
            Self::Hours24 => "24h",
            Self::Days3 => "3d",
            Self::Days7 => "7d",
        }
    }

    /// As people say it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Now => "now",
            Self::Hour1 => "1 hour",
            Self::Hours24 => "24 hours",
            Self::Days3 => "3 days",
            Self::Days7 => "7 days",
        }
    }

    /// The choice with this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|overlap| overlap.code() == code)
    }

    /// How long it is.
    #[must_use]
    pub const fn length(self) -> TimeDelta {
        match self {
            Self::Now => TimeDelta::zero(),
            Self::Hour1 => TimeDelta::hours(1),
            Self::Hours24 => TimeDelta::hours(24),
            Self::Days3 => TimeDelta::days(3),
            Self::Days7 => TimeDelta::days(7),
        }
    }

    /// When the old token retires, if the overlap begins at `from` and the old token ends at `expires_at` anyway.
    #[must_use]
    pub fn retires_at(self, from: Timestamp, expires_at: Timestamp) -> Timestamp {
        from.plus(self.length()).min(expires_at)
    }
}
