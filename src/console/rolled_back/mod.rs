//! The store is an older state than what was acknowledged: the facts, what would be lost, and the way to accept it.

mod accept;
mod view;

use self::accept::Accept;
use super::app::desk::Order;
use super::app::{Ask, Asker, Effect, Facts, Tag, Work};
use crate::domain::audit::AuditEntry;
use crate::service::request::Request;
use crate::service::response::Rollback;
use crate::service::{Error, Response};

/// How many of the newest entries are shown, so that people see how old this state is.
const ENTRIES: usize = 4;

/// The screen.
#[derive(Debug)]
pub struct RolledBack {
    rollback: Rollback,
    newest: Vec<AuditEntry>,
    error: Option<Error>,
}

impl RolledBack {
    /// The screen, and what it asks.
    #[must_use]
    pub fn new(rollback: Rollback) -> (Self, Effect) {
        let ask = Effect::Work(Work::Ask(Ask {
            to: Asker::Shell,
            tag: Tag::Newest,
            session: None,
            request: Request::ListActivity {
                filter: String::new(),
                before: None,
                limit: ENTRIES,
            },
        }));
        let screen = Self {
            rollback,
            newest: Vec::new(),
            error: None,
        };
        (screen, ask)
    }

    /// Takes what it asked.
    pub fn answered(&mut self, result: Result<Response, Error>) {
        match result {
            Ok(Response::Activity(page)) => self.newest = page.entries,
            Ok(_) => {}
            Err(error) => self.error = Some(error),
        }
    }

    /// The dialog that accepts this state.
    pub(super) fn accept(&self, facts: &Facts) -> Order {
        Order::Open(Box::new(Accept::new(self.rollback, facts)))
    }
}
