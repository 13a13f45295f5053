//! One token, opened: all of its facts, its use by day and caller, its rotations, and the overlap while one runs.

mod board;
mod sides;
mod view;

pub(super) use view::draw;

use std::time::Duration;

use crate::console::app::Desk;
use crate::console::keymap::Command;
use crate::domain::id::TokenId;
use crate::domain::token::Status;
use crate::service::Error;
use crate::service::request::{Request, TokenRef};
use crate::service::response::{TokenDetail, TokenRow};

use super::model::Nonces;
use super::overlap::OVER;
use super::{Nonce, Tag};

/// How often it is asked anew while nothing changes: uses are counted without an event.
const POLL: Duration = Duration::from_secs(1);
/// How long an answer is waited for before the question is put again.
const PATIENCE: Duration = Duration::from_secs(30);

/// The opened token.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) id: TokenId,
    pub(super) detail: Option<Box<TokenDetail>>,
    /// The other token of a running overlap.
    partner: Option<Box<TokenDetail>>,
    failure: Option<Error>,
    /// Shows the facts also while an overlap runs.
    shows_facts: bool,
    scroll: u16,
    asked_at: Duration,
    is_awaited: bool,
    asked: Nonce,
    asked_partner: Nonce,
    /// What was asked for before it was known what there is.
    kept: Option<Command>,
}

/// Asks everything about a token.
pub(super) fn question(token: TokenId, desk: &Desk<'_>) -> Request {
    Request::ShowToken {
        organization: desk.facts.current.clone(),
        token: TokenRef::Id(token),
    }
}

impl Opened {
    pub(super) fn new(id: TokenId, nonces: &mut Nonces, desk: &mut Desk<'_>) -> Self {
        let mut opened = Self {
            id,
            detail: None,
            partner: None,
            failure: None,
            shows_facts: false,
            scroll: 0,
            asked_at: Duration::ZERO,
            is_awaited: false,
            asked: Nonce::default(),
            asked_partner: Nonce::default(),
            kept: None,
        };
        opened.ask(nonces, desk);
        opened
    }

    pub(super) fn ask(&mut self, nonces: &mut Nonces, desk: &mut Desk<'_>) {
        self.asked = nonces.next(desk);
        self.asked_at = desk.facts.at.monotonic;
        self.is_awaited = true;
        desk.ask(Tag::Token(self.asked).into(), question(self.id, desk));
    }

    /// Asks anew every second, so that use is seen as it happens; a question that waits is not overtaken.
    pub(super) fn tick(&mut self, nonces: &mut Nonces, desk: &mut Desk<'_>) {
        let patience = if self.is_awaited { PATIENCE } else { POLL };
        if desk.facts.at.monotonic.saturating_sub(self.asked_at) >= patience {
            self.ask(nonces, desk);
        }
    }

    /// Takes the answer about the token itself, and asks about the other one of its overlap.
    pub(super) fn take(
        &mut self,
        nonce: Nonce,
        result: Result<Box<TokenDetail>, Error>,
        nonces: &mut Nonces,
        desk: &mut Desk<'_>,
    ) {
        if nonce != self.asked {
            return;
        }
        self.is_awaited = false;
        match result {
            Ok(detail) => {
                self.failure = None;
                self.say_if_over(&detail, desk);
                let other = other_of_overlap(&detail);
                self.detail = Some(detail);
                self.partner.take_if(|partner| Some(partner.row.id) != other);
                if let Some(other) = other {
                    self.asked_partner = nonces.next(desk);
                    desk.ask(Tag::Partner(self.asked_partner).into(), question(other, desk));
                }
            }
            Err(error) => {
                self.failure = Some(error);
                self.kept = None;
            }
        }
    }

    pub(super) fn take_partner(&mut self, nonce: Nonce, detail: Box<TokenDetail>) {
        if nonce == self.asked_partner {
            self.partner = Some(detail);
        }
    }

    /// Keeps a command until all is known that it may need: the token, and the other one of a running overlap.
    pub(super) const fn keep(&mut self, command: Command) {
        self.kept = Some(command);
    }

    /// Gives up what was kept, because what it needs is not to be had; whether there was something.
    pub(super) fn give_up(&mut self, nonce: Nonce) -> bool {
        nonce == self.asked_partner && self.kept.take().is_some()
    }

    /// Whether all is known that a command may need, or will not be.
    pub(super) fn is_known(&self) -> bool {
        let other = self.detail.as_deref().map(other_of_overlap);
        self.failure.is_some() || other.is_some_and(|other| other.is_none() || self.partner.is_some())
    }

    /// What was kept and can be done now.
    pub(super) fn due(&mut self) -> Option<Command> {
        let is_known = self.is_known();
        // Pressed before the board was there, whose key it is too.
        let shows_board = self.board().is_some();
        self.kept.take_if(|_| is_known).map(|command| match command {
            Command::Restore if shows_board => Command::UndoRotation,
            command => command,
        })
    }

    /// The row, once it was answered.
    pub(super) fn row(&self) -> Option<&TokenRow> {
        self.detail.as_ref().map(|detail| &detail.row)
    }

    /// Says that an overlap came to its end while somebody looked at it.
    fn say_if_over(&self, detail: &TokenDetail, desk: &mut Desk<'_>) {
        let Some((old, new)) = self.overlap() else { return };
        let status_of = |id| {
            let row = detail.chain.iter().find(|row| row.id == id);
            row.map(|row| row.status)
        };
        if status_of(old.row.id) == Some(Status::Expired) && status_of(new.row.id).is_some() {
            desk.note(OVER);
        }
    }

    /// What the board shows: the old and the new token, unless the facts are wanted.
    pub(super) fn board(&self) -> Option<(&TokenDetail, &TokenDetail)> {
        self.overlap().filter(|_| !self.shows_facts)
    }

    /// Shows the facts in the board's place, or the board again.
    pub(super) fn turn_over(&mut self) {
        self.shows_facts = !self.shows_facts && self.overlap().is_some();
        self.scroll = 0;
    }

    /// The old and the new token of the running overlap.
    pub(super) fn overlap(&self) -> Option<(&TokenDetail, &TokenDetail)> {
        let (detail, partner) = (self.detail.as_deref()?, self.partner.as_deref()?);
        if detail.row.status == Status::Retiring {
            Some((detail, partner))
        } else {
            Some((partner, detail))
        }
    }

    pub(super) fn scroll(&mut self, command: Command) {
        self.scroll = match command {
            Command::Up => self.scroll.saturating_sub(1),
            Command::Down => self.scroll.saturating_add(1),
            Command::PageUp => self.scroll.saturating_sub(10),
            Command::PageDown => self.scroll.saturating_add(10),
            Command::Top => 0,
            _ => self.scroll,
        }
        .min(40);
    }
}

/// The other token of an overlap that runs now.
fn other_of_overlap(detail: &TokenDetail) -> Option<TokenId> {
    if detail.row.status == Status::Retiring {
        return detail.row.replaced_by;
    }
    let old = detail.row.replaces?;
    detail
        .chain
        .iter()
        .find(|row| row.id == old && row.status == Status::Retiring)
        .map(|row| row.id)
}
