//! Backups: long work, encrypted to whoever holds the recovery key, and an entry of the audit log.
//!
//! An admin orders one, or the store's owner on the host without a password: a nightly job has none. It holds nothing
//! that its owner could not copy from the disk.

use std::sync::Arc;

use super::access::{Acting, changes_allowed};
use super::commit::{Changes, Note};
use super::error::{Code, Error};
use super::jobs::Job;
use super::ports::{BackupFor, BackupOrder, Record};
use super::request::MakeBackup;
use super::response::Response;
use super::{Actor, Service};
use crate::domain::audit::Action;
use crate::domain::cashier::Role;
use crate::domain::recovery::Backups;

impl Service {
    pub(super) fn back_up(self: &Arc<Self>, actor: &Actor, make: MakeBackup) -> Result<Response, Error> {
        changes_allowed(actor)?;
        self.may_back_up(actor)?;
        let whom = self.whom(&make)?;
        let order = BackupOrder {
            at: self.trusted_now(),
            place: make.place,
            name: self.name_of_store(),
            whom,
        };
        let beginner = actor.clone();
        self.begin_job(actor, move |service, job| {
            service.finish_backup(&beginner, &order, job)
        })
    }

    fn finish_backup(&self, actor: &Actor, order: &BackupOrder, job: &Job) -> Result<Response, Error> {
        let made = self.ports.backup.make(order, job);
        // Given up: said as that, and not as the error that it ended the writing with.
        if job.is_cancelled() {
            job.point_of_no_return()?;
        }
        let last = made?;
        let mut writer = self.writer();
        let acting = self.may_back_up(actor)?;
        let backups = Backups {
            last: Some(last.clone()),
            ..self.backups_record()
        };
        let whom = match &order.whom {
            BackupFor::Recipients(recipients) => {
                let texts: Vec<String> = recipients.iter().map(ToString::to_string).collect();
                format!("for {}", texts.join(", "))
            }
            BackupFor::Passphrase(_) => "for a passphrase".to_owned(),
        };
        let note = Note::done(Action::StoreBackedUp, None, last.path.clone())
            .because(format!("commit {}, {whom}", last.sequence));
        let put = vec![Record::Backups(backups)];
        self.commit(&mut writer, actor, acting.as_ref(), Changes::of(put, note))?;
        Ok(Response::BackedUp(last))
    }

    /// The admin who signed in; `None` for the store's owner on the host.
    fn may_back_up(&self, actor: &Actor) -> Result<Option<Acting>, Error> {
        match self.signed_in(actor, Role::Admin) {
            Ok(acting) => Ok(Some(acting)),
            Err(_) if actor.owns_store && actor.fixed_email.is_none() => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn whom(&self, make: &MakeBackup) -> Result<BackupFor, Error> {
        if let Some(passphrase) = &make.passphrase {
            return Ok(BackupFor::Passphrase(passphrase.clone()));
        }
        let mut recipients: Vec<_> = self.backups_record().recipient.into_iter().collect();
        for more in &make.recipients {
            if !recipients.contains(more) {
                recipients.push(*more);
            }
        }
        if recipients.is_empty() {
            return Err(Error::new(
                Code::Invalid,
                "a backup would be for nobody: the store has no recovery key",
                "make one: strongroom backup recipient new; or give --recipient or --passphrase",
            )
            .on("recipient"));
        }
        Ok(BackupFor::Recipients(recipients))
    }

    /// The only organization's slug, else a word for all of them.
    fn name_of_store(&self) -> String {
        let registry = self.registry();
        match registry.organizations.as_slice() {
            [(only, _)] => only.slug.to_string(),
            _ => "store".to_owned(),
        }
    }
}
