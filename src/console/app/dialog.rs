//! What a dialog is: something on the stack that has the focus until it closes.

use std::fmt;

use ratatui::Frame;

use super::desk::{Desk, Facts};
use super::message::News;
use crate::console::keymap::Context;
use crate::console::theme::Theme;
use crate::domain::text::Email;

/// Names an open dialog, so that answers find it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DialogId(pub u64);

/// Whether a dialog goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Fate {
    /// It stays.
    Stay,
    /// It is taken off the stack and dropped, and with it every secret it holds.
    Close,
}

/// Something that has the focus until it closes. It closes itself: the shell never does, but for the idle lock.
pub trait Dialog: fmt::Debug + Send {
    /// What has the focus in it, for the keymap, the hints and the help.
    fn context(&self) -> Context;

    /// Takes news in. `Command::Back` (esc) is the dialog's to obey, too.
    fn update(&mut self, news: News, desk: &mut Desk<'_>) -> Fate;

    /// Draws it over everything (`widgets::dialog::open` gives the frame).
    fn view(&self, facts: &Facts, theme: &Theme, frame: &mut Frame<'_>);

    /// Whether it shows the only copy of something: it is asked about before quitting, and hidden by the idle lock
    /// instead of closed.
    fn is_reveal(&self) -> bool {
        false
    }

    /// The cashier whose reveal it is: nobody else may unlock the console while it is open.
    fn reveals_to(&self) -> Option<&Email> {
        None
    }

    /// Whether it shows or holds a secret: it is never left open for longer than five idle minutes, whatever the
    /// configuration says.
    fn holds_secret(&self) -> bool {
        self.is_reveal()
    }

    /// Whether it is the question before leaving.
    fn asks_to_quit(&self) -> bool {
        false
    }
}
