//! Who calls with a token, as the daemon's own connections and believed proxies say, and what that decides.

use crate::daemon::{Answer, Connection, Daemon};
use crate::host::Host;

/// Asks as a proxy does for a client at an address; nobody's for none.
fn ask(connection: &mut Connection, token: &str, client: &str, agent: &str) -> Answer {
    let forwarded = if client.is_empty() {
        String::new()
    } else {
        format!("X-Forwarded-For: {client}\r\n")
    };
    connection.get(
        "/v1/verify",
        &format!("X-Auth-Token: {token}\r\nUser-Agent: {agent}\r\n{forwarded}"),
    )
}

#[track_caller]
fn is_forbidden(answer: &Answer) {
    assert_eq!(answer.status, 403, "{answer:?}");
    assert_eq!(answer.json()["error"]["code"], "forbidden");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("x-auth-org"), None, "{answer:?}");
}

#[test]
fn a_token_is_good_from_its_addresses_alone_on_connections_that_go_on() {
    let host = Host::onboarded();
    let token = host.token("payouts", &["--allow", "10.0.0.0/8", "--allow", "2001:db8::/32"]);
    let daemon = Daemon::start(&host, "trusted_proxies = [\"127.0.0.1/32\"]\n");
    let mut connections = [daemon.tcp(), daemon.unix()];
    for connection in &mut connections {
        for client in ["10.1.2.3", "::ffff:10.1.2.3", "2001:db8::7", "[2001:db8::7]:443"] {
            assert_eq!(ask(connection, &token, client, "a").status, 200, "{client}");
        }
        for client in ["192.0.2.7", "2001:db9::7", ""] {
            is_forbidden(&ask(connection, &token, client, "a"));
        }
    }
    host.admin(&["token", "allow", "payouts", "192.0.2.7"]).succeeds();
    for connection in &mut connections {
        is_forbidden(&ask(connection, &token, "10.1.2.3", "a"));
        assert_eq!(ask(connection, &token, "192.0.2.7", "a").status, 200);
    }
    host.admin(&["token", "allow", "payouts", "--any"]).succeeds();
    for connection in &mut connections {
        assert_eq!(ask(connection, &token, "10.1.2.3", "a").status, 200);
        assert_eq!(ask(connection, &token, "", "a").status, 200);
    }
    daemon.stop();
    let shown = host
        .run(&["token", "show", "payouts", "--json"])
        .succeeds()
        .json();
    assert_eq!(shown["uses"], 14);
}

#[test]
fn callers_are_seen_at_once_and_all_of_them_are_there_after_the_end() {
    let host = Host::onboarded();
    let token = host.token("payouts", &[]);
    let daemon = Daemon::start(&host, "trusted_proxies = [\"127.0.0.1/32\"]\n");
    let mut connection = daemon.tcp();
    for (client, agent, times) in [
        ("10.0.0.4", "checkout/4.2", 5),
        ("10.0.0.9", "caf\u{e9} \u{202e}", 3),
    ] {
        for _ in 0..times {
            assert_eq!(ask(&mut connection, &token, client, agent).status, 200);
        }
    }
    let show = || {
        host.run(&["token", "show", "payouts", "--json"])
            .succeeds()
            .json()
    };
    let callers = |shown: &serde_json::Value| {
        let mut callers: Vec<_> = shown["callers"]
            .as_array()
            .unwrap()
            .iter()
            .map(|caller| (caller["address"].to_string(), caller["count"].as_u64().unwrap()))
            .collect();
        callers.sort();
        callers
    };
    let expected = [("\"10.0.0.4\"".to_owned(), 5), ("\"10.0.0.9\"".to_owned(), 3)];
    // Through the daemon, before anything was written: while it runs it knows of minutes, too.
    let live = show();
    assert_eq!(
        (callers(&live), live["uses"].as_u64()),
        (expected.to_vec(), Some(8))
    );
    let minutes: u64 = live["minutes_60"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|count| count.as_u64())
        .sum();
    let last_hour: u64 = live["callers_last_hour"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|count| count.as_u64())
        .sum();
    assert_eq!((minutes, last_hour), (8, 8));
    daemon.stop();
    let kept = show();
    assert_eq!(
        (callers(&kept), kept["uses"].as_u64()),
        (expected.to_vec(), Some(8))
    );
    assert!(!kept.to_string().contains('\u{202e}'), "{kept}");
}
