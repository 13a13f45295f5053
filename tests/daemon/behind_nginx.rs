//! A real nginx with the shipped snippet between clients and an API.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use rustix::process::{Pid, Signal, kill_process};

use crate::daemon::{Answer, Daemon, configure};
use crate::host::{Host, PASSWORD};
use crate::nginx::{Nginx, api};
use crate::skip::{LATER, has_time_namespaces};

/// Whom nginx's workers run as, where we may choose: `nobody`.
const NOBODY: u32 = 65534;

/// A daemon that `nobody` may ask at a socket that it can reach.
fn serve<'h>(host: &'h Host, around: &[&str]) -> Daemon<'h> {
    std::fs::set_permissions(host.root.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    configure(host, &format!("[rights]\nverify = [{NOBODY}]\n"));
    let socket = host.path("run/socket");
    let arguments = [
        "--socket",
        socket.to_str().unwrap(),
        "serve",
        "--listen",
        "127.0.0.1:0",
    ];
    let program = host.command(&arguments);
    let mut daemon = match around {
        [] => Daemon::spawn(host, program),
        [first, rest @ ..] => {
            let mut command = Command::new(first);
            command
                .args(rest)
                .arg(program.get_program())
                .args(program.get_args())
                .env_clear()
                .env("PATH", std::env::var("PATH").unwrap())
                .env("HOME", host.path("home"));
            Daemon::spawn(host, command)
        }
    };
    daemon.socket = socket;
    daemon
}

/// The request went through; the head that the API saw, in lower case.
#[track_caller]
fn passed(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body.to_ascii_lowercase()
}

#[track_caller]
fn refused(answer: &Answer, reason: &str) {
    assert_eq!(answer.status, 401, "{answer:?}");
    assert_eq!(answer.header("x-auth-reason"), Some(reason), "{answer:?}");
    assert_eq!(answer.json()["error"]["code"], reason);
    assert!(
        answer
            .header("www-authenticate")
            .unwrap()
            .starts_with("X-Auth-Token")
    );
    assert!(!answer.body.contains("GET /"), "the API was asked: {answer:?}");
}

#[test]
fn what_it_lets_through_and_who_the_api_is_told_it_is() {
    let host = Host::onboarded();
    let token = host.token("payouts", &[]);
    let daemon = serve(&host, &[]);
    let nginx = Nginx::start(&host.path("nginx"), &daemon.socket, api());
    let mut client = nginx.connect();
    refused(&client.get("/pay", ""), "missing");
    refused(&client.get("/pay", "X-Auth-Token: nonsense\r\n"), "invalid");
    let mistyped = token.replacen("fincode_", "fincode_A", 1);
    refused(
        &client.get("/pay", &format!("X-Auth-Token: {mistyped}\r\n")),
        "invalid",
    );
    let forged = "X-Auth-Org: evil\r\nX-Auth-Token-Id: evil\r\nX-Auth-Service: evil\r\nX-Auth-Environment: evil\r\n\
                  X-Auth-Expires: evil\r\nX-Auth-Status: evil\r\nX-Auth-Cashier: evil\r\nX-Auth-Role: evil\r\n\
                  X_Auth_Org: evil\r\nX-Forwarded-For: 203.0.113.66\r\n";
    refused(&client.get("/pay", forged), "missing");
    let head = passed(&client.ask(format!(
        "POST /pay?x=1 HTTP/1.1\r\nHost: api.example.com\r\nContent-Length: 5\r\n{forged}\
         X-Auth-Token: {token}\r\nAuthorization: Basic YWRhOnB3\r\n\r\nhello"
    )));
    assert!(head.starts_with("post /pay?x=1 "), "{head}");
    for said in [
        "\nx-auth-org: acme\n",
        "\nx-auth-service: checkout\n",
        "\nx-auth-environment: prod\n",
        "\nx-auth-status: active\n",
        "\nx-auth-token-id: ",
        "\nx-auth-expires: 20",
    ] {
        assert_eq!(head.matches(said).count(), 1, "{said:?} in {head}");
    }
    for unsaid in [
        "evil",
        "203.0.113.66",
        "x-auth-token:",
        "authorization",
        "x-auth-cashier",
        "x-auth-role",
    ] {
        assert!(!head.contains(unsaid), "{unsaid} in {head}");
    }
    // The API's own refusals and faults are its own.
    for status in [401, 403, 500, 503] {
        let answer = nginx.connect().ask(format!(
            "GET /fails/{status} HTTP/1.1\r\nHost: a\r\nX-Auth-Token: {token}\r\n\r\n"
        ));
        assert_eq!(answer.status, status);
        assert!(answer.body.starts_with("GET /fails"), "{answer:?}");
    }
    daemon.stop();
    let shown = host
        .run(&["token", "show", "payouts", "--json"])
        .succeeds()
        .json();
    assert_eq!(shown["uses"], 5);
}

#[test]
fn a_revocation_holds_for_the_next_request_of_a_connection_that_goes_on() {
    let host = Host::onboarded();
    let (token, other) = (host.token("payouts", &[]), host.token("refunds", &[]));
    let daemon = serve(&host, &[]);
    let nginx = Nginx::start(&host.path("nginx"), &daemon.socket, api());
    let line = format!("X-Auth-Token: {token}\r\n");
    let mut clients = [nginx.connect(), nginx.connect(), nginx.connect()];
    let mut straight = [daemon.tcp(), daemon.unix()];
    for client in &mut clients {
        passed(&client.get("/pay", &line));
    }
    for connection in &mut straight {
        assert_eq!(connection.get("/v1/verify", &line).status, 200);
    }
    host.admin(&["token", "revoke", "payouts"]).succeeds();
    for client in &mut clients {
        refused(&client.get("/pay", &line), "revoked");
    }
    for connection in &mut straight {
        assert_eq!(
            connection.get("/v1/verify", &line).header("x-auth-reason"),
            Some("revoked")
        );
    }
    // Others are as good as they were, and what is minted meanwhile is good at once.
    passed(&clients[0].get("/pay", &format!("X-Auth-Token: {other}\r\n")));
    let new = host.token("ledger", &[]);
    passed(&clients[0].get("/pay", &format!("X-Auth-Token: {new}\r\n")));
    daemon.stop();
}

#[test]
fn a_cashiers_login_is_a_credential_too() {
    let host = Host::onboarded();
    let daemon = serve(&host, &[]);
    let nginx = Nginx::start(&host.path("nginx"), &daemon.socket, api());
    let body = format!("{{\"email\":\"ada@acme.test\",\"password\":\"{PASSWORD}\"}}");
    let granted = daemon.tcp().ask(format!(
        "POST /v1/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    ));
    assert_eq!(granted.status, 200, "{granted:?}");
    let jwt = granted.json()["access_token"].as_str().unwrap().to_owned();
    host.keep_secret(&jwt);
    let mut client = nginx.connect();
    let head = passed(&client.get(
        "/pay",
        &format!("Authorization: Bearer {jwt}\r\nX-Auth-Org: evil\r\nX-Auth-Cashier: evil\r\n"),
    ));
    assert!(head.contains("\nx-auth-cashier: ada@acme.test\n"), "{head}");
    assert!(head.contains("\nx-auth-role: admin\n"), "{head}");
    assert!(
        !head.contains("evil") && !head.contains("authorization"),
        "{head}"
    );
    // One letter of the signature is another.
    let (front, last) = jwt.split_at(jwt.len() - 2);
    let other = if last.starts_with('A') { "BA" } else { "AA" };
    refused(
        &client.get("/pay", &format!("Authorization: Bearer {front}{other}\r\n")),
        "invalid",
    );
    daemon.stop();
}

/// 27 hours later by the clock that counts since the boot, which is another one in a time namespace.
#[test]
fn a_token_that_ran_out_is_refused_as_such() {
    if !has_time_namespaces() {
        return;
    }
    let mut later = vec!["unshare"];
    later.extend(LATER);
    let host = Host::onboarded();
    let (short, long) = (
        host.token("nightly", &["--expires", "24h"]),
        host.token("payouts", &[]),
    );
    let daemon = serve(&host, &later);
    let nginx = Nginx::start(&host.path("nginx"), &daemon.socket, api());
    let mut client = nginx.connect();
    refused(
        &client.get("/pay", &format!("X-Auth-Token: {short}\r\n")),
        "expired",
    );
    passed(&client.get("/pay", &format!("X-Auth-Token: {long}\r\n")));
    let lock = std::fs::read_to_string(host.data().join("lock")).unwrap();
    let lock: serde_json::Value = serde_json::from_str(&lock).unwrap();
    let pid = i32::try_from(lock["pid"].as_i64().unwrap()).unwrap();
    kill_process(Pid::from_raw(pid).unwrap(), Signal::TERM).unwrap();
    assert!(daemon.ends().status.success());
}

#[test]
fn without_an_answer_nobody_gets_through() {
    let host = Host::onboarded();
    let token = host.token("payouts", &[]);
    host.file("phrase", "ten thousand small boats");
    host.admin(&["seal", "rotate", "--new-passphrase-file", "phrase"])
        .succeeds();
    let daemon = serve(&host, &[]);
    let nginx = Nginx::start(&host.path("nginx"), &daemon.socket, api());
    let line = format!("X-Auth-Token: {token}\r\n");
    let is_unavailable = |answer: Answer| {
        assert_eq!(answer.status, 503, "{answer:?}");
        assert_eq!(answer.json()["error"]["code"], "unavailable");
        assert!(answer.header("retry-after").is_some());
    };
    // Sealed; the daemon itself says so, and is alive.
    is_unavailable(nginx.connect().get("/pay", &line));
    assert_eq!(daemon.verify(&line).status, 503);
    assert_eq!(daemon.tcp().get("/healthz", "").status, 200);
    let ready = daemon.tcp().get("/readyz", "");
    assert_eq!(
        (ready.status, ready.json()["reason"].as_str()),
        (503, Some("sealed"))
    );
    // Any command with the passphrase unlocks it for everybody.
    host.run(&["org", "list", "--passphrase-file", "phrase"])
        .succeeds();
    passed(&nginx.connect().get("/pay", &line));
    assert_eq!(daemon.tcp().get("/readyz", "").status, 200);
    // Not there at all.
    daemon.stop();
    is_unavailable(nginx.connect().get("/pay", &line));
}
