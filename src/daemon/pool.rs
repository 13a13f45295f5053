//! Threads for work that blocks, with a bounded queue: what finds it full is told so at once.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use tokio::sync::oneshot;

type Work = Box<dyn FnOnce() + Send>;

/// Some threads, and what waits for them.
pub(super) struct Pool {
    queue: SyncSender<Work>,
}

/// The queue is full.
#[derive(Debug, Clone, Copy)]
pub(super) struct Full;

impl Pool {
    /// `threads` threads, for which `waiting` pieces of work may wait. `nice` is added to their priority's number.
    ///
    /// # Errors
    /// A thread cannot be had.
    pub(super) fn new(name: &str, threads: usize, waiting: usize, nice: i32) -> io::Result<Self> {
        let (queue, work) = sync_channel(waiting);
        let work = Arc::new(Mutex::new(work));
        for _ in 0..threads {
            let work = Arc::clone(&work);
            let run = move || {
                if nice != 0 {
                    // Verification goes first; where that is refused, the system's scheduler is fair.
                    let _ = rustix::process::nice(nice);
                }
                run(&work);
            };
            thread::Builder::new().name(name.into()).spawn(run)?;
        }
        Ok(Self { queue })
    }

    /// Has `work` done; what comes of it arrives, unless it panicked.
    pub(super) fn try_run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<oneshot::Receiver<T>, Full> {
        let (done, arrives) = oneshot::channel();
        let work = move || {
            if let Ok(result) = catch_unwind(AssertUnwindSafe(work)) {
                // Whoever hung up does not want it any more.
                let _ = done.send(result);
            }
        };
        self.queue
            .try_send(Box::new(work))
            .map(|()| arrives)
            .map_err(|_| Full)
    }
}

fn run(queue: &Mutex<Receiver<Work>>) {
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match next {
            Ok(work) => work(),
            Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_finds_the_queue_full_is_told_and_a_panic_ends_nothing() {
        let pool = Pool::new("test", 1, 1, 0).unwrap();
        let (go, wait) = sync_channel::<()>(0);
        let (begun, has_begun) = sync_channel::<()>(0);
        let first = pool.try_run(move || {
            begun.send(()).unwrap();
            wait.recv().unwrap();
            1
        });
        has_begun.recv().unwrap();
        let second = pool.try_run(|| -> i32 { panic!("on purpose") });
        assert!(pool.try_run(|| 3).is_err());
        go.send(()).unwrap();
        assert_eq!(first.unwrap().blocking_recv(), Ok(1));
        assert!(second.unwrap().blocking_recv().is_err());
        assert_eq!(pool.try_run(|| 4).unwrap().blocking_recv(), Ok(4));
    }
}
