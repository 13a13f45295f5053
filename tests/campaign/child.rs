//! The other process of a round: this program again. It opens the store, looks around, and does what its errand says.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, Signal, getpid, kill_process, setrlimit};
use serde::{Deserialize, Serialize};
use strongroom::store::sled::contain;

use crate::desk::Desk;
use crate::operations::{self, Operation};
use crate::random::Random;
use crate::recorder::Recorder;
use crate::report::{Pipe, Report};
use crate::site::Site;

/// What a child is to do; it comes on its standard input.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Errand {
    pub(crate) root: std::path::PathBuf,
    /// Another one for each child: ids and nonces come from it.
    pub(crate) seed: u64,
    pub(crate) now: i64,
    /// Tokens to present after the opening.
    pub(crate) tokens: Vec<String>,
    pub(crate) order: Order,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) enum Order {
    /// Nothing but looking.
    Look,
    /// The first organization, then so many operations in a random order.
    Work(u64),
    /// The same on one day.
    Grow(u64),
    /// The same as `Work`, and then a kill.
    WorkAndDie(u64),
    /// One operation, counted by the faults; then a mint while the fault lasts, and one after it.
    Perform(Operation),
    /// Mints until the disk is full, then makes room by removing the file `ballast`, and goes on.
    Fill,
}

/// More memory than any store here needs: damage that asks for more is to be refused, not to take the machine down.
const MEMORY: u64 = 4 << 30;

pub(crate) fn run() {
    let pipe = Pipe::stdout();
    let told = pipe.clone();
    std::panic::set_hook(Box::new(move |panic| {
        if !contain::is_contained() {
            told.tell(&Report::Panicked(panic.to_string()));
        }
    }));
    let limit = Rlimit {
        current: Some(MEMORY),
        maximum: Some(MEMORY),
    };
    setrlimit(Resource::As, limit).unwrap();
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).unwrap();
    let errand: Errand = serde_json::from_str(&text).unwrap();
    let watched = pipe.clone();
    let opened = Site(errand.root.clone()).open(errand.now, errand.seed, |inner| {
        Arc::new(Recorder { inner, pipe: watched })
    });
    let running = match opened {
        Ok(running) => running,
        Err(said) => return pipe.tell(&Report::Refused(said)),
    };
    let mut desk = Desk::new(running, pipe.clone(), Random::new(errand.seed));
    let rollback = desk.is_rolled_back();
    pipe.tell(&Report::Opened { rollback });
    if !rollback {
        desk.look(&errand.tokens);
        follow(&mut desk, errand.order, &errand.root);
    }
    desk.close();
    pipe.tell(&Report::Ended);
}

fn follow(desk: &mut Desk, order: Order, root: &Path) {
    match order {
        Order::Look => {
            desk.verify_log();
            desk.maintain();
        }
        Order::Work(count) | Order::Grow(count) => {
            // Refused where there is one already.
            let _ = desk.onboard("acme");
            operations::work(desk, count, matches!(order, Order::Work(_)));
        }
        Order::WorkAndDie(count) => {
            let _ = desk.onboard("acme");
            operations::work(desk, count / 2, true);
            // The database is flushed a moment later: it is to have some of it, and not all.
            std::thread::sleep(Duration::from_secs(1));
            operations::work(desk, count.div_ceil(2), true);
            let _ = kill_process(getpid(), Signal::KILL);
        }
        Order::Perform(operation) => {
            let _ = operation.perform(desk, || mark("begin"));
            let _ = desk.mint();
            mark("end");
            let _ = desk.mint();
            desk.maintain();
        }
        Order::Fill => fill(desk, root),
    }
}

/// The preloaded faults take notice of these names; there is no such file.
fn mark(name: &str) {
    let _ = File::open(format!("/faults/{name}"));
}

fn fill(desk: &mut Desk, root: &Path) {
    let _ = desk.onboard("acme");
    while desk.mint().is_ok() {}
    let _ = desk.rotate_key();
    let _ = desk.mint();
    desk.maintain();
    std::fs::remove_file(root.join("ballast")).unwrap();
    desk.maintain();
    desk.mint().unwrap();
    desk.rotate_key().unwrap();
}
