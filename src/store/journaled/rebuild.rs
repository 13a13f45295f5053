//! A database built anew from a checkpoint and the journal, and the way it takes the place of the one before.
//!
//! It is built beside (`records.new`), compared with what the journal's last frame says, made durable, renamed
//! (`records.next`), and takes the place when nothing has the old one open. A crash leaves the old one, or the whole new one.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::sync::Arc;

use super::layout::{Layout, remove, rename};
use super::position::{Position, Role};
use crate::service::ports::{StoreCipher, StoreError};
use crate::store::failure;
use crate::store::journal::checkpoint::{self, Item};
use crate::store::journal::{Body, Reader, Tally};
use crate::store::record;
use crate::store::sled::{Database, Tree, Writes};

/// Writes that are done at once.
const GROUP: usize = 2000;

/// Builds `records.next`, which holds exactly what the journal says. A database of the time before the journal (`old`)
/// goes as soon as the new one is whole, because it holds private keys that no slot guards.
///
/// # Errors
/// No checkpoint with the frames after it gives that: the journal is damaged too. Or the operating system refused.
pub(super) fn rebuild(
    layout: &Layout,
    cipher: &Arc<dyn StoreCipher>,
    frames: &Reader,
    wanted: &Position,
    old: Option<&Path>,
) -> Result<(), StoreError> {
    let folder = layout.records_new();
    let mut tried = Vec::new();
    let checkpoints = layout
        .checkpoints()
        .map_err(|error| failure::of(&layout.journal(), &error))?;
    let sources = checkpoints.into_iter().map(|(_, path)| Some(path));
    for source in sources.chain([None]) {
        remove(&folder).map_err(|error| failure::of(&folder, &error))?;
        let built = fill(layout, &**cipher, frames, wanted, source.as_deref());
        let name = source.as_ref().and_then(|path| path.file_name()).map_or_else(
            || "the journal alone".into(),
            |name| name.to_string_lossy().into_owned(),
        );
        match built {
            Ok(()) => {
                let next = layout.records_next();
                old.map_or(Ok(()), remove)
                    .and_then(|()| remove(&next))
                    .and_then(|()| rename(&folder, &next))
                    .map_err(|error| failure::of(&next, &error))?;
                return Ok(());
            }
            Err(StoreError::Damaged(why)) => tried.push(format!("{name}: {why}")),
            Err(error) => return Err(error),
        }
    }
    remove(&folder).map_err(|error| failure::of(&folder, &error))?;
    Err(StoreError::Damaged(format!(
        "the records cannot be rebuilt ({})",
        tried.join("; ")
    )))
}

fn fill(
    layout: &Layout,
    cipher: &dyn StoreCipher,
    frames: &Reader,
    wanted: &Position,
    source: Option<&Path>,
) -> Result<(), StoreError> {
    let database = Database::open(&layout.records_new())?;
    let mut writes = database.writes();
    let mut after = 0;
    if let Some(path) = source {
        let file = File::open(path).map_err(|error| failure::of(path, &error))?;
        let mut take = |item| {
            put(&mut writes, item);
            apply(&mut writes)
        };
        let summary = checkpoint::read(BufReader::with_capacity(1 << 20, file), cipher, &mut take)?;
        after = summary.ending.link.sequence;
    }
    frames.frames(after, wanted.link.sequence, &mut |_, body| {
        put_body(&mut writes, body);
        apply(&mut writes)
    })?;
    writes.apply()?;
    let mut tally = Tally::default();
    database.each(Tree::Records, &mut |(key, value)| {
        tally.add(cipher, &key, &value);
        Ok(())
    })?;
    if tally != wanted.tally || audit_head(&database)? != wanted.audit_head {
        return Err(StoreError::Damaged(format!(
            "gives {} records, or others than the {} of frame {}",
            tally.count, wanted.tally.count, wanted.link.sequence
        )));
    }
    database
        .writes()
        .commit(true, wanted.seal(Role::Follower, cipher)?)
}

fn apply(writes: &mut Writes<'_>) -> Result<(), StoreError> {
    if writes.len() < GROUP {
        return Ok(());
    }
    writes.apply()
}

fn put(writes: &mut Writes<'_>, item: Item) {
    match item {
        Item::Record(key, value) => writes.put(Tree::Records, key, value),
        Item::Audit(key, value) => writes.put(Tree::Audit, key, Some(value)),
    }
}

/// What a frame wrote.
pub(super) fn put_body(writes: &mut Writes<'_>, body: Body) {
    for (key, value) in body.records {
        writes.put(Tree::Records, key, value);
    }
    for (key, value) in body.audit {
        writes.put(Tree::Audit, key, Some(value));
    }
}

/// The newest audit entry's sequence and hash.
pub(super) fn audit_head(database: &Database) -> Result<Option<(u64, [u8; 32])>, StoreError> {
    let newest = database.newest_audit(None, 1)?;
    let entry = newest
        .first()
        .map(|(key, value)| record::decode_audit(key, value));
    Ok(entry.transpose()?.map(|entry| (entry.sequence, entry.hash)))
}

/// Puts a database that was built in the place of the one before, which is kept as `records.damaged`. Nothing may have
/// either open. Whether there was one.
///
/// # Errors
/// The operating system refused; the next call goes on.
pub(super) fn settle(layout: &Layout) -> Result<bool, StoreError> {
    let (records, next) = (layout.records(), layout.records_next());
    let settle = || {
        remove(&layout.records_new())?;
        if !next.try_exists()? {
            return Ok(false);
        }
        if records.try_exists()? {
            remove(&layout.records_damaged())?;
            rename(&records, &layout.records_damaged())?;
        }
        rename(&next, &records)?;
        Ok(true)
    };
    settle().map_err(|error| failure::of(&records, &error))
}
