//! `strongroom demo`: it has life in it, the life goes on, and nothing of it is left behind.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use rustix::process::{Pid, Signal};
use tempfile::TempDir;

use crate::pty::{Pty, Spawn, wait_until};

const PROGRAM: &str = env!("CARGO_BIN_EXE_strongroom");

/// A home whose temporary files are its own.
fn home() -> TempDir {
    let home = TempDir::new().unwrap();
    fs::create_dir(home.path().join("tmp")).unwrap();
    home
}

fn spawn(home: &TempDir, arguments: &[&str]) -> Pty {
    Spawn::strongroom(home.path())
        .args(arguments.iter().copied())
        .env("TMPDIR", home.path().join("tmp").to_str().unwrap())
        .size(120, 40)
        .start()
}

fn run(home: &TempDir, arguments: &[&str]) -> Output {
    Command::new(PROGRAM)
        .args(arguments)
        .env_clear()
        .env("HOME", home.path())
        .env("TMPDIR", home.path().join("tmp"))
        .output()
        .unwrap()
}

/// The demo's own directory, once it is there.
fn place(home: &TempDir) -> PathBuf {
    wait_until("the demo's directory", || {
        let mut entries = fs::read_dir(home.path().join("tmp")).unwrap();
        entries.next().map(|entry| entry.unwrap().path())
    })
}

/// The processes that were started with a path below this one.
fn processes(below: &Path) -> Vec<i32> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let is_ours = |pid: &i32| {
        let arguments = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&arguments).contains(below.to_str().unwrap())
    };
    pids.filter(is_ours).collect()
}

fn assert_nothing_is_left(home: &TempDir) {
    assert_eq!(processes(home.path()), Vec::<i32>::new());
    let names = |path: &Path| -> Vec<_> { fs::read_dir(path).unwrap().map(|e| e.unwrap().path()).collect() };
    assert_eq!(names(&home.path().join("tmp")), Vec::<PathBuf>::new());
    // Neither a store nor a seal of the visitor's own came to be.
    assert_eq!(names(home.path()), [home.path().join("tmp")]);
}

fn total(home: &TempDir, config: &str) -> u64 {
    let listed = run(
        home,
        &["--config", config, "--json", "token", "show", "mobile-gateway"],
    );
    assert!(listed.status.success(), "{listed:?}");
    let shown: serde_json::Value = serde_json::from_slice(&listed.stdout).unwrap();
    shown["uses"].as_u64().unwrap()
}

#[test]
fn the_console_opens_on_a_year_of_life_that_goes_on() {
    let home = home();
    let mut pty = spawn(&home, &["demo"]);
    pty.wait_for_text("open sesame demo");
    pty.wait_for("the list", |screen| {
        let text = screen.contents();
        ["checkout-prod", "expiring", "retiring", "ago ▲", "never"]
            .iter()
            .all(|word| text.contains(word))
    });
    let config = place(&home).join("config.toml");
    let config = config.to_str().unwrap();
    let before = total(&home, config);
    assert!(before > 10_000, "{before}");
    wait_until("a call that is counted", || {
        (total(&home, config) > before).then_some(())
    });
    pty.send("q");
    assert_eq!(pty.wait_end().0, 0);
    assert_nothing_is_left(&home);
}

#[test]
fn a_signal_or_a_lost_terminal_leaves_nothing_behind() {
    for signal in [Some(Signal::TERM), Some(Signal::HUP), None] {
        let home = home();
        let mut pty = spawn(&home, &["demo"]);
        pty.wait_for_text("mobile-gateway");
        match signal {
            Some(signal) => pty.kill(signal),
            None => pty.hang_up(),
        }
        pty.wait_end();
        assert_nothing_is_left(&home);
    }
}

#[test]
fn so_does_one_that_comes_while_it_is_made() {
    let home = home();
    let mut pty = spawn(&home, &["demo"]);
    place(&home);
    pty.kill(Signal::TERM);
    assert_ne!(pty.wait_end().0, 0);
    assert_nothing_is_left(&home);
}

#[test]
fn the_daemon_ends_with_a_demo_that_is_killed() {
    let home = home();
    let mut pty = spawn(&home, &["demo", "--serve"]);
    pty.wait_for_text("look at it from elsewhere");
    assert_eq!(processes(home.path()).len(), 1);
    pty.kill(Signal::KILL);
    pty.wait_end();
    wait_until("the daemon's end", || {
        processes(home.path()).is_empty().then_some(())
    });
}

#[test]
fn what_is_kept_is_a_whole_store() {
    let home = home();
    let kept = home.path().join("kept");
    let mut child = Command::new(PROGRAM)
        .args(["demo", "--serve", "--keep", kept.to_str().unwrap()])
        .env_clear()
        .env("HOME", home.path())
        .spawn()
        .unwrap();
    wait_until("the daemon", || kept.join("socket").exists().then_some(()));
    rustix::process::kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let config = kept.join("config.toml");
    let asked = |arguments: &[&str]| {
        let all = [&["--config", config.to_str().unwrap()], arguments].concat();
        run(&home, &all)
    };
    let verified = asked(&["audit", "verify"]);
    assert_eq!(verified.status.code(), Some(0), "{verified:?}");
    let doctor = asked(&["doctor"]);
    assert_eq!(doctor.status.code(), Some(0), "{doctor:?}");
    let check = asked(&["check"]);
    let said = String::from_utf8_lossy(&check.stdout).into_owned();
    assert_eq!(check.status.code(), Some(1), "{said}");
    assert!(said.contains("checkout-prod of acme ends in 3 d"), "{said}");
    let list = asked(&["token", "list", "--show", "all"]);
    let list = String::from_utf8_lossy(&list.stdout).into_owned();
    for part in ["retiring", "revoked (leaked)", "expired", "expiring", "never"] {
        assert!(list.contains(part), "no {part} in {list}");
    }
}

#[test]
fn it_takes_no_other_place_and_needs_a_terminal_for_its_console() {
    let home = home();
    for arguments in [&["demo", "--data-dir", "/nowhere", "--serve"][..], &["demo"]] {
        let refused = run(&home, arguments);
        assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    }
    let taken = run(
        &home,
        &["demo", "--serve", "--keep", home.path().to_str().unwrap()],
    );
    assert_eq!(taken.status.code(), Some(1), "{taken:?}");
    assert_nothing_is_left(&home);
}
