//! What the screen knows.

use crate::console::app::Desk;
use crate::console::keymap::Context;

/// The questions that the screen and its dialogs ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tag {
    /// What the screen shows.
    Page,
}

/// The screen's state.
#[derive(Debug, Default)]
pub struct Model;

impl Model {
    /// Where the focus is.
    #[must_use]
    pub fn context(&self) -> Context {
        Context::Activity
    }

    /// Shows the entries that `text` finds: `:activity revoked`.
    pub fn filter(&mut self, _text: &str, _desk: &mut Desk<'_>) {}
}
