//! The store's journal: what opening mends, what it refuses, and what it says, one case at a time. What chance finds is in
//! the campaign.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test's helpers may fail the test"
)]

#[path = "support/disk.rs"]
mod disk;
#[path = "support/store.rs"]
mod support;
#[path = "journaled/witnesses.rs"]
mod witnesses;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use strongroom::domain::key_pair::KeyState;
use strongroom::domain::secret::Sealed;
use strongroom::domain::time::Timestamp;
use strongroom::service::ports::{Batch, Clock, Notice, Record, Store, StoreError};
use strongroom::store::journaled::JournaledStore;
use strongroom::store::record;
use strongroom::system::SystemClock;
use support::{entry, key_pair, keys, loaded, open, opened, opened_at, organization, put, token};

struct Site(tempfile::TempDir);

impl Site {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn data(&self) -> PathBuf {
        self.0.path().join("data")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.data().join(name)
    }

    /// Commits these numbers, one token each, and lets go of the store.
    fn commit(&self, numbers: std::ops::RangeInclusive<u64>) {
        commit(&open(&self.data()).unwrap(), numbers);
    }

    /// Opens and reads it; what was found, and the tokens' numbers in it are those up to `last`.
    fn notices(&self, last: u64) -> Vec<Notice> {
        let store = opened(&self.data()).unwrap();
        let all: Vec<_> = (1..=last).map(|n| Record::Token(token(1, n)).key()).collect();
        assert_eq!(keys(&store), all);
        assert_eq!(store.audit_head().unwrap().map_or(0, |head| head.sequence), last);
        assert_eq!(store.health().records, last);
        store.opening().notices
    }

    /// Why it does not open.
    fn refused(&self) -> String {
        match open(&self.data()) {
            Err(StoreError::Damaged(why)) => why,
            other => panic!("{other:?}"),
        }
    }

    fn segments(&self) -> Vec<PathBuf> {
        self.files("segment-")
    }

    fn files(&self, begin: &str) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.path("journal")).unwrap();
        let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        files.retain(|path| path.file_name().unwrap().to_str().unwrap().starts_with(begin));
        files.sort();
        files
    }

    fn state(&self) -> PathBuf {
        self.0.path().join("state")
    }

    fn anchor(&self) -> PathBuf {
        let mut files = fs::read_dir(self.state()).unwrap();
        files.next().unwrap().unwrap().path()
    }

    fn copy(&self, from: &str, to: &str) {
        let _ = fs::remove_dir_all(self.0.path().join(to));
        let path = |name: &str| self.0.path().join(name).to_str().unwrap().to_owned();
        assert!(disk::run("cp", &["-r", &path(from), &path(to)]));
    }
}

fn commit(store: &JournaledStore, numbers: std::ops::RangeInclusive<u64>) {
    for n in numbers {
        store.commit(&put(Record::Token(token(1, n)), n)).unwrap();
    }
}

/// Where each frame begins, by its header; and the end of the last.
fn frames(segment: &Path) -> Vec<usize> {
    let bytes = fs::read(segment).unwrap();
    let mut places = vec![96];
    loop {
        let place = places[places.len() - 1];
        let Some(header) = bytes
            .get(place..place + 36)
            .filter(|header| header.starts_with(b"SRfr"))
        else {
            return places;
        };
        let sealed = u32::from_be_bytes(header[32..].try_into().unwrap());
        places.push(place + 36 + sealed as usize + 32);
    }
}

fn flip(path: &Path, place: usize) {
    let file = fs::OpenOptions::new().read(true).write(true).open(path).unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, place as u64).unwrap();
    file.write_all_at(&[byte[0] ^ 16], place as u64).unwrap();
}

#[test]
fn a_database_that_is_behind_is_caught_up() {
    let site = Site::new();
    site.commit(1..=5);
    site.copy("data/records", "old");
    site.commit(6..=9);
    site.copy("old", "data/records");
    assert_eq!(site.notices(9), [Notice::Replayed(4)]);
    assert_eq!(site.notices(9), []);
}

#[test]
fn a_database_that_is_gone_or_another_is_built_anew() {
    let site = Site::new();
    site.commit(1..=5);
    fs::remove_dir_all(site.path("records")).unwrap();
    assert!(matches!(&site.notices(5)[..], [Notice::Rebuilt(_)]));
    let other = Site::new();
    other.commit(1..=7);
    fs::remove_dir_all(site.path("records")).unwrap();
    assert!(disk::run(
        "cp",
        &[
            "-r",
            other.path("records").to_str().unwrap(),
            site.data().to_str().unwrap()
        ]
    ));
    // Of the same keyring, and further on: the journal must have lost what it has.
    assert!(site.refused().contains("frame 6"), "{}", site.refused());
}

#[test]
fn a_damaged_frame_is_named_and_nothing_is_dropped() {
    let site = Site::new();
    site.commit(1..=5);
    let segment = site.segments().remove(0);
    let places = frames(&segment);
    assert_eq!(places.len(), 6);
    for (number, pair) in places.windows(2).enumerate() {
        for place in [pair[0], pair[0] + 20, pair[0] + 33, pair[0] + 40, pair[1] - 1] {
            flip(&segment, place);
            let why = site.refused();
            assert!(
                why.contains(&format!("frame {}", number + 1)),
                "{number} {place}: {why}"
            );
            flip(&segment, place);
        }
    }
    assert_eq!(site.notices(5), []);
}

#[test]
fn a_journal_that_ends_early_is_missed() {
    let site = Site::new();
    site.commit(1..=5);
    let segment = site.segments().remove(0);
    let whole = fs::read(&segment).unwrap();
    for &place in &frames(&segment)[1..5] {
        for end in [place, place + 1, place - 1] {
            fs::write(&segment, &whole[..end]).unwrap();
            let why = site.refused();
            assert!(why.contains("frame "), "{end}: {why}");
        }
    }
    fs::remove_file(&segment).unwrap();
    assert!(site.refused().contains("journal is not there"));
    fs::remove_dir_all(site.path("journal")).unwrap();
    assert!(site.refused().contains("journal is not there"));
    // Also when the records are gone too: the anchor knows.
    fs::remove_dir_all(site.path("records")).unwrap();
    assert!(site.refused().contains("journal is not there"));
}

#[test]
fn a_write_that_was_cut_off_is_removed_and_said() {
    let site = Site::new();
    site.commit(1..=5);
    let segment = site.segments().remove(0);
    let whole = fs::read(&segment).unwrap();
    let places = frames(&segment);
    let (last, end) = (places[4], places[5]);
    let anchor = site.anchor();
    // As if the process had died in the middle of its sixth commit: the frame is there in part.
    for length in [1, 4, 40, end - last - 1] {
        let mut bytes = whole.clone();
        let (before, after) = bytes.split_at_mut(end);
        after[..length].copy_from_slice(&before[last..last + length]);
        fs::write(&segment, bytes).unwrap();
        assert_eq!(site.notices(5), [Notice::TornFrame(6)], "{length}");
        assert_eq!(site.notices(5), []);
    }
    // The same bytes, and an anchor that knows the sixth: it was acknowledged.
    site.commit(6..=6);
    let newer = fs::read(&anchor).unwrap();
    site.copy("data/records", "six");
    let mut bytes = whole.clone();
    bytes[end] = 7;
    fs::write(&segment, bytes).unwrap();
    assert!(site.refused().contains("frame 6"));
    assert_eq!(fs::read(&anchor).unwrap(), newer);
}

#[test]
fn an_old_copy_put_back_is_noticed_and_sealed_until_it_is_accepted() {
    let site = Site::new();
    site.commit(1..=5);
    site.copy("data", "old");
    site.commit(6..=9);
    fs::remove_dir_all(site.data()).unwrap();
    site.copy("old", "data");
    for _ in 0..2 {
        let store = open(&site.data()).unwrap();
        let rollback = store.opening().rollback.unwrap();
        assert_eq!((rollback.anchored, rollback.found), (9, 5));
        let refused = store.commit(&put(Record::Token(token(1, 6)), 6));
        assert!(matches!(refused, Err(StoreError::Closed(_))), "{refused:?}");
    }
    let store = open(&site.data()).unwrap();
    store.accept_rollback().unwrap();
    // The acceptance is a commit; until that is there nothing has changed.
    drop(store);
    let store = open(&site.data()).unwrap();
    assert!(store.opening().rollback.is_some());
    // Nor when the anchor cannot be written: a directory is in its place.
    site.copy("data", "before");
    let anchor = site.anchor();
    let blocked = anchor.with_extension("new");
    fs::create_dir(&blocked).unwrap();
    store.accept_rollback().unwrap();
    let refused = store.commit(&put(Record::Token(token(1, 6)), 6));
    assert!(matches!(refused, Err(StoreError::Closed(_))), "{refused:?}");
    drop(store);
    fs::remove_dir(blocked).unwrap();
    assert!(open(&site.data()).unwrap().opening().rollback.is_some());
    fs::remove_dir_all(site.data()).unwrap();
    site.copy("before", "data");
    let store = open(&site.data()).unwrap();
    store.accept_rollback().unwrap();
    commit(&store, 6..=6);
    assert_eq!(store.opening().rollback, None);
    commit(&store, 7..=7);
    drop(store);
    assert_eq!(site.notices(7), []);
    assert_eq!(open(&site.data()).unwrap().opening().rollback, None);
    // The copy that went another way has frames of the same numbers, and is another chain.
    fs::remove_dir_all(site.data()).unwrap();
    site.copy("old", "data");
    let store = open(&site.data()).unwrap();
    store.accept_rollback().unwrap();
    commit(&store, 6..=7);
    let rollback = open_copy_of_a_fork(&site, store);
    assert!(rollback.is_some());
}

/// Goes on with the store's own copy in two ways that have the same length, and puts the first back over the second.
fn open_copy_of_a_fork(site: &Site, store: JournaledStore) -> Option<strongroom::service::ports::Rollback> {
    drop(store);
    site.copy("data", "fork");
    site.commit(8..=8);
    fs::remove_dir_all(site.data()).unwrap();
    site.copy("fork", "data");
    let other = open(&site.data()).unwrap();
    let rollback = other.opening().rollback;
    other.accept_rollback().unwrap();
    commit(&other, 8..=8);
    drop(other);
    assert_eq!(open(&site.data()).unwrap().opening().rollback, None);
    rollback
}

#[test]
fn a_checkpoint_replaces_what_came_before_it_and_the_two_last_are_kept() {
    let site = Site::new();
    let store = open(&site.data()).unwrap();
    for round in 0..4 {
        commit(&store, round * 10 + 1..=round * 10 + 10);
        store.checkpoint().unwrap();
    }
    commit(&store, 41..=45);
    drop(store);
    let checkpoints = site.files("checkpoint-");
    assert_eq!(checkpoints.len(), 2);
    // From the newest; from the one before it; and from neither.
    let lose = || fs::remove_dir_all(site.path("records")).unwrap();
    lose();
    assert!(matches!(&site.notices(45)[..], [Notice::Rebuilt(_)]));
    lose();
    flip(&checkpoints[1], 3000);
    assert!(matches!(&site.notices(45)[..], [Notice::Rebuilt(_)]));
    lose();
    flip(&checkpoints[0], 3000);
    // All frames are still in the one segment: it can be done without checkpoints too.
    assert!(matches!(&site.notices(45)[..], [Notice::Rebuilt(_)]));
}

#[test]
fn segments_that_no_checkpoint_needs_are_removed_and_the_rest_is_enough() {
    let site = Site::new();
    let store = open(&site.data()).unwrap();
    // A long frame each: a segment is full after a few.
    let state = KeyState::Active(Sealed(vec![8; 25_000]));
    let long = |n: u64| Batch {
        put: (1..=100)
            .map(|generation| (key_pair(n, generation, state.clone()), 1))
            .collect(),
        audit: vec![entry(n, "long")],
        ..Batch::default()
    };
    for n in 1..=4 {
        store.commit(&long(n)).unwrap();
    }
    assert_eq!(site.files("checkpoint-").len(), 0);
    store.maintain().unwrap();
    for n in 5..=6 {
        store.commit(&long(n)).unwrap();
        store.checkpoint().unwrap();
    }
    let all = loaded(&store);
    assert_eq!(all.len(), 600);
    drop(store);
    assert_eq!(site.files("checkpoint-").len(), 2);
    let first = site.segments().remove(0);
    assert!(!first.ends_with("segment-00000000000000000001"), "{first:?}");
    fs::remove_dir_all(site.path("records")).unwrap();
    let store = opened(&site.data()).unwrap();
    assert_eq!(loaded(&store), all);
}

/// The system's clock, in a process that has lived for so long.
struct Lives(Duration, AtomicBool);

impl Clock for Lives {
    fn now(&self) -> Timestamp {
        SystemClock.now()
    }

    fn monotonic(&self) -> Duration {
        if self.1.load(Ordering::SeqCst) {
            self.0
        } else {
            Duration::ZERO
        }
    }

    fn boot(&self) -> [u8; 16] {
        [1; 16]
    }
}

#[test]
fn a_process_that_stays_makes_a_checkpoint_and_replaces_one_that_is_damaged() {
    let site = Site::new();
    let open = |last| {
        let clock = Arc::new(Lives(Duration::from_secs(61), AtomicBool::new(false)));
        let store = opened_at(&site.data(), clock.clone()).unwrap();
        assert_eq!(keys(&store).len(), last);
        (store, clock)
    };
    let (store, clock) = open(0);
    commit(&store, 1..=5);
    store.maintain().unwrap();
    assert_eq!(site.files("checkpoint-").len(), 0);
    clock.1.store(true, Ordering::SeqCst);
    store.maintain().unwrap();
    drop(store);
    let checkpoint = site.files("checkpoint-").remove(0);
    flip(&checkpoint, 300);
    let (store, clock) = open(5);
    clock.1.store(true, Ordering::SeqCst);
    store.maintain().unwrap();
    let notices = store.opening().notices;
    assert!(
        matches!(&notices[..], [Notice::CheckpointReplaced(_)]),
        "{notices:?}"
    );
    assert_eq!(store.health().faults, Vec::<String>::new());
    assert_eq!(site.files("checkpoint-").len(), 2, "one set aside and a new one");
    drop(store);
    fs::remove_dir_all(site.path("records")).unwrap();
    assert!(matches!(&site.notices(5)[..], [Notice::Rebuilt(_)]));
}

#[test]
fn commits_that_wait_together_share_a_sync_and_none_is_lost() {
    let site = Site::new();
    let store = Arc::new(open(&site.data()).unwrap());
    let threads: Vec<_> = (0..16)
        .map(|thread| {
            let store = Arc::clone(&store);
            std::thread::spawn(move || {
                for n in 1..=50 {
                    let batch = Batch {
                        put: vec![(Record::Token(token(1, thread * 1000 + n)), 1)],
                        ..Batch::default()
                    };
                    store.commit(&batch).unwrap();
                }
            })
        })
        .collect();
    store.checkpoint().unwrap();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    let health = store.health();
    assert_eq!(health.records, 800);
    assert!(health.sequence < 800, "{} frames", health.sequence);
    let all: BTreeSet<_> = keys(&*store).into_iter().collect();
    assert_eq!(all.len(), 800);
    drop(store);
    fs::remove_dir_all(site.path("records")).unwrap();
    let again: BTreeSet<_> = keys(&opened(&site.data()).unwrap()).into_iter().collect();
    assert_eq!(again, all);
}

#[test]
fn what_memory_has_and_the_database_has_not_is_refused() {
    let site = Site::new();
    let store = open(&site.data()).unwrap();
    store.commit(&put(organization(1), 1)).unwrap();
    let mut batch = put(organization(1), 2);
    batch.put[0].1 = 2;
    for replaced in [vec![], vec![(organization(1), 7)], vec![(organization(2), 1)]] {
        batch.replaced = replaced;
        assert!(matches!(store.commit(&batch), Err(StoreError::Damaged(_))));
    }
    batch.replaced = vec![(organization(1), 1)];
    store.commit(&batch).unwrap();
    assert_eq!(loaded(&store), [(organization(1), 2)]);
}

#[test]
fn a_store_of_the_time_before_the_journal_is_taken_over_whole() {
    let site = Site::new();
    fs::create_dir_all(site.data()).unwrap();
    let records: Vec<_> = (1..=50).map(|n| (Record::Token(token(1, n)), n)).collect();
    let old = sled::open(site.path("records")).unwrap();
    let (tree, audit) = (old.open_tree("records").unwrap(), old.open_tree("audit").unwrap());
    for (record, revision) in &records {
        let (key, value) = record::encode(record, *revision).unwrap();
        tree.insert(key, value).unwrap();
    }
    for n in 1..=50_u64 {
        let value = record::encode_audit(&entry(n, "before")).unwrap();
        audit.insert(n.to_be_bytes(), value).unwrap();
    }
    drop((tree, audit, old));
    let store = opened(&site.data()).unwrap();
    assert_eq!(loaded(&store), records);
    assert_eq!(store.opening().notices, [Notice::TakenOver]);
    assert_eq!(store.audit_page(None, 100).unwrap().len(), 50);
    store.commit(&put(Record::Token(token(1, 51)), 51)).unwrap();
    drop(store);
    assert_eq!(opened(&site.data()).unwrap().opening().notices, []);
    fs::remove_dir_all(site.path("records")).unwrap();
    assert_eq!(loaded(&opened(&site.data()).unwrap()).len(), 51);
}
