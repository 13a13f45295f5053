//! Long work on threads of its own: begun, cancelled, and ended on the feed.
//!
//! A job can be cancelled until its point of no return, just before its commit; whoever is first wins.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use super::access::changes_allowed;
use super::error::{Code, Error};
use super::ports::BackupWatch;
use super::request::JobId;
use super::response::{Event, Response};
use super::{Actor, Service, lock};
use crate::domain::text::Email;

const RUNNING: u8 = 0;
const CANCELLED: u8 = 1;
const COMMITTING: u8 = 2;

#[derive(Default)]
pub(super) struct Jobs {
    last: AtomicU64,
    running: Mutex<HashMap<u64, Arc<Job>>>,
}

/// One piece of long work.
#[derive(Debug, Default)]
pub(super) struct Job {
    state: AtomicU8,
    begun_by: Beginner,
}

/// Who began it: the account, the cashier that it is bound to, and the one who had signed in.
#[derive(Debug, Default, PartialEq, Eq)]
struct Beginner {
    uid: u32,
    fixed_email: Option<Email>,
    cashier: Option<Email>,
}

impl Job {
    /// Whether somebody gave it up.
    pub(super) fn is_cancelled(&self) -> bool {
        self.state.load(Ordering::Acquire) == CANCELLED
    }

    /// From here on it is not cancelled any more.
    ///
    /// # Errors
    /// It was cancelled before.
    pub(super) fn point_of_no_return(&self) -> Result<(), Error> {
        match self
            .state
            .compare_exchange(RUNNING, COMMITTING, Ordering::AcqRel, Ordering::Acquire)
        {
            Ok(_) => Ok(()),
            Err(_) => Err(Error::new(
                Code::Cancelled,
                "it was cancelled",
                "nothing was changed",
            )),
        }
    }
}

impl BackupWatch for Job {
    fn goes_on(&self) -> bool {
        !self.is_cancelled()
    }

    fn is_final(&self) -> bool {
        self.point_of_no_return().is_ok()
    }
}

impl Service {
    /// Runs `work` on a thread of its own; its end arrives on the feed.
    pub(super) fn begin_job(
        self: &Arc<Self>,
        actor: &Actor,
        work: impl FnOnce(&Self, &Job) -> Result<Response, Error> + Send + 'static,
    ) -> Result<Response, Error> {
        let number = self.jobs.last.fetch_add(1, Ordering::Relaxed) + 1;
        let job = Arc::new(Job {
            begun_by: self.beginner(actor),
            ..Job::default()
        });
        lock(&self.jobs.running).insert(number, Arc::clone(&job));
        let service = Arc::clone(self);
        let run = move || {
            // Whoever waits for the end hears of it also when the work panics.
            let result = catch_unwind(AssertUnwindSafe(|| work(&service, &job)))
                .unwrap_or_else(|_| Err(panicked()))
                .map(Arc::new);
            lock(&service.jobs.running).remove(&number);
            service.feed.publish(&Event::JobEnded(JobId(number), result));
        };
        match std::thread::Builder::new().name("job".into()).spawn(run) {
            Ok(_) => Ok(Response::Started(JobId(number))),
            Err(error) => {
                lock(&self.jobs.running).remove(&number);
                Err(Error::new(
                    Code::Busy,
                    format!("no thread for it: {error}"),
                    "nothing was changed; try again",
                ))
            }
        }
    }

    fn beginner(&self, actor: &Actor) -> Beginner {
        let session = self.sessions.of(actor, self.ports.clock.monotonic());
        Beginner {
            uid: actor.uid,
            fixed_email: actor.fixed_email.clone(),
            cashier: session.map(|session| session.email),
        }
    }

    /// Ends a job: by who began it, an admin, or the store's owner.
    pub(super) fn cancel_job(&self, actor: &Actor, JobId(number): JobId) -> Result<Response, Error> {
        changes_allowed(actor)?;
        let job = lock(&self.jobs.running).get(&number).cloned();
        if job
            .as_ref()
            .is_none_or(|job| job.begun_by != self.beginner(actor))
        {
            self.admin_or_owner(actor)?;
        }
        let cancelled = job.is_some_and(|job| {
            job.state
                .compare_exchange(RUNNING, CANCELLED, Ordering::AcqRel, Ordering::Acquire)
                .is_ok()
        });
        if cancelled {
            return Ok(Response::Done);
        }
        Err(Error::new(
            Code::Conflict,
            "it has ended already",
            "look at what it did",
        ))
    }
}

fn panicked() -> Error {
    Error::new(
        Code::Internal,
        "the work broke off through a fault of ours",
        "look at the activity list before you repeat it, and report it",
    )
}
