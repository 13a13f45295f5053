use strongroom::service::request::TokenRef;
use strongroom::service::response::UseFlag;
use strongroom::service::{Request, Response, Verified};

use super::harness::Harness;

#[test]
fn uses_and_callers_are_counted_and_survive_a_restart() {
    let harness = Harness::onboarded();
    let (_, secret) = harness.minted("payouts-prod");
    for (address, times) in [("10.0.0.4", 3), ("10.0.0.9", 2)] {
        for _ in 0..times {
            harness.call(&secret, address, "checkout/4.2");
        }
        harness.advance(24, 0);
    }
    for harness in [&harness, &harness.reopened()] {
        let detail = harness.show("payouts-prod");
        assert_eq!(detail.row.uses, 5);
        assert_eq!(detail.first_used.unwrap().to_string(), "2026-11-23T12:00:00Z");
        assert_eq!(detail.row.last_used.unwrap().to_string(), "2026-11-24T12:00:00Z");
        let callers: Vec<_> = detail
            .callers
            .iter()
            .map(|caller| (caller.address.as_str(), caller.count))
            .collect();
        assert_eq!(callers, [("10.0.0.9", 2), ("10.0.0.4", 3)]);
        assert_eq!(detail.row.days[27..], [3, 2, 0]);
    }
}

#[test]
fn counts_go_on_over_several_writes() {
    let harness = Harness::onboarded();
    let (_, secret) = harness.minted("payouts-prod");
    for _ in 0..3 {
        assert!(harness.verdict(&secret).is_ok());
        harness.service.write_usage().unwrap();
    }
    assert_eq!(harness.reopened().show("payouts-prod").row.uses, 3);
}

#[test]
fn a_service_that_asks_through_a_command_counts_as_a_caller() {
    let harness = Harness::onboarded();
    let (_, secret) = harness.minted("payouts-prod");
    assert!(
        harness
            .ask(Request::Verify {
                presented: secret.clone()
            })
            .is_ok()
    );
    let detail = harness.reopened().show("payouts-prod");
    assert_eq!(
        (detail.row.uses, detail.callers[0].address.as_str()),
        (1, "local:ops")
    );
}

#[test]
fn trying_a_token_does_not_count_and_refusals_do_not_either() {
    let harness = Harness::onboarded();
    let (_, secret) = harness.minted("payouts-prod");
    assert!(matches!(
        harness
            .ask(Request::TryToken {
                presented: secret.clone()
            })
            .unwrap(),
        Response::Tried(_)
    ));
    let row = harness.show("payouts-prod").row;
    assert_eq!((row.uses, row.flag), (0, Some(UseFlag::NeverUsed)));
}

#[test]
fn a_mistyped_token_is_told_from_an_unknown_one_only_to_a_person() {
    use strongroom::service::response::Tried;
    let harness = Harness::onboarded();
    let (_, secret) = harness.minted("payouts-prod");
    let text = secret.expose_text().unwrap();
    let flip = |at: usize| {
        let mut bytes = text.as_bytes().to_vec();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        String::from_utf8(bytes).unwrap()
    };
    let tried = |text: &str| match harness
        .ask(Request::TryToken {
            presented: super::harness::secret(text),
        })
        .unwrap()
    {
        Response::Tried(tried) => tried,
        other => panic!("{other:?}"),
    };
    assert!(matches!(tried(&format!(" {text}\n")), Tried::Good(..)));
    assert_eq!(tried(&flip(20)), Tried::Mistyped);
    assert_eq!(tried("hello"), Tried::Malformed);
    assert_eq!(harness.service.verify(flip(20).as_bytes()), Verified::Invalid);
}

#[test]
fn the_blast_radius_names_who_called_within_the_hour() {
    let harness = Harness::onboarded();
    let (id, secret) = harness.minted("payouts-prod");
    for (address, minutes) in [("10.0.0.1", 90), ("10.0.0.2", 10), ("10.0.0.3", 0)] {
        harness.call(&secret, address, "");
        harness.advance(0, minutes);
    }
    let request = Request::TokenImpact {
        organization: None,
        tokens: vec![TokenRef::Id(id)],
    };
    let Response::Impact(impact) = harness.ask(request).unwrap() else {
        panic!()
    };
    assert_eq!(
        (impact.live, impact.callers_last_hour, impact.uses_30_days),
        (1, 2, 3)
    );
    assert_eq!(impact.callers[0].address, "10.0.0.3");
}

#[test]
fn counts_that_could_not_be_written_are_written_the_next_time() {
    use std::sync::atomic::Ordering;
    let harness = Harness::onboarded();
    let (_, secret) = harness.minted("payouts-prod");
    harness.ask(Request::Verify { presented: secret }).unwrap();
    harness.full.is_full.store(true, Ordering::Relaxed);
    assert!(harness.service.write_usage().is_err());
    harness.full.is_full.store(false, Ordering::Relaxed);
    let detail = harness.reopened().show("payouts-prod");
    assert_eq!((detail.row.uses, detail.callers[0].count), (1, 1));
}
