//! What no proxy sends: never let through without a good token, never a fault of ours, and the next one is served.

use crate::daemon::Daemon;
use crate::host::Host;

/// Requests without a credential, or with a good one (`TOKEN`) in a frame that two readers may read in two ways.
const MALFORMED: &[(&str, &str)] = &[
    ("nothing", "\r\n\r\n"),
    ("no method", " /v1/verify HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("no version", "GET /v1/verify\r\nHost: a\r\n\r\n"),
    ("another version", "GET /v1/verify HTTP/3.0\r\nHost: a\r\n\r\n"),
    ("HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    ("TLS", "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\u{1}\u{fc}\u{3}\u{3}"),
    (
        "a space before the colon",
        "GET /v1/verify HTTP/1.1\r\nX-Auth-Token : TOKEN\r\n\r\n",
    ),
    (
        "a folded header",
        "GET /v1/verify HTTP/1.1\r\nX-Auth-Token:\r\n TOKEN\r\n\r\n",
    ),
    (
        "a NUL in a header",
        "GET /v1/verify HTTP/1.1\r\nX-Auth-Token: TOKEN\0\r\n\r\n",
    ),
    (
        "a bare CR in a header",
        "GET /v1/verify HTTP/1.1\r\nA: b\rX-Auth-Token: TOKEN\r\n\r\n",
    ),
    (
        "a space in the path",
        "GET /v1/verify /x HTTP/1.1\r\nX-Auth-Token: TOKEN\r\n\r\n",
    ),
    ("no name", "GET /v1/verify HTTP/1.1\r\n: TOKEN\r\n\r\n"),
    (
        "two lengths",
        "POST /v1/verify HTTP/1.1\r\nX-Auth-Token: TOKEN\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
    ),
    (
        "a negative length",
        "POST /v1/verify HTTP/1.1\r\nX-Auth-Token: TOKEN\r\nContent-Length: -5\r\n\r\nhello",
    ),
    (
        "a length with a sign",
        "POST /v1/verify HTTP/1.1\r\nX-Auth-Token: TOKEN\r\nContent-Length: +5\r\n\r\nhello",
    ),
    (
        "a length beyond counting",
        "POST /v1/verify HTTP/1.1\r\nX-Auth-Token: TOKEN\r\nContent-Length: 99999999999999999999\r\n\r\nhello",
    ),
    (
        "chunked in HTTP/1.0",
        "POST /v1/verify HTTP/1.0\r\nX-Auth-Token: TOKEN\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ),
    (
        "chunked, but not at last",
        "POST /v1/verify HTTP/1.1\r\nX-Auth-Token: TOKEN\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    ),
];

/// A second request hidden in the body of the first, with the credential: whatever frame the daemon sees, only one of the
/// two is there for it, or none.
const SMUGGLED: &[(&str, &str)] = &[
    (
        "length and chunks",
        "POST /v1/verify HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ),
    (
        "chunks and length",
        "POST /v1/verify HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    ),
    (
        "a chunk of no size",
        "POST /v1/verify HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nhello\r\n0\r\n\r\n",
    ),
    (
        "a chunk beyond counting",
        "POST /v1/verify HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff1\r\nhello\r\n0\r\n\r\n",
    ),
    (
        "a chunk that ends elsewhere",
        "POST /v1/verify HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloXX0\r\n\r\n",
    ),
    (
        "an obscured coding",
        "POST /v1/verify HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    ),
    (
        "a coding after a tab",
        "POST /v1/verify HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\tchunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    ),
];

#[test]
fn nothing_malformed_is_let_through_or_harms_the_next() {
    let host = Host::onboarded();
    let token = host.token("payouts", &[]);
    let daemon = Daemon::start(&host, "");
    for (what, request) in MALFORMED {
        let mut connection = daemon.tcp();
        connection.send_all(request.replace("TOKEN", &token));
        let answer = connection.answer();
        println!("{what}: {:?}", answer.as_ref().map(|answer| answer.status));
        assert!(
            answer.is_none_or(|answer| (400..500).contains(&answer.status)),
            "{what}"
        );
        assert_eq!(
            daemon.verify(&format!("X-Auth-Token: {token}\r\n")).status,
            200,
            "after {what}"
        );
    }
    daemon.stop();
}

#[test]
fn a_request_inside_another_ones_body_is_no_request() {
    let host = Host::onboarded();
    let token = host.token("payouts", &[]);
    let daemon = Daemon::start(&host, "");
    for (what, outer) in SMUGGLED {
        let mut connection = daemon.tcp();
        // No credential in the outer one: none of its answers may be a good one.
        connection.send(*outer);
        let first = connection.answer();
        println!("{what}: {:?}", first.as_ref().map(|answer| answer.status));
        assert!(
            first.is_none_or(|answer| (400..500).contains(&answer.status)),
            "{what}"
        );
        // And where it was cut in two ways, the connection is not used again.
        let inner = format!("GET /v1/verify HTTP/1.1\r\nHost: a\r\nX-Auth-Token: {token}\r\n\r\n");
        if what.contains("chunk of") || what.contains("beyond") || what.contains("elsewhere") {
            connection.send(inner);
            assert!(connection.answer().is_none(), "{what}");
        }
    }
    // A whole request as a body is a body.
    let inner = format!("GET /v1/verify HTTP/1.1\r\nHost: a\r\nX-Auth-Token: {token}\r\n\r\n");
    let mut connection = daemon.tcp();
    let outer = connection.ask(format!(
        "POST /v1/verify HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{inner}",
        inner.len()
    ));
    assert_eq!(outer.status, 401);
    assert_eq!(connection.get("/healthz", "").body, "alive\n");
    daemon.stop();
}

#[test]
fn heads_are_bounded() {
    let host = Host::onboarded();
    let token = host.token("payouts", &[]);
    let daemon = Daemon::start(&host, "");
    let good = format!("X-Auth-Token: {token}\r\n");
    let filler = |bytes: usize| format!("Cookie: {}\r\n", "c".repeat(bytes));
    assert_eq!(daemon.verify(&format!("{good}{}", filler(15_000))).status, 200);
    for head in [
        format!("{good}{}", filler(20 * 1024)),
        format!("{}{good}", filler(20 * 1024)),
        (0..100).map(|_| filler(250)).collect::<String>() + &good,
        (0..150)
            .map(|number| format!("X-Header-{number}: a\r\n"))
            .collect::<String>()
            + &good,
    ] {
        let answer = daemon.verify(&head);
        assert_eq!(answer.status, 431, "{answer:?}");
    }
    let mut connection = daemon.tcp();
    let long = format!("GET /v1/verify/{} HTTP/1.1\r\n{good}\r\n", "p".repeat(20 * 1024));
    let answer = connection.ask(long);
    assert!([414, 431].contains(&answer.status), "{answer:?}");
    // As many as a browser behind two proxies sends.
    let many: String = (0..60)
        .map(|number| format!("X-Header-{number}: a\r\n"))
        .collect();
    assert_eq!(daemon.verify(&(many + &good)).status, 200);
    daemon.stop();
}
