//! A load generator for the daemon and its peers: the same request over and over, on many connections, pipelined or not.
//!
//! `cargo bench --bench load -- ADDRESS [options] [HEADER…]`, where ADDRESS is `host:port`, or a path for a unix socket.
//! It prints a line of JSON: answers a second, latencies in microseconds, answers by status. A connection keeps `depth`
//! requests under way; latency is from a request's write to its answer's last byte. With `--rate` all connections together
//! send no more than so many a second. `--junk` sends another well-formed, unknown token each time, `--logins` another
//! cashier's e-mail and password: `tests/bench/flood` measures what others notice of it.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a program that measures time, outside the harness that clippy knows tests by"
)]

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use strongroom::domain::text::{Brand, Environment};
use strongroom::domain::token::TokenSecret;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use tokio::runtime;

struct Plan {
    address: String,
    connections: usize,
    depth: usize,
    duration: Duration,
    /// How long a connection waits from one batch to the next.
    pause: Option<Duration>,
    request: Request,
}

/// What is sent.
#[derive(Clone)]
enum Request {
    Same(Vec<u8>),
    Junk,
    Login,
}

impl Request {
    /// The numbered one.
    fn bytes(&self, number: u64) -> Vec<u8> {
        match self {
            Self::Same(bytes) => bytes.clone(),
            Self::Junk => {
                let mut random = [0; 32];
                random[..8].copy_from_slice(&number.to_le_bytes());
                let (brand, environment) = (Brand::from_stored("FinCode"), Environment::from_stored("prod"));
                let token = TokenSecret::from_random(random).text(&brand, &environment);
                let token = token.expose_text().unwrap();
                format!("GET /v1/verify HTTP/1.1\r\nHost: localhost\r\nX-Auth-Token: {token}\r\n\r\n")
                    .into_bytes()
            }
            Self::Login => {
                let body =
                    format!(r#"{{"email":"nobody-{number}@acme.test","password":"not the right one"}}"#);
                let length = body.len();
                format!("POST /v1/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}").into_bytes()
            }
        }
    }
}

#[derive(Default)]
struct Seen {
    latencies: Vec<u32>,
    statuses: BTreeMap<u16, u64>,
}

fn main() {
    let Some(plan) = Plan::of_arguments() else {
        // `cargo bench` runs every benchmark without arguments.
        println!("load: nothing to do without an address");
        return;
    };
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let begun = Instant::now();
    let seen = runtime.block_on(run(&plan));
    report(&plan, seen, begun.elapsed());
}

impl Plan {
    fn of_arguments() -> Option<Self> {
        let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
        let mut plan = Self {
            address: arguments.next()?,
            connections: 64,
            depth: 1,
            duration: Duration::from_secs(5),
            pause: None,
            request: Request::Junk,
        };
        let (mut rate, mut other) = (None, None);
        let (mut path, mut headers) = ("/v1/verify".to_owned(), String::new());
        while let Some(argument) = arguments.next() {
            let mut number = || arguments.next().unwrap().parse().unwrap();
            match argument.as_str() {
                "--connections" => plan.connections = number(),
                "--depth" => plan.depth = number(),
                "--seconds" => plan.duration = Duration::from_secs(number() as u64),
                "--rate" => rate = Some(number()),
                "--junk" => other = Some(Request::Junk),
                "--logins" => other = Some(Request::Login),
                "--path" => path = arguments.next().unwrap(),
                header => headers += &format!("{header}\r\n"),
            }
        }
        let same = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n").into_bytes();
        plan.request = other.unwrap_or(Request::Same(same));
        let at_once = plan.connections * plan.depth;
        plan.pause = rate.map(|rate: usize| Duration::from_secs_f64(at_once as f64 / rate as f64));
        Some(plan)
    }
}

async fn run(plan: &Plan) -> Seen {
    let ends = Instant::now() + plan.duration;
    let connections: Vec<_> = (0..plan.connections)
        .map(|number| {
            let address = plan.address.clone();
            let mut drive = Drive {
                request: plan.request.clone(),
                depth: plan.depth,
                pause: plan.pause,
                // Nothing that another connection sends.
                next: (number as u64) << 32,
            };
            // Not all at the same moment.
            let first = plan
                .pause
                .unwrap_or_default()
                .mul_f64(number as f64 / plan.connections as f64);
            tokio::spawn(async move {
                tokio::time::sleep(first).await;
                if address.starts_with('/') {
                    let stream = UnixStream::connect(&address).await.unwrap();
                    drive.until(ends, stream).await
                } else {
                    let stream = TcpStream::connect(&address).await.unwrap();
                    stream.set_nodelay(true).unwrap();
                    drive.until(ends, stream).await
                }
            })
        })
        .collect();
    let mut all = Seen::default();
    for connection in connections {
        let seen = connection.await.unwrap();
        all.latencies.extend(seen.latencies);
        for (status, count) in seen.statuses {
            *all.statuses.entry(status).or_default() += count;
        }
    }
    all
}

/// What one connection does.
struct Drive {
    request: Request,
    depth: usize,
    pause: Option<Duration>,
    next: u64,
}

impl Drive {
    fn batch(&mut self) -> Vec<u8> {
        let first = self.next;
        self.next += self.depth as u64;
        (first..self.next)
            .flat_map(|number| self.request.bytes(number))
            .collect()
    }

    async fn until(&mut self, ends: Instant, mut stream: impl AsyncRead + AsyncWrite + Unpin) -> Seen {
        let mut seen = Seen::default();
        let (mut buffer, mut filled) = (vec![0; 64 * 1024], 0);
        let mut sent = VecDeque::with_capacity(self.depth);
        let mut due = tokio::time::Instant::now();
        let same = matches!(self.request, Request::Same(_)).then(|| self.batch());
        while Instant::now() < ends {
            match &same {
                Some(batch) => stream.write_all(batch).await.unwrap(),
                None => stream.write_all(&self.batch()).await.unwrap(),
            }
            sent.extend(std::iter::repeat_n(Instant::now(), self.depth));
            while !sent.is_empty() {
                let read = stream.read(&mut buffer[filled..]).await.unwrap();
                assert!(read > 0, "the connection was closed");
                filled += read;
                let mut at = 0;
                while let Some((status, length)) = answer(&buffer[at..filled]) {
                    at += length;
                    let since: Instant = sent.pop_front().unwrap();
                    seen.latencies
                        .push(since.elapsed().as_micros().try_into().unwrap_or(u32::MAX));
                    *seen.statuses.entry(status).or_default() += 1;
                }
                buffer.copy_within(at..filled, 0);
                filled -= at;
            }
            if let Some(pause) = self.pause {
                due += pause;
                tokio::time::sleep_until(due).await;
            }
        }
        seen
    }
}

/// The status and length of the answer that `bytes` begin with, if it is whole: a head and what it says follows it.
fn answer(bytes: &[u8]) -> Option<(u16, usize)> {
    let head = memchr::memmem::find(bytes, b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&bytes[..head]).unwrap();
    let status = text[9..12].parse().unwrap();
    let length = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse::<usize>().unwrap())
    });
    let whole = head + length.unwrap_or(0);
    (bytes.len() >= whole).then_some((status, whole))
}

fn report(plan: &Plan, mut seen: Seen, took: Duration) {
    seen.latencies.sort_unstable();
    let at = |share: f64| {
        seen.latencies
            .get((seen.latencies.len() as f64 * share) as usize)
            .copied()
            .unwrap_or(0)
    };
    let line = serde_json::json!({
        "per_second": (seen.latencies.len() as f64 / took.as_secs_f64()).round(),
        "p50_us": at(0.5),
        "p99_us": at(0.99),
        "statuses": seen.statuses,
        "connections": plan.connections,
        "depth": plan.depth,
    });
    println!("{line}");
}
