//! Accounts that are not the store's own, and consoles that may do less than their account.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use rustix::fs::{Gid, Uid};

use crate::daemon::Daemon;
use crate::host::Host;
use crate::operator::{Invalidation, Operator};
use crate::pty::Spawn;
use crate::skip::can_be_another_account;

const NOBODY: &str = "65534";

#[test]
fn another_account_with_the_right_to_command_looks_and_acts_as_a_cashier() {
    if !can_be_another_account() {
        return;
    }
    let host = Host::onboarded();
    host.token("payouts", &[]);
    let socket = host.path("run/socket");
    let config = format!("socket = {socket:?}\n[rights]\ncommand = [{NOBODY}]\n");
    let mut daemon = Daemon::start(&host, &config);
    daemon.socket.clone_from(&socket);
    fs::set_permissions(host.path(""), Permissions::from_mode(0o755)).unwrap();
    let (home, program) = (host.path("nobody"), host.path("program"));
    fs::create_dir(&home).unwrap();
    rustix::fs::chown(&home, Some(Uid::from_raw(65534)), Some(Gid::from_raw(65534))).unwrap();
    fs::copy(env!("CARGO_BIN_EXE_strongroom"), &program).unwrap();

    let spawn = Spawn::new("setpriv", &home)
        .args(["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"])
        .args([program.to_str().unwrap(), "--socket", socket.to_str().unwrap()]);
    let mut operator = Operator::at(spawn);
    operator.sees("generation 1").sees("● viewing");
    // It may not open what clients encrypted, and reads why, and what would let it.
    operator
        .decrypts("AAAA")
        .sees("has not the right `decrypt`")
        .sees("`rights.decrypt`")
        .sees("restart");
    operator.types("\x1b").sees("encrypt a text");
    operator.types("\x1b").misses("encrypt a text");
    operator.types("2").sees("▸ payouts");
    operator.invalidates("payouts", Invalidation::Revoke, "moved away");
    operator.signs_in_for_it().sees("payouts revoked");
    operator.leaves_the_console();
    let newest = host
        .run(&["activity", "list", "--json", "--limit", "1"])
        .succeeds();
    let newest = newest.json()["entries"][0].clone();
    assert_eq!(newest["action"], "token.revoked");
    assert_eq!(newest["actor"]["cashier"], "ada@acme.test");
    assert_eq!(newest["actor"]["uid"], 65534, "{newest}");
    daemon.stop();
}

#[test]
fn what_a_command_gave_up_by_itself_the_daemon_refuses() {
    let host = Host::onboarded();
    let daemon = Daemon::start(&host, "");
    let create = [
        "token",
        "create",
        "payouts",
        "--service",
        "s",
        "--environment",
        "prod",
    ];
    let refused = |more: &[&str]| {
        let ran = host.admin(&[&create[..], more].concat());
        assert_ne!(ran.code, 0, "{ran:?}");
        ran.err
    };
    let said = refused(&["--read-only"]);
    assert!(said.contains("may only look"), "{said}");
    host.admin(&create).succeeds();
    daemon.stop();
}
