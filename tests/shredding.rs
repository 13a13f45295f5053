//! A replaced private key is gone: nothing in the live store's files yields it, with the seal in hand.
//!
//! Every byte of the data and the state directory is searched for the private key, its primes and its wrapped data key;
//! every place is tried as that data key's slot; and every frame of the journal is opened and searched too. The same
//! search finds all of it before the rotation.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test's helpers may fail the test"
)]

#[allow(unreachable_pub, reason = "shared by several test binaries")]
#[path = "support/mod.rs"]
mod support;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use strongroom::crypto::{
    Argon2Passwords, Cost, Ed25519, Keyring, KeyringFile, RsaEngine, SealSource, Sha256Hasher,
};
use strongroom::domain::key_pair::{KeyPair, KeySize, KeyState};
use strongroom::domain::secret::{Sealed, Secret};
use strongroom::domain::text::{Brand, Email, OrganizationName, Slug};
use strongroom::domain::time::Timestamp;
use strongroom::service::ports::{
    Binding, Entropy, InSlot, Loaded, Notice, Record, Sealer as _, SlotId, Store, StoreCipher,
};
use strongroom::service::request::{Credentials, Onboard, RotateKey};
use strongroom::service::{Actor, Event, Ports, Request, Response, Service};
use strongroom::store::journal::Journal;
use strongroom::store::journaled::{JournaledStore, Places};
use strongroom::store::record;
use strongroom::store::slots::Slots;
use strongroom::system::checkpoint_file::CheckpointFile;

use support::backup::FixedBackups;
use support::{FakeClock, SeededEntropy};

struct Site {
    root: tempfile::TempDir,
    entropy: Arc<dyn Entropy>,
    keyring: Arc<Keyring>,
}

/// All that there ever was of a private key.
struct Remains {
    slot: SlotId,
    in_slot: InSlot,
    private: Secret,
    /// Both primes and the private exponent.
    numbers: [Vec<u8>; 3],
}

impl Site {
    fn new() -> Self {
        let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(1));
        let source = SealSource::KeyFile {
            path: "/nowhere/seal.key".into(),
            key: &Secret::new(vec![7; 32]),
        };
        let (_, keyring) = KeyringFile::create(&source, Arc::clone(&entropy)).unwrap();
        let root = tempfile::tempdir().unwrap();
        for part in ["data", "state"] {
            fs::create_dir(root.path().join(part)).unwrap();
        }
        Self {
            root,
            entropy,
            keyring: Arc::new(keyring),
        }
    }

    fn cipher(&self) -> Arc<dyn StoreCipher> {
        Arc::new(self.keyring.file_keys(Arc::clone(&self.entropy)))
    }

    fn open(&self) -> (Arc<Service>, Arc<JournaledStore>) {
        let places = Places {
            data: self.root.path().join("data"),
            state: self.root.path().join("state"),
        };
        let clock = Arc::new(FakeClock::at(Timestamp::from_millis(1_795_435_200_000)));
        let store =
            Arc::new(JournaledStore::open(&places, self.cipher(), clock.clone(), &*self.keyring).unwrap());
        let entropy = Arc::clone(&self.entropy);
        let cost = Cost {
            memory_kib: 64,
            passes: 1,
        };
        let service = Service::open(Ports {
            store: store.clone(),
            clock,
            keys: Arc::new(RsaEngine::new(entropy.clone())),
            signer: Arc::new(self.keyring.audit_signer().unwrap()),
            checkpoints: Arc::new(CheckpointFile::new(&places.state, self.keyring.store_id())),
            sealer: self.keyring.clone(),
            passwords: Arc::new(Argon2Passwords::new(cost, entropy.clone())),
            hasher: Arc::new(Sha256Hasher),
            signatures: Arc::new(Ed25519),
            account: Actor::default(),
            backup: Arc::new(FixedBackups),
            entropy,
        });
        (service.unwrap(), store)
    }

    /// What a search finds of a key: where, and what.
    fn found(&self, remains: &Remains) -> Vec<String> {
        let mut found = Vec::new();
        let mut visit = |path: &Path, bytes: &[u8]| {
            let name = path.strip_prefix(self.root.path()).unwrap().display().to_string();
            found.extend(remains.found_in(bytes).map(|what| format!("{name}: {what}")));
            found.extend(self.opens_in(remains, bytes).then(|| format!("{name}: its slot")));
        };
        each_file(self.root.path(), &mut visit);
        let journal = Journal::open(&self.root.path().join("data/journal"), &self.cipher());
        let journal = journal.unwrap().unwrap();
        let (first, last) = (journal.links[0].sequence, journal.journal.last().sequence);
        let frames = journal.journal.reader();
        frames
            .frames(first, last, &mut |link, body| {
                let values = body.records.iter().filter_map(|(_, value)| value.as_ref());
                for value in values.chain(body.audit.iter().map(|(_, value)| value)) {
                    let name = format!("frame {}", link.sequence);
                    found.extend(remains.found_in(value).map(|what| format!("{name}: {what}")));
                    found.extend(self.opens_in(remains, value).then(|| format!("{name}: its slot")));
                }
                Ok(())
            })
            .unwrap();
        found
    }

    /// Whether the private key opens with a data key that is somewhere in `bytes`.
    fn opens_in(&self, remains: &Remains, bytes: &[u8]) -> bool {
        let length = remains.in_slot.wrapped.0.len();
        let places = bytes.windows(length).filter(|window| window[..24] != [0; 24]);
        places.map(|window| Sealed(window.to_vec())).any(|wrapped| {
            let sealed = remains.in_slot.sealed.clone();
            let in_slot = InSlot { wrapped, sealed };
            self.keyring.unseal_in_slot(remains.slot, &in_slot).is_ok()
        })
    }

    /// The active key, as the store has it.
    fn active(&self, store: &JournaledStore) -> Remains {
        let pair = active_pair(store);
        let KeyState::Active(sealed) = pair.state else {
            panic!("it is active")
        };
        let slot = SlotId {
            organization: pair.organization,
            generation: pair.generation,
        };
        let wrapped = store.slot(slot).unwrap();
        let in_slot = InSlot { wrapped, sealed };
        let private = self.keyring.unseal_in_slot(slot, &in_slot).unwrap();
        Remains::new(slot, in_slot, private)
    }
}

impl Remains {
    fn new(slot: SlotId, in_slot: InSlot, private: Secret) -> Self {
        let key = openssl::pkey::PKey::private_key_from_pkcs8(private.expose()).unwrap();
        let key = key.rsa().unwrap();
        let numbers = [key.p().unwrap(), key.q().unwrap(), key.d()].map(|number| number.to_vec());
        Self {
            slot,
            in_slot,
            private,
            numbers,
        }
    }

    fn found_in(&self, bytes: &[u8]) -> impl Iterator<Item = &'static str> {
        let needles = [
            ("a prime", &self.numbers[0][..24]),
            ("a prime", &self.numbers[1][..24]),
            ("its exponent", &self.numbers[2][..24]),
            ("its wrapped data key", &self.in_slot.wrapped.0[..24]),
            ("its wrapped data key", &self.in_slot.wrapped.0[24..48]),
        ];
        let found = needles.map(|(what, needle)| {
            let is_there = bytes.windows(needle.len()).any(|window| window == needle);
            is_there.then_some(what)
        });
        found.into_iter().flatten()
    }
}

fn active_pair(store: &JournaledStore) -> KeyPair {
    let mut active = None;
    let loaded = store.load(&mut |record, _| {
        match record {
            Record::KeyPair(pair) if matches!(pair.state, KeyState::Active(_)) => active = Some(pair),
            _ => {}
        }
        Ok(())
    });
    assert_eq!(loaded, Ok(Loaded::Whole));
    active.unwrap()
}

fn each_file(directory: &Path, visit: &mut dyn FnMut(&Path, &[u8])) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            each_file(&path, visit);
        } else {
            visit(&path, &fs::read(&path).unwrap());
        }
    }
}

fn credentials() -> Credentials {
    Credentials {
        email: Email::parse("ada@acme.test").unwrap(),
        password: Secret::from_text("correct horse battery staple".into()),
    }
}

fn onboard(service: &Arc<Service>) {
    let onboard = Onboard {
        brand: Brand::parse("FinCode").unwrap(),
        slug: Slug::parse("acme").unwrap(),
        name: OrganizationName::parse("Acme").unwrap(),
        size: KeySize::Bits2048,
        admin: credentials(),
        recipient: None,
    };
    service.handle(&owner(), Request::Onboard(onboard)).unwrap();
}

fn owner() -> Actor {
    Actor {
        owns_store: true,
        ..Actor::default()
    }
}

fn rotate(service: &Arc<Service>) {
    let events = service.subscribe();
    let rotation = RotateKey {
        organization: None,
        confirmation: "acme".into(),
        size: KeySize::Bits2048,
        credentials: credentials(),
    };
    let started = service.handle(&owner(), Request::RotateKey(rotation)).unwrap();
    let Response::Started(job) = started else {
        panic!("{started:?}")
    };
    let ended = events.iter().find_map(|event| match event {
        Event::JobEnded(ended, result) if ended == job => Some(result),
        _ => None,
    });
    ended.unwrap().unwrap();
}

#[test]
fn a_replaced_private_key_is_nowhere_in_the_store_s_files() {
    let site = Site::new();
    let (service, store) = site.open();
    onboard(&service);
    let old = site.active(&store);
    service.close().unwrap();
    drop((service, store));
    let found = site.found(&old);
    for copy in ["data/slots.a", "data/slots.b"] {
        for what in ["its wrapped data key", "its slot"] {
            assert!(found.contains(&format!("{copy}: {what}")), "{found:?}");
        }
    }
    assert!(
        found.iter().all(|place| place.starts_with("data/slots.")),
        "{found:?}"
    );

    let (service, store) = site.open();
    rotate(&service);
    // From the answer on, not only after a clean end.
    let mut found = Vec::new();
    each_file(site.root.path(), &mut |path, bytes| {
        found.extend(old.found_in(bytes).map(|what| (path.to_owned(), what)));
    });
    assert_eq!(found, []);
    store.checkpoint().unwrap();
    service.close().unwrap();
    drop((service, store));
    assert_eq!(site.found(&old), Vec::<String>::new());

    // The new one is there, and opens.
    let (service, store) = site.open();
    let new = site.active(&store);
    drop((service, store));
    assert!(site.found(&new).contains(&"data/slots.a: its slot".to_owned()));
}

/// Puts the store back into how it was before there was a journal, or key slots; the sealed private key as it was then.
fn before_the_journal(site: &Site) -> (Sealed, KeyPair) {
    let (service, store) = site.open();
    onboard(&service);
    service.close().unwrap();
    let key = site.active(&store);
    let generation = 1_u32.to_be_bytes();
    let binding = Binding {
        organization: key.slot.organization.0.bytes(),
        kind: "private-key",
        id: &generation,
        version: 1,
    };
    let before = site.keyring.seal(&binding, &key.private).unwrap();
    let old_pair = KeyPair {
        state: KeyState::Active(before.clone()),
        ..active_pair(&store)
    };
    let mut records = Vec::new();
    let _ = store.load(&mut |record, revision| {
        records.push((record, revision));
        Ok(())
    });
    let audit = store.audit_page(None, 1000).unwrap();
    drop((service, store));
    for part in ["data", "state"] {
        fs::remove_dir_all(site.root.path().join(part)).unwrap();
        fs::create_dir(site.root.path().join(part)).unwrap();
    }
    let old = sled::open(site.root.path().join("data/records")).unwrap();
    let (tree, log) = (old.open_tree("records").unwrap(), old.open_tree("audit").unwrap());
    for (it, revision) in records {
        let it = match it {
            Record::KeyPair(_) => Record::KeyPair(old_pair.clone()),
            other => other,
        };
        let (key, value) = record::encode(&it, revision).unwrap();
        tree.insert(key, value).unwrap();
    }
    for entry in audit {
        let value = record::encode_audit(&entry).unwrap();
        log.insert(entry.sequence.to_be_bytes(), value).unwrap();
    }
    (before, old_pair)
}

/// Taken over whole: the key opens through a slot, and nothing is left of how it was sealed before.
fn is_taken_over(site: &Site, before: &Sealed, old: &KeyPair) {
    let (service, store) = site.open();
    assert!(store.opening().notices.contains(&Notice::TakenOver));
    assert_eq!(active_pair(&store).fingerprint, old.fingerprint);
    let key = site.active(&store);
    service.close().unwrap();
    drop((service, store));
    let mut left = Vec::new();
    each_file(site.root.path(), &mut |path, bytes| {
        let is_left = bytes.windows(24).any(|window| *window == before.0[..24]);
        left.extend(is_left.then(|| path.to_owned()));
    });
    assert_eq!(left, Vec::<std::path::PathBuf>::new());
    let (service, store) = site.open();
    rotate(&service);
    service.close().unwrap();
    drop((service, store));
    assert_eq!(site.found(&key), Vec::<String>::new());
}

#[test]
fn a_store_of_before_the_slots_keeps_nothing_of_how_its_keys_were_sealed() {
    let site = Site::new();
    let (before, old) = before_the_journal(&site);
    is_taken_over(&site, &before, &old);
}

#[test]
fn a_takeover_that_was_cut_off_begins_anew() {
    let site = Site::new();
    let (before, old) = before_the_journal(&site);
    let data = site.root.path().join("data");
    let (slots, _) = Slots::open(&data, "", site.cipher()).unwrap();
    let slot = SlotId {
        organization: old.organization,
        generation: old.generation,
    };
    slots.add(slot, &Sealed(vec![9; 72])).unwrap();
    fs::create_dir(data.join("journal")).unwrap();
    fs::write(data.join("journal/checkpoint-00000000000000000001"), b"half").unwrap();
    is_taken_over(&site, &before, &old);
}
