//! Requests about what is said of a token beside its rights: name, owner, note and warnings.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::TokenRef;
use crate::domain::text::{Email, Slug, TokenName, TokenNote};
use crate::domain::token::Ladder;

/// What is to be said of a token from now on; what is `None` stays.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeToken {
    /// Whose.
    pub organization: Option<Slug>,
    /// Which.
    pub token: TokenRef,
    /// Another name, free among live tokens.
    #[serde(default)]
    pub name: Option<TokenName>,
    /// Who has to be told of it.
    #[serde(default)]
    pub owner: Option<Email>,
    /// What there is to say about it.
    #[serde(default)]
    pub note: Option<NewNote>,
    /// When to warn of its end.
    #[serde(default)]
    pub warnings: Option<NewWarnings>,
}

/// Another note, or none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NewNote {
    /// None.
    Nothing,
    /// This one.
    Text(TokenNote),
}

/// Other warnings, or the usual ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NewWarnings {
    /// A token's: those of its organization for its lifetime. An organization's: those that every store has.
    Default,
    /// These.
    Own(Ladder),
}

impl NewWarnings {
    /// The ladder of one's own, if there is to be one.
    #[must_use]
    pub fn own(self) -> Option<Ladder> {
        match self {
            Self::Default => None,
            Self::Own(ladder) => Some(ladder),
        }
    }
}
