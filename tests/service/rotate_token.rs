use strongroom::domain::token::{Finish, Overlap, Refusal, Status};
use strongroom::service::request::{Invalidation, TokenRef};
use strongroom::service::{Code, Request};

use super::harness::{Harness, code_of};

#[test]
fn both_work_during_the_overlap_and_the_old_one_ends_with_it() {
    let harness = Harness::onboarded();
    let (_, old) = harness.minted("payouts-prod");
    let new = harness.rotate("payouts-prod", Overlap::Hours24).unwrap();
    harness.acknowledge(&new);
    assert_eq!(harness.verdict(&old), Ok(Status::Retiring));
    assert_eq!(harness.verdict(&new.secret), Ok(Status::Active));
    harness.advance(23, 59);
    assert_eq!(harness.verdict(&old), Ok(Status::Retiring));
    harness.advance(0, 1);
    assert_eq!(harness.verdict(&old), Err(Some(Refusal::Expired)));
    assert_eq!(harness.verdict(&new.secret), Ok(Status::Active));
}

#[test]
fn the_clock_starts_at_the_acknowledgement_also_for_overlap_now() {
    let harness = Harness::onboarded();
    let (_, old) = harness.minted("payouts-prod");
    let new = harness.rotate("payouts-prod", Overlap::Now).unwrap();
    harness.advance(100, 0);
    assert_eq!(harness.verdict(&old), Ok(Status::Active));
    harness.acknowledge(&new);
    assert_eq!(harness.verdict(&old), Err(Some(Refusal::Expired)));
}

#[test]
fn a_terminal_that_dies_at_the_reveal_leaves_the_old_token_as_it_was() {
    let harness = Harness::onboarded();
    let (id, old) = harness.minted("payouts-prod");
    let new = harness.rotate("payouts-prod", Overlap::Now).unwrap();
    let mut harness = harness.reopened();
    assert_eq!(harness.verdict(&old), Ok(Status::Active));
    assert_eq!(harness.show("payouts-prod").row.id, id);
    assert_eq!(
        code_of(harness.rotate("payouts-prod", Overlap::Now)),
        Code::Conflict
    );
    harness.sign_in(super::harness::ADA, super::harness::PASSWORD);
    harness.invalidate(&[new.token.id], Invalidation::Revoke).unwrap();
    assert!(harness.rotate("payouts-prod", Overlap::Now).is_ok());
}

#[test]
fn a_new_token_that_was_given_up_leaves_the_old_one_alone() {
    let harness = Harness::onboarded();
    let (_, old) = harness.minted("payouts-prod");
    let new = harness.rotate("payouts-prod", Overlap::Now).unwrap();
    harness
        .ask(Request::DiscardReveal {
            reveal: new.reveal,
            reason: None,
        })
        .unwrap();
    assert_eq!(harness.verdict(&old), Ok(Status::Active));
    assert_eq!(harness.verdict(&new.secret), Err(Some(Refusal::Revoked)));
}

#[test]
fn an_overlap_is_extended_from_now_and_never_past_the_old_token_s_expiry() {
    let harness = Harness::admin();
    let (id, _) = harness.minted("payouts-prod");
    let expires_at = harness.show(&id.to_string()).row.expires_at;
    let new = harness.rotate("payouts-prod", Overlap::Hour1).unwrap();
    harness.acknowledge(&new);
    let extend = |overlap| Request::ExtendOverlap {
        organization: None,
        token: TokenRef::Id(id),
        overlap: Some(overlap),
        finish: None,
    };
    assert_eq!(harness.refused(extend(Overlap::Now)).code, Code::Conflict);
    harness.ask(extend(Overlap::Days7)).unwrap();
    let ends_at = harness.show(&id.to_string()).row.ends_at;
    assert_eq!(ends_at.to_string(), "2026-11-30T12:00:00Z");
    assert!(ends_at < expires_at);
}

#[test]
fn a_rotation_close_to_the_end_overlaps_until_the_end() {
    let harness = Harness::onboarded();
    let (id, _) = harness.minted("payouts-prod");
    let expires_at = harness.show("payouts-prod").row.expires_at;
    harness.advance(24 * 90, 0);
    let new = harness.rotate("payouts-prod", Overlap::Days7).unwrap();
    harness.acknowledge(&new);
    assert_eq!(harness.show(&id.to_string()).row.ends_at, expires_at);
}

#[test]
fn a_cut_over_ends_the_old_one_at_once_by_either_s_name() {
    for by_new in [false, true] {
        let harness = Harness::admin();
        let (old_id, old) = harness.minted("payouts-prod");
        let new = harness.rotate("payouts-prod", Overlap::Days7).unwrap();
        harness.acknowledge(&new);
        let token = if by_new {
            TokenRef::Name("payouts-prod".into())
        } else {
            TokenRef::Id(old_id)
        };
        harness
            .ask(Request::CutOver {
                organization: None,
                token: token.clone(),
            })
            .unwrap();
        assert_eq!(harness.verdict(&old), Err(Some(Refusal::Expired)));
        assert_eq!(harness.verdict(&new.secret), Ok(Status::Active));
        assert_eq!(
            harness
                .refused(Request::CutOver {
                    organization: None,
                    token
                })
                .code,
            Code::Conflict
        );
    }
}

#[test]
fn the_name_and_variable_go_over_and_the_chain_tells_the_story() {
    let harness = Harness::onboarded();
    let (first, _) = harness.minted("payouts-prod");
    let second = harness.rotate("payouts-prod", Overlap::Hour1).unwrap();
    harness.acknowledge(&second);
    harness.advance(2, 0);
    let third = harness.rotate("payouts-prod", Overlap::Hour1).unwrap();
    harness.acknowledge(&third);
    let detail = harness.show("payouts-prod");
    assert_eq!(detail.row.id, third.token.id);
    assert_eq!(detail.row.variable.as_str(), "FINCODE_TOKEN_PROD");
    let chain: Vec<_> = detail.chain.iter().map(|row| row.id).collect();
    assert_eq!(chain, [first, second.token.id, third.token.id]);
}

#[test]
fn what_does_not_work_any_more_is_not_rotated() {
    let harness = Harness::admin();
    let (id, _) = harness.minted("payouts-prod");
    harness.invalidate(&[id], Invalidation::Revoke).unwrap();
    assert_eq!(
        code_of(harness.rotate("payouts-prod", Overlap::Now)),
        Code::Conflict
    );
    assert_eq!(code_of(harness.rotate("nobody", Overlap::Now)), Code::NotFound);
}

#[test]
fn an_old_token_that_was_revoked_before_the_acknowledgement_does_not_outlive_the_overlap() {
    let harness = Harness::admin();
    let (id, old) = harness.minted("payouts-prod");
    let new = harness.rotate("payouts-prod", Overlap::Days3).unwrap();
    harness.invalidate(&[id], Invalidation::Revoke).unwrap();
    harness.acknowledge(&new);
    let restore = Request::RestoreToken {
        organization: None,
        token: TokenRef::Id(id),
    };
    harness.ask(restore).unwrap();
    assert_eq!(harness.verdict(&old), Ok(Status::Retiring));
    harness.advance(72, 0);
    assert_eq!(harness.verdict(&old), Err(Some(Refusal::Expired)));
}

#[test]
fn a_new_token_that_ended_at_its_reveal_does_not_end_the_old_one() {
    let harness = Harness::onboarded();
    let (_, old) = harness.minted("payouts-prod");
    let request = strongroom::service::request::RotateToken {
        organization: None,
        token: TokenRef::parse("payouts-prod"),
        lifetime: Some(strongroom::domain::token::Lifetime::Hours24),
        overlap: Overlap::Now,
        finish: Finish::AtEnd,
        owner: None,
        note: None,
        credentials: super::harness::credentials(super::harness::ADA, super::harness::PASSWORD),
    };
    let strongroom::service::Response::Minted(new) = harness.ask(Request::RotateToken(request)).unwrap()
    else {
        panic!()
    };
    harness.advance(24, 0);
    let acknowledge = Request::AcknowledgeReveal { reveal: new.reveal };
    assert_eq!(harness.refused(acknowledge).code, Code::Conflict);
    assert_eq!(harness.verdict(&old), Ok(Status::Active));
    harness
        .ask(Request::DiscardReveal {
            reveal: new.reveal,
            reason: None,
        })
        .unwrap();
}

#[test]
fn a_replacement_that_nobody_acknowledged_is_not_rotated_itself() {
    let harness = Harness::admin();
    let (id, _) = harness.minted("payouts-prod");
    let new = harness.rotate("payouts-prod", Overlap::Now).unwrap();
    let again = harness.rotate(&new.token.id.to_string(), Overlap::Now);
    assert_eq!(code_of(again), Code::Conflict);
    harness.invalidate(&[id], Invalidation::Revoke).unwrap();
    assert!(harness.rotate(&new.token.id.to_string(), Overlap::Now).is_ok());
}
