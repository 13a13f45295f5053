//! `check`, as a monitoring system runs it: a line, figures, an exit code, and never a question.

use super::host::{Host, OTHER_PASSWORD, Ran};

fn check(host: &Host, more: &[&str]) -> Ran {
    host.run(&[&["check"], more].concat())
}

/// The only line, without its figures, and the exit code.
fn said(ran: &Ran) -> (i32, &str) {
    let (first, _) = ran.out.split_once('\n').unwrap();
    (ran.code, first.split_once(" | ").map_or(first, |(said, _)| said))
}

#[test]
fn all_is_well_until_a_token_ends_soon() {
    let host = Host::onboarded();
    assert_eq!(said(&check(&host, &[])), (0, "STRONGROOM OK - no token ends"));
    host.token("payouts", &["--expires", "24h"]);
    let ran = check(&host, &[]);
    let (code, line) = said(&ran);
    assert_eq!(code, 0, "{ran:?}");
    assert!(
        line.starts_with("STRONGROOM OK - the next token ends in 23 h"),
        "{line}"
    );
    assert!(
        ran.out.contains(" | expiring=0;;;0 expired=0;;;0 next=86"),
        "{ran:?}"
    );

    let warned = check(&host, &["--warning-days", "2"]);
    assert_eq!(said(&warned).0, 1, "{warned:?}");
    assert!(
        said(&warned)
            .1
            .starts_with("STRONGROOM WARNING - payouts of acme ends in 23 h"),
        "{warned:?}"
    );
    let critical = check(&host, &["--warning-days", "3", "--critical-days", "2"]);
    assert_eq!(said(&critical).0, 2, "{critical:?}");
    assert!(
        said(&critical)
            .1
            .starts_with("STRONGROOM CRITICAL - payouts of acme"),
        "{critical:?}"
    );
    assert!(critical.err.is_empty(), "{critical:?}");
}

#[test]
fn only_the_tokens_that_were_named_count_and_a_replaced_one_does_not() {
    let host = Host::onboarded();
    host.token("payouts", &["--expires", "24h"]);
    let soon = ["--warning-days", "2"];
    let of = |service| check(&host, &[&soon[..], &["--service", service]].concat()).code;
    assert_eq!((of("checkout"), of("check")), (1, 0));
    let of = |environment| check(&host, &[&soon[..], &["--environment", environment]].concat()).code;
    assert_eq!((of("prod"), of("staging")), (1, 0));
    assert_eq!(check(&host, &[&soon[..], &["--org", "acme"]].concat()).code, 1);
    host.admin(&[
        "token",
        "rotate",
        "payouts",
        "--overlap",
        "24h",
        "--expires",
        "1y",
    ])
    .succeeds();
    let ran = check(&host, &soon);
    assert_eq!(ran.code, 0, "{ran:?}");
}

#[test]
fn keys_backups_and_silent_tokens_are_looked_at_when_asked_for() {
    let host = Host::onboarded();
    host.token("payouts", &[]);
    assert_eq!(check(&host, &["--key-days", "1"]).code, 0);
    let ran = check(&host, &["--unused", "--backup-days", "2", "--json"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let found = ran.json();
    assert_eq!(found["state"], "WARNING");
    let messages: Vec<&str> = found["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|problem| problem["message"].as_str().unwrap())
        .collect();
    assert_eq!(messages, ["there is no backup", "payouts of acme was never used"]);
    assert!(found["key_age"].as_i64().unwrap() < 3600);
}

#[test]
fn what_keeps_it_from_looking_is_unknown_and_said_on_standard_output() {
    let empty = Host::empty();
    let ran = check(&empty, &[]);
    assert_eq!(ran.code, 3);
    assert!(
        ran.out.starts_with("STRONGROOM UNKNOWN - there is no store in "),
        "{ran:?}"
    );

    let host = Host::onboarded();
    for mistake in [
        &["--warning-days", "0"][..],
        &["--bogus"],
        &["--service", "a\nb"],
        &["--org", "nobody"],
        &["--config", "nowhere"],
    ] {
        let ran = check(&host, mistake);
        assert_eq!(ran.code, 3, "{ran:?}");
        assert!(ran.out.starts_with("STRONGROOM UNKNOWN - "), "{ran:?}");
        assert_eq!(ran.out.lines().count(), 1, "{ran:?}");
    }
    assert_eq!(check(&host, &["--bogus", "--json"]).json()["state"], "UNKNOWN");
}

#[test]
fn a_sealed_store_is_critical_and_nobody_is_asked_to_unlock_it() {
    let host = Host::empty();
    host.init(&["--seal", "passphrase", "--passphrase-file", "other"])
        .succeeds();
    let ran = check(&host, &[]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(
        ran.out.starts_with("STRONGROOM CRITICAL - the store is sealed"),
        "{ran:?}"
    );
    host.keep_secret(OTHER_PASSWORD);
    assert_eq!(check(&host, &["--passphrase-file", "other"]).code, 0);
}

#[test]
fn an_older_state_is_critical_and_not_unknown() {
    let host = Host::onboarded();
    host.forgets(|| drop(host.token("payouts", &[])));
    let ran = check(&host, &[]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.out.contains("an older state of the store"), "{ran:?}");
}
