//! Verify's shortest way: what a proxy asks over and over is answered from the bytes that came, without hyper.
//!
//! - A connection's requests are answered here from the first on, for as long as each is a plain one: `GET` of verify's path
//!   in HTTP/1.1 with one token, without a body, with nothing said of how the connection goes on. The first that is
//!   anything else goes to hyper, and with it all that comes later: one judge of what is unusual, who sees it from its start.
//! - A head is read by hyper's own parser, and judged by what judges all others; the answer has the same status and headers.
//! - A token is wiped from where it was read once it was answered.

use std::mem::MaybeUninit;
use std::ops::Range;
use std::sync::Arc;

use http::Response;
use httparse::{Header, Request, Status};
use tokio::io::ReadBuf;
use zeroize::{Zeroize as _, Zeroizing};

use super::body::Body;
use super::peer::{Said, Session};
use super::public::verify;
use super::route::is_verify;
use crate::service::ports::Clock as _;
use crate::system::clock::SystemClock;

/// A request with more is hyper's.
const MOST_HEADERS: usize = 32;
/// The longest beginning of a head that is kept until the rest comes.
const LONGEST_PART: usize = 2048;

/// Answers one connection's plain requests.
pub(super) struct Plain {
    session: Arc<Session>,
    /// The beginning of a head whose rest did not come yet.
    part: Zeroizing<Vec<u8>>,
    date: Date,
}

/// What is left of the bytes that came, at their beginning, and for whom.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Came {
    /// So many for the next look: nothing, or a part of a head.
    Part(usize),
    /// So many for hyper.
    Other(usize),
}

impl Plain {
    pub(super) fn new(session: Arc<Session>) -> Self {
        Self {
            session,
            part: Zeroizing::default(),
            date: Date::default(),
        }
    }

    /// Puts what was kept where the rest of it will be read, if there is room for both.
    #[must_use]
    pub(super) fn give_back(&mut self, buffer: &mut ReadBuf<'_>) -> bool {
        let has_room = buffer.remaining() > self.part.len();
        if has_room {
            buffer.put_slice(&self.part);
            self.part.zeroize();
        }
        has_room
    }

    /// Keeps the `left` bytes from `begin` on, and takes them out.
    pub(super) fn keep(&mut self, buffer: &mut ReadBuf<'_>, begin: usize, left: usize) {
        if let Some(part) = buffer.filled_mut().get_mut(begin..begin + left)
            && left > 0
        {
            // All at once, so that growing leaves no copy behind.
            self.part.reserve_exact(LONGEST_PART);
            self.part.extend_from_slice(part);
            part.zeroize();
        }
        buffer.set_filled(begin);
    }

    /// Answers the plain requests that `came` begins with, onto `wire`.
    pub(super) fn answer(&mut self, came: &mut [u8], wire: &mut Vec<u8>) -> Came {
        let mut done = 0;
        let left = loop {
            let rest = came.get_mut(done..).unwrap_or_default();
            let head = match read(rest) {
                Read::Plain(head) if self.may_verify() => head,
                Read::Part if rest.len() < LONGEST_PART => break Came::Part(rest.len()),
                _ => break Came::Other(rest.len()),
            };
            self.verify(&head, wire);
            let (token, length) = (place(head.token, rest), head.length);
            if let Some(token) = rest.get_mut(token) {
                token.zeroize();
            }
            done += length;
        };
        came.copy_within(done.., 0);
        left
    }

    fn may_verify(&self) -> bool {
        let rights = &self.session.state.options.rights;
        self.session.peer.may_verify(rights).is_ok()
    }

    fn verify(&mut self, head: &Head<'_>, wire: &mut Vec<u8>) {
        let counts = &self.session.counts;
        let timing = counts.begin();
        let judged = verify::current(&self.session.state).and_then(|service| {
            let (found, status) = verify::judge(service, head.token, &self.session.origin(head))?;
            service.with_grant(&found, status, |grant| verify::write_good(grant, wire));
            Ok(())
        });
        match judged {
            Ok(()) => {
                counts.good(timing);
                self.date.write(wire);
            }
            Err(refused) => {
                counts.verified(&refused, timing);
                self.write(&refused, wire);
            }
        }
    }

    /// Writes an answer whose body is there.
    fn write(&mut self, response: &Response<Body>, wire: &mut Vec<u8>) {
        let status = response.status();
        let body: &[u8] = match response.body() {
            Body::Full(bytes) => bytes,
            Body::Empty | Body::Stream(_) => b"",
        };
        let reason = status.canonical_reason().unwrap_or_default();
        wire.extend_from_slice(format!("HTTP/1.1 {} {reason}\r\n", status.as_str()).as_bytes());
        for (name, value) in response.headers() {
            let line = [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"];
            wire.extend_from_slice(&line.concat());
        }
        wire.extend_from_slice(format!("content-length: {}\r\n", body.len()).as_bytes());
        self.date.write(wire);
        wire.extend_from_slice(body);
    }
}

/// Where `part` is in `whole`.
fn place(part: &[u8], whole: &[u8]) -> Range<usize> {
    let begin = part.as_ptr().addr().saturating_sub(whole.as_ptr().addr());
    begin..begin + part.len()
}

/// The line that says when (RFC 9110, 6.6.1), made once a second.
#[derive(Default)]
struct Date {
    second: i64,
    line: String,
}

impl Date {
    /// Writes it, and the end of the head.
    fn write(&mut self, wire: &mut Vec<u8>) {
        let now = SystemClock.now();
        let second = now.millis().div_euclid(1000);
        if self.second != second {
            self.second = second;
            self.line = now
                .utc()
                .format("date: %a, %d %b %Y %H:%M:%S GMT\r\n\r\n")
                .to_string();
        }
        wire.extend_from_slice(self.line.as_bytes());
    }
}

/// What bytes begin with.
#[derive(Debug, PartialEq, Eq)]
enum Read<'b> {
    Plain(Head<'b>),
    /// A head whose end is not there.
    Part,
    Other,
}

/// A plain request.
#[derive(Debug, Default, PartialEq, Eq)]
struct Head<'b> {
    /// How long it is.
    length: usize,
    token: &'b [u8],
    forwarded_for: Option<&'b [u8]>,
    agent: Option<&'b [u8]>,
}

impl Said for Head<'_> {
    fn forwarded_for(&self) -> impl Iterator<Item = &[u8]> {
        self.forwarded_for.into_iter()
    }

    fn agent(&self) -> &[u8] {
        self.agent.unwrap_or_default()
    }
}

fn read(bytes: &[u8]) -> Read<'_> {
    let mut headers = [const { MaybeUninit::<Header<'_>>::uninit() }; MOST_HEADERS];
    let mut request = Request::new(&mut []);
    match request.parse_with_uninit_headers(bytes, &mut headers) {
        Ok(Status::Complete(length)) => plain(&request, length).map_or(Read::Other, Read::Plain),
        Ok(Status::Partial) => Read::Part,
        Err(_) => Read::Other,
    }
}

/// The request, if it is a plain one.
fn plain<'b>(request: &Request<'_, 'b>, length: usize) -> Option<Head<'b>> {
    let path = request.path?;
    let is_plain = request.method == Some("GET")
        && request.version == Some(1)
        && is_verify(path.split('?').next()?)
        && path.bytes().all(is_plain_in_path);
    if !is_plain {
        return None;
    }
    let mut head = Head {
        length,
        ..Head::default()
    };
    for Header { name, value } in &*request.headers {
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        match name.len() {
            2 if is("te") => return None,
            6 if is("expect") => return None,
            7 if is("upgrade") || is("trailer") => return None,
            10 if is("connection") && !value.eq_ignore_ascii_case(b"keep-alive") => return None,
            10 if is("user-agent") => head.agent = head.agent.or(Some(value)),
            12 if is("x-auth-token") => once(&mut head.token, value.trim_ascii())?,
            14 if is("content-length") => return None,
            15 if is("x-forwarded-for") && head.forwarded_for.replace(value).is_some() => return None,
            17 if is("transfer-encoding") => return None,
            _ => {}
        }
    }
    (!head.token.is_empty()).then_some(head)
}

/// Takes a value that may be there once.
fn once<'b>(place: &mut &'b [u8], value: &'b [u8]) -> Option<()> {
    let is_first = place.is_empty() && !value.is_empty();
    is_first.then(|| *place = value)
}

/// What every reader of paths takes as it is.
const fn is_plain_in_path(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'/' | b'-' | b'_' | b'.' | b'~' | b'%' | b'?' | b'=' | b'&' | b'+'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: &str = "Host: x\r\nX-Auth-Token: abc \r\n";

    fn of(first: &str, lines: &str) -> String {
        format!("{first}\r\n{lines}\r\n")
    }

    #[track_caller]
    fn is_plain(text: &str) {
        match read(text.as_bytes()) {
            Read::Plain(head) => assert_eq!((head.token, head.length), (&b"abc"[..], text.len()), "{text}"),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn what_proxies_ask_is_plain() {
        for first in [
            "GET /v1/verify HTTP/1.1",
            "GET /v1/verify/pay/7?x=1&y=%20 HTTP/1.1",
            "GET /v1/verify? HTTP/1.1",
        ] {
            is_plain(&of(first, LINES));
        }
        let more = "connection: Keep-Alive\r\nUser-Agent: a\r\nX-FORWARDED-FOR: 192.0.2.7\r\nCookie: a=b\r\n";
        is_plain(&of("GET /v1/verify HTTP/1.1", &format!("{LINES}{more}")));
    }

    #[test]
    fn what_is_anything_else_is_not() {
        for first in [
            "POST /v1/verify HTTP/1.1",
            "HEAD /v1/verify HTTP/1.1",
            "GET /v1/verify HTTP/1.0",
            "GET /v1/verifying HTTP/1.1",
            "GET /v1/verify#x HTTP/1.1",
            "GET /v1/verify\u{e9} HTTP/1.1",
            "GET http://x/v1/verify HTTP/1.1",
            "GET /healthz HTTP/1.1",
            "GET  /v1/verify HTTP/1.1",
            "\x16\x03\x01",
        ] {
            assert_eq!(read(of(first, LINES).as_bytes()), Read::Other, "{first}");
        }
        for line in [
            "Content-Length: 0",
            "Transfer-Encoding: chunked",
            "Connection: close",
            "Connection: keep-alive, upgrade",
            "Upgrade: h2c",
            "Expect: 100-continue",
            "TE: trailers",
            "Trailer: x",
            "X-Auth-Token: def",
            "x-auth-token:",
            "X-Forwarded-For: a\r\nX-Forwarded-For: b",
            " folded: x",
        ] {
            let text = of("GET /v1/verify HTTP/1.1", &format!("{LINES}{line}\r\n"));
            assert_eq!(read(text.as_bytes()), Read::Other, "{line}");
        }
        let without = of("GET /v1/verify HTTP/1.1", "Host: x\r\nX-Auth-Token: \r\n");
        assert_eq!(read(without.as_bytes()), Read::Other);
        let many: String = (0..MOST_HEADERS).map(|i| format!("x{i}: y\r\n")).collect();
        let text = of("GET /v1/verify HTTP/1.1", &format!("{LINES}{many}"));
        assert_eq!(read(text.as_bytes()), Read::Other);
    }

    #[test]
    fn a_head_without_its_end_is_a_part() {
        let text = of("GET /v1/verify HTTP/1.1", LINES);
        for end in 0..text.len() {
            assert_eq!(read(&text.as_bytes()[..end]), Read::Part, "{end}");
        }
    }

    #[test]
    fn a_part_is_found_where_it_is() {
        let whole = b"x-auth-token: abc";
        assert_eq!(place(&whole[14..], whole), 14..17);
    }
}
