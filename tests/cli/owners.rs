//! Who is told of tokens, what is said of them, and when their ends are warned of.

use serde_json::{Value, json};

use super::host::Host;

fn shown(host: &Host, token: &str) -> Value {
    host.run(&["token", "show", token, "--json"]).succeeds().json()
}

fn steps(host: &Host) -> Vec<i64> {
    let reminders = host.run(&["remind", "--json"]).succeeds().json();
    let all = reminders.as_array().unwrap().iter();
    all.map(|reminder| reminder["before"].as_i64().unwrap() / 3600)
        .collect()
}

#[test]
fn a_token_has_an_owner_and_a_note_and_can_be_called_otherwise() {
    let host = Host::onboarded();
    host.token(
        "payouts",
        &["--owner", "Otto@acme.test", "--note", "for the nightly run"],
    );
    let token = shown(&host, "payouts");
    assert_eq!(token["owner"], "otto@acme.test");
    assert_eq!(token["note"], "for the nightly run");
    host.admin(&["token", "edit", "payouts", "--name", "payouts-eu", "--note", ""])
        .succeeds();
    let facts = host.run(&["token", "show", "payouts-eu"]).succeeds().out;
    assert!(facts.contains("otto@acme.test"), "{facts}");
    assert_eq!(shown(&host, "payouts-eu")["note"], Value::Null);
    let found = host
        .run(&["token", "list", "--filter", "otto@", "-q"])
        .succeeds()
        .out;
    assert_eq!(found.lines().count(), 1, "{found}");
    let log = host
        .run(&["activity", "list", "--filter", "token.changed"])
        .succeeds()
        .out;
    assert!(log.contains("renamed to payouts-eu, no note"), "{log}");
    host.run(&["token", "edit", "payouts-eu"]).refused(2);
    for (option, text) in [
        ("--note", "a\u{202e}b"),
        ("--owner", "nobody"),
        ("--warn", "91d"),
        ("--warn", "100d,1d"),
    ] {
        let ran = host.admin(&["token", "edit", "payouts-eu", option, text]);
        assert_eq!(ran.code, 2, "{option} {text}: {}", ran.err);
    }
}

#[test]
fn warnings_are_a_token_s_own_or_its_organization_s() {
    let host = Host::onboarded();
    host.token("payouts", &["--expires", "24h"]);
    assert_eq!(steps(&host), [4, 1, 0]);
    host.admin(&["org", "warnings", "24h", "8h,2h"]).succeeds();
    assert_eq!(steps(&host), [8, 2, 0]);
    host.admin(&["token", "edit", "payouts", "--warn", "1h,23h"])
        .succeeds();
    assert_eq!(steps(&host), [23, 1, 0]);
    let first = &host.run(&["org", "warnings", "--json"]).succeeds().json()[0];
    assert_eq!(
        *first,
        json!({"lifetime": "24h", "warnings": "8h,2h", "own": true})
    );
    host.admin(&["token", "edit", "payouts", "--warn", "default"])
        .succeeds();
    host.admin(&["org", "warnings", "24h", "default"]).succeeds();
    assert_eq!(steps(&host), [4, 1, 0]);
}

#[test]
fn an_organization_has_contacts() {
    let host = Host::onboarded();
    host.admin(&["org", "contacts", "--add", "Ops@acme.test", "otto@acme.test"])
        .succeeds();
    host.admin(&["org", "contacts", "--remove", "otto@acme.test"])
        .succeeds();
    let contacts = host.run(&["org", "contacts", "--json"]).succeeds().json();
    assert_eq!(contacts, json!(["ops@acme.test"]));
    let missing = host.admin(&["org", "contacts", "--remove", "otto@acme.test"]);
    assert!(missing.err.contains("not among the contacts"), "{}", missing.err);
}
