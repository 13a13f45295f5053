//! A commit: frame, sync, database, answer; those that wait together are written together.
//!
//! Whoever holds the writer's lock writes for all that wait. A synced frame is the commit: a failure of the database after
//! it only leaves the database behind, to be caught up. An error of the journal whose outcome is unknown closes the store.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use super::mend::Behind;
use super::position::Position;
use super::rebuild::put_body;
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
    /// The database had something else than memory: it is to be compared.
    pub(super) is_suspect: bool,
    /// After an error whose outcome is unknown.
    pub(super) closed: Option<String>,
    pub(super) rollback: Option<Rollback>,
    /// An admin accepted the rollback: the next commit says so, and then the anchor is written anew.
    pub(super) accepts: bool,
    /// Something after the last frame waits to be cut off.
    pub(super) torn: bool,
    /// Count and digest were compared.
    pub(super) verified: bool,
}

/// A commit that waits.
pub(super) struct Job {
    batch: Batch,
    result: Mutex<Option<Result<(), StoreError>>>,
}

/// Values that a group wrote so far.
type Pending = HashMap<Vec<u8>, Option<Vec<u8>>>;

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
        if let Err(error) = self.ready(writer) {
            group.iter().for_each(|job| answer(job, Err(error.clone())));
            return;
        }
        let mut body = Body {
            tally: writer.position.tally,
            audit_head: writer.position.audit_head,
            ..Body::default()
        };
        let mut pending = Pending::new();
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
            self.apply(writer, body);
            self.anchor(writer)
        });
        written.iter().for_each(|job| answer(job, result.clone()));
    }

    /// Whether anything may be written.
    fn ready(&self, writer: &mut Writer) -> Result<(), StoreError> {
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
        // Without the database only the anchor tells a commit that was answered from one that was cut off.
        if writer.behind.is_none() {
            return Ok(());
        }
        self.anchoring.write_now()
    }

    /// Lets the anchor follow: later, or at once where the answer depends on it.
    fn anchor(&self, writer: &mut Writer) -> Result<(), StoreError> {
        self.anchoring.follow(writer.position.link);
        if writer.rollback.is_none() && writer.behind.is_none() {
            return Ok(());
        }
        let written = self.anchoring.write_now();
        if writer.rollback.is_some() {
            if let Err(error) = written {
                // The acceptance is in the journal and counts for nothing yet: the next opening asks for it again.
                self.anchoring.forget();
                writer.closed = Some(error.to_string());
                return Err(StoreError::Closed(error.to_string()));
            }
            writer.rollback = None;
        }
        writer.accepts = false;
        Ok(())
    }

    /// Adds one batch to what is written together, if what it expects holds.
    fn add(
        &self,
        writer: &mut Writer,
        body: &mut Body,
        pending: &mut Pending,
        batch: &Batch,
    ) -> Result<(), StoreError> {
        let mut replaced = HashMap::with_capacity(batch.replaced.len());
        for (old, revision) in &batch.replaced {
            replaced.extend([record::encode(old, *revision)?]);
        }
        let database = self.database();
        let is_behind = writer.behind.is_some() || database.fault().is_some();
        let present = |key: &[u8]| -> Result<Option<Vec<u8>>, StoreError> {
            match pending.get(key) {
                Some(value) => Ok(value.clone()),
                // Memory has it, and the database is not asked while it is behind.
                None if is_behind => Ok(replaced.get(key).cloned()),
                None => match database.value(key) {
                    Ok(value) => Ok(value.map(|value| value.to_vec())),
                    // Its fault is no reason to refuse a change.
                    Err(_) => Ok(replaced.get(key).cloned()),
                },
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

    /// Brings a frame into the database; what fails is made good later.
    fn apply(&self, writer: &mut Writer, body: Body) {
        if writer.behind.is_some() {
            return;
        }
        let database = self.database();
        if let Some(fault) = database.fault() {
            writer.behind = Some(fault.into());
            return;
        }
        let mut writes = database.writes();
        put_body(&mut writes, body);
        let applied = writer
            .position
            .seal(&*self.cipher)
            .and_then(|position| writes.commit(position));
        if let Err(error) = applied {
            let fault = self.database().fault();
            writer.behind = Some(fault.unwrap_or_else(|| (error.to_string(), false)).into());
        }
    }
}
