//! A checkpoint: all records and audit entries up to a frame, sealed, in one stream.
//!
//! Layout: header (magic (4) · version (1) · store id (16) · epoch (4) · when (8) · frame it begins after: sequence and the first bytes of its MAC (8, 8)) · chunks, each a
//! length (4) and a sealed list of items, bound to the header and to their place · a last chunk that says where it ends.
//! It is a walk of the database while commits go on, and then the writes of the frames since the walk began, so that its
//! items in order give exactly the records at its end; count and digest there are in the last chunk. It carries no key
//! slots.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::frame::{Body, Link};
use super::tally::Tally;
use crate::domain::time::Timestamp;
use crate::service::ports::{FilePurpose, StoreCipher, StoreError};
use crate::store::record;

const MAGIC: &[u8] = b"SRcp\x01";
/// Items are gathered up to so many bytes.
const CHUNK: usize = 256 << 10;
/// A chunk that says it is longer is none: one frame's writes are at most this.
const LONGEST: usize = 300 << 20;

/// One write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Item {
    /// A record's key and value; `None` removes it.
    Record(Vec<u8>, Option<Vec<u8>>),
    /// An audit entry's key and value.
    Audit(Vec<u8>, Vec<u8>),
}

/// Where a checkpoint ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// The newest frame that is in it.
    pub link: Link,
    /// All records there.
    pub tally: Tally,
    /// The newest audit entry there.
    pub audit_head: Option<(u64, [u8; 32])>,
}

/// What a checkpoint says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// When it was begun.
    pub made_at: Timestamp,
    /// Where it ends.
    pub ending: Ending,
}

/// Writes a checkpoint.
pub struct Writer<W> {
    out: W,
    cipher: Arc<dyn StoreCipher>,
    /// Bound to every chunk.
    header: Vec<u8>,
    chunks: u64,
    items: Vec<Item>,
    size: usize,
}

impl<W: Write> Writer<W> {
    /// Begins one after the frame `begin`; the two together name it, so that no chunk of another fits into it.
    ///
    /// # Errors
    /// `out` cannot be written.
    pub fn new(
        mut out: W,
        cipher: Arc<dyn StoreCipher>,
        made_at: Timestamp,
        begin: &Link,
    ) -> io::Result<Self> {
        let mut header = MAGIC.to_vec();
        header.extend_from_slice(&cipher.store_id());
        header.extend_from_slice(&cipher.epoch().to_be_bytes());
        header.extend_from_slice(&made_at.millis().to_be_bytes());
        header.extend_from_slice(&begin.sequence.to_be_bytes());
        header.extend_from_slice(&begin.mac[..8]);
        out.write_all(&header)?;
        Ok(Self {
            out,
            cipher,
            header,
            chunks: 0,
            items: Vec::new(),
            size: 0,
        })
    }

    /// Adds a write.
    ///
    /// # Errors
    /// `out` cannot be written.
    pub fn item(&mut self, item: Item) -> io::Result<()> {
        self.size += match &item {
            Item::Record(key, value) => key.len() + value.as_ref().map_or(0, Vec::len),
            Item::Audit(key, value) => key.len() + value.len(),
        } + 8;
        self.items.push(item);
        if self.size < CHUNK {
            return Ok(());
        }
        self.flush()
    }

    /// Adds what a frame wrote.
    ///
    /// # Errors
    /// `out` cannot be written.
    pub fn body(&mut self, body: Body) -> io::Result<()> {
        for (key, value) in body.records {
            self.item(Item::Record(key, value))?;
        }
        for (key, value) in body.audit {
            self.item(Item::Audit(key, value))?;
        }
        Ok(())
    }

    /// Ends it.
    ///
    /// # Errors
    /// `out` cannot be written.
    pub fn finish(mut self, ending: &Ending) -> io::Result<W> {
        self.flush()?;
        let last = postcard::to_allocvec(ending).map_err(io::Error::other)?;
        self.chunk(true, &last)?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.items.is_empty() {
            return Ok(());
        }
        let plaintext = postcard::to_allocvec(&self.items).map_err(io::Error::other)?;
        self.items.clear();
        self.size = 0;
        self.chunk(false, &plaintext)
    }

    fn chunk(&mut self, last: bool, plaintext: &[u8]) -> io::Result<()> {
        let place = self.chunks.to_be_bytes();
        let sealed = self
            .cipher
            .seal(
                FilePurpose::Checkpoint,
                &[&self.header, &place, &[u8::from(last)]],
                plaintext,
            )
            .map_err(|error| io::Error::other(error.to_string()))?;
        self.chunks += 1;
        self.out.write_all(&[u8::from(last)])?;
        self.out.write_all(&(sealed.len() as u32).to_be_bytes())?;
        self.out.write_all(&sealed)
    }
}

/// Reads a checkpoint to its end, handing its writes to `visit` in order; what came before an error is not to be used.
///
/// # Errors
/// [`StoreError::Damaged`] for anything that is not what was written; what `visit` gave.
pub fn read(
    mut from: impl Read,
    cipher: &dyn StoreCipher,
    visit: &mut dyn FnMut(Item) -> Result<(), StoreError>,
) -> Result<Summary, StoreError> {
    let cut = |error: io::Error| match error.kind() {
        io::ErrorKind::UnexpectedEof => damaged("is cut off"),
        _ => StoreError::Io(format!("a checkpoint cannot be read: {error}")),
    };
    let mut header = [0; MAGIC.len() + 44];
    from.read_exact(&mut header).map_err(cut)?;
    let rest = header
        .strip_prefix(MAGIC)
        .ok_or_else(|| damaged("does not begin as one"))?;
    if rest[..16] != cipher.store_id() || rest[16..20] != cipher.epoch().to_be_bytes() {
        return Err(damaged("is of another store, or under another keyring"));
    }
    let millis = rest[20..]
        .first_chunk()
        .map_or(0, |bytes| i64::from_be_bytes(*bytes));
    for place in 0_u64.. {
        let mut head = [0; 5];
        from.read_exact(&mut head).map_err(cut)?;
        let length = head.last_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes)) as usize;
        if length > LONGEST {
            return Err(damaged("says that a chunk is longer than any"));
        }
        // Read as far as it goes, so that a wrong length asks for no more memory than the file has.
        let mut sealed = Vec::new();
        from.by_ref()
            .take(length as u64)
            .read_to_end(&mut sealed)
            .map_err(cut)?;
        let plaintext = cipher
            .unseal(
                FilePurpose::Checkpoint,
                &[&header, &place.to_be_bytes(), &head[..1]],
                &sealed,
            )
            .map_err(|_| damaged("has a chunk that is not what was written"))?;
        let decoded = |_| damaged("has a chunk that does not decode");
        if head[0] == 1 {
            return Ok(Summary {
                made_at: Timestamp::from_millis(millis),
                ending: postcard::from_bytes(&plaintext).map_err(decoded)?,
            });
        }
        let items: Vec<Item> = postcard::from_bytes(&plaintext).map_err(decoded)?;
        for item in items {
            visit(item)?;
        }
    }
    Err(damaged("has no end"))
}

/// Reads a checkpoint to its end, and compares what it gives with what it says: count and digest of the records, and an
/// audit log without a gap up to its head. Gives the reader back where the checkpoint ends.
///
/// `open` opens it at its beginning: it is read twice, because what was committed during the walk comes after it.
///
/// # Errors
/// It is damaged, or gives something else.
pub fn check<R: Read>(
    mut open: impl FnMut() -> Result<R, StoreError>,
    cipher: &dyn StoreCipher,
) -> Result<(Summary, R), StoreError> {
    let mut later = HashMap::new();
    let mut walk = Walk::default();
    read(open()?, cipher, &mut |item| {
        if let (true, Item::Record(key, value)) = (walk.is_over(&item), item) {
            later.insert(key, value);
        }
        Ok(())
    })?;
    let (mut from, mut walk, mut tally) = (open()?, Walk::default(), Tally::default());
    let mut log = Log::default();
    let summary = read(&mut from, cipher, &mut |item| {
        match (walk.is_over(&item), item) {
            (false, Item::Record(key, Some(value))) if !later.contains_key(&key) => {
                tally.add(cipher, &key, &value);
            }
            (_, Item::Audit(key, value)) => log.entry(&key, &value)?,
            _ => {}
        }
        Ok(())
    })?;
    for (key, value) in &later {
        if let Some(value) = value {
            tally.add(cipher, key, value);
        }
    }
    if tally != summary.ending.tally {
        return Err(damaged("does not give the records that it says are in it"));
    }
    if log.head != summary.ending.audit_head {
        return Err(damaged("does not give the audit log that it says is in it"));
    }
    Ok((summary, from))
}

/// Where the walk of a checkpoint ends: it hands out records, then audit entries; after them come the later commits.
#[derive(Default)]
struct Walk {
    entries: bool,
    over: bool,
}

impl Walk {
    fn is_over(&mut self, item: &Item) -> bool {
        match item {
            Item::Audit(..) => self.entries = true,
            Item::Record(..) => self.over |= self.entries,
        }
        self.over
    }
}

/// The audit log as it comes: each entry follows the one before, or is one that was there already.
#[derive(Default)]
struct Log {
    head: Option<(u64, [u8; 32])>,
}

impl Log {
    fn entry(&mut self, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        let entry = record::decode_audit(key, value)?;
        match self.head {
            Some((sequence, _)) if entry.sequence <= sequence => return Ok(()),
            Some((sequence, _)) if entry.sequence != sequence + 1 => {
                return Err(damaged(&format!("has no audit entry {}", sequence + 1)));
            }
            _ => self.head = Some((entry.sequence, entry.hash)),
        }
        Ok(())
    }
}

fn damaged(what: &str) -> StoreError {
    StoreError::Damaged(format!("a checkpoint {what}"))
}
