//! The list's state: what it shows in which order, the rows it holds, the cursor and the marks.
//!
//! The cursor stays on its token when the list is answered anew. Another filter or order begins at the top, unless the
//! token is among the first rows there, too; the old rows stay on screen until the answer is there.

use std::collections::BTreeSet;
use std::ops::Range;
use std::time::Duration;

use crate::console::app::Desk;
use crate::console::key::Key;
use crate::console::keymap::Command;
use crate::console::widgets::field::{Field, Pressed};
use crate::console::widgets::table::Window;
use crate::domain::id::TokenId;
use crate::service::Error;
use crate::service::request::{Request, Show, Sort, TokenQuery};
use crate::service::response::{TokenDetail, TokenPage, TokenRow};

use super::held::{self, Held};
use super::model::Nonces;
use super::{Nonce, Tag};

/// How often the list is asked anew while nothing changes: uses are counted without an event.
const POLL: Duration = Duration::from_secs(5);
/// How long an answer is waited for before the question is put again.
const PATIENCE: Duration = Duration::from_secs(30);
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

/// The state.
#[derive(Debug, Default)]
pub(super) struct List {
    pub(super) query: TokenQuery,
    pub(super) held: Held,
    pub(super) window: Window,
    pub(super) marks: BTreeSet<TokenId>,
    pub(super) failure: Option<Error>,
    /// The filter while it is typed.
    pub(super) field: Option<Field>,
    /// The opened view of the token under the cursor, once the cursor rested there.
    pub(super) callers: Option<Box<TokenDetail>>,
    /// The token under the cursor.
    anchor: Option<TokenId>,
    /// Where the last mark was set.
    marked_at: Option<usize>,
    asked: Option<Asked>,
    /// When the rows were asked for last.
    asked_at: Duration,
    resting: Nonce,
    range: Nonce,
}

#[derive(Debug, Clone, Copy)]
struct Asked {
    nonce: Nonce,
    /// Whether the list begins anew, at its top.
    anew: bool,
}

impl List {
    /// Whether a filter is being typed.
    pub(super) const fn is_filtering(&self) -> bool {
        self.field.is_some()
    }

    /// Whether nothing was answered yet.
    pub(super) const fn is_awaited(&self) -> bool {
        self.asked.is_some()
    }

    /// The row under the cursor, if it is held.
    pub(super) fn selected(&self) -> Option<&TokenRow> {
        self.held.at(self.window.selected()?)
    }

    /// The list has room for `height` rows.
    pub(super) fn fit(&mut self, height: usize) {
        self.window.fit(self.held.page().matching, height);
    }

    /// Asks for the rows on screen and around; what is on its way already is dropped when it comes.
    pub(super) fn ask(&mut self, nonces: &mut Nonces, desk: &mut Desk<'_>) {
        let anew = self.asked.is_some_and(|asked| asked.anew);
        self.ask_for(anew, nonces, desk);
    }

    fn ask_for(&mut self, anew: bool, nonces: &mut Nonces, desk: &mut Desk<'_>) {
        let screen = if anew {
            0..self.window.visible().len()
        } else {
            self.window.visible()
        };
        let window = held::around(&screen);
        let nonce = nonces.next(desk);
        self.asked = Some(Asked { nonce, anew });
        self.asked_at = desk.facts.at.monotonic;
        desk.ask(Tag::Page(nonce).into(), self.question(&window, desk));
    }

    fn question(&self, window: &Range<usize>, desk: &Desk<'_>) -> Request {
        Request::ListTokens(TokenQuery {
            organization: desk.facts.current.clone(),
            offset: window.start,
            limit: window.len(),
            ..self.query.clone()
        })
    }

    /// Asks anew once in a while, and whose the cursor rests on.
    pub(super) fn tick(&mut self, nonces: &mut Nonces, desk: &mut Desk<'_>) {
        let since = desk.facts.at.monotonic.saturating_sub(self.asked_at);
        if since >= if self.asked.is_some() { PATIENCE } else { POLL } {
            self.ask(nonces, desk);
        }
        let Some(token) = self.selected().map(|row| row.id) else {
            return;
        };
        if self
            .callers
            .as_ref()
            .is_none_or(|callers| callers.row.id != token)
            || since >= POLL
        {
            self.resting = nonces.next(desk);
            let request = super::detail::question(token, desk);
            desk.ask(Tag::Token(self.resting).into(), request);
        }
    }

    /// Takes rows in.
    pub(super) fn take_page(
        &mut self,
        nonce: Nonce,
        result: Result<TokenPage, Error>,
        nonces: &mut Nonces,
        desk: &mut Desk<'_>,
    ) {
        let Some(asked) = self.asked.take_if(|asked| asked.nonce == nonce) else {
            return;
        };
        let page = match result {
            Ok(page) => page,
            Err(error) => {
                self.failure = Some(error);
                return;
            }
        };
        self.failure = None;
        self.held.take(page);
        if asked.anew {
            self.marked_at = None;
            self.window = Window::default();
        }
        self.fit(super::view::room(desk.facts));
        if let Some(place) = self.anchor.and_then(|token| self.held.place_of(token)) {
            self.window.select(place);
        }
        self.settle(nonces, desk);
    }

    /// Takes in whose the cursor rests on.
    pub(super) fn take_callers(&mut self, nonce: Nonce, detail: Box<TokenDetail>) {
        if nonce == self.resting {
            self.callers = Some(detail);
        }
    }

    /// Moves the cursor; false for commands that do not.
    pub(super) fn go(&mut self, command: Command, nonces: &mut Nonces, desk: &mut Desk<'_>) -> bool {
        let moved = self.window.command(command);
        if moved {
            self.settle(nonces, desk);
        }
        moved
    }

    /// Puts the cursor on the row `row` rows below the first on screen.
    pub(super) fn point(&mut self, row: usize, nonces: &mut Nonces, desk: &mut Desk<'_>) {
        let visible = self.window.visible();
        if row < visible.len() {
            self.window.select(visible.start + row);
            self.settle(nonces, desk);
        }
    }

    /// Remembers the token under the cursor, and asks for more rows when they run short.
    fn settle(&mut self, nonces: &mut Nonces, desk: &mut Desk<'_>) {
        self.anchor = self.selected().map(|row| row.id);
        if self.asked.is_none() && self.held.is_short_for(&self.window.visible()) {
            self.ask_for(false, nonces, desk);
        }
    }

    /// Puts the cursor on a token as soon as it is among the rows.
    pub(super) fn follow(&mut self, token: TokenId) {
        self.anchor = Some(token);
    }

    /// Begins to type a filter.
    pub(super) fn begin_filter(&mut self) {
        self.field = Some(Field::new(64).with_text(&self.query.text));
    }

    /// Stops typing; the filter stays.
    pub(super) fn end_filter(&mut self) {
        self.field = None;
    }

    /// A key in the filter.
    pub(super) fn type_filter(&mut self, key: Key, nonces: &mut Nonces, desk: &mut Desk<'_>) {
        let changed = self
            .field
            .as_mut()
            .is_some_and(|field| field.press(key) == Ok(Pressed::Changed));
        if changed {
            self.search_field(nonces, desk);
        }
    }

    /// A paste into the filter.
    pub(super) fn paste_filter(&mut self, text: &str, nonces: &mut Nonces, desk: &mut Desk<'_>) {
        if self.field.as_mut().is_some_and(|field| field.paste(text).is_ok()) {
            self.search_field(nonces, desk);
        }
    }

    fn search_field(&mut self, nonces: &mut Nonces, desk: &mut Desk<'_>) {
        let text = self.field.as_ref().map_or("", Field::text).to_owned();
        self.search(&text, nonces, desk);
    }

    /// Shows those that contain `text`.
    pub(super) fn search(&mut self, text: &str, nonces: &mut Nonces, desk: &mut Desk<'_>) {
        text.clone_into(&mut self.query.text);
        self.ask_for(true, nonces, desk);
    }

    /// Shows others.
    pub(super) fn show(&mut self, show: Show, nonces: &mut Nonces, desk: &mut Desk<'_>) {
        self.query.show = show;
        self.ask_for(true, nonces, desk);
    }

    /// Shows the next kind of tokens.
    pub(super) fn show_next(&mut self, nonces: &mut Nonces, desk: &mut Desk<'_>) {
        self.show(after(&SHOWS, &self.query.show), nonces, desk);
    }

    /// Sorts by the next column, or turns the order around.
    pub(super) fn sort(&mut self, reverse: bool, nonces: &mut Nonces, desk: &mut Desk<'_>) {
        if reverse {
            self.query.descending = !self.query.descending;
        } else {
            self.query.sort = after(&Sort::ALL, &self.query.sort);
        }
        self.ask_for(true, nonces, desk);
    }

    /// Marks the row under the cursor, or unmarks it, and goes on to the next.
    pub(super) fn mark(&mut self, nonces: &mut Nonces, desk: &mut Desk<'_>) {
        let Some(token) = self.selected().map(|row| row.id) else {
            return;
        };
        if self.marks.remove(&token) {
            self.marked_at = None;
        } else {
            self.marks.insert(token);
            self.marked_at = self.window.selected();
        }
        self.go(Command::Down, nonces, desk);
    }

    /// Marks from the last mark to the cursor; all on screen when there is none.
    pub(super) fn mark_range(&mut self, nonces: &mut Nonces, desk: &mut Desk<'_>) {
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
            self.marks.extend(rows.iter().map(|row| row.id));
        } else {
            self.range = nonces.next(desk);
            desk.ask(Tag::Range(self.range).into(), self.question(&range, desk));
        }
    }

    /// Marks rows that were not held.
    pub(super) fn take_range(&mut self, nonce: Nonce, page: &TokenPage) {
        if nonce == self.range {
            self.marks.extend(page.rows.iter().map(|row| row.id));
        }
    }

    /// Forgets marks.
    pub(super) fn unmark(&mut self, tokens: &[TokenId]) {
        self.marks.retain(|mark| !tokens.contains(mark));
        self.marked_at = None;
    }

    /// One step back: forgets the marks, else the filter, else what is shown beside the live ones.
    pub(super) fn back(&mut self, nonces: &mut Nonces, desk: &mut Desk<'_>) {
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
