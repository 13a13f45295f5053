//! How fast the audit log is verified: a log of 200,000 entries on disk, read, hashed and compared from end to end.
//!
//! `STRONGROOM_BENCH_ENTRIES` says how many; `STRONGROOM_BENCH_DIR` on which disk.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a program that measures time, outside the harness that clippy knows tests by"
)]

#[path = "../support/backup.rs"]
mod backup;
#[path = "../support/store.rs"]
mod support;

use std::sync::Arc;
use std::time::Instant;

use sha2::{Digest as _, Sha256};
use strongroom::crypto::{Argon2Passwords, Cost, Ed25519, KeyringFile, RsaEngine, SealSource, Sha256Hasher};
use strongroom::domain::secret::Secret;
use strongroom::service::ports::{Batch, Store};
use strongroom::service::{Actor, Ports, Request, Response, Service};
use strongroom::store::memory::MemoryCheckpoints;
use strongroom::system::{OsEntropy, SystemClock};
use support::{entry, open};

const PER_BATCH: u64 = 1000;

fn main() {
    let count: u64 = std::env::var("STRONGROOM_BENCH_ENTRIES").map_or(200_000, |text| text.parse().unwrap());
    let root = match std::env::var_os("STRONGROOM_BENCH_DIR") {
        Some(directory) => tempfile::tempdir_in(directory).unwrap(),
        None => tempfile::tempdir().unwrap(),
    };
    let store = open(&root.path().join("data")).unwrap();
    let mut previous = [0; 32];
    for batch in 0..count.div_ceil(PER_BATCH) {
        let sequences = batch * PER_BATCH + 1..=((batch + 1) * PER_BATCH).min(count);
        let chained = sequences.map(|sequence| {
            let mut entry = entry(sequence, "checkout-prod 01m84j84nce9hd6a4fqbsr7rvh");
            entry.previous = previous;
            entry.hash = Sha256::digest(entry.canonical()).into();
            previous = entry.hash;
            entry
        });
        let audit = chained.collect();
        store
            .commit(&Batch {
                audit,
                ..Batch::default()
            })
            .unwrap();
    }
    let service = serve(Arc::new(store));
    for _ in 0..3 {
        let begin = Instant::now();
        let answer = service.handle(&Actor::default(), Request::VerifyAudit { from: None });
        let took = begin.elapsed();
        let Ok(Response::AuditVerified(report)) = answer else {
            panic!("{answer:?}");
        };
        println!(
            "{:?}: {took:.2?}, {:.2} µs an entry",
            report.verdict,
            took.as_secs_f64() * 1e6 / count as f64
        );
    }
}

fn serve(store: Arc<dyn Store>) -> Arc<Service> {
    let entropy = Arc::new(OsEntropy);
    let key = Secret::new(vec![7; 32]);
    let source = SealSource::KeyFile {
        path: "/nowhere/seal.key".into(),
        key: &key,
    };
    let (_, keyring) = KeyringFile::create(&source, entropy.clone()).unwrap();
    Service::open(Ports {
        store,
        clock: Arc::new(SystemClock),
        entropy: entropy.clone(),
        keys: Arc::new(RsaEngine::new(entropy.clone())),
        checkpoints: Arc::new(MemoryCheckpoints::default()),
        signer: Arc::new(keyring.audit_signer().unwrap()),
        sealer: Arc::new(keyring),
        passwords: Arc::new(Argon2Passwords::new(Cost::STANDARD, entropy)),
        hasher: Arc::new(Sha256Hasher),
        signatures: Arc::new(Ed25519),
        account: Actor::default(),
        backup: Arc::new(backup::FixedBackups),
    })
    .unwrap()
}
