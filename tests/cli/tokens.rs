//! Tokens from the command line, from minting to the tombstone.

use std::fs;
use std::fs::File;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use super::host::{Host, shape};

const CREATE: [&str; 7] = [
    "token",
    "create",
    "payouts",
    "--service",
    "payouts",
    "--environment",
    "prod",
];

#[test]
fn a_token_is_printed_once_alone_and_nowhere_else() {
    let host = Host::onboarded();
    let token = host.token("payouts", &[]);
    assert!(
        token.starts_with("fincode_prod_") && token.len() == 62,
        "{}",
        token.len()
    );
    assert_eq!(host.verdict(&token), Ok(()));
    for look in [
        &["token", "list", "--json"][..],
        &["token", "show", "payouts", "--json"],
        &["activity", "list", "--json"],
    ] {
        assert!(!host.run(look).succeeds().out.contains(&token), "{look:?}");
    }
    assert_eq!(Host::found(host.root.path(), token.as_bytes()), None);
}

#[test]
fn the_shapes_of_json_stay_as_they_are() {
    let host = Host::onboarded();
    let created = host.admin(&[&CREATE[..], &["--json"]].concat()).succeeds().json();
    insta::assert_snapshot!("token_create", shape(&created));
    host.keep_secret(created["token"].as_str().unwrap());
    let rotated = host
        .admin(&["token", "rotate", "payouts", "--json"])
        .succeeds()
        .json();
    insta::assert_snapshot!("token_rotate", shape(&rotated));
    insta::assert_snapshot!(
        "token_list",
        shape(&host.run(&["token", "list", "--json"]).succeeds().json())
    );
    insta::assert_snapshot!(
        "token_show",
        shape(
            &host
                .run(&["token", "show", "payouts", "--json"])
                .succeeds()
                .json()
        )
    );
    insta::assert_snapshot!(
        "activity_list",
        shape(
            &host
                .run(&["activity", "list", "--limit", "1", "--json"])
                .succeeds()
                .json()
        )
    );
    let token = rotated["token"].as_str().unwrap();
    insta::assert_snapshot!(
        "verify_good",
        shape(&host.feed(&["verify", "--json"], token.as_bytes()).json())
    );
    insta::assert_snapshot!(
        "verify_junk",
        shape(&host.feed(&["verify", "--json"], b"junk").json())
    );
    assert_eq!(
        host.admin(&["token", "revoke", "payouts", "--json"])
            .succeeds()
            .out,
        "{\"done\":true}\n"
    );
    insta::assert_snapshot!(
        "verify_revoked",
        shape(&host.feed(&["verify", "--json"], token.as_bytes()).json())
    );
}

#[test]
fn every_expiry_can_be_chosen_and_no_other() {
    let host = Host::onboarded();
    for expires in ["24h", "1mo", "3mo", "6mo", "1y"] {
        host.token(&format!("for-{expires}"), &["--expires", expires]);
    }
    let rows = host.run(&["token", "list", "--sort", "expiry"]).succeeds().out;
    let names: Vec<&str> = rows
        .lines()
        .map(|line| line.split('\t').next().unwrap())
        .collect();
    assert_eq!(names, ["for-24h", "for-1mo", "for-3mo", "for-6mo", "for-1y"]);
    host.admin(&[&CREATE[..], &["--expires", "2y"]].concat())
        .refused(2);
}

#[test]
fn lists_filter_sort_and_page() {
    let host = Host::onboarded();
    for name in ["alpha", "beta", "gamma"] {
        host.token(name, &[]);
    }
    let names = |more: &[&str]| {
        let out = host
            .run(&[&["token", "list", "--sort", "name", "-q"], more].concat())
            .succeeds()
            .out;
        out.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(names(&["--descending"]), ["gamma", "beta", "alpha"]);
    assert_eq!(names(&["--filter", "MM"]), ["gamma"]);
    assert_eq!(names(&["--offset", "1", "--limit", "1"]), ["beta"]);
    assert_eq!(names(&["--show", "unused"]), ["alpha", "beta", "gamma"]);
    assert_eq!(names(&["--show", "ended"]), [""; 0]);
    let expiring = host.run(&["tokens", "--expiring"]).succeeds().out;
    assert_eq!(expiring, "", "none of them ends soon");
}

#[test]
fn an_env_file_takes_the_token_and_is_closed_to_others() {
    let host = Host::onboarded();
    let path = host.file("service.env", "# mine\nexport FINCODE_TOKEN_PROD=old\nOTHER=1");
    let created = host
        .admin(&[&CREATE[..], &["--env-file", "service.env", "--json"]].concat())
        .succeeds();
    assert_eq!(created.json().get("token"), None, "it went into the file instead");
    let text = fs::read_to_string(&path).unwrap();
    let line = text.lines().nth(1).unwrap();
    let token = line.strip_prefix("export FINCODE_TOKEN_PROD=").unwrap();
    assert_eq!(
        text,
        format!("# mine\nexport FINCODE_TOKEN_PROD={token}\nOTHER=1\n")
    );
    assert_eq!(host.verdict(token), Ok(()));
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

    host.admin(&[
        "token",
        "rotate",
        "payouts",
        "--env-file",
        "new.env",
        "--overlap",
        "now",
    ])
    .succeeds();
    assert_eq!(
        fs::metadata(host.path("new.env")).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(host.verdict(token), Err("expired".into()));

    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let said = host
        .admin(&["token", "rotate", "payouts", "--env-file", "service.env"])
        .refused(1);
    assert!(
        said.contains("chmod 0600") && said.contains("no token was minted"),
        "{said}"
    );
    assert_eq!(
        host.run(&["token", "list", "--show", "all", "-q"])
            .succeeds()
            .out
            .lines()
            .count(),
        2
    );
}

#[test]
fn a_token_that_could_not_be_written_is_revoked_and_the_old_one_goes_on() {
    let host = Host::onboarded();
    let old = host.token("payouts", &[]);
    for arguments in [
        &["token", "rotate", "payouts", "-q", "--overlap", "now"][..],
        &["token", "rotate", "payouts", "--json"],
    ] {
        let mut command = host.command(arguments);
        command.args(["--cashier", "ada@acme.test", "--password-file", "password"]);
        command
            .stdout(Stdio::from(
                File::options().write(true).open("/dev/full").unwrap(),
            ))
            .stderr(Stdio::piped());
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("the new token was revoked"), "{said}");
    }
    assert_eq!(host.verdict(&old), Ok(()));
    let revoked = host
        .run(&["token", "list", "--show", "revoked", "--json"])
        .succeeds()
        .json();
    assert_eq!(revoked["matching"], 2);
}

#[test]
fn a_rotation_overlaps_is_extended_and_cut_over() {
    let host = Host::onboarded();
    let old = host.token("payouts", &[]);
    let ran = host
        .admin(&["token", "rotate", "payouts", "--overlap", "1h"])
        .succeeds();
    let new = ran
        .out
        .lines()
        .next()
        .unwrap()
        .strip_prefix("token\t")
        .unwrap()
        .to_owned();
    assert!(ran.err.contains("works until"), "{}", ran.err);
    assert_eq!((host.verdict(&old), host.verdict(&new)), (Ok(()), Ok(())));
    let statuses = host
        .run(&["token", "list", "--sort", "minted", "--json"])
        .succeeds()
        .json();
    assert_eq!(
        (&statuses["rows"][0]["status"], &statuses["rows"][1]["status"]),
        (&"retiring".into(), &"active".into())
    );
    let id = statuses["rows"][0]["id"].as_str().unwrap();
    host.admin(&["token", "extend", id, "--overlap", "7d"]).succeeds();
    host.admin(&["token", "extend", id, "--overlap", "1h"]).refused(1);
    host.admin(&["token", "cutover", id]).succeeds();
    assert_eq!(
        (host.verdict(&old), host.verdict(&new)),
        (Err("expired".into()), Ok(()))
    );
}

#[test]
fn a_revocation_is_undone_but_not_after_a_leak_nor_a_deletion() {
    let host = Host::onboarded();
    let token = host.token("payouts", &[]);
    let ran = host
        .admin(&["token", "revoke", "payouts", "--reason", "contractor left"])
        .succeeds();
    assert!(
        ran.err.contains("callers in the last hour"),
        "the blast radius: {}",
        ran.err
    );
    assert_eq!(host.verdict(&token), Err("revoked".into()));
    assert!(
        host.run(&["token", "show", "payouts"])
            .succeeds()
            .out
            .contains("contractor left")
    );
    host.admin(&["token", "restore", "payouts"]).succeeds();
    assert_eq!(host.verdict(&token), Ok(()));
    host.admin(&["token", "revoke", "payouts", "--leaked"]).succeeds();
    host.admin(&["token", "restore", "payouts"]).refused(1);
    host.admin(&["token", "delete", "payouts"]).succeeds();
    assert_eq!(host.verdict(&token), Err("revoked".into()));
    assert_eq!(host.run(&["token", "list", "--show", "all"]).succeeds().out, "");
    assert_eq!(
        host.run(&["token", "list", "--show", "deleted", "-q"])
            .succeeds()
            .out,
        "payouts\n"
    );
}

#[test]
fn several_are_invalidated_all_or_none() {
    let host = Host::onboarded();
    let tokens = [host.token("one", &[]), host.token("two", &[])];
    host.admin(&["token", "revoke", "one", "two", "three"]).refused(3);
    assert!(tokens.iter().all(|token| host.verdict(token).is_ok()));
    host.admin(&["token", "revoke", "one", "two"]).succeeds();
    assert!(tokens.iter().all(|token| host.verdict(token).is_err()));
}

#[test]
fn verify_names_the_reason() {
    let host = Host::onboarded();
    let token = host.token("payouts", &[]);
    let last = if token.ends_with('x') { "y" } else { "x" };
    let mistyped = format!("{}{last}", &token[..token.len() - 1]);
    // Sound, and minted by nobody here.
    let unknown = "fincode_prod_00000000000000000000000000000000000000000000000";
    for (given, reason) in [
        ("", "missing"),
        ("\n", "missing"),
        (&mistyped, "invalid"),
        (unknown, "invalid"),
        ("junk", "invalid"),
    ] {
        assert_eq!(host.verdict(given), Err(reason.into()), "{given}");
    }
    assert_eq!(host.verdict(&"x".repeat(60_000)), Err("invalid".into()));
    assert!(
        host.feed(&["verify"], mistyped.as_bytes())
            .refused(4)
            .contains("checksum")
    );
    let ran = host
        .feed(&["verify"], format!("  {token}\r\n").as_bytes())
        .succeeds();
    assert!(ran.out.starts_with("active\tpayouts\tacme\t"), "{}", ran.out);
    assert_eq!(host.feed(&["verify", "-q"], token.as_bytes()).succeeds().out, "");
    assert_eq!(
        host.run(&["token", "show", "payouts", "--json"])
            .succeeds()
            .json()["uses"],
        2,
        "a good answer counts as a use"
    );
}

#[test]
fn a_token_can_be_kept_to_some_addresses_and_freed_again() {
    let host = Host::onboarded();
    let token = host.token(
        "payouts",
        &["--allow", "10.0.0.0/8", "--allow", "2001:db8::1/128"],
    );
    let allowed = || {
        host.run(&["token", "show", "payouts", "--json"])
            .succeeds()
            .json()["allowed"]
            .clone()
    };
    assert_eq!(allowed(), serde_json::json!(["10.0.0.0/8", "2001:db8::1"]));
    // Nobody told from which address it came.
    assert_eq!(host.verdict(&token), Err("forbidden".into()));
    host.admin(&["token", "allow", "payouts", "192.0.2.7", "::ffff:10.0.0.9"])
        .succeeds();
    assert_eq!(allowed(), serde_json::json!(["10.0.0.9", "192.0.2.7"]));
    let shown = host.run(&["token", "show", "payouts"]).succeeds().out;
    assert!(shown.contains("10.0.0.9, 192.0.2.7"), "{shown}");
    for wrong in ["10.0.0.9/8", "10.0.0.0/33", "localhost"] {
        let error = host.admin(&["token", "allow", "payouts", wrong]).refused(2);
        assert!(error.contains("10.0.0.0/8"), "{error}");
    }
    host.admin(&["token", "allow", "payouts"]).refused(2);
    host.admin(&["token", "allow", "payouts", "--any"]).succeeds();
    assert_eq!(allowed(), serde_json::json!([]));
    assert!(host.verdict(&token).is_ok());
}

#[test]
fn a_password_comes_from_a_descriptor_too() {
    let host = Host::onboarded();
    let script = format!(
        "exec \"$0\" {} -q --cashier ada@acme.test --password-fd 3 3< password",
        CREATE.join(" ")
    );
    let mut command = host.command(&[]);
    let program = command.get_program().to_owned();
    command = {
        let mut shell = std::process::Command::new("/bin/sh");
        shell
            .arg("-c")
            .arg(script)
            .arg(program)
            .current_dir(host.root.path())
            .env_clear()
            .env("HOME", host.path("home"));
        shell
    };
    assert!(
        host.finish(command, b"")
            .succeeds()
            .out
            .starts_with("fincode_prod_")
    );
}
