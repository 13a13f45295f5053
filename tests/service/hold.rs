use strongroom::domain::cashier::Role;
use strongroom::domain::key_pair::Mgf1;
use strongroom::domain::recovery::Recipient;
use strongroom::domain::time::Timestamp;
use strongroom::domain::token::{Overlap, Refusal, Status};
use strongroom::service::request::{Invalidation, Show, TokenQuery, TokenRef};
use strongroom::service::response::{BackupsView, Health};
use strongroom::service::{Code, Request, Response};

use super::harness::{ADA, Harness, PASSWORD, create, secret};

fn release(tokens: Option<&[&str]>) -> Request {
    Request::ReleaseHold {
        organization: None,
        tokens: tokens.map(|tokens| tokens.iter().map(|token| TokenRef::parse(token)).collect()),
    }
}

fn backups(harness: &Harness) -> BackupsView {
    match harness.ask(Request::ShowBackups) {
        Ok(Response::Backups(view)) => view,
        other => panic!("{other:?}"),
    }
}

fn health(harness: &Harness) -> Health {
    match harness.ask(Request::Health) {
        Ok(Response::Health(health)) => *health,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_restore_holds_every_token_that_worked_until_an_admin_releases_them() {
    let harness = Harness::admin();
    let (_, good) = harness.minted("payouts-prod");
    let (revoked_id, revoked) = harness.minted("old");
    harness.invalidate(&[revoked_id], Invalidation::Revoke).unwrap();
    harness.restored(false);

    assert_eq!(harness.verdict(&good), Err(Some(Refusal::Held)));
    assert_eq!(harness.verdict(&revoked), Err(Some(Refusal::Revoked)));
    let page = harness.list(TokenQuery::default());
    assert_eq!(
        page.rows[0].status,
        Status::Held,
        "it stays in the list of those that work"
    );
    assert_eq!((page.counts.held, page.counts.live()), (1, 0));
    let only = TokenQuery {
        show: Show::Only(Status::Held),
        ..TokenQuery::default()
    };
    assert_eq!(harness.list(only).rows.len(), 1);
    assert!(backups(&harness).hold.is_some());
    assert!(
        health(&harness)
            .alarms
            .iter()
            .any(|alarm| alarm.kind == "tokens_held")
    );
    let uses = harness.show("payouts-prod").row.uses;
    assert_eq!(uses, 0, "a refused token is not counted as used");

    // Nothing of it is lost with the process.
    let reopened = harness.reopened();
    assert_eq!(reopened.verdict(&good), Err(Some(Refusal::Held)));

    assert!(harness.ask(release(None)).is_ok());
    assert_eq!(harness.verdict(&good), Ok(Status::Active));
    assert_eq!(harness.verdict(&revoked), Err(Some(Refusal::Revoked)));
    assert_eq!(harness.last_action(), "token.all_released");
    assert!(backups(&harness).hold.is_none());
    assert_eq!(harness.refused(release(None)).code, Code::Conflict);
    assert_eq!(harness.reopened().verdict(&good), Ok(Status::Active));
}

#[test]
fn a_restore_with_its_journal_holds_nothing_and_is_in_the_log() {
    let harness = Harness::admin();
    let (_, token) = harness.minted("payouts-prod");
    harness.restored(true);
    assert_eq!(harness.verdict(&token), Ok(Status::Active));
    assert_eq!(harness.last_action(), "store.restored");
}

#[test]
fn tokens_are_released_one_by_one_and_nothing_else_with_them() {
    let harness = Harness::admin();
    let (id, one) = harness.minted("one");
    let (_, two) = harness.minted("two");
    harness.restored(false);
    assert!(harness.ask(release(Some(&["one", &id.to_string()]))).is_ok());
    assert_eq!(harness.verdict(&one), Ok(Status::Active));
    assert_eq!(harness.verdict(&two), Err(Some(Refusal::Held)));
    assert_eq!(harness.last_action(), "token.released");
    assert_eq!(harness.reopened().verdict(&one), Ok(Status::Active));
    assert_eq!(
        harness.refused(release(Some(&["two", "one"]))).code,
        Code::Conflict
    );
    assert_eq!(harness.verdict(&two), Err(Some(Refusal::Held)), "all or none");
    assert_eq!(harness.refused(release(Some(&[]))).code, Code::Invalid);
    // What is changed of a released token does not hold it again.
    harness.invalidate(&[id], Invalidation::Revoke).unwrap();
    let undo = Request::RestoreToken {
        organization: None,
        token: TokenRef::Id(id),
    };
    assert!(harness.ask(undo).is_ok());
    assert_eq!(harness.verdict(&one), Ok(Status::Active));
}

#[test]
fn tokens_minted_after_the_restore_work_also_on_a_host_whose_clock_is_behind() {
    let harness = Harness::admin();
    let (_, old) = harness.minted("payouts-prod");
    harness.clock.set_wall(Timestamp::from_millis(1_700_000_000_000));
    harness.restored(false);
    assert_eq!(harness.verdict(&old), Err(Some(Refusal::Held)));
    let new = harness.mint(create("checkout")).unwrap();
    assert_eq!(harness.verdict(&new.secret), Ok(Status::Active));
    let rotated = harness.rotate("payouts-prod", Overlap::ALL[2]).unwrap();
    harness.acknowledge(&rotated);
    assert_eq!(harness.verdict(&rotated.secret), Ok(Status::Active));
    assert_eq!(harness.verdict(&old), Err(Some(Refusal::Held)));
    assert_eq!(harness.reopened().verdict(&new.secret), Ok(Status::Active));
}

#[test]
fn decryption_goes_on_while_tokens_are_held() {
    let harness = Harness::admin();
    harness.restored(false);
    let encrypt = Request::Encrypt {
        organization: None,
        plaintext: secret("4711"),
        mgf1: Mgf1::Sha256,
    };
    let Ok(Response::Encrypted(ciphertext)) = harness.ask(encrypt) else {
        panic!("not encrypted")
    };
    let decrypt = Request::Decrypt {
        organization: None,
        ciphertext,
        key: None,
    };
    assert!(harness.ask(decrypt).is_ok());
}

#[test]
fn only_an_admin_releases_and_sets_whom_backups_are_for() {
    let mut harness = Harness::admin();
    harness.cashier("bob@acme.test", Role::Operator);
    harness.restored(false);
    let recipient = Recipient([9; 32]);
    harness.sign_in("bob@acme.test", PASSWORD);
    for request in [release(None), Request::SetRecipient { recipient }] {
        assert_eq!(harness.refused(request).code, Code::Forbidden);
    }
    harness.sign_in(ADA, PASSWORD);
    assert!(harness.ask(Request::SetRecipient { recipient }).is_ok());
    assert_eq!(backups(&harness).backups.recipient, Some(recipient));
    assert_eq!(harness.last_action(), "backup.recipient_set");
    assert_eq!(backups(&harness.reopened()).backups.recipient, Some(recipient));
}
