//! Crypto-shredding: a replaced private key is gone with its slot, whatever fails on the way.

use std::sync::atomic::Ordering;

use strongroom::domain::audit::AuditEntry;
use strongroom::domain::key_pair::{KeyPair, KeyState, Mgf1};
use strongroom::domain::secret::Sealed;
use strongroom::service::ports::{InSlot, Opening, Record, Rollback, SlotId};
use strongroom::service::response::Level;
use strongroom::service::{Code, Verified};

use super::harness::{ADA, Harness, PASSWORD, credentials, onboard};
use super::health::health;
use super::keys::{decrypt, encrypt, rotate, view};
use strongroom::domain::time::Timestamp;
use strongroom::service::Request;

/// Every pair in the store, as it is there, with its revision.
fn pairs(harness: &Harness) -> Vec<(KeyPair, u64)> {
    let mut pairs = Vec::new();
    let loaded = harness.store().load(&mut |record, revision| {
        if let Record::KeyPair(pair) = record {
            pairs.push((pair, revision));
        }
        Ok(())
    });
    let _ = loaded.unwrap();
    pairs
}

fn slot(pair: &KeyPair) -> SlotId {
    SlotId {
        organization: pair.organization,
        generation: pair.generation,
    }
}

/// The generations whose slots are there.
fn slots(harness: &Harness) -> Vec<u32> {
    let mut slot = slot(&pairs(harness)[0].0);
    let there = (1..9).filter(|&generation| {
        slot.generation = generation;
        harness.store().slot(slot).is_some()
    });
    there.collect()
}

fn told(harness: &Harness, action: &str) -> Vec<AuditEntry> {
    harness.activity(action).entries
}

/// The record and slot as the store holds them at this moment.
fn in_slot(harness: &Harness) -> (SlotId, InSlot) {
    let pairs = pairs(harness);
    let (pair, _) = pairs.last().unwrap();
    let KeyState::Active(sealed) = &pair.state else {
        panic!("{pair:?}")
    };
    let slot = slot(pair);
    let in_slot = InSlot {
        wrapped: harness.store().slot(slot).unwrap(),
        sealed: sealed.clone(),
    };
    (slot, in_slot)
}

#[test]
fn a_rotation_keeps_the_new_slot_then_commits_then_erases_the_old_one() {
    let harness = Harness::onboarded();
    assert_eq!(slots(&harness), [1]);
    let (old_slot, old) = in_slot(&harness);
    let sealer = &harness.ports.sealer;
    assert!(sealer.unseal_in_slot(old_slot, &old).is_ok());
    harness.full.steps.lock().unwrap().clear();
    rotate(&harness).unwrap();
    assert_eq!(
        *harness.full.steps.lock().unwrap(),
        ["add_slot", "commit", "retain_slots"]
    );
    assert_eq!(slots(&harness), [2]);
    // What is left of the old key opens with nothing that is still there.
    let (new_slot, new) = in_slot(&harness);
    let crossed = InSlot {
        wrapped: new.wrapped,
        sealed: old.sealed,
    };
    for slot in [old_slot, new_slot] {
        assert!(sealer.unseal_in_slot(slot, &crossed).is_err());
    }
    assert_eq!(told(&harness, "key.eras"), []);
    let reopened = harness.reopened();
    let ciphertext = encrypt(&reopened, "1234", Mgf1::Sha256);
    assert!(decrypt(&reopened, &ciphertext, None).is_ok());
}

#[test]
fn a_slot_that_cannot_be_kept_refuses_the_rotation() {
    let harness = Harness::onboarded();
    let ciphertext = encrypt(&harness, "1234", Mgf1::Sha256);
    *harness.full.broken.lock().unwrap() = "add_slot";
    assert_eq!(rotate(&harness).unwrap_err().code, Code::Io);
    assert_eq!(view(&harness).active.generation, 1);
    assert!(decrypt(&harness, &ciphertext, None).is_ok());
    assert!(decrypt(&harness.reopened(), &ciphertext, None).is_ok());
}

#[test]
fn a_slot_whose_commit_was_refused_is_erased_by_the_next_opening() {
    let harness = Harness::onboarded();
    let ciphertext = encrypt(&harness, "1234", Mgf1::Sha256);
    *harness.full.broken.lock().unwrap() = "commit";
    assert_eq!(rotate(&harness).unwrap_err().code, Code::Io);
    assert_eq!(slots(&harness), [1, 2]);
    *harness.full.broken.lock().unwrap() = "";
    let reopened = harness.reopened();
    assert_eq!(slots(&reopened), [1]);
    // It was nobody's key: there is nothing to tell.
    assert_eq!(told(&reopened, "key.eras"), []);
    assert!(decrypt(&reopened, &ciphertext, None).is_ok());
    rotate(&reopened).unwrap();
    assert_eq!(slots(&reopened), [2]);
}

#[test]
fn an_organization_whose_first_key_has_no_slot_is_not_onboarded() {
    let harness = Harness::empty();
    *harness.full.broken.lock().unwrap() = "add_slot";
    assert_eq!(harness.refused(Request::Onboard(onboard("acme"))).code, Code::Io);
    *harness.full.broken.lock().unwrap() = "";
    harness.ask(Request::Onboard(onboard("acme"))).unwrap();
    assert_eq!(slots(&harness.reopened()), [1]);
}

#[test]
fn an_erasure_that_fails_is_pending_tried_again_and_told() {
    let harness = Harness::onboarded();
    let old = encrypt(&harness, "1234", Mgf1::Sha256);
    *harness.full.broken.lock().unwrap() = "retain_slots";
    rotate(&harness).unwrap();
    assert!(decrypt(&harness, &old, None).is_err());
    assert_eq!(slots(&harness), [1, 2]);
    let pending = told(&harness, "key.erasure_pending");
    assert_eq!(pending.len(), 1);
    assert_eq!(pending[0].subject, view(&harness).history[1].fingerprint.short());
    assert!(pending[0].reason.contains("broken"), "{}", pending[0].reason);
    assert_eq!(pending[0].actor.os_user, harness.ports.account.os_user);
    let alarms = health(&harness).alarms;
    assert_eq!(
        (alarms.len(), alarms[0].level, &*alarms[0].kind),
        (1, Level::Critical, "erasure_pending")
    );

    // Neither turns a later success into a failure, nor is it told twice.
    harness.service.maintain().unwrap();
    assert_eq!(health(&harness).alarms.len(), 1);
    assert_eq!(told(&harness, "key.erasure_pending").len(), 1);
    *harness.full.broken.lock().unwrap() = "";
    harness.service.maintain().unwrap();
    assert_eq!(slots(&harness), [2]);
    assert_eq!(told(&harness, "key.erased")[0].subject, pending[0].subject);
    assert_eq!(health(&harness).alarms, []);
    harness.service.maintain().unwrap();
    assert_eq!(told(&harness, "key.erased").len(), 1);
}

#[test]
fn an_erasure_that_a_crash_prevented_is_made_good_and_told_by_the_next_opening() {
    let harness = Harness::onboarded();
    *harness.full.broken.lock().unwrap() = "retain_slots";
    rotate(&harness).unwrap();
    // It is still not possible when the store is opened: that keeps nobody from working.
    let reopened = harness.after_a_crash();
    assert_eq!(health(&reopened).alarms.len(), 1);
    *harness.full.broken.lock().unwrap() = "";
    let reopened = reopened.after_a_crash();
    assert_eq!(slots(&reopened), [2]);
    assert_eq!(told(&reopened, "key.erased").len(), 1);
    assert_eq!(health(&reopened).alarms, []);
}

#[test]
fn what_a_full_disk_kept_out_of_the_log_is_told_later() {
    let harness = Harness::onboarded();
    *harness.full.broken.lock().unwrap() = "retain_slots";
    rotate(&harness).unwrap();
    *harness.full.broken.lock().unwrap() = "commit";
    // Erased now, and nobody could be told.
    assert!(harness.service.maintain().is_err());
    assert_eq!(slots(&harness), [2]);
    assert_eq!(told(&harness, "key.erased"), []);
    *harness.full.broken.lock().unwrap() = "";
    harness.service.maintain().unwrap();
    assert_eq!(told(&harness, "key.erased").len(), 1);
}

#[test]
fn a_slot_that_is_missing_or_anothers_is_an_alarm_and_keeps_no_token_from_working() {
    let harness = Harness::onboarded();
    let (_, token) = harness.minted("payouts-prod");
    let (slot, in_slot) = in_slot(&harness);
    let foreign = Sealed(in_slot.wrapped.0.iter().map(|byte| byte ^ 1).collect());
    harness.store().retain_slots(&[]).unwrap();
    for wrapped in [None, Some(foreign)] {
        if let Some(wrapped) = wrapped {
            harness.store().add_slot(slot, &wrapped).unwrap();
        }
        let again = harness.after_a_crash();
        let alarms = health(&again).alarms;
        let kinds: Vec<_> = alarms.iter().map(|alarm| &*alarm.kind).collect();
        assert!(kinds.contains(&"private_key_missing"), "{kinds:?}");
        assert!(matches!(
            again.service.verify(token.expose()),
            Verified::Good { .. }
        ));
    }
    // A new pair is as good as the first was.
    let mended = harness.after_a_crash();
    rotate(&mended).unwrap();
    let alarms = health(&mended.after_a_crash()).alarms;
    assert!(alarms.iter().all(|alarm| alarm.kind != "private_key_missing"));
}

#[test]
fn an_older_state_loses_no_slot_before_it_is_accepted() {
    let harness = Harness::onboarded();
    *harness.full.broken.lock().unwrap() = "retain_slots";
    rotate(&harness).unwrap();
    *harness.full.broken.lock().unwrap() = "";
    *harness.full.opening.lock().unwrap() = Opening {
        notices: Vec::new(),
        rollback: Some(Rollback {
            anchored: 9,
            found: 8,
            anchored_at: Timestamp::from_millis(0),
        }),
    };
    let older = harness.after_a_crash();
    older.service.maintain().unwrap();
    assert_eq!(slots(&older), [1, 2]);
    older
        .ask(Request::AcceptRollback {
            credentials: credentials(ADA, PASSWORD),
            sequence: 8,
        })
        .unwrap();
    assert_eq!(slots(&older), [2]);
}

#[test]
fn a_full_disk_refuses_a_rotation_and_loses_nothing() {
    let harness = Harness::onboarded();
    let ciphertext = encrypt(&harness, "1234", Mgf1::Sha256);
    harness.full.is_full.store(true, Ordering::Relaxed);
    assert!(rotate(&harness).is_err());
    harness.full.is_full.store(false, Ordering::Relaxed);
    assert!(decrypt(&harness.reopened(), &ciphertext, None).is_ok());
}
