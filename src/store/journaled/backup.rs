//! A backup of an open store, and a store made of one.
//!
//! A restored store is a checkpoint, a journal that goes on after it, and the key slots; its database is built from them
//! when it is opened, and compared then. Where the journal of the damaged store survived, its frames follow the backup's
//! as far as their chain reaches.

use std::fs::{self, File};
use std::io::{BufWriter, Read, Write};
use std::path::Path;
use std::sync::Arc;

use super::layout::{Layout, Places};
use super::{JournaledStore, lock};
use crate::domain::time::Timestamp;
use crate::service::ports::{StoreCipher, StoreError};
use crate::store::backup::{self, Head};
use crate::store::failure;
use crate::store::journal::anchor::{self, Anchor};
use crate::store::journal::checkpoint::{self, Ending};
use crate::store::journal::{self, Body, First, Journal, Link, Salvage};
use crate::store::slots::Slots;

/// A key rotation during a backup makes its slots useless: it is begun anew, at most so often.
const TRIES: u32 = 3;

/// What a store was made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restored {
    /// The newest commit of the backup.
    pub backup: u64,
    /// When the backup was begun.
    pub made_at: Timestamp,
    /// The newest commit that is here.
    pub sequence: u64,
    /// Whether nothing that was acknowledged is missing, as far as the anchor knows.
    pub is_complete: bool,
}

/// What survived of a damaged store.
#[derive(Debug, Clone, Copy)]
pub struct Survivor<'a> {
    /// Its directories.
    pub places: &'a Places,
}

impl JournaledStore {
    /// Writes a backup of everything that is there when it ends. `begin` gives what it is written to, anew where a key
    /// was rotated meanwhile.
    ///
    /// # Errors
    /// `out` cannot be written, or the database not read.
    pub fn write_backup<W: Write>(
        &self,
        keyring: &[u8],
        mut begin: impl FnMut() -> Result<W, StoreError>,
    ) -> Result<(W, Ending), StoreError> {
        let failed = |error| failure::of(self.layout.data_directory(), &error);
        // What a checkpoint removes is what this one reads.
        let _no_checkpoint_meanwhile = lock(&self.checkpointing);
        for _ in 0..TRIES {
            let slots = self.slots.export()?;
            let head = Head {
                store: self.cipher.store_id(),
                epoch: self.cipher.epoch(),
                made_at: self.clock.now(),
                sequence: lock(&self.writer).position.link.sequence,
                keyring: keyring.to_vec(),
            };
            let mut out = begin()?;
            backup::begin(&mut out, &head).map_err(failed)?;
            let (mut out, ending) = self.write_checkpoint(out)?;
            // A slot for every generation of the checkpoint, and none that was destroyed before it.
            if self.slots.export()? == slots {
                backup::end(&mut out, &slots).map_err(failed)?;
                return Ok((out, ending));
            }
        }
        Err(StoreError::Io(
            "keys were rotated again and again while the backup was written; make it when that has ended"
                .into(),
        ))
    }

    /// Makes a store in `places`, which has none, of a backup whose head was read, and of what survived of a damaged one.
    ///
    /// # Errors
    /// The backup is damaged or another keyring's; or the operating system refused. What was begun may be thrown away.
    pub fn restore(
        places: &Places,
        cipher: &Arc<dyn StoreCipher>,
        head: &Head,
        mut from: impl Read,
        survivor: Option<Survivor<'_>>,
    ) -> Result<Restored, StoreError> {
        let layout = Layout::new(places, &**cipher);
        let folder = layout.journal();
        journal::make_folder(&folder).map_err(|error| failure::of(&folder, &error))?;
        let part = layout.part();
        let written = |error: std::io::Error| failure::of(&part, &error);
        let out = BufWriter::with_capacity(1 << 20, File::create(&part).map_err(written)?);
        let mut whole = checkpoint::Writer::new(out, Arc::clone(cipher), head.made_at, &Link::default())
            .map_err(written)?;
        let summary = checkpoint::read(&mut from, &**cipher, &mut |item| {
            whole.item(item).map_err(written)
        })?;
        let slots = backup::read_slots(&mut from)?;
        let (mut end, mut is_complete) = (summary.ending, false);
        if let Some(survivor) = survivor {
            let there = Layout::new(survivor.places, &**cipher);
            let salvage = journal::salvage(&there.journal(), &**cipher, end.link, &mut |link, body| {
                (end.link, end.tally, end.audit_head) = (link, body.tally, body.audit_head);
                whole.body(body).map_err(written)
            })?;
            is_complete = reaches_anchor(&there, &**cipher, &salvage);
        }
        let mut out = whole.finish(&end).map_err(written)?;
        out.flush()
            .and_then(|()| out.get_ref().sync_all())
            .and_then(|()| super::layout::rename(&part, &layout.checkpoint(end.link.sequence)))
            .map_err(written)?;
        restore_slots(places, &layout, cipher, &slots, survivor)?;
        let link = begin_journal(&folder, cipher, &end)?;
        let anchor = Anchor {
            link,
            at: head.made_at,
            time: None,
        };
        let path = layout.anchor();
        anchor
            .create(&path, &**cipher)
            .map_err(|error| failure::of(&path, &error))?;
        Ok(Restored {
            backup: summary.ending.link.sequence,
            made_at: summary.made_at,
            sequence: link.sequence,
            is_complete,
        })
    }

    /// How far the journal in `places` reaches after a known frame, and whether that is all that was acknowledged.
    ///
    /// # Errors
    /// The operating system refused.
    pub fn reach(places: &Places, cipher: &dyn StoreCipher, known: Link) -> Result<(u64, bool), StoreError> {
        let there = Layout::new(places, cipher);
        let salvage = journal::salvage(&there.journal(), cipher, known, &mut |_, _| Ok(()))?;
        let last = salvage.links.last().map_or(known.sequence, |link| link.sequence);
        Ok((last, reaches_anchor(&there, cipher, &salvage)))
    }

    /// Where the anchor of a store is kept.
    #[must_use]
    pub fn anchor_of(places: &Places, cipher: &dyn StoreCipher) -> std::path::PathBuf {
        Layout::new(places, cipher).anchor()
    }
}

/// A journal whose first frame says what there is, after the last frame that is in the checkpoint.
fn begin_journal(folder: &Path, cipher: &Arc<dyn StoreCipher>, end: &Ending) -> Result<Link, StoreError> {
    let body = Body {
        tally: end.tally,
        audit_head: end.audit_head,
        ..Body::default()
    };
    let first = First::new(&**cipher, &end.link, &body)?;
    Journal::create(folder, cipher, &end.link, Some(&first))?;
    Ok(first.link)
}

/// Whether the surviving frames have the one that the anchor knows, and end as a journal does.
fn reaches_anchor(there: &Layout, cipher: &dyn StoreCipher, salvage: &Salvage) -> bool {
    let found = anchor::read(&there.anchor(), cipher).unwrap_or_default();
    found
        .anchor
        .is_some_and(|anchor| salvage.ends_clean && salvage.links.contains(&anchor.link))
}

/// The slots of the damaged store where they can be read, and the backup's beside them: what no generation names is
/// erased when the store is opened.
fn restore_slots(
    places: &Places,
    layout: &Layout,
    cipher: &Arc<dyn StoreCipher>,
    bytes: &[u8],
    survivor: Option<Survivor<'_>>,
) -> Result<(), StoreError> {
    if let Some(survivor) = survivor {
        for copy in ["a", "b"] {
            let name = format!("slots{}.{copy}", layout.suffix());
            // A copy that is missing or cannot be read is what the other one is for.
            let _ = fs::copy(survivor.places.data.join(&name), places.data.join(&name));
        }
        if let Ok((slots, _)) = Slots::open(&places.data, layout.suffix(), Arc::clone(cipher)) {
            return slots.merge(bytes);
        }
    }
    Slots::import(&places.data, layout.suffix(), Arc::clone(cipher), bytes).map(drop)
}
