//! What happens to tokens and keys that somebody outside wants to hear of: pure, for whoever delivers it.
//!
//! - What was done comes from the audit log, what time brings from a look at the tokens: both are stretches that follow
//!   each other, so that each notice is made in one of them, also over restarts.
//! - A notice has the same id however often it is made from the same cause: whoever receives it twice can tell.

pub mod address;
pub mod schedule;
pub mod signature;
pub mod watch;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::time::Timestamp;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// A token ends soon: once for each step of its ladder.
    #[serde(rename = "token.expiring")]
    TokenExpiring,
    /// A token has ended by itself.
    #[serde(rename = "token.expired")]
    TokenExpired,
    /// A token has not been used for too long.
    #[serde(rename = "token.dormant")]
    TokenDormant,
    /// A token's rights were taken away.
    #[serde(rename = "token.revoked")]
    TokenRevoked,
    /// A token was minted to replace another.
    #[serde(rename = "rotation.started")]
    RotationStarted,
    /// The old token of a rotation works no more, or the rotation was undone.
    #[serde(rename = "rotation.finished")]
    RotationFinished,
    /// A key pair replaced another.
    #[serde(rename = "key.rotated")]
    KeyRotated,
    /// Somebody tries whether notices arrive.
    #[serde(rename = "webhook.test")]
    Test,
}

impl Kind {
    /// The word that receivers know it by.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::TokenExpiring => "token.expiring",
            Self::TokenExpired => "token.expired",
            Self::TokenDormant => "token.dormant",
            Self::TokenRevoked => "token.revoked",
            Self::RotationStarted => "rotation.started",
            Self::RotationFinished => "rotation.finished",
            Self::KeyRotated => "key.rotated",
            Self::Test => "webhook.test",
        }
    }
}

/// One thing that happened. As JSON without its id it is what receivers get.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    /// Its name for good: letters, digits, `-` and `_`.
    #[serde(skip)]
    pub id: String,
    /// What happened.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// When.
    #[serde(rename = "timestamp")]
    pub at: Timestamp,
    /// To what.
    pub data: Value,
}
