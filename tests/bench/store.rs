//! How long a commit takes beside one raw sync, and how long loading tokens takes.
//!
//! `STRONGROOM_BENCH_TOKENS` tokens are loaded, 100,000 without it; `STRONGROOM_BENCH_DIR` says on which disk.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a program that measures time, outside the harness that clippy knows tests by"
)]

#[path = "../support/store.rs"]
mod support;

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use strongroom::service::ports::{Batch, Record, Store};
use support::{open, opened, put, token};

const COMMITS: u64 = 2000;
const PER_BATCH: u64 = 1000;

fn main() {
    let tokens = std::env::var("STRONGROOM_BENCH_TOKENS").map_or(100_000, |text| text.parse().unwrap());
    let root = match std::env::var_os("STRONGROOM_BENCH_DIR") {
        Some(directory) => tempfile::tempdir_in(directory).unwrap(),
        None => tempfile::tempdir().unwrap(),
    };
    latency(root.path());
    group(&root.path().join("group/data"));
    load(&root.path().join("load/data"), tokens);
}

/// Commits and raw syncs turn by turn, so that all meet the same disk. A sync of a file that grew also writes the file
/// system's journal, one of bytes overwritten in place does not: sled's file is mostly of the second kind.
fn latency(root: &Path) {
    let store = open(&root.join("data")).unwrap();
    let mut growing = File::create(root.join("growing")).unwrap();
    let in_place = File::create(root.join("in-place")).unwrap();
    in_place.write_all_at(&[7; 4096], 0).unwrap();
    in_place.sync_all().unwrap();
    let mut times: [Vec<Duration>; 4] = Default::default();
    for number in 1..=COMMITS {
        let batch = put(Record::Token(token(1, number)), number);
        times[0].push(timed(|| store.commit(&batch).unwrap()));
        in_place.write_all_at(&number.to_be_bytes(), 0).unwrap();
        times[1].push(timed(|| in_place.sync_data().unwrap()));
        growing.write_all(&[7; 512]).unwrap();
        times[2].push(timed(|| growing.sync_data().unwrap()));
        growing.write_all(&[7; 512]).unwrap();
        times[3].push(timed(|| growing.sync_all().unwrap()));
    }
    let names = [
        "commit",
        "raw fdatasync in place",
        "raw fdatasync, file grew",
        "raw fsync, file grew",
    ];
    for (what, times) in names.into_iter().zip(&mut times) {
        times.sort();
        let at = |share: f64| times[(times.len() as f64 * share) as usize];
        println!(
            "{what:>24}: p50 {:>9.1?}  p99 {:>9.1?}  p99.9 {:>9.1?}",
            at(0.5),
            at(0.99),
            at(0.999)
        );
    }
}

/// Commits that come at the same moment: they share their syncs.
fn group(directory: &Path) {
    let store = open(directory).unwrap();
    let barrier = std::sync::Barrier::new(1 + usize::try_from(PER_BATCH).unwrap());
    let (sequence, begun) = (store.health().sequence, std::sync::Mutex::new(None));
    std::thread::scope(|scope| {
        for number in 0..PER_BATCH {
            let (store, barrier) = (&store, &barrier);
            scope.spawn(move || {
                let batch = Batch {
                    put: vec![(Record::Token(token(1, number)), 1)],
                    ..Batch::default()
                };
                barrier.wait();
                store.commit(&batch).unwrap();
            });
        }
        barrier.wait();
        *begun.lock().unwrap() = Some(Instant::now());
    });
    let took = begun.lock().unwrap().map(|begun| begun.elapsed());
    println!(
        "{PER_BATCH} commits at once: {:.1?}, {} frames",
        took.unwrap_or_default(),
        store.health().sequence - sequence
    );
}

fn load(directory: &Path, tokens: u64) {
    let store = open(directory).unwrap();
    let written = timed(|| {
        for begin in (0..tokens).step_by(usize::try_from(PER_BATCH).unwrap()) {
            let numbers = begin..tokens.min(begin + PER_BATCH);
            let put = numbers
                .map(|number| (Record::Token(token(1, number)), 1))
                .collect();
            store
                .commit(&Batch {
                    put,
                    ..Batch::default()
                })
                .unwrap();
        }
    });
    drop(store);
    let size: u64 = walk(directory);
    let mut store = None;
    let open = timed(|| store = Some(opened(directory).unwrap()));
    let store = store.unwrap();
    let mut records = 0u64;
    let load = timed(|| {
        let _ = store
            .load(&mut |record, _| {
                std::hint::black_box(&record);
                records += 1;
                Ok(())
            })
            .unwrap();
    });
    assert_eq!(records, tokens);
    println!(
        "{tokens} tokens: written in {written:.1?} ({PER_BATCH} a commit), {} MB on disk; opened in {open:.1?}, \
         loaded in {load:.1?} ({:.2} µs each); peak RSS {} MB",
        size >> 20,
        load.as_secs_f64() * 1e6 / tokens as f64,
        peak_rss_mib()
    );
}

fn timed(work: impl FnOnce()) -> Duration {
    let begun = Instant::now();
    work();
    begun.elapsed()
}

fn walk(directory: &Path) -> u64 {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap());
    entries
        .map(|entry| match entry.metadata().unwrap() {
            metadata if metadata.is_dir() => walk(&entry.path()),
            metadata => metadata.len(),
        })
        .sum()
}

fn peak_rss_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() >> 10
}
