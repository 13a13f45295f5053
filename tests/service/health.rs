use std::sync::atomic::Ordering;

use strongroom::domain::audit::AuditEntry;
use strongroom::service::ports::{Notice, Opening};
use strongroom::service::response::{Health, Level};
use strongroom::service::{Request, Response};

use super::harness::Harness;

pub fn health(harness: &Harness) -> Health {
    match harness.ask(Request::Health).unwrap() {
        Response::Health(health) => *health,
        other => panic!("{other:?}"),
    }
}

fn newest(harness: &Harness) -> Vec<AuditEntry> {
    harness.activity("store.").entries
}

/// The store found all of these when it was opened.
fn opened_with(harness: &Harness, notices: Vec<Notice>) -> Harness {
    *harness.full.opening.lock().unwrap() = Opening {
        notices,
        rollback: None,
    };
    harness.after_a_crash()
}

#[test]
fn a_store_without_faults_has_no_alarms() {
    let harness = Harness::onboarded();
    let health = health(&harness);
    assert_eq!(health.alarms, []);
    assert_eq!(health.notices, []);
    assert!(health.store.sequence > 0);
    let json = serde_json::to_value(&health).unwrap();
    assert_eq!(json["rollback"], serde_json::Value::Null);
    assert_eq!(json["store"]["sequence"], health.store.sequence);
}

#[test]
fn a_fault_says_what_to_do() {
    let harness = Harness::onboarded();
    *harness.full.faults.lock().unwrap() =
        vec!["the anchor cannot be written; free some space in /state".into()];
    let alarms = health(&harness).alarms;
    assert_eq!(alarms.len(), 1);
    assert_eq!(alarms[0].level, Level::Critical);
    assert_eq!(alarms[0].message, "the anchor cannot be written");
    assert_eq!(alarms[0].hint, "free some space in /state");
}

#[test]
fn what_opening_mended_is_logged_once_as_the_process_own() {
    let harness = Harness::onboarded();
    let all = vec![
        Notice::TakenOver,
        Notice::Replayed(3),
        Notice::Rebuilt("record 7 has other bytes".into()),
        Notice::TornFrame(9),
        Notice::NoAnchor,
        Notice::SlotsMended,
        Notice::UsageLost,
    ];
    let harness = opened_with(&harness, all);
    let entries = newest(&harness);
    let words: Vec<&str> = entries.iter().rev().map(|entry| entry.action.word()).collect();
    assert_eq!(
        words,
        [
            "store.taken_over",
            "store.rebuilt",
            "store.torn_commit_dropped",
            "store.anchor_missing",
            "store.slots_mended",
            "store.usage_lost",
        ],
        "a replay is no entry: it follows every crash"
    );
    assert!(entries.iter().all(|entry| entry.actor.cashier.is_none()));
    assert_eq!(
        entries.iter().map(|entry| entry.request).max(),
        entries.iter().map(|entry| entry.request).min()
    );
    assert!(
        entries[4].reason.contains("record 7 has other bytes"),
        "{:?}",
        entries[4]
    );
    assert_eq!(health(&harness).notices.len(), 7);
    let again = opened_with(&harness, Vec::new());
    assert_eq!(newest(&again).len(), 6);
}

#[test]
fn a_full_disk_does_not_keep_the_store_from_opening() {
    let harness = Harness::onboarded();
    harness.full.is_full.store(true, Ordering::Relaxed);
    *harness.full.opening.lock().unwrap() = Opening {
        notices: vec![Notice::SlotsMended],
        rollback: None,
    };
    let harness = harness.after_a_crash();
    assert_eq!(health(&harness).notices.len(), 1);
    assert_eq!(newest(&harness), []);
}

#[test]
fn a_store_without_a_backup_says_so_after_a_day() {
    let harness = Harness::onboarded();
    let kinds = |harness: &Harness| -> Vec<_> {
        let alarms = health(harness).alarms;
        alarms.into_iter().map(|alarm| alarm.kind).collect()
    };
    harness.advance(24, 0);
    assert_eq!(kinds(&harness), [""; 0]);
    harness.advance(0, 1);
    assert_eq!(kinds(&harness), ["no_backup"]);
    *harness.full.faults.lock().unwrap() = vec!["the anchor cannot be written".into()];
    assert_eq!(kinds(&harness), ["store_fault", "no_backup"], "the gravest first");
}

#[test]
fn an_empty_store_misses_nothing() {
    let harness = opened_with(&Harness::empty(), vec![Notice::NoAnchor]);
    assert_eq!(newest(&harness), []);
}
