//! How a change is made: store first, then the index, then the feed; the audit entry in the same batch.
//!
//! Whoever holds the writer's lock may look at records and decide: nothing changes until it lets go.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::access::Acting;
use super::error::Error;
use super::ports::{Batch, Expectation, Record, RecordKey, Revision};
use super::response::Event;
use super::{Actor, Service, lock};
use crate::domain::audit::{Action, AuditActor, AuditEntry, Outcome};
use crate::domain::cashier::Role;
use crate::domain::id::{Id, RequestId};
use crate::domain::organization::Organization;
use crate::domain::text::Slug;
use crate::domain::time::Timestamp;

/// The head of the audit chain; its lock is the right to change.
#[derive(Debug, Default)]
pub(super) struct Writer {
    pub(super) sequence: u64,
    pub(super) hash: [u8; 32],
}

/// Records to write and remove together, and what the audit log says about it.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub(super) put: Vec<Record>,
    pub(super) delete: Vec<RecordKey>,
    pub(super) notes: Vec<Note>,
}

impl Changes {
    /// Records to write, and the one thing to say about it.
    pub(super) fn of(put: Vec<Record>, note: Note) -> Self {
        Self {
            put,
            delete: Vec::new(),
            notes: vec![note],
        }
    }
}

/// One audit entry to be.
#[derive(Debug, Clone)]
pub(super) struct Note {
    pub(super) action: Action,
    pub(super) organization: Option<Slug>,
    pub(super) subject: String,
    pub(super) result: Outcome,
    pub(super) reason: String,
}

impl Note {
    pub(super) fn done(action: Action, organization: Option<Slug>, subject: impl Into<String>) -> Self {
        Self {
            action,
            organization,
            subject: subject.into(),
            result: Outcome::Done,
            reason: String::new(),
        }
    }

    pub(super) fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = reason.into();
        self
    }
}

/// What was done, and the audit log does not have yet: who, under which name, and what.
#[derive(Default)]
pub(super) struct Untold(Mutex<Vec<(AuditActor, Option<RequestId>, Note)>>);

impl Service {
    /// The right to change.
    pub(super) fn writer(&self) -> MutexGuard<'_, Writer> {
        lock(&self.writer)
    }

    /// A change of an organization's tokens by an operator: what `decide` makes of now is committed before anybody else
    /// may decide. Gives that instant.
    pub(super) fn change_tokens(
        &self,
        actor: &Actor,
        organization: Option<&Slug>,
        decide: impl FnOnce(&Organization, &Acting, Timestamp) -> Result<Changes, Error>,
    ) -> Result<Timestamp, Error> {
        let organization = self.organization(organization)?;
        let mut writer = self.writer();
        let acting = self.signed_in(actor, Role::Operator)?;
        let now = self.trusted_now();
        let changes = decide(&organization, &acting, now)?;
        self.commit(&mut writer, actor, Some(&acting), changes)?;
        Ok(now)
    }

    /// Commits what `changes` says, then shows it to everybody.
    ///
    /// # Errors
    /// The store's; nothing was changed then.
    pub(super) fn commit(
        &self,
        writer: &mut Writer,
        actor: &Actor,
        acting: Option<&Acting>,
        changes: Changes,
    ) -> Result<(), Error> {
        let deeds = self.commit_of(writer, audit_actor(actor, acting), actor.request, changes)?;
        if deeds {
            self.change_was_done(actor);
        }
        Ok(())
    }

    /// Logs what was done outside of the store and cannot be taken back: now, or once the store takes it.
    pub(super) fn tell(
        &self,
        writer: &mut Writer,
        actor: &Actor,
        acting: Option<&Acting>,
        notes: impl IntoIterator<Item = Note>,
    ) {
        let (who, request) = (audit_actor(actor, acting), actor.request);
        let notes = notes.into_iter().map(|note| (who.clone(), request, note));
        lock(&self.untold.0).extend(notes);
        // What the store does not take now is tried again.
        let _ = self.tell_rest(writer);
    }

    /// Logs what the store did not take before, if there is any of it.
    ///
    /// # Errors
    /// It does not take it now either.
    pub(super) fn tell_untold(&self) -> Result<(), Error> {
        if lock(&self.untold.0).is_empty() {
            return Ok(());
        }
        self.tell_rest(&mut self.writer())
    }

    fn tell_rest(&self, writer: &mut Writer) -> Result<(), Error> {
        let mut untold = lock(&self.untold.0);
        while let Some((who, request, note)) = untold.first().cloned() {
            let changes = Changes {
                notes: vec![note],
                ..Changes::default()
            };
            self.commit_of(writer, who, request, changes)?;
            untold.remove(0);
        }
        Ok(())
    }

    /// The same under the request's own name, where it has one; whether more was done than somebody's signing in.
    fn commit_of(
        &self,
        writer: &mut Writer,
        actor: AuditActor,
        request: Option<RequestId>,
        changes: Changes,
    ) -> Result<bool, Error> {
        let now = self.trusted_now();
        let request = match request {
            Some(request) => request,
            None => RequestId(Id::new(now, self.random()?)),
        };
        let audit = self.chain(writer, actor, request, now, changes.notes);
        let mut batch = Batch {
            delete: changes.delete,
            ..Batch::default()
        };
        batch.expect.push(Expectation::AuditHead(writer.sequence));
        for record in changes.put {
            let key = record.key();
            let present = self.present(&key);
            let revision = present.as_ref().map_or(0, |(_, revision)| *revision);
            batch.expect.push(match revision {
                0 => Expectation::Absent(key),
                revision => Expectation::Revision(key, revision),
            });
            batch.replaced.extend(present);
            batch.put.push((record, revision + 1));
        }
        let removed = batch.delete.iter().filter_map(|key| self.present(key));
        batch.replaced.extend(removed);
        batch.audit = audit;
        self.ports.store.commit(&batch)?;
        if let Some(head) = batch.audit.last() {
            *writer = Writer {
                sequence: head.sequence,
                hash: head.hash,
            };
        }
        let deeds = batch.audit.iter().any(super::repeats::is_deed);
        self.apply(batch);
        self.feed.publish(&Event::Changed);
        Ok(deeds)
    }

    /// The entries that follow the log's head.
    pub(super) fn chain(
        &self,
        writer: &Writer,
        actor: AuditActor,
        request: RequestId,
        at: Timestamp,
        notes: Vec<Note>,
    ) -> Vec<AuditEntry> {
        let mut sequence = writer.sequence;
        let mut previous = writer.hash;
        let chain = |note: Note| {
            sequence += 1;
            let mut entry = AuditEntry {
                sequence,
                at,
                actor: actor.clone(),
                action: note.action,
                organization: note.organization,
                subject: note.subject,
                result: note.result,
                reason: note.reason,
                request,
                previous,
                hash: [0; 32],
            };
            entry.hash = self.ports.hasher.sha256(&entry.canonical());
            previous = entry.hash;
            entry
        };
        notes.into_iter().map(chain).collect()
    }

    fn apply(&self, batch: Batch) {
        let mut registry = self.registry.write().unwrap_or_else(PoisonError::into_inner);
        let is_hold = |key: &RecordKey| *key == RecordKey::Hold;
        let names_organization = batch
            .put
            .iter()
            .any(|(record, _)| matches!(record, Record::Organization(_)));
        let touches_hold =
            batch.delete.iter().any(is_hold) || batch.put.iter().any(|(record, _)| is_hold(&record.key()));
        for key in &batch.delete {
            registry.remove(key);
        }
        for (record, revision) in batch.put {
            if let Record::Token(token) = &record {
                let place = registry.place(token.organization).unwrap_or_default();
                self.index.put(token, place, revision);
            } else {
                registry.put(record, revision);
            }
        }
        if names_organization {
            let organizations = registry.organizations.iter();
            self.index
                .set_organizations(organizations.map(|(organization, _)| organization));
        }
        if touches_hold {
            self.index.set_hold(registry.hold.as_ref().map(|(hold, _)| hold));
        }
    }

    /// What is under a key, as memory has it.
    fn present(&self, key: &RecordKey) -> Option<(Record, Revision)> {
        match key {
            RecordKey::Token(_, id) => {
                let (token, revision) = self.index.token(*id)?;
                Some((Record::Token(token), revision))
            }
            other => self.registry().record(other),
        }
    }
}

pub(super) fn audit_actor(actor: &Actor, acting: Option<&Acting>) -> AuditActor {
    // Only the account's word stands for it.
    let said = || Some(format!("{} (said)", actor.said_address.as_ref()?));
    AuditActor {
        cashier: acting.map(|acting| acting.email.clone()),
        role: acting.and_then(|acting| acting.role),
        os_user: actor.os_user.clone(),
        uid: actor.uid,
        address: actor.address.clone().or_else(said),
    }
}
