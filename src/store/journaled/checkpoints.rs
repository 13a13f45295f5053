//! When a checkpoint is made, and what it makes superfluous.
//!
//! Daily, and when the journal has grown since the last one, by more the larger that is: what checkpoints cost stays in
//! proportion to what is committed. A process that stays reads the newest one through once: one that is damaged, or does not
//! reach the oldest frame any more, is followed by another. The two last are kept, with the frames after the older of
//! them. Commits go on while one is made.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;

use super::{JournaledStore, lock};
use crate::domain::time::Timestamp;
use crate::service::ports::{Notice, StoreError};
use crate::store::failure;
use crate::store::journal::checkpoint::{self, Ending, Item, Writer};
use crate::store::sled::Tree;

/// The journal may grow by so much before a checkpoint, or by a part of the last one's length; but not so long that
/// checking it at the start would take its time.
const LONG: u64 = 8 << 20;
const PART: u64 = 4;
const LONGEST: u64 = 32 << 20;
const DAY: TimeDelta = TimeDelta::days(1);
/// A process that lives longer than this is one that stays.
const STAYS: Duration = Duration::from_secs(60);
const KEPT: usize = 2;

impl JournaledStore {
    /// Makes a checkpoint if one is due.
    pub(super) fn checkpoint_if_due(&self) -> Result<(), StoreError> {
        let folder = self.layout.journal();
        let kept = self
            .layout
            .checkpoints()
            .map_err(|error| failure::of(&folder, &error))?;
        let newest = kept.first();
        let (sequence, grown, oldest) = {
            let writer = lock(&self.writer);
            if !writer.verified || writer.behind.is_some() || writer.rollback.is_some() {
                return Ok(());
            }
            let since = newest.map_or(0, |(sequence, _)| *sequence);
            let journal = &writer.journal;
            (
                writer.position.link.sequence,
                journal.bytes_since(since),
                journal.begin(),
            )
        };
        if newest.map_or(0, |(last, _)| *last) < oldest || self.newest_is_damaged(newest)? {
            return self.checkpoint();
        }
        let is_new = newest.map_or(0, |(last, _)| *last) < sequence;
        let length = newest
            .and_then(|(_, path)| fs::metadata(path).ok())
            .map_or(0, |found| found.len());
        let is_old = match self.facts().checkpoint_at {
            Some(at) => self.clock.now().since(at) > DAY,
            None => self.has_stayed(),
        };
        if is_new && (grown > (length / PART).clamp(LONG, LONGEST) || is_old) {
            self.checkpoint()?;
        }
        Ok(())
    }

    /// Whether this process is one that stays: one that is gone in a moment has no time for checkpoints.
    fn has_stayed(&self) -> bool {
        self.clock.monotonic().saturating_sub(self.opened) > STAYS
    }

    /// Reads the newest checkpoint through, once; one that is damaged is kept under another name.
    fn newest_is_damaged(&self, newest: Option<&(u64, PathBuf)>) -> Result<bool, StoreError> {
        let Some((sequence, path)) = newest else {
            return Ok(false);
        };
        if !self.has_stayed() || self.facts().proven == Some(*sequence) {
            return Ok(false);
        }
        let open = || {
            let file = File::open(path).map_err(|error| failure::of(path, &error))?;
            Ok(BufReader::with_capacity(1 << 20, file))
        };
        match checkpoint::check(open, &*self.cipher) {
            Ok(_) => {
                self.facts().proven = Some(*sequence);
                Ok(false)
            }
            Err(StoreError::Damaged(why)) => {
                super::layout::rename(path, &path.with_extension("damaged"))
                    .map_err(|error| failure::of(path, &error))?;
                let said = format!("{}: {why}", path.display());
                self.facts().notices.push(Notice::CheckpointReplaced(said));
                Ok(true)
            }
            Err(error) => Err(error),
        }
    }

    /// Makes a checkpoint, and removes what is older than the two last.
    ///
    /// # Errors
    /// The operating system refused; those that were there are there.
    pub fn checkpoint(&self) -> Result<(), StoreError> {
        let _one_at_a_time = lock(&self.checkpointing);
        // What it makes superfluous the database does not need any more to catch up.
        self.mended()?;
        self.following.turn().sync()?;
        let part = self.layout.part();
        let written = |error: io::Error| failure::of(&part, &error);
        let file = File::create(&part).map_err(written)?;
        let (mut out, ending) = self.write_checkpoint(BufWriter::with_capacity(1 << 20, file))?;
        out.flush()
            .and_then(|()| out.get_ref().sync_all())
            .map_err(written)?;
        // What came before it goes when this one is there: it has to give what it says.
        let reopen = || {
            Ok(BufReader::with_capacity(
                1 << 20,
                File::open(&part).map_err(written)?,
            ))
        };
        if let Err(error) = checkpoint::check(reopen, &*self.cipher) {
            lock(&self.writer).is_suspect = true;
            return Err(error);
        }
        super::layout::rename(&part, &self.layout.checkpoint(ending.link.sequence)).map_err(written)?;
        let mut facts = self.facts();
        facts.checkpoint_at = Some(self.clock.now());
        facts.proven = Some(ending.link.sequence);
        drop(facts);
        self.prune()
    }

    /// Writes a checkpoint of everything that is there when it ends.
    ///
    /// # Errors
    /// `out` cannot be written, or the database not read.
    pub fn write_checkpoint<W: Write>(&self, out: W) -> Result<(W, Ending), StoreError> {
        let failed = |error: io::Error| failure::of(self.layout.data_directory(), &error);
        let begin = self.mended()?;
        let mut checkpoint =
            Writer::new(out, Arc::clone(&self.cipher), self.clock.now(), &begin.link).map_err(failed)?;
        {
            let database = self.database();
            database.each(Tree::Records, &mut |(key, value)| {
                let item = Item::Record(key.to_vec(), Some(value.to_vec()));
                checkpoint.item(item).map_err(failed)
            })?;
            database.each(Tree::Audit, &mut |(key, value)| {
                checkpoint
                    .item(Item::Audit(key.to_vec(), value.to_vec()))
                    .map_err(failed)
            })?;
        }
        let (end, frames) = {
            let writer = lock(&self.writer);
            (writer.position, writer.journal.reader())
        };
        // What was committed meanwhile may be in the walk or not: written over it, it is.
        frames.frames(begin.link.sequence, end.link.sequence, &mut |_, body| {
            checkpoint.body(body).map_err(failed)
        })?;
        let ending = Ending {
            link: end.link,
            tally: end.tally,
            audit_head: end.audit_head,
        };
        Ok((checkpoint.finish(&ending).map_err(failed)?, ending))
    }

    fn prune(&self) -> Result<(), StoreError> {
        let folder = self.layout.journal();
        let kept = self
            .layout
            .checkpoints()
            .map_err(|error| failure::of(&folder, &error))?;
        for (_, path) in kept.iter().skip(KEPT) {
            fs::remove_file(path).map_err(|error| failure::of(path, &error))?;
        }
        match kept.get(KEPT - 1) {
            Some((sequence, _)) => lock(&self.writer).journal.prune(*sequence),
            None => Ok(()),
        }
    }

    /// When the newest checkpoint was made.
    pub(super) fn newest_checkpoint(&self) -> Option<Timestamp> {
        let kept = self.layout.checkpoints().ok()?;
        let made = fs::metadata(&kept.first()?.1)
            .and_then(|found| found.modified())
            .ok()?;
        let made = made.duration_since(std::time::UNIX_EPOCH).ok()?;
        i64::try_from(made.as_millis()).ok().map(Timestamp::from_millis)
    }
}
