//! How a daemon ends, and what another one finds: nothing lost, nothing left in the way.

use std::io::Write as _;
use std::os::unix::net::UnixListener;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::daemon::{Daemon, unix};
use crate::host::Host;

fn uses(host: &Host, name: &str) -> u64 {
    let shown = host.run(&["token", "show", name, "--json"]).succeeds().json();
    shown["uses"].as_u64().unwrap()
}

/// Asks over kept connections, TCP and unix in turn, until the daemon hangs up; how many answers were good.
fn load(daemon: &Daemon<'_>, token: &str, clients: usize, until: impl FnOnce()) -> u64 {
    let good = AtomicU64::new(0);
    let is_over = AtomicBool::new(false);
    let request = format!("GET /v1/verify HTTP/1.1\r\nHost: a\r\nX-Auth-Token: {token}\r\n\r\n");
    std::thread::scope(|scope| {
        for client in 0..clients {
            let mut connection = if client % 2 == 0 {
                daemon.tcp()
            } else {
                daemon.unix()
            };
            let (good, is_over, request) = (&good, &is_over, &request);
            scope.spawn(move || {
                while !is_over.load(Ordering::SeqCst) && connection.send(request) {
                    let Some(answer) = connection.answer() else { return };
                    assert_eq!(answer.status, 200, "{answer:?}");
                    good.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        while good.load(Ordering::SeqCst) < 500 {
            std::thread::yield_now();
        }
        until();
        std::thread::sleep(Duration::from_millis(100));
        is_over.store(true, Ordering::SeqCst);
    });
    good.into_inner()
}

#[test]
fn told_to_end_it_answers_what_was_begun_and_writes_every_count() {
    let host = Host::onboarded();
    let token = host.token("payouts", &[]);
    let daemon = Daemon::start(&host, "");
    // One that is in the middle of its head, and one in the middle of a body.
    let mut begun = daemon.tcp();
    begun.send("GET /healthz HTTP/1.1\r\nHost: a\r\n");
    let mut sending = daemon.unix();
    let body = "{\"email\":\"eve@acme.test\",\"password\":\"x\"}";
    sending.send(format!(
        "POST /v1/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{{",
        body.len()
    ));
    let good = load(&daemon, &token, 6, || daemon.signal(Signal::TERM));
    // Under way is what has begun to arrive: its answer comes, and says that it was the last.
    sending.send(&body[1..]);
    let answer = sending.answer().unwrap();
    assert_eq!(answer.status, 401, "{answer:?}");
    drop(begun);
    let told = Instant::now();
    let ended = daemon.ends();
    assert!(ended.status.success(), "{ended:?}");
    assert!(told.elapsed() < Duration::from_secs(20), "within the drain");
    assert!(ended.log.contains("ended"), "{ended:?}");
    // No answer that was given is missing from the count.
    assert_eq!(uses(&host, "payouts"), good);
    assert!(!host.path("home/.local/state/strongroom/socket").exists());
}

#[test]
fn killed_under_load_it_loses_no_token_and_no_more_than_five_seconds_of_counts() {
    let host = Host::onboarded();
    let token = host.token("payouts", &[]);
    let revoked = host.token("refunds", &[]);
    let daemon = Daemon::start(&host, "");
    host.admin(&["token", "revoke", "refunds"]).succeeds();
    let minted = host.token("ledger", &[]);
    let first = load(&daemon, &token, 4, || ());
    // They are written every 5 s: not waiting for something, but letting that time pass.
    std::thread::sleep(Duration::from_secs(8));
    let second = load(&daemon, &token, 4, || daemon.signal(Signal::KILL));
    drop(daemon);
    // The socket of the one that is gone is no hindrance; what it acknowledged holds.
    let socket = host.path("home/.local/state/strongroom/socket");
    assert!(socket.exists());
    let daemon = Daemon::start(&host, "");
    let verdict = |token: &str| {
        let answer = unix(&socket).get("/v1/verify", &format!("X-Auth-Token: {token}\r\n"));
        answer.header("x-auth-reason").map(str::to_owned)
    };
    assert_eq!(verdict(&revoked).as_deref(), Some("revoked"));
    assert_eq!(verdict(&minted), None);
    daemon.stop();
    let counted = uses(&host, "payouts");
    // The one that was under way when it was killed was counted, perhaps, and not answered.
    assert!(
        (first..=first + second + 4).contains(&counted),
        "{first} {second} {counted}"
    );
}

#[test]
fn a_second_daemon_hears_who_the_first_is() {
    let host = Host::onboarded();
    let first = Daemon::start(&host, "");
    // The same store, with sockets of its own.
    let other = host.path("other.socket");
    let ran = host.run(&[
        "--socket",
        other.to_str().unwrap(),
        "serve",
        "--listen",
        "127.0.0.1:0",
    ]);
    let said = ran.refused(5);
    assert!(said.contains(&first.pid().as_raw_nonzero().to_string()), "{said}");
    assert!(!other.exists(), "nothing of it is left");
    // The same socket.
    let second = Host::onboarded();
    let socket = first.socket.to_str().unwrap();
    let said = second
        .run(&["--socket", socket, "serve", "--listen", "127.0.0.1:0"])
        .err;
    assert!(said.contains("listens on") && said.contains(socket), "{said}");
    // The same port.
    let address = first.address.to_string();
    let ran = second.run(&["serve", "--listen", &address]);
    assert_ne!(ran.code, 0);
    assert!(
        ran.err.contains(&address) && ran.err.contains("--listen"),
        "{ran:?}"
    );
    assert_eq!(first.tcp().get("/readyz", "").status, 200);
    first.stop();
}

#[test]
fn a_socket_that_nobody_listens_on_is_replaced_and_what_is_no_socket_is_not() {
    let host = Host::onboarded();
    let socket = host.path("home/.local/state/strongroom/socket");
    drop(UnixListener::bind(&socket).unwrap());
    assert!(socket.exists());
    let daemon = Daemon::start(&host, "");
    assert_eq!(daemon.unix().get("/healthz", "").status, 200);
    daemon.stop();
    let file = host.path("file");
    std::fs::File::create(&file).unwrap().write_all(b"kept").unwrap();
    let ran = host.run(&[
        "--socket",
        file.to_str().unwrap(),
        "serve",
        "--listen",
        "127.0.0.1:0",
    ]);
    assert!(ran.err.contains("is no socket"), "{ran:?}");
    assert_eq!(std::fs::read(&file).unwrap(), b"kept");
    // Without a store there is nothing to serve.
    let empty = Host::empty();
    let ran = empty.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert!(ran.code != 0 && ran.err.contains("init"), "{ran:?}");
}
