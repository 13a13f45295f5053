//! One receiver: what waits for it, one after the other, each at its time.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::timeout;

use super::send::{Answer, Client};
use super::tally::Tally;
use crate::domain::delivery::Attempt;
use crate::domain::time::Timestamp;
use crate::notice::schedule;
use crate::notice::signature::SigningSecret;
use crate::service::ports::{Clock as _, Entropy as _};
use crate::system::outbox::{Message, Outbox};
use crate::system::{OsEntropy, SystemClock};

/// The wall clock may be moved: so long at most until it is looked at again.
const LONGEST_SLEEP: i64 = 60_000;
/// The status of a receiver that wants no more.
const GONE: u16 = 410;

/// Somebody who is told.
#[derive(Debug)]
pub struct Endpoint {
    /// Its name in the configuration.
    pub name: String,
    /// Where.
    pub url: Uri,
    /// What notices are signed with.
    pub secret: SigningSecret,
    /// Which kinds; `None` for all.
    pub events: Option<Vec<String>>,
    /// Whether it may be on this host or a private network.
    pub allow_private: bool,
    /// Seconds before each further attempt.
    pub retries: Vec<u32>,
}

impl Endpoint {
    /// Whether it said under this address to be gone for good.
    ///
    /// # Errors
    /// The outbox cannot be read.
    pub fn is_gone(&self, outbox: &Outbox) -> io::Result<bool> {
        let url = self.url.to_string();
        Ok(outbox.gone()?.get(&self.name) == Some(&url))
    }

    /// Remembers that it said so, or that it is there again.
    ///
    /// # Errors
    /// The outbox cannot be written.
    pub fn set_gone(&self, outbox: &Outbox, is_gone: bool) -> io::Result<()> {
        let mut gone = outbox.gone()?;
        if is_gone {
            gone.insert(self.name.clone(), self.url.to_string());
        } else if gone.remove(&self.name).is_none() {
            return Ok(());
        }
        outbox.remember_gone(&gone)
    }
}

pub(super) async fn run(
    endpoint: Endpoint,
    client: Arc<Client>,
    outbox: Outbox,
    tally: Arc<Tally>,
    mut messages: UnboundedReceiver<Message>,
) {
    let mut waiting: BTreeMap<(Timestamp, String), Message> = BTreeMap::new();
    loop {
        tally.count(&endpoint.name, |counts| {
            counts.waiting = waiting.len() + messages.len()
        });
        let first = waiting.first_key_value().map_or(LONGEST_SLEEP, |((next, _), _)| {
            next.since(SystemClock.now()).num_milliseconds()
        });
        let sleep = Duration::from_millis(first.clamp(0, LONGEST_SLEEP).unsigned_abs());
        match timeout(sleep, messages.recv()).await {
            Ok(Some(message)) => {
                waiting.insert((message.next, message.id.clone()), message);
                continue;
            }
            Ok(None) => return,
            Err(_) => {}
        }
        let Some(due) = waiting
            .first_entry()
            .filter(|due| due.key().0 <= SystemClock.now())
        else {
            continue;
        };
        let message = due.remove();
        match endpoint.is_gone(&outbox) {
            Ok(true) => told(outbox.remove(&message)),
            Ok(false) => {
                let body = message.body.clone();
                let answer = client.send(&endpoint, &message.id, body, SystemClock.now()).await;
                if let Some(message) = judge(&endpoint, (&outbox, &tally), message, &answer) {
                    waiting.insert((message.next, message.id.clone()), message);
                }
            }
            Err(error) => {
                told(Err(error));
                let next = SystemClock.now().plus(chrono::TimeDelta::minutes(1));
                waiting.insert((next, message.id.clone()), message);
            }
        }
    }
}

/// What an answer means; the message where it is to be tried again.
fn judge(
    endpoint: &Endpoint,
    (outbox, tally): (&Outbox, &Tally),
    mut message: Message,
    answer: &Answer,
) -> Option<Message> {
    let now = SystemClock.now();
    message.attempts += 1;
    let is_delivered = answer.is_delivered();
    let is_gone = answer.status == Some(GONE);
    let mut random = [0; 2];
    // Without randomness all come back at once, which is no reason not to.
    let _ = OsEntropy.fill(&mut random);
    let wait = schedule::wait(
        &endpoint.retries,
        message.attempts,
        answer.retry_after,
        u16::from_be_bytes(random),
    );
    let wait = wait.filter(|_| !is_delivered && !is_gone);
    let result = match wait {
        Some(wait) => {
            message.next = now.plus(wait);
            format!("{answer}; again at {}", message.next)
        }
        None if is_delivered => answer.to_string(),
        None if is_gone => format!("{answer}: gone for good, and told nothing more"),
        None => format!("{answer}; given up"),
    };
    tally.count(&endpoint.name, |counts| {
        counts.delivered += u64::from(is_delivered);
        counts.failed += u64::from(!is_delivered);
        counts.given_up += u64::from(!is_delivered && wait.is_none());
    });
    let (name, id) = (&endpoint.name, &message.id);
    match wait {
        Some(_) => tracing::info!(webhook = %name, %id, %result, "a webhook was not delivered"),
        None if is_delivered => tracing::debug!(webhook = %name, %id, "a webhook was delivered"),
        None => tracing::warn!(webhook = %name, %id, %result, "a webhook was given up"),
    }
    told(outbox.log(Attempt {
        at: now,
        receiver: name.clone(),
        id: id.clone(),
        kind: message.kind.clone(),
        attempt: message.attempts,
        delivered: is_delivered,
        result,
    }));
    if is_gone {
        told(endpoint.set_gone(outbox, true));
    }
    if wait.is_some() {
        told(outbox.keep(&message));
        return Some(message);
    }
    told(outbox.remove(&message));
    None
}

/// What the disk refused: it is sent again after the next start, under the same id.
pub(super) fn told(result: io::Result<()>) {
    if let Err(error) = result {
        tracing::warn!(%error, "the outbox of webhooks cannot be used");
    }
}
