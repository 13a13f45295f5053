//! What became of what was to be told outside: attempts, what waits, and who wants no more.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::time::Timestamp;

/// One attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// When it ended.
    pub at: Timestamp,
    /// The receiver's name.
    pub receiver: String,
    /// The message's name.
    pub id: String,
    /// What kind it is.
    pub kind: String,
    /// 1 for the first.
    pub attempt: u32,
    /// Whether it arrived.
    pub delivered: bool,
    /// What came of it.
    pub result: String,
}

/// How deliveries go.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deliveries {
    /// The last attempts, the newest first.
    pub attempts: Vec<Attempt>,
    /// How many messages wait, by receiver.
    pub waiting: BTreeMap<String, usize>,
    /// Who said to be gone for good.
    pub gone: Vec<String>,
}
