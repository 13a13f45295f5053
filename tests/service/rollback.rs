//! An older state in the place of a newer one: sealed until an admin accepts it.

use std::sync::atomic::Ordering;

use strongroom::domain::cashier::Role;
use strongroom::domain::time::Timestamp;
use strongroom::service::ports::{Notice, Opening, Rollback};
use strongroom::service::{Code, Error, Request, Response, Verified};

use super::harness::{ADA, Harness, PASSWORD, code_of, create, credentials, email};
use super::health::health;

const OPERATOR: &str = "olaf@acme.test";

/// Acme with a token and an operator, opened again as an older state: 412 instead of 431.
fn older() -> (Harness, strongroom::domain::secret::Secret) {
    let mut harness = Harness::admin();
    harness.cashier(OPERATOR, Role::Operator);
    let secret = harness.minted("payouts-prod").1;
    *harness.full.opening.lock().unwrap() = Opening {
        notices: vec![Notice::Replayed(1), Notice::SlotsMended],
        rollback: Some(Rollback {
            anchored: 431,
            found: 412,
            anchored_at: Timestamp::from_millis(1_795_435_000_000),
        }),
    };
    harness = harness.after_a_crash();
    (harness, secret)
}

fn accept(harness: &Harness, who: &str, password: &str, sequence: u64) -> Result<Response, Error> {
    harness.ask(Request::AcceptRollback {
        credentials: credentials(who, password),
        sequence,
    })
}

#[test]
fn nothing_is_good_and_hardly_anything_is_answered() {
    let (harness, secret) = older();
    assert_eq!(harness.service.verify(secret.expose()), Verified::Unavailable);
    assert_eq!(harness.service.verify(b"junk"), Verified::Unavailable);
    for request in [
        Request::ListOrganizations,
        Request::ListTokens(Default::default()),
        Request::ShowKey { organization: None },
        Request::CreateToken(create("new")),
        Request::Verify {
            presented: secret.clone(),
        },
        Request::TryToken { presented: secret },
        Request::BreakGlass { email: email(ADA) },
        Request::UnlockCashier { email: email(ADA) },
    ] {
        let error = harness.refused(request);
        assert_eq!(error.code, Code::RolledBack);
        assert_eq!(
            error.message,
            "this is an older state of the store: it ends at commit 412, and commit 431 was acknowledged by \
             2026-11-23T11:56:40Z"
        );
        assert!(error.hint.contains("revocations too"), "{}", error.hint);
    }
    let Response::Overview(overview) = harness.ask(Request::Overview).unwrap() else {
        panic!()
    };
    assert_eq!(overview.rollback.map(|rollback| rollback.found), Some(412));
    assert!(harness.ask(Request::ListCashiers).is_ok());
    assert!(!harness.activity("").entries.is_empty());
    let health = health(&harness);
    assert_eq!(health.alarms[0].kind, "rolled_back");
    assert_eq!(health.rollback, overview.rollback);
}

#[test]
fn only_an_admins_password_and_the_commit_that_was_looked_at_accept_it() {
    let (mut harness, secret) = older();
    assert_eq!(
        code_of(accept(&harness, OPERATOR, PASSWORD, 412)),
        Code::Forbidden
    );
    assert_eq!(
        code_of(accept(&harness, ADA, "wrong wrong wrong", 412)),
        Code::Unauthenticated
    );
    harness.advance(0, 1);
    let session = harness.session(ADA, PASSWORD).unwrap();
    harness.actor.session = Some(session);
    let wrong = accept(&harness, ADA, PASSWORD, 431).unwrap_err();
    assert_eq!(
        (wrong.code, wrong.field.as_deref()),
        (Code::Invalid, Some("commit"))
    );
    harness.actor.read_only = true;
    assert_eq!(code_of(accept(&harness, ADA, PASSWORD, 412)), Code::ReadOnly);
    harness.actor.read_only = false;
    assert_eq!(harness.service.verify(secret.expose()), Verified::Unavailable);

    accept(&harness, ADA, PASSWORD, 412).unwrap();
    assert!(matches!(
        harness.service.verify(secret.expose()),
        Verified::Good { .. }
    ));
    assert_eq!(health(&harness).rollback, None);
    assert_eq!(code_of(accept(&harness, ADA, PASSWORD, 412)), Code::Conflict);
    let entries = harness.activity("store.").entries;
    let words: Vec<&str> = entries.iter().rev().map(|entry| entry.action.word()).collect();
    assert_eq!(words, ["store.rollback_accepted", "store.slots_mended"]);
    let accepted = &entries[1];
    assert_eq!(accepted.actor.cashier, Some(email(ADA)));
    assert_eq!(accepted.subject, "commit 412");
    assert!(accepted.reason.contains("413 to 431"), "{}", accepted.reason);
    let reopened = harness.after_a_crash();
    assert!(matches!(
        reopened.service.verify(secret.expose()),
        Verified::Good { .. }
    ));
}

#[test]
fn waits_grow_in_memory_while_nothing_can_be_written() {
    let (harness, _) = older();
    for wait in [1, 2, 4, 8] {
        assert_eq!(
            code_of(harness.session(ADA, "wrong wrong wrong")),
            Code::Unauthenticated
        );
        assert_eq!(code_of(accept(&harness, ADA, PASSWORD, 412)), Code::Throttled);
        harness.clock.advance(std::time::Duration::from_secs(wait));
    }
    assert_eq!(
        code_of(harness.session(ADA, "wrong wrong wrong")),
        Code::Unauthenticated
    );
    harness.advance(0, 14);
    assert_eq!(code_of(harness.session(ADA, PASSWORD)), Code::Throttled);
    harness.advance(0, 1);
    assert!(harness.session(ADA, PASSWORD).is_ok());
    assert_eq!(harness.activity("sign_in_failed").entries.len(), 0);
}

#[test]
fn a_store_that_cannot_take_the_acceptance_stays_sealed() {
    let (harness, secret) = older();
    harness.full.is_full.store(true, Ordering::Relaxed);
    assert_eq!(code_of(accept(&harness, ADA, PASSWORD, 412)), Code::DiskFull);
    assert_eq!(harness.service.verify(secret.expose()), Verified::Unavailable);
    harness.full.is_full.store(false, Ordering::Relaxed);
    accept(&harness, ADA, PASSWORD, 412).unwrap();
}
