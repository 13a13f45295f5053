//! The piece of the log that is held: without gaps, the newest entry first, never more than a thousand of them.
//!
//! Its edges say where to go on reading. What grows at one end beyond [`MOST`] goes at the other, and is read again when
//! somebody scrolls there: a log of a million entries costs no more than one of a thousand.

use crate::domain::audit::AuditEntry;
use crate::service::response::ActivityPage;

/// Entries that are held at most.
pub(super) const MOST: usize = 1000;

/// The piece.
#[derive(Debug, Default)]
pub(super) struct Held {
    entries: Vec<AuditEntry>,
    /// The newest entry that was looked at; above it may be more.
    above: u64,
    /// Whether there was nothing above when it was looked at last.
    is_newest: bool,
    /// Where to go on downwards; `None` at the end.
    below: Option<u64>,
}

impl Held {
    /// The newest entries, in the place of all others.
    pub(super) fn begin_at_top(&mut self, page: ActivityPage) {
        *self = Self {
            above: page.head,
            is_newest: true,
            below: page.next,
            entries: page.entries,
        };
    }

    /// The oldest entries, in the place of all others.
    pub(super) fn begin_at_bottom(&mut self, page: ActivityPage) {
        *self = Self::default();
        self.add_above(page);
    }

    /// Entries above those that are there; how many there were.
    pub(super) fn add_above(&mut self, page: ActivityPage) -> usize {
        let count = page.entries.len();
        self.above = page.next.unwrap_or(page.head);
        self.is_newest = page.next.is_none();
        self.entries.splice(..0, page.entries.into_iter().rev());
        if self.entries.len() > MOST {
            self.entries.truncate(MOST);
            self.below = self.entries.last().map(|entry| entry.sequence);
        }
        count
    }

    /// Entries below those that are there; how many went at the top for them.
    pub(super) fn add_below(&mut self, page: ActivityPage) -> usize {
        self.below = page.next;
        self.entries.extend(page.entries);
        let gone = self.entries.len().saturating_sub(MOST);
        if gone > 0 {
            self.entries.drain(..gone);
            self.above = self.entries[0].sequence;
            self.is_newest = false;
        }
        gone
    }

    pub(super) fn entries(&self) -> &[AuditEntry] {
        &self.entries
    }

    /// Behind which entry newer ones begin.
    pub(super) const fn above(&self) -> u64 {
        self.above
    }

    pub(super) const fn is_newest(&self) -> bool {
        self.is_newest
    }

    pub(super) const fn below(&self) -> Option<u64> {
        self.below
    }
}
