//! What was found outside the store, and what somebody wonders about.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::secret::Secret;

/// What was found elsewhere.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Identify {
    /// Tokens, [`Self::MOST`] at most.
    pub tokens: Vec<Presented>,
    /// The public halves of private keys: Base64 of the DER SubjectPublicKeyInfo, [`Self::MOST`] at most.
    pub keys: Vec<String>,
}

impl Identify {
    /// How many of each fit into one request, also through the daemon's socket.
    pub const MOST: usize = 40;
}

/// A token, as somebody has it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Presented {
    /// Its text.
    #[serde(with = "crate::service::exposed")]
    pub presented: Secret,
}

/// What somebody wonders about.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A token itself.
    Presented(#[serde(with = "crate::service::exposed")] Secret),
    /// A token's id, name, variable or last four characters, or a key's fingerprint or how that begins.
    Named(String),
}
