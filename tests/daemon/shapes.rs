//! Verify as each proxy asks for it, byte by byte as they send it.

use crate::daemon::{Answer, Connection, Daemon};
use crate::host::Host;

/// What every good answer has, and nothing more about the token.
const IDENTITY: [&str; 6] = [
    "x-auth-org",
    "x-auth-token-id",
    "x-auth-service",
    "x-auth-environment",
    "x-auth-expires",
    "x-auth-status",
];

#[track_caller]
fn is_good(answer: &Answer) {
    assert_eq!((answer.status, answer.body.as_str()), (200, ""), "{answer:?}");
    assert_eq!(answer.header("content-length"), Some("0"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    for name in IDENTITY {
        assert!(
            answer.header(name).is_some_and(|value| !value.is_empty()),
            "{name}: {answer:?}"
        );
    }
    assert_eq!(answer.header("x-auth-org"), Some("acme"));
    assert_eq!(answer.header("x-auth-service"), Some("checkout"));
    assert_eq!(answer.header("x-auth-environment"), Some("prod"));
    assert_eq!(answer.header("x-auth-status"), Some("active"));
}

#[track_caller]
fn is_refused(answer: &Answer, reason: &str) {
    assert_eq!(answer.status, 401, "{answer:?}");
    assert_eq!(answer.header("x-auth-reason"), Some(reason), "{answer:?}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert!(
        answer
            .header("www-authenticate")
            .unwrap()
            .starts_with("X-Auth-Token realm=")
    );
    assert_eq!(answer.json()["error"]["code"], reason);
    for name in IDENTITY {
        assert_eq!(answer.header(name), None, "{answer:?}");
    }
}

/// The requests of proxies for a client's `POST /pay/7?x=1` with a body, without its credential's line.
fn proxies() -> Vec<(&'static str, String)> {
    let request = |name, first: &str, lines: &[&str]| {
        let lines: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
        (name, format!("{first} HTTP/1.1\r\n{lines}"))
    };
    vec![
        request(
            "nginx",
            "GET /v1/verify",
            &[
                "Host: strongroom",
                "X-Original-URI: /pay/7?x=1",
                "X-Real-IP: 192.0.2.7",
            ],
        ),
        request(
            "caddy",
            "GET /v1/verify",
            &[
                "Host: 127.0.0.1:7143",
                "User-Agent: curl/8.5.0",
                "X-Forwarded-For: 192.0.2.7",
                "X-Forwarded-Host: api.example.com",
                "X-Forwarded-Method: POST",
                "X-Forwarded-Proto: https",
                "X-Forwarded-Uri: /pay/7?x=1",
                "Accept-Encoding: gzip",
            ],
        ),
        request(
            "traefik",
            "GET /v1/verify",
            &[
                "Host: 127.0.0.1:7143",
                "User-Agent: curl/8.5.0",
                "Accept: */*",
                "X-Forwarded-For: 192.0.2.7",
                "X-Forwarded-Host: api.example.com",
                "X-Forwarded-Method: POST",
                "X-Forwarded-Port: 443",
                "X-Forwarded-Proto: https",
                "X-Forwarded-Server: edge",
                "X-Forwarded-Uri: /pay/7?x=1",
                "X-Real-Ip: 192.0.2.7",
                "Accept-Encoding: gzip",
            ],
        ),
        request(
            "envoy",
            "POST /v1/verify/pay/7?x=1",
            &[
                "host: api.example.com",
                "content-length: 0",
                "x-envoy-internal: true",
                "x-forwarded-for: 192.0.2.7",
                "x-envoy-expected-rq-timeout-ms: 250",
                "x-request-id: 7b1f0f4e-6f3c-4d8a-9f6e-1d2c3b4a5968",
            ],
        ),
        request(
            "apisix",
            "GET /v1/verify",
            &[
                "X-Forwarded-Proto: https",
                "X-Forwarded-Method: POST",
                "X-Forwarded-Host: api.example.com",
                "X-Forwarded-Uri: /pay/7?x=1",
                "X-Forwarded-For: 192.0.2.7",
                "Host: 127.0.0.1:7143",
                "User-Agent: lua-resty-http/0.17.2 (Lua) ngx_lua/10026",
            ],
        ),
        request(
            "traefik with the body",
            "POST /v1/verify",
            &[
                "Host: 127.0.0.1:7143",
                "Content-Length: 0",
                "X-Forwarded-Method: POST",
            ],
        ),
    ]
}

#[test]
fn each_proxy_gets_the_answer_that_it_acts_upon() {
    let host = Host::onboarded();
    let token = host.token("payouts", &[]);
    let mistyped = token.replacen("fincode_", "fincode_A", 1);
    let daemon = Daemon::start(&host, "");
    for mut connection in [daemon.tcp(), daemon.unix()] {
        for (proxy, head) in proxies() {
            println!("{proxy}");
            let mut ask = |lines: &str| connection.ask(format!("{head}{lines}\r\n"));
            is_good(&ask(&format!("X-Auth-Token: {token}\r\n")));
            is_good(&ask(&format!("x-auth-token:{token}  \r\n")));
            is_good(&ask(&format!("X-AUTH-TOKEN: {token}\r\n")));
            is_refused(&ask(""), "missing");
            is_refused(&ask("X-Auth-Token: \r\n"), "missing");
            is_refused(&ask("Authorization: Basic YWRhOnB3\r\n"), "missing");
            is_refused(&ask("X-Auth-Token: nonsense\r\n"), "invalid");
            is_refused(&ask(&format!("X-Auth-Token: {mistyped}\r\n")), "invalid");
            is_refused(
                &ask(&format!("X-Auth-Token: {token}\r\nx-auth-token: {token}\r\n")),
                "invalid",
            );
            is_refused(&ask(&format!("X-Auth-Token: {token}, {token}\r\n")), "invalid");
            is_refused(&ask("X-Auth-Token: \u{fc}\u{1f511}\r\n"), "invalid");
            is_refused(&ask("Authorization: Bearer nonsense\r\n"), "invalid");
        }
    }
    daemon.stop();
}

#[test]
fn any_method_and_path_below_it_and_a_body_that_nobody_reads() {
    let host = Host::onboarded();
    let token = host.token("payouts", &[]);
    let daemon = Daemon::start(&host, "");
    let mut connection = daemon.tcp();
    for method in [
        "GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "BREW",
    ] {
        for path in [
            "/v1/verify",
            "/v1/verify/",
            "/v1/verify?a=b",
            "/v1/verify/a/../b//c%2f?x",
        ] {
            let head = format!("{method} {path} HTTP/1.1\r\nHost: a\r\nX-Auth-Token: {token}\r\n");
            is_good(&connection.ask(format!("{head}\r\n")));
            is_good(&connection.ask(format!("{head}Content-Length: 5\r\n\r\nhello")));
            is_good(&connection.ask(format!(
                "{head}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
            )));
        }
    }
    let head = format!("HEAD /v1/verify HTTP/1.1\r\nHost: a\r\nX-Auth-Token: {token}\r\n\r\n");
    connection.send(head);
    assert_eq!(connection.head().unwrap().0, 200);
    // Beside it there is nothing.
    for path in [
        "/v1/verifyx",
        "/v1/verif",
        "/v2/verify",
        "/V1/VERIFY",
        "//v1/verify",
        "/",
    ] {
        let answer = connection.get(path, &format!("X-Auth-Token: {token}\r\n"));
        assert_eq!(answer.status, 404, "{path}: {answer:?}");
    }
    daemon.stop();
}

#[test]
fn pipelined_requests_are_answered_in_their_order() {
    let host = Host::onboarded();
    let token = host.token("payouts", &[]);
    let daemon = Daemon::start(&host, "");
    let good = format!("GET /v1/verify HTTP/1.1\r\nHost: a\r\nX-Auth-Token: {token}\r\n\r\n");
    let missing = "GET /v1/verify HTTP/1.1\r\nHost: a\r\n\r\n";
    let mut connection = daemon.tcp();
    connection.send((0..100).map(|_| format!("{good}{missing}")).collect::<String>());
    for _ in 0..100 {
        is_good(&connection.answer().unwrap());
        is_refused(&connection.answer().unwrap(), "missing");
    }
    daemon.stop();
}

#[test]
fn older_clients_and_those_that_ask_before_they_send() {
    let host = Host::onboarded();
    let token = host.token("payouts", &[]);
    let daemon = Daemon::start(&host, "");
    let mut connection = daemon.tcp();
    is_good(&connection.ask(format!(
        "GET /v1/verify HTTP/1.0\r\nX-Auth-Token: {token}\r\n\r\n"
    )));
    assert!(connection.is_closed(), "HTTP/1.0 ends with its answer");
    let mut connection = daemon.tcp();
    let kept = format!("GET /v1/verify HTTP/1.0\r\nConnection: keep-alive\r\nX-Auth-Token: {token}\r\n\r\n");
    is_good(&connection.ask(&kept));
    is_good(&connection.ask(&kept));
    let mut connection = daemon.tcp();
    is_good(&connection.ask(format!(
        "POST /v1/verify HTTP/1.1\r\nHost: a\r\nX-Auth-Token: {token}\r\nExpect: 100-continue\r\n\
         Content-Length: 1000000\r\n\r\n"
    )));
    // A body that does not come holds nothing up: the answer is there, and the connection is not used again.
    assert!(connection.is_closed());
    is_long_ignored(daemon.tcp(), &token);
    daemon.stop();
}

/// A body longer than what any path takes: verify does not care.
#[track_caller]
fn is_long_ignored(mut connection: Connection, token: &str) {
    let length = 200_000;
    connection.send(format!(
        "POST /v1/verify HTTP/1.1\r\nHost: a\r\nX-Auth-Token: {token}\r\nContent-Length: {length}\r\n\r\n"
    ));
    is_good(&connection.answer().unwrap());
}

#[test]
fn an_answer_does_not_wait_for_the_rest_of_the_next_request() {
    let host = Host::onboarded();
    let token = host.token("payouts", &[]);
    let daemon = Daemon::start(&host, "");
    let good = format!("GET /v1/verify HTTP/1.1\r\nHost: a\r\nX-Auth-Token: {token}\r\n\r\n");
    for mut connection in [daemon.tcp(), daemon.unix()] {
        for cut in [1, 10, 40, good.len() - 1] {
            let (begun, rest) = good.split_at(cut);
            connection.send(format!("{good}{good}{begun}"));
            is_good(&connection.answer().unwrap());
            is_good(&connection.answer().unwrap());
            connection.send(rest);
            is_good(&connection.answer().unwrap());
        }
        // What cannot be read comes last, and is answered in its place.
        connection.send(format!("{good}nonsense\r\n\r\n"));
        is_good(&connection.answer().unwrap());
        assert_eq!(connection.answer().unwrap().status, 400);
        assert!(connection.is_closed());
    }
    daemon.stop();
}
