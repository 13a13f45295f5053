//! A wall clock that jumped, as commands see it. The jump is real: a time namespace moves the clock that counts since the
//! boot, which is to the program what a wall clock that was set is.

use std::process::Command;

use crate::host::{Host, Ran};
use crate::skip::{LATER, has_time_namespaces};

/// Where the wall clock seems to have been set back by 27 h.
fn jumped(host: &Host, arguments: &[&str], input: &[u8]) -> Ran {
    let program = host.command(arguments);
    let mut command = Command::new("unshare");
    command
        .args(LATER)
        .arg(program.get_program())
        .args(arguments)
        .current_dir(host.root.path())
        .env("HOME", host.path("home"));
    host.finish(command, input)
}

#[test]
fn a_clock_that_agrees_is_believed_and_needs_no_confirmation() {
    let host = Host::onboarded();
    let status = host.run(&["clock", "status"]).succeeds();
    assert!(status.out.ends_with("State\tbelieved\n"), "{status:?}");
    let refused = host.admin(&["clock", "confirm"]);
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("there is nothing to confirm"), "{refused:?}");
}

#[test]
fn a_clock_set_back_brings_no_token_back_and_an_admin_confirms_it() {
    let host = Host::onboarded();
    if !has_time_namespaces() {
        return;
    }
    let token = host.token("nightly", &["--expires", "24h"]);
    assert_eq!(host.verdict(&token), Ok(()));
    // By the clock that does not jump 27 hours have passed.
    let ran = jumped(&host, &["verify"], token.as_bytes());
    assert_eq!(ran.code, 4);
    let status = jumped(&host, &["clock", "status", "--json"], b"")
        .succeeds()
        .json();
    assert!(status["jump"]["expected"].is_string(), "{status}");
    assert_eq!(
        jumped(
            &host,
            &["activity", "list", "--filter", "clock.jumped", "-q"],
            b""
        )
        .succeeds()
        .out
        .lines()
        .count(),
        1,
        "told once, by several commands"
    );
    let confirm = [
        "clock",
        "confirm",
        "--cashier",
        "ada@acme.test",
        "--password-file",
        "password",
    ];
    jumped(&host, &confirm, b"").succeeds();
    let status = jumped(&host, &["clock", "status", "--json"], b"")
        .succeeds()
        .json();
    assert!(status["jump"].is_null(), "{status}");
    assert!(status["trusted"].as_str() > status["wall"].as_str(), "{status}");
    assert_eq!(jumped(&host, &["verify"], token.as_bytes()).code, 4);
    let entries = host
        .run(&["activity", "list", "--filter", "clock.confirmed", "-q"])
        .succeeds();
    assert_eq!(entries.out.lines().count(), 1);
}
