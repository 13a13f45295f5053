//! A service that clients send their fields to, as the guide has it: in front of the daemon, behind no proxy.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::daemon::{Connection, Daemon, LONG, unix};

/// What a request is answered whose key was replaced.
pub(crate) const ROTATED: &str = r#"{"error":{"code":"key_rotated"}}"#;

/// The service; it answers until the test's process ends.
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
    /// What pages report.
    pub(crate) reports: Receiver<Value>,
}

struct Shared {
    daemon: SocketAddr,
    socket: PathBuf,
    /// Sent on by the service itself, where its clients have none.
    token: Option<String>,
    /// Files that it serves, each with its media type.
    files: BTreeMap<&'static str, (&'static str, String)>,
    seen: Mutex<Vec<Seen>>,
    refusal: Mutex<Option<&'static str>>,
    reporter: Mutex<Sender<Value>>,
}

/// A request, and how it was answered.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) what: String,
    pub(crate) status: u16,
    /// A payload as the daemon opened it.
    pub(crate) opened: Value,
}

struct Request {
    what: String,
    headers: BTreeMap<String, String>,
    body: String,
}

impl Upstream {
    /// In front of `daemon`.
    pub(crate) fn start(daemon: &Daemon<'_>) -> Self {
        Self::serving(daemon, None, BTreeMap::new())
    }

    /// In front of `daemon`, with files, and with a token that it adds itself.
    pub(crate) fn serving(
        daemon: &Daemon<'_>,
        token: Option<String>,
        files: BTreeMap<&'static str, (&'static str, String)>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (reporter, reports) = channel();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            daemon: daemon.address,
            socket: daemon.socket.clone(),
            token,
            files,
            seen: Mutex::default(),
            refusal: Mutex::default(),
            reporter: Mutex::new(reporter),
        });
        let serving = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let shared = Arc::clone(&serving);
                std::thread::spawn(move || shared.serve(stream.unwrap()));
            }
        });
        Self {
            address,
            shared,
            reports,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on it answers 409 with this body, or no longer.
    pub(crate) fn refuse(&self, body: Option<&'static str>) {
        *self.shared.refusal.lock().unwrap() = body;
    }

    /// What came since the last call.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        std::mem::take(&mut self.shared.seen.lock().unwrap())
    }
}

impl Shared {
    fn serve(&self, stream: TcpStream) {
        stream.set_read_timeout(Some(LONG)).unwrap();
        let mut reader = BufReader::new(stream);
        // A browser opens connections that it may not use.
        let Some(request) = read(&mut reader) else { return };
        let (status, kind, body, opened) = self.answer(&request);
        self.seen.lock().unwrap().push(Seen {
            what: request.what,
            status,
            opened,
        });
        let head = format!(
            "HTTP/1.1 {status} -\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        // Whoever asked may be gone.
        let _ = reader.get_mut().write_all((head + &body).as_bytes());
    }

    fn answer(&self, request: &Request) -> (u16, &'static str, String, Value) {
        let json = "application/json";
        let none = Value::Null;
        let path = request.what.split_once(' ').unwrap().1;
        if let Some((kind, text)) = self.files.get(path) {
            return (200, kind, text.clone(), none);
        }
        let token = self
            .token
            .as_ref()
            .or_else(|| request.headers.get("x-auth-token"));
        let headers = format!("X-Auth-Token: {}\r\n", token.map_or("", String::as_str));
        let mut public = Connection::new(TcpStream::connect(self.daemon).unwrap());
        match request.what.as_str() {
            "POST /report" => {
                let report = serde_json::from_str(&request.body).unwrap();
                // The test may be over.
                let _ = self.reporter.lock().unwrap().send(report);
                (200, json, "{}".into(), none)
            }
            "GET /v1/public-key" => {
                let answer = public.get("/v1/public-key", &headers);
                (answer.status, json, answer.body, none)
            }
            "POST /profile" if public.get("/v1/verify", &headers).status != 200 => {
                (401, json, r#"{"error":{"code":"invalid"}}"#.into(), none)
            }
            "POST /profile" => {
                if let Some(body) = *self.refusal.lock().unwrap() {
                    return (409, json, body.into(), none);
                }
                assert!(
                    request.headers["content-type"].starts_with(json),
                    "{:?}",
                    request.headers
                );
                let answer = payload(&self.socket, &request.headers["x-key-fingerprint"], &request.body);
                match answer.status {
                    200 => (201, json, r#"{"changed":true}"#.into(), answer.json()),
                    status => (status, json, answer.body, none),
                }
            }
            _ => (404, json, "{}".into(), none),
        }
    }
}

/// Has the daemon open a payload.
fn payload(socket: &Path, fingerprint: &str, body: &str) -> crate::daemon::Answer {
    unix(socket).ask(format!(
        "POST /v1/payload HTTP/1.1\r\nHost: test\r\nContent-Length: {}\r\nX-Key-Fingerprint: {fingerprint}\r\n\r\n{body}",
        body.len()
    ))
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|length| *length > 0)?;
    let mut words = line.split(' ');
    let what = format!("{} {}", words.next()?, words.next()?);
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers
        .get("content-length")
        .map_or(0, |text| text.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request {
        what,
        headers,
        body: String::from_utf8(body).unwrap(),
    })
}
