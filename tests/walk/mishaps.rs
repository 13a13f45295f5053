//! What goes wrong around a console: somebody else's, one that may only look, a terminal that dies.

use std::process::Command;

use rustix::process::Signal;

use crate::host::Host;
use crate::operator::Operator;
use crate::pty::Spawn;

pub(crate) fn console(host: &Host, arguments: &[&str]) -> Operator {
    let spawn = Spawn::strongroom(&host.path("home"))
        .args(arguments.iter().copied())
        .env("STRONGROOM_CLIPBOARD", "osc52");
    Operator::at(spawn)
}

#[test]
fn a_second_console_is_told_who_has_the_store() {
    let host = Host::onboarded();
    let mut first = console(&host, &[]);
    first.sees("generation 1");
    let (pid, user) = (first.pty.pid().as_raw_nonzero().to_string(), user());

    let mut second = console(&host, &[]);
    second.sees("The store is in use");
    let said = unwrapped(&second.pty.contents());
    let holder = format!("in use by process {pid} of {user} since 20");
    assert!(said.contains(&holder), "{said}");
    // Commands are told the same.
    let said = host.run(&["token", "list"]);
    assert_ne!(said.code, 0);
    assert!(said.err.contains(&holder), "{said:?}");

    first
        .types("2")
        .sees("no token works here yet")
        .leaves_the_console();
    // The second one takes over as soon as it is asked to.
    second.types("r").sees("generation 1").leaves_the_console();
}

/// A dialog's text in one line.
pub(crate) fn unwrapped(screen: &str) -> String {
    let words: Vec<_> = screen.split_whitespace().filter(|word| *word != "│").collect();
    words.join(" ")
}

fn user() -> String {
    let output = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn a_console_that_may_only_look_mints_nothing_and_says_why() {
    let host = Host::onboarded();
    let mut operator = console(&host, &["--read-only"]);
    operator
        .sees("generation 1")
        .sees("● read-only")
        .types("2")
        .sees("no token works here yet");
    operator
        .types("n")
        .sees("this console may only look")
        .sees("without --read-only")
        .misses("New API token");
    operator.leaves_the_console();
    assert_eq!(
        host.run(&["token", "list", "--show", "all", "-q"]).succeeds().out,
        ""
    );
}

#[test]
fn a_terminal_that_dies_at_the_reveal_leaves_the_old_token_and_an_unacknowledged_one() {
    for signal in [Signal::HUP, Signal::KILL] {
        let host = Host::onboarded();
        let old = host.token("payouts", &[]);
        let mut operator = console(&host, &[]);
        operator.sees("generation 1").types("2").sees("▸ payouts");
        operator
            .types("r")
            .sees("Rotate payouts")
            .types("\r\r")
            .gives_credentials();
        let new = operator.sees("New token payouts").copies("c");
        operator.pty.kill(signal);
        operator.pty.wait_end();

        assert_eq!(host.verdict(&old), Ok(()), "{signal:?}");
        assert_eq!(host.verdict(&new), Ok(()), "{signal:?}");
        let mut operator = console(&host, &[]);
        operator.sees("generation 1").types("2");
        operator.sees("1 unacknowledged").sees("payouts (unack.)");
        operator.tries(&old, "it works, active").leaves_the_console();
    }
}
