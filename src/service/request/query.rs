//! A window over the tokens: which of them, and in which order.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::text::Slug;
use crate::domain::token::Status;

/// Which tokens a list shows, and in which order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
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
