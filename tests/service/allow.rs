use strongroom::domain::address::AddressRange;
use strongroom::domain::token::{Refusal, Status};
use strongroom::service::request::{CreateToken, Invalidation, TokenRef};
use strongroom::service::response::Tried;
use strongroom::service::{Code, Event, Request, Response, Verified};

use super::harness::{Harness, create};

fn ranges(texts: &[&str]) -> Vec<AddressRange> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn allow(token: &str, texts: &[&str]) -> Request {
    Request::AllowAddresses {
        organization: None,
        token: TokenRef::parse(token),
        ranges: ranges(texts),
    }
}

#[test]
fn a_token_works_from_its_list_alone_from_the_moment_that_was_answered() {
    let mut harness = Harness::admin();
    let (_, secret) = harness.minted("payouts");
    harness.call(&secret, "192.0.2.7", "a");
    harness
        .ask(allow("payouts", &["2001:db8::/32", "10.0.0.0/8", "10.0.0.0/8"]))
        .unwrap();
    for _ in 0..2 {
        for address in ["10.1.2.3", "::ffff:10.1.2.3", "2001:db8::9"] {
            harness.call(&secret, address, "a");
        }
        // A process of this host has no address of its own that could be on a list.
        for elsewhere in ["192.0.2.7", "2001:db9::1", "::10.1.2.3", "local:www-data"] {
            let verified = harness.verified_from(&secret, elsewhere, "a");
            assert!(
                matches!(verified, Verified::Forbidden(_)),
                "{elsewhere}: {verified:?}"
            );
        }
        harness = harness.reopened();
    }
    harness.sign_in(super::harness::ADA, super::harness::PASSWORD);
    let detail = harness.show("payouts");
    assert_eq!(detail.row.uses, 7);
    assert!(
        detail
            .callers
            .iter()
            .all(|caller| !caller.address.starts_with("local"))
    );
    let texts: Vec<String> = detail.allowed.iter().map(ToString::to_string).collect();
    assert_eq!(texts, ["10.0.0.0/8", "2001:db8::/32"]);
    harness.ask(allow("payouts", &[])).unwrap();
    harness.call(&secret, "192.0.2.7", "a");
    let told = |number: usize| {
        let entry = harness.activity("").entries[number].clone();
        (entry.action.word(), entry.reason)
    };
    let word = "token.addresses_allowed";
    assert_eq!(told(0), (word, "from everywhere".to_owned()));
    assert_eq!(told(2), (word, "from 10.0.0.0/8, 2001:db8::/32".to_owned()));
}

#[test]
fn a_list_begins_with_the_token_and_goes_over_to_its_successor() {
    let harness = Harness::admin();
    let minted = harness
        .mint(CreateToken {
            allowed: ranges(&["10.0.0.9"]),
            ..create("payouts")
        })
        .unwrap();
    harness.acknowledge(&minted);
    let is_forbidden =
        |secret, address| matches!(harness.verified_from(secret, address, ""), Verified::Forbidden(_));
    assert!(is_forbidden(&minted.secret, "10.0.0.8") && !is_forbidden(&minted.secret, "10.0.0.9"));
    let overlap = strongroom::domain::token::Overlap::Hours24;
    let new = harness.rotate("payouts", overlap).unwrap();
    assert!(is_forbidden(&new.secret, "10.0.0.8") && !is_forbidden(&new.secret, "10.0.0.9"));
    harness.acknowledge(&new);
    // What the list says is said of one token, and does not change the other.
    harness.ask(allow("payouts", &["10.0.0.8"])).unwrap();
    assert!(is_forbidden(&minted.secret, "10.0.0.8") && !is_forbidden(&new.secret, "10.0.0.8"));
}

#[test]
fn a_list_is_refused_that_is_too_long_or_for_a_token_that_ended() {
    let mut harness = Harness::onboarded();
    let (id, secret) = harness.minted("payouts");
    assert_eq!(
        harness.refused(allow("payouts", &["10.0.0.9"])).code,
        Code::SignInRequired
    );
    harness.sign_in(super::harness::ADA, super::harness::PASSWORD);
    let many: Vec<String> = (0..33).map(|number| format!("10.0.0.{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(harness.refused(allow("payouts", &many)).code, Code::Invalid);
    harness.ask(allow("payouts", &many[..32])).unwrap();
    let before = harness.activity("").entries[0].sequence;
    harness.ask(allow("payouts", &many[..32])).unwrap();
    assert_eq!(harness.activity("").entries[0].sequence, before);
    harness.invalidate(&[id], Invalidation::Revoke).unwrap();
    assert_eq!(harness.refused(allow("payouts", &[])).code, Code::Conflict);
    // Why it does not work comes before from where.
    let verified = harness.verified_from(&secret, "192.0.2.7", "");
    assert_eq!(verified, Verified::Refused(Refusal::Revoked));
}

#[test]
fn a_command_has_no_address_that_could_be_on_a_list() {
    let harness = Harness::admin();
    let (_, secret) = harness.minted("payouts");
    harness.ask(allow("payouts", &["127.0.0.1"])).unwrap();
    let ask = |request| match harness.ask(request).unwrap() {
        Response::Tried(tried) => tried,
        other => panic!("{other:?}"),
    };
    let presented = secret.clone();
    assert!(matches!(ask(Request::Verify { presented }), Tried::Forbidden(..)));
    let presented = secret;
    assert!(matches!(ask(Request::TryToken { presented }), Tried::Good(..)));
    assert_eq!(harness.show("payouts").row.uses, 0);
}

#[test]
fn what_a_token_stands_for_is_told_without_copying_it() {
    let harness = Harness::onboarded();
    let (id, secret) = harness.minted("payouts");
    let row = harness.show("payouts").row;
    for harness in [&harness, &harness.reopened()] {
        let Verified::Good { found, status } = harness.verified_from(&secret, "10.0.0.9", "") else {
            panic!()
        };
        harness.service.with_grant(&found, status, |grant| {
            assert_eq!((grant.organization, grant.id), ("acme", id));
            assert_eq!(
                (grant.service, grant.environment),
                (row.service.as_str(), row.environment.as_str())
            );
            assert_eq!((grant.expires, grant.status), (row.ends_at, Status::Active));
        });
    }
}

#[test]
fn what_is_counted_moves_on_a_screen_before_it_is_written() {
    let harness = Harness::onboarded();
    let (_, secret) = harness.minted("payouts");
    let events = harness.service.subscribe();
    harness.service.tell_use();
    for (address, times) in [("10.0.0.4", 3), ("10.0.0.9", 2)] {
        (0..times).for_each(|_| harness.call(&secret, address, "checkout/4.2"));
        harness.advance(0, 40);
    }
    harness.call(&secret, "10.0.0.9", "checkout/4.2");
    let look = || {
        let detail = harness.show("payouts");
        let callers = detail.callers.iter().zip(&detail.callers_last_hour);
        let callers: Vec<_> = callers
            .map(|(caller, last_hour)| (caller.address.clone(), caller.count, *last_hour))
            .collect();
        let minutes: Vec<_> = (0..60).filter(|&at| detail.minutes_60[at] > 0).collect();
        (detail.row.uses, callers, minutes)
    };
    let seen = (
        6,
        vec![("10.0.0.9".to_owned(), 3, 3), ("10.0.0.4".to_owned(), 3, 0)],
        vec![19, 59],
    );
    assert_eq!(look(), seen);
    harness.service.write_usage().unwrap();
    assert_eq!(look(), seen);
    harness.service.tell_use();
    harness.service.tell_use();
    let used: Vec<_> = events.try_iter().collect();
    assert!(matches!(used[..], [Event::Used]), "{used:?}");
}

#[test]
fn bad_verifications_are_counted_by_source_and_written_nowhere() {
    let harness = Harness::onboarded();
    let (_, secret) = harness.minted("payouts");
    let sequence = harness.activity("").head;
    let refused = |address: &str| {
        let junk = super::harness::secret("fincode_prod_0000000000000000000000000000000000000000000AAAAAA");
        assert_eq!(harness.verified_from(&junk, address, ""), Verified::Invalid);
    };
    (0..1_203).for_each(|_| refused("10.0.0.9"));
    refused("local:www-data");
    harness.call(&secret, "10.0.0.4", "");
    let health = || match harness.ask(Request::Health).unwrap() {
        Response::Health(health) => health,
        other => panic!("{other:?}"),
    };
    let seen = health();
    assert_eq!(
        (seen.refusals.last_minute, seen.refusals.sources.len()),
        (1_204, 2)
    );
    let alarm = seen
        .alarms
        .iter()
        .find(|alarm| alarm.kind == "verifications_refused");
    assert_eq!(
        alarm.unwrap().message,
        "1,204 refused verifications in the last minute, most from 10.0.0.9"
    );
    harness.advance(0, 2);
    let later = health();
    assert_eq!((later.refusals.last_minute, later.refusals.total), (0, 1_204));
    assert!(
        later
            .alarms
            .iter()
            .all(|alarm| alarm.kind != "verifications_refused")
    );
    assert_eq!(harness.activity("").head, sequence);
}
