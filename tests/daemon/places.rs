//! How many connections there may be: as descriptors are left for, with places of their own for this host's processes.

use std::process::Command;

use rustix::process::Pid;

use crate::daemon::{Connection, Daemon};
use crate::forwarded::{nobody_asks, serve};
use crate::host::Host;
use crate::skip::can_be_another_account;

/// A daemon that begins with limits of open files, as a shell sets them.
fn limited<'h>(host: &'h Host, soft: u32, hard: u32) -> Daemon<'h> {
    let serve = host.command(&["serve", "--listen", "127.0.0.1:0"]);
    let mut shell = Command::new("sh");
    shell
        .arg("-c")
        .arg(format!(
            "ulimit -Sn {soft} && ulimit -Hn {hard} && exec \"$0\" \"$@\""
        ))
        .arg(serve.get_program())
        .args(serve.get_args())
        .current_dir(host.root.path())
        .env("HOME", host.path("home"));
    Daemon::spawn(host, shell)
}

/// The limit of open files of a process, as it is and as far as it may be raised.
fn open_files(pid: Pid) -> [Option<u64>; 2] {
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", pid.as_raw_nonzero())).unwrap();
    let line = limits.lines().find(|line| line.starts_with("Max open files"));
    let mut numbers = line.unwrap().split_whitespace().skip(3);
    [(); 2].map(|()| numbers.next().and_then(|number| number.parse().ok()))
}

#[test]
fn it_takes_the_descriptors_that_it_may_have() {
    let host = Host::onboarded();
    let daemon = limited(&host, 200, 5000);
    assert_eq!(open_files(daemon.pid()), [Some(5000); 2]);
    let told = daemon.unix().get("/metrics", "").body;
    assert!(told.contains("strongroom_connections_limit 4096\n"), "{told}");
    assert!(!daemon.stop().contains("LimitNOFILE"));
}

#[test]
fn with_few_descriptors_there_are_fewer_public_connections_and_the_host_s_own_find_their_places() {
    let host = Host::onboarded();
    let daemon = limited(&host, 700, 700);
    let told = daemon.unix().get("/metrics", "").body;
    // 700, less 128 for the store and 512 for this host.
    assert!(told.contains("strongroom_connections_limit 60\n"), "{told}");
    let strangers: Vec<Connection> = (0..100).map(|_| daemon.tcp()).collect();
    let mut here: Vec<Connection> = (0..240).map(|_| daemon.unix()).collect();
    for connection in &mut here {
        assert_eq!(connection.get("/healthz", "").status, 200);
    }
    // A command has connections of its own, and opens files.
    host.token("payouts", &[]);
    drop((strangers, here));
    let log = daemon.stop();
    assert!(
        log.contains("LimitNOFILE") && log.contains("possible=60"),
        "{log}"
    );
}

#[test]
fn one_account_leaves_places_to_the_others() {
    if !can_be_another_account() {
        return;
    }
    let host = Host::onboarded();
    let daemon = serve(&host, "[rights]\nverify = [\"nobody\"]\n");
    let mut own: Vec<Connection> = (0..256).map(|_| daemon.unix()).collect();
    for connection in &mut own {
        assert_eq!(connection.get("/healthz", "").status, 200);
    }
    assert!(
        daemon.unix().is_closed(),
        "it has all the places that one may have"
    );
    assert_eq!(nobody_asks(&host, "GET", "/healthz", &[]).0, 200);
    assert_eq!(daemon.tcp().get("/healthz", "").status, 200);
    drop(own.pop());
    // Its place is free as soon as the daemon has seen that it hung up.
    while !daemon.unix().is_served() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    daemon.stop();
}
