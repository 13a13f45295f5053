//! Ciphertexts that the platforms clients are written on make during the test: the JDK, Node, Python's cryptography.
//!
//! Each gets the Base64 public key as the console shows it. A toolchain that is missing fails the test where `CI` is
//! set, and skips it elsewhere.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "helpers of tests, which clippy does not take for tests"
)]

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use strongroom::crypto::RsaEngine;
use strongroom::domain::key_pair::{KeySize, Mgf1};
use strongroom::service::ports::KeyEngine;
use strongroom::system::OsEntropy;

#[test]
fn java_with_and_without_explicit_parameters_is_decrypted_and_told_apart() {
    if let Some(java) = tool("java") {
        decrypts_all_of(
            Command::new(java).arg("-Xshare:auto").arg(script("Main.java")),
            &[Mgf1::Sha1, Mgf1::Sha256],
        );
    }
}

#[test]
fn node_is_decrypted() {
    if let Some(node) = tool("node") {
        decrypts_all_of(Command::new(node).arg(script("main.js")), &[Mgf1::Sha256]);
    }
}

#[test]
fn pythons_cryptography_is_decrypted_with_either_mgf1() {
    if let Some(python) = tool("python3").and_then(|python| python_with_cryptography(&python)) {
        decrypts_all_of(
            Command::new(python).arg(script("main.py")),
            &[Mgf1::Sha256, Mgf1::Sha1],
        );
    }
}

/// `variants` are what the client prints for each plaintext, in order.
fn decrypts_all_of(client: &mut Command, variants: &[Mgf1]) {
    let engine = RsaEngine::new(Arc::new(OsEntropy));
    for size in KeySize::ALL {
        let key = engine.generate(size).unwrap();
        let private = engine.open(&key.private).unwrap();
        let longest = vec![b'x'; size.max_plaintext()];
        let plaintexts: [&[u8]; 4] = [b"s3cr3t-Pass!", "Zürich – 東京 🔑".as_bytes(), b"", &longest];
        let mut input = vec![engine.describe(&key.public).unwrap().base64];
        input.extend(plaintexts.iter().map(|plaintext| STANDARD.encode(plaintext)));

        let output = run(client, &(input.join("\n") + "\n"));
        let lines: Vec<&str> = output.lines().collect();
        assert_eq!(lines.len(), plaintexts.len() * variants.len(), "{output}");
        for (line, (plaintext, variant)) in lines.iter().zip(
            plaintexts
                .iter()
                .flat_map(|plaintext| variants.iter().map(move |v| (plaintext, *v))),
        ) {
            let (said, ciphertext) = line.split_once(' ').unwrap();
            assert_eq!(said, if variant == Mgf1::Sha1 { "sha1" } else { "sha256" });
            let ciphertext = STANDARD.decode(ciphertext).unwrap();
            for first in [Mgf1::Sha256, Mgf1::Sha1] {
                let (opened, used) = private.decrypt(&ciphertext, first).unwrap();
                assert_eq!(opened.expose(), *plaintext);
                assert_eq!(used, variant, "{} bits", size.bits());
            }
        }
    }
}

fn run(client: &mut Command, input: &str) -> String {
    let mut child = client
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "{client:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/interop")
        .join(name)
}

/// The program's path, if it runs at all.
fn tool(name: &str) -> Option<PathBuf> {
    let found = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
        .map(|directory| directory.join(name))
        .find(|path| path.is_file());
    found.or_else(|| missing(&format!("{name} is not installed")))
}

/// A virtual environment under `target/` that has the package; made once.
fn python_with_cryptography(python: &Path) -> Option<PathBuf> {
    let environment = Path::new(env!("CARGO_TARGET_TMPDIR")).join("interop-python");
    let inside = environment.join("bin/python");
    let works = |python: &Path| succeeds(python, ["-c", "import cryptography"]).is_ok();
    if !works(&inside) {
        let made = succeeds(
            python,
            [
                OsStr::new("-m"),
                "venv".as_ref(),
                "--clear".as_ref(),
                environment.as_ref(),
            ],
        )
        .and_then(|()| succeeds(&inside, ["-m", "pip", "install", "--quiet", "cryptography>=44"]));
        if let Err(why) = made {
            return missing(&format!("no Python with the cryptography package: {why}"));
        }
    }
    Some(inside)
}

fn succeeds<A: AsRef<OsStr>>(program: &Path, arguments: impl IntoIterator<Item = A>) -> Result<(), String> {
    match Command::new(program).args(arguments).output() {
        Ok(Output { status, .. }) if status.success() => Ok(()),
        Ok(Output { stderr, .. }) => Err(String::from_utf8_lossy(&stderr).into_owned()),
        Err(error) => Err(error.to_string()),
    }
}

fn missing<T>(what: &str) -> Option<T> {
    assert!(
        std::env::var_os("CI").is_none(),
        "{what}, and CI has to run this test"
    );
    println!("skipped: {what}");
    None
}
