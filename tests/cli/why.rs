//! One line that says whether something works, and if not, since when and because of what.

use super::host::{Host, Ran};

fn line(ran: Ran) -> String {
    let ran = ran.succeeds();
    assert_eq!(ran.out.lines().count(), 1, "{ran:?}");
    ran.out.trim_end().to_owned()
}

#[test]
fn a_token_is_explained_by_whatever_it_is_called() {
    let host = Host::onboarded();
    let token = host.token("payouts", &[]);
    let last = &token[token.len() - 4..];
    let shown = host
        .run(&["token", "show", "payouts", "--json"])
        .succeeds()
        .json();
    let said = line(host.feed(&["why"], token.as_bytes()));
    assert!(
        said.starts_with(&format!("payouts (fincode_prod_…{last}, acme) works until ")),
        "{said}"
    );
    assert!(!said.contains(&token));
    for name in [
        "payouts",
        last,
        &format!("fincode_prod_…{last}"),
        shown["id"].as_str().unwrap(),
        shown["variable"].as_str().unwrap(),
    ] {
        assert_eq!(line(host.run(&["why", name])), said, "{name}");
    }
    host.admin(&["token", "allow", "payouts", "10.0.0.0/8"])
        .succeeds();
    assert!(line(host.run(&["why", "payouts"])).ends_with(", and only from 10.0.0.0/8"));
}

#[test]
fn what_ended_says_since_when_and_because_of_what() {
    let host = Host::onboarded();
    let token = host.token("payouts", &[]);
    let said = || line(host.feed(&["why"], token.as_bytes()));
    host.admin(&["token", "revoke", "payouts", "--reason", "seen in a log"])
        .succeeds();
    let revoked = said();
    assert!(
        revoked.contains("does not work since ")
            && revoked.contains("ada@acme.test revoked it at ")
            && revoked.contains(": seen in a log; it can be undone until "),
        "{revoked}"
    );
    host.admin(&["token", "restore", "payouts"]).succeeds();
    assert!(said().contains(" works until "));
    host.admin(&["token", "revoke", "payouts", "--leaked"]).succeeds();
    assert!(said().contains("revoked it as leaked at "), "{}", said());
    host.admin(&["token", "delete", "payouts"]).succeeds();
    assert!(said().contains("does not work: it was deleted at "), "{}", said());
    let id = line(host.run(&["why", "payouts"]));
    assert_eq!(id, said(), "a tombstone still has its name");
}

#[test]
fn a_rotation_names_the_other_token() {
    let host = Host::onboarded();
    let old = host.token("payouts", &[]);
    let new = host.admin(&["token", "rotate", "payouts", "-q"]).succeeds().out;
    host.keep_secret(new.trim_end());
    let last = &new.trim_end()[new.trim_end().len() - 4..];
    let retiring = line(host.feed(&["why"], old.as_bytes()));
    assert!(
        retiring.contains("when its overlap ends: payouts (") && retiring.contains(last),
        "{retiring}"
    );
    let id = &host.run(&["token", "list", "--json"]).succeeds().json()["rows"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["status"] == "retiring")
        .unwrap()["id"]
        .clone();
    host.admin(&["token", "cutover", id.as_str().unwrap()]).succeeds();
    let ended = line(host.feed(&["why"], old.as_bytes()));
    assert!(
        ended.contains("does not work since ") && ended.contains("replaced it"),
        "{ended}"
    );
}

#[test]
fn mistyped_unknown_and_malformed_are_told_apart() {
    let host = Host::onboarded();
    let token = host.token("payouts", &[]);
    let mistyped = token.replace("fincode_prod", "fincode_prad");
    let said = line(host.feed(&["why"], mistyped.as_bytes()));
    assert!(
        said.contains("its checksum does not fit; it ends like payouts ("),
        "{said}"
    );
    let elsewhere = Host::onboarded();
    let said = line(elsewhere.feed(&["why"], token.as_bytes()));
    assert!(said.contains("nobody here minted it"), "{said}");
    let said = line(host.feed(&["why"], b"hello\n"));
    assert!(said.contains("not the form of a token"), "{said}");
    host.feed(&["why"], b"\n").refused(2);
    host.run(&["why", "nobody"]).refused(3);
    let mut command = host.command(&["why"]);
    command.arg(&token);
    let said = host.finish(command, b"").refused(2);
    assert!(said.contains("given as an argument"), "{said}");
}

#[test]
fn a_key_is_explained_by_its_fingerprint_or_its_beginning() {
    let host = Host::onboarded();
    let fingerprint = || {
        let key = host.run(&["key", "show", "--json"]).succeeds().json();
        key["active"]["fingerprint"].as_str().unwrap().to_owned()
    };
    let old = fingerprint();
    for name in [&old[..], &old[..12]] {
        let said = line(host.run(&["why", name]));
        assert!(said.contains("(generation 1 of acme) works"), "{said}");
    }
    host.admin(&["key", "rotate", "--key-size", "2048", "--confirm", "acme"])
        .succeeds();
    let said = line(host.run(&["why", &old]));
    assert!(
        said.contains("does not work since ") && said.contains("ada@acme.test rotated the key"),
        "{said}"
    );
    let json = host.run(&["why", &old, "--json"]).succeeds().json();
    assert_eq!(json[0]["works"], false);
    assert_eq!(json[0]["kind"], "key");
    assert_eq!(json[0]["generation"], 1);
    let json = host.run(&["why", &fingerprint(), "--json"]).succeeds().json();
    assert_eq!(json[0]["works"], true);
}
