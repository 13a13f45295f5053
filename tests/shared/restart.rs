//! The daemon ends while somebody works in a console, and is started again, or is not.

use std::time::Duration;

use crate::daemon::Daemon;
use crate::desk::{BACK, GONE, at_tokens, console, named, unwrapped};
use crate::host::{Host, PASSWORD};
use crate::operator::EMAIL;

/// A console without a daemon ends as fast as any: nothing that is under way holds it up.
const AT_ONCE: Duration = Duration::from_secs(5);

#[test]
fn a_half_filled_form_outlives_the_daemon_and_mints_once() {
    for is_killed in [true, false] {
        let host = Host::onboarded();
        host.token("ledger", &[]);
        let mut daemon = Daemon::start(&host, "");
        let mut form = at_tokens(&host, "▸ ledger");
        let mut other = at_tokens(&host, "▸ ledger");
        form.types("n").sees("New API token");
        form.types("checkout\rcheckout-service\rpr")
            .sees("checkout-service");
        if is_killed {
            daemon.kill();
        } else {
            daemon.stop();
        }

        // Both say so, and go on being consoles.
        form.sees(GONE).sees("New API token").sees("checkout-service");
        form.types("od\rgjj").sees("● 3 months");
        other.sees(GONE).types("3").sees("┌ Activity");
        other.types("?").sees("Help: Activity").leaves("Help: Activity");
        other.types("4").sees("┌ Cashiers").types("2").sees("▸ ledger");
        form.types("\r\r\r").gives_credentials();
        form.sees("nothing was done");
        for kept in ["checkout-service", "● 3 months", EMAIL] {
            form.sees(kept);
        }

        daemon = Daemon::start(&host, "");
        form.misses(GONE).sees("FINCODE_TOKEN_CHECKOUT_SERVICE_PROD");
        other.sees(BACK).misses(GONE);
        form.types("\r");
        form.takes_over("checkout");
        other.sees("checkout");
        assert_eq!(named(&host, "checkout"), 1);
        form.leaves_the_console();
        other.leaves_the_console();
        daemon.stop();
    }
}

#[test]
fn a_console_is_left_at_once_when_the_daemon_is_gone_for_good() {
    let host = Host::onboarded();
    let daemon = Daemon::start(&host, "");
    let mut form = at_tokens(&host, "no token works here yet");
    form.types("n").sees("New API token");
    let mut list = at_tokens(&host, "no token works here yet");
    daemon.kill();
    form.sees(GONE);
    list.sees(GONE).leaves_the_console();
    form.types("\x03");
    let (code, took) = form.pty.wait_end();
    assert_eq!(code, 0);
    assert!(took < AT_ONCE, "{took:?}");
    // Nobody has the store: the next console opens it itself.
    console(&host, &[]).sees("generation 1").leaves_the_console();
}

#[test]
fn a_reveal_on_the_screen_stays_and_is_acknowledged_by_the_next_daemon() {
    let host = Host::onboarded();
    let old = host.token("payouts", &[]);
    let daemon = Daemon::start(&host, "");
    let mut operator = at_tokens(&host, "▸ payouts");
    operator.types("r").sees("Rotate payouts").sees("● 24 h");
    operator.types("\r\r").gives_credentials();
    let new = operator.sees("New token payouts").copies("c");
    host.keep_secret(&new);

    daemon.kill();
    operator.sees("New token payouts").looks_at(&new, "v", "v");
    let last = &new[new.len() - 4..];
    operator.types("\r").sees("Its last four characters:");
    operator.types(&format!("{last}\r")).sees("does not answer");
    let said = unwrapped(&operator.pty.contents());
    assert!(said.contains("nothing was done"), "{said}");

    // Until it is acknowledged nothing happened to the old one.
    let daemon = Daemon::start(&host, "");
    let status = |token: &str| {
        let answer = daemon.verify(&format!("X-Auth-Token: {token}\r\n"));
        answer.header("x-auth-status").map(str::to_owned)
    };
    operator.sees(BACK);
    assert_eq!(status(&old).as_deref(), Some("active"));
    assert_eq!(status(&new).as_deref(), Some("active"));
    operator.closes_the_reveal("payouts", &new);
    operator.sees("payouts (old)").sees("retiring");
    assert_eq!(status(&old).as_deref(), Some("retiring"));
    operator.leaves_the_console();
    daemon.stop();
}

#[test]
fn a_change_after_the_restart_asks_who_makes_it() {
    let host = Host::onboarded();
    host.token("payouts", &[]);
    let daemon = Daemon::start(&host, "");
    let mut operator = at_tokens(&host, "▸ payouts");
    operator.types(":signin\r").sees("Password");
    operator.types(&format!("\x1b[A\x15{EMAIL}\r{PASSWORD}\r"));
    operator.sees("min").misses("Password");
    daemon.kill();
    operator.sees(GONE);
    let daemon = Daemon::start(&host, "");
    operator.misses(GONE);
    operator.invalidates("payouts", crate::operator::Invalidation::Revoke, "moved");
    operator.signs_in_for_it().sees("payouts revoked");
    operator.leaves_the_console();
    daemon.stop();
}
