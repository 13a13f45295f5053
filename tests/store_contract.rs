//! What every store does alike: one suite, run over each adapter.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test's helpers may fail the test"
)]

#[path = "support/store.rs"]
mod support;

use strongroom::domain::key_pair::KeyState;
use strongroom::domain::secret::Sealed;
use strongroom::service::ports::{Batch, Expectation, Record, Store, StoreError, UsageRecord};
use strongroom::store::memory::MemoryStore;
use support::{
    cashier, entry, id, key_pair, key_usage, keys, loaded, open, organization, put, throttle, token, usage,
};

/// A store, and how to get it again after letting go of it.
struct Subject {
    store: Box<dyn Store>,
    directory: Option<tempfile::TempDir>,
}

impl Subject {
    fn memory() -> Self {
        Self {
            store: Box::new(MemoryStore::default()),
            directory: None,
        }
    }

    fn journaled() -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self {
            store: Box::new(open(&directory.path().join("data")).unwrap()),
            directory: Some(directory),
        }
    }

    /// Lets go of the store and opens it again, where it outlives its process.
    fn reopen(&mut self) {
        if let Some(directory) = &self.directory {
            self.store = Box::new(MemoryStore::default());
            self.store = Box::new(open(&directory.path().join("data")).unwrap());
        }
    }
}

macro_rules! contract {
    ($($name:ident),+ $(,)?) => {
        mod memory {
            $(#[test] fn $name() { super::$name(super::Subject::memory()); })+
        }
        mod journaled {
            $(#[test] fn $name() { super::$name(super::Subject::journaled()); })+
        }
        fn _all_are_listed() { $(let _ = $name;)+ }
    };
}

contract! {
    an_empty_store_has_nothing,
    a_commit_writes_records_and_audit_entries_together,
    an_expectation_that_does_not_hold_leaves_everything_as_it_was,
    expectations_that_hold_let_the_batch_through,
    the_audit_log_takes_no_gap_and_no_second_entry_of_a_number,
    records_load_in_the_order_of_their_keys,
    everything_is_there_after_opening_again,
    deleting_removes_and_does_not_mind_what_is_gone,
    audit_pages_go_backwards_and_end,
    usage_is_kept_apart_and_the_last_write_counts,
    a_record_that_is_too_long_is_refused_with_the_whole_batch,
    a_visitor_that_refuses_ends_the_load_with_its_error,
    nobody_else_changes_anything,
}

fn an_empty_store_has_nothing(subject: Subject) {
    let store = subject.store;
    assert_eq!(loaded(&*store), []);
    assert_eq!(store.audit_head(), Ok(None));
    assert_eq!(store.audit_page(None, 10), Ok(vec![]));
    assert_eq!(
        store.token_usage(strongroom::domain::id::TokenId(id(1))),
        Ok(None)
    );
}

fn a_commit_writes_records_and_audit_entries_together(subject: Subject) {
    let store = subject.store;
    let batch = Batch {
        put: vec![(organization(1), 1), (Record::Token(token(1, 2)), 7)],
        audit: vec![entry(1, "one"), entry(2, "two")],
        ..Batch::default()
    };
    store.commit(&batch).unwrap();
    assert_eq!(loaded(&*store), batch.put);
    assert_eq!(store.audit_head(), Ok(Some(entry(2, "two"))));
    assert_eq!(
        store.audit_page(None, 10),
        Ok(vec![entry(2, "two"), entry(1, "one")])
    );
}

fn an_expectation_that_does_not_hold_leaves_everything_as_it_was(subject: Subject) {
    let store = subject.store;
    store.commit(&put(organization(1), 1)).unwrap();
    let (here, gone) = (organization(1).key(), organization(2).key());
    let cases = [
        (
            Expectation::Absent(here.clone()),
            StoreError::Conflict(here.clone()),
        ),
        (
            Expectation::Revision(here.clone(), 2),
            StoreError::Conflict(here.clone()),
        ),
        (Expectation::Revision(gone.clone(), 1), StoreError::Conflict(gone)),
        (Expectation::AuditHead(0), StoreError::AuditConflict),
        (Expectation::AuditHead(2), StoreError::AuditConflict),
    ];
    for (expectation, error) in cases {
        // The one that fails is the last: those before it hold.
        let batch = Batch {
            expect: vec![Expectation::Revision(here.clone(), 1), expectation.clone()],
            put: vec![(organization(3), 1)],
            delete: vec![here.clone()],
            audit: vec![entry(2, "never")],
            ..Batch::default()
        };
        assert_eq!(store.commit(&batch), Err(error), "{expectation:?}");
        assert_eq!(loaded(&*store), [(organization(1), 1)]);
        assert_eq!(store.audit_page(None, 10), Ok(vec![entry(1, "put")]));
    }
}

fn expectations_that_hold_let_the_batch_through(subject: Subject) {
    let store = subject.store;
    let mut batch = put(organization(1), 1);
    batch.expect = vec![
        Expectation::Absent(organization(1).key()),
        Expectation::AuditHead(0),
    ];
    store.commit(&batch).unwrap();
    batch.expect = vec![
        Expectation::Revision(organization(1).key(), 1),
        Expectation::AuditHead(1),
    ];
    batch.replaced = vec![(organization(1), 1)];
    batch.put[0].1 = 2;
    batch.audit = vec![entry(2, "again")];
    store.commit(&batch).unwrap();
    assert_eq!(loaded(&*store), [(organization(1), 2)]);
}

fn the_audit_log_takes_no_gap_and_no_second_entry_of_a_number(subject: Subject) {
    let store = subject.store;
    store.commit(&put(organization(1), 1)).unwrap();
    for wrong in [1, 3, 0] {
        assert_eq!(
            store.commit(&put(organization(2), wrong)),
            Err(StoreError::AuditConflict),
            "{wrong}"
        );
    }
    let twice = Batch {
        audit: vec![entry(2, "a"), entry(2, "b")],
        ..Batch::default()
    };
    assert_eq!(store.commit(&twice), Err(StoreError::AuditConflict));
    assert_eq!(store.audit_head(), Ok(Some(entry(1, "put"))));
    assert_eq!(keys(&*store), [organization(1).key()]);
}

fn records_load_in_the_order_of_their_keys(subject: Subject) {
    let store = subject.store;
    let mut records = vec![
        throttle("b"),
        Record::Token(token(2, 4)),
        cashier(),
        Record::Token(token(1, 300)),
        key_pair(1, 256, KeyState::Active(Sealed(vec![1]))),
        organization(2),
        throttle("a"),
        Record::Token(token(1, 5)),
        key_pair(1, 2, KeyState::Active(Sealed(vec![2]))),
        organization(1),
    ];
    let put = records.iter().map(|record| (record.clone(), 1)).collect();
    store
        .commit(&Batch {
            put,
            ..Batch::default()
        })
        .unwrap();
    records.sort_by_key(Record::key);
    let expected: Vec<_> = records.iter().map(Record::key).collect();
    assert_eq!(keys(&*store), expected);
}

fn everything_is_there_after_opening_again(mut subject: Subject) {
    for number in 1..=50 {
        subject
            .store
            .commit(&put(Record::Token(token(1, number)), number))
            .unwrap();
    }
    subject.store.write_usage(&[usage(1), key_usage(2)]).unwrap();
    let before = (
        loaded(&*subject.store),
        subject.store.audit_page(None, 100).unwrap(),
    );
    subject.reopen();
    assert_eq!(
        (
            loaded(&*subject.store),
            subject.store.audit_page(None, 100).unwrap()
        ),
        before
    );
    assert_eq!((before.0.len(), before.1.len()), (50, 50));
    let mut kept = Vec::new();
    subject.store.load_usage(&mut |record| kept.push(record)).unwrap();
    assert_eq!(kept, [usage(1), key_usage(2)]);
    subject.store.commit(&put(organization(1), 51)).unwrap();
}

fn deleting_removes_and_does_not_mind_what_is_gone(mut subject: Subject) {
    subject.store.commit(&put(throttle("a"), 1)).unwrap();
    for replaced in [vec![(throttle("a"), 1)], vec![]] {
        let batch = Batch {
            delete: vec![throttle("a").key()],
            replaced,
            ..Batch::default()
        };
        subject.store.commit(&batch).unwrap();
        subject.reopen();
        assert_eq!(loaded(&*subject.store), []);
    }
}

fn audit_pages_go_backwards_and_end(subject: Subject) {
    let store = subject.store;
    let audit: Vec<_> = (1..=25).map(|number| entry(number, "x")).collect();
    store
        .commit(&Batch {
            audit,
            ..Batch::default()
        })
        .unwrap();
    let page = |before, limit| -> Vec<u64> {
        store
            .audit_page(before, limit)
            .unwrap()
            .iter()
            .map(|entry| entry.sequence)
            .collect()
    };
    assert_eq!(page(None, 3), [25, 24, 23]);
    assert_eq!(page(Some(23), 3), [22, 21, 20]);
    assert_eq!(page(Some(3), 10), [2, 1]);
    assert_eq!(page(Some(1), 10), Vec::<u64>::new());
    assert_eq!(page(Some(1000), 1), [25]);
    assert_eq!(page(None, 0), Vec::<u64>::new());
}

fn usage_is_kept_apart_and_the_last_write_counts(subject: Subject) {
    let store = subject.store;
    store.write_usage(&[usage(1), usage(2)]).unwrap();
    let UsageRecord::Token(token, mut newer) = usage(1) else {
        unreachable!()
    };
    newer.record("198.51.100.1", "", 5, support::at(9));
    store
        .write_usage(&[UsageRecord::Token(token, newer.clone())])
        .unwrap();
    assert_eq!(store.token_usage(token), Ok(Some(newer)));
    assert_eq!(loaded(&*store), []);
    assert_eq!(store.audit_head(), Ok(None));
}

fn a_record_that_is_too_long_is_refused_with_the_whole_batch(subject: Subject) {
    let store = subject.store;
    let sealed = |length| key_pair(1, 1, KeyState::Active(Sealed(vec![0; length])));
    let batch = |record| Batch {
        put: vec![(organization(1), 1), (record, 1)],
        ..Batch::default()
    };
    let refused = store.commit(&batch(sealed(32 * 1024)));
    assert!(
        matches!(
            refused,
            Err(StoreError::TooLarge {
                kind: "key pair",
                max: 32_768,
                ..
            })
        ),
        "{refused:?}"
    );
    let refused = store.commit(&batch(throttle(&"x".repeat(20_000))));
    assert!(
        matches!(refused, Err(StoreError::TooLarge { kind: "throttle", .. })),
        "{refused:?}"
    );
    let long = entry(1, &"x".repeat(40_000));
    let refused = store.commit(&Batch {
        audit: vec![long],
        ..batch(organization(2))
    });
    assert!(
        matches!(refused, Err(StoreError::TooLarge { kind: "audit", .. })),
        "{refused:?}"
    );
    assert_eq!(loaded(&*store), []);
    store.commit(&batch(sealed(32_000))).unwrap();
}

fn a_visitor_that_refuses_ends_the_load_with_its_error(subject: Subject) {
    let store = subject.store;
    store
        .commit(&Batch {
            put: vec![(organization(1), 1), (organization(2), 1)],
            ..Batch::default()
        })
        .unwrap();
    let mut visits = 0;
    let result = store.load(&mut |_, _| {
        visits += 1;
        Err(StoreError::Damaged("two of a name".to_owned()))
    });
    assert_eq!(
        (result, visits),
        (Err(StoreError::Damaged("two of a name".to_owned())), 1)
    );
    assert_eq!(loaded(&*store).len(), 2);
}

fn nobody_else_changes_anything(subject: Subject) {
    subject.store.commit(&put(organization(1), 1)).unwrap();
    assert!(subject.store.changes().unwrap().is_empty());
}
