//! Rotation by script: whatever goes wrong on the way, the service that uses the token is never refused.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::host::{Host, Ran};

/// What puts the new token where the service finds it.
const DEPLOY: &str = "cat > live.new && mv live.new live";

/// A service that asks for something again and again, with whatever token its file holds.
struct Service {
    stop: Arc<AtomicBool>,
    asked: Arc<AtomicU64>,
    asking: Option<JoinHandle<Vec<String>>>,
}

impl Service {
    fn start(host: &Host) -> Self {
        let (socket, live) = (host.socket(), host.path("live"));
        let (stop, asked) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
        let (stopped, count) = (Arc::clone(&stop), Arc::clone(&asked));
        let asking = thread::spawn(move || {
            let mut refused = Vec::new();
            while !stopped.load(Ordering::Relaxed) {
                let answer = ask(&socket, &live);
                if !answer.starts_with("HTTP/1.1 200 ") {
                    refused.push(answer);
                }
                count.fetch_add(1, Ordering::Relaxed);
                thread::sleep(Duration::from_millis(2));
            }
            refused
        });
        Self {
            stop,
            asked,
            asking: Some(asking),
        }
    }

    /// Waits until it asked a few times more, and was never refused.
    #[track_caller]
    fn is_served(&self) {
        let until = self.asked.load(Ordering::Relaxed) + 5;
        while self.asked.load(Ordering::Relaxed) < until {
            thread::sleep(Duration::from_millis(1));
        }
    }

    #[track_caller]
    fn was_never_refused(mut self) {
        self.is_served();
        self.stop.store(true, Ordering::Relaxed);
        assert_eq!(self.asking.take().unwrap().join().unwrap(), Vec::<String>::new());
    }
}

fn ask(socket: &PathBuf, live: &PathBuf) -> String {
    let token = fs::read_to_string(live).unwrap();
    let mut stream = UnixStream::connect(socket).unwrap();
    let token = token.trim();
    write!(
        stream,
        "GET /v1/verify HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Auth-Token: {token}\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// A machine with a daemon, a token, and the service that uses it.
fn in_service() -> (Host, Service) {
    let host = Host::onboarded();
    host.serve();
    let token = host.token("payouts", &[]);
    host.file("live", &token);
    let service = Service::start(&host);
    (host, service)
}

fn rotation<'a>(command: &'a str, wait: &'a str) -> [&'a str; 11] {
    let who = ["--cashier", "ada@acme.test", "--password-file", "password"];
    let [a, b, c, d] = who;
    [
        "token", "rotate", "payouts", "--exec", command, "--wait", wait, a, b, c, d,
    ]
}

fn rows(host: &Host, show: &str) -> Vec<serde_json::Value> {
    let list = host
        .run(&["token", "list", "--show", show, "--json"])
        .succeeds()
        .json();
    list["rows"].as_array().unwrap().clone()
}

/// Nothing was taken from the old token, and the new one works no more.
#[track_caller]
fn came_to_nothing(host: &Host) {
    let live = rows(host, "live");
    assert_eq!(live.len(), 1, "{live:?}");
    assert_eq!(live[0]["status"], "active");
    assert_eq!(live[0]["replaced_by"], serde_json::Value::Null);
    let revoked = rows(host, "revoked");
    assert!(!revoked.is_empty(), "the new one");
}

#[track_caller]
fn log_says(host: &Host, text: &str) {
    let log = host.run(&["activity", "list", "--json"]).succeeds().out;
    assert!(log.contains(text), "{text}: {log}");
}

#[track_caller]
fn fails(ran: &Ran, exit: i32, text: &str) {
    assert_eq!(ran.code, exit, "{ran:?}");
    assert!(ran.err.contains(text), "{ran:?}");
}

#[test]
fn both_work_once_the_new_one_was_deployed_and_seen() {
    let (host, service) = in_service();
    let old = fs::read_to_string(host.path("live")).unwrap();
    let ran = host.run(&rotation(DEPLOY, "1m")).succeeds();
    let new = fs::read_to_string(host.path("live")).unwrap();
    assert_ne!(old, new);
    host.keep_secret(new.trim());
    host.keeps_its_secrets(&format!("{}{}", ran.out, ran.err));
    let mut statuses: Vec<_> = rows(&host, "live")
        .iter()
        .map(|row| row["status"].to_string())
        .collect();
    statuses.sort();
    assert_eq!(statuses, ["\"active\"", "\"retiring\""]);
    service.was_never_refused();
}

#[test]
fn whatever_fails_the_service_is_never_refused() {
    let (host, service) = in_service();
    for (command, wait, exit, says) in [
        ("no-such-program-anywhere", "1m", 30, "exit code 127"),
        ("cat > lost; exit 3", "1m", 30, "exit code 3"),
        ("kill -KILL $$", "1m", 30, "was killed"),
        ("cat > lost; sleep 3600", "1s", 30, "took too long"),
        // It never gets to the service, which goes on with the old one.
        ("cat > lost", "1s", 31, "nobody used the new token"),
        // Nor does it read it.
        ("true", "1s", 31, "nobody used the new token"),
    ] {
        println!("{command}");
        fails(&host.run(&rotation(command, wait)), exit, says);
        came_to_nothing(&host);
        service.is_served();
    }
    for reason in ["exit code 3", "took too long", "nobody used the new token"] {
        log_says(&host, reason);
    }
    service.was_never_refused();
}

#[test]
fn a_new_token_that_is_in_use_is_not_revoked_although_the_command_failed() {
    let (host, service) = in_service();
    let used = format!("{DEPLOY}; while ! test -e go; do sleep 0.02; done; exit 1");
    let rotating = spawned(&host, &rotation(&used, "1m"));
    wait_for(|| rows(&host, "live").iter().filter(|row| row["uses"] != 0).count() == 2);
    host.file("go", "");
    let ran = ended(rotating);
    fails(&ran, 30, "is in use and was left");
    assert_eq!(rows(&host, "live").len(), 2);
    assert_eq!(rows(&host, "unacknowledged").len(), 1);
    service.was_never_refused();
}

#[test]
fn told_to_end_it_takes_the_new_one_back_and_killed_it_leaves_it_to_be_seen() {
    let (host, service) = in_service();
    let command = "touch runs; sleep 3600";
    let rotating = spawned(&host, &rotation(command, "1m"));
    wait_for(|| host.path("runs").exists());
    kill_process(Pid::from_child(&rotating), Signal::TERM).unwrap();
    fails(&ended(rotating), 1, "told to end");
    came_to_nothing(&host);
    fs::remove_file(host.path("runs")).unwrap();
    let rotating = spawned(&host, &rotation("touch runs; exec sleep 5", "1m"));
    wait_for(|| host.path("runs").exists());
    kill_process(Pid::from_child(&rotating), Signal::KILL).unwrap();
    ended(rotating);
    assert_eq!(rows(&host, "unacknowledged").len(), 1);
    let works = rows(&host, "live").iter().filter(|row| row["uses"] != 0).count();
    assert_eq!(works, 1);
    service.was_never_refused();
}

#[test]
fn it_needs_a_daemon_and_a_dry_run_changes_nothing() {
    let host = Host::onboarded();
    host.token("payouts", &[]);
    if std::env::var_os(super::host::THROUGH_DAEMON).is_none() {
        let ran = host.run(&rotation("true", "1s"));
        fails(&ran, 1, "no daemon has the store");
    }
    let log = host.run(&["activity", "list", "--json"]).succeeds().out;
    let told = host.run(&[
        "token",
        "rotate",
        "payouts",
        "--dry-run",
        "--exec",
        "deploy.sh",
        "--overlap",
        "3d",
    ]);
    let told = told.succeeds();
    for part in ["deploy.sh", "3 days", "payouts"] {
        assert!(told.out.contains(part), "{part}: {told:?}");
    }
    assert!(told.err.contains("Nothing was changed"), "{told:?}");
    assert_eq!(host.run(&["activity", "list", "--json"]).succeeds().out, log);
}

fn spawned(host: &Host, arguments: &[&str]) -> Child {
    let mut command = host.command(arguments);
    let command = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command.spawn().unwrap()
}

fn ended(child: Child) -> Ran {
    let output = child.wait_with_output().unwrap();
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

#[track_caller]
fn wait_for(mut condition: impl FnMut() -> bool) {
    for _ in 0..2000 {
        if condition() {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("it did not come");
}
