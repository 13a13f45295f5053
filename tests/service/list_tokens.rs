use strongroom::domain::token::{Lifetime, Overlap, Status};
use strongroom::service::request::{CreateToken, Invalidation, Show, Sort, TokenQuery};

use super::harness::{Harness, create};

fn names(harness: &Harness, query: TokenQuery) -> Vec<String> {
    harness
        .list(query)
        .rows
        .iter()
        .map(|row| row.name.to_string())
        .collect()
}

fn populated() -> Harness {
    let harness = Harness::admin();
    for (name, lifetime) in [
        ("Beta", Lifetime::Year1),
        ("alpha", Lifetime::Hours24),
        ("gamma", Lifetime::Month1),
    ] {
        let minted = harness
            .mint(CreateToken {
                lifetime,
                ..create(name)
            })
            .unwrap();
        harness.acknowledge(&minted);
    }
    harness
}

#[test]
fn the_orders_are_what_they_say() {
    let harness = populated();
    let by = |sort, descending| {
        names(
            &harness,
            TokenQuery {
                sort,
                descending,
                ..TokenQuery::default()
            },
        )
    };
    assert_eq!(by(Sort::Expiry, false), ["alpha", "gamma", "Beta"]);
    assert_eq!(by(Sort::Expiry, true), ["Beta", "gamma", "alpha"]);
    assert_eq!(by(Sort::Name, false), ["alpha", "Beta", "gamma"]);
    assert_eq!(by(Sort::Service, false), ["alpha", "Beta", "gamma"]);
}

#[test]
fn a_filter_looks_in_every_text_without_regard_to_case() {
    let harness = populated();
    let find = |text: &str| {
        names(
            &harness,
            TokenQuery {
                text: text.into(),
                sort: Sort::Name,
                ..TokenQuery::default()
            },
        )
    };
    assert_eq!(find("ETA"), ["Beta"]);
    assert_eq!(find("checkout").len(), 3);
    assert_eq!(find("acme.test").len(), 3);
    assert!(find("alphax").is_empty());
    assert!(find("alpha\0checkout\0prod\0FINCODE").len() <= 1);
    // Tokens that come later are found too, and what was found stays in step with the list.
    harness.minted("delta");
    assert_eq!(find("eta"), ["Beta"]);
    assert_eq!(find("elt"), ["delta"]);
}

#[test]
fn ended_ones_stay_visible_behind_a_filter_and_the_counts_tell() {
    let harness = populated();
    let id = harness.show("gamma").row.id;
    harness.invalidate(&[id], Invalidation::Revoke).unwrap();
    harness.advance(24, 0);
    let show = |show| {
        names(
            &harness,
            TokenQuery {
                show,
                ..TokenQuery::default()
            },
        )
    };
    assert_eq!(show(Show::Live), ["Beta"]);
    assert_eq!(show(Show::Ended).len(), 2);
    assert_eq!(show(Show::All).len(), 3);
    assert_eq!(show(Show::Only(Status::Expired)), ["alpha"]);
    let counts = harness.list(TokenQuery::default()).counts;
    assert_eq!((counts.active, counts.expired, counts.revoked), (1, 1, 1));
}

#[test]
fn a_status_changes_with_time_alone() {
    let harness = populated();
    let expiring = || harness.list(TokenQuery::default()).counts.expiring;
    assert_eq!(expiring(), 0);
    harness.advance(19, 59);
    assert_eq!(expiring(), 0);
    harness.advance(0, 1);
    assert_eq!(expiring(), 1, "a 24-hour token warns at 4 h");
}

#[test]
fn a_window_is_a_slice_of_the_whole() {
    let harness = Harness::onboarded();
    for number in 0..50 {
        harness.mint(create(&format!("token-{number:02}"))).unwrap();
    }
    let whole = names(
        &harness,
        TokenQuery {
            sort: Sort::Name,
            ..TokenQuery::default()
        },
    );
    let page = harness.list(TokenQuery {
        sort: Sort::Name,
        offset: 20,
        limit: 10,
        ..TokenQuery::default()
    });
    assert_eq!((page.offset, page.matching, page.rows.len()), (20, 50, 10));
    assert_eq!(page.rows[0].name.to_string(), whole[20]);
    let beyond = harness.list(TokenQuery {
        offset: 1_000,
        ..TokenQuery::default()
    });
    assert_eq!((beyond.rows.len(), beyond.matching), (0, 50));
}

#[test]
fn unused_and_unacknowledged_ones_are_found() {
    let harness = Harness::onboarded();
    let (_, used) = harness.minted("used");
    harness.minted("idle");
    harness.mint(create("nobody has it")).unwrap();
    assert!(harness.verdict(&used).is_ok());
    let show = |show| {
        names(
            &harness,
            TokenQuery {
                show,
                sort: Sort::Name,
                ..TokenQuery::default()
            },
        )
    };
    assert_eq!(show(Show::Unused), ["idle", "nobody has it"]);
    assert_eq!(show(Show::Unacknowledged), ["nobody has it"]);
    harness.advance(24 * 30, 0);
    assert_eq!(
        show(Show::Unused).len(),
        3,
        "a three-month token is dormant after a quarter of its life"
    );
}

#[test]
fn the_old_one_of_a_rotation_is_listed_beside_the_new_one() {
    let harness = Harness::onboarded();
    let (old, _) = harness.minted("payouts-prod");
    let new = harness.rotate("payouts-prod", Overlap::Hours24).unwrap();
    harness.acknowledge(&new);
    let rows = harness.list(TokenQuery::default()).rows;
    assert_eq!(rows.len(), 2);
    let row = rows.iter().find(|row| row.id == old).unwrap();
    assert_eq!(
        (row.status, row.replaced_by),
        (Status::Retiring, Some(new.token.id))
    );
}
