//! Backups and what follows a restore: whom backups are for, and the hold on tokens until an admin releases them.

use super::commit::{Changes, Note};
use super::error::{Code, Error};
use super::mint::subject;
use super::ports::{Record, RecordKey};
use super::request::TokenRef;
use super::response::{BackupsView, HoldView, RecoveryKey, Response};
use super::{Actor, Service};
use crate::domain::audit::Action;
use crate::domain::cashier::Role;
use crate::domain::recovery::{Backups, Hold, Recipient};
use crate::domain::text::Slug;
use crate::domain::time::Timestamp;
use crate::domain::token::Status;

/// What a restore found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restored {
    /// When the backup was made.
    pub backup_at: Timestamp,
    /// The newest commit in it.
    pub backup_sequence: u64,
    /// Whether all that was acknowledged after it is here, too: from the journal.
    pub is_complete: bool,
}

impl Service {
    pub(super) fn backups(&self) -> BackupsView {
        BackupsView {
            backups: self.backups_record(),
            hold: self.hold(),
        }
    }

    pub(super) fn hold(&self) -> Option<HoldView> {
        let registry = self.registry();
        let (hold, _) = registry.hold.as_ref()?;
        Some(HoldView {
            since: hold.since,
            backup_at: hold.backup_at,
            backup_sequence: hold.backup_sequence,
            released: hold.released.len(),
        })
    }

    /// A recovery key that nothing is encrypted to yet: whoever asks sets its recipient once the key is kept.
    pub(super) fn make_recovery_key(&self) -> Result<Response, Error> {
        let (identity, recipient) = self.ports.backup.recovery_key()?;
        Ok(Response::RecoveryKey(RecoveryKey { identity, recipient }))
    }

    pub(super) fn set_recipient(&self, actor: &Actor, recipient: Recipient) -> Result<Response, Error> {
        let mut writer = self.writer();
        let acting = self.signed_in(actor, Role::Admin)?;
        let backups = Backups {
            recipient: Some(recipient),
            ..self.backups_record()
        };
        let note = Note::done(Action::RecipientSet, None, recipient.to_string());
        let put = vec![Record::Backups(backups)];
        self.commit(&mut writer, actor, Some(&acting), Changes::of(put, note))?;
        Ok(Response::Done)
    }

    /// Releases held tokens: those that are named, or with `None` all of every organization.
    pub(super) fn release_hold(
        &self,
        actor: &Actor,
        organization: Option<&Slug>,
        tokens: Option<&[TokenRef]>,
    ) -> Result<Response, Error> {
        let mut writer = self.writer();
        let acting = self.signed_in(actor, Role::Admin)?;
        let Some((hold, _)) = self.registry().hold.clone() else {
            return Err(Error::new(
                Code::Conflict,
                "no tokens are held",
                "there is nothing to release",
            ));
        };
        let changes = match tokens {
            None => {
                let reason = format!(
                    "restored from the backup of {}, commit {}",
                    hold.backup_at, hold.backup_sequence
                );
                Changes {
                    delete: vec![RecordKey::Hold],
                    notes: vec![Note::done(Action::HoldReleased, None, "all held tokens").because(reason)],
                    ..Changes::default()
                }
            }
            Some(tokens) => self.release(hold, organization, tokens)?,
        };
        self.commit(&mut writer, actor, Some(&acting), changes)?;
        // Whoever was refused meanwhile was not silent.
        self.counting.begin_anew(self.trusted_now());
        Ok(Response::Done)
    }

    fn release(
        &self,
        mut hold: Hold,
        organization: Option<&Slug>,
        tokens: &[TokenRef],
    ) -> Result<Changes, Error> {
        let organization = self.organization(organization)?;
        let now = self.trusted_now();
        let mut notes = Vec::new();
        for token in tokens {
            let token = self.resolve(organization.id, token)?;
            let slot = self.index.slot(token.id);
            let status = slot.map_or(Status::Deleted, |slot| self.index.status(slot, now));
            if status != Status::Held {
                let message = format!("{} {} is {}, not held", token.name, token.id, status.word());
                return Err(
                    Error::new(Code::Conflict, message, "nothing was changed; leave it out").on("token"),
                );
            }
            // Named twice, by name and by id: one change, one audit entry.
            if hold.release(token.id) {
                let slug = Some(organization.slug.clone());
                notes.push(Note::done(Action::TokenReleased, slug, subject(&token)));
            }
        }
        if notes.is_empty() {
            return Err(Error::new(
                Code::Invalid,
                "no token was named",
                "name at least one, or release all",
            ));
        }
        if hold.released.len() > Hold::MAX_RELEASED {
            return Err(Error::new(
                Code::Invalid,
                format!("at most {} tokens are released one by one", Hold::MAX_RELEASED),
                "revoke those that must not work again, then release all",
            ));
        }
        Ok(Changes {
            put: vec![Record::Hold(hold)],
            notes,
            ..Changes::default()
        })
    }

    /// Says that this store was restored, by whom and from what; unless nothing of what came after the backup is missing,
    /// every token in it is held from now on.
    ///
    /// # Errors
    /// It could not be written.
    pub fn restored(&self, actor: &Actor, restored: &Restored) -> Result<(), Error> {
        let mut writer = self.writer();
        let reason = match restored.is_complete {
            true => "the journal had all that came after it",
            false => "what came after it is lost: its tokens are held",
        };
        let subject = format!(
            "backup of {}, commit {}",
            restored.backup_at, restored.backup_sequence
        );
        let mut changes = Changes {
            notes: vec![Note::done(Action::StoreRestored, None, subject).because(reason)],
            ..Changes::default()
        };
        if !restored.is_complete {
            // Which sessions ended after the backup is as unknown as which tokens were revoked.
            changes.delete = self.all_logins();
            // This host's clock may be behind the one that minted them.
            let newest = self.index.newest().unwrap_or_default();
            changes.put.push(Record::Hold(Hold {
                since: self.trusted_now().max(newest).max(restored.backup_at),
                backup_at: restored.backup_at,
                backup_sequence: restored.backup_sequence,
                released: Vec::new(),
            }));
        }
        self.commit(&mut writer, actor, None, changes)
    }

    /// The moment that a new token begins at: never one that a hold takes for a restored token's.
    pub(super) fn minting_time(&self) -> Timestamp {
        let now = self.trusted_now();
        let registry = self.registry();
        let after = |hold: &Hold| Timestamp::from_millis(hold.since.millis().saturating_add(1));
        registry
            .hold
            .as_ref()
            .map_or(now, |(hold, _)| now.max(after(hold)))
    }

    pub(super) fn backups_record(&self) -> Backups {
        let registry = self.registry();
        registry
            .backups
            .as_ref()
            .map_or_else(Backups::default, |(backups, _)| backups.clone())
    }
}
