//! The audit log, provable: verified in the background after the store was opened, and whenever somebody asks.
//!
//! - The chain is walked from its first entry to its head, page by page, past every signed checkpoint.
//! - Entries that this process added after that are its own: they need no second look.
//! - A checkpoint is signed only over what was verified (see [`checkpoints`]): a forged log never gets our signature.

mod checkpoints;
mod verification;

use std::sync::{Arc, Weak};
use std::thread::{self, JoinHandle};

use self::checkpoints::Newest;
use self::verification::Verification;
use super::error::Error;
use super::response::{AuditReport, Event, Response};
use super::{Service, lock};
use crate::domain::audit::chain::Verdict;

/// What is known about the log.
#[derive(Debug, Default)]
pub(super) struct Proof {
    /// What the last verification found; `None` before the first ended.
    verdict: Option<Verdict>,
    /// The newest checkpoint; `None` before the file was read.
    newest: Option<Newest>,
    /// Whether the service is about to end.
    is_ending: bool,
}

impl Service {
    /// Verifies the log on a thread of its own, which ends soon after [`Service::close`], or when nobody else has the
    /// service any more. Without a thread for it, the log is verified when somebody asks.
    pub fn verify_log_in_background(self: &Arc<Self>) -> Option<JoinHandle<()>> {
        let service = Arc::downgrade(self);
        thread::Builder::new()
            .name("audit".into())
            .spawn(move || verify_by_and_by(&service))
            .ok()
    }

    /// Ends the verification in the background.
    pub(super) fn end_verification(&self) {
        lock(&self.proof).is_ending = true;
    }

    /// What is known about the log: `None` while it is verified for the first time. What was verified includes all that
    /// was written since.
    #[must_use]
    pub fn log_verdict(&self) -> Option<Verdict> {
        let verdict = lock(&self.proof).verdict?;
        let head = || Some(self.ports.store.audit_head().ok()??.sequence);
        Some(match verdict {
            Verdict::Intact { from, to } => Verdict::Intact {
                from,
                to: head().unwrap_or(to),
            },
            Verdict::Unanchored { from, to } => Verdict::Unanchored {
                from,
                to: head().unwrap_or(to),
            },
            found => found,
        })
    }

    /// Verifies the whole log now, also against the lines of a checkpoint file that was kept elsewhere.
    pub(super) fn verify_audit(&self, from: Option<&str>) -> Result<Response, Error> {
        let known = self.checkpoints(from)?;
        let report = |verdict| AuditReport {
            verdict,
            store: known.store.clone(),
            public_key: known.public_key.clone(),
            checkpoints: known.heads.len(),
            newest_checkpoint: known.heads.iter().map(|(sequence, _)| *sequence).max(),
            earlier_lines: known.earlier,
            rejected_lines: known.rejected,
        };
        let verdict = Verification::new(known.heads.clone()).finish(self)?;
        self.take_verdict(verdict);
        let proves_nothing = from.is_some() && known.given == 0;
        Ok(Response::AuditVerified(report(match verdict {
            Verdict::Intact { from, to } if proves_nothing => Verdict::Unanchored { from, to },
            verdict => verdict,
        })))
    }

    /// Verifies the whole log now, against the checkpoints of this store.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(super) fn verified_log(&self) -> Result<Verdict, Error> {
        let known = self.checkpoints(None)?;
        let verdict = Verification::new(known.heads).finish(self)?;
        self.take_verdict(verdict);
        Ok(verdict)
    }

    fn take_verdict(&self, verdict: Verdict) {
        let before = lock(&self.proof).verdict.replace(verdict);
        let is_bad = matches!(verdict, Verdict::Altered(_) | Verdict::Truncated { .. });
        // Good news wait until somebody asks.
        if is_bad && before != Some(verdict) {
            self.feed.publish(&Event::Changed);
        }
    }
}

/// Page by page, letting go of the service in between.
fn verify_by_and_by(service: &Weak<Service>) {
    let mut verification: Option<Verification> = None;
    while let Some(service) = service.upgrade() {
        if lock(&service.proof).is_ending {
            return;
        }
        let step = match &mut verification {
            Some(verification) => verification.step(&service),
            None => service.checkpoints(None).map(|known| {
                verification = Some(Verification::new(known.heads));
                None
            }),
        };
        match step {
            Ok(None) => {}
            Ok(Some(verdict)) => return service.take_verdict(verdict),
            // A store that cannot be read says so to whoever asks for anything.
            Err(_) => return,
        }
    }
}
