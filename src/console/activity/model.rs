//! What the screen knows: the pages that were read so far, the newest entry first.

use crate::console::app::{self, Desk};
use crate::console::keymap::Context;
use crate::console::widgets::field::Field;
use crate::console::widgets::table::Window;
use crate::domain::audit::AuditEntry;
use crate::service::Error;
use crate::service::request::Request;

/// Entries asked for at a time.
pub(super) const PAGE: usize = 200;

/// The questions that the screen asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tag {
    /// The newest entries.
    First,
    /// The ones below those that are there; for the filter of that number.
    More(u32),
}

/// The screen's state.
#[derive(Debug)]
pub struct Model {
    pub(super) entries: Vec<AuditEntry>,
    /// Where the next page begins.
    pub(super) next: Option<u64>,
    /// The newest entry's sequence.
    pub(super) head: u64,
    pub(super) window: Window,
    pub(super) filter: Field,
    /// Whether the filter is being typed.
    pub(super) typing: bool,
    /// Counts the changes of the filter, so that an answer for the one before is not taken.
    pub(super) edition: u32,
    /// Whether a further page is on its way.
    pub(super) asked: bool,
    pub(super) loaded: bool,
    pub(super) error: Option<Error>,
}

impl Default for Model {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
            next: None,
            head: 0,
            window: Window::default(),
            filter: Field::new(80),
            typing: false,
            edition: 0,
            asked: false,
            loaded: false,
            error: None,
        }
    }
}

impl Model {
    /// Where the focus is.
    #[must_use]
    pub fn context(&self) -> Context {
        if self.typing {
            Context::Line
        } else {
            Context::Activity
        }
    }

    /// Shows the entries that `text` finds: `:activity revoked`.
    pub fn filter(&mut self, text: &str, desk: &mut Desk<'_>) {
        // A text that does not fit finds nothing anyway.
        let _ = self.filter.replace(text);
        self.typing = false;
        self.ask_first(desk);
    }

    pub(super) fn ask_first(&mut self, desk: &mut Desk<'_>) {
        self.edition += 1;
        self.asked = false;
        self.ask(Tag::First, None, desk);
    }

    pub(super) fn ask_more(&mut self, desk: &mut Desk<'_>) {
        if self.next.is_some() && !self.asked {
            self.asked = true;
            self.ask(Tag::More(self.edition), self.next, desk);
        }
    }

    fn ask(&self, tag: Tag, before: Option<u64>, desk: &mut Desk<'_>) {
        let request = Request::ListActivity {
            filter: self.filter.text().to_owned(),
            before,
            limit: PAGE,
        };
        desk.ask(app::Tag::Activity(tag), request);
    }

    pub(super) fn selected(&self) -> Option<&AuditEntry> {
        self.entries.get(self.window.selected()?)
    }
}
