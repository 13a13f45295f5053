//! A client that does little itself: requests as bytes, answers read for their status.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use crate::daemon::{Carrier, Daemon, LONG};

/// Where a daemon is asked.
#[derive(Debug, Clone)]
pub(crate) enum Door {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

/// Both of a daemon's.
pub(crate) fn doors(daemon: &Daemon<'_>) -> [Door; 2] {
    [Door::Tcp(daemon.address), Door::Unix(daemon.socket.clone())]
}

impl Door {
    pub(crate) fn is_unix(&self) -> bool {
        matches!(self, Self::Unix(_))
    }

    pub(crate) fn open(&self) -> io::Result<Client> {
        let stream: Box<dyn Carrier> = match self {
            Self::Tcp(address) => {
                let stream = TcpStream::connect(address)?;
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(LONG))?;
                Box::new(stream)
            }
            Self::Unix(path) => {
                let stream = UnixStream::connect(path)?;
                stream.set_read_timeout(Some(LONG))?;
                Box::new(stream)
            }
        };
        Ok(Client {
            stream,
            read: Vec::new(),
            begin: 0,
        })
    }
}

/// A connection that is kept.
pub(crate) struct Client {
    stream: Box<dyn Carrier>,
    read: Vec<u8>,
    begin: usize,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) says_when: bool,
    pub(crate) body: Vec<u8>,
}

impl Client {
    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    pub(crate) fn ask(&mut self, bytes: &[u8]) -> io::Result<Answer> {
        self.send(bytes)?;
        self.answer()
    }

    /// The next answer.
    pub(crate) fn answer(&mut self) -> io::Result<Answer> {
        loop {
            let bytes = &self.read[self.begin..];
            if let Some((answer, length)) = answer(bytes) {
                self.begin += length;
                return Ok(answer);
            }
            self.read.drain(..self.begin);
            self.begin = 0;
            let filled = self.read.len();
            self.read.resize(filled + 16 * 1024, 0);
            let more = self.stream.read(&mut self.read[filled..]);
            self.read.truncate(filled + more.as_ref().map_or(0, |more| *more));
            if more? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
}

/// The answer that `bytes` begin with, if it is whole, and its length.
fn answer(bytes: &[u8]) -> Option<(Answer, usize)> {
    let head = memchr::memmem::find(bytes, b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&bytes[..head]).unwrap();
    let value = |name: &str| {
        text.lines().find_map(|line| {
            let (known, value) = line.split_once(": ")?;
            known.eq_ignore_ascii_case(name).then_some(value)
        })
    };
    let body = value("content-length").map_or(0, |text| text.parse().unwrap());
    let whole = head + body;
    let answer = Answer {
        status: text[9..12].parse().unwrap(),
        says_when: value("retry-after").is_some(),
        body: bytes.get(head..whole)?.to_vec(),
    };
    Some((answer, whole))
}

/// A GET with these header lines, each ended by CRLF.
pub(crate) fn get(path: &str, lines: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: test\r\n{lines}\r\n").into_bytes()
}

/// A verify with these header lines, each ended by CRLF.
pub(crate) fn verify(lines: &str) -> Vec<u8> {
    get("/v1/verify", lines)
}

/// A POST of JSON.
pub(crate) fn post(path: &str, body: &serde_json::Value) -> Vec<u8> {
    let body = body.to_string();
    format!(
        "POST {path} HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
