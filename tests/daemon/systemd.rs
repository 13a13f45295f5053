//! What systemd hands over, and what it hears.

use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixDatagram;
use std::process::Command;

use rustix::process::Signal;

use crate::daemon::{Connection, Daemon, LONG, configure};
use crate::host::Host;

#[test]
fn sockets_that_systemd_bound_are_served_and_stay() {
    let host = Host::onboarded();
    let token = host.token("payouts", &[]);
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let socket = host.path("bound");
    let shown = socket.to_str().unwrap();
    // What is configured is for a start without systemd's sockets.
    configure(&host, "listen = [\"192.0.2.1:1\"]\n");
    let program = host.command(&["--socket", shown, "serve"]);
    let mut command = Command::new("systemd-socket-activate");
    command
        .args(["-l", &address.to_string(), "-l", shown, "-E"])
        .arg(format!("HOME={}", host.path("home").display()))
        .arg(program.get_program())
        .args(program.get_args());
    let mut daemon = Daemon::begin(&host, command);
    daemon.address = address;
    daemon.socket = socket.clone();
    daemon.says("Listening on");
    daemon.says("Listening on");
    // The first who connects has it started, and is answered by it.
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    let line = format!("X-Auth-Token: {token}\r\n");
    assert_eq!(Connection::new(stream).get("/v1/verify", &line).status, 200);
    daemon.says("serving");
    assert_eq!(daemon.verify(&line).status, 200);
    assert_eq!(daemon.unix().get("/v1/verify", &line).status, 200);
    // Commands find it by the lock.
    host.admin(&["token", "revoke", "payouts"]).succeeds();
    assert_eq!(daemon.verify(&line).status, 401);
    daemon.stop();
    assert!(socket.exists(), "it is systemd's");
}

/// A daemon that systemd started, as far as it can see; and what systemd hears.
fn started<'h>(host: &'h Host, watchdog: &str) -> (Daemon<'h>, impl FnMut(&str)) {
    let path = host.path("notify");
    let ears = UnixDatagram::bind(&path).unwrap();
    ears.set_read_timeout(Some(LONG)).unwrap();
    let mut command = host.command(&["serve", "--listen", "127.0.0.1:0"]);
    command.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", watchdog);
    let hears = move |wanted: &str| {
        let mut buffer = [0; 512];
        loop {
            let length = ears
                .recv(&mut buffer)
                .unwrap_or_else(|_| panic!("not heard: {wanted}"));
            let heard = std::str::from_utf8(&buffer[..length]).unwrap();
            if heard.lines().any(|line| line == wanted) {
                return;
            }
        }
    };
    (Daemon::begin(host, command), hears)
}

#[test]
fn it_says_when_it_is_ready_alive_and_ending() {
    let host = Host::onboarded();
    let (mut daemon, mut hears) = started(&host, "200000");
    hears("READY=1");
    daemon.says("serving");
    for _ in 0..3 {
        hears("WATCHDOG=1");
    }
    daemon.signal(Signal::TERM);
    hears("STOPPING=1");
    assert!(daemon.ends().status.success());
}

#[test]
fn sealed_it_is_ready_too_and_says_so() {
    let host = Host::onboarded();
    host.file("phrase", "ten thousand small boats");
    host.admin(&["seal", "rotate", "--new-passphrase-file", "phrase"])
        .succeeds();
    let (mut daemon, mut hears) = started(&host, "60000000");
    hears("STATUS=sealed");
    assert!(daemon.says("serving").contains("sealed"));
    host.run(&["org", "list", "--passphrase-file", "phrase"])
        .succeeds();
    hears("STATUS=serving");
    daemon.stop();
}

/// The key file is root's alone, and the daemon gets it from systemd under its name.
#[test]
fn the_key_file_comes_from_systemd_where_it_hands_it_over() {
    let host = Host::onboarded();
    let handed = host.path("credentials");
    std::fs::create_dir(&handed).unwrap();
    std::fs::rename(
        host.path("home/.config/strongroom/seal.key"),
        handed.join("seal.key"),
    )
    .unwrap();
    let without = host.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert!(without.err.contains("seal.key"), "{without:?}");
    // As systemd does it for an account: the mask of its rule shows as a right of the group.
    for (mode, is_good) in [(0o440, true), (0o400, true), (0o444, false), (0o460, false)] {
        let key = handed.join("seal.key");
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(mode)).unwrap();
        let mut command = host.command(&["org", "list"]);
        command.env("CREDENTIALS_DIRECTORY", &handed);
        let ran = host.finish(command, b"");
        assert_eq!(ran.code == 0, is_good, "{mode:o}: {ran:?}");
    }
}
