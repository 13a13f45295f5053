//! The same commands with the store in a daemon's hands: same answers, same shapes, same exit codes.

use std::process::Command;
use std::time::Duration;

use strongroom::domain::id::{Id, RequestId};
use strongroom::domain::secret::Secret;
use strongroom::domain::text::{Email, Environment, ServiceName, TokenName};
use strongroom::domain::time::Timestamp;
use strongroom::domain::token::Lifetime;
use strongroom::gateway::Gateway as _;
use strongroom::gateway::socket::Socket;
use strongroom::service::request::{CreateToken, Credentials};
use strongroom::service::response::Connection;
use strongroom::service::{Actor, Code, Event, Request, Response};

use super::host::{Host, PASSWORD, THROUGH_DAEMON};

/// Longer than anything here takes.
const SOON: Duration = Duration::from_secs(20);

#[test]
fn everything_is_the_same_through_a_daemon() {
    if std::env::var_os(THROUGH_DAEMON).is_some() {
        return;
    }
    let mut tests = Command::new(std::env::current_exe().unwrap());
    for module in [
        "tokens", "cashiers", "keys", "activity", "check", "remind", "scan", "why",
    ] {
        tests.arg(format!("{module}::"));
    }
    let ran = tests
        .env(THROUGH_DAEMON, "1")
        .env("INSTA_UPDATE", "no")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{said}");
    assert!(!said.contains("0 passed"), "{said}");
}

#[test]
fn a_daemon_that_was_killed_and_started_again_is_asked_again() {
    let host = Host::onboarded();
    host.serve();
    let token = host.token("payouts", &[]);
    host.kill_daemon();
    // Nobody has the store: it is opened in the command's own process, and what was answered is there.
    assert_eq!(host.verdict(&token), Ok(()));
    host.serve();
    assert_eq!(host.verdict(&token), Ok(()));
}

#[test]
fn a_socket_that_was_named_is_the_only_door() {
    let host = Host::onboarded();
    let nobody = host.path("nobody");
    let refused = host.run(&["--socket", nobody.to_str().unwrap(), "token", "list"]);
    let said = refused.refused(1);
    assert!(
        said.contains("does not answer") && said.contains("nothing was done"),
        "{said}"
    );
    host.serve();
    let socket = host.socket();
    host.run(&["--socket", socket.to_str().unwrap(), "token", "list"])
        .succeeds();
}

#[test]
fn what_needs_the_store_to_itself_names_the_daemon() {
    let host = Host::onboarded();
    host.serve();
    for ran in [
        host.run(&["doctor"]),
        host.admin(&["seal", "rekey", "--key-file", "new.key"]),
    ] {
        assert!(
            ran.err.contains("the daemon (pid ") && ran.err.contains("stop it first"),
            "{ran:?}"
        );
        assert_eq!(ran.code, 5, "{ran:?}");
    }
}

#[test]
fn a_listener_hears_of_others_changes_and_of_the_daemons_end_and_return() {
    let host = Host::onboarded();
    host.serve();
    let gateway = gateway(&host);
    let events = gateway.subscribe();
    host.token("payouts", &[]);
    assert!(matches!(events.recv_timeout(SOON), Ok(Event::Changed)));
    host.kill_daemon();
    while !matches!(
        events.recv_timeout(SOON).unwrap(),
        Event::Connection(Connection::Lost)
    ) {}
    let refused = gateway.ask(None, Request::Overview).unwrap_err();
    assert!(refused.message.contains("nothing was done"), "{refused}");
    host.serve();
    assert!(matches!(
        events.recv_timeout(SOON),
        Ok(Event::Connection(Connection::Back))
    ));
    assert!(matches!(events.recv_timeout(SOON), Ok(Event::Changed)));
    gateway.ask(None, Request::Overview).unwrap();
}

#[test]
fn a_change_is_done_once_under_its_name_also_after_a_restart() {
    let host = Host::onboarded();
    host.serve();
    let gateway = gateway(&host);
    let credentials = Credentials {
        email: Email::parse("ada@acme.test").unwrap(),
        password: Secret::from_text(PASSWORD.into()),
    };
    let mint = |name: &str| {
        let request = Request::CreateToken(CreateToken {
            organization: None,
            name: TokenName::parse(name).unwrap(),
            service: ServiceName::parse("payouts").unwrap(),
            environment: Environment::parse("prod").unwrap(),
            lifetime: Lifetime::Hours24,
            allowed: Vec::new(),
            owner: None,
            note: None,
            warnings: None,
            variable: None,
            credentials: credentials.clone(),
        });
        gateway.ask(None, request)
    };
    assert!(matches!(mint("first"), Ok(Response::Minted(_))));
    for is_restarted in [false, true] {
        if is_restarted {
            host.serve();
        }
        let refused = mint("second").unwrap_err();
        assert_eq!(refused.code, Code::Conflict);
        assert!(refused.message.contains("was done already"), "{refused}");
    }
    let list = host.run(&["token", "list", "--json"]).succeeds().json();
    assert_eq!(list["matching"], 1);
}

/// A gateway whose changes all have the same name.
fn gateway(host: &Host) -> Socket {
    let name = RequestId(Id::new(Timestamp::from_millis(1_795_435_200_000), [7; 10]));
    Socket::new(
        host.socket(),
        "the daemon".into(),
        &Actor::default(),
        Box::new(move || Some(name)),
    )
}
