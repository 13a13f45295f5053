//! Two consoles and a command: what one does the others show by themselves, and nothing is drawn when nothing is.

use std::time::{Duration, Instant};

use crate::daemon::Daemon;
use crate::desk::{at_tokens, console};
use crate::host::Host;
use crate::operator::{Invalidation, Operator};

/// Well before the ten seconds after which a console looks by itself.
const SOON: Duration = Duration::from_secs(5);

/// What `other` shows without a key, soon after now.
#[track_caller]
fn soon_shows(other: &mut Operator, what: &str, shown: impl Fn(&str) -> bool) {
    let begin = Instant::now();
    other.pty.wait_for(what, |screen| shown(&screen.contents()));
    let took = begin.elapsed();
    assert!(took < SOON, "{what} after {took:?}");
}

#[test]
fn what_one_console_or_a_command_changes_the_other_console_shows() {
    let host = Host::onboarded();
    host.token("payouts", &[]);
    let ledger = host.token("ledger", &[]);
    let daemon = Daemon::start(&host, "");
    let mut first = at_tokens(&host, "ledger");
    let mut second = at_tokens(&host, "payouts");

    first
        .selects("payouts")
        .invalidates("payouts", Invalidation::Revoke, "moved away");
    first.signs_in_for_it().sees("payouts revoked");
    soon_shows(&mut second, "payouts is gone from the list", |screen| {
        !screen.contains("payouts") && screen.contains("1 active")
    });

    first.leaves("/payouts");
    let minted = host.token("checkout", &[]);
    for console in [&mut first, &mut second] {
        soon_shows(console, "checkout is in the list", |screen| {
            screen.contains("checkout")
        });
    }

    first.selects("ledger").rotates("ledger");
    soon_shows(&mut second, "ledger retires", |screen| {
        screen.contains("ledger (old)") && screen.contains("retiring")
    });
    // It works through the daemon as well.
    for token in [&ledger, &minted] {
        assert_eq!(daemon.verify(&format!("X-Auth-Token: {token}\r\n")).status, 200);
    }
    first.leaves_the_console();
    second.leaves_the_console();
    daemon.stop();
}

#[test]
fn a_console_that_nobody_uses_writes_nothing_while_another_looks_around() {
    let host = Host::onboarded();
    host.token("payouts", &[]);
    let daemon = Daemon::start(&host, "");
    let mut idle = at_tokens(&host, "▸ payouts");
    let mut busy = console(&host, &[]);
    busy.sees("generation 1");
    loop {
        // The clock's minute is the one thing that changes by itself.
        let minute = |operator: &Operator| operator.pty.contents().lines().next().map(str::to_owned);
        let (before, written) = (minute(&idle), idle.pty.written());
        for _ in 0..4 {
            busy.types("2").sees("▸ payouts");
            busy.types("3").sees("organization.onboarded");
            busy.types("4").sees("ada@acme.test");
            busy.types("1").sees("generation 1");
            host.run(&["token", "list"]).succeeds();
        }
        // It has had its tick, which asks nothing of the terminal.
        std::thread::sleep(Duration::from_millis(1500));
        if before == minute(&idle) {
            assert_eq!(idle.pty.written() - written, 0, "{}", idle.pty.contents());
            break;
        }
    }
    idle.leaves_the_console();
    busy.leaves_the_console();
    daemon.stop();
}
