//! What Prometheus reads: in its format, and equal to what was sent.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::daemon::{Answer, Daemon};
use crate::host::{Host, PASSWORD};
use crate::tools::python_program;

fn scrape(daemon: &Daemon<'_>) -> String {
    let answer = daemon.unix().get("/metrics", "");
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(
        answer.header("content-type"),
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
    answer.body
}

/// The value of the sample that is written so.
#[track_caller]
fn value(scraped: &str, sample: &str) -> f64 {
    let line = scraped
        .lines()
        .find_map(|line| line.strip_prefix(sample)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {sample} in\n{scraped}"))
        .parse()
        .unwrap()
}

fn post(daemon: &Daemon<'_>, path: &str, body: &str) -> Answer {
    let length = body.len();
    daemon.unix().ask(format!(
        "POST {path} HTTP/1.1\r\nHost: test\r\nContent-Length: {length}\r\n\r\n{body}"
    ))
}

#[test]
fn counts_are_what_was_sent_and_names_cannot_break_the_format() {
    let host = Host::onboarded();
    let token = host.token("payouts", &[]);
    host.token("odd \"name\" \\ with }", &[]);
    let daemon = Daemon::start(&host, "");
    let good = format!("X-Auth-Token: {token}\r\n");
    let mut connection = daemon.tcp();
    for _ in 0..20 {
        assert_eq!(connection.get("/v1/verify/some/path", &good).status, 200);
    }
    let mut local = daemon.unix();
    for _ in 0..3 {
        assert_eq!(local.get("/v1/verify", "").status, 401);
        assert_eq!(
            local
                .get("/v1/verify", "X-Auth-Token: fincode_prod_nonsense\r\n")
                .status,
            401
        );
    }
    for _ in 0..2 {
        assert_eq!(
            post(&daemon, "/v1/decrypt", r#"{"ciphertext":"AAAA"}"#).status,
            422
        );
    }
    let scraped = scrape(&daemon);
    let is = |sample: &str, wanted: f64| assert_eq!(value(&scraped, sample), wanted, "{sample}");
    is(r#"strongroom_verify_total{result="good"}"#, 20.0);
    is(r#"strongroom_verify_total{result="missing"}"#, 3.0);
    is(r#"strongroom_verify_total{result="invalid"}"#, 3.0);
    is(r#"strongroom_verify_total{result="revoked"}"#, 0.0);
    is(r#"strongroom_decrypt_total{result="failed",mgf1=""}"#, 2.0);
    is("strongroom_decrypt_duration_seconds_count", 2.0);
    // One verification in eight is timed, by each worker for itself.
    let timed = value(&scraped, "strongroom_verify_duration_seconds_count");
    assert!((3.0..=10.0).contains(&timed), "{timed}");
    is(r#"strongroom_connections{listener="public"}"#, 1.0);
    is("strongroom_sealed", 0.0);
    is("strongroom_ready", 1.0);
    is("strongroom_tokens_left_out", 0.0);
    let tokens = scraped
        .lines()
        .filter(|line| line.starts_with("strongroom_token_expiration_timestamp_seconds{"));
    assert_eq!(tokens.count(), 2, "{scraped}");
    assert!(
        scraped.contains(r#"name="odd \"name\" \\ with }",service="checkout",environment="prod"}"#),
        "{scraped}"
    );
    let used = scraped
        .lines()
        .filter(|line| line.starts_with("strongroom_token_last_used_timestamp_seconds{"));
    assert_eq!(used.count(), 1, "{scraped}");
    assert!(!scraped.contains(&token));
    host.admin(&["token", "revoke", "payouts", "--yes"]).succeeds();
    assert_eq!(connection.get("/v1/verify", &good).status, 401);
    let scraped = scrape(&daemon);
    assert_eq!(
        value(&scraped, r#"strongroom_verify_total{result="revoked"}"#),
        1.0
    );
    assert!(!scraped.contains(r#"name="payouts""#), "{scraped}");
    is_read_by_others(&scraped);
    daemon.stop();
}

#[test]
fn a_login_counts_by_its_outcome_and_as_no_tokens_use() {
    let host = Host::onboarded();
    host.token("payouts", &[]);
    let daemon = Daemon::start(&host, "");
    let mut connection = daemon.tcp();
    let mut post = |path: &str, more: &str, body: &str| {
        connection.ask(format!(
            "POST {path} HTTP/1.1\r\nHost: a\r\n{more}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ))
    };
    let body = format!(r#"{{"email":"ada@acme.test","password":"{PASSWORD}"}}"#);
    let granted = post("/v1/login", "", &body).json();
    let bearer = format!(
        "Authorization: Bearer {}\r\n",
        granted["access_token"].as_str().unwrap()
    );
    for _ in 0..3 {
        assert_eq!(daemon.verify(&bearer).status, 200);
    }
    assert_eq!(daemon.verify("Authorization: Bearer e30.e30.e30\r\n").status, 401);
    assert_eq!(post("/v1/logout", &bearer, "").status, 200);
    assert_eq!(daemon.verify(&bearer).status, 401);
    let scraped = scrape(&daemon);
    let is = |sample: &str, wanted: f64| assert_eq!(value(&scraped, sample), wanted, "{sample}");
    is(r#"strongroom_verify_total{result="good"}"#, 3.0);
    is(r#"strongroom_verify_total{result="invalid"}"#, 1.0);
    is(r#"strongroom_verify_total{result="revoked"}"#, 1.0);
    // Guessing at JWTs is seen where guessing at tokens is.
    is("strongroom_verify_refused_total", 2.0);
    assert!(
        !scraped.contains("strongroom_token_last_used_timestamp_seconds{"),
        "{scraped}"
    );
    daemon.stop();
}

#[test]
fn a_sealed_daemon_says_so_and_nobody_reads_it_from_the_network() {
    let host = Host::empty();
    host.file("passphrase", "correct horse battery staple");
    host.init(&["--seal", "passphrase", "--passphrase-file", "passphrase"])
        .succeeds();
    let daemon = Daemon::start(&host, "");
    assert_eq!(daemon.verify("X-Auth-Token: x\r\n").status, 503);
    let scraped = scrape(&daemon);
    assert_eq!(value(&scraped, "strongroom_sealed"), 1.0);
    assert_eq!(value(&scraped, "strongroom_ready"), 0.0);
    assert_eq!(
        value(&scraped, r#"strongroom_verify_total{result="unavailable"}"#),
        1.0
    );
    assert!(!scraped.contains("strongroom_token_"), "{scraped}");
    assert_eq!(daemon.tcp().get("/metrics", "").status, 404);
    daemon.stop();
}

/// Prometheus' own parser for Python reads every line, and `promtool` has nothing to say.
fn is_read_by_others(scraped: &str) {
    const READ: &str = "import sys; from prometheus_client.parser import text_string_to_metric_families as read; \
        families = list(read(sys.stdin.read())); \
        assert all(f.documentation and f.type != 'unknown' for f in families), families; \
        names = [s.labels['name'] for f in families if f.name == 'strongroom_token_expiration_timestamp_seconds' \
            for s in f.samples]; \
        assert names == ['odd \"name\" \\\\ with }'], names";
    if let Some(python) = python_program("python3") {
        feed(Command::new(python).args(["-c", READ]), scraped);
    }
    let has_promtool = Command::new("promtool").arg("--version").output();
    if has_promtool.is_ok_and(|output| output.status.success()) {
        feed(Command::new("promtool").args(["check", "metrics"]), scraped);
    }
}

#[track_caller]
fn feed(command: &mut Command, input: &str) {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
}
