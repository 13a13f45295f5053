//! What a million tokens cost: verify on one and two threads, windows of the list, sorting, filtering.
//!
//! `cargo bench --bench tokens`; STRONGROOM_BENCH_TOKENS sets how many (1,000,000 unless told). Opening a store of that
//! size is measured by `tests/bench/open.rs`, in a process of its own.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a bench ends where it fails; criterion's macros make functions"
)]

#[path = "../support/backup.rs"]
mod backup;

#[path = "../support/population.rs"]
mod population;

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use sha2::{Digest as _, Sha256};
use strongroom::crypto::{Argon2Passwords, Cost, Ed25519, KeyringFile, RsaEngine, SealSource, Sha256Hasher};
use strongroom::domain::secret::Secret;
use strongroom::service::ports::Clock as _;
use strongroom::service::request::{Show, Sort, TokenQuery};
use strongroom::service::{Actor, Origin, Ports, Request, Service, Verified};
use strongroom::store::memory::{MemoryCheckpoints, MemoryStore};
use strongroom::system::{OsEntropy, SystemClock};

fn count() -> u64 {
    std::env::var("STRONGROOM_BENCH_TOKENS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(1_000_000)
}

fn service() -> Arc<Service> {
    let entropy = Arc::new(OsEntropy);
    let source = SealSource::KeyFile {
        path: "/nowhere".into(),
        key: &Secret::new(vec![7; 32]),
    };
    let (_, keyring) = KeyringFile::create(&source, entropy.clone()).unwrap();
    let store = MemoryStore::default();
    population::write(&store, &keyring, count(), SystemClock.now());
    let signer = Arc::new(keyring.audit_signer().unwrap());
    Service::open(Ports {
        store: Arc::new(store),
        clock: Arc::new(SystemClock),
        entropy: entropy.clone(),
        keys: Arc::new(RsaEngine::new(entropy.clone())),
        sealer: Arc::new(keyring),
        passwords: Arc::new(Argon2Passwords::new(
            Cost {
                memory_kib: 64,
                passes: 1,
            },
            entropy,
        )),
        hasher: Arc::new(Sha256Hasher),
        signatures: Arc::new(Ed25519),
        account: Actor::default(),
        checkpoints: Arc::new(MemoryCheckpoints::default()),
        signer,
        backup: Arc::new(backup::FixedBackups),
    })
    .unwrap()
}

/// Texts of tokens in random order: a sample large enough to miss the caches as a million does.
fn presented() -> Vec<Vec<u8>> {
    let count = count();
    (0..count.min(200_000))
        .map(|place| population::text(place.wrapping_mul(0x9E37_79B9_7F4A_7C15) % count))
        .collect()
}

fn verify(criterion: &mut Criterion) {
    let service = service();
    let presented = presented();
    let mut group = criterion.benchmark_group("verify");
    group.bench_function("SHA-256 of 60 bytes, the peer", |bencher| {
        bencher.iter(|| Sha256::digest(black_box([7u8; 60])));
    });
    let mut place = 0;
    let mut next = || {
        place = (place + 1) % presented.len();
        &presented[place]
    };
    group.bench_function("one thread, random order", |bencher| {
        bencher.iter(|| service.verify(black_box(next())));
    });
    let from = |number: usize| Origin {
        address: Some(std::net::IpAddr::from((number as u32 % 1_000).to_be_bytes())),
        local: "",
        agent: b"checkout/4.2 (linux)",
    };
    let mut number = 0;
    let few = &presented[..presented.len().min(1_000)];
    group.bench_function(
        "from known callers of 1,000 tokens, and what it stands for",
        |bencher| {
            bencher.iter(|| {
                number = (number + 1) % few.len();
                match service.verify_from(black_box(&few[number]), &from(number)) {
                    Verified::Good { found, status } => service.with_grant(&found, status, |grant| {
                        grant.organization.len() + grant.service.len()
                    }),
                    _ => 0,
                }
            });
        },
    );
    let junk = b"fincode_prod_0000000000000000000000000000000000000000000AAAAAA";
    group.bench_function("a mistyped one", |bencher| {
        bencher.iter(|| assert_eq!(service.verify(black_box(junk)), Verified::Invalid));
    });
    for threads in [1, 2] {
        group.bench_function(format!("{threads} threads, all together"), |bencher| {
            bencher.iter_custom(|rounds| on_threads(&service, &presented, threads, rounds));
        });
    }
    group.finish();
    lists(criterion, &service);
}

/// The time for `rounds` verifications shared by some threads.
fn on_threads(service: &Service, presented: &[Vec<u8>], threads: usize, rounds: u64) -> Duration {
    const CHUNK: usize = 1_000;
    let taken = AtomicUsize::new(0);
    let begin = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let from = taken.fetch_add(CHUNK, Ordering::Relaxed);
                    if from as u64 >= rounds {
                        break;
                    }
                    for place in from..from + CHUNK {
                        let _ = black_box(service.verify(&presented[place % presented.len()]));
                    }
                }
            });
        }
    });
    begin.elapsed()
}

fn lists(criterion: &mut Criterion, service: &Arc<Service>) {
    let actor = Actor::default();
    let ask = |query: &TokenQuery| {
        service
            .handle(&actor, Request::ListTokens(query.clone()))
            .unwrap()
    };
    let mut group = criterion.benchmark_group("list");
    group.sample_size(20);
    let page = TokenQuery {
        limit: 100,
        ..TokenQuery::default()
    };
    group.bench_function("a page in the middle", |bencher| {
        let query = TokenQuery {
            offset: count() as usize / 3,
            ..page.clone()
        };
        bencher.iter(|| ask(&query));
    });
    group.bench_function("a filter key, substring", |bencher| {
        let mut number = 0u64;
        bencher.iter(|| {
            number += 1;
            ask(&TokenQuery {
                text: format!("prod-{}", number % 1000),
                show: Show::All,
                ..page.clone()
            })
        });
    });
    for sort in Sort::ALL {
        // Never the same selection twice in a row: eight are kept, and statuses do not repeat among them.
        let mut descending = false;
        group.bench_function(format!("sort switch to {}", sort.word()), |bencher| {
            bencher.iter_batched(
                || service.forget_selections(),
                |()| {
                    descending = !descending;
                    ask(&TokenQuery {
                        sort,
                        descending,
                        ..page.clone()
                    })
                },
                criterion::BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, verify);
criterion_main!(benches);
