//! What was found outside the store, and why something works or does not.

use serde::{Deserialize, Serialize};

use super::{KeyGeneration, TokenDetail, TokenRow, Tried};
use crate::domain::text::Slug;

/// What is known of what was found, in the order in which it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identified {
    /// The tokens.
    pub tokens: Vec<Tried>,
    /// The keys; `None` for those of nobody here.
    pub keys: Vec<Option<KeyHolder>>,
}

/// A generation of a key pair, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyHolder {
    /// Whose.
    pub organization: Slug,
    /// Which generation.
    #[serde(flatten)]
    pub key: KeyGeneration,
}

/// Why something works, or does not.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Explained {
    /// It is a token that was minted here.
    Token(Box<TokenDetail>),
    /// It is a key of an organization.
    Key(KeyHolder),
    /// It is a token in which a character is wrong.
    Mistyped {
        /// The tokens that end like it, if any do.
        like: Vec<TokenRow>,
    },
    /// It is a token that nobody here minted.
    Unknown,
    /// It has not the form of a token.
    Malformed,
}
