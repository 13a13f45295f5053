//! Names, owners, notes and warnings: what is said of a token and can be said otherwise.

use strongroom::domain::cashier::Role;
use strongroom::domain::text::{Email, TokenName, TokenNote};
use strongroom::domain::token::{Ladder, Lifetime, Overlap, Status};
use strongroom::service::request::{
    ChangeToken, CreateToken, Invalidation, NewNote, NewWarnings, TokenQuery, TokenRef,
};
use strongroom::service::response::OrganizationRow;
use strongroom::service::{Code, Request, Response};

use super::harness::{ADA, Harness, PASSWORD, create, email};

fn change(token: &str) -> ChangeToken {
    ChangeToken {
        organization: None,
        token: TokenRef::parse(token),
        name: None,
        owner: None,
        note: None,
        warnings: None,
    }
}

fn rename(token: &str, name: &str) -> Request {
    Request::ChangeToken(ChangeToken {
        name: Some(TokenName::parse(name).unwrap()),
        ..change(token)
    })
}

fn warn(token: &str, steps: Option<&str>) -> Request {
    let steps = steps.map(|steps| NewWarnings::Own(Ladder::parse(steps).unwrap()));
    Request::ChangeToken(ChangeToken {
        warnings: Some(steps.unwrap_or(NewWarnings::Default)),
        ..change(token)
    })
}

fn organization_warns(lifetime: Lifetime, steps: Option<&str>) -> Request {
    let steps = steps.map(|steps| NewWarnings::Own(Ladder::parse(steps).unwrap()));
    Request::ChangeWarnings {
        organization: None,
        lifetime,
        warnings: steps.unwrap_or(NewWarnings::Default),
    }
}

fn contacts(add: &[&str], remove: &[&str]) -> Request {
    let all = |texts: &[&str]| texts.iter().map(|text| email(text)).collect();
    Request::ChangeContacts {
        organization: None,
        add: all(add),
        remove: all(remove),
    }
}

fn found(harness: &Harness, text: &str) -> Vec<String> {
    let page = harness.list(TokenQuery {
        text: text.into(),
        ..TokenQuery::default()
    });
    page.rows.iter().map(|row| row.name.to_string()).collect()
}

fn organization(harness: &Harness) -> OrganizationRow {
    match harness.ask(Request::ListOrganizations).unwrap() {
        Response::Organizations(mut rows) => rows.remove(0),
        other => panic!("{other:?}"),
    }
}

/// Opened again, and signed in.
fn reopened(harness: Harness) -> Harness {
    let mut harness = harness.reopened();
    harness.sign_in(ADA, PASSWORD);
    harness
}

#[test]
fn what_is_said_of_a_token_is_found_and_the_log_says_what_was_changed() {
    let harness = Harness::admin();
    harness
        .mint(CreateToken {
            owner: Some(email("Otto@acme.test")),
            note: Some(TokenNote::parse("for the nightly run").unwrap()),
            ..create("payouts")
        })
        .unwrap();
    harness.minted("ledger");
    assert_eq!(found(&harness, "NIGHTLY"), ["payouts"]);
    assert_eq!(found(&harness, "otto@"), ["payouts"]);
    assert_eq!(harness.show("ledger").row.owner.as_str(), ADA);

    harness
        .ask(Request::ChangeToken(ChangeToken {
            name: Some(TokenName::parse("payouts-eu").unwrap()),
            owner: Some(email(ADA)),
            note: Some(NewNote::Text(TokenNote::parse("secret plans").unwrap())),
            warnings: Some(NewWarnings::Own(Ladder::parse("2d,12h").unwrap())),
            ..change("payouts")
        }))
        .unwrap();
    let entry = harness.activity("token.changed").entries.remove(0);
    assert_eq!(
        entry.reason,
        "renamed to payouts-eu, owner ada@acme.test, another note, warnings 2d,12h"
    );
    assert!(entry.subject.starts_with("payouts "), "{}", entry.subject);

    let harness = reopened(harness);
    let detail = harness.show("payouts-eu");
    assert_eq!(detail.row.owner.as_str(), ADA);
    assert_eq!(detail.row.note.as_ref().unwrap().as_str(), "secret plans");
    assert_eq!(
        (detail.row.warnings.to_string().as_str(), detail.own_warnings),
        ("2d,12h", true)
    );
    assert_eq!(found(&harness, "plans"), ["payouts-eu"]);
    assert!(found(&harness, "nightly").is_empty());
    assert!(found(&harness, "otto@").is_empty());

    // What says the same changes nothing, and is not logged.
    let before = harness.activity("").entries.len();
    harness.ask(rename("payouts-eu", "payouts-eu")).unwrap();
    assert_eq!(harness.activity("").entries.len(), before);
    let no_note = ChangeToken {
        note: Some(NewNote::Nothing),
        ..change("payouts-eu")
    };
    harness.ask(Request::ChangeToken(no_note)).unwrap();
    assert_eq!(harness.show("payouts-eu").row.note, None);
}

#[test]
fn lists_follow_a_new_name_at_once() {
    let harness = Harness::admin();
    for name in ["alpha", "beta", "gamma"] {
        harness.minted(name);
    }
    let by_name = || {
        let query = TokenQuery {
            sort: strongroom::service::request::Sort::Name,
            ..TokenQuery::default()
        };
        let rows = harness.list(query).rows;
        rows.iter().map(|row| row.name.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(by_name(), ["alpha", "beta", "gamma"]);
    assert_eq!(found(&harness, "alpha"), ["alpha"]);
    harness.ask(rename("alpha", "zeta")).unwrap();
    assert_eq!(by_name(), ["beta", "gamma", "zeta"]);
    assert!(found(&harness, "alpha").is_empty());
    assert_eq!(found(&harness, "zet"), ["zeta"]);
    harness.ask(rename("zeta", "alpha")).unwrap();
    assert_eq!(by_name(), ["alpha", "beta", "gamma"]);
    assert_eq!(harness.show("alpha").row.name.as_str(), "alpha");
}

#[test]
fn a_name_stays_unique_and_goes_over_to_both_tokens_of_a_rotation() {
    let harness = Harness::admin();
    let (old, _) = harness.minted("payouts");
    harness.minted("ledger");
    let taken = harness.ask(rename("payouts", "ledger")).unwrap_err();
    assert_eq!(taken.code, Code::Conflict);

    // Before the new token is acknowledged, and after it.
    let minted = harness.rotate("payouts", Overlap::Days3).unwrap();
    let new = minted.token.id;
    let names = || [old, new].map(|id| harness.show(&id.to_string()).row.name.to_string());
    harness.ask(rename("payouts", "pay-1")).unwrap();
    assert_eq!(names(), ["pay-1", "pay-1"]);
    harness.acknowledge(&minted);
    harness.ask(rename("pay-1", "pay-2")).unwrap();
    assert_eq!(names(), ["pay-2", "pay-2"]);
    let retiring = harness.ask(rename(&old.to_string(), "pay-3")).unwrap_err();
    assert_eq!(retiring.code, Code::Conflict);
    let undo = Request::UndoRotation {
        organization: None,
        token: TokenRef::parse("pay-2"),
    };
    harness.ask(undo).unwrap();
    assert_eq!(harness.show("pay-2").row.id, old);
    // The name that it had is free again, and only a token that works is renamed.
    harness.minted("payouts");
    harness.invalidate(&[old], Invalidation::Revoke).unwrap();
    let ended = harness.ask(rename(&old.to_string(), "x")).unwrap_err();
    assert_eq!(ended.code, Code::Conflict);
}

#[test]
fn a_successor_inherits_what_is_said_of_the_old_token() {
    let harness = Harness::admin();
    let warnings = Some(Ladder::parse("20d,2d,2h").unwrap());
    harness
        .mint(CreateToken {
            note: Some(TokenNote::parse("for the nightly run").unwrap()),
            warnings,
            ..create("payouts")
        })
        .unwrap();
    harness.cashier("otto@acme.test", Role::Operator);
    let rotate = strongroom::service::request::RotateToken {
        organization: None,
        token: TokenRef::parse("payouts"),
        lifetime: Some(Lifetime::Hours24),
        overlap: Overlap::Now,
        finish: strongroom::domain::token::Finish::AtEnd,
        owner: None,
        note: None,
        credentials: super::harness::credentials("otto@acme.test", PASSWORD),
    };
    let Response::Minted(minted) = harness.ask(Request::RotateToken(rotate)).unwrap() else {
        panic!()
    };
    let row = &minted.token;
    assert_eq!(row.minted_by.as_str(), "otto@acme.test");
    assert_eq!(row.owner.as_str(), ADA);
    assert_eq!(row.note.as_ref().unwrap().as_str(), "for the nightly run");
    assert_eq!(
        row.warnings.to_string(),
        "2h",
        "a day has no day before its last two"
    );
}

#[test]
fn a_token_s_own_warnings_come_before_its_organization_s_and_those_before_the_usual() {
    let mut harness = Harness::admin();
    let (_, secret) = harness.minted("payouts");
    let status = |harness: &Harness| {
        let row = harness.show("payouts").row;
        let counts = harness.list(TokenQuery::default()).counts;
        assert_eq!(counts.expiring == 1, row.status == Status::Expiring, "{counts:?}");
        assert_eq!(harness.verdict(&secret), Ok(row.status));
        row.status
    };
    harness.advance(24 * 42, 0);
    harness.sign_in(ADA, PASSWORD);
    assert_eq!(status(&harness), Status::Active, "50 days are left of 92");
    harness
        .ask(organization_warns(Lifetime::Months3, Some("60d,1d")))
        .unwrap();
    assert_eq!(status(&harness), Status::Expiring);
    assert_eq!(harness.show("payouts").row.warnings.to_string(), "60d,1d");
    harness.ask(warn("payouts", Some("40d"))).unwrap();
    assert_eq!(status(&harness), Status::Active);
    let mut harness = reopened(harness);
    assert_eq!(status(&harness), Status::Active);
    harness.advance(24 * 10, 0);
    harness.sign_in(ADA, PASSWORD);
    assert_eq!(status(&harness), Status::Expiring);
    harness.ask(warn("payouts", None)).unwrap();
    harness.ask(organization_warns(Lifetime::Months3, None)).unwrap();
    assert_eq!(status(&harness), Status::Active);
    let row = organization(&harness);
    assert!(row.warnings.iter().all(|row| !row.own), "{row:?}");

    let too_long = harness
        .ask(organization_warns(Lifetime::Hours24, Some("1d")))
        .unwrap_err();
    assert_eq!(too_long.code, Code::Invalid);
}

#[test]
fn an_admin_says_who_is_told_and_when_to_warn() {
    let mut harness = Harness::admin();
    harness
        .ask(contacts(&["Ops@acme.test", "otto@acme.test"], &[]))
        .unwrap();
    harness.ask(contacts(&[], &["otto@acme.test"])).unwrap();
    let entries = harness.activity("organization.contacts_changed").entries;
    assert_eq!(entries[0].reason, "removed otto@acme.test");
    let missing = harness.ask(contacts(&[], &["otto@acme.test"])).unwrap_err();
    assert_eq!(missing.code, Code::NotFound);
    let many: Vec<String> = (0..8).map(|number| format!("a{number}@acme.test")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(harness.ask(contacts(&many, &[])).unwrap_err().code, Code::Invalid);
    harness = reopened(harness);
    assert_eq!(organization(&harness).contacts, [email("ops@acme.test")]);

    harness.cashier("otto@acme.test", Role::Operator);
    harness.minted("payouts");
    harness.sign_in("otto@acme.test", PASSWORD);
    for refused in [
        contacts(&["x@acme.test"], &[]),
        organization_warns(Lifetime::Year1, Some("9d")),
    ] {
        assert_eq!(harness.ask(refused).unwrap_err().code, Code::Forbidden);
    }
    harness.ask(rename("payouts", "pay")).unwrap();
}

#[test]
fn a_note_holds_nothing_that_drives_a_terminal() {
    for text in ["a\u{1b}[2J", "a\nb", "pay\u{202e}outs", "a\u{200b}"] {
        assert!(TokenNote::parse(text).is_err(), "{text:?}");
    }
    assert!(TokenNote::parse(&"é".repeat(200)).is_ok());
    assert!(TokenNote::parse(&"é".repeat(201)).is_err());
    assert!(Email::folded("nobody").is_err());
}
