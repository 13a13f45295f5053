//! A headless Chromium that looks at one address, with everything else sent to the test's own service, too.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};

use serde_json::Value;

use crate::daemon::LONG;
use crate::toolchains::tool;
use crate::upstream::Upstream;

/// It runs until it is dropped.
pub(crate) struct Chromium {
    child: Child,
    lines: Receiver<String>,
    _profile: tempfile::TempDir,
}

impl Chromium {
    /// Opens `path` of the service; `more` are arguments of Chromium's.
    pub(crate) fn open(upstream: &Upstream, path: &str, more: &[&str]) -> Option<Self> {
        let profile = tempfile::tempdir().unwrap();
        let mut child = tool("chromium")?
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
            ])
            .args([
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ])
            .args([
                "--disable-default-apps",
                "--disable-extensions",
                "--enable-logging=stderr",
            ])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            // What is asked of any other machine is seen here.
            .arg(format!("--proxy-server={}", upstream.address))
            .args(more)
            .arg(format!("{}{path}", upstream.url()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stderr.take().unwrap());
        let (send, lines) = channel();
        std::thread::spawn(move || {
            for line in said.lines().map_while(Result::ok) {
                // Nobody may be listening any more.
                let _ = send.send(line);
            }
        });
        Some(Self {
            child,
            lines,
            _profile: profile,
        })
    }

    /// What the page reports.
    #[track_caller]
    pub(crate) fn report(&self, upstream: &Upstream) -> Value {
        upstream.reports.recv_timeout(LONG).unwrap_or_else(|_| {
            let log: Vec<String> = self.lines.try_iter().collect();
            panic!("it reports nothing: {log:#?}")
        })
    }

    /// What was said on its pages' consoles, up to a line with `last`.
    #[track_caller]
    pub(crate) fn console_until(&self, last: &str) -> Vec<String> {
        let mut said = Vec::new();
        while !said.last().is_some_and(|line: &String| line.contains(last)) {
            let line = self
                .lines
                .recv_timeout(LONG)
                .unwrap_or_else(|_| panic!("no {last}: {said:#?}"));
            if line.contains("CONSOLE") {
                said.push(line);
            }
        }
        said
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
