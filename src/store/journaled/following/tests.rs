use std::fs;
use std::path::Path;
use std::time::Instant;

use super::*;
use crate::crypto::{KeyringFile, SealSource};
use crate::domain::audit::{Action, AuditActor, AuditEntry, Outcome};
use crate::domain::id::{Id, RequestId};
use crate::domain::secret::Secret;
use crate::domain::text::Email;
use crate::domain::throttle::Throttle;
use crate::domain::time::Timestamp;
use crate::service::ports::{
    Batch, Clock, Entropy, EntropyError, Expectation, Loaded, Notice, Record, Store as _,
};
use crate::store::journal::Link;
use crate::store::journaled::{JournaledStore, Places};
use crate::store::record;
use crate::store::sled::Tree;

/// The same bytes and the same moment for all: here nothing has to be unguessable.
struct Constant;

impl Entropy for Constant {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        bytes.fill(7);
        Ok(())
    }
}

impl Clock for Constant {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_763_900_000_000)
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }

    fn boot(&self) -> [u8; 16] {
        [1; 16]
    }
}

fn cipher() -> Arc<dyn StoreCipher> {
    let key = Secret::new(vec![7; 32]);
    let source = SealSource::KeyFile {
        path: "/nowhere".into(),
        key: &key,
    };
    let (_, keyring) = KeyringFile::create(&source, Arc::new(Constant)).unwrap();
    Arc::new(keyring.file_keys(Arc::new(Constant)))
}

/// Opened, with what was found, and read.
fn open(root: &Path) -> (JournaledStore, Vec<Notice>) {
    let places = Places {
        data: root.join("data"),
        state: root.join("state"),
    };
    for place in [&places.data, &places.state] {
        fs::create_dir_all(place).unwrap();
    }
    let store = JournaledStore::open(&places, cipher(), Arc::new(Constant), &()).unwrap();
    while store.load(&mut |_, _| Ok(())).unwrap() == Loaded::Mended {}
    let notices = store.opening().notices;
    (store, notices)
}

/// With one commit, which the database has, synced.
fn begun(root: &Path) -> JournaledStore {
    let (store, _) = open(root);
    store.commit(&put(1)).unwrap();
    store.maintain().unwrap();
    store
}

fn throttle(source: &str, failures: u32) -> Record {
    Record::Throttle(Throttle {
        email: Email::parse("ada@acme.test").unwrap(),
        source: source.to_owned(),
        failures,
        last_failure: Timestamp::default(),
    })
}

fn entry(sequence: u64) -> AuditEntry {
    AuditEntry {
        sequence,
        at: Timestamp::default(),
        actor: AuditActor {
            cashier: None,
            role: None,
            os_user: "ada".to_owned(),
            uid: 1000,
            address: None,
        },
        action: Action::TokenCreated,
        organization: None,
        subject: "put".to_owned(),
        result: Outcome::Done,
        reason: String::new(),
        request: RequestId(Id::new(Timestamp::default(), [3; 10])),
        previous: [5; 32],
        hash: [6; 32],
    }
}

/// A new record and an audit entry of this number.
fn put(number: u64) -> Batch {
    let record = throttle(&number.to_string(), 1);
    Batch {
        expect: vec![
            Expectation::Absent(record.key()),
            Expectation::AuditHead(number - 1),
        ],
        put: vec![(record, 1)],
        audit: vec![entry(number)],
        ..Batch::default()
    }
}

fn in_database(store: &JournaledStore, record: &Record) -> bool {
    let database = store.database();
    database.value(&record::key(&record.key())).unwrap().is_some()
}

fn count(store: &JournaledStore) -> usize {
    let mut count = 0;
    let loaded = store.load(&mut |_, _| {
        count += 1;
        Ok(())
    });
    assert_eq!(loaded, Ok(Loaded::Whole));
    count
}

#[test]
fn a_commit_is_answered_before_the_database_has_it_and_the_next_one_knows_it() {
    let root = tempfile::tempdir().unwrap();
    let store = begun(root.path());
    let turn = store.following.turn();
    let (first, second) = (throttle("x", 1), throttle("x", 2));
    let write = |expect: Expectation, replaced: Vec<_>, put: Vec<_>, delete: Vec<_>| {
        store.commit(&Batch {
            expect: vec![expect],
            replaced,
            put,
            delete,
            ..Batch::default()
        })
    };
    let (key, absent) = (first.key(), Expectation::Absent(first.key()));
    write(absent.clone(), vec![], vec![(first.clone(), 1)], vec![]).unwrap();
    assert!(!in_database(&store, &first));
    let again = write(absent.clone(), vec![], vec![(first.clone(), 1)], vec![]);
    assert_eq!(again, Err(StoreError::Conflict(key.clone())));
    let stale = Expectation::Revision(key.clone(), 1);
    let update = vec![(second.clone(), 2)];
    // What memory has has to be what is queued.
    let other = vec![(second.clone(), 1)];
    let refused = write(stale.clone(), other, update.clone(), vec![]);
    assert!(matches!(refused, Err(StoreError::Damaged(_))), "{refused:?}");
    write(stale.clone(), vec![(first.clone(), 1)], update, vec![]).unwrap();
    let refused = write(stale, vec![(first, 1)], vec![], vec![key.clone()]);
    assert_eq!(refused, Err(StoreError::Conflict(key.clone())));
    let newest = Expectation::Revision(key.clone(), 2);
    write(newest, vec![(second.clone(), 2)], vec![], vec![key]).unwrap();
    write(absent, vec![], vec![(second.clone(), 1)], vec![]).unwrap();
    assert!(!in_database(&store, &second));
    drop(turn);
    assert_eq!(count(&store), 2);
    assert!(in_database(&store, &second));
    assert_eq!(store.health().faults, Vec::<String>::new());
}

#[test]
#[allow(clippy::disallowed_methods, reason = "how long it takes is what is asked")]
fn whoever_reads_has_all_that_was_answered_and_does_not_wait_for_the_thread() {
    const ROUNDS: u32 = 50;
    let root = tempfile::tempdir().unwrap();
    let store = begun(root.path());
    let begun = Instant::now();
    for number in 2..=u64::from(ROUNDS) {
        store.commit(&put(number)).unwrap();
        let newest = store.audit_page(None, 1).unwrap();
        assert_eq!(newest[0].sequence, number);
    }
    assert!(begun.elapsed() < PAUSE * ROUNDS / 2, "{:?}", begun.elapsed());
    let number = u64::from(ROUNDS) + 1;
    store.commit(&put(number)).unwrap();
    assert_eq!(count(&store), ROUNDS as usize + 1);
    store.commit(&put(number + 1)).unwrap();
    let (_, ending) = store.write_checkpoint(Vec::new()).unwrap();
    assert_eq!(ending.tally.count, number + 1);
    assert!(in_database(&store, &throttle(&(number + 1).to_string(), 1)));
}

#[test]
fn what_cannot_be_applied_leaves_the_database_behind_until_it_is_mended() {
    let root = tempfile::tempdir().unwrap();
    let store = begun(root.path());
    let turn = store.following.turn();
    for number in 2..=4 {
        store.commit(&put(number)).unwrap();
    }
    assert!(store.database().close());
    assert!(turn.apply().is_some());
    drop(turn);
    assert!(
        store
            .following
            .queued(&record::key(&throttle("4", 1).key()))
            .is_none()
    );
    let faults = store.health().faults;
    assert!(
        matches!(&faults[..], [fault] if fault.contains("behind the journal")),
        "{faults:?}"
    );
    // The journal has them, and memory knows them.
    store.commit(&put(5)).unwrap();
    store.maintain().unwrap();
    assert_eq!(store.health().faults, Vec::<String>::new());
    store.commit(&put(6)).unwrap();
    assert_eq!(count(&store), 6);
    assert_eq!(store.audit_page(None, 100).unwrap().len(), 6);
    assert_eq!(store.opening().notices, []);
}

#[test]
fn a_database_that_was_opened_again_is_caught_up_before_it_is_written_to() {
    let root = tempfile::tempdir().unwrap();
    let store = begun(root.path());
    let turn = store.following.turn();
    store.commit(&put(2)).unwrap();
    assert!(store.database().close());
    store.database().reopen().unwrap();
    store.commit(&put(3)).unwrap();
    assert!(turn.apply().is_some());
    assert!(!in_database(&store, &throttle("2", 1)));
    drop(turn);
    store.maintain().unwrap();
    assert_eq!(count(&store), 3);
    assert_eq!(store.opening().notices, []);
}

#[test]
fn what_a_crash_left_unapplied_is_replayed() {
    let root = tempfile::tempdir().unwrap();
    let (here, copy) = (root.path().join("here"), root.path().join("copy"));
    fs::create_dir(&here).unwrap();
    let store = begun(&here);
    let turn = store.following.turn();
    for number in 2..=4 {
        store.commit(&put(number)).unwrap();
    }
    copy_all(&here, &copy);
    drop(turn);
    let (crashed, notices) = open(&copy);
    assert_eq!(notices, [Notice::Replayed(3)]);
    assert_eq!(count(&crashed), 4);
    assert_eq!(crashed.audit_page(None, 100).unwrap().len(), 4);
}

fn copy_all(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_all(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

#[test]
fn a_close_leaves_nothing_to_replay() {
    let root = tempfile::tempdir().unwrap();
    let store = begun(root.path());
    for number in 2..=4 {
        store.commit(&put(number)).unwrap();
    }
    drop(store);
    let (store, notices) = open(root.path());
    assert_eq!(notices, []);
    assert_eq!(count(&store), 4);
    assert_eq!(lock(&store.writer).role, Role::Witness);
    // So the next commit is in the database, synced, before it is answered: from then on that is no witness.
    let turn = store.following.turn();
    std::thread::scope(|scope| {
        let commit = scope.spawn(|| store.commit(&put(5)));
        drop(turn);
        commit.join().unwrap().unwrap();
    });
    assert!(in_database(&store, &throttle("5", 1)));
    assert_eq!(lock(&store.writer).role, Role::Follower);
}

#[test]
fn where_too_much_waits_it_is_applied_at_once() {
    let root = tempfile::tempdir().unwrap();
    let store = begun(root.path());
    let key = |number: u32| number.to_be_bytes().to_vec();
    let frame = |sequence, length| Frame {
        position: Position {
            link: Link {
                sequence,
                mac: [0; 32],
            },
            ..Position::default()
        },
        body: Body {
            records: (0..200).map(|n| (key(n), Some(vec![1; length]))).collect(),
            ..Body::default()
        },
    };
    let values = Values::from([(key(7), None)]);
    let turn = store.following.turn();
    store.following.queue(frame(2, 10), values.clone());
    assert_eq!(store.following.queued(&key(7)), Some(None));
    drop(turn);
    store.following.queue(frame(3, MOST.1 / 200), values);
    assert_eq!(store.following.queued(&key(7)), None);
    let mut records = 0;
    let database = store.database();
    let each = database.each(Tree::Records, &mut |_| {
        records += 1;
        Ok(())
    });
    each.unwrap();
    assert_eq!(records, 201);
    drop(database);
    assert_eq!(lock(&store.following.shared.state).bytes, 0);
    // The journal knows nothing of these.
    lock(&store.writer).is_suspect = true;
    store.maintain().unwrap();
    assert_eq!(count(&store), 1);
}
