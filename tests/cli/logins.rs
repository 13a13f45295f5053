//! Logins through the real daemon: over HTTP, kept over its end, shown and ended by a command.

use std::fs::DirBuilder;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::DirBuilderExt as _;
use std::process::{Child, Stdio};
use std::thread;

use serde_json::{Value, json};

use super::host::{Host, PASSWORD};

const ADA: &str = "ada@acme.test";

/// A daemon on a port of its own; killed if a test ends before it.
struct Daemon {
    child: Child,
    address: String,
}

/// A status and the JSON after it.
struct Answer {
    status: u16,
    head: String,
    body: Value,
}

impl Daemon {
    fn of(host: &Host) -> Self {
        let runtime = host.path("run");
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&runtime)
            .unwrap();
        let mut child = host
            .command(&["serve", "--listen", "127.0.0.1:0"])
            .env("XDG_RUNTIME_DIR", runtime)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut lines = lines.map_while(Result::ok);
        let serving = lines.find(|line| line.contains("serving")).unwrap();
        let (_, rest) = serving.split_once("public=[").unwrap();
        let address = rest.split(']').next().unwrap().to_owned();
        // Whatever it says later has to go somewhere.
        thread::spawn(move || lines.for_each(drop));
        Self { child, address }
    }

    fn ask(&self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        Answer {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            head: head.to_owned(),
            body: serde_json::from_str(body).unwrap_or_default(),
        }
    }

    fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask(
            "POST",
            path,
            "Content-Type: application/json\r\n",
            &body.to_string(),
        )
    }

    fn log_in(&self, email: &str, password: &str) -> Answer {
        self.post("/v1/login", &json!({ "email": email, "password": password }))
    }

    fn verify(&self, jwt: &Value) -> Answer {
        let header = format!("Authorization: Bearer {}\r\n", jwt.as_str().unwrap());
        self.ask("GET", "/v1/verify/orders", &header, "")
    }

    /// The most memory that it had so far.
    fn peak_mib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))
            .unwrap();
        let kib: u64 = line.trim().trim_end_matches(" kB").parse().unwrap();
        kib / 1024
    }

    fn end(mut self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_login_is_good_until_a_command_ends_it_and_outlives_the_daemon() {
    let host = Host::onboarded();
    let daemon = Daemon::of(&host);
    let granted = daemon.log_in(ADA, PASSWORD);
    assert_eq!(granted.status, 200, "{}", granted.body);
    assert!(
        granted.head.contains("cache-control: no-store"),
        "{}",
        granted.head
    );
    assert_eq!(granted.body["token_type"], "Bearer");
    let jwt = granted.body["access_token"].clone();
    let verified = daemon.verify(&jwt);
    assert_eq!(verified.status, 200);
    for header in [
        "x-auth-cashier: ada@acme.test",
        "x-auth-role: admin",
        "x-auth-org: \r\n",
    ] {
        assert!(verified.head.contains(header), "{header}: {}", verified.head);
    }
    let keys = daemon.ask("GET", "/v1/jwks.json", "", "");
    assert_eq!(keys.body["keys"][0]["crv"], "Ed25519");
    let refresh = json!({ "refresh_token": granted.body["refresh_token"] });
    let refreshed = daemon.post("/v1/refresh", &refresh);
    assert_eq!(refreshed.status, 200, "{}", refreshed.body);
    daemon.end();

    let cashiers = host.run(&["cashier", "list", "--json"]).succeeds().json();
    assert_eq!(cashiers[0]["login"]["from"], "127.0.0.1");
    host.run(&["cashier", "logout", ADA]).succeeds();
    let cashiers = host.run(&["cashier", "list", "--json"]).succeeds().json();
    assert_eq!(cashiers[0].get("login"), None);
    host.run(&["cashier", "logout", ADA]).refused(1);

    let daemon = Daemon::of(&host);
    let ended = daemon.verify(&jwt);
    assert_eq!(ended.status, 401);
    assert!(ended.head.contains("x-auth-reason: revoked"), "{}", ended.head);
    let again = daemon.post(
        "/v1/refresh",
        &json!({ "refresh_token": refreshed.body["refresh_token"] }),
    );
    assert_eq!(again.status, 401);
    daemon.end();
}

#[test]
fn what_is_no_login_is_refused_in_words_that_quote_nothing() {
    let host = Host::onboarded();
    let daemon = Daemon::of(&host);
    let form = daemon.ask("POST", "/v1/login", "", "email=ada&password=x");
    assert_eq!(form.status, 415);
    assert_eq!(daemon.ask("GET", "/v1/login", "", "").status, 405);
    for body in [
        json!([]),
        json!({ "email": ADA }),
        json!({ "email": 1, "password": PASSWORD }),
    ] {
        let refused = daemon.post("/v1/login", &body);
        assert_eq!(refused.status, 400);
        assert!(!refused.body.to_string().contains(PASSWORD), "{}", refused.body);
    }
    assert_eq!(daemon.log_in("nobody", PASSWORD).status, 400);
    let (wrong, again) = (daemon.log_in(ADA, "x"), daemon.log_in(ADA, PASSWORD));
    assert_eq!((wrong.status, again.status), (401, 429));
    for path in ["/v1/refresh", "/v1/logout"] {
        assert_eq!(daemon.post(path, &json!({ "refresh_token": "x" })).status, 401);
    }
    daemon.end();
}

#[test]
fn a_thousand_logins_at_once_are_none_and_leave_verification_and_memory_alone() {
    let host = Host::onboarded();
    let daemon = Daemon::of(&host);
    let jwt = daemon.log_in(ADA, PASSWORD).body["access_token"].clone();
    let statuses: Vec<u16> = thread::scope(|scope| {
        let log_in = |number| {
            let daemon = &daemon;
            let who = format!("nobody-{number}@acme.test");
            thread::Builder::new()
                .stack_size(128 * 1024)
                .spawn_scoped(scope, move || daemon.log_in(&who, PASSWORD).status)
                .unwrap()
        };
        let all: Vec<_> = (0..1_000).map(log_in).collect();
        for _ in 0..20 {
            assert_eq!(daemon.verify(&jwt).status, 200);
        }
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let count = |status| statuses.iter().filter(|one| **one == status).count();
    // All from one address: it has few places, and waits after so many failures.
    assert!(
        count(401) > 0 && count(401) + count(429) + count(503) == 1_000,
        "{statuses:?}"
    );
    let peak = daemon.peak_mib();
    assert!(peak < 256, "{peak} MiB");
    println!(
        "{} wrong, {} told to come later, {peak} MiB at the most",
        count(401),
        count(429) + count(503)
    );
    daemon.end();
}
