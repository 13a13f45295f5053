//! The wizard: makes the store and the first organization.

use std::path::PathBuf;

use ratatui::Frame;
use ratatui::layout::Rect;

use super::app::{Desk, Effect, Facts, News};
use super::keymap::Context;
use super::theme::Theme;
use super::widgets::dialog::framed;
use crate::service::Error;

/// The wizard's state.
#[derive(Debug)]
pub struct Wizard {
    _data_dir: Option<PathBuf>,
}

impl Wizard {
    /// For a machine without a store.
    #[must_use]
    pub fn new(data_dir: PathBuf, _key_file: Option<PathBuf>) -> Self {
        Self {
            _data_dir: Some(data_dir),
        }
    }

    /// For a store without an organization.
    #[must_use]
    pub fn without_seal() -> Self {
        Self { _data_dir: None }
    }

    /// Where the focus is.
    #[must_use]
    pub fn context(&self) -> Context {
        Context::Field
    }

    /// Takes news in.
    pub fn update(&mut self, _news: News, _desk: &mut Desk<'_>) -> Option<Effect> {
        None
    }

    /// The store was made, or not.
    pub fn initialized(&mut self, _result: Result<(), Error>, _desk: &mut Desk<'_>) -> Option<Effect> {
        None
    }

    /// Forgets passwords that were typed.
    pub fn wipe(&mut self) {}

    /// Draws it.
    pub fn view(&self, _facts: &Facts, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
        framed(frame, theme, area, "Welcome", theme.border);
    }
}
