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
mod tests {
    use super::*;
    use crate::crypto::{KeyringFile, SealSource};
    use crate::domain::id::{Id, OrganizationId};
    use crate::domain::secret::Secret;
    use crate::domain::time::Timestamp;
    use crate::service::ports::{Entropy, EntropyError};

    /// The same bytes for all: here nothing has to be unguessable.
    struct Constant;

    impl Entropy for Constant {
        fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
            bytes.fill(7);
            Ok(())
        }
    }

    struct Place {
        root: tempfile::TempDir,
        cipher: Arc<dyn StoreCipher>,
    }

    impl Place {
        fn new() -> Self {
            let key = Secret::new(vec![7; 32]);
            let source = SealSource::KeyFile {
                path: "/nowhere".into(),
                key: &key,
            };
            let (_, keyring) = KeyringFile::create(&source, Arc::new(Constant)).unwrap();
            Self {
                root: tempfile::tempdir().unwrap(),
                cipher: Arc::new(keyring.file_keys(Arc::new(Constant))),
            }
        }

        /// With slots 1 and 2.
        fn filled() -> Self {
            let place = Self::new();
            let (slots, _) = place.open().unwrap();
            for generation in [1, 2] {
                slots.add(id(generation), &wrapped(generation)).unwrap();
            }
            place
        }

        fn open(&self) -> Result<(Slots, bool), StoreError> {
            Slots::open(self.root.path(), "", Arc::clone(&self.cipher))
        }

        fn copy(&self, copy: &str) -> PathBuf {
            self.root.path().join(format!("slots.{copy}"))
        }

        fn bytes(&self, copy: &str) -> Vec<u8> {
            fs::read(self.copy(copy)).unwrap()
        }

        /// Opened with a word about it, all slots there, and both files as they should be.
        fn is_mended(&self, generations: &[u32]) {
            let (slots, mended) = self.open().unwrap();
            assert!(mended);
            assert_eq!(there(&slots), generations);
            assert_eq!(self.bytes("a").len(), self.bytes("b").len());
            let (slots, mended) = self.open().unwrap();
            assert!(!mended);
            assert_eq!(there(&slots), generations);
        }
    }

    fn id(generation: u32) -> SlotId {
        SlotId {
            organization: OrganizationId(Id::new(Timestamp::from_millis(0), [3; 10])),
            generation,
        }
    }

    fn wrapped(generation: u32) -> Sealed {
        Sealed(vec![u8::try_from(generation).unwrap(); 72])
    }

    fn there(slots: &Slots) -> Vec<u32> {
        let all = (1..10).filter(|&generation| slots.slot(id(generation)).is_some());
        all.inspect(|&generation| assert_eq!(slots.slot(id(generation)), Some(wrapped(generation))))
            .collect()
    }

    #[test]
    fn what_was_added_is_in_both_copies_and_what_was_not_retained_in_neither() {
        let place = Place::filled();
        let (slots, mended) = place.open().unwrap();
        assert!(!mended);
        assert_eq!(slots.retain(&[id(2), id(7)]), Ok(1));
        assert_eq!(slots.retain(&[id(2)]), Ok(0));
        assert_eq!(there(&slots), [2]);
        assert_eq!(there(&place.open().unwrap().0), [2]);
        for copy in COPIES {
            let bytes = place.bytes(copy);
            assert!(bytes.windows(72).any(|window| window == wrapped(2).0), "{copy}");
            assert!(!bytes.windows(8).any(|window| window == [1; 8]), "{copy}");
        }
        assert_eq!(fs::read_dir(place.root.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_store_without_slots_opens_and_writes_nothing() {
        let place = Place::new();
        let (slots, mended) = place.open().unwrap();
        assert!(!mended);
        assert_eq!(slots.retain(&[]), Ok(0));
        assert_eq!(fs::read_dir(place.root.path()).unwrap().count(), 0);
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let place = Place::filled();
        let whole = place.bytes("a");
        for bit in 0..whole.len() * 8 {
            let mut bytes = whole.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let found = parse(&bytes, &*place.cipher).unwrap();
            assert!(matches!(found, Found::Damaged(_)), "bit {bit}");
        }
    }

    #[test]
    fn a_flipped_bit_in_any_byte_of_either_copy_is_mended() {
        let place = Place::filled();
        for copy in COPIES {
            for at in 0..place.bytes(copy).len() {
                let mut bytes = place.bytes(copy);
                bytes[at] ^= 1 << (at % 8);
                fs::write(place.copy(copy), bytes).unwrap();
                place.is_mended(&[1, 2]);
            }
        }
    }

    #[test]
    fn every_truncation_of_either_copy_and_its_loss_is_mended() {
        let place = Place::filled();
        for copy in COPIES {
            for length in 0..place.bytes(copy).len() {
                let bytes = place.bytes(copy);
                fs::write(place.copy(copy), &bytes[..length]).unwrap();
                place.is_mended(&[1, 2]);
            }
            fs::remove_file(place.copy(copy)).unwrap();
            place.is_mended(&[1, 2]);
        }
    }

    #[test]
    fn after_a_crash_between_the_copies_either_state_becomes_the_union() {
        let place = Place::filled();
        let before = place.bytes("b");
        place.open().unwrap().0.add(id(3), &wrapped(3)).unwrap();
        fs::write(place.copy("b"), before).unwrap();
        place.is_mended(&[1, 2, 3]);

        let before = place.bytes("b");
        place.open().unwrap().0.retain(&[id(3)]).unwrap();
        fs::write(place.copy("b"), before).unwrap();
        // The erasure was answered to nobody: it is done again.
        place.is_mended(&[1, 2, 3]);
        assert_eq!(place.open().unwrap().0.retain(&[id(3)]), Ok(2));
        assert_eq!(there(&place.open().unwrap().0), [3]);
    }

    #[test]
    fn of_two_keys_for_one_slot_the_newer_copy_s_holds() {
        for newer in COPIES {
            let place = Place::filled();
            let before = place.bytes("a");
            place.open().unwrap().0.add(id(2), &wrapped(9)).unwrap();
            let older = if newer == "a" { "b" } else { "a" };
            fs::write(place.copy(older), before).unwrap();
            let (slots, mended) = place.open().unwrap();
            assert!(mended);
            assert_eq!(slots.slot(id(2)), Some(wrapped(9)));
        }
    }

    #[test]
    fn two_damaged_copies_are_refused_and_named() {
        for break_it in [
            |path: &Path| fs::write(path, b"x").unwrap(),
            |path: &Path| fs::remove_file(path).unwrap(),
        ] {
            let place = Place::filled();
            fs::write(place.copy("a"), b"").unwrap();
            break_it(&place.copy("b"));
            let Err(StoreError::Damaged(text)) = place.open() else {
                panic!("opened")
            };
            for word in ["slots.a is cut off", "slots.b is", "backup"] {
                assert!(text.contains(word), "{text}");
            }
            assert_eq!(place.bytes("a"), b"");
        }
    }

    #[test]
    fn what_a_crash_left_half_written_is_removed() {
        let place = Place::filled();
        fs::copy(place.copy("a"), place.root.path().join("slots.a.new")).unwrap();
        fs::write(place.root.path().join("slots.b.new"), b"half").unwrap();
        assert!(!place.open().unwrap().1);
        assert_eq!(fs::read_dir(place.root.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_write_that_failed_loses_nothing_and_is_settled_by_the_next() {
        let place = Place::filled();
        let (slots, _) = place.open().unwrap();
        // A directory in the second copy's place: the first is written, the second cannot be.
        fs::remove_file(place.copy("b")).unwrap();
        fs::create_dir(place.copy("b")).unwrap();
        assert!(slots.add(id(3), &wrapped(3)).is_err());
        assert_eq!(there(&slots), [1, 2]);
        assert!(slots.retain(&[id(2)]).is_err());
        assert_eq!(there(&slots), [1, 2]);
        fs::remove_dir(place.copy("b")).unwrap();
        assert_eq!(slots.retain(&[id(1), id(2)]), Ok(0));
        assert_eq!(there(&place.open().unwrap().0), [1, 2]);
        assert_eq!(fs::read_dir(place.root.path()).unwrap().count(), 2);
    }

    #[test]
    fn an_export_makes_the_same_slots_elsewhere_and_nothing_else_does() {
        let place = Place::filled();
        let bytes = place.open().unwrap().0.export().unwrap();
        let other = tempfile::tempdir().unwrap();
        let import = |bytes: &[u8]| Slots::import(other.path(), ".2", Arc::clone(&place.cipher), bytes);
        assert_eq!(there(&import(&bytes).unwrap()), [1, 2]);
        let (slots, mended) = Slots::open(other.path(), ".2", Arc::clone(&place.cipher)).unwrap();
        assert!(!mended);
        assert_eq!(there(&slots), [1, 2]);
        assert!(other.path().join("slots.2.b").is_file());
        for length in 0..bytes.len() {
            assert!(import(&bytes[..length]).is_err());
        }
    }

    #[test]
    fn a_newer_program_s_file_is_named() {
        let place = Place::filled();
        let bytes = place.bytes("a");
        let mut newer = bytes[..bytes.len() - MAC].to_vec();
        newer[MAGIC.len()] = 9;
        newer.extend(place.cipher.mac(FilePurpose::Slots, &[&newer]));
        fs::write(place.copy("a"), newer).unwrap();
        let error = place.open().unwrap_err();
        assert!(
            matches!(error, StoreError::UnknownVersion { version: 9, .. }),
            "{error}"
        );
    }
}
