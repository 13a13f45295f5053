//! The people who act, from the command line.

use super::host::{Host, OTHER_PASSWORD, PASSWORD, shape};

const EVE: [&str; 4] = ["--cashier", "eve@acme.test", "--password-file", "other"];

fn with_eve(role: &str) -> Host {
    let host = Host::onboarded();
    let code = host
        .admin(&["cashier", "add", "Eve@acme.test", "--role", role, "-q"])
        .succeeds()
        .out;
    host.file("code", code.trim_end());
    host.run(&[
        "cashier",
        "enrol",
        "eve@acme.test",
        "--code-file",
        "code",
        "--new-password-file",
        "other",
    ])
    .succeeds();
    host
}

#[test]
fn a_cashier_is_added_and_enrols_with_a_code_that_works_once() {
    let host = Host::onboarded();
    let added = host
        .admin(&["cashier", "add", "eve@acme.test", "--role", "operator", "--json"])
        .succeeds()
        .json();
    let code = added["code"].as_str().unwrap();
    assert_eq!(
        (code.len(), code.matches('-').count()),
        (23, 3),
        "four groups of five"
    );
    host.file("code", code);
    host.keep_secret(code);
    let enrol = [
        "cashier",
        "enrol",
        "eve@acme.test",
        "--code-file",
        "code",
        "--new-password-file",
        "other",
    ];
    host.run(&enrol).succeeds();
    host.run(&enrol).refused(4);
    let rows = host.run(&["cashier", "list", "--json"]).succeeds().json();
    insta::assert_snapshot!("cashier_list", shape(&rows));
    assert_eq!(Host::found(&host.data(), code.as_bytes()), None);
    host.admin(&["cashier", "add", "eve@acme.test", "--role", "viewer"])
        .refused(1);
    host.admin(&["cashier", "add", "no address", "--role", "viewer"])
        .refused(2);
    host.admin(&["cashier", "add", "mallory@acme.test", "--role", "owner"])
        .refused(2);
}

#[test]
fn a_role_decides_and_can_be_changed() {
    let host = with_eve("viewer");
    let create = [
        "token",
        "create",
        "cron",
        "--service",
        "cron",
        "--environment",
        "prod",
        "-q",
    ];
    let said = host.run(&[&create[..], &EVE].concat()).refused(1);
    assert!(said.contains("viewer"), "{said}");
    host.admin(&["cashier", "role", "eve@acme.test", "operator"])
        .succeeds();
    host.run(&[&create[..], &EVE].concat()).succeeds();
    let said = host
        .run(&[&["cashier", "disable", "ada@acme.test"][..], &EVE].concat())
        .refused(1);
    assert!(said.contains("admin"), "{said}");
}

#[test]
fn a_disabled_cashier_does_nothing_until_it_is_enabled() {
    let host = with_eve("operator");
    let revoke = [&["token", "revoke", "none"][..], &EVE].concat();
    host.admin(&["cashier", "disable", "eve@acme.test"]).succeeds();
    host.token("none", &[]);
    let ran = host.run(&revoke);
    assert!([1, 4].contains(&ran.code), "{ran:?}");
    host.admin(&["cashier", "enable", "eve@acme.test"]).succeeds();
    host.run(&revoke).succeeds();
}

#[test]
fn a_password_is_changed_by_its_owner_and_forgotten_by_a_reset() {
    let host = with_eve("operator");
    host.file("third", "eleven quiet harbours");
    host.keep_secret("eleven quiet harbours");
    let passwd = [&["cashier", "passwd", "--new-password-file", "third"][..], &EVE].concat();
    host.run(&passwd).succeeds();
    host.run(&passwd).refused(4);
    let code = host
        .admin(&["cashier", "reset", "eve@acme.test", "-q"])
        .succeeds()
        .out;
    assert_eq!(code.trim_end().len(), 23);
    let rows = host.run(&["cashier", "list"]).succeeds().out;
    assert!(rows.contains("eve@acme.test\toperator\tinvited"), "{rows}");
}

#[test]
fn the_hosts_owner_breaks_the_glass_and_it_is_audited() {
    let host = Host::onboarded();
    host.run(&[
        "cashier",
        "enrol",
        "ada@acme.test",
        "--break-glass",
        "--new-password-file",
        "other",
    ])
    .succeeds();
    let who = ["--cashier", "ada@acme.test", "--password-file"];
    host.run(
        &[
            &["cashier", "add", "b@acme.test", "--role", "viewer"][..],
            &who,
            &["other"],
        ]
        .concat(),
    )
    .succeeds();
    host.run(
        &[
            &["cashier", "add", "c@acme.test", "--role", "viewer"][..],
            &who,
            &["password"],
        ]
        .concat(),
    )
    .refused(4);
    let log = host
        .run(&["activity", "list", "--filter", "break_glass"])
        .succeeds()
        .out;
    assert!(log.contains("ada@acme.test"), "{log}");
    for password in [PASSWORD, OTHER_PASSWORD] {
        assert_eq!(Host::found(&host.data(), password.as_bytes()), None);
    }
}

#[test]
fn wrong_passwords_are_counted_over_processes_and_the_owner_unlocks() {
    let host = Host::onboarded();
    let wrong = [
        "cashier",
        "add",
        "b@acme.test",
        "--role",
        "viewer",
        "--cashier",
        "ada@acme.test",
        "--password-file",
        "other",
    ];
    host.run(&wrong).refused(4);
    let said = host.run(&wrong).refused(4);
    assert!(
        said.contains("wait") || said.contains("second"),
        "throttled: {said}"
    );
    let unknown = [
        "cashier",
        "add",
        "b@acme.test",
        "--role",
        "viewer",
        "--cashier",
        "nobody@acme.test",
        "--password-file",
        "other",
    ];
    host.run(&unknown).refused(4);
    host.run(&["cashier", "unlock", "ada@acme.test"]).succeeds();
    host.admin(&["cashier", "add", "b@acme.test", "--role", "viewer"])
        .succeeds();
    host.run(&["cashier", "unlock", "nobody@acme.test"]).refused(3);
}
