//! A store that is older than what was acknowledged: an older copy was put in its place.
//!
//! Revocations may be missing in it, so no token is good: the service stays sealed, and answers only what helps to see
//! and to decide, until an admin accepts what is lost. The store takes nothing until then; failed sign-ins count in
//! memory.

use std::sync::atomic::{AtomicBool, Ordering};

use super::commit::{Changes, Note};
use super::error::{Code, Error};
use super::ports::{Opening, Rollback};
use super::request::{Credentials, Request};
use super::response::Response;
use super::{Actor, Service};
use crate::domain::audit::Action;
use crate::domain::cashier::Role;

/// What opening found, and whether its rollback was accepted.
pub(super) struct Found {
    pub(super) opening: Opening,
    accepted: AtomicBool,
}

impl Found {
    pub(super) const fn new(opening: Opening) -> Self {
        Self {
            opening,
            accepted: AtomicBool::new(false),
        }
    }

    /// The rollback that nobody has accepted yet.
    pub(super) fn rollback(&self) -> Option<Rollback> {
        let rollback = self.opening.rollback?;
        (!self.accepted.load(Ordering::Acquire)).then_some(rollback)
    }
}

/// Whether a request is answered while an older state waits to be accepted.
const fn is_answered(request: &Request) -> bool {
    matches!(
        request,
        Request::Overview
            | Request::Health
            | Request::VerifyAudit { .. }
            | Request::ListActivity { .. }
            | Request::FollowActivity { .. }
            | Request::ListCashiers
            | Request::SignIn(_)
            | Request::SignOut
            | Request::AcceptRollback { .. }
    )
}

impl Service {
    /// Whether what is here is all that was acknowledged: no older state waits to be accepted.
    pub fn is_current(&self) -> bool {
        self.found.rollback().is_none()
    }

    /// Refuses what an older state must not answer.
    pub(super) fn refuse_if_rolled_back(&self, request: &Request) -> Result<(), Error> {
        match self.found.rollback() {
            Some(rollback) if !is_answered(request) => Err(refusal(&rollback)),
            _ => Ok(()),
        }
    }

    /// Refuses any change while an older state waits to be accepted.
    pub(super) fn refuse_older_state(&self) -> Result<(), Error> {
        self.found
            .rollback()
            .map_or(Ok(()), |rollback| Err(refusal(&rollback)))
    }

    /// Goes on with an older state; `sequence` is the commit that it ends at, as the admin was told.
    pub(super) fn accept_rollback(
        &self,
        actor: &Actor,
        credentials: &Credentials,
        sequence: u64,
    ) -> Result<Response, Error> {
        let proven = self.proven(actor, credentials, Role::Admin)?;
        let mut writer = self.writer();
        let acting = self.still_proven(&proven, Role::Admin)?;
        let Some(rollback) = self.found.rollback() else {
            return Err(Error::new(
                Code::Conflict,
                "the store is not an older state, or that was accepted already",
                "nothing was changed",
            ));
        };
        if sequence != rollback.found {
            let message = format!(
                "the store ends at commit {}, not at commit {sequence}",
                rollback.found
            );
            return Err(Error::new(
                Code::Invalid,
                message,
                "look at what is there, and give the commit that it ends at",
            )
            .on("commit"));
        }
        self.ports.store.accept_rollback()?;
        let reason = format!(
            "commits {} to {} are given up, the last acknowledged by {}",
            rollback.found + 1,
            rollback.anchored,
            rollback.anchored_at
        );
        let subject = format!("commit {}", rollback.found);
        let note = Note::done(Action::RollbackAccepted, None, subject).because(reason);
        let changes = Changes {
            // Some may have ended in what is given up.
            delete: self.all_logins(),
            notes: vec![note],
            ..Changes::default()
        };
        let (kept, head) = (writer.sequence, writer.hash);
        // Sealed as before if this fails: the admin repeats it, and the acceptance is in the log before anything else.
        self.commit(&mut writer, actor, Some(&acting), changes)?;
        self.found.accepted.store(true, Ordering::Release);
        drop(writer);
        // The audit log's checkpoints beyond it count no more; without that word they call the log truncated.
        let _ = self.accept_log_rollback(kept, head);
        // What opening mended could not be written until now; it is tried again later, as after any opening.
        let _ = self.log_opening();
        self.settle_slots();
        Ok(Response::Done)
    }
}

fn refusal(rollback: &Rollback) -> Error {
    let Rollback {
        anchored,
        found,
        anchored_at,
    } = rollback;
    Error::new(
        Code::RolledBack,
        format!(
            "this is an older state of the store: it ends at commit {found}, and commit {anchored} was acknowledged by {anchored_at}"
        ),
        format!(
            "put the newer copy back; or have an admin accept this one, without all that came after commit {found}, revocations too: strongroom doctor --accept-older {found}"
        ),
    )
}
