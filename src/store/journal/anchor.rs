//! The anchor: how far the store had come, kept outside the data directory, so that an old copy put back is noticed.
//!
//! Layout: two slots, each in a block of its own. A slot: magic (4) · version (1) · length of the body (2) · postcard body ·
//! MAC (32) · zeros. They are written in turn, in place and synced: no name and no length changes, so that a commit can
//! wait for it, and a write that is cut off leaves the other slot. The newest whole one holds.
//!
//! The file is made whole with both slots (new file, fsync, rename, fsync of the directory); so it is after a write that
//! failed, and where a slot is damaged, the file is of an earlier version (one slot, no length, replaced by each write), or
//! somebody put another in its place. Without a whole slot there is no anchor, and that is said (storage.md, "Anchor").

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::frame::Link;
use crate::domain::time::Timestamp;
use crate::service::ports::{FilePurpose, StoreCipher, TimeMark};

const MAGIC: &[u8] = b"SRan\x02";
/// Of the version that was replaced whole by each write.
const EARLIER: &[u8] = b"SRan\x01";
/// What a disk writes at once: a slot that is torn does not touch the other.
const BLOCK: usize = 4096;
const SLOTS: usize = 2;

/// How far a store had come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchor {
    /// The newest frame.
    pub link: Link,
    /// When it was written.
    pub at: Timestamp,
    /// The time that was recorded last.
    pub time: Option<TimeMark>,
}

/// An anchor's file, as it was found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Found {
    /// What the newest whole slot says; `None` where there is no file that this store wrote, or no whole slot in it.
    pub anchor: Option<Anchor>,
    /// Both slots are whole: none can have said more than this.
    pub is_whole: bool,
    /// The place of the newest slot, and how often it was written.
    newest: (usize, u64),
}

impl Found {
    /// Whether it is known that nothing after this frame was answered while the anchor could be written: it is whole, and
    /// knows nothing later.
    #[must_use]
    pub fn is_exactly(&self, link: &Link) -> bool {
        self.is_whole && self.anchor.is_some_and(|anchor| anchor.link == *link)
    }

    /// The newest frame it knows; 0 for none.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.anchor.map_or(0, |anchor| anchor.link.sequence)
    }
}

/// Reads an anchor's file.
///
/// # Errors
/// The operating system refused.
pub fn read(path: &Path, cipher: &dyn StoreCipher) -> io::Result<Found> {
    match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Found::default()),
        bytes => Ok(parse(&bytes?, cipher)),
    }
}

fn parse(bytes: &[u8], cipher: &dyn StoreCipher) -> Found {
    let slots = [0, 1].map(|place| parse_slot(bytes.get(place * BLOCK..)?, cipher));
    let newest = (0..SLOTS)
        .filter_map(|place| slots[place].map(|(written, anchor)| (written, place, anchor)))
        .max_by_key(|(written, ..)| *written);
    match newest {
        Some((written, place, anchor)) => Found {
            anchor: Some(anchor),
            is_whole: slots.iter().all(Option::is_some) && bytes.len() == SLOTS * BLOCK,
            newest: (place, written),
        },
        None => Found {
            anchor: parse_earlier(bytes, cipher),
            ..Found::default()
        },
    }
}

fn parse_slot(slot: &[u8], cipher: &dyn StoreCipher) -> Option<(u64, Anchor)> {
    let (length, rest) = slot.strip_prefix(MAGIC)?.split_first_chunk::<2>()?;
    let length = usize::from(u16::from_be_bytes(*length));
    let body = rest.get(..length)?;
    let mac = rest.get(length..)?.first_chunk::<32>()?;
    let signed = slot.get(..MAGIC.len() + 2 + length)?;
    if cipher.mac(FilePurpose::Anchor, &[signed]) != *mac {
        return None;
    }
    postcard::from_bytes(body).ok()
}

fn parse_earlier(bytes: &[u8], cipher: &dyn StoreCipher) -> Option<Anchor> {
    let (signed, mac) = bytes.split_last_chunk::<32>()?;
    let body = signed.strip_prefix(EARLIER)?;
    if cipher.mac(FilePurpose::Anchor, &[signed]) != *mac {
        return None;
    }
    postcard::from_bytes(body).ok()
}

impl Anchor {
    /// A slot's whole block.
    fn slot(&self, written: u64, cipher: &dyn StoreCipher) -> io::Result<Vec<u8>> {
        let body = postcard::to_allocvec(&(written, self)).map_err(io::Error::other)?;
        let mut block = Vec::with_capacity(BLOCK);
        block.extend_from_slice(MAGIC);
        block.extend_from_slice(&u16::try_from(body.len()).map_err(io::Error::other)?.to_be_bytes());
        block.extend(body);
        let mac = cipher.mac(FilePurpose::Anchor, &[&block]);
        block.extend_from_slice(&mac);
        block.resize(BLOCK, 0);
        Ok(block)
    }

    /// Makes the file anew, with this one in both slots; durable when it returns.
    ///
    /// # Errors
    /// The operating system refused; what was there is there.
    pub fn create(&self, path: &Path, cipher: &dyn StoreCipher) -> io::Result<()> {
        AnchorFile::new(path.to_owned()).create(self, cipher)
    }
}

/// An anchor's file, to be written again and again.
#[derive(Debug)]
pub struct AnchorFile {
    path: PathBuf,
    /// While it is whole and in its place.
    held: Option<Held>,
}

#[derive(Debug)]
struct Held {
    file: File,
    /// The place of the newest slot, and how often it was written.
    newest: (usize, u64),
}

impl AnchorFile {
    /// A file that the first write makes anew.
    #[must_use]
    pub const fn new(path: PathBuf) -> Self {
        Self { path, held: None }
    }

    /// The file as it was found; made anew by the first write where that was not whole.
    #[must_use]
    pub fn open(path: PathBuf, found: &Found) -> Self {
        let hold = || {
            let file = OpenOptions::new().write(true).open(&path).ok()?;
            // What was read may so far be in memory only: the next write goes over the slot that is not.
            file.sync_data().ok()?;
            let newest = found.newest;
            Some(Held { file, newest })
        };
        let held = if found.is_whole { hold() } else { None };
        Self { path, held }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The next write makes it anew: what either slot says holds no longer.
    pub fn renew(&mut self) {
        self.held = None;
    }

    /// Whether it is whole and where it was put; one that is not is made anew by the next write.
    pub fn is_in_place(&mut self) -> bool {
        self.held.take_if(|held| !held.is_at(&self.path));
        self.held.is_some()
    }

    /// Makes it say this; durable when it returns.
    ///
    /// # Errors
    /// The operating system refused: nobody knows whether it says so. The next write makes the file anew.
    pub fn write(&mut self, anchor: &Anchor, cipher: &dyn StoreCipher) -> io::Result<()> {
        // Out of our hands until it went well: after a sync that failed, another that goes well proves nothing.
        let Some(mut held) = self.held.take() else {
            return self.create(anchor, cipher);
        };
        let (place, written) = held.newest;
        let (place, written) = ((place + 1) % SLOTS, written + 1);
        let slot = anchor.slot(written, cipher)?;
        held.file.write_all_at(&slot, (place * BLOCK) as u64)?;
        held.file.sync_data()?;
        held.newest = (place, written);
        self.held = Some(held);
        Ok(())
    }

    fn create(&mut self, anchor: &Anchor, cipher: &dyn StoreCipher) -> io::Result<()> {
        self.held = None;
        let mut bytes = anchor.slot(1, cipher)?;
        bytes.extend(anchor.slot(SLOTS as u64, cipher)?);
        let file = replace(&self.path, &bytes)?;
        let newest = (SLOTS - 1, SLOTS as u64);
        self.held = Some(Held { file, newest });
        Ok(())
    }
}

impl Held {
    fn is_at(&self, path: &Path) -> bool {
        let (Ok(ours), Ok(there)) = (self.file.metadata(), fs::symlink_metadata(path)) else {
            return false;
        };
        (ours.dev(), ours.ino()) == (there.dev(), there.ino()) && there.len() == (SLOTS * BLOCK) as u64
    }
}

/// Writes a file of its owner's (0600) in the place of another: all or nothing, and durable when it returns.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<File> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let new = Path::new(&name);
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(new)?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(new, path))
        .inspect_err(|_| {
            // The first error is the one to tell.
            let _ = fs::remove_file(new);
        })?;
    path.parent()
        .map_or(Ok(()), |parent| File::open(parent)?.sync_all())?;
    Ok(file)
}
