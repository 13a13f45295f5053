//! When the connection breaks, the console is gone within a second.

use std::fs;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::host::Host;
use crate::pty::wait_until;
use crate::server::{AS_ADA, Server, can_serve};

/// The console's process: called by our program's name, for this store.
fn console(server: &Server) -> Option<Pid> {
    let home = format!("HOME={}", server.host.path("home").display());
    fs::read_dir("/proc").unwrap().find_map(|entry| {
        let path = entry.unwrap().path();
        let number: i32 = path.file_name()?.to_str()?.parse().ok()?;
        let arguments = fs::read(path.join("cmdline")).ok()?;
        if !arguments.starts_with(env!("CARGO_BIN_EXE_strongroom").as_bytes()) {
            return None;
        }
        let environment = fs::read(path.join("environ")).ok()?;
        let ours = String::from_utf8_lossy(&environment)
            .split('\0')
            .any(|set| set == home);
        ours.then(|| Pid::from_raw(number))?
    })
}

/// The process that started another.
fn parent(pid: Pid) -> Pid {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap();
    let (_, fields) = stat.rsplit_once(") ").unwrap();
    Pid::from_raw(fields.split(' ').nth(1).unwrap().parse().unwrap()).unwrap()
}

#[test]
fn the_kernel_refuses_it_programs() {
    if !can_serve() {
        return;
    }
    let server = Server::untraced(Host::onboarded(), AS_ADA);
    let pty = server.terminal(&[]).start();
    pty.wait_for_text("viewing as ada@acme.test");
    let console = wait_until("the console's process", || console(&server));
    // Of each thread: one filter more than the process has that started it.
    let filters = |status: &std::path::Path| {
        let text = fs::read_to_string(status).unwrap();
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("Seccomp_filters:"));
        line.unwrap().trim().parse::<u32>().unwrap()
    };
    let before = filters(format!("/proc/{}/status", parent(console).as_raw_nonzero()).as_ref());
    let threads = fs::read_dir(format!("/proc/{}/task", console.as_raw_nonzero())).unwrap();
    let found: Vec<_> = threads
        .map(|thread| filters(&thread.unwrap().path().join("status")))
        .collect();
    assert!(
        found.len() > 1 && found.iter().all(|count| *count == before + 1),
        "{before} {found:?}"
    );
}

#[test]
fn a_client_or_a_server_that_is_killed_takes_the_console_along() {
    if !can_serve() {
        return;
    }
    let server = Server::untraced(Host::onboarded(), AS_ADA);
    for whose in ["the client", "sshd's session"] {
        let pty = server.terminal(&["tokens"]).start();
        pty.wait_for_text("no token works here yet");
        let console = wait_until("the console's process", || console(&server));
        let killed = if whose == "the client" {
            pty.pid()
        } else {
            parent(console)
        };
        let begin = Instant::now();
        kill_process(killed, Signal::KILL).unwrap();
        wait_until("its end", || {
            let gone = crate::pty::process_state(console).is_none_or(|state| state == 'Z');
            gone.then_some(())
        });
        assert!(
            begin.elapsed() < Duration::from_secs(1),
            "{whose}: {:?}",
            begin.elapsed()
        );
    }
}
