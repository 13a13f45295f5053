//! A change is done once: one that comes again under the same name (`Actor::request`) is refused, also after a restart.
//!
//! Remembered are the newest names, in memory; the audit log has them for good, and is read when the first name comes.
//! A change that was refused may be tried again under its name: nothing was done.

use std::collections::{HashSet, VecDeque};
use std::sync::Mutex;

use super::error::{Code, Error};
use super::{Actor, Service, lock};
use crate::domain::audit::{Action, AuditEntry, Outcome};
use crate::domain::id::RequestId;

/// So many names are remembered.
const REMEMBERED: usize = 4096;

#[derive(Default)]
pub(super) struct Repeats(Mutex<Known>);

#[derive(Default)]
struct Known {
    is_filled: bool,
    done: HashSet<RequestId>,
    /// The same, the oldest first.
    order: VecDeque<RequestId>,
    under_way: HashSet<RequestId>,
}

impl Known {
    fn remember(&mut self, name: RequestId) {
        if self.done.insert(name) {
            self.order.push_back(name);
        }
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.done.remove(&oldest);
        }
    }
}

/// A change under way; ends when it is dropped, however it ended.
pub(super) struct UnderWay<'a>(&'a Repeats, Option<RequestId>);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if let Some(name) = self.1 {
            lock(&self.0.0).under_way.remove(&name);
        }
    }
}

impl Service {
    /// Begins a change.
    ///
    /// # Errors
    /// One of that name was done, or is being done.
    pub(super) fn begin_change(&self, actor: &Actor, is_change: bool) -> Result<UnderWay<'_>, Error> {
        let Some(name) = actor.request.filter(|_| is_change) else {
            return Ok(UnderWay(&self.repeats, None));
        };
        let mut known = lock(&self.repeats.0);
        if !known.is_filled {
            let newest = self.ports.store.audit_page(None, REMEMBERED)?;
            let names = newest.iter().rev().filter(|entry| is_deed(entry));
            names.for_each(|entry| known.remember(entry.request));
            known.is_filled = true;
        }
        if known.done.contains(&name) {
            return Err(Error::new(
                Code::Conflict,
                format!("the change {name} was done already, and nothing was done again"),
                "look at the activity list for what it did; its answer is not given a second time",
            ));
        }
        if !known.under_way.insert(name) {
            return Err(Error::new(
                Code::Conflict,
                format!("the change {name} is being done at the moment, and is not begun again"),
                "wait, then look at the activity list",
            ));
        }
        Ok(UnderWay(&self.repeats, Some(name)))
    }

    /// From now on it is refused under this name.
    pub(super) fn change_was_done(&self, actor: &Actor) {
        if let Some(name) = actor.request {
            lock(&self.repeats.0).remember(name);
        }
    }
}

/// Whether an entry says that something was done, and not only that somebody tried.
pub(super) fn is_deed(entry: &AuditEntry) -> bool {
    let is_sign_in = matches!(
        entry.action,
        Action::SignedIn | Action::SignInFailed | Action::FailuresForgotten | Action::PasswordRehashed
    );
    entry.result == Outcome::Done && !is_sign_in
}
