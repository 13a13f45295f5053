use strongroom::domain::cashier::Role;
use strongroom::domain::text::Variable;
use strongroom::domain::token::{Lifetime, Status};
use strongroom::service::request::CreateToken;
use strongroom::service::{Code, Request};

use super::harness::{ADA, Harness, code_of, create, credentials};

#[test]
fn a_minted_token_works_and_its_text_begins_with_brand_and_environment() {
    let harness = Harness::onboarded();
    let minted = harness.mint(create("payouts-prod")).unwrap();
    assert!(minted.secret.expose().starts_with(b"fincode_prod_"));
    assert_eq!(harness.verdict(&minted.secret), Ok(Status::Active));
    assert_eq!(
        minted.token.masked.as_bytes().last_chunk::<4>(),
        minted.secret.expose().last_chunk::<4>()
    );
}

#[test]
fn each_of_the_five_expiries_ends_when_the_calendar_says() {
    let harness = Harness::onboarded();
    let ends = [
        "2026-11-24",
        "2026-12-23",
        "2027-02-23",
        "2027-05-23",
        "2027-11-23",
    ];
    for (lifetime, day) in Lifetime::ALL.into_iter().zip(ends) {
        let minted = harness
            .mint(CreateToken {
                lifetime,
                ..create(lifetime.code())
            })
            .unwrap();
        assert_eq!(minted.token.expires_at.to_string(), format!("{day}T12:00:00Z"));
    }
}

#[test]
fn every_mint_asks_for_the_password_also_of_somebody_who_has_signed_in() {
    let harness = Harness::admin();
    let wrong = CreateToken {
        credentials: credentials(ADA, "not the password at all"),
        ..create("x")
    };
    assert_eq!(code_of(harness.mint(wrong)), Code::Unauthenticated);
}

#[test]
fn a_viewer_mints_nothing() {
    let harness = Harness::admin();
    harness.cashier("vera@acme.test", Role::Viewer);
    let request = CreateToken {
        credentials: credentials("vera@acme.test", super::harness::PASSWORD),
        ..create("x")
    };
    assert_eq!(code_of(harness.mint(request)), Code::Forbidden);
}

#[test]
fn a_live_token_s_name_is_taken_and_a_revoked_one_s_is_free() {
    let harness = Harness::admin();
    let (id, _) = harness.minted("payouts-prod");
    assert_eq!(code_of(harness.mint(create("payouts-prod"))), Code::Conflict);
    harness
        .invalidate(&[id], strongroom::service::request::Invalidation::Revoke)
        .unwrap();
    assert!(harness.mint(create("payouts-prod")).is_ok());
}

#[test]
fn the_variable_is_short_while_it_is_free_then_names_the_service_then_counts() {
    let harness = Harness::onboarded();
    let variable = |name| harness.mint(create(name)).unwrap().token.variable.to_string();
    assert_eq!(variable("a"), "FINCODE_TOKEN_PROD");
    assert_eq!(variable("b"), "FINCODE_TOKEN_CHECKOUT_PROD");
    assert_eq!(variable("c"), "FINCODE_TOKEN_CHECKOUT_PROD_2");
    let mine = Variable::parse("FINCODE_TOKEN_PROD").ok();
    assert_eq!(
        code_of(harness.mint(CreateToken {
            variable: mine,
            ..create("d")
        })),
        Code::Conflict
    );
}

#[test]
fn the_token_is_revealed_once_and_kept_nowhere() {
    let harness = Harness::onboarded();
    let minted = harness.mint(create("payouts-prod")).unwrap();
    let text = minted.secret.expose_text().unwrap().to_owned();
    let reopened = harness.reopened();
    let page = format!(
        "{:?} {:?}",
        reopened.list(Default::default()),
        reopened.activity("")
    );
    assert!(!page.contains(&text));
    assert!(!page.contains(&text[13..50]));
    assert_eq!(reopened.verdict(&minted.secret), Ok(Status::Active));
}

#[test]
fn a_reveal_that_nobody_acknowledged_is_flagged_and_given_up_ones_are_revoked() {
    let harness = Harness::onboarded();
    let minted = harness.mint(create("payouts-prod")).unwrap();
    assert!(!harness.show("payouts-prod").row.acknowledged);
    assert_eq!(harness.list(Default::default()).counts.unacknowledged, 1);
    harness
        .ask(Request::DiscardReveal {
            reveal: minted.reveal,
            reason: None,
        })
        .unwrap();
    assert_eq!(harness.show("payouts-prod").row.status, Status::Revoked);
    assert!(harness.verdict(&minted.secret).is_err());
    assert_eq!(
        harness
            .refused(Request::AcknowledgeReveal {
                reveal: minted.reveal
            })
            .code,
        Code::Conflict
    );
}
