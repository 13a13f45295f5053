//! API Tokens: the list, one token opened, and the dialogs that mint, rotate, invalidate, try and reveal.
//!
//! * The list is a window: the model holds some two hundred rows around the cursor (`held`). Moves inside of it ask
//!   nothing; near its edge the next ones are asked for before they are needed.
//! * Every question carries a [`Nonce`]; an answer to another question than the last one of its kind is dropped.
//! * Nothing here holds a token's text but the reveal dialog, which drops it when it closes.

mod allow;
mod callers;
mod confirm;
mod detail;
mod edit;
mod form;
mod held;
mod invalidate;
mod list;
mod model;
mod named;
mod overlap;
mod release;
mod reveal;
mod rows;
mod strip;
mod title;
mod try_token;
mod update;
mod view;

#[cfg(test)]
mod tests;

use crate::console::keymap::Command;
use crate::domain::id::TokenId;

pub use model::{Done, Model};
pub use update::update;
pub use view::view;

/// Which question an answer belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tag {
    /// The rows around the cursor.
    Page(Nonce),
    /// The rows that a range mark goes over.
    Range(Nonce),
    /// The token that is opened, or whose callers stand below the list.
    Token(Nonce),
    /// The other token of the opened one's running overlap.
    Partner(Nonce),
    /// The token that a line of the command line names, and what is to be done with it.
    Named(Command),
    /// Who calls with a token.
    Callers,
    /// Who would be refused.
    Impact,
    /// Which of the marked ones the list shows.
    Shown,
    /// A free variable.
    Variable(Nonce),
    /// A new token.
    Mint,
    /// The reveal was acknowledged.
    Acknowledge,
    /// The reveal was given up.
    Discard,
    /// Rights were taken away, an overlap moved.
    Change,
    /// The revocation of this token was undone.
    Restore(TokenId),
    /// A token was tried.
    Try,
}

/// Tells questions of one kind apart, also across a model that was emptied meanwhile: the time, and a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Nonce {
    at: std::time::Duration,
    number: u64,
}
