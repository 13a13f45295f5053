//! What the screen knows.

use crate::console::keymap::Context;

/// The questions that the screen and its dialogs ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tag {
    /// What the screen shows.
    View,
}

/// The screen's state.
#[derive(Debug, Default)]
pub struct Model;

impl Model {
    /// Where the focus is.
    #[must_use]
    pub fn context(&self) -> Context {
        Context::EncryptionKeys
    }
}
