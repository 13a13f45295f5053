//! The two forms that mint: a new token, and one for an old one. A cashier's e-mail and password, every time.
//!
//! While the answer is awaited a form does not close: a token would be minted that nobody ever sees. What was typed
//! stays after an error, but for a wrong password.

mod create;
mod rotate;

pub(super) use create::Create;
pub(super) use rotate::{AT_THE_LATEST, Rotate};

use crate::console::app::desk::Order;
use crate::console::app::{Desk, Fate};
use crate::console::form::Form;
use crate::console::shared::sign_in::unexpected;
use crate::domain::time::Timestamp;
use crate::domain::token::Lifetime;
use crate::service::{Error, Response};

use super::model::Done;
use super::reveal::Reveal;

/// Cells across.
const WIDTH: u16 = 80;

/// The five choices with their use, and when each would end.
fn lifetimes(now: Timestamp) -> Vec<(String, String)> {
    let option = |lifetime: Lifetime| {
        let until = lifetime.expires_at(now).utc().format("%Y-%m-%d %H:%M UTC");
        (
            lifetime.label().to_owned(),
            format!("{}, until {until}", lifetime.purpose()),
        )
    };
    Lifetime::ALL.into_iter().map(option).collect()
}

fn place<T: Copy + PartialEq>(all: &[T], one: T) -> usize {
    all.iter().position(|other| *other == one).unwrap_or(0)
}

/// What both do with the answer: the reveal in the form's place, or what is wrong beside its field.
fn minted(form: &mut Form, result: Result<Response, Error>, desk: &mut Desk<'_>) -> Fate {
    match result {
        Ok(Response::Minted(minted)) => {
            desk.order(Order::Tokens(Done::Minted(minted.token.id)));
            desk.open(Reveal::new(minted, desk.facts));
            desk.refresh();
            Fate::Close
        }
        Ok(_) => {
            form.fail(&unexpected());
            Fate::Stay
        }
        Err(error) => {
            form.fail(&error);
            Fate::Stay
        }
    }
}

/// Esc closes a form, but not while a token is being minted.
fn back(form: &Form) -> Fate {
    if form.is_waiting() {
        Fate::Stay
    } else {
        Fate::Close
    }
}
