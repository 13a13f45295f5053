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
