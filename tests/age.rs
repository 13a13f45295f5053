//! The age format, held against the published test vectors (`fixtures/age`, from C2SP's CCTV, CC0) and against the age
//! tool itself, both ways.
//!
//! A missing tool fails the test where `CI` is set, and skips it elsewhere.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests, which clippy does not take for tests"
)]

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::Command;

use proptest::prelude::*;
use strongroom::crypto::Sha256Hasher;
use strongroom::crypto::age::{self, AgeError, For, Identity, With};
use strongroom::domain::recovery::Recipient;
use strongroom::domain::secret::Secret;
use strongroom::service::ports::Hasher as _;
use strongroom::system::OsEntropy;

/// Everything that is handed out, and how it ends.
fn read(with: With<'_>, file: &[u8]) -> (Vec<u8>, Result<(), AgeError>) {
    let mut plaintext = Vec::new();
    let ended = age::decrypt(with, file).and_then(|mut payload| {
        payload.read_to_end(&mut plaintext)?;
        Ok(())
    });
    (plaintext, ended)
}

fn written(whom: For<'_>, plaintext: &[u8]) -> Vec<u8> {
    let (mut file, _) = age::encrypt(whom, &OsEntropy, Vec::new()).unwrap();
    file.write_all(plaintext).unwrap();
    file.finish().unwrap()
}

fn identity(text: &str) -> Identity {
    Identity::parse(&Secret::from_text(text.to_owned())).unwrap()
}

fn recipient_of(identity: &Identity) -> Recipient {
    identity.recipient().unwrap()
}

/// The lines of a vector's head, and its age file.
fn vector(path: &Path) -> (Vec<(String, String)>, Vec<u8>) {
    let bytes = fs::read(path).unwrap();
    let end = bytes.windows(2).position(|two| two == b"\n\n").unwrap();
    let head: Vec<_> = std::str::from_utf8(&bytes[..end])
        .unwrap()
        .lines()
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let file = &bytes[end + 2..];
    let is_compressed = head.iter().any(|(name, _)| name == "compressed");
    let file = match is_compressed {
        true => miniz_oxide::inflate::decompress_to_vec_zlib(file).unwrap(),
        false => file.to_vec(),
    };
    (head, file)
}

#[test]
fn every_published_vector_gives_what_it_says() {
    let mut seen = 0;
    for entry in fs::read_dir("tests/fixtures/age").unwrap() {
        let path = entry.unwrap().path();
        let (head, file) = vector(&path);
        let values = |name: &str| {
            let found = head.iter().filter(move |(known, _)| known == name);
            found.map(|(_, value)| value.clone()).collect::<Vec<_>>()
        };
        let mut results = Vec::new();
        for text in values("identity") {
            results.push(read(With::Identity(&identity(&text)), &file));
        }
        for text in values("passphrase") {
            results.push(read(With::Passphrase(&Secret::from_text(text)), &file));
        }
        if results.is_empty() {
            let stranger = Identity::generate(&OsEntropy).unwrap();
            results.push(read(With::Identity(&stranger), &file));
        }
        let fits = |result: &Result<(), AgeError>| match values("expect")[0].as_str() {
            "success" => result.is_ok(),
            "no match" => matches!(result, Err(AgeError::NotForUs)),
            "HMAC failure" => matches!(result, Err(AgeError::HeaderAltered)),
            "payload failure" => matches!(result, Err(AgeError::PayloadAltered)),
            "header failure" => matches!(result, Err(AgeError::Header(_))),
            other => panic!("{}: expects {other}", path.display()),
        };
        let found = results.iter().find(|(_, result)| fits(result));
        let (plaintext, ended) = found.unwrap_or_else(|| {
            let results: Vec<_> = results.iter().map(|(_, result)| result).collect();
            panic!(
                "{}: {:?}, and it gave {results:?}",
                path.display(),
                values("expect")
            )
        });
        for hash in values("payload") {
            let ours: String = Sha256Hasher
                .sha256(plaintext)
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            // Of a file that is damaged further on, others hand out more: they look for an end in every chunk.
            assert!(ours == hash || ended.is_err(), "{}", path.display());
        }
        seen += 1;
    }
    assert_eq!(seen, 88);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_was_written_is_read_whole_and_every_damage_is_noticed(
        length in prop_oneof![0usize..300, 65_530..65_545usize, 131_060..131_090usize],
        place in any::<prop::sample::Index>(),
        bit in 0u8..8,
    ) {
        let plaintext: Vec<u8> = (0..length).map(|byte| byte as u8).collect();
        let (ours, other) = (Identity::generate(&OsEntropy).unwrap(), Identity::generate(&OsEntropy).unwrap());
        let file = written(For::Recipients(&[recipient_of(&other), recipient_of(&ours)]), &plaintext);
        for identity in [&ours, &other] {
            let (whole, ended) = read(With::Identity(identity), &file);
            prop_assert!(ended.is_ok());
            prop_assert_eq!(&whole, &plaintext);
        }
        let stranger = Identity::generate(&OsEntropy).unwrap();
        prop_assert!(matches!(read(With::Identity(&stranger), &file).1, Err(AgeError::NotForUs)));
        let mut flipped = file.clone();
        let place = place.index(file.len());
        flipped[place] ^= 1 << bit;
        prop_assert!(read(With::Identity(&ours), &flipped).1.is_err(), "bit {bit} of byte {place}");
        prop_assert!(read(With::Identity(&ours), &file[..place]).1.is_err(), "cut to {place}");
        let longer = [file.as_slice(), b"x"].concat();
        prop_assert!(read(With::Identity(&ours), &longer).1.is_err());
    }
}

#[test]
fn the_file_key_opens_the_file_it_was_made_for_and_no_other() {
    let identity = Identity::generate(&OsEntropy).unwrap();
    let begin = || {
        age::encrypt(
            For::Recipients(&[recipient_of(&identity)]),
            &OsEntropy,
            Vec::new(),
        )
        .unwrap()
    };
    let ((one, key), (other, _)) = (begin(), begin());
    let (one, other) = (one.finish().unwrap(), other.finish().unwrap());
    assert!(age::decrypt_with_file_key(&key, one.as_slice()).is_ok());
    let refused = age::decrypt_with_file_key(&key, other.as_slice()).unwrap_err();
    assert!(matches!(refused, AgeError::HeaderAltered));
    let for_nobody = age::encrypt(For::Recipients(&[]), &OsEntropy, Vec::new()).unwrap_err();
    assert!(matches!(for_nobody, AgeError::NoRecipient));
}

#[test]
fn a_passphrase_opens_what_was_made_for_it() {
    let right = Secret::from_text("four words and more".into());
    let file = written(For::Passphrase(&right), b"planted");
    assert_eq!(read(With::Passphrase(&right), &file).0, b"planted");
    let wrong = Secret::from_text("four words and less".into());
    let identity = Identity::generate(&OsEntropy).unwrap();
    for with in [With::Passphrase(&wrong), With::Identity(&identity)] {
        assert!(matches!(read(with, &file).1, Err(AgeError::NotForUs)));
    }
}

#[test]
fn nothing_that_is_printed_shows_a_key() {
    let identity = Identity::generate(&OsEntropy).unwrap();
    assert_eq!(format!("{identity:?}"), "Identity(…)");
}

#[test]
fn the_age_tool_reads_what_we_write_and_we_read_what_it_writes() {
    let Some(tool) = tool("age") else { return };
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let ours = Identity::generate(&OsEntropy).unwrap();
    fs::write(path("key"), ours.to_text().expose()).unwrap();
    for length in [0, 1, 65_536, 200_000] {
        let plaintext: Vec<u8> = (0..length).map(|byte: u32| byte as u8).collect();
        fs::write(
            path("ours.age"),
            written(For::Recipients(&[recipient_of(&ours)]), &plaintext),
        )
        .unwrap();
        let opened = Command::new(&tool)
            .args(["-d", "-i"])
            .args([path("key"), path("ours.age")])
            .output()
            .unwrap();
        assert!(
            opened.status.success(),
            "{}",
            String::from_utf8_lossy(&opened.stderr)
        );
        assert!(opened.stdout == plaintext);

        fs::write(path("plain"), &plaintext).unwrap();
        let made = Command::new(&tool)
            .args(["-r", &recipient_of(&ours).to_string(), "-o"])
            .args([path("theirs.age"), path("plain")])
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let (opened, ended) = read(With::Identity(&ours), &fs::read(path("theirs.age")).unwrap());
        ended.unwrap();
        assert!(opened == plaintext);
    }
    let generated = Command::new(tool.with_file_name("age-keygen")).output().unwrap();
    let file = Secret::new(generated.stdout);
    let theirs = Identity::parse(&file).unwrap();
    let said = format!("# public key: {}", recipient_of(&theirs));
    assert!(file.expose_text().unwrap().contains(&said));
}

fn tool(name: &str) -> Option<std::path::PathBuf> {
    let found = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
        .map(|directory| directory.join(name))
        .find(|path| path.is_file());
    if found.is_none() {
        assert!(std::env::var_os("CI").is_none(), "{name} is missing");
        println!("skipped: {name} is missing");
    }
    found
}
