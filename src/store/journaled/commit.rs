//! A commit: frame, sync, anchor, sync, answer, and later the database; those that wait together are written together.
//!
//! - Whoever holds the writer's lock writes for all that wait.
//! - A synced frame is the commit: a failure of the database after it only leaves the database behind, to be caught up. An
//!   error of the journal whose outcome is unknown closes the store.
//! - Each commit has a second witness before it is answered, so that a frame that is damaged later is not taken for one
//!   that was cut off: the anchor; or the database, synced, where the anchor cannot be written. The database says in its
//!   position whether it is one ([`Role`]), synced before the next frame or answer depends on it.
//! - A frame that got neither leaves the outcome open: the store is closed, and the next opening finds the frame.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use super::anchoring::Pen;
use super::following::{Frame, Values};
use super::mend::Behind;
use super::open::Tail;
use super::position::{Position, Role};
use super::{JournaledStore, lock};
use crate::service::ports::{Batch, Rollback, StoreError};
use crate::store::batch::{self, Prepared};
use crate::store::journal::{Body, Journal};
use crate::store::record;

/// What the holder of its lock may change.
pub(super) struct Writer {
    pub(super) journal: Journal,
    /// The last frame, and what there is after it.
    pub(super) position: Position,
    /// The database has not all of it.
    pub(super) behind: Option<Behind>,
    /// What the database's position says of it, synced.
    pub(super) role: Role,
    /// The database had something else than memory: it is to be compared.
    pub(super) is_suspect: bool,
    /// After an error whose outcome is unknown.
    pub(super) closed: Option<String>,
    pub(super) rollback: Option<Rollback>,
    /// An admin accepted the rollback: the next commit says so, and then the anchor is written anew.
    pub(super) accepts: bool,
    /// What is after the last frame, and waits to be cut off.
    pub(super) tail: Tail,
    /// Count and digest were compared.
    pub(super) verified: bool,
}

/// A commit that waits.
pub(super) struct Job {
    batch: Batch,
    result: Mutex<Option<Result<(), StoreError>>>,
}

impl JournaledStore {
    pub(super) fn submit(&self, batch: &Batch) -> Result<(), StoreError> {
        let job = Arc::new(Job {
            batch: batch.clone(),
            result: Mutex::default(),
        });
        lock(&self.waiting).push(Arc::clone(&job));
        let mut writer = lock(&self.writer);
        if let Some(result) = lock(&job.result).take() {
            return result;
        }
        let group = std::mem::take(&mut *lock(&self.waiting));
        self.write(&mut writer, &group);
        let result = lock(&job.result).take();
        result.unwrap_or_else(|| Err(StoreError::Closed("a commit broke off".into())))
    }

    fn write(&self, writer: &mut Writer, group: &[Arc<Job>]) {
        let answer = |job: &Job, result| *lock(&job.result) = Some(result);
        let mut pen = self.anchoring.pen();
        if let Err(error) = self.ready(writer, &mut pen) {
            group.iter().for_each(|job| answer(job, Err(error.clone())));
            return;
        }
        let mut body = Body {
            tally: writer.position.tally,
            audit_head: writer.position.audit_head,
            ..Body::default()
        };
        let mut pending = Values::new();
        let mut written = Vec::with_capacity(group.len());
        for job in group {
            match self.add(writer, &mut body, &mut pending, &job.batch) {
                Ok(()) => written.push(job),
                Err(error) => answer(job, Err(error)),
            }
        }
        if written.is_empty() {
            return;
        }
        let result = writer.journal.append(&body);
        if let Err(StoreError::Closed(why)) = &result {
            writer.closed = Some(why.clone());
        }
        let result = result.and_then(|link| {
            writer.position = Position::after(link, &body);
            self.finish(writer, &mut pen, body, pending)
        });
        written.iter().for_each(|job| answer(job, result.clone()));
    }

    /// Whether anything may be written: there has to be a witness of all that was answered so far.
    fn ready(&self, writer: &mut Writer, pen: &mut Pen<'_>) -> Result<(), StoreError> {
        if let Some(why) = &writer.closed {
            return Err(StoreError::Closed(why.clone()));
        }
        if let Some(rollback) = writer.rollback.as_ref().filter(|_| !writer.accepts) {
            return Err(StoreError::Closed(format!(
                "this is an older state of the store: it ends at commit {}, and commit {} was acknowledged",
                rollback.found, rollback.anchored
            )));
        }
        if !writer.verified {
            return Err(StoreError::Closed("the records were not read yet".into()));
        }
        // What the anchor knows beyond this state stays until the acceptance is in the journal.
        if writer.rollback.is_some() {
            return Ok(());
        }
        pen.settle(writer.position.link).or_else(|error| {
            // The database's own error, if it has one, is told by the health.
            self.stand_witness(writer).map_err(|_| error)
        })
    }

    /// Makes the database the witness of all that was answered so far; synced when it returns.
    pub(super) fn stand_witness(&self, writer: &mut Writer) -> Result<(), StoreError> {
        if writer.behind.is_none() {
            if writer.role == Role::Witness {
                return Ok(());
            }
            self.follow(writer, Body::default(), Values::new(), Role::Witness);
        }
        match &writer.behind {
            None => Ok(()),
            Some(behind) => Err(StoreError::Closed(behind.why.clone())),
        }
    }

    /// Gives the last frame its second witness, and brings it into the database.
    fn finish(
        &self,
        writer: &mut Writer,
        pen: &mut Pen<'_>,
        body: Body,
        values: Values,
    ) -> Result<(), StoreError> {
        if writer.rollback.is_some() {
            pen.renew();
        }
        let anchored = pen.write(writer.position.link);
        if let (Err(error), Some(_)) = (&anchored, &writer.rollback) {
            // The acceptance is in the journal and counts for nothing yet: the next opening asks for it again.
            pen.forget();
            writer.closed = Some(error.to_string());
            return Err(StoreError::Closed(error.to_string()));
        }
        writer.rollback = None;
        writer.accepts = false;
        let role = match anchored {
            Ok(()) => Role::Follower,
            Err(_) => Role::Witness,
        };
        self.follow(writer, body, values, role);
        let (Err(error), Some(behind)) = (anchored, &writer.behind) else {
            return Ok(());
        };
        let why = format!(
            "commit {} is in it, and neither the anchor ({error}) nor the database ({}) can be written beside it",
            writer.position.link.sequence, behind.why
        );
        writer.closed = Some(why.clone());
        Err(StoreError::Closed(why))
    }

    /// Adds one batch to what is written together, if what it expects holds.
    fn add(
        &self,
        writer: &mut Writer,
        body: &mut Body,
        pending: &mut Values,
        batch: &Batch,
    ) -> Result<(), StoreError> {
        let mut replaced = HashMap::with_capacity(batch.replaced.len());
        for (old, revision) in &batch.replaced {
            replaced.extend([record::encode(old, *revision)?]);
        }
        let database = self.database();
        let is_behind = || writer.behind.is_some() || self.following.behind(&database).is_some();
        let was_behind = is_behind();
        let present = |key: &[u8]| -> Result<Option<Vec<u8>>, StoreError> {
            if let Some(value) = pending.get(key) {
                return Ok(value.clone());
            }
            if let Some(value) = self.following.queued(key) {
                return Ok(value);
            }
            // Memory has it, and the database is not asked while it is behind: its fault is no reason to refuse a change.
            if was_behind {
                return Ok(replaced.get(key).cloned());
            }
            match database.value(key) {
                Ok(value) if !is_behind() => Ok(value.map(|value| value.to_vec())),
                // It fell behind just now, and the queue was dropped.
                _ => Ok(replaced.get(key).cloned()),
            }
        };
        let head = body.audit_head.map_or(0, |(sequence, _)| sequence);
        let Prepared { records, audit } = batch::prepare(batch, head, &mut |key| {
            present(key)?.map(|value| record::revision(&value)).transpose()
        })?;
        for (key, _) in &records {
            if present(key)?.as_ref() != replaced.get(key) {
                writer.is_suspect = true;
                return Err(StoreError::Damaged(format!(
                    "a record in {} is not what memory has; all are compared now, and it can be tried again in a moment",
                    database.folder().display()
                )));
            }
        }
        drop(database);
        for (key, value) in records {
            if let Some(old) = replaced.get(&key) {
                body.tally.remove(&*self.cipher, &key, old);
            }
            if let Some(new) = &value {
                body.tally.add(&*self.cipher, &key, new);
            }
            pending.insert(key.clone(), value.clone());
            body.records.push((key, value));
        }
        body.audit.extend(audit);
        if let Some(last) = batch.audit.last() {
            body.audit_head = Some((last.sequence, last.hash));
        }
        Ok(())
    }

    /// Hands the last frame to the database; now and synced where it is a witness or was one. What fails is made good later.
    fn follow(&self, writer: &mut Writer, body: Body, values: Values, role: Role) {
        if writer.behind.is_none() {
            writer.behind = self.following.behind(&self.database());
        }
        if writer.behind.is_some() {
            return;
        }
        let frame = Frame {
            position: writer.position,
            body,
        };
        if role == Role::Follower && writer.role == Role::Follower {
            return self.following.queue(frame, values);
        }
        match self.following.turn().settle(frame, role) {
            Ok(()) => writer.role = role,
            Err(behind) => writer.behind = Some(behind),
        }
    }
}
