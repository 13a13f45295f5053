//! Running a child: with faults preloaded, killed after a while, or to its end; what it told and how it ended.

use std::io::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use crate::child::Errand;
use crate::faults;
use crate::report::{self, Report};

pub(crate) const ROLE: &str = "STRONGROOM_CAMPAIGN_ROLE";
/// A child that has not ended by then hangs.
const DEADLINE: Duration = Duration::from_secs(60);

/// All faults that there are (tests/support/faults.c).
pub(crate) const WHATS: [&str; 7] = ["before", "after", "half", "eio", "eio-on", "enospc", "enospc-on"];

/// A fault at one call (tests/support/faults.c).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) what: &'static str,
    pub(crate) at: u64,
    /// Counts only between the marks that the child sets.
    pub(crate) waits: bool,
}

/// How a child ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// By itself.
    Done,
    /// By SIGKILL, ours or a fault's.
    Killed,
    /// By another signal, or with another exit code.
    Died,
    /// It did not end, and was killed.
    Hung,
}

/// Runs a child on an errand.
pub(crate) fn run(
    errand: &Errand,
    faults: Option<(Fault, Option<&Path>)>,
    life: Option<Duration>,
) -> (Vec<Report>, End) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .env(ROLE, "child")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    if let Some((fault, log)) = faults {
        let under = ["data", "state"].map(|name| errand.root.join(name));
        preload(&mut command, &under, fault, log);
    }
    let mut child = command.spawn().unwrap();
    let text = serde_json::to_vec(errand).unwrap();
    let _ = child.stdin.take().unwrap().write_all(&text);
    let pipe = child.stdout.take().unwrap();
    let (sender, ended) = channel();
    let reader = std::thread::spawn(move || {
        let mut reports = Vec::new();
        report::read(pipe, |report| reports.push(report));
        let _ = sender.send(());
        reports
    });
    let is_over = |time| ended.recv_timeout(time) != Err(RecvTimeoutError::Timeout);
    let hung = match life {
        Some(life) => {
            if !is_over(life) {
                child.kill().unwrap();
            }
            false
        }
        None => !is_over(DEADLINE),
    };
    if hung {
        child.kill().unwrap();
    }
    let status = child.wait().unwrap();
    let end = match (hung, status.signal(), status.code()) {
        (true, ..) => End::Hung,
        (_, Some(9), _) => End::Killed,
        (_, _, Some(0)) => End::Done,
        _ => End::Died,
    };
    (reader.join().unwrap(), end)
}

/// Has `command` meet a fault below some directories.
pub(crate) fn preload(command: &mut Command, under: &[PathBuf], fault: Fault, log: Option<&Path>) {
    let under: Vec<_> = under.iter().map(|path| path.to_string_lossy()).collect();
    command
        .env("LD_PRELOAD", faults::library())
        .env("FAULTS_UNDER", under.join(":"))
        .env("FAULTS_AT", fault.at.to_string())
        .env("FAULTS_WHAT", fault.what)
        .env("FAULTS_WAIT", if fault.waits { "1" } else { "0" });
    if let Some(log) = log {
        command.env("FAULTS_LOG", log);
    }
}
