//! A few threads that do an app's work.
//!
//! Work in hand is abandoned when the program ends: whatever must be whole is committed in one piece elsewhere.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread;

use super::runtime::Outbox;
use super::watch::Incoming;

/// How many pieces of work run at a time: a slow one of each kind and still one for a quick question.
const THREADS: usize = 4;

/// The threads, and the way to ask them.
#[derive(Debug)]
pub(crate) struct Workers<W> {
    queue: Sender<W>,
}

impl<W: Send + 'static> Workers<W> {
    /// Starts the threads.
    pub(crate) fn start<M: Send + 'static>(
        outbox: Outbox<M>,
        sender: Sender<Incoming<M>>,
        perform: Arc<impl Fn(W, &Outbox<M>) -> M + Send + Sync + 'static>,
    ) -> Self {
        let (queue, waiting) = mpsc::channel();
        let waiting = Arc::new(Mutex::new(waiting));
        for number in 0..THREADS {
            let (waiting, outbox, sender) = (Arc::clone(&waiting), outbox.clone(), sender.clone());
            let perform = Arc::clone(&perform);
            let work = move || {
                while let Some(work) = next(&waiting) {
                    let incoming = match catch_unwind(AssertUnwindSafe(|| perform(work, &outbox))) {
                        Ok(answer) => Incoming::Message(answer),
                        Err(_) => Incoming::WorkerPanicked,
                    };
                    if sender.send(incoming).is_err() {
                        return;
                    }
                }
            };
            // With fewer threads the work is done later, not never; with none at all nothing is: see `ask`.
            let _ = thread::Builder::new()
                .name(format!("worker-{number}"))
                .spawn(work);
        }
        Self { queue }
    }

    /// Queues a piece of work.
    pub(crate) fn ask(&self, work: W) {
        // Fails only when no thread is left, and then a panic's message is already under way.
        let _ = self.queue.send(work);
    }
}

fn next<W>(waiting: &Mutex<Receiver<W>>) -> Option<W> {
    waiting.lock().ok()?.recv().ok()
}
