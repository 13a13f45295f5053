//! Clients that take their time: bounded in time and number, and no hindrance to the others.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use crate::daemon::{Connection, Daemon, LONG};
use crate::host::Host;

#[test]
fn whoever_finds_no_place_waits_and_is_served_after() {
    let host = Host::onboarded();
    let daemon = Daemon::start(&host, "max_connections = 4\n");
    let mut kept: Vec<Connection> = (0..4).map(|_| daemon.tcp()).collect();
    for connection in &mut kept {
        assert_eq!(connection.get("/healthz", "").status, 200);
    }
    // Connected, because the system does that; and not answered.
    let mut fifth = TcpStream::connect(daemon.address).unwrap();
    fifth
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    fifth.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    let waits = fifth.read(&mut [0; 1]).unwrap_err();
    assert_eq!(waits.kind(), ErrorKind::WouldBlock);
    // No stranger's connections keep the operator out.
    assert_eq!(daemon.unix().get("/healthz", "").status, 200);
    for connection in &mut kept {
        assert_eq!(connection.get("/healthz", "").status, 200);
    }
    kept.pop();
    fifth.set_read_timeout(Some(LONG)).unwrap();
    assert_eq!(Connection::new(fifth).answer().unwrap().status, 200);
    // As often as one likes: each place is given back.
    kept.pop();
    for _ in 0..50 {
        assert_eq!(daemon.tcp().get("/healthz", "").status, 200);
    }
    daemon.stop();
}

/// One byte of a head now and then, for ever.
fn slow_head(address: SocketAddr) -> Duration {
    let mut stream = TcpStream::connect(address).unwrap();
    let begun = Instant::now();
    let mut head = b"GET /v1/verify HTTP/1.1\r\nX-Slow: "
        .iter()
        .chain(std::iter::repeat(&b'a'));
    stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    loop {
        let sent = stream.write_all(&[*head.next().unwrap()]);
        match stream.read(&mut [0; 64]) {
            Err(error) if error.kind() == ErrorKind::WouldBlock && sent.is_ok() => {}
            _ => return begun.elapsed(),
        }
        assert!(begun.elapsed() < LONG, "a slow head is waited for without end");
    }
}

/// A body that begins and never ends.
fn slow_body(mut connection: Connection) -> u16 {
    connection.send(
        "POST /v1/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{",
    );
    connection.answer().map_or(0, |answer| answer.status)
}

/// Asks and asks, and never reads.
fn never_reading(address: SocketAddr) -> Duration {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_write_timeout(Some(LONG)).unwrap();
    let requests = "GET /v1/verify HTTP/1.1\r\nHost: a\r\n\r\n".repeat(1000);
    let begun = Instant::now();
    loop {
        match stream.write_all(requests.as_bytes()) {
            Ok(()) => assert!(begun.elapsed() < LONG, "answers pile up"),
            Err(error) => {
                assert_ne!(error.kind(), ErrorKind::WouldBlock, "still there after a minute");
                return begun.elapsed();
            }
        }
    }
}

#[test]
fn slow_clients_are_left_and_nobody_waits_for_them() {
    let host = Host::onboarded();
    let token = host.token("payouts", &[]);
    let daemon = Daemon::start(&host, "");
    let (address, sending) = (daemon.address, daemon.tcp());
    std::thread::scope(|scope| {
        let heads: Vec<_> = (0..8).map(|_| scope.spawn(move || slow_head(address))).collect();
        let body = scope.spawn(move || slow_body(sending));
        let reader = scope.spawn(move || never_reading(address));
        while !reader.is_finished() {
            let begun = Instant::now();
            let answer = daemon.verify(&format!("X-Auth-Token: {token}\r\n"));
            assert_eq!(answer.status, 200);
            assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
            std::thread::sleep(Duration::from_millis(100));
        }
        assert_eq!(body.join().unwrap(), 408);
        for head in heads {
            let took = head.join().unwrap();
            assert!(
                took > Duration::from_secs(5),
                "even a slow one gets its time: {took:?}"
            );
        }
    });
    daemon.stop();
}
