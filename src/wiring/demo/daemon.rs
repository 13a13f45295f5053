//! The demo's daemon: the program itself, with nothing of the visitor's environment, in a process group of its own.

use std::fs::File;
use std::net::SocketAddr;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::Place;
use crate::service::{Code, Error};

/// Between two looks at it.
const PAUSE: Duration = Duration::from_millis(10);
/// Looks until it serves, half a minute, and until it ended.
const UNTIL_SERVING: u32 = 3_000;
const UNTIL_ENDED: u32 = 300;

/// A daemon that ends with this value, or with this process.
pub(super) struct Daemon {
    child: Child,
    pub(super) address: SocketAddr,
}

impl Daemon {
    /// Starts it, and waits until it serves. To be called on the thread that stays: it ends with its parent's thread.
    pub(super) fn start(place: &Place) -> Result<Self, Error> {
        let failed = |error: std::io::Error| {
            Error::new(
                Code::Io,
                format!("the demo's daemon cannot be started: {error}"),
                "try again",
            )
        };
        let log = File::create(place.log()).map_err(failed)?;
        let child = Command::new(std::env::current_exe().map_err(failed)?)
            .arg("--config")
            .arg(place.configuration())
            .args(["serve", "--parent", &std::process::id().to_string()])
            .env_clear()
            .env("HOME", place.path())
            .current_dir(place.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .process_group(0)
            .spawn()
            .map_err(failed)?;
        let mut daemon = Self {
            child,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
        };
        for _ in 0..UNTIL_SERVING {
            let log = std::fs::read_to_string(place.log()).unwrap_or_default();
            if let Some(address) = public(&log) {
                daemon.address = address;
                return Ok(daemon);
            }
            if let Ok(Some(status)) = daemon.child.try_wait() {
                let said = log.lines().last().unwrap_or_default();
                return Err(failed(std::io::Error::other(format!("{status}: {said}"))));
            }
            std::thread::sleep(PAUSE);
        }
        Err(failed(std::io::ErrorKind::TimedOut.into()))
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid {
            let _ = kill_process(pid, Signal::TERM);
        }
        for _ in 0..UNTIL_ENDED {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(PAUSE);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The public listener's address in the line that says it serves: `"public":"[127.0.0.1:40123]"`.
fn public(log: &str) -> Option<SocketAddr> {
    let line = log.lines().find(|line| line.contains("\"serving"))?;
    let (_, rest) = line.split_once("\"public\":\"[")?;
    rest.split_once(']')?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::public;

    #[test]
    fn the_address_is_read_from_the_line_that_says_it_serves() {
        let line = r#"{"level":"INFO","message":"serving","public":"[127.0.0.1:40123]","tls":false}"#;
        assert_eq!(public(line), "127.0.0.1:40123".parse().ok());
        assert_eq!(public(r#"{"message":"opening","public":"[127.0.0.1:1]"}"#), None);
    }
}
