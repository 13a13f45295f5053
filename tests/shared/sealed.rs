//! A daemon over a store that a passphrase seals: it starts sealed, and whoever knows the passphrase unlocks it.

use std::os::unix::net::UnixDatagram;
use std::path::Path;

use crate::daemon::{Answer, Connection, Daemon, unix};
use crate::desk::{GONE, console};
use crate::host::{Host, OTHER_PASSWORD, PASSWORD};
use crate::pty::wait_until;

const WRONG: &str = "not the passphrase at all";
const SEALED: &str = "The store is sealed";

/// A machine whose store is sealed with [`OTHER_PASSWORD`], and a token of it.
fn sealed() -> (Host, String) {
    let host = Host::empty();
    host.keep_secret(WRONG);
    host.file("wrong", WRONG);
    host.init(&["--seal", "passphrase", "--passphrase-file", "other"])
        .succeeds();
    let create = [
        "token",
        "create",
        "payouts",
        "--service",
        "s",
        "--environment",
        "prod",
        "-q",
    ];
    let opened = ["--passphrase-file", "other"];
    let token = host.admin(&[&create[..], &opened].concat()).succeeds().out;
    let token = token.trim_end().to_owned();
    host.keep_secret(&token);
    (host, token)
}

fn readiness(daemon: &Daemon<'_>, token: &str) -> [u16; 3] {
    let get = |path: &str| daemon.tcp().get(path, "").status;
    let verify = daemon.verify(&format!("X-Auth-Token: {token}\r\n")).status;
    [get("/healthz"), get("/readyz"), verify]
}

#[test]
fn consoles_unlock_a_sealed_daemon_and_each_hears_of_it() {
    let (host, token) = sealed();
    let mut daemon = Daemon::start(&host, "");
    assert_eq!(readiness(&daemon, &token), [200, 503, 503]);

    let mut first = console(&host, &[]);
    let mut second = console(&host, &[]);
    second.sees(SEALED);
    first.sees(SEALED).types(&format!("{WRONG}\r"));
    first.sees("wrong").sees(SEALED);
    let said = daemon.says("the store was not unlocked");
    assert!(said.contains("uid"), "{said}");
    assert_eq!(readiness(&daemon, &token), [200, 503, 503]);

    first.types(&format!("{OTHER_PASSWORD}\r")).sees("generation 1");
    daemon.says("the store was unlocked");
    assert_eq!(readiness(&daemon, &token), [200, 200, 200]);
    // Nobody has to type it twice.
    second.sees("generation 1");

    // The next daemon is sealed again, and the consoles say so.
    daemon.kill();
    first.sees(GONE);
    let daemon = Daemon::start(&host, "");
    first.sees(SEALED);
    second.sees(SEALED).types(&format!("{OTHER_PASSWORD}\r"));
    second.sees("generation 1");
    first.sees("generation 1").leaves_the_console();
    second.leaves_the_console();
    daemon.stop();
}

#[test]
fn a_command_with_the_passphrase_unlocks_it_for_everybody_and_systemd_hears_of_it() {
    let (host, token) = sealed();
    let notified = host.path("notify");
    let systemd = UnixDatagram::bind(&notified).unwrap();
    systemd.set_nonblocking(true).unwrap();
    let mut command = host.command(&["serve", "--listen", "127.0.0.1:0"]);
    command.env("NOTIFY_SOCKET", &notified);
    let daemon = Daemon::spawn(&host, command);
    let mut heard = String::new();
    hears(&systemd, &mut heard, "STATUS=sealed");
    assert!(heard.contains("READY=1"), "{heard}");

    let refused = host.run(&["token", "list"]);
    assert!(
        refused.code != 0 && refused.err.contains("--passphrase-file"),
        "{refused:?}"
    );
    let refused = host.run(&["token", "list", "--passphrase-file", "wrong"]);
    assert_ne!(refused.code, 0);
    assert!(refused.err.contains("wrong"), "{refused:?}");
    assert!(!heard.contains("serving"), "{heard}");
    let both = std::thread::scope(|scope| {
        let unlocking = [(); 2].map(|()| {
            let mut command = host.command(&["token", "list", "--passphrase-file", "other"]);
            scope.spawn(move || command.output().unwrap())
        });
        unlocking.map(|one| one.join().unwrap())
    });
    for ran in both {
        assert!(ran.status.success(), "{ran:?}");
    }
    hears(&systemd, &mut heard, "STATUS=serving");
    // Nobody else needs it.
    assert_eq!(host.verdict(&token), Ok(()));
    let log = daemon.stop();
    assert_eq!(log.matches("the store was unlocked").count(), 1, "{log}");
    assert_eq!(log.matches("the store was not unlocked").count(), 1, "{log}");
}

#[track_caller]
fn hears(systemd: &UnixDatagram, heard: &mut String, wanted: &str) {
    wait_until(wanted, || {
        let mut bytes = [0; 512];
        if let Ok(count) = systemd.recv(&mut bytes) {
            heard.push_str(std::str::from_utf8(&bytes[..count]).unwrap());
            heard.push('\n');
        }
        heard.contains(wanted).then_some(())
    });
}

#[test]
fn the_seal_is_rotated_through_the_socket_and_once_under_its_name() {
    let host = Host::onboarded();
    let daemon = Daemon::start(&host, "");
    host.admin(&["seal", "rotate", "--key-file", "second.key"])
        .succeeds();
    assert!(host.path("second.key").exists());

    let credentials = format!(
        r#"{{"sign_in":{{"email":"ada@acme.test","password":"{}"}}}}"#,
        base64(PASSWORD)
    );
    let signed_in = post(&mut unix(&daemon.socket), "/v1/command", "", &credentials);
    assert_eq!(signed_in.status, 200, "{signed_in:?}");
    let session = signed_in.json()["signed_in"]["session"]
        .as_str()
        .unwrap()
        .to_owned();
    let rotate = |daemon: &Daemon<'_>, file: &str, id: &str, session: &str| {
        let headers = format!("X-Strongroom-Session: {session}\r\nX-Request-Id: {id}\r\n");
        let body = format!(r#"{{"key_file":{:?}}}"#, host.path(file));
        post(&mut unix(&daemon.socket), "/v1/seal", &headers, &body)
    };
    let id = "01K9ZZZZZZZZZZZZZZZZZZZZZZ";
    let done = rotate(&daemon, "third.key", id, &session);
    assert_eq!(done.status, 200, "{done:?}");
    let again = rotate(&daemon, "fourth.key", id, &session);
    assert_eq!(again.status, 409, "{again:?}");
    assert!(again.body.contains("was done already"), "{again:?}");
    assert!(!host.path("fourth.key").exists());
    daemon.kill();

    // The next daemon remembers it, too, and opens with the newest.
    let daemon = Daemon::start(&host, "");
    let signed_in = post(&mut unix(&daemon.socket), "/v1/command", "", &credentials);
    let session = signed_in.json()["signed_in"]["session"]
        .as_str()
        .unwrap()
        .to_owned();
    let again = rotate(&daemon, "fourth.key", id, &session);
    assert_eq!(again.status, 409, "{again:?}");
    assert!(!Path::new(&host.path("fourth.key")).exists());
    let listed = host.run(&["activity", "list", "--json"]).succeeds().out;
    assert_eq!(listed.matches("seal.rotated").count(), 2, "{listed}");
    daemon.stop();
}

fn post(connection: &mut Connection, path: &str, headers: &str, body: &str) -> Answer {
    let length = body.len();
    connection.ask(format!(
        "POST {path} HTTP/1.1\r\nHost: test\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
    ))
}

fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}
