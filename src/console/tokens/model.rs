//! What the screen knows: the list, the token that is opened, and which answers it waits for.

use crate::console::app::Desk;
use crate::console::keymap::{Command, Context};
use crate::domain::id::TokenId;
use crate::service::request::{Request, Show, TokenRef};

use super::detail::Opened;
use super::list::List;
use super::named::Named;
use super::{Nonce, Tag};

/// The screen's state.
#[derive(Debug, Default)]
pub struct Model {
    pub(super) list: List,
    pub(super) opened: Option<Opened>,
    pub(super) nonces: Nonces,
    /// Revoked from here last, for the undo.
    pub(super) undo: Vec<Named>,
    /// Those whose revocation is being undone.
    pub(super) restoring: Vec<Named>,
    /// Those of them that work again.
    pub(super) restored: Vec<Named>,
}

/// What a dialog of this screen did.
#[derive(Debug)]
pub enum Done {
    /// A token was minted.
    Minted(TokenId),
    /// Tokens lost their rights; whether that can be undone.
    Invalidated(Vec<Named>, bool),
}

/// Numbers the questions.
#[derive(Debug, Default)]
pub(super) struct Nonces(u64);

impl Nonces {
    pub(super) fn next(&mut self, desk: &Desk<'_>) -> Nonce {
        self.0 += 1;
        Nonce {
            at: desk.facts.at.monotonic,
            number: self.0,
        }
    }
}

impl Model {
    /// What has the focus.
    #[must_use]
    pub fn context(&self) -> Context {
        if let Some(opened) = &self.opened {
            if opened.board().is_some() {
                Context::Board
            } else {
                Context::Token
            }
        } else if self.list.is_filtering() {
            Context::Line
        } else {
            Context::Tokens
        }
    }

    /// Shows the tokens that contain `text`.
    pub fn filter(&mut self, text: &str, desk: &mut Desk<'_>) {
        self.opened = None;
        self.list.search(text, &mut self.nonces, desk);
    }

    /// Shows these tokens first, once it is asked to show any.
    pub fn begin_with(&mut self, show: Show, text: String) {
        self.list.query.show = show;
        self.list.query.text = text;
    }

    /// Does with the token of this name what a key would do with the one that is selected.
    pub fn command(&mut self, command: Command, name: &str, desk: &mut Desk<'_>) {
        let request = Request::ShowToken {
            organization: desk.facts.current.clone(),
            token: TokenRef::parse(name),
        };
        desk.ask(Tag::Named(command).into(), request);
    }

    /// Takes in what one of the screen's dialogs did.
    pub fn take_done(&mut self, done: Done) {
        match done {
            Done::Minted(token) => self.list.follow(token),
            Done::Invalidated(tokens, undoable) => {
                self.list.unmark(&tokens);
                self.undo = if undoable { tokens } else { Vec::new() };
            }
        }
    }
}

impl From<Tag> for crate::console::app::Tag {
    fn from(tag: Tag) -> Self {
        Self::Tokens(tag)
    }
}
