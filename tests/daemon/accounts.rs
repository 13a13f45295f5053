//! What the accounts of this host share, and what one of them cannot take from the others.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use crate::daemon::{Connection, Daemon};
use crate::host::Host;

/// The library behind which looking a user up hangs, compiled.
fn silent_names(host: &Host) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/names.c");
    let library = host.path("libnames.so");
    let status = Command::new("cc")
        .args(["-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o"])
        .args([&library, &source])
        .arg("-ldl")
        .status();
    assert!(status.unwrap().success(), "cc could not compile it");
    library
}

fn overview() -> String {
    let body = json!("overview").to_string();
    format!(
        "POST /v1/command HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[test]
fn nobody_waits_for_a_user_database_that_does_not_answer() {
    let host = Host::onboarded();
    let hang = host.path("hang");
    let mut serve = host.command(&["serve", "--listen", "127.0.0.1:0"]);
    serve
        .env("LD_PRELOAD", silent_names(&host))
        .env("NAMES_HANG", &hang);
    let daemon = Daemon::spawn(&host, serve);
    std::fs::write(&hang, "").unwrap();
    let mut local = daemon.unix();
    assert!(local.send(overview()));
    assert_eq!(daemon.tcp().get("/healthz", "").status, 200);
    // Its own process is served all the same, under its number.
    assert_eq!(local.answer().unwrap().status, 200);
    assert_eq!(daemon.unix().ask(overview()).status, 200);
    daemon.stop();
}

#[test]
fn one_account_does_not_take_all_the_places_in_the_feed() {
    let host = Host::onboarded();
    let daemon = Daemon::start(&host, "");
    let listen = |connection: &mut Connection| {
        assert!(connection.send("GET /v1/events HTTP/1.1\r\nHost: a\r\n\r\n"));
        connection.head().unwrap().0
    };
    let mut listening: Vec<Connection> = (0..33).map(|_| daemon.unix()).collect();
    let answers: Vec<u16> = listening.iter_mut().map(listen).collect();
    assert_eq!(answers[..32], [200; 32]);
    assert_eq!(answers[32], 503);
    let told = daemon.unix().get("/metrics", "").body;
    assert!(told.contains("strongroom_feed_listeners 32\n"), "{told}");
    listening.remove(0);
    // Who hung up has left its place a moment later.
    while listen(&mut daemon.unix()) != 200 {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    drop(listening);
    daemon.stop();
}
