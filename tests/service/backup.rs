use std::path::PathBuf;

use strongroom::domain::cashier::Role;
use strongroom::domain::recovery::Recipient;
use strongroom::service::request::MakeBackup;
use strongroom::service::{Actor, Code, Error, Event, Request, Response};

use super::harness::{Harness, PASSWORD, email};

fn order() -> Request {
    Request::MakeBackup(MakeBackup {
        place: PathBuf::from("/backups/one.age"),
        recipients: vec![Recipient([3; 32])],
        passphrase: None,
    })
}

/// Waits for the end of the job that `actor` began.
fn made(harness: &Harness, actor: &Actor, request: Request) -> Result<String, Error> {
    let events = harness.service.subscribe();
    let Response::Started(job) = harness.service.handle(actor, request)? else {
        panic!("not begun")
    };
    for event in events {
        if let Event::JobEnded(ended, result) = event
            && ended == job
        {
            return match &*result? {
                Response::BackedUp(last) => Ok(last.path.clone()),
                other => panic!("{other:?}"),
            };
        }
    }
    panic!("never ended")
}

#[test]
fn the_owner_of_the_store_needs_no_password_and_is_in_the_log() {
    let harness = Harness::onboarded();
    assert_eq!(
        made(&harness, &harness.actor, order()).unwrap(),
        "/backups/one.age"
    );
    let entry = &harness.activity("").entries[0];
    assert_eq!(entry.action.word(), "store.backed_up");
    assert_eq!(
        (&*entry.actor.os_user, entry.actor.cashier.is_none()),
        ("ops", true)
    );
    assert!(entry.reason.contains("age1"), "{}", entry.reason);
    let Ok(Response::Backups(view)) = harness.reopened().ask(Request::ShowBackups) else {
        panic!("no backups")
    };
    assert_eq!(view.backups.last.unwrap().sequence, 7);
}

#[test]
fn somebody_else_s_connection_and_a_console_that_may_only_look_need_more() {
    let mut harness = Harness::admin();
    harness.cashier("bob@acme.test", Role::Operator);
    let fixed = Actor {
        fixed_email: Some(email("bob@acme.test")),
        ..harness.actor.clone()
    };
    harness.sign_in("bob@acme.test", PASSWORD);
    let bob = Actor {
        owns_store: false,
        ..harness.actor.clone()
    };
    let looking = Actor {
        read_only: true,
        ..harness.actor.clone()
    };
    for (actor, code) in [
        (
            Actor {
                session: None,
                ..fixed
            },
            Code::SignInRequired,
        ),
        (bob, Code::Forbidden),
        (looking, Code::ReadOnly),
    ] {
        assert_eq!(made(&harness, &actor, order()).unwrap_err().code, code);
    }
}

#[test]
fn a_backup_for_nobody_is_refused_before_anything_is_written() {
    let harness = Harness::admin();
    let nobody = Request::MakeBackup(MakeBackup {
        place: PathBuf::from("/backups/one.age"),
        recipients: Vec::new(),
        passphrase: None,
    });
    assert_eq!(harness.refused(nobody).code, Code::Invalid);
}
