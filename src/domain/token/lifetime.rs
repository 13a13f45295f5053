//! The five expiries a token can have, and what follows from each: when it ends, when to warn, when it counts as dormant.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::domain::time::Timestamp;

/// One of the five choices (product.md); there are no others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Lifetime {
    /// 24 hours: temporary, testing.
    #[serde(rename = "24h")]
    Hours24,
    /// One calendar month: short-term.
    #[serde(rename = "1mo")]
    Month1,
    /// Three calendar months: standard.
    #[serde(rename = "3mo")]
    Months3,
    /// Six calendar months: extended.
    #[serde(rename = "6mo")]
    Months6,
    /// One year: long-term production.
    #[serde(rename = "1y")]
    Year1,
}

impl Lifetime {
    /// All five, the shortest first.
    pub const ALL: [Self; 5] = [
        Self::Hours24,
        Self::Month1,
        Self::Months3,
        Self::Months6,
        Self::Year1,
    ];

    /// The word used in commands and JSON.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Hours24 => "24h",
            Self::Month1 => "1mo",
            Self::Months3 => "3mo",
            Self::Months6 => "6mo",
            Self::Year1 => "1y",
        }
    }

    /// As people say it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Hours24 => "24 hours",
            Self::Month1 => "1 month",
            Self::Months3 => "3 months",
            Self::Months6 => "6 months",
            Self::Year1 => "1 year",
        }
    }

    /// What it is for.
    #[must_use]
    pub const fn purpose(self) -> &'static str {
        match self {
            Self::Hours24 => "temporary, testing",
            Self::Month1 => "short-term",
            Self::Months3 => "standard",
            Self::Months6 => "extended",
            Self::Year1 => "long-term production",
        }
    }

    /// The choice with this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lifetime| lifetime.code() == code)
    }

    /// When a token minted at `minted_at` ends.
    #[must_use]
    pub fn expires_at(self, minted_at: Timestamp) -> Timestamp {
        match self {
            Self::Hours24 => minted_at.plus(TimeDelta::hours(24)),
            Self::Month1 => minted_at.plus_months(1),
            Self::Months3 => minted_at.plus_months(3),
            Self::Months6 => minted_at.plus_months(6),
            Self::Year1 => minted_at.plus_months(12),
        }
    }

    /// What it lasts at least: months differ.
    #[must_use]
    pub const fn shortest(self) -> TimeDelta {
        match self {
            Self::Hours24 => TimeDelta::hours(24),
            Self::Month1 => TimeDelta::days(28),
            Self::Months3 => TimeDelta::days(89),
            Self::Months6 => TimeDelta::days(181),
            Self::Year1 => TimeDelta::days(365),
        }
    }

    /// How long before the end to warn where nobody said anything else, the earliest first (console.md's ladder).
    #[must_use]
    pub const fn warnings(self) -> &'static [TimeDelta] {
        const HOURS: &[TimeDelta] = &[TimeDelta::hours(4), TimeDelta::hours(1)];
        const DAYS: &[TimeDelta] = &[
            TimeDelta::days(30),
            TimeDelta::days(14),
            TimeDelta::days(7),
            TimeDelta::days(3),
            TimeDelta::days(1),
        ];
        match self {
            Self::Hours24 => HOURS,
            Self::Month1 => DAYS.split_at(2).1,
            Self::Months3 | Self::Months6 | Self::Year1 => DAYS,
        }
    }
}
