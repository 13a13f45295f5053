//! The key slots: the wrapped data keys of private keys, in two files that are copies of each other.
//!
//! - A data key is nowhere else: whoever takes its slot out of both copies has destroyed the private key.
//! - A copy is written whole, as a new file that takes the old one's place: each is what it was or what it becomes.
//! - The first copy is written before the second. What a crash left different between them was answered to nobody: the
//!   union of both is what holds, and the service erases what no generation names.
//! - One copy that is damaged, missing or behind is written anew from the other; two are an error that names them.
//!
//! Layout of a copy: magic, version, store id, epoch, how often it was written, entries (postcard), MAC of all before it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use super::failure;
use crate::domain::secret::Sealed;
use crate::service::ports::{FilePurpose, SlotId, StoreCipher, StoreError};

const MAGIC: &[u8; 8] = b"STRGSLOT";
const VERSION: u8 = 1;
const MAC: usize = 32;
const COPIES: [&str; 2] = ["a", "b"];

type Entries = BTreeMap<SlotId, Sealed>;

/// The key slots of one store, in memory and in both files.
pub struct Slots {
    copies: [PathBuf; 2],
    cipher: Arc<dyn StoreCipher>,
    state: Mutex<State>,
}

struct State {
    entries: Entries,
    /// How often the copies were written: of two entries for one slot, that of the newer copy holds.
    written: u64,
    /// A write failed half-way: the files may hold more than `entries` does.
    unsettled: bool,
}

#[derive(Serialize, Deserialize)]
struct Body {
    store: [u8; 16],
    epoch: u32,
    written: u64,
    entries: Entries,
}

enum Found {
    Missing,
    /// Why it is no copy.
    Damaged(String),
    Whole(Body),
}

impl Slots {
    /// Reads `slots<suffix>.a` and `slots<suffix>.b` in `directory`, neither of which needs to be there; and whether one
    /// of them had to be mended.
    ///
    /// # Errors
    /// Both copies are damaged, or written by a newer program; or the operating system refused.
    pub fn open(
        directory: &Path,
        suffix: &str,
        cipher: Arc<dyn StoreCipher>,
    ) -> Result<(Self, bool), StoreError> {
        let slots = Self {
            copies: COPIES.map(|copy| directory.join(format!("slots{suffix}.{copy}"))),
            cipher,
            state: Mutex::new(State {
                entries: Entries::new(),
                written: 0,
                unsettled: false,
            }),
        };
        let mended = slots.read()?;
        Ok((slots, mended))
    }

    /// Writes both copies with what [`Self::export`] gave, in the place of whatever is there.
    ///
    /// # Errors
    /// The bytes are damaged, or another store's or epoch's; or they cannot be written.
    pub fn import(
        directory: &Path,
        suffix: &str,
        cipher: Arc<dyn StoreCipher>,
        bytes: &[u8],
    ) -> Result<Self, StoreError> {
        let body = match parse(bytes, &*cipher)? {
            Found::Whole(body) => body,
            Found::Damaged(why) => return Err(StoreError::Damaged(format!("the key slots' bytes: {why}"))),
            Found::Missing => return Err(StoreError::Damaged("there are no key slots' bytes".into())),
        };
        let slots = Self {
            copies: COPIES.map(|copy| directory.join(format!("slots{suffix}.{copy}"))),
            cipher,
            state: Mutex::new(State {
                entries: Entries::new(),
                written: body.written,
                unsettled: false,
            }),
        };
        slots.write(&mut slots.state(), body.entries)?;
        Ok(slots)
    }

    /// The bytes of a copy, for a backup: sealed and authenticated as the files are.
    ///
    /// # Errors
    /// They cannot be put into bytes.
    pub fn export(&self) -> Result<Vec<u8>, StoreError> {
        let state = self.state();
        self.encode(&state.entries, state.written)
    }

    /// Keeps the slots of what [`Self::export`] gave beside those that are here; one that is here holds.
    ///
    /// # Errors
    /// As [`Self::import`].
    pub fn merge(&self, bytes: &[u8]) -> Result<(), StoreError> {
        let Found::Whole(body) = parse(bytes, &*self.cipher)? else {
            return Err(StoreError::Damaged(
                "the key slots' bytes are not what was written".into(),
            ));
        };
        let mut state = self.state();
        let mut entries = body.entries;
        entries.extend(state.entries.clone());
        self.write(&mut state, entries)
    }

    /// How each copy is, whether it is whole and in words; changes nothing.
    ///
    /// # Errors
    /// A copy was written by a newer program.
    pub fn examine(
        directory: &Path,
        suffix: &str,
        cipher: &dyn StoreCipher,
    ) -> Result<[(bool, String); 2], StoreError> {
        let look = |copy: &str| -> Result<(bool, String), StoreError> {
            let found = match fs::read(directory.join(format!("slots{suffix}.{copy}"))) {
                Ok(bytes) => parse(&bytes, cipher)?,
                Err(error) if error.kind() == io::ErrorKind::NotFound => Found::Missing,
                Err(error) => Found::Damaged(format!("cannot be read ({error})")),
            };
            Ok((found.whole().is_some(), format!("it {found}")))
        };
        Ok([look("a")?, look("b")?])
    }

    /// Whether there is no slot.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.state().entries.is_empty()
    }

    /// The wrapped data key in a slot.
    #[must_use]
    pub fn slot(&self, slot: SlotId) -> Option<Sealed> {
        self.state().entries.get(&slot).cloned()
    }

    /// Keeps a wrapped data key; in both copies when it returns.
    ///
    /// # Errors
    /// It could not be written; no slot is lost.
    pub fn add(&self, slot: SlotId, wrapped: &Sealed) -> Result<(), StoreError> {
        let mut state = self.state();
        let mut entries = state.entries.clone();
        entries.insert(slot, wrapped.clone());
        self.write(&mut state, entries)
    }

    /// Keeps these and no others; in both copies when it returns.
    ///
    /// # Errors
    /// It could not be written.
    pub fn replace_all(&self, entries: BTreeMap<SlotId, Sealed>) -> Result<(), StoreError> {
        self.write(&mut self.state(), entries)
    }

    /// Destroys all slots but these, in both copies; how many were destroyed.
    ///
    /// # Errors
    /// It could not be written: nothing counts as destroyed, and the next call tries again.
    pub fn retain(&self, keep: &[SlotId]) -> Result<usize, StoreError> {
        let mut state = self.state();
        let mut entries = state.entries.clone();
        entries.retain(|slot, _| keep.contains(slot));
        let destroyed = state.entries.len() - entries.len();
        if destroyed > 0 || state.unsettled {
            self.write(&mut state, entries)?;
        }
        Ok(destroyed)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // What it holds is replaced whole, after both copies were written.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the union of both copies, and writes the one that has not all of it.
    fn read(&self) -> Result<bool, StoreError> {
        for copy in &self.copies {
            remove_leftover(copy)?;
        }
        let found = [self.find(&self.copies[0])?, self.find(&self.copies[1])?];
        if found.iter().all(|copy| matches!(copy, Found::Missing)) {
            return Ok(false);
        }
        let mut whole: Vec<&Body> = found.iter().filter_map(Found::whole).collect();
        whole.sort_by_key(|body| body.written);
        let Some(newest) = whole.last() else {
            let [a, b] = &self.copies;
            return Err(StoreError::Damaged(format!(
                "{} {}, and {} {}: without the key slots no private key opens; put both back from a backup",
                a.display(),
                found[0],
                b.display(),
                found[1]
            )));
        };
        let union: Entries = whole.iter().flat_map(|body| body.entries.clone()).collect();
        let mut state = self.state();
        state.written = newest.written;
        let mut mended = false;
        for (copy, found) in self.copies.iter().zip(&found) {
            if found.whole().is_none_or(|body| body.entries != union) {
                replace(copy, &self.encode(&union, newest.written + 1)?)
                    .map_err(|error| failure::of(copy, &error))?;
                state.written = newest.written + 1;
                mended = true;
            }
        }
        state.entries = union;
        Ok(mended)
    }

    fn find(&self, copy: &Path) -> Result<Found, StoreError> {
        match fs::read(copy) {
            Ok(bytes) => parse(&bytes, &*self.cipher),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Found::Missing),
            Err(error) => Ok(Found::Damaged(format!("cannot be read ({error})"))),
        }
    }

    /// Both copies with `entries`, then the memory.
    fn write(&self, state: &mut State, entries: Entries) -> Result<(), StoreError> {
        let written = state.written + 1;
        let bytes = self.encode(&entries, written)?;
        state.unsettled = true;
        for copy in &self.copies {
            replace(copy, &bytes).map_err(|error| failure::of(copy, &error))?;
        }
        *state = State {
            entries,
            written,
            unsettled: false,
        };
        Ok(())
    }

    fn encode(&self, entries: &Entries, written: u64) -> Result<Vec<u8>, StoreError> {
        let body = Body {
            store: self.cipher.store_id(),
            epoch: self.cipher.epoch(),
            written,
            entries: entries.clone(),
        };
        let mut bytes = MAGIC.to_vec();
        bytes.push(VERSION);
        let mut bytes = postcard::to_extend(&body, bytes)
            .map_err(|error| StoreError::Damaged(format!("the key slots cannot be written down: {error}")))?;
        bytes.extend(self.cipher.mac(FilePurpose::Slots, &[&bytes]));
        Ok(bytes)
    }
}

impl fmt::Debug for Slots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slots")
            .field("copies", &self.copies)
            .finish_non_exhaustive()
    }
}

impl Found {
    const fn whole(&self) -> Option<&Body> {
        match self {
            Self::Whole(body) => Some(body),
            Self::Missing | Self::Damaged(_) => None,
        }
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("is missing"),
            Self::Damaged(why) => f.write_str(why),
            Self::Whole(_) => f.write_str("is whole"),
        }
    }
}

/// The MAC first: what it does not cover is not looked at.
fn parse(bytes: &[u8], cipher: &dyn StoreCipher) -> Result<Found, StoreError> {
    let damaged = |why: &str| Ok(Found::Damaged(why.to_owned()));
    let Some((content, mac)) = bytes.split_last_chunk::<MAC>() else {
        return damaged("is cut off");
    };
    if cipher.mac(FilePurpose::Slots, &[content]) != *mac {
        return damaged("is not what was written");
    }
    let Some((&version, body)) = content.strip_prefix(MAGIC).and_then(<[u8]>::split_first) else {
        return damaged("is no file of key slots");
    };
    if version != VERSION {
        return Err(StoreError::UnknownVersion {
            kind: "key slots",
            version,
            newest: VERSION,
        });
    }
    match postcard::from_bytes::<Body>(body) {
        Ok(body) if (body.store, body.epoch) == (cipher.store_id(), cipher.epoch()) => Ok(Found::Whole(body)),
        Ok(_) => damaged("belongs to another store"),
        Err(_) => damaged("does not decode"),
    }
}

/// Puts a new file in the place of what is there: all or nothing, and durable when it returns.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = temporary(path);
    let directory = path.parent().unwrap_or(Path::new("."));
    write_new(&new, bytes)
        .and_then(|()| fs::rename(&new, path))
        .inspect_err(|_| {
            // The first error is the one to tell; what stays behind is removed at the next open.
            let _ = fs::remove_file(&new);
        })?;
    File::open(directory)?.sync_all()
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// A file that a crash left may hold a slot that was destroyed since.
fn remove_leftover(copy: &Path) -> Result<(), StoreError> {
    let leftover = temporary(copy);
    match fs::remove_file(&leftover) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failure::of(&leftover, &error)),
        _ => Ok(()),
    }
}

fn temporary(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".new");
    name.into()
}

#[cfg(test)]
mod tests;
