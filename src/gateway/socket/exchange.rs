//! One request and its answer over the daemon's socket.
//!
//! HTTP/1.0 on a connection of its own: the answer has a length or ends with the connection, and nothing is ever mixed up with
//! another one. Written by hand because passwords and tokens go through it: every buffer here is wiped. An answer is bounded.

use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use zeroize::{Zeroize as _, Zeroizing};

/// The longest head of an answer.
const LONGEST_HEAD: usize = 16 * 1024;
/// The longest answer: a hundred thousand tokens.
const LONGEST_ANSWER: usize = 128 * 1024 * 1024;
/// The longest that an answer may take; a verification of the whole log takes minutes.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// What is asked.
pub(super) struct Question<'a> {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    /// Names and values; what could end a line is no value.
    pub(super) headers: &'a [(&'static str, String)],
    pub(super) body: &'a [u8],
}

/// What is answered.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Zeroizing<Vec<u8>>,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Broken {
    /// Nobody heard the question.
    Unheard(io::Error),
    /// It was asked, and what became of it is unknown.
    Midway(io::Error),
}

/// Asks, and reads the whole answer.
pub(super) fn exchange(socket: &Path, question: &Question<'_>) -> Result<Answer, Broken> {
    let (mut stream, head) = ask(socket, question)?;
    let mut answer = read_rest(&mut stream, head).map_err(Broken::Midway)?;
    if answer.status == 0 {
        answer.body.zeroize();
        return Err(Broken::Midway(io::ErrorKind::InvalidData.into()));
    }
    Ok(answer)
}

/// The beginning of an answer: its head, and what of the body came with it.
pub(super) struct Head {
    bytes: Zeroizing<Vec<u8>>,
    end: usize,
}

impl Head {
    pub(super) fn status(&self) -> u16 {
        let line = self.bytes.get(..12).unwrap_or_default();
        let is_http = line.starts_with(b"HTTP/1.");
        let digits = std::str::from_utf8(line.get(9..).unwrap_or_default()).ok();
        digits
            .filter(|_| is_http)
            .and_then(|digits| digits.parse().ok())
            .unwrap_or(0)
    }

    fn length(&self) -> Option<usize> {
        let head = std::str::from_utf8(self.bytes.get(..self.end)?).ok()?;
        let lengths = head.lines().filter_map(|line| line.split_once(':'));
        lengths
            .filter(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .find_map(|(_, value)| value.trim().parse().ok())
    }

    /// What of the body came with it.
    pub(super) fn rest(&self) -> &[u8] {
        self.bytes.get(self.end..).unwrap_or_default()
    }
}

/// Asks, and reads the answer's head.
pub(super) fn ask(socket: &Path, question: &Question<'_>) -> Result<(UnixStream, Head), Broken> {
    let mut stream = whole(|| UnixStream::connect(socket)).map_err(Broken::Unheard)?;
    let timeouts = stream
        .set_write_timeout(Some(PATIENCE))
        .and_then(|()| stream.set_read_timeout(Some(PATIENCE)));
    timeouts.map_err(Broken::Unheard)?;
    // Without its whole body the daemon does not begin; with it, it may have.
    let text = written(question);
    stream.write_all(&text).map_err(Broken::Midway)?;
    let head = read_head(&mut stream).map_err(Broken::Midway)?;
    Ok((stream, head))
}

fn written(question: &Question<'_>) -> Zeroizing<Vec<u8>> {
    let mut head = format!(
        "{} {} HTTP/1.0\r\nhost: localhost\r\ncontent-length: {}\r\n",
        question.method,
        question.path,
        question.body.len()
    );
    for (name, value) in question.headers {
        if !value.chars().any(char::is_control) {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
    }
    head.push_str("\r\n");
    let mut text = Zeroizing::new(Vec::with_capacity(head.len() + question.body.len()));
    text.extend_from_slice(head.as_bytes());
    text.extend_from_slice(question.body);
    // The session is in it.
    head.zeroize();
    text
}

/// Once more where a signal came between: with a timeout set the system does not begin again by itself (signal(7)).
fn whole<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

fn read_head(stream: &mut UnixStream) -> io::Result<Head> {
    let mut bytes = Zeroizing::new(vec![0; LONGEST_HEAD]);
    let mut filled = 0;
    loop {
        let room = bytes.get_mut(filled..).unwrap_or_default();
        if room.is_empty() {
            return Err(io::ErrorKind::InvalidData.into());
        }
        match whole(|| stream.read(room))? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => filled += count,
        }
        let read = bytes.get(..filled).unwrap_or_default();
        if let Some(end) = read.windows(4).position(|window| window == b"\r\n\r\n") {
            bytes.truncate(filled);
            return Ok(Head { bytes, end: end + 4 });
        }
    }
}

fn read_rest(stream: &mut UnixStream, head: Head) -> io::Result<Answer> {
    let length = head.length().filter(|length| *length <= LONGEST_ANSWER);
    let length = length.ok_or(io::ErrorKind::InvalidData)?;
    let mut body = Zeroizing::new(vec![0; length]);
    let rest = head.rest();
    let came = rest.len().min(length);
    let (begin, missing) = body.split_at_mut(came);
    begin.copy_from_slice(rest.get(..came).unwrap_or_default());
    stream.read_exact(missing)?;
    Ok(Answer {
        status: head.status(),
        body,
    })
}
