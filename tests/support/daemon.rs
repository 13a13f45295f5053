//! The real daemon over a store of its own, and a client that speaks HTTP byte by byte.
//!
//! It is awaited by what it says, never by sleeping; what it said is searched for the store's secrets when it ends.

#![allow(dead_code, reason = "each test binary uses its own part of it")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper that fails fails its test"
)]

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use openssl::ssl::SslStream;
use rustix::process::{Pid, Signal, kill_process};

use crate::host::Host;

/// What nothing here takes, however busy the machine is.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// A daemon that runs.
pub(crate) struct Daemon<'h> {
    pub(crate) host: &'h Host,
    pub(crate) address: SocketAddr,
    pub(crate) socket: PathBuf,
    child: Child,
    lines: Receiver<String>,
    log: String,
}

/// How a daemon ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) log: String,
}

impl<'h> Daemon<'h> {
    /// Of this machine, on a free port; with the lines of its `config.toml`.
    pub(crate) fn start(host: &'h Host, config: &str) -> Self {
        configure(host, config);
        Self::spawn(host, host.command(&["serve", "--listen", "127.0.0.1:0"]))
    }

    /// Begun with `command`, and serving.
    pub(crate) fn spawn(host: &'h Host, command: Command) -> Self {
        let mut daemon = Self::begin(host, command);
        let said = daemon.says("serving");
        let (_, public) = said.split_once("public").unwrap();
        let address = public
            .split_once('[')
            .unwrap()
            .1
            .split([']', ','])
            .next()
            .unwrap();
        daemon.address = address.parse().unwrap();
        daemon
    }

    /// Begun with `command`.
    pub(crate) fn begin(host: &'h Host, mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stderr.take().unwrap());
        let (send, lines) = channel();
        std::thread::spawn(move || {
            for line in said.lines() {
                let _ = send.send(line.unwrap());
            }
        });
        Self {
            host,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            socket: host.path("home/.local/state/strongroom/socket"),
            child,
            lines,
            log: String::new(),
        }
    }

    /// Waits for a line of its log that has `text`, and gives it.
    #[track_caller]
    pub(crate) fn says(&mut self, text: &str) -> String {
        let until = Instant::now() + LONG;
        loop {
            match self
                .lines
                .recv_timeout(until.saturating_duration_since(Instant::now()))
            {
                Ok(line) => {
                    self.log.push_str(&line);
                    self.log.push('\n');
                    if line.contains(text) {
                        return line;
                    }
                }
                Err(RecvTimeoutError::Timeout) => panic!("not said: {text}\n{}", self.log),
                Err(RecvTimeoutError::Disconnected) => panic!("ended without {text}\n{}", self.log),
            }
        }
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// Waits until it has ended of itself.
    #[track_caller]
    pub(crate) fn ends(mut self) -> Ended {
        let until = Instant::now() + LONG;
        while self.child.try_wait().unwrap().is_none() {
            assert!(Instant::now() < until, "it does not end\n{}", self.log);
            std::thread::sleep(Duration::from_millis(5));
        }
        let status = self.child.wait().unwrap();
        self.log.extend(self.lines.iter().map(|line| line + "\n"));
        self.host.keeps_its_secrets(&self.log);
        Ended {
            status,
            log: std::mem::take(&mut self.log),
        }
    }

    /// Has it end in its own time, which must succeed; its log.
    #[track_caller]
    pub(crate) fn stop(self) -> String {
        self.signal(Signal::TERM);
        let ended = self.ends();
        assert!(ended.status.success(), "{ended:?}");
        assert!(ended.log.contains("ended"), "{ended:?}");
        ended.log
    }

    /// Kills it where it stands.
    pub(crate) fn kill(self) {
        self.signal(Signal::KILL);
        let ended = self.ends();
        assert_eq!(ended.status.signal(), Some(9));
    }

    /// A connection to the public listener.
    pub(crate) fn tcp(&self) -> Connection {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(LONG)).unwrap();
        stream.set_nodelay(true).unwrap();
        Connection::new(stream)
    }

    /// A connection to the private listener.
    pub(crate) fn unix(&self) -> Connection {
        unix(&self.socket)
    }

    /// One verify over a connection of its own, with these header lines.
    pub(crate) fn verify(&self, headers: &str) -> Answer {
        self.tcp().get("/v1/verify", headers)
    }
}

impl Drop for Daemon<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Writes the machine's configuration.
pub(crate) fn configure(host: &Host, config: &str) {
    let directory = host.path("home/.config/strongroom");
    std::fs::create_dir_all(&directory).unwrap();
    std::fs::write(directory.join("config.toml"), config).unwrap();
}

/// A connection to the unix socket at `path`.
pub(crate) fn unix(path: &Path) -> Connection {
    let stream = UnixStream::connect(path).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    Connection::new(stream)
}

/// What carries a connection.
pub(crate) trait Carrier: Read + Write + Send {
    /// Says that nothing more will be sent.
    fn finish(&mut self);
}

impl Carrier for TcpStream {
    fn finish(&mut self) {
        let _ = self.shutdown(Shutdown::Write);
    }
}

impl Carrier for UnixStream {
    fn finish(&mut self) {
        let _ = self.shutdown(Shutdown::Write);
    }
}

impl Carrier for SslStream<TcpStream> {
    fn finish(&mut self) {
        let _ = self.shutdown();
    }
}

/// A connection that is kept alive.
pub(crate) struct Connection(BufReader<Box<dyn Carrier>>);

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    /// The value of a header, which is there once at most.
    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(known, _)| known == name);
        let first = found.next();
        assert!(found.next().is_none(), "{name} twice: {self:?}");
        first.map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{self:?}"))
    }
}

impl Connection {
    pub(crate) fn new(carrier: impl Carrier + 'static) -> Self {
        Self(BufReader::new(Box::new(carrier)))
    }

    /// Sends bytes as they are; `false` where the other end takes no more.
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        let carrier = self.0.get_mut();
        carrier
            .write_all(bytes.as_ref())
            .and_then(|()| carrier.flush())
            .is_ok()
    }

    /// Sends bytes, and that there are no more.
    pub(crate) fn send_all(&mut self, bytes: impl AsRef<[u8]>) {
        self.send(bytes);
        self.0.get_mut().finish();
    }

    /// A GET of `path` with these header lines, each ended by CRLF.
    #[track_caller]
    pub(crate) fn get(&mut self, path: &str, headers: &str) -> Answer {
        self.ask(format!("GET {path} HTTP/1.1\r\nHost: test\r\n{headers}\r\n"))
    }

    /// Sends a request and reads its answer.
    #[track_caller]
    pub(crate) fn ask(&mut self, request: impl AsRef<[u8]>) -> Answer {
        self.send(request);
        self.answer()
            .unwrap_or_else(|| panic!("hung up without an answer"))
    }

    /// Whether it finds a place, and is answered.
    pub(crate) fn is_served(&mut self) -> bool {
        self.send("GET /healthz HTTP/1.1\r\nHost: test\r\n\r\n") && self.answer().is_some()
    }

    /// The next answer, which has a body; `None` when the other end hung up instead.
    pub(crate) fn answer(&mut self) -> Option<Answer> {
        let (status, headers) = self.head()?;
        let mut answer = Answer {
            status,
            headers,
            body: String::new(),
        };
        let length = answer.header("content-length").map(|text| text.parse().unwrap());
        let mut body = vec![0; length.unwrap_or(0)];
        self.0.read_exact(&mut body).unwrap();
        answer.body = String::from_utf8(body).unwrap();
        Some(answer)
    }

    /// The next answer's head alone, as for HEAD.
    pub(crate) fn head(&mut self) -> Option<(u16, Vec<(String, String)>)> {
        let first = self.line()?;
        // An alert of TLS is no answer.
        let status = first
            .strip_prefix("HTTP/")?
            .split(' ')
            .nth(1)
            .unwrap()
            .parse()
            .unwrap();
        let mut headers = Vec::new();
        loop {
            let line = self.line().unwrap();
            let Some((name, value)) = line.split_once(": ") else {
                assert_eq!(line, "");
                return Some((status, headers));
            };
            headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
    }

    /// Whether nothing more comes: the other end hung up, or reset the connection.
    pub(crate) fn is_closed(&mut self) -> bool {
        let mut rest = Vec::new();
        match self.0.read_to_end(&mut rest) {
            Ok(_) => rest.is_empty(),
            Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
        }
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        // A connection that was reset has no more to say, either.
        if self.0.read_line(&mut line).unwrap_or(0) == 0 {
            return None;
        }
        Some(line.trim_end_matches("\r\n").to_owned())
    }
}
