//! What the daemon writes while it works: readable by its readers, and never a secret.

use crate::daemon::{Daemon, configure};
use crate::host::{Host, PASSWORD};

/// Work with every kind of secret in it; the log.
fn worked(host: &Host, config: &str, variables: &[(&str, &str)]) -> String {
    configure(host, config);
    let token = host.token("payouts", &[]);
    let mut command = host.command(&["serve", "--listen", "127.0.0.1:0"]);
    command.envs(variables.iter().copied());
    let daemon = Daemon::spawn(host, command);
    for planted in [
        "planted-token",
        "planted-bearer",
        "planted-password",
        "planted-path",
        "planted-agent",
    ] {
        host.keep_secret(planted);
    }
    let mut connection = daemon.unix();
    connection.get(
        "/v1/verify",
        &format!("X-Auth-Token: {token}\r\nUser-Agent: planted-agent\r\n"),
    );
    connection.get("/v1/verify/planted-path", "X-Auth-Token: planted-token\r\n");
    connection.get("/v1/verify", "Authorization: Bearer planted-bearer\r\n");
    let mut post = |path: &str, body: &str| {
        connection.ask(format!(
            "POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ))
    };
    let login = |password: &str| format!("{{\"email\":\"ada@acme.test\",\"password\":\"{password}\"}}");
    let granted = post("/v1/login", &login(PASSWORD)).json();
    for name in ["access_token", "refresh_token"] {
        host.keep_secret(granted[name].as_str().unwrap());
    }
    assert_eq!(post("/v1/login", &login("planted-password")).status, 401);
    assert_eq!(post("/v1/login", "{\"planted-password").status, 400);
    assert_eq!(post("/v1/command", "{\"planted-password").status, 400);
    assert_eq!(
        post("/v1/refresh", "{\"refresh_token\":\"planted-token\"}").status,
        401
    );
    daemon.tcp().send_all("planted-token\r\n\r\n");
    // It is searched for all of these when it ends.
    daemon.stop()
}

#[test]
fn lines_for_people() {
    let host = Host::onboarded();
    let log = worked(&host, "", &[]);
    for line in log.lines() {
        assert!(
            line.starts_with("20") && line.contains("Z "),
            "a time first: {line}"
        );
    }
}

#[test]
fn an_object_a_line() {
    let host = Host::onboarded();
    let log = worked(&host, "log = \"json\"\n", &[]);
    assert!(log.lines().count() >= 2);
    for line in log.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        for name in ["timestamp", "level", "message"] {
            assert!(line[name].is_string(), "{name}: {line}");
        }
    }
}

#[test]
fn priorities_for_the_journal() {
    let host = Host::onboarded();
    let log = worked(&host, "", &[("JOURNAL_STREAM", "8:12345")]);
    for line in log.lines() {
        let rest = line.strip_prefix('<').unwrap_or_else(|| panic!("{line}"));
        assert!(
            ["3>", "4>", "6>"]
                .iter()
                .any(|priority| rest.starts_with(priority)),
            "{line}"
        );
    }
}
