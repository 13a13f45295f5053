//! Long work through the socket: begun, given up, and cut off by the daemon's end.

use crate::daemon::Daemon;
use crate::desk::{GONE, at_tokens};
use crate::host::Host;
use crate::operator::Operator;

/// A pair may be made faster than a finger is: so often it is tried again.
const TRIES: usize = 8;
const WORKING: &str = "Making the new key pair";
const CANCELLED: &str = "cancelled: the key pair is the one it was";
const DONE: &str = "The key pair was rotated";

/// Orders a new pair of the largest size; `false` where it was made before it was seen to be under way.
fn orders_a_pair(operator: &mut Operator) -> bool {
    operator
        .types("R")
        .sees("Rotate the key pair")
        .sees("Clients have to take");
    operator
        .types("G")
        .sees("● 4096")
        .types("\racme\r")
        .gives_credentials();
    operator.pty.wait_for("work or its end", |screen| {
        let contents = screen.contents();
        contents.contains(WORKING) || contents.contains(DONE)
    });
    operator.pty.contents().contains(WORKING)
}

fn closes(operator: &mut Operator) {
    operator.sees(DONE).types("\r").misses(DONE);
}

#[test]
fn esc_gives_up_a_new_pair_that_the_daemon_makes() {
    let host = Host::onboarded();
    let daemon = Daemon::start(&host, "");
    let mut operator = at_tokens(&host, "no token works here yet");
    operator.types("1").sees("generation 1");
    let is_given_up = (0..TRIES).any(|_| {
        if !orders_a_pair(&mut operator) {
            closes(&mut operator);
            return false;
        }
        operator.types("\x1b");
        operator.pty.wait_for("given up or done", |screen| {
            let contents = screen.contents();
            contents.contains(CANCELLED) || contents.contains(DONE)
        });
        let is_given_up = operator.pty.contents().contains(CANCELLED);
        if !is_given_up {
            closes(&mut operator);
        }
        is_given_up
    });
    assert!(is_given_up, "{}", operator.pty.contents());
    operator.leaves_the_console();
    daemon.stop();
}

#[test]
fn a_pair_under_way_when_the_daemon_dies_is_said_to_be_unknown() {
    let host = Host::onboarded();
    let mut operator = None;
    for _ in 0..TRIES {
        let daemon = Daemon::start(&host, "");
        let mut console = at_tokens(&host, "no token works here yet");
        console.types("1").sees("generation");
        let is_under_way = orders_a_pair(&mut console);
        daemon.kill();
        if is_under_way {
            console.sees(GONE).misses(WORKING);
            if !console.pty.contents().contains(DONE) {
                operator = Some(console);
                break;
            }
        }
    }
    let mut operator = operator.expect("never under way when the daemon died");
    operator
        .sees("not known")
        .sees("activity list")
        .sees("Rotate the key pair");
    let daemon = Daemon::start(&host, "");
    operator
        .misses(GONE)
        .leaves("Rotate the key pair")
        .leaves_the_console();
    daemon.stop();
}

#[test]
fn a_backup_is_made_by_the_daemon_where_the_command_was_told() {
    let host = Host::onboarded();
    let daemon = Daemon::start(&host, "");
    host.run(&["backup", "nightly.age", "--backup-passphrase-file", "other"])
        .succeeds();
    assert!(host.path("nightly.age").exists());
    daemon.stop();
}
