//! What the screen knows: the piece of the log that is held, the cursor, the filter, and which answer it waits for.

use super::held::Held;
use crate::console::app::{self, Desk};
use crate::console::keymap::Context;
use crate::console::widgets::field::Field;
use crate::console::widgets::table::Window;
use crate::domain::audit::AuditEntry;
use crate::domain::audit::chain::Verdict;
use crate::service::Error;
use crate::service::request::Request;

/// Entries asked for at a time.
const PAGE: usize = 200;
/// So many entries outside of the screen are read ahead.
const AHEAD: usize = 100;

/// The questions that the screen asks, each for the list of that number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tag {
    /// The newest entries.
    Newest(u32),
    /// The oldest ones.
    Oldest(u32),
    /// Those above what is there.
    Above(u32),
    /// Those below what is there.
    Below(u32),
}

/// The screen's state.
#[derive(Debug)]
pub struct Model {
    pub(super) held: Held,
    /// The log's newest entry.
    pub(super) head: u64,
    /// What the log turned out to be.
    pub(super) chain: Option<Verdict>,
    pub(super) window: Window,
    pub(super) filter: Field,
    /// Whether the filter is being typed.
    pub(super) typing: bool,
    /// Counts the lists, so that an answer for the one before is not taken.
    edition: u32,
    /// The question whose answer is on its way.
    asked: Option<Tag>,
    /// Whether something changed meanwhile.
    again: bool,
    pub(super) loaded: bool,
    pub(super) error: Option<Error>,
}

impl Default for Model {
    fn default() -> Self {
        Self {
            held: Held::default(),
            head: 0,
            chain: None,
            window: Window::default(),
            filter: Field::new(80),
            typing: false,
            edition: 0,
            asked: None,
            again: false,
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
        self.begin(desk);
    }

    /// Shows the entries that `text` finds first, once it is asked to show any.
    pub fn begin_with(&mut self, text: &str) {
        // A text that does not fit finds nothing anyway.
        let _ = self.filter.replace(text);
    }

    /// Begins anew with the newest entries.
    pub(super) fn begin(&mut self, desk: &mut Desk<'_>) {
        self.edition += 1;
        self.ask(Tag::Newest(self.edition), desk);
    }

    /// Begins anew with the oldest entries.
    pub(super) fn begin_at_bottom(&mut self, desk: &mut Desk<'_>) {
        self.edition += 1;
        self.ask(Tag::Oldest(self.edition), desk);
    }

    /// Looks what came in at the top, and what is known about the log now.
    pub(super) fn look_again(&mut self, desk: &mut Desk<'_>) {
        match self.asked {
            Some(_) => self.again = true,
            None if self.loaded => self.ask(Tag::Above(self.edition), desk),
            None => self.begin(desk),
        }
    }

    /// Whether an answer is one that is waited for; it is not any more then.
    pub(super) fn expects(&mut self, tag: Tag) -> bool {
        self.asked.take_if(|asked| *asked == tag).is_some()
    }

    /// Asks for what runs short, or for what came meanwhile.
    pub(super) fn settle(&mut self, desk: &mut Desk<'_>) {
        if self.asked.is_some() || !self.loaded {
            return;
        }
        let visible = self.window.visible();
        let is_short_below = visible.end + AHEAD > self.held.entries().len();
        if self.held.below().is_some() && is_short_below {
            self.ask(Tag::Below(self.edition), desk);
        } else if (!self.held.is_newest() && visible.start < AHEAD) || std::mem::take(&mut self.again) {
            self.ask(Tag::Above(self.edition), desk);
        }
    }

    fn ask(&mut self, tag: Tag, desk: &mut Desk<'_>) {
        self.asked = Some(tag);
        let filter = self.filter.text().to_owned();
        let request = match tag {
            Tag::Newest(_) | Tag::Below(_) => Request::ListActivity {
                filter,
                before: self.held.below().filter(|_| matches!(tag, Tag::Below(_))),
                limit: PAGE,
            },
            Tag::Oldest(_) => Request::FollowActivity {
                filter,
                after: 0,
                limit: PAGE,
            },
            Tag::Above(_) => {
                // Far from the top, what comes in there is of no interest yet: only what is known about the log.
                let wanted = self.held.is_newest() || self.window.visible().start < AHEAD;
                Request::FollowActivity {
                    filter,
                    after: self.held.above(),
                    limit: if wanted { PAGE } else { 0 },
                }
            }
        };
        desk.ask(app::Tag::Activity(tag), request);
    }

    pub(super) fn selected(&self) -> Option<&AuditEntry> {
        self.held.entries().get(self.window.selected()?)
    }

    /// Whether the log is known not to be what was written.
    pub(super) const fn is_bad(&self) -> bool {
        matches!(self.chain, Some(Verdict::Altered(_) | Verdict::Truncated { .. }))
    }

    /// Whether matching entries are still looked for.
    pub(super) const fn is_searching(&self) -> bool {
        self.asked.is_some()
    }
}
