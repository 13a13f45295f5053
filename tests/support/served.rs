//! A daemon that serves while a benchmark asks it.
#![allow(clippy::unwrap_used, reason = "a benchmark ends where it fails")]

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

/// Killed when it is dropped.
pub(crate) struct Served(Child);

impl Served {
    /// Begins `command` as a daemon on a free port; returns when it serves.
    pub(crate) fn by(mut command: Command) -> Self {
        command.args(["serve", "--listen", "127.0.0.1:0"]);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().contains("serving")), "it ended");
        // It must not be held up by a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Self(child)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
