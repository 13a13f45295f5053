//! The list's state: what it shows in which order, the rows it holds, the cursor and the marks.
//!
//! The cursor stays on its token when the list is answered anew. Another filter or order begins at the top, unless the
//! token is among the first rows there, too; the old rows stay on screen until the answer is there.

mod choose;

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use crate::console::app::Desk;
use crate::console::keymap::Command;
use crate::console::widgets::field::Field;
use crate::console::widgets::table::Window;
use crate::domain::id::TokenId;
use crate::domain::text::TokenName;
use crate::service::Error;
use crate::service::request::{Request, TokenQuery};
use crate::service::response::{TokenDetail, TokenPage, TokenRow};

use super::held::{self, Held};
use super::model::Nonces;
use super::{Nonce, Tag};

/// How often the list is asked anew while nothing changes: uses are counted without an event.
const POLL: Duration = Duration::from_secs(1);
/// How long an answer is waited for before the question is put again.
const PATIENCE: Duration = Duration::from_secs(30);
/// The state.
#[derive(Debug, Default)]
pub(super) struct List {
    pub(super) query: TokenQuery,
    pub(super) held: Held,
    pub(super) window: Window,
    /// The marked tokens with their names: they stay marked when the list shows others.
    pub(super) marks: BTreeMap<TokenId, TokenName>,
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
        } else {
            // The screen may have become higher.
            self.settle(nonces, desk);
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
}
