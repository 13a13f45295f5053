//! What the operator chooses in the list: the filter, the order, what is shown, and the marks.

use crate::console::app::Desk;
use crate::console::key::Key;
use crate::console::keymap::Command;
use crate::console::tokens::model::Nonces;
use crate::console::tokens::named::Named;
use crate::console::tokens::{Nonce, Tag};
use crate::console::widgets::field::{Field, Pressed};
use crate::service::request::{Show, Sort};
use crate::service::response::TokenPage;

use super::List;

/// The most rows that a range mark goes over: the service answers no more at once.
const RANGE: usize = 10_000;

/// What a key goes through, one after the other.
const SHOWS: [Show; 5] = [
    Show::Live,
    Show::All,
    Show::Ended,
    Show::Unused,
    Show::Unacknowledged,
];

impl List {
    /// Begins to type a filter.
    pub(in crate::console::tokens) fn begin_filter(&mut self) {
        self.field = Some(Field::new(64).with_text(&self.query.text));
    }

    /// Stops typing; the filter stays.
    pub(in crate::console::tokens) fn end_filter(&mut self) {
        self.field = None;
    }

    /// A key in the filter.
    pub(in crate::console::tokens) fn type_filter(
        &mut self,
        key: Key,
        nonces: &mut Nonces,
        desk: &mut Desk<'_>,
    ) {
        let changed = self
            .field
            .as_mut()
            .is_some_and(|field| field.press(key) == Ok(Pressed::Changed));
        if changed {
            self.search_field(nonces, desk);
        }
    }

    /// A paste into the filter.
    pub(in crate::console::tokens) fn paste_filter(
        &mut self,
        text: &str,
        nonces: &mut Nonces,
        desk: &mut Desk<'_>,
    ) {
        if self.field.as_mut().is_some_and(|field| field.paste(text).is_ok()) {
            self.search_field(nonces, desk);
        }
    }

    fn search_field(&mut self, nonces: &mut Nonces, desk: &mut Desk<'_>) {
        let text = self.field.as_ref().map_or("", Field::text).to_owned();
        self.search(&text, nonces, desk);
    }

    /// Shows those that contain `text`.
    pub(in crate::console::tokens) fn search(
        &mut self,
        text: &str,
        nonces: &mut Nonces,
        desk: &mut Desk<'_>,
    ) {
        text.clone_into(&mut self.query.text);
        self.ask_for(true, nonces, desk);
    }

    /// Shows others.
    pub(in crate::console::tokens) fn show(&mut self, show: Show, nonces: &mut Nonces, desk: &mut Desk<'_>) {
        self.query.show = show;
        self.ask_for(true, nonces, desk);
    }

    /// Shows the next kind of tokens.
    pub(in crate::console::tokens) fn show_next(&mut self, nonces: &mut Nonces, desk: &mut Desk<'_>) {
        self.show(after(&SHOWS, &self.query.show), nonces, desk);
    }

    /// Sorts by the next column, or turns the order around.
    pub(in crate::console::tokens) fn sort(
        &mut self,
        reverse: bool,
        nonces: &mut Nonces,
        desk: &mut Desk<'_>,
    ) {
        if reverse {
            self.query.descending = !self.query.descending;
        } else {
            self.query.sort = after(&Sort::ALL, &self.query.sort);
        }
        self.ask_for(true, nonces, desk);
    }

    /// Marks the row under the cursor, or unmarks it, and goes on to the next.
    pub(in crate::console::tokens) fn mark(&mut self, nonces: &mut Nonces, desk: &mut Desk<'_>) {
        let Some(row) = self.selected() else {
            return;
        };
        let (token, name) = (row.id, row.name.clone());
        if self.marks.remove(&token).is_some() {
            self.marked_at = None;
        } else {
            self.marks.insert(token, name);
            self.marked_at = self.window.selected();
        }
        self.go(Command::Down, nonces, desk);
    }

    /// Marks from the last mark to the cursor; all on screen when there is none.
    pub(in crate::console::tokens) fn mark_range(&mut self, nonces: &mut Nonces, desk: &mut Desk<'_>) {
        let Some(here) = self.window.selected() else {
            return;
        };
        let range = match self.marked_at {
            Some(there) => there.min(here)..there.max(here) + 1,
            None => self.window.visible(),
        };
        if range.len() > RANGE {
            return desk.warn(format!(
                "{} rows are too many to mark at once; {RANGE} are the most",
                range.len()
            ));
        }
        self.marked_at = Some(here);
        if let Some(rows) = self.held.all(range.clone()) {
            self.marks
                .extend(rows.iter().map(|row| (row.id, row.name.clone())));
        } else {
            self.range = nonces.next(desk);
            desk.ask(Tag::Range(self.range).into(), self.question(&range, desk));
        }
    }

    /// Marks rows that were not held.
    pub(in crate::console::tokens) fn take_range(&mut self, nonce: Nonce, page: &TokenPage) {
        if nonce == self.range {
            self.marks
                .extend(page.rows.iter().map(|row| (row.id, row.name.clone())));
        }
    }

    /// Forgets marks.
    pub(in crate::console::tokens) fn unmark(&mut self, tokens: &[Named]) {
        for token in tokens {
            self.marks.remove(&token.id);
        }
        self.marked_at = None;
    }

    /// One step back: forgets the marks, else the filter, else what is shown beside the live ones.
    pub(in crate::console::tokens) fn back(&mut self, nonces: &mut Nonces, desk: &mut Desk<'_>) {
        if !self.marks.is_empty() {
            self.marks.clear();
            self.marked_at = None;
        } else if !self.query.text.is_empty() {
            self.search("", nonces, desk);
        } else if self.query.show != Show::Live {
            self.show(Show::Live, nonces, desk);
        }
    }
}

/// The next of `all`, and the first after the last.
fn after<T: Copy + PartialEq>(all: &[T], now: &T) -> T {
    let place = all.iter().position(|one| one == now).map_or(0, |place| place + 1);
    all[place % all.len()]
}
