//! One token, opened: all of its facts, its use by day and caller, its rotations, and the overlap while one runs.

mod view;

pub(super) use view::draw;

use crate::console::app::Desk;
use crate::console::keymap::Command;
use crate::domain::id::TokenId;
use crate::domain::token::Status;
use crate::service::Error;
use crate::service::request::{Request, TokenRef};
use crate::service::response::{TokenDetail, TokenRow};

use super::model::Nonces;
use super::{Nonce, Tag};

/// The opened token.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) id: TokenId,
    pub(super) detail: Option<Box<TokenDetail>>,
    /// The other token of a running overlap.
    partner: Option<Box<TokenDetail>>,
    failure: Option<Error>,
    scroll: u16,
    asked: Nonce,
    asked_partner: Nonce,
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
            scroll: 0,
            asked: Nonce::default(),
            asked_partner: Nonce::default(),
        };
        opened.ask(nonces, desk);
        opened
    }

    pub(super) fn ask(&mut self, nonces: &mut Nonces, desk: &mut Desk<'_>) {
        self.asked = nonces.next(desk);
        desk.ask(Tag::Token(self.asked).into(), question(self.id, desk));
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
        match result {
            Ok(detail) => {
                self.failure = None;
                let other = other_of_overlap(&detail);
                self.detail = Some(detail);
                self.partner.take_if(|partner| Some(partner.row.id) != other);
                if let Some(other) = other {
                    self.asked_partner = nonces.next(desk);
                    desk.ask(Tag::Partner(self.asked_partner).into(), question(other, desk));
                }
            }
            Err(error) => self.failure = Some(error),
        }
    }

    pub(super) fn take_partner(&mut self, nonce: Nonce, detail: Box<TokenDetail>) {
        if nonce == self.asked_partner {
            self.partner = Some(detail);
        }
    }

    /// The row, once it was answered.
    pub(super) fn row(&self) -> Option<&TokenRow> {
        self.detail.as_ref().map(|detail| &detail.row)
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
