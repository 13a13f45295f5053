//! What cryptography costs, each beside its peer in the same run (performance.md): RSA beside OpenSSL's own, the
//! token's HMAC beside SHA-256, argon2id.
//!
//! `cargo bench --bench crypto` runs all of it; a name after `--` selects.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a bench ends where it fails; criterion's macros make functions"
)]

use std::hint::black_box;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use openssl::pkey::PKey;
use openssl::rsa::{Padding, Rsa};
use strongroom::crypto::{Argon2Passwords, Cost, KeyringFile, RsaEngine, SealSource, Sha256Hasher};
use strongroom::domain::key_pair::{KeySize, Mgf1};
use strongroom::domain::secret::Secret;
use strongroom::service::ports::{Binding, Hasher as _, KeyEngine as _, PasswordHasher as _, Sealer as _};
use strongroom::system::OsEntropy;

/// The habit known: the variant that is used is the one tried first. A failure costs both.
fn decrypt(criterion: &mut Criterion) {
    let engine = RsaEngine::new(Arc::new(OsEntropy));
    for size in KeySize::ALL {
        let mut group = criterion.benchmark_group(format!("decrypt/{}", size.bits()));
        let key = engine.generate(size).unwrap();
        let private = engine.open(&key.private).unwrap();
        let plaintext = Secret::from_text("s3cr3t-Pass!".into());
        for mgf1 in [Mgf1::Sha256, Mgf1::Sha1] {
            let ciphertext = engine.encrypt(&key.public, mgf1, &plaintext).unwrap();
            group.bench_function(mgf1.label(), |bencher| {
                bencher.iter(|| private.decrypt(black_box(&ciphertext), mgf1).unwrap());
            });
        }
        // A number below every modulus, whose padding cannot be right.
        let mut bad = vec![0x5a; size.bits() as usize / 8];
        bad[0] = 0;
        group.bench_function("failure", |bencher| {
            bencher.iter(|| private.decrypt(black_box(&bad), Mgf1::Sha256).unwrap_err());
        });
        let raw = PKey::private_key_from_pkcs8(key.private.expose())
            .unwrap()
            .rsa()
            .unwrap();
        let mut output = vec![0; bad.len()];
        group.bench_function("openssl raw", |bencher| {
            bencher.iter(|| {
                raw.private_decrypt(black_box(&bad), &mut output, Padding::NONE)
                    .unwrap()
            });
        });
        group.finish();
    }
}

/// The search for primes is a lottery: many samples, or the means say nothing.
fn generate(criterion: &mut Criterion) {
    let engine = RsaEngine::new(Arc::new(OsEntropy));
    let mut group = criterion.benchmark_group("generate/3072");
    group.measurement_time(Duration::from_secs(30));
    group.bench_function("ours", |bencher| {
        bencher.iter(|| engine.generate(KeySize::Bits3072).unwrap());
    });
    group.bench_function("openssl raw", |bencher| {
        bencher.iter(|| Rsa::generate(3072).unwrap())
    });
    group.finish();
}

fn seal(criterion: &mut Criterion) {
    let key = Secret::new(vec![7; 32]);
    let source = SealSource::KeyFile {
        path: PathBuf::from("/nowhere"),
        key: &key,
    };
    let (_, keyring) = KeyringFile::create(&source, Arc::new(OsEntropy)).unwrap();

    let mut group = criterion.benchmark_group("token");
    group.bench_function("digest, pre-keyed HMAC-SHA256 of 32 bytes", |bencher| {
        bencher.iter(|| keyring.digest(black_box(&[9; 32])));
    });
    group.bench_function("SHA-256 of 60 bytes", |bencher| {
        bencher.iter(|| Sha256Hasher.sha256(black_box(&[9; 60])));
    });
    group.finish();

    let binding = Binding {
        organization: &[1; 16],
        kind: "private-key",
        id: &[0, 0, 0, 1],
        version: 1,
    };
    let mut group = criterion.benchmark_group("seal");
    for length in [32usize, 1800] {
        let plaintext = Secret::new(vec![1; length]);
        let sealed = keyring.seal(&binding, &plaintext).unwrap();
        group.throughput(Throughput::Bytes(length as u64));
        group.bench_with_input(
            BenchmarkId::new("seal", length),
            &plaintext,
            |bencher, plaintext| {
                bencher.iter(|| keyring.seal(black_box(&binding), plaintext).unwrap());
            },
        );
        group.bench_with_input(BenchmarkId::new("unseal", length), &sealed, |bencher, sealed| {
            bencher.iter(|| keyring.unseal(black_box(&binding), sealed).unwrap());
        });
    }
    group.finish();
}

fn password(criterion: &mut Criterion) {
    let passwords = Argon2Passwords::new(Cost::STANDARD, Arc::new(OsEntropy));
    let password = Secret::from_text("correct horse battery staple".into());
    let phc = passwords.hash(&password).unwrap();
    let mut group = criterion.benchmark_group("argon2id 64 MiB t=3");
    group.bench_function("verify", |bencher| {
        bencher.iter(|| passwords.verify(&password, Some(&phc)).unwrap())
    });
    group.bench_function("verify, no such cashier", |bencher| {
        bencher.iter(|| passwords.verify(&password, None).unwrap());
    });
    group.finish();
    criterion.bench_function("is_common", |bencher| {
        bencher.iter(|| passwords.is_common(black_box(&password)))
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(50);
    targets = decrypt, generate, seal, password
}
criterion_main!(benches);
