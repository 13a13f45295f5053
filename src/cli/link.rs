//! Deep links: commands that open the console on one of its tabs, where somebody sits at a terminal.

use super::Command;
use crate::service::request::Show;

/// A tab, and what is seen first on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// Encryption Keys.
    Keys,
    /// API Tokens: which, and what they contain.
    Tokens(Show, String),
    /// Activity: what the entries contain.
    Activity(String),
    /// Cashiers: what they contain.
    Cashiers(String),
    /// Guide.
    Guide,
}

impl Command {
    /// Where it leads to; `None` for what is done on the command line only.
    #[must_use]
    pub fn link(&self) -> Option<Link> {
        match self {
            Self::Keys => Some(Link::Keys),
            Self::Tokens(tokens) => Some(Link::Tokens(tokens.show(), tokens.filter())),
            Self::Activity(log) => log.filter().map(Link::Activity),
            Self::Cashiers(cashiers) => Some(Link::Cashiers(cashiers.filter())),
            Self::Guide(guide) => guide.is_to_be_read().then_some(Link::Guide),
            _ => None,
        }
    }
}
