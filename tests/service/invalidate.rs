use strongroom::domain::token::{Overlap, Refusal, Status};
use strongroom::service::request::{Invalidation, TokenRef};
use strongroom::service::{Code, Request};

use super::harness::{Harness, code_of, create};

fn restore(harness: &Harness, token: &str) -> Result<(), Code> {
    let request = Request::RestoreToken {
        organization: None,
        token: TokenRef::parse(token),
    };
    harness.ask(request).map(|_| ()).map_err(|error| error.code)
}

#[test]
fn a_revoked_token_is_refused_at_once_and_can_be_restored_for_sixty_minutes() {
    let mut harness = Harness::admin();
    let (id, secret) = harness.minted("payouts-prod");
    harness.invalidate(&[id], Invalidation::Revoke).unwrap();
    assert_eq!(harness.verdict(&secret), Err(Some(Refusal::Revoked)));
    harness.advance(0, 59);
    harness.sign_in(super::harness::ADA, super::harness::PASSWORD);
    assert_eq!(restore(&harness, "payouts-prod"), Ok(()));
    assert_eq!(harness.verdict(&secret), Ok(Status::Active));
    harness.invalidate(&[id], Invalidation::Revoke).unwrap();
    harness.advance(1, 0);
    harness.sign_in(super::harness::ADA, super::harness::PASSWORD);
    assert_eq!(restore(&harness, "payouts-prod"), Err(Code::Conflict));
    assert_eq!(harness.verdict(&secret), Err(Some(Refusal::Revoked)));
}

#[test]
fn a_leak_is_never_undone_also_when_it_is_noticed_after_the_revocation() {
    let harness = Harness::admin();
    let (id, secret) = harness.minted("payouts-prod");
    harness.invalidate(&[id], Invalidation::Revoke).unwrap();
    harness.invalidate(&[id], Invalidation::RevokeAsLeaked).unwrap();
    assert_eq!(restore(&harness, "payouts-prod"), Err(Code::Conflict));
    assert!(harness.show("payouts-prod").row.leaked);
    assert_eq!(harness.verdict(&secret), Err(Some(Refusal::Revoked)));
}

#[test]
fn a_deleted_token_leaves_a_tombstone_that_still_answers() {
    let harness = Harness::admin();
    let (id, secret) = harness.minted("payouts-prod");
    harness.invalidate(&[id], Invalidation::Delete).unwrap();
    assert_eq!(harness.verdict(&secret), Err(Some(Refusal::Revoked)));
    let detail = harness.show(&id.to_string());
    assert_eq!(detail.row.status, Status::Deleted);
    assert!(detail.deleted_at.is_some());
    assert_eq!(restore(&harness, "payouts-prod"), Err(Code::Conflict));
    assert_eq!(
        code_of(harness.invalidate(&[id], Invalidation::Delete)),
        Code::Conflict
    );
}

#[test]
fn several_are_invalidated_all_or_none() {
    let harness = Harness::admin();
    let (a, _) = harness.minted("a");
    let (b, secret_of_b) = harness.minted("b");
    harness.invalidate(&[a], Invalidation::Revoke).unwrap();
    assert_eq!(
        code_of(harness.invalidate(&[b, a], Invalidation::Revoke)),
        Code::Conflict
    );
    assert_eq!(harness.verdict(&secret_of_b), Ok(Status::Active));
    let (c, _) = harness.minted("c");
    harness.invalidate(&[b, c], Invalidation::Revoke).unwrap();
    assert_eq!(harness.list(Default::default()).counts.revoked, 3);
}

#[test]
fn a_name_taken_meanwhile_stays_with_its_new_owner() {
    let harness = Harness::admin();
    let (id, _) = harness.minted("payouts-prod");
    harness.invalidate(&[id], Invalidation::Revoke).unwrap();
    harness.mint(create("payouts-prod")).unwrap();
    assert_eq!(restore(&harness, &id.to_string()), Err(Code::Conflict));
}

#[test]
fn a_revocation_survives_a_restart() {
    let harness = Harness::admin();
    let (id, secret) = harness.minted("payouts-prod");
    harness.invalidate(&[id], Invalidation::RevokeAsLeaked).unwrap();
    assert_eq!(harness.reopened().verdict(&secret), Err(Some(Refusal::Revoked)));
}

#[test]
fn a_rotated_token_s_name_that_was_taken_meanwhile_stays_with_its_new_owner_too() {
    let harness = Harness::admin();
    harness.minted("payouts-prod");
    let new = harness.rotate("payouts-prod", Overlap::Hour1).unwrap();
    harness.acknowledge(&new);
    harness.invalidate(&[new.token.id], Invalidation::Revoke).unwrap();
    harness.mint(create("payouts-prod")).unwrap();
    assert_eq!(restore(&harness, &new.token.id.to_string()), Err(Code::Conflict));
}

#[test]
fn of_two_replacements_that_nobody_acknowledged_one_stays_revoked() {
    let harness = Harness::admin();
    harness.minted("payouts-prod");
    let first = harness.rotate("payouts-prod", Overlap::Hour1).unwrap();
    harness
        .invalidate(&[first.token.id], Invalidation::Revoke)
        .unwrap();
    harness.rotate("payouts-prod", Overlap::Hour1).unwrap();
    assert_eq!(
        restore(&harness, &first.token.id.to_string()),
        Err(Code::Conflict)
    );
}

#[test]
fn either_token_of_a_rotation_that_nobody_acknowledged_is_restored() {
    let harness = Harness::admin();
    let (id, old) = harness.minted("payouts-prod");
    let new = harness.rotate("payouts-prod", Overlap::Hour1).unwrap();
    for id in [id, new.token.id] {
        harness.invalidate(&[id], Invalidation::Revoke).unwrap();
        assert_eq!(restore(&harness, &id.to_string()), Ok(()));
    }
    harness.acknowledge(&new);
    assert_eq!(harness.verdict(&old), Ok(Status::Retiring));
}

#[test]
fn a_token_that_is_named_twice_is_revoked_once() {
    let harness = Harness::admin();
    let (id, _) = harness.minted("payouts-prod");
    harness.invalidate(&[id, id], Invalidation::Revoke).unwrap();
    assert_eq!(harness.activity("token.revoked").entries.len(), 1);
}
