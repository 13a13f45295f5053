//! Tells those who asked for it what happens, as signed webhooks (Standard Webhooks 1.0).
//!
//! - On a thread of its own with a runtime of its own: nothing here holds up verification, and no receiver another.
//! - A notice is on the disk for each receiver before it is remembered that it was made, and until it was delivered or
//!   given up: each arrives at least once, under the same id.
//! - Redirects are not followed, answers' bodies not read, and addresses of this host or a private network refused
//!   unless they are allowed.

mod endpoint;
mod producer;
mod send;
mod tally;

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::runtime;
use tokio::sync::mpsc::unbounded_channel;
use tokio::sync::watch;
use tokio::time::timeout;

pub use self::endpoint::Endpoint;
use self::producer::Producer;
pub use self::send::{Answer, Client};
pub(super) use self::tally::Counts as Tallied;
pub use self::tally::Tally;
use crate::gateway::in_process::InProcess;
use crate::notice::{Kind, Notice};
use crate::service::ports::Clock as _;
use crate::system::SystemClock;
use crate::system::outbox::{Message, Outbox};

/// Between two looks at the audit log.
const EVERY: Duration = Duration::from_secs(1);

/// Begins to tell; ends soon after `stop` says so, and what is not delivered then waits on the disk.
///
/// # Errors
/// The outbox cannot be used, or a thread cannot be had.
pub fn start(
    gateway: Arc<InProcess>,
    outbox: Outbox,
    endpoints: Vec<Endpoint>,
    tally: Arc<Tally>,
    mut stop: watch::Receiver<bool>,
) -> io::Result<JoinHandle<()>> {
    outbox.make()?;
    let waiting = outbox.messages()?;
    let client = Arc::new(Client::new());
    let runtime = runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()?;
    let work = async move {
        let mut queues = BTreeMap::new();
        let mut producer = Producer::new(gateway, outbox.clone(), &endpoints);
        for endpoint in endpoints {
            let (queue, messages) = unbounded_channel();
            queues.insert(endpoint.name.clone(), queue);
            let (client, tally) = (Arc::clone(&client), Arc::clone(&tally));
            tokio::spawn(endpoint::run(endpoint, client, outbox.clone(), tally, messages));
        }
        let hand = |messages: Vec<Message>| {
            for message in messages {
                match queues.get(&message.receiver) {
                    // Its task lives as long as this.
                    Some(queue) => drop(queue.send(message)),
                    None => endpoint::told(outbox.remove(&message)),
                }
            }
        };
        hand(waiting);
        loop {
            hand(producer.step());
            // The sender lives as long as the daemon: an error means the same as an end.
            if timeout(EVERY, stop.wait_for(|stop| *stop)).await.is_ok() {
                return;
            }
        }
    };
    thread::Builder::new().name("webhooks".into()).spawn(move || {
        runtime.block_on(work);
        // What is under way is sent again after the next start.
        runtime.shutdown_background();
    })
}

/// Sends a test notice, and waits for what comes back.
///
/// # Errors
/// A thread's runtime cannot be had.
pub fn test(endpoint: &Endpoint) -> io::Result<Answer> {
    let at = SystemClock.now();
    let notice = Notice {
        id: format!("test-{}", at.millis()),
        kind: Kind::Test,
        at,
        data: serde_json::json!({ "endpoint": endpoint.name }),
    };
    let body = serde_json::to_string(&notice)?;
    let runtime = runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()?;
    let answer = runtime.block_on(Client::new().send(endpoint, &notice.id, body, at));
    runtime.shutdown_background();
    Ok(answer)
}
