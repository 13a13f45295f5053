//! Whom a verification is counted for: the peer, or whom a proxy that is believed names.

use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;

use serde_json::Value;

use crate::daemon::{Daemon, configure};
use crate::host::Host;
use crate::skip::can_be_another_account;

/// The callers of `payouts`, by their addresses, and the token's whole count.
fn callers(host: &Host) -> (Vec<(String, u64)>, u64) {
    let shown = host
        .run(&["token", "show", "payouts", "--json"])
        .succeeds()
        .json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut callers: Vec<(String, u64)> = shown["callers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|caller| (text(&caller["address"]), caller["count"].as_u64().unwrap()))
        .collect();
    callers.sort();
    (callers, shown["uses"].as_u64().unwrap())
}

fn sends(daemon: &Daemon<'_>, token: &str, lines: &[&str]) {
    for line in lines {
        let answer = daemon.verify(&format!("X-Auth-Token: {token}\r\n{line}\r\n"));
        assert_eq!(answer.status, 200, "{line}");
    }
}

#[test]
fn nobody_is_believed_who_is_no_configured_proxy() {
    let host = Host::onboarded();
    let token = host.token("payouts", &[]);
    let daemon = Daemon::start(&host, "trusted_proxies = [\"192.0.2.1\"]\n");
    let spoofed = [
        "X-Forwarded-For: 198.51.100.1",
        "X-Forwarded-For: 192.0.2.1",
        "X-Real-IP: 198.51.100.1",
    ];
    sends(&daemon, &token, &spoofed);
    daemon.stop();
    assert_eq!(callers(&host), (vec![("127.0.0.1".to_owned(), 3)], 3));
}

#[test]
fn a_proxy_s_word_counts_as_far_as_proxies_go() {
    let host = Host::onboarded();
    let token = host.token("payouts", &[]);
    let daemon = Daemon::start(
        &host,
        "trusted_proxies = [\"127.0.0.1/32\", \"10.0.0.0/8\", \"2001:db8::/32\"]\n",
    );
    sends(
        &daemon,
        &token,
        &[
            "X-Forwarded-For: 198.51.100.1",
            // Whoever is left of the first stranger was named by that stranger.
            "X-Forwarded-For: 203.0.113.9, 198.51.100.2",
            "X-Forwarded-For: 203.0.113.9, 198.51.100.3, 10.1.2.3, 2001:db8::7",
            "X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-For: 198.51.100.4",
            "X-Forwarded-For: 203.0.113.9, 198.51.100.5:54321",
            "X-Forwarded-For: [2001:470::1]:443",
            "X-Forwarded-For: [2001:470::2]",
            "X-Forwarded-For: 2001:470::3",
            "X-Forwarded-For: ::ffff:198.51.100.6",
            // What is no address stops the search; nobody named: the proxy itself.
            "X-Forwarded-For: ",
            "X-Forwarded-For: 203.0.113.9, <script>, 10.9.9.9",
            "A: b",
        ],
    );
    daemon.stop();
    let expected = [
        ("10.9.9.9", 1),
        ("127.0.0.1", 2),
        ("198.51.100.1", 1),
        ("198.51.100.2", 1),
        ("198.51.100.3", 1),
        ("198.51.100.4", 1),
        ("198.51.100.5", 1),
        ("198.51.100.6", 1),
        ("2001:470::1", 1),
        ("2001:470::2", 1),
        ("2001:470::3", 1),
    ];
    let (callers, uses) = callers(&host);
    let callers: Vec<(&str, u64)> = callers
        .iter()
        .map(|(address, count)| (&**address, *count))
        .collect();
    assert_eq!((callers, uses), (expected.to_vec(), 12));
}

#[test]
fn a_caller_that_no_one_can_read_is_unknown_and_not_the_proxy() {
    let host = Host::onboarded();
    let token = host.token("payouts", &["--allow", "127.0.0.1"]);
    let daemon = Daemon::start(&host, "trusted_proxies = [\"127.0.0.1\"]\n");
    let status = |forwarded: &[u8]| {
        let head =
            format!("GET /v1/verify HTTP/1.1\r\nHost: a\r\nX-Auth-Token: {token}\r\nX-Forwarded-For: ");
        let request = [head.as_bytes(), forwarded, b"\r\n\r\n"].concat();
        daemon.tcp().ask(request).status
    };
    assert_eq!(status(b""), 200);
    assert_eq!(status(b"198.51.100.1, unknown"), 403);
    assert_eq!(status(b"198.51.100.\xff1"), 403);
    assert_eq!(status(b"127.0.0.1, \xff"), 403);
    // What is before the proxy's own word does not matter.
    assert_eq!(status(b"\xff, 198.51.100.1"), 403);
    assert_eq!(status(b"\xff, 127.0.0.1"), 200);
    daemon.stop();
}

/// What is asked on the private socket, and the answer's status for somebody without any right.
const PATHS: [(&str, &str, u16); 15] = [
    ("GET", "/v1/verify", 403),
    ("POST", "/v1/verify/pay", 403),
    ("GET", "/v1/public-key", 403),
    ("POST", "/v1/login", 403),
    ("POST", "/v1/refresh", 403),
    ("POST", "/v1/logout", 403),
    ("POST", "/v1/command", 403),
    ("GET", "/v1/state", 403),
    ("POST", "/v1/unlock", 403),
    ("GET", "/v1/seal", 403),
    ("POST", "/v1/seal", 403),
    ("GET", "/v1/events", 403),
    ("GET", "/metrics", 403),
    // What nothing can be learned from.
    ("GET", "/healthz", 200),
    ("GET", "/readyz", 200),
];

/// `nobody` asks for `path` with curl; the status and the body.
pub(crate) fn nobody_asks(host: &Host, method: &str, path: &str, lines: &[&str]) -> (u16, String) {
    let socket = host.path("run/socket");
    let mut curl = std::process::Command::new("curl");
    curl.args([
        "-s",
        "-m",
        "60",
        "-X",
        method,
        "-w",
        "\n%{http_code}",
        "--unix-socket",
    ])
    .arg(socket)
    .uid(65534)
    .gid(65534);
    for line in lines {
        curl.args(["-H", line]);
    }
    let output = curl.arg(format!("http://localhost{path}")).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let (body, status) = text.rsplit_once('\n').unwrap();
    (status.parse().unwrap(), body.to_owned())
}

pub(crate) fn serve<'h>(host: &'h Host, config: &str) -> Daemon<'h> {
    std::fs::set_permissions(host.root.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    configure(host, config);
    let socket = host.path("run/socket");
    let arguments = [
        "--socket",
        socket.to_str().unwrap(),
        "serve",
        "--listen",
        "127.0.0.1:0",
    ];
    let mut daemon = Daemon::spawn(host, host.command(&arguments));
    daemon.socket = socket;
    daemon
}

#[test]
fn another_account_finds_every_door_closed_and_reads_what_opens_it() {
    if !can_be_another_account() {
        return;
    }
    let host = Host::onboarded();
    let token = host.token("payouts", &[]);
    // Somebody else has a right: the socket can be reached.
    let daemon = serve(&host, "[rights]\nverify = [12345]\n");
    let line = format!("X-Auth-Token: {token}");
    for (method, path, status) in PATHS {
        let (answered, body) = nobody_asks(&host, method, path, &[&line]);
        assert_eq!(answered, status, "{method} {path}: {body}");
        if status == 403 {
            assert!(body.contains("uid 65534") && body.contains("rights."), "{body}");
        }
    }
    daemon.stop();
    assert_eq!(callers(&host), (vec![], 0));
}

#[test]
fn the_right_to_verify_is_the_right_to_name_callers_and_no_more() {
    if !can_be_another_account() {
        return;
    }
    let host = Host::onboarded();
    let token = host.token("payouts", &[]);
    let daemon = serve(&host, "[rights]\nverify = [\"nobody\"]\n");
    let line = format!("X-Auth-Token: {token}");
    let named = "X-Forwarded-For: 198.51.100.7";
    assert_eq!(nobody_asks(&host, "GET", "/v1/verify", &[&line, named]).0, 200);
    assert_eq!(nobody_asks(&host, "GET", "/v1/verify", &[&line]).0, 200);
    assert_eq!(nobody_asks(&host, "GET", "/v1/public-key", &[&line]).0, 200);
    for (method, path, _) in &PATHS[6..13] {
        let (answered, body) = nobody_asks(&host, method, path, &[&line]);
        assert_eq!(answered, 403, "{path}: {body}");
        assert!(body.contains("rights.command"), "{path}: {body}");
    }
    daemon.stop();
    let (callers, uses) = callers(&host);
    assert_eq!(uses, 3, "{callers:?}");
    assert!(callers.contains(&("198.51.100.7".to_owned(), 1)), "{callers:?}");
    assert!(
        callers.iter().any(|(address, _)| address == "local:nobody"),
        "{callers:?}"
    );
}

#[test]
fn without_rights_for_others_the_socket_is_its_owner_s_alone() {
    if !can_be_another_account() {
        return;
    }
    let host = Host::onboarded();
    let daemon = serve(&host, "");
    let mode = |path: &str| std::fs::metadata(host.path(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("run"), mode("run/socket")), (0o700, 0o600));
    assert_eq!(nobody_asks(&host, "GET", "/healthz", &[]).0, 0);
    daemon.stop();
}

#[test]
fn the_right_to_command_opens_and_verifies_nothing() {
    if !can_be_another_account() {
        return;
    }
    let host = Host::onboarded();
    let daemon = serve(&host, "[rights]\ncommand = [\"nobody\"]\n");
    for (asked, right) in [
        (
            r#"{"decrypt":{"organization":null,"ciphertext":"AAAA","key":null}}"#,
            "decrypt",
        ),
        (
            r#"{"open_payload":{"organization":null,"payload":"e30=","key":null}}"#,
            "decrypt",
        ),
        (
            r#"{"diagnose":{"organization":null,"pasted":"AAAA","key":null,"show_plaintext":true}}"#,
            "decrypt",
        ),
        (r#"{"verify":{"presented":"AAAA"}}"#, "verify"),
        (r#"{"try_token":{"presented":"AAAA"}}"#, "verify"),
    ] {
        let (status, body) = nobody_commands(&host, asked);
        assert_eq!(status, 403, "{asked}: {body}");
        assert!(body.contains(&format!("rights.{right}")), "{body}");
    }
    assert_eq!(nobody_commands(&host, r#""overview""#).0, 200);
    daemon.stop();
}

fn nobody_commands(host: &Host, asked: &str) -> (u16, String) {
    let output = std::process::Command::new("curl")
        .args(["-s", "-m", "60", "-w", "\n%{http_code}", "--unix-socket"])
        .arg(host.path("run/socket"))
        .args(["-d", asked, "http://localhost/v1/command"])
        .uid(65534)
        .gid(65534)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let (body, status) = text.rsplit_once('\n').unwrap();
    (status.parse().unwrap(), body.to_owned())
}
