//! What the screen knows.

use crate::console::keymap::Context;
use crate::console::widgets::table::Window;
use crate::service::Error;
use crate::service::response::CashierRow;

/// The questions that the screen and its dialogs ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tag {
    /// What the screen shows.
    List,
    /// A new cashier.
    Add,
    /// A change to one.
    Change,
    /// A forgotten throttle.
    Unlock,
}

/// The screen's state.
#[derive(Debug, Default)]
pub struct Model {
    pub(super) rows: Vec<CashierRow>,
    pub(super) window: Window,
    pub(super) loaded: bool,
    pub(super) error: Option<Error>,
}

impl Model {
    /// Where the focus is.
    #[must_use]
    pub const fn context(&self) -> Context {
        Context::Cashiers
    }

    pub(super) fn selected(&self) -> Option<&CashierRow> {
        self.rows.get(self.window.selected()?)
    }
}
