//! A database that is not what the journal says, while the store is open: caught up, compared, or built anew.
//!
//! Commits go on meanwhile: the journal has them. What cannot be mended is tried again at the next call. Nothing else is
//! written to the database meanwhile: `mend` has the turn.

use std::sync::PoisonError;

use super::commit::Writer;
use super::following::Turn;
use super::open::catch_up;
use super::position::{Position, Role};
use super::rebuild::{self, audit_head, settle};
use super::{JournaledStore, lock};
use crate::service::ports::{Notice, StoreError};
use crate::store::journal::Tally;
use crate::store::sled::{Database, Tree};

/// A database that has not all that was committed.
#[derive(Debug, Clone)]
pub(super) struct Behind {
    pub(super) why: String,
    /// Its files are to blame: opening it again is no help.
    is_wrong: bool,
}

impl From<(String, bool)> for Behind {
    fn from((why, is_wrong): (String, bool)) -> Self {
        Self { why, is_wrong }
    }
}

impl JournaledStore {
    /// Makes the database what the journal says: applies what it was not given yet, and mends it if that is not enough.
    ///
    /// # Errors
    /// It cannot be done now; nothing is lost.
    pub(super) fn mend(&self, writer: &mut Writer) -> Result<(), StoreError> {
        let turn = self.following.turn();
        let behind = turn.apply();
        if writer.behind.is_none() {
            writer.behind = behind;
        }
        if writer.behind.is_none() && std::mem::take(&mut writer.is_suspect) {
            writer.behind = self.compared(&writer.position)?.map(|why| (why, true).into());
        }
        let Some(behind) = &writer.behind else {
            return Ok(());
        };
        if !behind.is_wrong {
            match self.follow_again(&writer.position, writer) {
                Ok(None) => {
                    caught_up(writer, &turn);
                    return Ok(());
                }
                Ok(Some(why)) | Err(StoreError::Damaged(why) | StoreError::Closed(why)) => {
                    writer.behind = Some((why, true).into());
                }
                Err(error) => return Err(error),
            }
        }
        let why = writer
            .behind
            .as_ref()
            .map_or_else(String::new, |behind| behind.why.clone());
        self.replace_database(writer, &turn, why)
    }

    /// Opens the database again and brings it to the end of the journal; why it is wrong, if it is.
    fn follow_again(&self, to: &Position, writer: &Writer) -> Result<Option<String>, StoreError> {
        {
            let database = self.database();
            database.reopen()?;
            let sealed = database.position()?;
            let at = sealed.and_then(|sealed| Position::unseal(&*self.cipher, &sealed));
            let Some((at, _)) = at else {
                return Ok(Some("they do not say how far they came".into()));
            };
            catch_up(&database, &writer.journal.reader(), &at, to, &*self.cipher)?;
        }
        self.compared(to)
    }

    /// Compares count, digest and the audit log's end with what the journal says; how they differ, if they do.
    fn compared(&self, wanted: &Position) -> Result<Option<String>, StoreError> {
        let database = self.database();
        let mut tally = Tally::default();
        database.each(Tree::Records, &mut |(key, value)| {
            tally.add(&*self.cipher, &key, &value);
            Ok(())
        })?;
        self.difference(wanted, &tally, &database)
    }

    /// How what is there differs from what the journal says.
    pub(super) fn difference(
        &self,
        wanted: &Position,
        found: &Tally,
        database: &Database,
    ) -> Result<Option<String>, StoreError> {
        if *found != wanted.tally {
            return Ok(Some(format!(
                "{} records are there, or others than the {} that were acknowledged",
                found.count, wanted.tally.count
            )));
        }
        Ok(match audit_head(database) {
            Ok(head) if head == wanted.audit_head => None,
            Ok(_) => Some("the audit log does not end as it should".into()),
            Err(StoreError::Damaged(why) | StoreError::Closed(why)) => Some(why),
            Err(error @ StoreError::UnknownVersion { .. }) => Some(error.to_string()),
            Err(error) => return Err(error),
        })
    }

    /// Builds the database anew from checkpoint and journal, and goes on with that.
    pub(super) fn replace_database(
        &self,
        writer: &mut Writer,
        turn: &Turn<'_>,
        why: String,
    ) -> Result<(), StoreError> {
        let next = self.layout.records_next();
        let (is_free, is_next) = {
            let database = self.database();
            (database.close(), database.folder() == next)
        };
        if is_next && !is_free {
            return Err(StoreError::Closed(format!(
                "{why}; it was built anew before, and is held until this process ends"
            )));
        }
        rebuild::rebuild(
            &self.layout,
            &self.cipher,
            &writer.journal.reader(),
            &writer.position,
            None,
        )?;
        let folder = if is_free {
            settle(&self.layout)?;
            self.layout.records()
        } else {
            // sled panicked, and its threads may still have the old one: the new one takes its place at the next opening.
            next
        };
        let database = Database::open(&folder)?;
        *self.database.write().unwrap_or_else(PoisonError::into_inner) = database;
        caught_up(writer, turn);
        self.facts().notices.push(Notice::Rebuilt(why));
        Ok(())
    }

    /// The same for whoever does not hold the writer's lock.
    pub(super) fn mended(&self) -> Result<Position, StoreError> {
        let mut writer = lock(&self.writer);
        self.mend(&mut writer)?;
        Ok(writer.position)
    }
}

/// The database has all of it again, synced.
fn caught_up(writer: &mut Writer, turn: &Turn<'_>) {
    writer.behind = None;
    writer.role = Role::Follower;
    turn.caught_up();
}
