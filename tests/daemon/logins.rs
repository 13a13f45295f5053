//! Logins as strangers try them: nobody has all places, whoever fails too often waits, nobody on the host waits for any of
//! it, and a store that cannot answer says no more than that.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::channel;
use std::thread;

use rustix::fs::OFlags;
use serde_json::{Value, json};

use crate::daemon::{Answer, Connection, Daemon, LONG, configure};
use crate::faults;
use crate::host::{Host, PASSWORD};

const ADA: &str = "ada@acme.test";
const PROXY: &str = "trusted_proxies = [\"127.0.0.1/32\"]\n";

/// A request of a client at an address, as a proxy passes it on.
fn post(path: &str, client: &str, body: &Value) -> String {
    let body = body.to_string();
    format!(
        "POST {path} HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: {client}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn login(client: &str, email: &str, password: &str) -> String {
    let body = json!({ "email": email, "password": password });
    post("/v1/login", client, &body)
}

#[track_caller]
fn code(answer: &Answer) -> (u16, String) {
    let code = answer.json()["error"]["code"].as_str().map(str::to_owned);
    (answer.status, code.unwrap_or_default())
}

#[test]
fn one_address_cannot_keep_all_others_from_logging_in() {
    let host = Host::onboarded();
    let daemon = Daemon::start(&host, PROXY);
    // As many as there are places and more, of one client: it has all of its /64.
    let mut greedy: Vec<Connection> = (0..60).map(|_| daemon.tcp()).collect();
    for (number, connection) in greedy.iter_mut().enumerate() {
        let client = format!("2001:db8:0:7::{number:x}");
        assert!(connection.send(login(&client, &format!("n{number}@acme.test"), "a long password")));
    }
    let other = daemon.tcp().ask(login("2001:db8:0:8::1", ADA, PASSWORD));
    assert_eq!(other.status, 200, "{other:?}");
    let answers = greedy.iter_mut().map(|connection| connection.answer().unwrap());
    let (busy, tried): (Vec<_>, Vec<_>) = answers.partition(|answer| answer.status == 503);
    assert!(tried.len() >= 4 && busy.len() >= 40, "{} tried", tried.len());
    for answer in &busy {
        assert_eq!(code(answer).1, "busy");
        assert_eq!(answer.header("retry-after"), Some("1"), "{answer:?}");
    }
    daemon.stop();
}

#[test]
fn an_address_that_tries_many_accounts_is_slowed_and_told_for_how_long() {
    let host = Host::onboarded();
    let daemon = Daemon::start(&host, PROXY);
    let mut connection = daemon.tcp();
    // Failures that cost nothing: many people may be behind one address.
    for number in 0..31 {
        let client = format!("[2001:db8:0:7::{number:x}]:443");
        let answer = connection.ask(login(&client, &format!("n{number}@acme.test"), "a long password"));
        assert_eq!(code(&answer), (401, "unauthenticated".to_owned()), "{number}");
    }
    // Not even with the right password.
    let slowed = connection.ask(login("2001:db8:0:7::99", ADA, PASSWORD));
    assert_eq!(code(&slowed), (429, "throttled".to_owned()));
    assert_eq!(slowed.header("retry-after"), Some("1"), "{slowed:?}");
    assert!(
        slowed.json()["error"]["message"]
            .as_str()
            .unwrap()
            .contains("your address")
    );
    assert_eq!(
        connection.ask(login("2001:db8:0:8::1", ADA, PASSWORD)).status,
        200
    );
    daemon.stop();
}

#[test]
fn who_has_to_wait_for_an_account_is_told_how_long_truly() {
    let host = Host::onboarded();
    let daemon = Daemon::start(&host, PROXY);
    let mut connection = daemon.tcp();
    let mut told = Vec::new();
    for _ in 0..2 {
        let wrong = login("192.0.2.7", ADA, "a long password");
        let mut answer = connection.ask(&wrong);
        while answer.status == 429 {
            thread::sleep(std::time::Duration::from_millis(50));
            answer = connection.ask(&wrong);
        }
        assert_eq!(answer.status, 401, "{answer:?}");
        let waits = connection.ask(login("192.0.2.7", ADA, PASSWORD));
        assert_eq!(code(&waits), (429, "throttled".to_owned()));
        let seconds: u64 = waits.header("retry-after").unwrap().parse().unwrap();
        assert_eq!(waits.json()["error"]["retry_after"], seconds);
        told.push(seconds);
    }
    assert!(told[0] == 1 && (1..=2).contains(&told[1]), "{told:?}");
    daemon.stop();
}

#[test]
fn keys_may_be_kept_once_there_are_some() {
    let host = Host::onboarded();
    let daemon = Daemon::start(&host, PROXY);
    let mut connection = daemon.tcp();
    let empty = connection.get("/v1/jwks.json", "");
    assert_eq!(
        (empty.status, empty.body.as_str()),
        (200, r#"{"keys":[]}"#),
        "{empty:?}"
    );
    assert_eq!(empty.header("cache-control"), Some("no-store"));
    assert_eq!(connection.ask(login("192.0.2.7", ADA, PASSWORD)).status, 200);
    let keys = connection.get("/v1/jwks.json", "");
    assert_eq!(keys.json()["keys"].as_array().map(Vec::len), Some(1));
    assert_eq!(keys.header("cache-control"), Some("public, max-age=300"));
    daemon.stop();
}

#[test]
fn a_session_that_is_refreshed_all_the_time_waits_and_goes_on() {
    let host = Host::onboarded();
    let daemon = Daemon::start(&host, PROXY);
    let mut connection = daemon.tcp();
    let mut granted = connection.ask(login("192.0.2.7", ADA, PASSWORD));
    let mut refreshed = 0;
    let slowed = loop {
        let body = json!({ "refresh_token": granted.json()["refresh_token"] });
        let answer = connection.ask(post("/v1/refresh", "192.0.2.7", &body));
        if answer.status != 200 {
            break answer;
        }
        (granted, refreshed) = (answer, refreshed + 1);
        assert!(refreshed < 1_000);
    };
    assert_eq!(code(&slowed), (429, "throttled".to_owned()));
    let seconds: u64 = slowed.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=5).contains(&seconds) && refreshed >= 10, "{slowed:?}");
    let jwt = granted.json()["access_token"].as_str().unwrap().to_owned();
    let bearer = format!("Authorization: Bearer {jwt}\r\n");
    assert_eq!(connection.get("/v1/verify", &bearer).status, 200);
    // With the refresh token that waits, too.
    let body = json!({ "refresh_token": granted.json()["refresh_token"] });
    assert_eq!(connection.ask(post("/v1/logout", "192.0.2.7", &body)).status, 200);
    daemon.stop();
}

/// Everything about logins, asked of a store that cannot answer.
#[track_caller]
fn says_no_more_than_unavailable(daemon: &Daemon<'_>) {
    let refresh = json!({ "refresh_token": "x" });
    let requests = [
        "GET /v1/jwks.json HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        login("192.0.2.7", ADA, PASSWORD),
        post("/v1/refresh", "192.0.2.7", &refresh),
        post("/v1/logout", "192.0.2.7", &refresh),
        "POST /v1/logout HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer x\r\nContent-Length: 0\r\n\r\n"
            .to_owned(),
    ];
    for request in &requests {
        for mut connection in [daemon.tcp(), daemon.unix()] {
            let answer = connection.ask(request);
            assert_eq!(code(&answer), (503, "unavailable".to_owned()), "{request}");
            assert_eq!(answer.header("retry-after"), Some("30"), "{answer:?}");
            assert_eq!(answer.header("cache-control"), Some("no-store"));
            let tells = |word| answer.body.contains(word);
            assert!(
                !tells("commit") && !tells("older") && !answer.body.contains(char::is_numeric),
                "{answer:?}"
            );
        }
    }
}

#[test]
fn an_older_state_and_a_sealed_store_say_no_more_than_that_they_cannot_answer() {
    let host = Host::onboarded();
    let copy = |from: &Path, to: &Path| {
        let _ = std::fs::remove_dir_all(to);
        let copied = Command::new("cp").arg("-a").args([from, to]).status();
        assert!(copied.unwrap().success());
    };
    copy(&host.data(), &host.path("older"));
    host.token("late", &[]);
    copy(&host.path("older"), &host.data());
    let daemon = Daemon::start(&host, PROXY);
    assert_eq!(daemon.tcp().get("/readyz", "").json()["reason"], "rolled_back");
    says_no_more_than_unavailable(&daemon);
    daemon.stop();

    let host = Host::empty();
    host.init(&["--seal", "passphrase", "--passphrase-file", "other"])
        .succeeds();
    let daemon = Daemon::start(&host, PROXY);
    says_no_more_than_unavailable(&daemon);
    daemon.stop();
}

/// A disk that can be made to stand still: each call that changes the store is first written to a pipe.
struct Disk {
    log: PathBuf,
    pipe: File,
}

impl Disk {
    fn new(host: &Host) -> Self {
        let log = host.path("calls");
        assert!(Command::new("mkfifo").arg(&log).status().unwrap().success());
        let mut options = OpenOptions::new();
        options.read(true).write(true);
        let pipe = options
            .custom_flags(OFlags::NONBLOCK.bits().cast_signed())
            .open(&log)
            .unwrap();
        Self { log, pipe }
    }

    /// Fills the pipe: the next call waits until somebody reads.
    fn stand_still(&mut self) {
        for size in [4_096, 1] {
            let refused = loop {
                if let Err(error) = self.pipe.write_all(&vec![b'\n'; size]) {
                    break error;
                }
            };
            assert_eq!(refused.kind(), ErrorKind::WouldBlock);
        }
    }

    /// Lets all calls pass, until the daemon has ended.
    fn go_on(self) {
        let mut calls = File::open(&self.log).unwrap();
        thread::spawn(move || {
            let mut read = [0; 4_096];
            while calls.read(&mut read).is_ok_and(|read| read > 0) {}
        });
    }
}

#[test]
fn a_flood_at_the_public_door_holds_up_no_operator_and_rubbish_waits_for_nothing() {
    let host = Host::onboarded();
    let token = host.token("payouts", &[]);
    let mut disk = Disk::new(&host);
    configure(&host, PROXY);
    let mut command = host.command(&["serve", "--listen", "127.0.0.1:0"]);
    command
        .env("LD_PRELOAD", faults::library())
        .env("FAULTS_UNDER", host.data())
        .env("FAULTS_LOG", &disk.log);
    let daemon = Daemon::spawn(&host, command);
    let granted = daemon.tcp().ask(login("192.0.2.7", ADA, PASSWORD)).json();
    disk.stand_still();
    // The first of them is in the middle of its commit, and the others wait for it: more than there is room for.
    let refresh = post(
        "/v1/refresh",
        "192.0.2.7",
        &json!({ "refresh_token": granted["refresh_token"] }),
    );
    let (send, answers) = channel();
    for _ in 0..150 {
        let (mut connection, send) = (daemon.tcp(), send.clone());
        assert!(connection.send(&refresh));
        thread::spawn(move || connection.answer().map(|answer| send.send(answer)));
    }
    drop(send);
    let full = answers.recv_timeout(LONG).unwrap();
    assert_eq!(code(&full), (503, "busy".to_owned()));

    let looked = daemon.unix().ask(post("/v1/command", "", &json!("overview")));
    assert_eq!(looked.status, 200, "{looked:?}");
    assert_eq!(daemon.verify(&format!("X-Auth-Token: {token}\r\n")).status, 200);
    assert_eq!(daemon.tcp().get("/v1/jwks.json", "").status, 200);
    let good = granted["refresh_token"].as_str().unwrap();
    for rubbish in ["", "x", &good[1..], &format!("{good}0"), &"9".repeat(good.len())] {
        for path in ["/v1/refresh", "/v1/logout"] {
            let body = json!({ "refresh_token": rubbish });
            let answer = daemon.tcp().ask(post(path, "192.0.2.7", &body));
            assert_eq!(
                code(&answer),
                (401, "unauthenticated".to_owned()),
                "{path} {rubbish}"
            );
        }
    }
    let jwt = granted["access_token"].as_str().unwrap();
    for rubbish in ["x", "a.b.c", &jwt[1..], &jwt[..jwt.len() - 1]] {
        let logout = format!(
            "POST /v1/logout HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {rubbish}\r\nContent-Length: 0\r\n\r\n"
        );
        let answer = daemon.tcp().ask(logout);
        assert_eq!(code(&answer), (401, "unauthenticated".to_owned()), "{rubbish}");
    }
    disk.go_on();
    // One was refreshed, and the same token again is a reuse.
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1);
    assert!(statuses.contains(&401));
    daemon.stop();
}
