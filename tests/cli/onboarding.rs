//! From nothing to a store with an organization.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::host::{Host, PASSWORD, shape};

#[test]
fn init_makes_store_key_file_organization_and_admin() {
    let host = Host::empty();
    let ran = host.init(&["--json"]).succeeds();
    insta::assert_snapshot!("init", shape(&ran.json()));
    let key_file = host.path("home/.config/strongroom/seal.key");
    assert_eq!(
        fs::metadata(key_file).unwrap().permissions().mode() & 0o777,
        0o400
    );
    assert_eq!(
        fs::metadata(host.data()).unwrap().permissions().mode() & 0o777,
        0o700
    );
    let organizations = host.run(&["org", "list", "--json"]).succeeds();
    insta::assert_snapshot!("org_list", shape(&organizations.json()));
    assert_eq!(
        host.run(&["org", "show", "--json"]).succeeds().json(),
        organizations.json()[0]
    );
}

#[test]
fn init_over_a_store_is_refused_and_names_the_way() {
    let host = Host::onboarded();
    let said = host.init(&[]).refused(1);
    assert!(said.contains("acme") && said.contains("org onboard"), "{said}");
}

#[test]
fn a_store_that_was_made_and_not_onboarded_is_gone_on_with() {
    let host = Host::empty();
    host.file("short", "too short");
    let said = host.run(&[
        "init",
        "--slug",
        "acme",
        "--name",
        "Acme",
        "--admin",
        "ada@acme.test",
        "--password-file",
        "short",
        "--recovery-file",
        "recovery.key",
    ]);
    assert!(!host.path("recovery.key").exists(), "it would open nothing");
    assert_eq!(said.code, 1, "{said:?}");
    assert!(host.data().join("keyring").exists());
    host.init(&[]).succeeds();
    assert_eq!(host.run(&["org", "list", "-q"]).succeeds().out, "acme\n");
}

#[test]
fn a_passphrase_seals_as_well_and_a_wrong_one_opens_nothing() {
    let host = Host::empty();
    host.file("passphrase", "an old song about rain");
    host.file("wrong", "a new song about rain");
    host.init(&["--seal", "passphrase", "--passphrase-file", "passphrase"])
        .succeeds();
    assert!(!host.path("home/.config/strongroom/seal.key").exists());
    let list = |more: &[&str]| host.run(&[&["org", "list", "-q"], more].concat());
    assert_eq!(
        list(&["--passphrase-file", "passphrase"]).succeeds().out,
        "acme\n"
    );
    assert!(
        list(&["--passphrase-file", "wrong"])
            .refused(5)
            .contains("not the passphrase")
    );
    let said = list(&[]).refused(2);
    assert!(said.contains("--passphrase-file"), "{said}");
}

#[test]
fn a_key_file_goes_where_it_is_told_but_not_into_the_data() {
    let host = Host::empty();
    let inside = host.data().join("seal.key");
    let said = host
        .init(&["--seal", &format!("key-file={}", inside.display())])
        .refused(1);
    assert!(said.contains("inside the data directory"), "{said}");
    host.init(&["--seal", "key-file=keys/acme.key"]).succeeds();
    assert!(host.path("keys/acme.key").exists());
    // Found from another directory too.
    let mut elsewhere = host.command(&["org", "list", "-q"]);
    elsewhere.current_dir("/");
    assert_eq!(host.finish(elsewhere, b"").succeeds().out, "acme\n");
}

#[test]
fn a_further_organization_needs_an_admin_and_commands_then_need_its_name() {
    let host = Host::onboarded();
    let onboard = [
        "org",
        "onboard",
        "beta",
        "--name",
        "Beta Bank",
        "--brand",
        "BetaPay",
        "--key-size",
        "2048",
    ];
    host.admin(&onboard).succeeds();
    assert_eq!(host.run(&["org", "list", "-q"]).succeeds().out, "acme\nbeta\n");
    let said = host.run(&["key", "show"]);
    assert_ne!(said.code, 0);
    assert!(
        said.err.contains("--org") || said.err.contains("organization"),
        "{}",
        said.err
    );
    let beta = host
        .run(&["key", "show", "--org", "beta", "--json"])
        .succeeds()
        .json();
    assert_eq!(beta["organization"], "beta");
    assert!(host.token("pay", &["--org", "beta"]).starts_with("betapay_prod_"));
    host.admin(&onboard).refused(1);
    host.run(&["org", "show", "--org", "gamma"]).refused(3);
}

#[test]
fn nothing_that_was_given_or_minted_lies_in_the_data() {
    let host = Host::onboarded();
    let token = host.token("payouts", &[]);
    host.run(&["key", "show"]).succeeds();
    let secret = token.rsplit('_').next().unwrap().as_bytes();
    for needle in [
        PASSWORD.as_bytes(),
        token.as_bytes(),
        secret,
        &secret[..20],
        b"argon2",
        b"PRIVATE KEY",
    ] {
        assert_eq!(
            Host::found(&host.data(), needle),
            None,
            "{}",
            String::from_utf8_lossy(needle)
        );
    }
    // The start of every PKCS#8 RSA key: its version and the object identifier of rsaEncryption.
    let pkcs8 = [
        0x02, 0x01, 0x00, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01,
    ];
    assert_eq!(Host::found(&host.data(), &pkcs8), None);
    assert!(
        Host::found(&host.data(), b"payouts").is_some(),
        "the search finds what is there"
    );
}

#[test]
fn the_recovery_key_goes_into_a_new_file_or_nowhere_on_purpose() {
    let host = Host::empty();
    let init = [
        "init",
        "--slug",
        "acme",
        "--name",
        "Acme",
        "--admin",
        "ada@acme.test",
    ];
    let init = [
        init.as_slice(),
        &["--key-size", "2048", "--password-file", "password"],
    ]
    .concat();
    let said = host.run(&init).refused(2);
    assert!(
        said.contains("--recovery-file") && said.contains("--no-recovery-key"),
        "{said}"
    );
    host.file("taken", "something else");
    let said = host.init(&["--recovery-file", "taken"]).refused(1);
    assert!(said.contains("already"), "{said}");
    assert!(!host.data().exists(), "nothing was made");

    host.init(&["--recovery-file", "recovery.key"]).succeeds();
    let path = host.path("recovery.key");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let key = fs::read_to_string(&path).unwrap();
    assert!(
        key.starts_with("AGE-SECRET-KEY-1") && key.len() == 75,
        "74 characters and a newline"
    );
    host.keep_secret(key.trim());
    let shown = host.run(&["backup", "recipient", "show", "-q"]).succeeds().out;
    assert!(shown.starts_with("age1"), "{shown}");
}
