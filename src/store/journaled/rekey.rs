//! The store of a new keyring, built beside the one that is open: checkpoint, journal, key slots and anchor of its epoch.
//!
//! Nothing of the open store is touched. Which of the two is the store the keyring says: until another takes its place,
//! what is built here is a leftover. The database is built from the checkpoint at the first opening.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write as _};
use std::sync::Arc;

use super::epochs::Leftovers;
use super::layout::{Layout, rename};
use super::position::Position;
use super::{JournaledStore, lock};
use crate::domain::audit::AuditEntry;
use crate::domain::secret::Sealed;
use crate::service::ports::{Resealing, SlotId, StoreCipher, StoreError};
use crate::store::journal::anchor::Anchor;
use crate::store::journal::checkpoint::{self, Ending, Item, Writer};
use crate::store::journal::{self, Body, First, Journal, Tally};
use crate::store::sled::Tree;
use crate::store::slots::Slots;
use crate::store::{failure, record};

impl JournaledStore {
    /// Builds the store of the keyring that `next` belongs to: every record as `reseal` gives it, the audit log as it is,
    /// and `entry` at its end. Durable and read back when it returns. Nothing may be committed meanwhile.
    ///
    /// # Errors
    /// A record does not open, or something cannot be written; nothing is left then.
    pub fn build_next(
        &self,
        next: &Arc<dyn StoreCipher>,
        entry: &AuditEntry,
        reseal: &mut Resealing<'_>,
    ) -> Result<(), StoreError> {
        // The anchor tells this store from an old one put back, and of a replacement that was cut off what is left goes.
        let link = lock(&self.writer).position.link;
        self.anchoring.pen().settle(link)?;
        lock(&self.leftovers).remove()?;
        self.remove_next(&**next)?;
        let built = self.build(next, entry, reseal);
        if built.is_err() {
            // The first error is the one to tell; what stays is removed at the next opening.
            let _ = self.remove_next(&**next);
        }
        built
    }

    /// Removes what [`Self::build_next`] built, because its keyring did not take its place.
    ///
    /// # Errors
    /// The operating system refused; the next opening removes it.
    pub fn remove_next(&self, next: &dyn StoreCipher) -> Result<(), StoreError> {
        Leftovers::of(&self.layout, next.epoch())?.remove()
    }

    /// Takes no further commit: another store has taken this one's place.
    pub fn end(&self, why: &str) {
        lock(&self.writer).closed = Some(why.to_owned());
    }

    fn build(
        &self,
        next: &Arc<dyn StoreCipher>,
        entry: &AuditEntry,
        reseal: &mut Resealing<'_>,
    ) -> Result<(), StoreError> {
        let layout = self.layout.of_epoch(next.epoch());
        let folder = layout.journal();
        journal::make_folder(&folder).map_err(|error| failure::of(&folder, &error))?;
        let before = self.mended()?;
        let part = layout.part();
        let written = |error: io::Error| failure::of(&part, &error);
        let out = BufWriter::with_capacity(1 << 20, File::create(&part).map_err(written)?);
        let checkpoint = Writer::new(out, Arc::clone(next), self.clock.now(), &before.link);
        let mut checkpoint = checkpoint.map_err(written)?;
        let mut slots = BTreeMap::new();
        let mut body = Body {
            audit_head: Some((entry.sequence, entry.hash)),
            ..Body::default()
        };
        self.reseal_all(&before, reseal, &mut slots, &mut |item| {
            if let Item::Record(key, Some(value)) = &item {
                body.tally.add(&**next, key, value);
            }
            checkpoint.item(item).map_err(written)
        })?;
        let key = entry.sequence.to_be_bytes().to_vec();
        let last = Item::Audit(key, record::encode_audit(entry)?);
        checkpoint.item(last).map_err(written)?;
        let first = First::new(&**next, &before.link, &body)?;
        let ending = Ending {
            link: first.link,
            tally: body.tally,
            audit_head: body.audit_head,
        };
        let mut out = checkpoint.finish(&ending).map_err(written)?;
        let path = layout.checkpoint(first.link.sequence);
        out.flush()
            .and_then(|()| out.get_ref().sync_all())
            .and_then(|()| rename(&part, &path))
            .map_err(written)?;
        let (kept, _) = Slots::open(layout.data_directory(), layout.suffix(), Arc::clone(next))?;
        kept.replace_all(slots)?;
        Journal::create(&folder, next, &before.link, Some(&first))?;
        read_back(&layout, next, &first, &ending)?;
        let anchor = Anchor {
            link: first.link,
            at: self.clock.now(),
            time: self.anchoring.time(),
        };
        let path = layout.anchor();
        anchor
            .create(&path, &**next)
            .map_err(|error| failure::of(&path, &error))
    }

    /// Everything that is there, sealed anew; refused if it is not what was acknowledged.
    fn reseal_all(
        &self,
        before: &Position,
        reseal: &mut Resealing<'_>,
        slots: &mut BTreeMap<SlotId, Sealed>,
        take: &mut dyn FnMut(Item) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut tally = Tally::default();
        let database = self.database();
        database.each(Tree::Records, &mut |(key, value)| {
            tally.add(&*self.cipher, &key, &value);
            let (record, revision) = record::decode(&key, &value)?;
            let (record, slot) = reseal(record)?;
            slots.extend(slot);
            let (key, value) = record::encode(&record, revision)?;
            take(Item::Record(key, Some(value)))
        })?;
        database.each(Tree::Audit, &mut |(key, value)| {
            take(Item::Audit(key.to_vec(), value.to_vec()))
        })?;
        let folder = database.folder().to_owned();
        // The writer's lock comes before the database's.
        drop(database);
        if tally != before.tally || lock(&self.writer).position != *before {
            return Err(StoreError::Damaged(format!(
                "{}: it does not hold what was acknowledged; open the store again, which compares and mends it",
                folder.display()
            )));
        }
        Ok(())
    }
}

/// What was written, as the next opening will find it.
fn read_back(
    layout: &Layout,
    next: &Arc<dyn StoreCipher>,
    first: &First,
    ending: &Ending,
) -> Result<(), StoreError> {
    let path = layout.checkpoint(first.link.sequence);
    let file = File::open(&path).map_err(|error| failure::of(&path, &error))?;
    let mut tally = Tally::default();
    let summary = checkpoint::read(BufReader::with_capacity(1 << 20, file), &**next, &mut |item| {
        if let Item::Record(key, Some(value)) = &item {
            tally.add(&**next, key, value);
        }
        Ok(())
    })?;
    let journal = Journal::open(&layout.journal(), next)?;
    let is_first = journal.is_some_and(|found| found.journal.last() == first.link);
    if summary.ending != *ending || tally != ending.tally || !is_first {
        return Err(StoreError::Io(format!(
            "{}: what was read back is not what was written",
            path.display()
        )));
    }
    Ok(())
}
