//! A field decrypted by the daemon, over its unix socket, beside the same decryption in this process.
//!
//! `cargo bench --bench decrypt` serves a store with a key pair of each size and asks on one connection, one request after
//! the other: what a request costs beyond its decryption (performance.md) is the difference of the two rows of a group.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_types,
    missing_docs,
    reason = "a program that measures time, outside the harness that clippy knows tests by"
)]

#[path = "../support/served.rs"]
mod served;

use std::fs;
use std::hint::black_box;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use strongroom::crypto::RsaEngine;
use strongroom::domain::key_pair::{KeySize, Mgf1};
use strongroom::domain::secret::Secret;
use strongroom::service::ports::KeyEngine as _;
use strongroom::system::OsEntropy;

use served::Served;

fn decrypt(criterion: &mut Criterion) {
    let room = tempfile::tempdir().unwrap();
    let organizations = KeySize::ALL.map(|size| (size, format!("bits-{}", size.bits())));
    onboard(room.path(), &organizations);
    // By their own process, which has the store only before the daemon has it.
    let words = [(Mgf1::Sha256, "sha256"), (Mgf1::Sha1, "sha1")];
    let sent = organizations
        .iter()
        .flat_map(|(_, slug)| words.map(|(_, word)| encrypted(room.path(), slug, word)));
    let mut sent = sent.collect::<Vec<_>>().into_iter();
    let socket = room.path().join("run.sock");
    let mut command = strongroom(room.path());
    command.arg("--socket").arg(&socket);
    let _daemon = Served::by(command);
    let engine = RsaEngine::new(Arc::new(OsEntropy));
    let plaintext = Secret::from_text("s3cr3t-Pass!".into());
    for (size, organization) in &organizations {
        let mut group = criterion.benchmark_group(format!("request/{}", size.bits()));
        let pair = engine.generate(*size).unwrap();
        let private = engine.open(&pair.private).unwrap();
        for (mgf1, _) in words {
            let ciphertext = engine.encrypt(&pair.public, mgf1, &plaintext).unwrap();
            group.bench_function(format!("{} in process", mgf1.label()), |bencher| {
                bencher.iter(|| private.decrypt(black_box(&ciphertext), mgf1).unwrap());
            });
            let mut connection = Connection::to(&socket, organization, &sent.next().unwrap());
            group.bench_function(format!("{} through the daemon", mgf1.label()), |bencher| {
                bencher.iter(|| connection.ask());
            });
        }
        group.finish();
    }
}

/// Organizations with key pairs of their own in a new store.
fn onboard(room: &Path, organizations: &[(KeySize, String)]) {
    let password = room.join("password");
    fs::write(&password, "correct horse battery staple\n").unwrap();
    fs::set_permissions(&password, fs::Permissions::from_mode(0o600)).unwrap();
    for (place, (size, organization)) in organizations.iter().enumerate() {
        let mut command = strongroom(room);
        if place == 0 {
            command.args(["init", "--no-recovery-key", "--admin", "ada@acme.test", "--slug"]);
        } else {
            command.args(["org", "onboard", "--cashier", "ada@acme.test"]);
        }
        command.arg(organization);
        command.args(["--name", "Acme", "--key-size", &size.bits().to_string()]);
        command.arg("--password-file").arg(&password);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
}

fn strongroom(room: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_strongroom"));
    command.env_clear().env("HOME", room).stdin(Stdio::null());
    command.arg("--data-dir").arg(room.join("data"));
    command.arg("--state-dir").arg(room.join("state"));
    command
}

/// What a client of the organization sends, in Base64.
fn encrypted(room: &Path, organization: &str, mgf1: &str) -> String {
    let mut command = strongroom(room);
    command.args(["--org", organization, "key", "encrypt", "--mgf1", mgf1]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"s3cr3t-Pass!").unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A connection of a service that sends the same field again and again.
struct Connection {
    stream: BufReader<UnixStream>,
    request: Vec<u8>,
    answer: Vec<u8>,
}

impl Connection {
    fn to(socket: &Path, organization: &str, ciphertext: &str) -> Self {
        let body = format!(r#"{{"org":"{organization}","ciphertext":"{ciphertext}"}}"#);
        let length = body.len();
        let head = format!(
            "POST /v1/decrypt HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
        );
        Self {
            stream: BufReader::new(UnixStream::connect(socket).unwrap()),
            request: (head + &body).into_bytes(),
            answer: Vec::new(),
        }
    }

    /// Returns with the last byte of the answer, which is a good one.
    fn ask(&mut self) {
        self.stream.get_mut().write_all(&self.request).unwrap();
        let (mut line, mut length) = (String::new(), 0);
        self.stream.read_line(&mut line).unwrap();
        assert!(line.starts_with("HTTP/1.1 200 "), "{line}");
        while line != "\r\n" {
            line.clear();
            self.stream.read_line(&mut line).unwrap();
            if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.trim().parse().unwrap();
            }
        }
        self.answer.resize(length, 0);
        self.stream.read_exact(&mut self.answer).unwrap();
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(60);
    targets = decrypt
}
criterion_main!(benches);
