//! Bad input and bad luck: each a clear error that says what to do, and nothing lost.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::host::{Host, Running, shape};

fn create<'a>(name: &'a str, environment: &'a str) -> [&'a str; 7] {
    [
        "token",
        "create",
        name,
        "--service",
        "pay",
        "--environment",
        environment,
    ]
}

#[test]
fn names_that_could_drive_a_terminal_are_refused_and_not_repeated_raw() {
    let host = Host::onboarded();
    for name in [
        "a\u{1b}[2Jb",
        "pay\u{202e}outs",
        "pay\u{200b}outs",
        "two\nlines",
        "\u{feff}x",
    ] {
        let said = host.admin(&create(name, "prod")).refused(2);
        assert!(said.contains("U+"), "{said}");
        let raw = |c: char| c.is_control() && c != '\n' || "\u{202e}\u{200b}\u{feff}".contains(c);
        assert!(!said.contains(raw), "{said:?}");
        let said = host.run(&["token", "list", "--sort", name]).refused(2);
        assert!(!said.contains(raw), "{said:?}");
        let said = host.run(&["token", "show", name]).refused(3);
        assert!(!said.contains(raw), "{said:?}");
    }
    assert_eq!(host.run(&["token", "list", "--show", "all"]).succeeds().out, "");
}

#[test]
fn what_is_too_long_or_of_another_form_names_the_rule() {
    let host = Host::onboarded();
    let long = "x".repeat(65);
    assert!(
        host.admin(&create(&long, "prod"))
            .refused(2)
            .contains("64 is the most")
    );
    assert!(
        host.admin(&create("pay", "Prod!"))
            .refused(2)
            .contains("letters a-z")
    );
    assert!(host.admin(&create("", "prod")).refused(2).contains("empty"));
    let variable = [&create("pay", "prod")[..], &["--variable", "no-variable"]].concat();
    assert!(host.admin(&variable).refused(2).contains("capital letters"));
    let said = host
        .admin(&[&create(&long, "prod")[..], &["--json"]].concat())
        .refused(2);
    let error: serde_json::Value = serde_json::from_str(&said).unwrap();
    insta::assert_snapshot!("error", shape(&error));
}

#[test]
fn a_duplicate_name_is_refused_and_an_unknown_one_not_found() {
    let host = Host::onboarded();
    host.token("pay", &[]);
    let said = host.admin(&create("pay", "prod")).refused(1);
    assert!(said.contains("pay"), "{said}");
    for verb in ["revoke", "restore", "delete", "cutover", "rotate"] {
        let said = host.admin(&["token", verb, "nobody"]).refused(3);
        assert!(said.contains("nobody"), "{said}");
    }
    host.run(&["token", "show", "nobody"]).refused(3);
}

#[test]
fn options_that_nobody_knows_are_usage_errors_in_json_too() {
    let host = Host::onboarded();
    assert!(host.run(&["token", "lst"]).refused(2).contains("list"));
    let said = host.run(&["token", "list", "--jsom", "--json"]).refused(2);
    let error: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(error["error"]["code"], "invalid");
    let token = host.token("pay", &[]);
    // Out of habit: the token where everybody can see it. It is not repeated.
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_strongroom"));
    command.args(["verify", &token]);
    let said = host.finish(command, b"").refused(2);
    assert!(said.contains("revoke it as leaked"), "{said}");
}

#[test]
fn a_password_without_a_source_or_from_a_loose_file_is_refused() {
    let host = Host::onboarded();
    let without = |more: &[&str]| {
        host.run(&[&create("pay", "prod")[..], &["--cashier", "ada@acme.test"], more].concat())
    };
    assert!(without(&[]).refused(2).contains("--password-file"));
    assert!(host.run(&create("pay", "prod")).refused(2).contains("--cashier"));
    fs::set_permissions(host.path("password"), fs::Permissions::from_mode(0o640)).unwrap();
    assert!(
        without(&["--password-file", "password"])
            .refused(1)
            .contains("chmod 0600")
    );
    assert!(
        without(&["--password-file", "missing"])
            .refused(1)
            .contains("missing")
    );
    assert!(without(&["--password-fd", "77"]).refused(1).contains("77"));
    std::os::unix::fs::symlink("other", host.path("link")).unwrap();
    assert!(without(&["--password-file", "link"]).refused(1).contains("link"));
}

#[test]
fn before_there_is_a_store_every_command_says_how_to_make_one() {
    let host = Host::empty();
    for command in [
        &["org", "list"][..],
        &["token", "list"],
        &["verify"],
        &["key", "show"],
    ] {
        let said = host.run(command).refused(3);
        assert!(said.contains("strongroom init"), "{said}");
    }
    assert!(!host.data().exists(), "looking makes nothing");
}

#[test]
#[allow(
    clippy::disallowed_methods,
    reason = "a deadline for another process is of the real clock"
)]
fn a_second_process_is_told_who_has_the_store() {
    let host = Host::onboarded();
    let waits = [
        "key",
        "rotate",
        "--confirm",
        "acme",
        "--cashier",
        "ada@acme.test",
        "--password-fd",
        "0",
    ];
    let mut command = host.command(&waits);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut first = Running(command.spawn().unwrap());
    let pid = first.0.id().to_string();
    // It has looked at what would break, and waits for the password.
    let deadline = Instant::now() + Duration::from_secs(20);
    while !fs::read_to_string(host.data().join("lock"))
        .unwrap_or_default()
        .contains(&pid)
    {
        assert!(Instant::now() < deadline, "the first never opened the store");
        std::thread::sleep(Duration::from_millis(5));
    }
    let said = host.run(&["org", "list"]).refused(5);
    assert!(
        said.contains(&format!("process {pid}")) && said.contains("since"),
        "{said}"
    );
    first
        .0
        .stdin
        .take()
        .unwrap()
        .write_all(b"no such password")
        .unwrap();
    let mut said = String::new();
    first.0.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(first.0.wait().unwrap().code(), Some(4), "{said}");
    host.run(&["org", "list"]).succeeds();
}

#[test]
fn another_seal_or_none_opens_nothing() {
    let host = Host::onboarded();
    let key_file = host.path("home/.config/strongroom/seal.key");
    let right = fs::read(&key_file).unwrap();
    let put = |bytes: &[u8]| {
        let _ = fs::remove_file(&key_file);
        fs::write(&key_file, bytes).unwrap();
        fs::set_permissions(&key_file, fs::Permissions::from_mode(0o400)).unwrap();
    };
    put(&[7; 32]);
    assert!(host.run(&["org", "list"]).refused(5).contains("wrong seal"));
    put(&[7; 31]);
    assert!(host.run(&["org", "list"]).refused(5).contains("31 bytes"));
    fs::remove_file(&key_file).unwrap();
    assert!(host.run(&["org", "list"]).refused(5).contains("no key file"));
    put(&right);
    host.run(&["org", "list"]).succeeds();
}

#[test]
fn loosened_permissions_are_refused_with_the_command_that_mends_them() {
    let host = Host::onboarded();
    fs::set_permissions(host.data(), fs::Permissions::from_mode(0o755)).unwrap();
    let said = host.run(&["org", "list"]).refused(5);
    assert!(said.contains("chmod 0700"), "{said}");
    fs::set_permissions(host.data(), fs::Permissions::from_mode(0o700)).unwrap();
    fs::set_permissions(host.data().join("keyring"), fs::Permissions::from_mode(0o644)).unwrap();
    let said = host.run(&["org", "list"]).refused(5);
    assert!(said.contains("chmod 0600"), "{said}");
}

#[test]
fn a_damaged_or_missing_keyring_stops_everything_and_loses_nothing() {
    let host = Host::onboarded();
    let keyring = host.data().join("keyring");
    let whole = fs::read(&keyring).unwrap();
    fs::write(&keyring, &whole[..whole.len() - 1]).unwrap();
    assert!(host.run(&["org", "list"]).refused(5).contains("damaged"));
    fs::remove_file(&keyring).unwrap();
    assert!(
        host.run(&["org", "list"])
            .refused(5)
            .contains("no file `keyring`")
    );
    host.init(&[]).refused(5);
    fs::write(&keyring, &whole).unwrap();
    fs::set_permissions(&keyring, fs::Permissions::from_mode(0o600)).unwrap();
    host.run(&["org", "list"]).succeeds();
}

#[test]
fn a_reader_that_leaves_early_is_no_failure() {
    let host = Host::onboarded();
    let mut command = host.command(&["key", "show"]);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = command.stdout(writer).stderr(Stdio::piped()).output().unwrap();
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
