//! How long a store takes to open and what it needs in memory, each size in a process of its own, keyring included.
//!
//! `cargo bench --bench open` measures 0, 10,000 and `STRONGROOM_BENCH_TOKENS` (1,000,000 unless told) tokens.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a program that measures time, outside the harness that clippy knows tests by"
)]

#[path = "../support/backup.rs"]
mod backup;

#[path = "../support/population.rs"]
mod population;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use strongroom::crypto::{Argon2Passwords, Cost, Ed25519, KeyringFile, RsaEngine, Sha256Hasher};
use strongroom::domain::secret::Secret;
use strongroom::service::request::TokenQuery;
use strongroom::service::{Actor, Ports, Request, Response, Service};
use strongroom::store::memory::MemoryCheckpoints;
use strongroom::system::{OsEntropy, SystemClock};

/// Set in the measured process: the directory to open.
const OPEN: &str = "STRONGROOM_BENCH_OPEN";
const ROUNDS: usize = 5;

fn main() {
    if let Some(directory) = std::env::var_os(OPEN) {
        return measure(Path::new(&directory));
    }
    let most = std::env::var("STRONGROOM_BENCH_TOKENS").map_or(1_000_000, |text| text.parse().unwrap());
    println!("{:>10}  {:>9}  {:>9}  {:>9}", "tokens", "open", "RSS", "peak RSS");
    for tokens in [0, 10_000, most] {
        let root = tempfile::tempdir().unwrap();
        population::data_directory(root.path(), tokens);
        for _ in 0..ROUNDS {
            let output = Command::new(std::env::current_exe().unwrap())
                .env(OPEN, root.path())
                .output()
                .unwrap();
            assert!(
                output.status.success(),
                "{}",
                String::from_utf8_lossy(&output.stderr)
            );
            println!("{tokens:>10}  {}", String::from_utf8_lossy(&output.stdout).trim());
        }
    }
}

fn measure(root: &Path) {
    let begin = Instant::now();
    let data = root.join("data");
    let file = KeyringFile::parse(&std::fs::read(data.join("keyring")).unwrap()).unwrap();
    let key = Secret::new(population::SEAL_KEY.to_vec());
    let keyring = file.open(&key, Arc::new(OsEntropy)).unwrap();
    let entropy = Arc::new(OsEntropy);
    let signer = Arc::new(keyring.audit_signer().unwrap());
    let service = Service::open(Ports {
        store: Arc::new(population::open(root, &keyring)),
        clock: Arc::new(SystemClock),
        entropy: entropy.clone(),
        keys: Arc::new(RsaEngine::new(entropy.clone())),
        sealer: Arc::new(keyring),
        passwords: Arc::new(Argon2Passwords::new(Cost::STANDARD, entropy)),
        hasher: Arc::new(Sha256Hasher),
        signatures: Arc::new(Ed25519),
        account: Actor::default(),
        checkpoints: Arc::new(MemoryCheckpoints::default()),
        signer,
        backup: Arc::new(backup::FixedBackups),
    })
    .unwrap();
    let opened = begin.elapsed();
    let (now, peak) = (memory("VmRSS"), memory("VmHWM"));
    let Ok(Response::Tokens(page)) =
        service.handle(&Actor::default(), Request::ListTokens(TokenQuery::default()))
    else {
        return println!("{opened:>9.1?}  {now:>6} MB  {peak:>6} MB  (no token)");
    };
    let listed = begin.elapsed() - opened;
    println!(
        "{opened:>9.1?}  {now:>6} MB  {peak:>6} MB  first list after {listed:.1?}, {} live, then {} MB",
        page.counts.live(),
        memory("VmRSS")
    );
}

/// A line of /proc/self/status, in MB.
fn memory(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(field)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}
