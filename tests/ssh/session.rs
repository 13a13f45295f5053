//! A whole change over SSH: who it is for is seen, acts, and is written down.

use crate::host::Host;
use crate::operator::Operator;
use crate::server::{AS_ADA, Server, can_serve, said};

#[test]
fn the_cashier_that_the_key_belongs_to_is_shown_acts_and_is_audited_with_the_address() {
    if !can_serve() {
        return;
    }
    let server = Server::forcing(Host::onboarded(), AS_ADA);
    let mut operator = Operator::at(server.terminal(&[]));
    operator
        .sees("viewing as ada@acme.test")
        .types("2")
        .sees("no token works here yet");
    // The copy comes through the connection to the client's own terminal.
    let token = operator
        .fills_the_form("payouts", (2, "3 months"))
        .takes_over("payouts");
    operator.types("q");
    assert_eq!(operator.pty.wait_end().0, 0);
    assert_eq!(server.host.verdict(&token), Ok(()));
    assert_eq!(server.started(), Vec::<String>::new());

    let log = server.host.run(&["activity", "list", "--json"]).succeeds().json();
    let entries = log["entries"].as_array().unwrap();
    let minted = entries
        .iter()
        .find(|entry| entry["action"] == "token.created")
        .unwrap();
    assert_eq!(minted["actor"]["cashier"], "ada@acme.test");
    assert_eq!(minted["actor"]["address"], "127.0.0.1");
    assert!(!minted["actor"]["os_user"].as_str().unwrap().is_empty());
}

#[test]
fn nobody_else_signs_in_there_no_file_is_written_and_nothing_suspends_it() {
    if !can_serve() {
        return;
    }
    // What is given up here is given up by the daemon, too, whom an account asks that owns no store.
    let host = Host::onboarded();
    host.serve();
    let server = Server::forcing(host, "--as zoë@acme.test");
    let mut operator = Operator::at(server.terminal(&[]));
    operator
        .sees("viewing as zoë@acme.test")
        .sees("generation 1")
        .types("\x1a")
        .types("w")
        .sees("Write");
    operator
        .types("\x15~/.ssh/planted\r")
        .sees("writes no files")
        .types("\x1b");
    operator
        .misses("writes no files")
        .types(":signin\r")
        .sees("▸ Password")
        .types("\x1b[Z")
        .sees("▸ Cashier");
    operator.gives_credentials().sees("belongs to zoë@acme.test");
    operator.pty.kill(rustix::process::Signal::TERM);
    operator.pty.wait_end();
    assert!(!server.host.path("home/.ssh/planted").exists());
    assert_eq!(server.started(), Vec::<String>::new());
}

#[test]
fn the_options_of_a_forced_command_mean_nothing_anywhere_else() {
    let host = Host::onboarded();
    for option in [&["--as", "ada@acme.test"][..], &["--forced"]] {
        let said = host.run(option).refused(2);
        assert!(said.contains("command that sshd forces"), "{said}");
        let said = host.run(&[option, &["token", "list"]].concat()).refused(2);
        assert!(said.contains("go with no command"), "{said}");
    }
}

#[test]
fn a_machine_without_a_store_offers_no_wizard() {
    if !can_serve() {
        return;
    }
    let server = Server::forcing(Host::empty(), AS_ADA);
    let mut operator = Operator::at(server.terminal(&[]));
    operator.sees("this connection cannot make one");
    operator.types("q");
    assert_eq!(operator.pty.wait_end().0, 0);
}

#[test]
fn the_shipped_part_of_sshd_s_configuration_gives_the_console_and_nothing_else() {
    if !can_serve() {
        return;
    }
    let server = Server::shipped(Host::onboarded());
    let understood = server.understood();
    for line in [
        "disableforwarding yes",
        "permituserrc no",
        "authenticationmethods publickey",
        "permittunnel no",
    ] {
        assert!(
            understood.lines().any(|found| found == line),
            "{line}: {understood}"
        );
    }
    let mut operator = Operator::at(server.terminal(&["sh"]));
    operator.sees("this connection takes only: tokens");
    assert_eq!(operator.pty.wait_end().0, 2);
    // Everybody signs in there as who they are.
    let mut operator = Operator::at(server.terminal(&["keys"]));
    operator.sees("● viewing  ").sees("generation 1").types("q");
    assert_eq!(operator.pty.wait_end().0, 0);
    let (out, err, code) = said(&server.run(&["cashiers"], &[]));
    assert!(out.starts_with("ada@acme.test\t") && code == 0, "{out}{err}");
}
