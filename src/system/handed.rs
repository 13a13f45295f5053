//! A command of the operator's that is handed a secret on its standard input: never as an argument or in its environment.

use std::io::{self, ErrorKind, Write as _, stderr};
use std::os::fd::AsFd as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};

use crate::domain::secret::Secret;
use crate::service::ports::Clock as _;
use crate::system::SystemClock;

/// How often it is looked whether it ended.
const LOOK: Duration = Duration::from_millis(50);

/// A command that runs, with everything that it started in a process group of its own.
#[derive(Debug)]
pub struct Handed(Child);

/// How it ended.
#[derive(Debug)]
pub enum Ended {
    /// By itself, after so long.
    Done(ExitStatus, Duration),
    /// It took too long, and was killed.
    Late,
    /// Somebody asked the program to end; it was killed.
    Interrupted,
}

impl Handed {
    /// Starts `sh -c command`, and gives it the secret and the end of a line. What it prints goes to standard error.
    ///
    /// # Errors
    /// There is no shell, or the operating system has no room for a process.
    pub fn start(command: &str, secret: &Secret) -> io::Result<Self> {
        let printed = stderr().as_fd().try_clone_to_owned()?;
        let mut child = Command::new("sh")
            .args(["-c", command])
            .stdin(Stdio::piped())
            .stdout(printed)
            .process_group(0)
            .spawn()?;
        let mut handed = child.stdin.take();
        let handed = handed.as_mut().map_or(Ok(()), |input| {
            input.write_all(secret.expose())?;
            input.write_all(b"\n")
        });
        let running = Self(child);
        match handed {
            // It need not read what it is handed; how it ends is what counts.
            Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error),
            _ => Ok(running),
        }
    }

    /// Waits until it ends, for `limit` at most, and no longer than until `interrupted` hears something.
    ///
    /// # Errors
    /// The operating system does not say how it is.
    pub fn wait(mut self, limit: Duration, interrupted: &Receiver<()>) -> io::Result<Ended> {
        let begun = SystemClock.monotonic();
        loop {
            let took = SystemClock.monotonic().saturating_sub(begun);
            if let Some(status) = self.0.try_wait()? {
                return Ok(Ended::Done(status, took));
            }
            if took >= limit {
                return Ok(Ended::Late);
            }
            if !matches!(interrupted.recv_timeout(LOOK), Err(RecvTimeoutError::Timeout)) {
                return Ok(Ended::Interrupted);
            }
        }
    }
}

/// What still runs of it is killed: nobody waits for it any more.
impl Drop for Handed {
    fn drop(&mut self) {
        if let Ok(None) = self.0.try_wait() {
            // The group has the child's number as long as that was not waited for.
            let group = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw);
            let _ = group.map(|group| kill_process_group(group, Signal::KILL));
            let _ = self.0.wait();
        }
    }
}
