//! Webhooks to a receiver that loses, is slow, redirects or is gone, over a daemon that is killed; signatures as others
//! verify them.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use openssl::ssl::{SslAcceptor, SslFiletype, SslMethod};
use serde_json::{Value, json};

use crate::daemon::{Daemon, LONG};
use crate::host::Host;
use crate::skip::skipped;
use crate::tls::write_certificate_of;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OK: &str = "HTTP/1.1 204 No Content\r\n\r\n";
const FAILED: &str = "HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n";
const GONE: &str = "HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n";
/// Hangs up in the middle of a request, or without an answer.
const CUT: &str = "";

/// What arrived.
#[derive(Debug)]
struct Received {
    path: String,
    headers: BTreeMap<String, String>,
    body: String,
}

impl Received {
    fn id(&self) -> &str {
        &self.headers["webhook-id"]
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn kind(&self) -> String {
        self.json()["type"].as_str().unwrap().to_owned()
    }
}

/// A server that answers with these, one after the other, and with the last of them from then on; `None` never answers.
struct Site {
    address: SocketAddr,
    received: Receiver<Received>,
}

impl Site {
    fn answering(answers: &[Option<&str>]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let answers: Vec<Option<String>> = answers.iter().map(|answer| answer.map(str::to_owned)).collect();
        let (send, received) = channel();
        thread::spawn(move || {
            let mut kept = Vec::new();
            for (place, stream) in listener.incoming().enumerate() {
                let mut stream = stream.unwrap();
                let answer = &answers[place.min(answers.len() - 1)];
                let Some(one) = read(&stream) else { continue };
                if send.send(one).is_err() {
                    return;
                }
                match answer {
                    Some(answer) => drop(stream.write_all(answer.as_bytes())),
                    None => kept.push(stream),
                }
            }
        });
        Self { address, received }
    }

    #[track_caller]
    fn next(&self) -> Received {
        self.received.recv_timeout(LONG).unwrap()
    }
}

fn read(stream: &TcpStream) -> Option<Received> {
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    reader.read_line(&mut first).ok()?;
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let mut body = vec![0; headers.get("content-length")?.parse().unwrap()];
    reader.read_exact(&mut body).ok()?;
    Some(Received {
        path: first.split(' ').nth(1)?.to_owned(),
        headers,
        body: String::from_utf8(body).unwrap(),
    })
}

fn endpoint(host: &Host, name: &str, address: SocketAddr, more: &str) -> String {
    let secret = host.file("hook.secret", SECRET);
    format!(
        "[webhooks.{name}]\nurl = 'http://{address}/hook?x=1'\nsecret_file = '{}'\nallow_private = true\n{more}\n",
        secret.display()
    )
}

/// `webhook log --json`, once it has so many attempts of this endpoint.
#[track_caller]
fn attempts(host: &Host, name: &str, count: usize) -> Vec<Value> {
    let until = std::time::Instant::now() + LONG;
    loop {
        let mut log = host.run(&["webhook", "log", "--json"]).succeeds().json();
        let log = log.as_array_mut().unwrap();
        log.retain(|attempt| attempt["receiver"] == name);
        if log.len() >= count {
            return std::mem::take(log);
        }
        assert!(std::time::Instant::now() < until, "{log:?}");
    }
}

/// What others' libraries make of what arrived.
fn verified(received: &[Received]) {
    let readers = [
        ("STRONGROOM_TEST_SENDERS_PYTHON", "webhooks.py"),
        ("STRONGROOM_TEST_NODE_PATH", "webhooks.js"),
    ];
    let each = received
        .iter()
        .map(|one| json!({ "headers": one.headers, "body": one.body }));
    let given = json!({ "secret": SECRET, "received": each.collect::<Vec<_>>() });
    let kinds: Vec<String> = received.iter().map(Received::kind).collect();
    for (variable, script) in readers {
        let Ok(place) = std::env::var(variable) else {
            skipped(&format!("{variable} is not set; tests/run sets it"));
            continue;
        };
        let script = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/interop")
            .join(script);
        let mut verifier = if variable.ends_with("PYTHON") {
            Command::new(place)
        } else {
            let mut node = Command::new("node");
            node.env("NODE_PATH", place);
            node
        };
        let mut child = verifier
            .arg(&script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(given.to_string().as_bytes())
            .unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{script:?}");
        let read: Vec<String> = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(read, kinds, "{script:?}");
    }
}

#[test]
fn each_event_arrives_signed_and_under_one_id_whatever_is_lost_on_the_way() {
    let redirect = "HTTP/1.1 307 Elsewhere\r\nLocation: /stolen\r\nContent-Length: 0\r\n\r\n";
    let site = Site::answering(&[Some(FAILED), Some(CUT), Some(redirect), Some(OK)]);
    let host = Host::onboarded();
    host.token("before", &[]);
    host.admin(&["token", "revoke", "before"]).succeeds();
    let daemon = Daemon::start(
        &host,
        &endpoint(&host, "ops", site.address, "retries = [0, 0, 0]"),
    );
    host.token("payouts", &["--variable", "OTHER"]);
    // The first look begins at the log's head, wherever it is by then: what is awaited here comes after it.
    until_watched(&host);
    host.admin(&["token", "revoke", "payouts"]).succeeds();
    let received: Vec<Received> = (0..4).map(|_| site.next()).collect();
    for one in &received {
        assert_eq!((one.id(), &*one.path), (received[0].id(), "/hook?x=1"));
        assert_eq!(one.body, received[0].body);
    }
    let told = received[0].json();
    assert_eq!(
        (&told["type"], &told["data"]["name"]),
        (&json!("token.revoked"), &json!("payouts"))
    );
    assert_eq!(told["data"]["by"], "ada@acme.test");
    let log = attempts(&host, "ops", 4);
    let delivered: Vec<bool> = log
        .iter()
        .map(|attempt| attempt["delivered"].as_bool().unwrap())
        .collect();
    assert_eq!(delivered, [false, false, false, true], "{log:?}");
    host.admin(&["key", "rotate", "--confirm", "acme", "--key-size", "2048"])
        .succeeds();
    let rotated = site.next();
    assert_eq!(rotated.kind(), "key.rotated");
    verified(&[received.into_iter().next_back().unwrap(), rotated]);
    attempts(&host, "ops", 5);
    let scraped = daemon.unix().get("/metrics", "").body;
    for sample in ["delivered_total", "failed_total", "given_up_total"]
        .iter()
        .zip([2, 3, 0])
    {
        let line = format!(
            "strongroom_webhook_{}{{endpoint=\"ops\"}} {}\n",
            sample.0, sample.1
        );
        assert!(scraped.contains(&line), "no {line} in\n{scraped}");
    }
    let list = host.run(&["webhook", "list"]).succeeds().out;
    assert!(
        list.starts_with(&format!("ops\ttold\t0\thttp://{}\tall", site.address)),
        "{list}"
    );
}

/// Waits until the daemon knows from where on it tells; the file that has it.
fn until_watched(host: &Host) -> PathBuf {
    let state = host.path("home/.local/state/strongroom");
    let until = std::time::Instant::now() + LONG;
    loop {
        let entries = std::fs::read_dir(&state).unwrap();
        let mut memories = entries.map(|entry| entry.unwrap().path().join("memory"));
        if let Some(memory) = memories.find(|path| path.exists()) {
            return memory;
        }
        assert!(std::time::Instant::now() < until);
        thread::yield_now();
    }
}

#[test]
fn a_killed_daemon_goes_on_with_what_waited_and_what_was_done_meanwhile() {
    let silent = Site::answering(&[None]);
    let host = Host::onboarded();
    host.token("payouts", &[]);
    host.token("cron", &["--variable", "OTHER"]);
    let config = endpoint(&host, "ops", silent.address, "");
    let daemon = Daemon::start(&host, &config);
    until_watched(&host);
    host.admin(&["token", "revoke", "payouts"]).succeeds();
    let first = silent.next();
    daemon.kill();
    // Nobody is told of this but the audit log.
    host.admin(&["token", "revoke", "cron"]).succeeds();
    let site = Site::answering(&[Some(OK)]);
    let daemon = Daemon::start(&host, &endpoint(&host, "ops", site.address, ""));
    let mut names = BTreeMap::new();
    for one in [site.next(), site.next()] {
        names.insert(
            one.json()["data"]["name"].as_str().unwrap().to_owned(),
            one.id().to_owned(),
        );
    }
    assert_eq!(names.keys().collect::<Vec<_>>(), ["cron", "payouts"]);
    assert_eq!(names["payouts"], first.id());
    attempts(&host, "ops", 2);
    daemon.stop();
}

#[test]
fn one_that_is_gone_is_told_no_more_until_a_test_arrives_and_a_silent_one_holds_up_no_other() {
    let gone = Site::answering(&[Some(GONE), Some(OK)]);
    let silent = Site::answering(&[None]);
    let good = Site::answering(&[Some(OK)]);
    let host = Host::onboarded();
    for (name, variable) in [("one", "ONE"), ("two", "TWO"), ("three", "THREE")] {
        host.token(name, &["--variable", variable]);
    }
    let config = [("gone", &gone), ("silent", &silent), ("good", &good)]
        .map(|(name, site)| endpoint(&host, name, site.address, "events = ['token.revoked']"));
    let _daemon = Daemon::start(&host, &config.concat());
    until_watched(&host);
    host.admin(&["token", "revoke", "one"]).succeeds();
    gone.next();
    silent.next();
    assert_eq!(good.next().json()["data"]["name"], "one");
    let log = attempts(&host, "gone", 1);
    assert!(
        log[0]["result"].as_str().unwrap().contains("gone for good"),
        "{log:?}"
    );
    host.admin(&["token", "revoke", "two"]).succeeds();
    assert_eq!(good.next().json()["data"]["name"], "two");
    let tested = host.run(&["webhook", "test", "gone"]).succeeds().out;
    assert_eq!(tested, "gone\tdelivered\tstatus 204\n");
    let test = gone.next();
    assert_eq!(test.kind(), "webhook.test");
    host.admin(&["token", "revoke", "three"]).succeeds();
    assert_eq!(gone.next().json()["data"]["name"], "three");
    verified(&[test]);
    // Nothing goes to a private address that is not allowed, nor to a name that nobody has.
    let secret = host.path("hook.secret");
    let refused = format!(
        "[webhooks.inside]\nurl = 'https://127.0.0.1:{}/'\nsecret_file = '{}'\n",
        good.address.port(),
        secret.display()
    );
    host.file("other.toml", &refused);
    let ran = host.run(&["--config", "other.toml", "webhook", "test", "--json"]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.json()[0]["result"]
            .as_str()
            .unwrap()
            .contains("127.0.0.1 is not public"),
        "{ran:?}"
    );
}

#[test]
fn a_configuration_that_cannot_be_is_refused_before_anything_is_served() {
    let host = Host::onboarded();
    let secret = host.file("hook.secret", SECRET);
    let list = |config: &str| {
        host.file("other.toml", config);
        host.run(&["--config", "other.toml", "webhook", "list"])
    };
    let file = secret.display();
    for (config, why) in [
        (
            format!("url = 'http://a.test/'\nsecret_file = '{file}'"),
            "without https",
        ),
        (
            format!("url = 'https://u@a.test/'\nsecret_file = '{file}'"),
            "an account in its url",
        ),
        ("url = 'https://a.test/'".to_owned(), "no secret_file"),
        (
            format!("url = 'https://a.test/'\nsecret_file = '{file}'\nevents = ['x']"),
            "there is no event x",
        ),
        (
            format!("url = 'https://a.test/'\nsecret_file = '{file}'\nsecret = 'x'"),
            "`secret`, which is none of",
        ),
    ] {
        let said = list(&format!("[webhooks.ops]\n{config}\n")).refused(2);
        assert!(said.contains(why), "{said}");
    }
    let good = format!("[webhooks.ops]\nurl = 'https://a.test/x'\nsecret_file = '{file}'\n");
    assert_eq!(list(&good).succeeds().out, "ops\ttold\t0\thttps://a.test\tall\n");
    std::fs::write(&secret, "whsec_short").unwrap();
    let said = list(&good).refused(1);
    assert!(
        said.contains("24 to 64 bytes") && !said.contains("short"),
        "{said}"
    );
}

#[test]
fn tls_is_with_whom_the_systems_authorities_vouch_for_under_the_name_that_was_given() {
    let host = Host::onboarded();
    write_certificate_of(&host, 1, false);
    let mut acceptor = SslAcceptor::mozilla_modern_v5(SslMethod::tls_server()).unwrap();
    acceptor
        .set_certificate_chain_file(host.path("chain.pem"))
        .unwrap();
    acceptor
        .set_private_key_file(host.path("key.pem"), SslFiletype::PEM)
        .unwrap();
    let acceptor = acceptor.build();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            // A client that does not believe the certificate hangs up.
            let Ok(mut stream) = acceptor.accept(stream.unwrap()) else {
                continue;
            };
            let mut head = [0; 1024];
            let _ = stream.read(&mut head);
            let _ = stream.write_all(OK.as_bytes());
            let _ = stream.shutdown();
        }
    });
    let secret = host.file("hook.secret", SECRET);
    let result = |name: &str, authorities: &str| {
        let config = format!(
            "[webhooks.ops]\nurl = 'https://{name}:{port}/'\nsecret_file = '{}'\nallow_private = true\n",
            secret.display()
        );
        host.file("other.toml", &config);
        let mut command = host.command(&["--config", "other.toml", "webhook", "test", "--json"]);
        command.env("SSL_CERT_FILE", host.path(authorities));
        let ran = host.finish(command, b"");
        (ran.code, ran.json()[0]["result"].as_str().unwrap().to_owned())
    };
    host.file("nobody.pem", "");
    assert_eq!(result("127.0.0.1", "chain.pem"), (0, "status 204".into()));
    for (name, authorities) in [("127.0.0.1", "nobody.pem"), ("localhost", "chain.pem")] {
        let (code, why) = result(name, authorities);
        assert!(code == 1 && why.contains("certificate"), "{name}: {code} {why}");
    }
}

#[test]
fn what_time_brought_while_no_daemon_ran_is_told_at_the_next_start_and_once() {
    let site = Site::answering(&[Some(OK)]);
    let host = Host::onboarded();
    host.token("payouts", &[]);
    let config = endpoint(&host, "ops", site.address, "");
    let daemon = Daemon::start(&host, &config);
    let memory = until_watched(&host);
    daemon.stop();
    host.admin(&["token", "rotate", "payouts", "--overlap", "24h"])
        .succeeds();
    host.admin(&["token", "cutover", "payouts"]).succeeds();
    // As if the log had been followed further than it is, as in a state that was restored: the tokens alone tell it.
    let mut remembered: Value = serde_json::from_slice(&std::fs::read(&memory).unwrap()).unwrap();
    remembered["sequence"] = json!(1_000_000);
    std::fs::write(&memory, remembered.to_string()).unwrap();
    let daemon = Daemon::start(&host, &config);
    let told = site.next();
    let data = &told.json()["data"];
    assert_eq!(
        (&*told.kind(), &data["name"]),
        ("rotation.finished", &json!("payouts"))
    );
    assert_eq!(
        told.id(),
        format!("rotation-{}-finished", data["id"].as_str().unwrap())
    );
    attempts(&host, "ops", 1);
    daemon.stop();
    let daemon = Daemon::start(&host, &config);
    host.admin(&["token", "revoke", "payouts"]).succeeds();
    assert_eq!(site.next().kind(), "token.revoked");
    daemon.stop();
}
