//! A plain verification is answered without hyper; nobody who asks can tell.

use crate::daemon::{Answer, Connection, Daemon};
use crate::host::Host;

/// A request that is not plain, after which hyper answers all that comes.
const OTHER: &str = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";

fn verify(token: &str, lines: &str) -> String {
    format!("GET /v1/verify/pay?x=1 HTTP/1.1\r\nHost: x\r\nX-Auth-Token: {token}\r\n{lines}\r\n")
}

/// All that was answered but when, its headers in order.
fn told(mut answer: Answer) -> String {
    assert!(answer.header("date").is_some_and(|date| date.ends_with(" GMT")));
    answer.headers.retain(|(name, _)| name != "date");
    answer.headers.sort();
    format!("{answer:?}")
}

#[test]
fn the_same_is_answered_to_the_same_request() {
    let host = Host::onboarded();
    let good = host.token("payouts", &[]);
    let revoked = host.token("revoked", &[]);
    host.admin(&["token", "revoke", "revoked"]).succeeds();
    let elsewhere = host.token("elsewhere", &["--allow", "198.51.100.0/24"]);
    let unknown = revoked.replacen("fincode_", "fincode_A", 1);
    let daemon = Daemon::start(&host, "");
    for connect in [Daemon::tcp, Daemon::unix] {
        let mut plain: Connection = connect(&daemon);
        let mut other: Connection = connect(&daemon);
        other.ask(OTHER);
        for token in [&good, &revoked, &elsewhere, &unknown, "short"] {
            let request = verify(token, "User-Agent: a/1\r\nX-Forwarded-For: 192.0.2.7\r\n");
            let (one, another) = (told(plain.ask(&request)), told(other.ask(&request)));
            assert_eq!(one, another);
        }
    }
    let used = host
        .run(&["token", "show", "payouts", "--json"])
        .succeeds()
        .json();
    // On either way by the same callers: the peer of TCP, and whom the store's owner names on the socket.
    let counts: Vec<_> = used["callers"].as_array().unwrap().iter().collect();
    assert_eq!(used["uses"], 4, "{used}");
    assert!(
        counts
            .iter()
            .all(|caller| caller["count"] == 2 && caller["agent"] == "a/1"),
        "{used}"
    );
}

#[test]
fn what_comes_in_one_piece_is_answered_in_its_order() {
    let host = Host::onboarded();
    let token = host.token("payouts", &[]);
    let daemon = Daemon::start(&host, "");
    let mut connection = daemon.tcp();
    let (good, short) = (verify(&token, ""), verify("short", ""));
    let requests = [&good, &short, OTHER, &good, OTHER, &short];
    connection.send(requests.concat());
    let statuses = requests.map(|_| connection.answer().unwrap().status);
    assert_eq!(statuses, [200, 401, 200, 200, 200, 401]);
}

#[test]
fn a_head_may_come_in_pieces_and_many_at_once() {
    let host = Host::onboarded();
    let token = host.token("payouts", &[]);
    let daemon = Daemon::start(&host, "");
    let mut connection = daemon.tcp();
    let good = verify(&token, "");
    for byte in good.bytes() {
        connection.send([byte]);
    }
    assert_eq!(connection.answer().unwrap().status, 200);
    // More than fits into any buffer on the way, cut wherever it is.
    connection.send(good.repeat(1000));
    for _ in 0..1000 {
        assert_eq!(connection.answer().unwrap().status, 200);
    }
    // One that is too long is refused.
    let mut long = daemon.tcp();
    assert_eq!(long.ask(&good).status, 200);
    let refused = long.ask(verify(&token, &format!("X-Long: {}\r\n", "x".repeat(20_000))));
    assert_eq!(refused.status, 431);
}
