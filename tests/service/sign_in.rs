use std::time::Duration;

use strongroom::domain::text::Email;
use strongroom::service::{Actor, Code, Request};

use super::harness::{ADA, Harness, PASSWORD, code_of, credentials, email, secret};

fn fail(harness: &Harness, address: &str) -> Code {
    code_of(harness.session(address, "wrong wrong wrong"))
}

#[test]
fn a_sign_in_is_good_for_ten_minutes() {
    let harness = Harness::admin();
    harness.clock.advance(Duration::from_secs(599));
    let add = |address: &str| Request::AddCashier {
        email: email(address),
        role: strongroom::domain::cashier::Role::Viewer,
    };
    assert!(harness.ask(add("a@acme.test")).is_ok());
    harness.clock.advance(Duration::from_secs(1));
    assert_eq!(harness.refused(add("b@acme.test")).code, Code::SignInRequired);
}

#[test]
fn it_ends_with_a_sign_out() {
    let harness = Harness::admin();
    harness.ask(Request::SignOut).unwrap();
    let add = Request::AddCashier {
        email: email("a@acme.test"),
        role: strongroom::domain::cashier::Role::Viewer,
    };
    assert_eq!(harness.refused(add).code, Code::SignInRequired);
}

#[test]
fn the_waits_grow_and_survive_a_restart() {
    let harness = Harness::onboarded();
    for wait in [1, 2, 4, 8] {
        assert_eq!(fail(&harness, ADA), Code::Unauthenticated);
        assert_eq!(
            code_of(harness.session(ADA, PASSWORD)),
            Code::Throttled,
            "also with the right password"
        );
        harness.clock.advance(Duration::from_secs(wait));
    }
    assert_eq!(fail(&harness, ADA), Code::Unauthenticated);
    let harness = harness.reopened();
    harness.advance(0, 14);
    assert_eq!(code_of(harness.session(ADA, PASSWORD)), Code::Throttled);
    harness.advance(0, 1);
    assert!(harness.session(ADA, PASSWORD).is_ok());
    assert_eq!(fail(&harness, ADA), Code::Unauthenticated);
    harness.clock.advance(Duration::from_secs(1));
    assert!(
        harness.session(ADA, PASSWORD).is_ok(),
        "a success forgets the failures"
    );
}

#[test]
fn a_stranger_elsewhere_cannot_lock_a_cashier_out() {
    let mut harness = Harness::onboarded();
    let here = harness.actor.clone();
    harness.actor = Actor {
        address: Some("203.0.113.9".into()),
        ..here.clone()
    };
    for _ in 0..10 {
        fail(&harness, ADA);
        harness.advance(0, 31);
    }
    fail(&harness, ADA);
    assert_eq!(code_of(harness.session(ADA, PASSWORD)), Code::Throttled);
    harness.actor = here;
    assert!(harness.session(ADA, PASSWORD).is_ok());
}

#[test]
fn unknown_addresses_get_the_same_answers() {
    let harness = Harness::onboarded();
    let known = harness.session(ADA, "wrong wrong wrong").unwrap_err();
    let unknown = harness
        .session("nobody@acme.test", "wrong wrong wrong")
        .unwrap_err();
    assert_eq!(known, unknown);
    let known = harness.session(ADA, PASSWORD).unwrap_err();
    let unknown = harness.session("nobody@acme.test", PASSWORD).unwrap_err();
    assert_eq!(known.message, unknown.message.replace("nobody@acme.test", ADA));
}

#[test]
fn an_admin_or_the_store_s_owner_releases() {
    let harness = Harness::onboarded();
    for _ in 0..5 {
        fail(&harness, ADA);
        harness.clock.advance(Duration::from_secs(8));
    }
    assert_eq!(code_of(harness.session(ADA, PASSWORD)), Code::Throttled);
    harness.ask(Request::UnlockCashier { email: email(ADA) }).unwrap();
    assert_eq!(harness.last_action(), "cashier.unlocked");
    assert!(harness.session(ADA, PASSWORD).is_ok());
}

#[test]
fn a_connection_bound_to_one_cashier_takes_no_other() {
    let mut harness = Harness::onboarded();
    harness.actor.fixed_email = Email::folded("otto@acme.test").ok();
    assert_eq!(code_of(harness.session(ADA, PASSWORD)), Code::Forbidden);
}

#[test]
fn a_password_is_changed_by_who_knows_the_old_one_and_obeys_the_rules() {
    let harness = Harness::onboarded();
    let change = |old: &str, new: &str| Request::ChangePassword {
        credentials: credentials(ADA, old),
        password: secret(new),
    };
    for (new, part) in [
        ("fourteen chars", "14"),
        ("aaaaaaaaaaaaaaaaaaaa", "tried first"),
        (ADA, "13"),
        (&"x y ".repeat(300), "1200"),
    ] {
        let error = harness.refused(change(PASSWORD, new));
        assert_eq!(error.code, Code::Invalid, "{new}");
        assert!(error.message.contains(part), "{new}: {}", error.message);
    }
    harness.ask(change(PASSWORD, "grüner Tee um 3 Uhr früh")).unwrap();
    // The same text in decomposed form: NFKC makes it one.
    assert!(
        harness
            .session(ADA, "gru\u{308}ner Tee um 3 Uhr fru\u{308}h")
            .is_ok()
    );
    assert_eq!(code_of(harness.session(ADA, PASSWORD)), Code::Unauthenticated);
}

#[test]
fn tries_side_by_side_get_one_answer() {
    for password in [PASSWORD, "wrong wrong wrong"] {
        let harness = Harness::onboarded();
        let wrong = Request::SignIn(credentials(ADA, "other other other"));
        harness.meanwhile(&harness.actor, wrong);
        assert_eq!(code_of(harness.session(ADA, password)), Code::Throttled);
        let entries = harness.activity("cashier.sign_in_failed").entries;
        assert_eq!(entries.len(), 1);
    }
}

#[test]
fn a_success_that_forgets_failures_is_in_the_log() {
    let harness = Harness::onboarded();
    fail(&harness, ADA);
    harness.clock.advance(Duration::from_secs(1));
    harness.session(ADA, PASSWORD).unwrap();
    let entries = harness.activity("cashier.failures_forgotten").entries;
    assert_eq!(entries[0].actor.cashier, Some(email(ADA)));
}

#[test]
fn failures_count_also_while_the_disk_is_full() {
    let harness = Harness::onboarded();
    harness
        .full
        .is_full
        .store(true, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(fail(&harness, ADA), Code::DiskFull);
    assert_eq!(fail(&harness, ADA), Code::Throttled);
}

#[test]
fn an_address_that_was_tried_before_it_was_added_is_released_like_any_other() {
    const OTTO: &str = "otto@acme.test";
    let harness = Harness::admin();
    for _ in 0..5 {
        fail(&harness, OTTO);
        harness.clock.advance(Duration::from_secs(8));
    }
    harness.cashier(OTTO, strongroom::domain::cashier::Role::Viewer);
    assert_eq!(code_of(harness.session(OTTO, PASSWORD)), Code::Throttled);
    harness
        .ask(Request::UnlockCashier { email: email(OTTO) })
        .unwrap();
    assert!(harness.session(OTTO, PASSWORD).is_ok());
}

#[test]
fn an_account_is_throttled_whatever_address_it_says() {
    let mut harness = Harness::onboarded();
    let here = harness.actor.clone();
    let saying = |address: &str| Actor {
        said_address: Some(address.into()),
        ..here.clone()
    };
    harness.actor = saying("203.0.113.9");
    assert_eq!(fail(&harness, ADA), Code::Unauthenticated);
    let entries = harness.activity("cashier.sign_in_failed").entries;
    assert_eq!(entries[0].actor.address.as_deref(), Some("203.0.113.9 (said)"));
    harness.actor = saying("203.0.113.10");
    assert_eq!(fail(&harness, ADA), Code::Throttled);
    // And nobody is locked out who does come from there.
    harness.actor = Actor {
        address: Some("203.0.113.9".into()),
        ..here
    };
    assert!(harness.session(ADA, PASSWORD).is_ok());
}

#[test]
fn a_sign_in_is_good_for_nobody_else() {
    let mut harness = Harness::admin();
    let mine = harness.actor.clone();
    let others = [
        Actor {
            uid: 1001,
            ..mine.clone()
        },
        Actor {
            fixed_email: Some(email(ADA)),
            ..mine.clone()
        },
    ];
    let add = Request::AddCashier {
        email: email("a@acme.test"),
        role: strongroom::domain::cashier::Role::Viewer,
    };
    for other in others {
        harness.actor = other;
        harness.ask(Request::SignOut).unwrap();
        assert_eq!(harness.refused(add.clone()).code, Code::SignInRequired);
    }
    harness.actor = mine;
    assert!(harness.ask(add).is_ok());
}

#[test]
fn a_sign_in_to_look_is_logged_and_changes_nothing_ever() {
    let mut harness = Harness::onboarded();
    fail(&harness, ADA);
    harness.clock.advance(Duration::from_secs(1));
    harness.actor.read_only = true;
    harness.sign_in(ADA, PASSWORD);
    assert_eq!(harness.last_action(), "cashier.signed_in");
    assert_eq!(harness.activity("cashier.failures_forgotten").entries.len(), 1);
    harness.actor.read_only = false;
    let add = Request::AddCashier {
        email: email("a@acme.test"),
        role: strongroom::domain::cashier::Role::Viewer,
    };
    assert_eq!(harness.refused(add).code, Code::ReadOnly);
}
