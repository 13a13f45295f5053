//! A clock that was set: what is judged, what is written down, and what an admin's word does.

use std::time::Duration;

use chrono::TimeDelta;

use strongroom::domain::time::Timestamp;
use strongroom::domain::token::{Lifetime, Refusal, Status};
use strongroom::service::request::{CreateToken, Invalidation};
use strongroom::service::response::ClockView;
use strongroom::service::{Code, Error, Request, Response};

use super::harness::{ADA, Harness, PASSWORD, code_of, create, credentials, email};
use super::health::health;

/// The wall clock alone is set to another time than the true one.
fn set(harness: &Harness, truth: Timestamp, off: TimeDelta) {
    harness.clock.set_wall(truth.plus(off));
}

fn view(harness: &Harness) -> ClockView {
    health(harness).clock
}

fn confirm(harness: &Harness, wall: Timestamp) -> Result<Response, Error> {
    harness.ask(Request::ConfirmClock {
        credentials: credentials(ADA, PASSWORD),
        wall,
    })
}

fn noon() -> Timestamp {
    Timestamp::from_millis(1_795_435_200_000)
}

fn a_day(name: &str) -> CreateToken {
    CreateToken {
        lifetime: Lifetime::Hours24,
        ..create(name)
    }
}

#[test]
fn a_clock_set_ahead_expires_tokens_only_while_it_is_wrong_and_dates_nothing() {
    let harness = Harness::admin();
    let secret = harness.minted("payouts-prod").1;
    set(&harness, noon(), TimeDelta::days(3650));
    assert_eq!(harness.verdict(&secret), Err(Some(Refusal::Expired)));

    let minted = harness.mint(a_day("ledger")).unwrap();
    assert_eq!(minted.token.minted_at, noon());
    assert_eq!(minted.token.expires_at, noon().plus(TimeDelta::days(1)));
    let code = harness.code(Request::AddCashier {
        email: email("olaf@acme.test"),
        role: strongroom::domain::cashier::Role::Viewer,
    });
    assert_eq!(code.expires_at, noon().plus(TimeDelta::days(1)));
    assert!(
        harness
            .activity("")
            .entries
            .iter()
            .all(|entry| entry.at == noon())
    );

    harness.clock.set_wall(noon());
    assert_eq!(harness.verdict(&secret), Ok(Status::Active));
    assert_eq!(view(&harness).jump, None);
}

#[test]
fn a_clock_set_back_brings_no_token_back_and_lengthens_no_undo() {
    let mut harness = Harness::admin();
    let minted = harness.mint(a_day("ledger")).unwrap();
    harness.advance(25, 0);
    let truth = noon().plus(TimeDelta::hours(25));
    harness.sign_in(ADA, PASSWORD);
    let (id, _) = harness.minted("payouts-prod");
    harness.invalidate(&[id], Invalidation::Revoke).unwrap();
    for off in [-TimeDelta::hours(1), -TimeDelta::days(1), -TimeDelta::days(3650)] {
        set(&harness, truth, off);
        assert_eq!(harness.verdict(&minted.secret), Err(Some(Refusal::Expired)));
        let reopened = harness.reopened();
        assert_eq!(reopened.verdict(&minted.secret), Err(Some(Refusal::Expired)));
    }
    harness.clock.advance(Duration::from_secs(3601));
    harness.sign_in(ADA, PASSWORD);
    let undo = Request::RestoreToken {
        organization: None,
        token: strongroom::service::request::TokenRef::Id(id),
    };
    assert_eq!(code_of(harness.ask(undo)), Code::Conflict);
}

#[test]
fn waits_after_wrong_passwords_are_not_shortened_by_the_clock() {
    let harness = Harness::onboarded();
    for _ in 0..5 {
        harness.advance(0, 20);
        let _ = harness.session(ADA, "not the password");
    }
    let truth = noon().plus(TimeDelta::minutes(100));
    set(&harness, truth, TimeDelta::days(1));
    assert_eq!(code_of(harness.session(ADA, PASSWORD)), Code::Throttled);
    set(&harness, truth, -TimeDelta::days(1));
    harness.advance(0, 16);
    harness.session(ADA, PASSWORD).unwrap();
}

#[test]
fn a_jump_is_told_once_and_ends_by_itself_when_the_clock_is_right_again() {
    let harness = Harness::admin();
    harness.service.maintain().unwrap();
    set(&harness, noon(), TimeDelta::days(1));
    harness.service.maintain().unwrap();
    let harness = harness.reopened();
    harness.service.maintain().unwrap();
    let told = harness.activity("clock.jumped").entries;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].subject, "2026-11-24T12:00:00Z");
    assert_eq!(
        told[0].reason,
        "24 h after what was expected, 2026-11-23T12:00:00Z"
    );
    let alarm = &health(&harness).alarms[0];
    assert_eq!(alarm.kind, "clock_jumped");
    assert_eq!(
        alarm.message,
        "the wall clock shows 2026-11-24T12:00:00Z, 24 h after the time that can be trusted, 2026-11-23T12:00:00Z"
    );
    assert_eq!(
        alarm.hint,
        "put the clock right; or, if the later time is right, have an admin confirm it: strongroom clock confirm"
    );

    harness.clock.set_wall(noon());
    let harness = harness.reopened();
    assert!(health(&harness).alarms.is_empty());
    set(&harness, noon(), -TimeDelta::days(1));
    harness.service.maintain().unwrap();
    assert_eq!(harness.activity("clock.jumped").entries.len(), 2);
}

#[test]
fn an_admin_confirms_a_later_time_and_what_expired_by_it_is_gone() {
    let harness = Harness::admin();
    let short = harness.mint(a_day("ledger")).unwrap().secret;
    let long = harness.minted("payouts-prod").1;
    assert_eq!(code_of(confirm(&harness, noon())), Code::Conflict);
    let later = noon().plus(TimeDelta::days(2));
    harness.clock.set_wall(later);
    assert_eq!(view(&harness).would_expire, 1);
    let hours_off = later.plus(TimeDelta::minutes(61));
    assert_eq!(code_of(confirm(&harness, hours_off)), Code::Conflict);
    confirm(&harness, later).unwrap();
    let entry = &harness.activity("clock.confirmed").entries[0];
    assert_eq!(entry.at, noon(), "by the time that was trusted until then");
    assert_eq!(entry.reason, "48 h after the time before, 2026-11-23T12:00:00Z");
    assert_eq!(entry.actor.cashier, Some(email(ADA)));

    assert_eq!(view(&harness).trusted, later);
    harness.clock.set_wall(noon());
    let harness = harness.reopened();
    assert_eq!(harness.verdict(&short), Err(Some(Refusal::Expired)));
    assert_eq!(harness.verdict(&long), Ok(Status::Active));
}

#[test]
fn an_earlier_time_that_is_confirmed_is_waited_for_at_half_the_pace() {
    let harness = Harness::admin();
    let back = TimeDelta::hours(10);
    set(&harness, noon(), -back);
    confirm(&harness, noon().minus(back)).unwrap();
    assert_eq!(view(&harness).jump, None);
    assert_eq!(view(&harness).trusted, noon());
    for hours in 1..=20 {
        harness.advance(1, 0);
        let expected = noon().plus(TimeDelta::minutes(30 * hours));
        assert_eq!(view(&harness).trusted, expected);
    }
    harness.advance(1, 0);
    let harness = harness.reopened();
    let clock = view(&harness);
    assert_eq!(clock.trusted, clock.wall);
}

#[test]
fn a_machine_that_was_off_may_be_up_to_31_days_ahead() {
    for (days, believed) in [(31, true), (32, false)] {
        let harness = Harness::onboarded();
        harness.service.close().unwrap();
        harness.clock.reboot();
        set(&harness, noon(), TimeDelta::days(days));
        let clock = view(&harness.after_a_crash());
        assert_eq!(clock.jump.is_none(), believed);
        assert_eq!(clock.trusted == clock.wall, believed);
    }
}

#[test]
fn a_machine_that_woke_up_in_1970_goes_on_when_its_clock_is_set() {
    let harness = Harness::admin();
    harness.service.close().unwrap();
    harness.clock.reboot();
    harness.clock.set_wall(Timestamp::default());
    let harness = harness.after_a_crash();
    harness.advance(0, 5);
    assert_eq!(view(&harness).trusted, noon().plus(TimeDelta::minutes(5)));
    let harness = harness.reopened();
    harness.advance(0, 5);
    let clock = view(&harness);
    assert_eq!(clock.trusted, noon().plus(TimeDelta::minutes(10)));
    assert!(clock.jump.is_some());
    set(&harness, noon(), TimeDelta::days(3));
    let clock = view(&harness);
    assert_eq!((clock.trusted, clock.jump), (clock.wall, None));
}

#[test]
fn use_is_dated_by_the_time_that_can_be_trusted() {
    let harness = Harness::admin();
    let secret = harness.minted("payouts-prod").1;
    set(&harness, noon(), TimeDelta::days(1));
    assert_eq!(harness.verdict(&secret), Ok(Status::Active));
    assert_eq!(harness.show("payouts-prod").row.last_used, Some(noon()));
}
