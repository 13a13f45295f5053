//! Signed checkpoints: read and compared, and made every 1,000 entries or 60 seconds while there are new entries.
//!
//! Nothing is signed that does not follow, link by link, from the newest checkpoint or from a whole verification. A line
//! that is not ours, or not signed by us, is left out and counted: it proves nothing. Neither does one under a keyring
//! that was replaced, because that was done for a leak.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::verification::Verification;
use crate::domain::audit::AuditEntry;
use crate::domain::audit::chain::{Altered, Fault, Verdict};
use crate::domain::audit::checkpoint::{Checkpoint, hex, unhex};
use crate::domain::time::Timestamp;
use crate::service::ports::CheckpointSigner;
use crate::service::{Error, Service, lock};

/// Entries after which a checkpoint is due at once.
const ENTRIES: u64 = 1000;
/// The time after which one is due when there are new entries.
const TIME: Duration = Duration::from_secs(60);
/// Entries that are verified on the way to a checkpoint; further ones wait for the verification in the background.
const ON_THE_WAY: u64 = 5000;

/// The newest checkpoint.
#[derive(Debug, Clone, Copy)]
pub(super) struct Newest {
    /// Its entry; 0 when there is none.
    sequence: u64,
    head: [u8; 32],
    /// When it was read or made, by the clock that never goes back.
    seen: Duration,
}

impl Newest {
    /// The verdict on a log with another entry in its place.
    const fn contradicted(self) -> Verdict {
        Verdict::Altered(Altered {
            from: 1,
            to: self.sequence,
            fault: Fault::Checkpoint,
        })
    }
}

/// All checkpoints that count.
pub(super) struct Known {
    /// The store's name, as the lines have it.
    pub(super) store: String,
    /// SubjectPublicKeyInfo, Base64.
    pub(super) public_key: String,
    /// Sequences and hashes.
    pub(super) heads: Vec<(u64, [u8; 32])>,
    /// How many of them were in the file that was given.
    pub(super) given: usize,
    /// Lines under a keyring that was replaced.
    pub(super) earlier: usize,
    /// Other lines that prove nothing.
    pub(super) rejected: usize,
}

impl Service {
    /// The checkpoints of this store's file, and of `given`'s lines.
    pub(super) fn checkpoints(&self, given: Option<&str>) -> Result<Known, Error> {
        let signer = &*self.ports.signer;
        let mut known = Known {
            store: hex(&signer.store_id()),
            public_key: STANDARD.encode(signer.public_key()?),
            heads: Vec::new(),
            given: 0,
            earlier: 0,
            rejected: 0,
        };
        let mut counted: Vec<Checkpoint> = Vec::new();
        let own = self.ports.checkpoints.lines()?;
        let lines = given.unwrap_or_default().lines();
        for (line, is_given) in lines
            .map(|line| (line, true))
            .chain(own.iter().map(|line| (line.as_str(), false)))
        {
            let checkpoint = match read(signer, line) {
                Read::Ours(checkpoint) => checkpoint,
                Read::Earlier => {
                    known.earlier += 1;
                    continue;
                }
                Read::Foreign => {
                    known.rejected += usize::from(!line.trim().is_empty());
                    continue;
                }
            };
            known.given += usize::from(is_given);
            if checkpoint.rollback_accepted {
                counted
                    .retain(|earlier| earlier.sequence <= checkpoint.sequence || earlier.at > checkpoint.at);
            }
            counted.push(checkpoint);
        }
        known.heads = counted.iter().map(|it| (it.sequence, it.head)).collect();
        known.heads.sort_unstable();
        known.heads.dedup();
        Ok(known)
    }

    /// Signs a checkpoint if one is due; `is_last` when the service ends.
    ///
    /// # Errors
    /// The file cannot be read or written; the next call tries again.
    pub(in crate::service) fn checkpoint_log(&self, is_last: bool) -> Result<(), Error> {
        if self.found.rollback().is_some() {
            // Until an admin decides, this log's head is not the one to go on from.
            return Ok(());
        }
        let (sequence, head) = self.head();
        let newest = self.newest_checkpoint()?;
        let now = self.ports.clock.monotonic();
        if newest.sequence > sequence {
            self.suspect(Verdict::Truncated {
                to: sequence,
                was: newest.sequence,
            });
            return Ok(());
        }
        if newest.sequence == sequence {
            if newest.head != head {
                self.suspect(newest.contradicted());
            }
            return Ok(());
        }
        let is_due =
            is_last || sequence - newest.sequence >= ENTRIES || now.saturating_sub(newest.seen) >= TIME;
        if !is_due || !self.follows(newest, sequence, head)? {
            return Ok(());
        }
        self.sign_checkpoint(sequence, head, false)
    }

    /// Has the checkpoints beyond an entry count no more: an admin accepted that what came after it is lost. What is left
    /// is verified first.
    ///
    /// # Errors
    /// The log cannot be read, or the file not written.
    pub(in crate::service) fn accept_log_rollback(&self, sequence: u64, head: [u8; 32]) -> Result<(), Error> {
        let mut heads = self.checkpoints(None)?.heads;
        heads.retain(|(known, _)| *known <= sequence);
        let verdict = Verification::new(heads).finish(self)?;
        self.take_verdict(verdict);
        match verdict {
            Verdict::Intact { .. } | Verdict::Unanchored { .. } => self.sign_checkpoint(sequence, head, true),
            Verdict::Altered(_) | Verdict::Truncated { .. } => Ok(()),
        }
    }

    /// Signs an entry under another keyring, whose log it ends.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(in crate::service) fn sign_first(
        &self,
        signer: &dyn CheckpointSigner,
        entry: &AuditEntry,
    ) -> Result<(), Error> {
        let checkpoint = Checkpoint {
            store: signer.store_id(),
            epoch: signer.epoch(),
            sequence: entry.sequence,
            head: entry.hash,
            at: entry.at,
            rollback_accepted: false,
        };
        let signature = signer.sign(checkpoint.text().as_bytes())?;
        let line = checkpoint.line(&STANDARD.encode(signature));
        Ok(self.ports.checkpoints.append(&line)?)
    }

    /// Something is wrong, and a whole verification may tell more precisely where.
    fn suspect(&self, verdict: Verdict) {
        let known = lock(&self.proof).verdict;
        if !matches!(known, Some(Verdict::Altered(_) | Verdict::Truncated { .. })) {
            self.take_verdict(verdict);
        }
    }

    fn head(&self) -> (u64, [u8; 32]) {
        let writer = self.writer();
        (writer.sequence, writer.hash)
    }

    fn sign_checkpoint(&self, sequence: u64, head: [u8; 32], rollback_accepted: bool) -> Result<(), Error> {
        let signer = &*self.ports.signer;
        let checkpoint = Checkpoint {
            store: signer.store_id(),
            epoch: signer.epoch(),
            sequence,
            head,
            at: self.trusted_now(),
            rollback_accepted,
        };
        let signature = signer.sign(checkpoint.text().as_bytes())?;
        self.ports
            .checkpoints
            .append(&checkpoint.line(&STANDARD.encode(signature)))?;
        let mut proof = lock(&self.proof);
        proof.newest = Some(Newest {
            sequence,
            head,
            seen: self.ports.clock.monotonic(),
        });
        if let Some(Verdict::Unanchored { from, to }) = proof.verdict {
            proof.verdict = Some(Verdict::Intact { from, to });
        }
        Ok(())
    }

    /// The newest checkpoint: the last line that counts.
    fn newest_checkpoint(&self) -> Result<Newest, Error> {
        if let Some(newest) = lock(&self.proof).newest {
            return Ok(newest);
        }
        let lines = self.ports.checkpoints.lines()?;
        let last = lines
            .iter()
            .rev()
            .find_map(|line| match read(&*self.ports.signer, line) {
                Read::Ours(checkpoint) => Some(checkpoint),
                Read::Earlier | Read::Foreign => None,
            });
        let newest = Newest {
            sequence: last.map_or(0, |it| it.sequence),
            head: last.map_or([0; 32], |it| it.head),
            seen: self.ports.clock.monotonic(),
        };
        lock(&self.proof).newest = Some(newest);
        Ok(newest)
    }

    /// Whether the log's head follows from what was verified or signed before.
    fn follows(&self, newest: Newest, sequence: u64, head: [u8; 32]) -> Result<bool, Error> {
        match lock(&self.proof).verdict {
            Some(Verdict::Intact { .. } | Verdict::Unanchored { .. }) => return Ok(true),
            Some(Verdict::Altered(_) | Verdict::Truncated { .. }) => return Ok(false),
            None => {}
        }
        if sequence - newest.sequence > ON_THE_WAY {
            return Ok(false);
        }
        if newest.sequence > 0 {
            let signed = self.ports.store.audit_page(Some(newest.sequence + 1), 1)?;
            if signed.first().map(|entry| entry.hash) != Some(newest.head) {
                self.suspect(newest.contradicted());
                return Ok(false);
            }
        }
        let mut verification = Verification::after(newest.sequence, newest.head);
        let verdict = verification.finish(self)?;
        Ok(match verdict {
            Verdict::Intact { to, .. } | Verdict::Unanchored { to, .. } => {
                to > sequence || verification.hash() == head
            }
            Verdict::Altered(_) | Verdict::Truncated { .. } => {
                self.take_verdict(verdict);
                false
            }
        })
    }
}

/// What one line of a checkpoint file says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    store: String,
    epoch: u32,
    sequence: u64,
    head: String,
    at: Timestamp,
    #[serde(default)]
    rollback_accepted: bool,
    signature: String,
}

/// What a line is worth.
enum Read {
    /// This store signed it under its present keyring.
    Ours(Checkpoint),
    /// It names this store and a keyring that was replaced: whoever has that may have signed it.
    Earlier,
    /// No checkpoint, or not signed by us.
    Foreign,
}

fn read(signer: &dyn CheckpointSigner, line: &str) -> Read {
    let Some((checkpoint, signature)) = parse(line) else {
        return Read::Foreign;
    };
    if checkpoint.store != signer.store_id() {
        return Read::Foreign;
    }
    if checkpoint.epoch < signer.epoch() {
        return Read::Earlier;
    }
    let is_ours =
        checkpoint.epoch == signer.epoch() && signer.is_signed(checkpoint.text().as_bytes(), &signature);
    match is_ours {
        true => Read::Ours(checkpoint),
        false => Read::Foreign,
    }
}

fn parse(line: &str) -> Option<(Checkpoint, Vec<u8>)> {
    let line: Line = serde_json::from_str(line).ok()?;
    let checkpoint = Checkpoint {
        store: unhex(&line.store)?,
        epoch: line.epoch,
        sequence: line.sequence,
        head: unhex(&line.head)?,
        at: line.at,
        rollback_accepted: line.rollback_accepted,
    };
    Some((checkpoint, STANDARD.decode(&line.signature).ok()?))
}
