//! Tests that this machine cannot run: they say so, past what the test program keeps to itself; where `CI` is set they fail.

#![allow(dead_code, reason = "each test binary uses its own part of it")]

use std::io::Write as _;
use std::process::Command;

/// The boot clock 100,000 seconds on, while the wall clock stays.
pub(crate) const LATER: [&str; 4] = ["--time", "--boottime", "100000", "--"];

/// Says what is skipped and why; in CI that is a failure. `tests/run` reads `CI` alike.
#[track_caller]
pub(crate) fn skipped(why: &str) {
    let ci = std::env::var("CI").unwrap_or_default();
    assert!(
        ["", "0", "false"].contains(&ci.as_str()),
        "{why}, and CI has to run this test"
    );
    let thread = std::thread::current();
    let test = thread.name().unwrap_or_default();
    // The macros' output is shown of tests that fail alone.
    let _ = writeln!(std::io::stderr(), "skipped: {test}: {why}");
}

/// Whether we are root, who alone can be another account.
#[track_caller]
pub(crate) fn can_be_another_account() -> bool {
    let is_root = rustix::process::geteuid().is_root();
    if !is_root {
        skipped("only root can be another account");
    }
    is_root
}

/// Whether this system lets us have a time namespace.
#[track_caller]
pub(crate) fn has_time_namespaces() -> bool {
    let tried = Command::new("unshare").args(LATER).arg("true").status();
    let has = tried.is_ok_and(|status| status.success());
    if !has {
        skipped("no time namespaces here");
    }
    has
}

/// Whether there is a tmux.
#[track_caller]
pub(crate) fn has_tmux() -> bool {
    let has = Command::new("tmux").arg("-V").output().is_ok();
    if !has {
        skipped("there is no tmux on this machine");
    }
    has
}
