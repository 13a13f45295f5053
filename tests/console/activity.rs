//! Tab 3 over a long log: a window on it, new entries at the top, both ends, and what is known about the whole.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use strongroom::console::app::Message;
use strongroom::console::runtime::Event as Incoming;
use strongroom::domain::audit::chain::{Altered, Fault, Verdict};
use strongroom::domain::audit::{Action, AuditActor, AuditEntry, Outcome};
use strongroom::domain::id::{Id, RequestId};
use strongroom::domain::secret::Secret;
use strongroom::domain::text::{Email, Slug};
use strongroom::gateway::{Gateway, SealChoice, SealStatus, StoreState};
use strongroom::service::request::SessionId;
use strongroom::service::response::ActivityPage;
use strongroom::service::{Error, Event, Request, Response};

use super::canned::{Canned, NOW};
use super::harness::{Console, noon, text};
use super::looks::picture;

/// A log of so many entries; every hundredth is a refusal.
struct Log {
    length: AtomicU64,
    chain: Mutex<Option<Verdict>>,
    /// The most entries that were handed over at once.
    most: AtomicUsize,
}

impl Log {
    fn of(length: u64) -> Arc<Self> {
        Arc::new(Self {
            length: AtomicU64::new(length),
            chain: Mutex::new(Some(Verdict::Intact { from: 1, to: length })),
            most: AtomicUsize::new(0),
        })
    }

    fn page(&self, sequences: impl Iterator<Item = u64>, filter: &str, limit: usize) -> Vec<AuditEntry> {
        let entries = sequences
            .map(entry)
            .filter(|entry| entry.action.word().contains(filter))
            .take(limit);
        let entries: Vec<_> = entries.collect();
        self.most.fetch_max(entries.len(), Ordering::Relaxed);
        entries
    }
}

fn entry(sequence: u64) -> AuditEntry {
    let refused = sequence.is_multiple_of(100);
    AuditEntry {
        sequence,
        at: NOW,
        actor: AuditActor {
            cashier: Some(Email::parse("ada@acme.test").unwrap()),
            role: None,
            os_user: "ops".into(),
            uid: 1000,
            address: Some("192.0.2.7".into()),
        },
        action: if refused {
            Action::SignInFailed
        } else {
            Action::TokenCreated
        },
        organization: (!refused).then(|| Slug::parse("acme").unwrap()),
        subject: format!("t-{sequence}"),
        result: if refused { Outcome::Refused } else { Outcome::Done },
        reason: String::new(),
        request: RequestId(Id::new(NOW, [9; 10])),
        previous: [1; 32],
        hash: [2; 32],
    }
}

impl Gateway for Log {
    fn state(&self) -> Result<StoreState, Error> {
        Canned.state()
    }

    fn initialize(&self, seal: SealChoice) -> Result<(), Error> {
        Canned.initialize(seal)
    }

    fn unlock(&self, passphrase: &Secret) -> Result<(), Error> {
        Canned.unlock(passphrase)
    }

    fn seal(&self) -> Result<SealStatus, Error> {
        Canned.seal()
    }

    fn rotate_seal(&self, session: Option<SessionId>, seal: SealChoice) -> Result<SealStatus, Error> {
        Canned.rotate_seal(session, seal)
    }

    fn ask(&self, session: Option<SessionId>, request: Request) -> Result<Response, Error> {
        let head = self.length.load(Ordering::Relaxed);
        let (entries, next) = match request {
            Request::ListActivity {
                filter,
                before,
                limit,
            } => {
                let top = before.unwrap_or(head + 1);
                let entries = self.page((1..top).rev(), &filter, limit);
                let last = entries.last().map_or(1, |entry| entry.sequence);
                let is_all = entries.len() < limit || last == 1;
                (entries, (!is_all).then_some(last))
            }
            Request::FollowActivity { filter, after, limit } => {
                let entries = self.page(after + 1..=head, &filter, limit);
                let is_all = entries.len() < limit;
                let last = entries.last().map_or(after, |entry| entry.sequence);
                (entries, (!is_all && last < head).then_some(last))
            }
            other => return Canned.ask(session, other),
        };
        Ok(Response::Activity(ActivityPage {
            entries,
            next,
            head,
            chain: *self.chain.lock().unwrap(),
        }))
    }

    fn subscribe(&self) -> Receiver<Event> {
        Canned.subscribe()
    }
}

fn over(log: &Arc<Log>) -> Console {
    let mut console = Console::with(log.clone(), noon());
    console.pass(Duration::from_secs(20));
    console.clock.set_wall(NOW);
    console.keys("3");
    console
}

/// The line that is selected.
fn selected(console: &Console) -> String {
    let text = console.text();
    let line = text.lines().find(|line| line.contains('▸')).unwrap();
    line.to_owned()
}

#[test]
fn a_million_entries_are_walked_without_being_loaded() {
    let log = Log::of(1_000_000);
    let mut console = over(&log);
    console.sees("Activity · 1,000,000 entries · ✓ verified to 1,000,000");
    assert!(selected(&console).contains("t-1000000"));
    // Down past what is held at once, and up again: no entry is missed or shown twice.
    for expected in (990_000..1_000_000).rev().take(2500) {
        console.keys("down");
        assert!(
            selected(&console).contains(&format!("t-{expected} ")),
            "{expected}"
        );
    }
    for expected in (990_000..1_000_000)
        .rev()
        .take(2500)
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .skip(1)
    {
        console.keys("up");
        assert!(
            selected(&console).contains(&format!("t-{expected} ")),
            "{expected}"
        );
    }
    console.keys("end");
    assert!(selected(&console).contains("t-1 "));
    for expected in 2..1500 {
        console.keys("up");
        assert!(
            selected(&console).contains(&format!("t-{expected} ")),
            "{expected}"
        );
    }
    console.keys("home");
    assert!(selected(&console).contains("t-1000000"));
    assert!(log.most.load(Ordering::Relaxed) <= 200);
}

#[test]
fn new_entries_come_in_at_the_top_and_the_cursor_stays_on_its_entry() {
    let log = Log::of(5000);
    let mut console = over(&log);
    let news = |console: &mut Console, length| {
        log.length.store(length, Ordering::Relaxed);
        console.take(Incoming::Message(Message::Event(Event::Changed)));
    };
    news(&mut console, 5001);
    assert!(
        selected(&console).contains("t-5001 "),
        "who looks at the newest goes on doing so"
    );
    console.keys("down | down | down");
    let before = console.text();
    let row = |text: &str| text.lines().position(|line| line.contains('▸')).unwrap();
    news(&mut console, 5003);
    assert!(selected(&console).contains("t-4998 "));
    assert_eq!(
        row(&console.text()),
        row(&before),
        "and on its line of the screen"
    );
    console.sees("5,003 entries");
    // More at once than a page has, while far away from the top.
    for _ in 0..200 {
        console.keys("pgdn");
    }
    let far = selected(&console);
    news(&mut console, 9000);
    assert_eq!(selected(&console), far);
    console.sees("9,000 entries");
    console.keys("home");
    assert!(selected(&console).contains("t-9000 "));
}

#[test]
fn a_filter_finds_to_both_ends() {
    let log = Log::of(100_000);
    let mut console = over(&log);
    console.keys("/ | failed | enter");
    assert!(selected(&console).contains("t-100000"));
    console.keys("end");
    assert!(selected(&console).contains("t-100 "));
    console.keys("up");
    assert!(selected(&console).contains("t-200 "));
    console.keys("home | down");
    assert!(selected(&console).contains("t-99900"));
}

#[test]
fn a_log_that_is_being_verified_says_so_until_it_is() {
    let log = Log::of(3);
    *log.chain.lock().unwrap() = None;
    let mut console = over(&log);
    console.sees("being verified…");
    *log.chain.lock().unwrap() = Some(Verdict::Unanchored { from: 1, to: 3 });
    console.pass(Duration::from_secs(1));
    console.sees("▲ not signed yet");
}

#[test]
fn a_bad_log_says_where_and_what_to_do() {
    let altered = |from, to, fault| Verdict::Altered(Altered { from, to, fault });
    for (name, verdict) in [
        ("activity_altered", altered(312, 312, Fault::Content)),
        (
            "activity_altered_between",
            altered(18_001, 18_400, Fault::Checkpoint),
        ),
        (
            "activity_truncated",
            Verdict::Truncated {
                to: 18_402,
                was: 18_999,
            },
        ),
    ] {
        let log = Log::of(18_402);
        *log.chain.lock().unwrap() = Some(verdict);
        let mut console = over(&log);
        console.keys("down | down");
        insta::assert_snapshot!(name, picture(&console));
    }
}

#[test]
fn a_wide_terminal_has_every_column() {
    let mut console = over(&Log::of(18_402));
    console.keys("/ | failed | enter");
    insta::assert_snapshot!(
        "activity_filtered_wide",
        text(&console.drawn(160, 24, Default::default()))
    );
}
