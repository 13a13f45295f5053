//! What the screen knows.

use crate::console::app::Desk;
use crate::console::keymap::Context;

/// The questions that the screen and its dialogs ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tag {
    /// What the screen shows.
    List,
}

/// The screen's state.
#[derive(Debug, Default)]
pub struct Model;

impl Model {
    /// Where the focus is.
    #[must_use]
    pub fn context(&self) -> Context {
        Context::Tokens
    }

    /// Shows the tokens that `text` finds: `:tokens prod`.
    pub fn filter(&mut self, _text: &str, _desk: &mut Desk<'_>) {}

    /// Opens the form that rotates the token `name`: `:rotate payouts-prod`.
    pub fn rotate(&mut self, _name: &str, _desk: &mut Desk<'_>) {}
}
