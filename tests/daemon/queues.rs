//! What takes its time has queues of its own: nobody who only looks waits for it, and nobody has them to themselves.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::daemon::{Answer, Connection, Daemon};
use crate::host::{Host, OTHER_PASSWORD};

fn post(path: &str, body: &Value) -> String {
    let body = body.to_string();
    format!(
        "POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn code(answer: &Answer) -> (u16, String) {
    let code = answer.json()["error"]["code"].as_str().map(str::to_owned);
    (answer.status, code.unwrap_or_default())
}

#[test]
fn whoever_looks_waits_for_nobodys_passwords() {
    let host = Host::onboarded();
    let daemon = Daemon::start(&host, "");
    // Nobody has these addresses, so that nobody is throttled: each is hashed all the same.
    let mut asking: Vec<Connection> = (0..60).map(|_| daemon.unix()).collect();
    // It finds them all there at once, however slow this side is.
    daemon.signal(Signal::STOP);
    for (number, connection) in asking.iter_mut().enumerate() {
        let sign_in = json!({ "sign_in": { "email": format!("n{number}@acme.test"), "password": STANDARD.encode("a long password") } });
        assert!(connection.send(post("/v1/command", &sign_in)));
    }
    daemon.signal(Signal::CONT);
    let looked = daemon.unix().ask(post("/v1/command", &json!("overview")));
    assert_eq!(looked.status, 200, "{looked:?}");
    // More than one account may have under way, and fewer than all may: whoever is refused met their own share.
    let refused = asking
        .into_iter()
        .filter_map(|mut connection| connection.answer())
        .map(|answer| code(&answer))
        .filter(|answer| *answer == (503, "busy".to_owned()))
        .count();
    assert!(refused > 0, "one account has all the places");
    daemon.stop();
}

#[test]
fn wrong_passphrases_have_the_next_wait_and_nobody_else() {
    let host = Host::empty();
    host.init(&["--seal", "passphrase", "--passphrase-file", "other"])
        .succeeds();
    let daemon = Daemon::start(&host, "");
    let mut operator = daemon.unix();
    let wrong = post(
        "/v1/unlock",
        &json!({ "passphrase": STANDARD.encode("not this one") }),
    );
    for _ in 0..2 {
        assert_eq!(code(&operator.ask(&wrong)), (503, "wrong_seal".to_owned()));
    }
    let right = post(
        "/v1/unlock",
        &json!({ "passphrase": STANDARD.encode(OTHER_PASSWORD) }),
    );
    let mut answer = operator.ask(&right);
    assert_eq!(code(&answer), (429, "throttled".to_owned()));
    assert!(answer.header("retry-after").is_some(), "{answer:?}");
    assert_eq!(daemon.tcp().get("/healthz", "").status, 200);
    while answer.status == 429 {
        std::thread::sleep(std::time::Duration::from_millis(100));
        answer = operator.ask(&right);
    }
    assert_eq!(answer.status, 200, "{answer:?}");
    daemon.stop();
}

#[test]
fn a_new_passphrase_waits_where_passwords_do() {
    let host = Host::onboarded();
    let daemon = Daemon::start(&host, "");
    let mut asking: Vec<Connection> = (0..40).map(|_| daemon.unix()).collect();
    // It finds them all there at once, however slow this side is.
    daemon.signal(Signal::STOP);
    for (number, connection) in asking.iter_mut().enumerate() {
        let sign_in = json!({ "sign_in": { "email": format!("n{number}@acme.test"), "password": STANDARD.encode("a long password") } });
        assert!(connection.send(post("/v1/command", &sign_in)));
    }
    // The account has 24 places for all of it: not every one of these finds one.
    let seal = post(
        "/v1/seal",
        &json!({ "passphrase": STANDARD.encode("a seal of a hundred words") }),
    );
    let mut sealing: Vec<Connection> = (0..25).map(|_| daemon.unix()).collect();
    for connection in &mut sealing {
        assert!(connection.send(&seal));
    }
    daemon.signal(Signal::CONT);
    let answers: Vec<Answer> = sealing.iter_mut().filter_map(Connection::answer).collect();
    let refused = answers.iter().find(|answer| answer.status == 503);
    assert_eq!(refused.map(code), Some((503, "busy".to_owned())), "{answers:?}");
    daemon.stop();
}
