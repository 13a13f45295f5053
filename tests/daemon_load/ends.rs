//! What ended is refused by every verify that begins after the end was answered, on every connection; until the end was
//! asked for, none is.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use strongroom::service::Error;
use strongroom::service::request::Invalidation;

use crate::client::{Door, doors, post, verify};
use crate::daemon::{Daemon, LONG};
use crate::desk::Desk;
use crate::host::{Host, PASSWORD};
use crate::tokens::{ADA, Mint, Token};

/// Tokens that end in each way.
const EACH: usize = 60;

/// How something ends.
#[derive(Debug)]
enum End {
    Invalidated(Invalidation, Token),
    /// The old one of a rotation.
    CutOver(Token),
    /// The new one of a rotation.
    Undone(Token),
    /// Its callers' addresses are not on its list.
    SentAway(Token),
    /// A login, by an admin's command.
    LoginEnded,
    /// A login, by its own refresh token.
    LoggedOut(Value),
}

/// A credential that is good, then ends.
struct Subject {
    request: Vec<u8>,
    end: End,
    /// The watchers that found it good, a bit each.
    found_good: AtomicU64,
    /// Set before its end is asked for.
    is_ending: AtomicBool,
    /// Set when that was answered.
    has_ended: AtomicBool,
    /// The watchers that asked after that.
    found_ended: AtomicU64,
}

impl End {
    /// What a verify is answered afterwards.
    fn status(&self) -> u16 {
        if matches!(self, Self::SentAway(_)) {
            403
        } else {
            401
        }
    }
}

impl Subject {
    fn new(line: &str, end: End) -> Self {
        Self {
            request: verify(line),
            end,
            found_good: AtomicU64::new(0),
            is_ending: AtomicBool::new(false),
            has_ended: AtomicBool::new(false),
            found_ended: AtomicU64::new(0),
        }
    }
}

/// Somebody who asks again and again.
#[derive(Clone)]
struct Watcher {
    door: Door,
    /// Requests under way at a time.
    window: usize,
    is_kept: bool,
}

#[test]
fn what_ended_is_refused_from_the_answer_on_by_every_connection() {
    let host = Host::onboarded();
    let mint = Mint::of(&host);
    let mut subjects = Vec::new();
    for (kind, how) in Invalidation::ALL.into_iter().enumerate() {
        let tokens = mint.tokens(kind * EACH..(kind + 1) * EACH);
        subjects.extend(
            tokens
                .into_iter()
                .map(|token| Subject::new(&token.line(), End::Invalidated(how, token))),
        );
    }
    for (number, old) in mint.tokens(1_000..1_000 + EACH).into_iter().enumerate() {
        let new = mint.successor(&old);
        subjects.push(if number % 2 == 0 {
            Subject::new(&old.line(), End::CutOver(old))
        } else {
            Subject::new(&new.line(), End::Undone(new))
        });
    }
    for token in mint.tokens(2_000..2_000 + EACH) {
        subjects.push(Subject::new(&token.line(), End::SentAway(token)));
    }
    mint.close();
    let daemon = Daemon::start(&host, "");
    let ended = watched(&daemon, &subjects);
    // What is given back is good from that answer on.
    let (desk, mut client) = (Desk::at(&daemon), doors(&daemon)[0].open().unwrap());
    for subject in &subjects {
        if let End::Invalidated(Invalidation::Revoke, token) = &subject.end {
            desk.restore(token).unwrap();
            assert_eq!(client.ask(&subject.request).unwrap().status, 200);
        }
    }
    // A cashier has one session: each is opened, watched and ended before the next.
    for number in 0..4 {
        let login = log_in(&daemon);
        let line = format!(
            "Authorization: Bearer {}\r\n",
            login["access_token"].as_str().unwrap()
        );
        let end = if number % 2 == 0 {
            End::LoginEnded
        } else {
            End::LoggedOut(json!({ "refresh_token": login["refresh_token"] }))
        };
        watched(&daemon, &[Subject::new(&line, end)]);
    }
    println!("{} tokens ended, {ended} verifications", subjects.len());
    daemon.stop();
}

/// Ends each in turn while all watchers ask for it; how often they did.
fn watched(daemon: &Daemon<'_>, subjects: &[Subject]) -> usize {
    let desk = Desk::at(daemon);
    let watchers = watchers(daemon);
    let everybody = (1 << watchers.len()) - 1;
    let (turn, asked) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for (number, watcher) in watchers.iter().enumerate() {
            let (turn, asked) = (&turn, &asked);
            scope.spawn(move || watch(watcher, 1 << number, subjects, turn, asked));
        }
        // Kept open from the first to the last, and asked now and then.
        let [tcp, unix] = doors(daemon);
        let mut idle: Vec<_> = [&tcp, &unix].map(|door| door.open().unwrap()).into();
        for (number, subject) in subjects.iter().enumerate() {
            turn.store(number, SeqCst);
            until(|| subject.found_good.load(SeqCst) == everybody);
            for client in &mut idle {
                assert_eq!(client.ask(&subject.request).unwrap().status, 200);
            }
            subject.is_ending.store(true, SeqCst);
            end(&desk, daemon, &subject.end).unwrap();
            subject.has_ended.store(true, SeqCst);
            for client in &mut idle {
                let status = client.ask(&subject.request).unwrap().status;
                assert_eq!(status, subject.end.status(), "{:?}", subject.end);
            }
            until(|| subject.found_ended.load(SeqCst) == everybody);
        }
        turn.store(subjects.len(), SeqCst);
    });
    asked.into_inner()
}

fn watchers(daemon: &Daemon<'_>) -> Vec<Watcher> {
    let each = |door: Door| {
        [(1, true), (16, true), (1, false)].map(|(window, is_kept)| Watcher {
            door: door.clone(),
            window,
            is_kept,
        })
    };
    doors(daemon).into_iter().flat_map(each).collect()
}

/// Asks for whose turn it is until there is nobody left. What it knew when a request was sent is kept beside it.
fn watch(watcher: &Watcher, bit: u64, subjects: &[Subject], turn: &AtomicUsize, asked: &AtomicUsize) {
    let mut client = watcher.door.open().unwrap();
    let mut sent = VecDeque::new();
    loop {
        let now = turn.load(SeqCst);
        if let Some(subject) = subjects.get(now) {
            let had_ended = subject.has_ended.load(SeqCst);
            client.send(&subject.request).unwrap();
            sent.push_back((subject, had_ended));
            if sent.len() < watcher.window {
                continue;
            }
        }
        let Some((subject, had_ended)) = sent.pop_front() else {
            return;
        };
        let status = client.answer().unwrap().status;
        let is_ending = subject.is_ending.load(SeqCst);
        asked.fetch_add(1, SeqCst);
        match (status, had_ended, is_ending) {
            (status, true, _) if status == subject.end.status() => {
                subject.found_ended.fetch_or(bit, SeqCst);
            }
            (200, false, _) => {
                subject.found_good.fetch_or(bit, SeqCst);
            }
            (status, false, true) if status == subject.end.status() => {}
            wrong => panic!("{wrong:?} of {:?}", subject.end),
        }
        if !watcher.is_kept {
            client = watcher.door.open().unwrap();
        }
    }
}

fn end(desk: &Desk, daemon: &Daemon<'_>, end: &End) -> Result<(), Error> {
    match end {
        End::Invalidated(how, token) => desk.end(token, *how),
        End::CutOver(old) => desk.cut_over(old),
        End::Undone(new) => desk.undo(new),
        End::SentAway(token) => desk.send_away(token),
        End::LoginEnded => desk.end_login(ADA),
        End::LoggedOut(refresh) => {
            let mut client = Door::Tcp(daemon.address).open().unwrap();
            let answer = client.ask(&post("/v1/logout", refresh)).unwrap();
            assert_eq!(answer.status, 200, "{answer:?}");
            Ok(())
        }
    }
}

fn log_in(daemon: &Daemon<'_>) -> Value {
    let mut client = Door::Tcp(daemon.address).open().unwrap();
    let login = json!({ "email": ADA, "password": PASSWORD });
    let answer = client.ask(&post("/v1/login", &login)).unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
    serde_json::from_slice(&answer.body).unwrap()
}

/// Waits until it is so.
#[track_caller]
fn until(is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + LONG;
    while !is_so() {
        assert!(Instant::now() < deadline, "it does not come to that");
        std::thread::sleep(Duration::from_micros(200));
    }
}
