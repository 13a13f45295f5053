//! The daemon's change feed: read on a thread of its own, passed to everybody who subscribed, begun anew when it breaks off.
//!
//! Whoever subscribes hears of everything from then on: the first connection is waited for. After a gap everything may have
//! changed, and that is said too.

use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use super::exchange::{Question, ask};
use crate::gateway::private::{EVENTS, HEARTBEAT};
use crate::service::request::JobId;
use crate::service::response::Connection;
use crate::service::{Code, Error, Event, wire};

/// The longest line.
const LONGEST_LINE: u64 = 1024 * 1024;
/// Between two tries, at first and at most.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// How long a subscriber waits for the first connection.
const PATIENCE: Duration = Duration::from_secs(2);

/// Who listens.
#[derive(Debug, Default)]
pub(super) struct Feed(Mutex<Listening>);

#[derive(Debug, Default)]
struct Listening {
    has_begun: bool,
    is_lost: bool,
    listeners: Vec<Sender<Event>>,
    /// Work under way there.
    jobs: Vec<JobId>,
}

impl Listening {
    fn tell(&mut self, event: &Event) {
        // Whoever hung up has lost interest.
        self.listeners
            .retain(|listener| listener.send(event.clone()).is_ok());
    }

    /// Jobs are in the daemon's memory: the next one knows nothing of them.
    fn give_up_jobs(&mut self) {
        for job in std::mem::take(&mut self.jobs) {
            self.tell(&Event::JobEnded(job, Err(given_up())));
        }
    }
}

impl Feed {
    /// Everything that happens from now on.
    pub(super) fn subscribe(
        self: &Arc<Self>,
        socket: &Path,
        headers: &[(&'static str, String)],
    ) -> Receiver<Event> {
        let (sender, receiver) = channel();
        let mut listening = self.listening();
        listening.listeners.push(sender);
        if std::mem::replace(&mut listening.has_begun, true) {
            return receiver;
        }
        drop(listening);
        let (tried, first) = sync_channel(1);
        let reader = Reader {
            feed: Arc::downgrade(self),
            socket: socket.to_path_buf(),
            headers: headers.to_vec(),
        };
        std::thread::spawn(move || reader.run(&tried));
        // Whether it went well or not, the thread goes on from there.
        let _ = first.recv_timeout(PATIENCE);
        receiver
    }

    /// Work began: if the daemon goes before it ends, its end is made known all the same.
    pub(super) fn began(&self, job: JobId) {
        let mut listening = self.listening();
        listening.jobs.push(job);
        if listening.is_lost {
            listening.give_up_jobs();
        }
    }

    fn hear(&self, event: &Event) {
        let mut listening = self.listening();
        if let Event::JobEnded(ended, _) = event {
            listening.jobs.retain(|job| job != ended);
        }
        listening.tell(event);
    }

    fn lost(&self) {
        let mut listening = self.listening();
        if !std::mem::replace(&mut listening.is_lost, true) {
            listening.tell(&Event::Connection(Connection::Lost));
            listening.give_up_jobs();
        }
    }

    fn back(&self) {
        let mut listening = self.listening();
        if std::mem::take(&mut listening.is_lost) {
            listening.tell(&Event::Connection(Connection::Back));
            listening.tell(&Event::Changed);
        }
    }

    fn listening(&self) -> MutexGuard<'_, Listening> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn given_up() -> Error {
    Error::new(
        Code::Io,
        "the daemon ended while the work went on, and whether it was done is not known",
        "when it is back, look at the activity list before you repeat it",
    )
}

struct Reader {
    /// Gone with the gateway, and the thread with it.
    feed: Weak<Feed>,
    socket: PathBuf,
    headers: Vec<(&'static str, String)>,
}

impl Reader {
    fn run(&self, tried: &SyncSender<()>) {
        let mut pause = FIRST_PAUSE;
        loop {
            let begun = self.begin();
            let Some(feed) = self.feed.upgrade() else { return };
            if begun.is_some() {
                pause = FIRST_PAUSE;
                feed.back();
            }
            let _ = tried.try_send(());
            drop(feed);
            if let Some(lines) = begun {
                self.pass_on(lines);
            }
            let Some(feed) = self.feed.upgrade() else { return };
            feed.lost();
            drop(feed);
            std::thread::sleep(pause);
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn begin(&self) -> Option<impl std::io::BufRead + use<>> {
        let question = Question {
            method: "GET",
            path: EVENTS,
            headers: &self.headers,
            body: &[],
        };
        let (stream, head) = ask(&self.socket, &question).ok()?;
        is_feed(&stream, head.status())?;
        let came = std::io::Cursor::new(head.rest().to_vec());
        Some(BufReader::new(came.chain(stream)))
    }

    fn pass_on(&self, mut lines: impl std::io::BufRead) {
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = (&mut lines).take(LONGEST_LINE).read_until(b'\n', &mut line);
            let Some(feed) = self.feed.upgrade() else { return };
            if !matches!(read, Ok(count) if count > 0) || line.last() != Some(&b'\n') {
                return;
            }
            // An empty line says that the daemon is there; one that is not understood is a newer daemon's.
            if line.len() > 1
                && let Ok(event) = wire::read(&line)
            {
                feed.hear(&event);
            }
        }
    }
}

/// Whether the feed has begun; from here on silence means that nobody is there.
fn is_feed(stream: &UnixStream, status: u16) -> Option<()> {
    stream.set_read_timeout(Some(HEARTBEAT * 3)).ok()?;
    (status == 200).then_some(())
}
