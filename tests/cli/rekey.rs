//! The keyring replaced after a leak: everything goes on working, nothing that the old one opens is left, and a crash
//! anywhere leaves the store of before or the new one.

use std::fs;
use std::path::Path;

use crate::faulty_disk;
use crate::host::{Host, OTHER_PASSWORD, PASSWORD, Ran};

const KEY_FILE: &str = "home/.config/strongroom/seal.key";
const STATE: &str = "home/.local/state/strongroom";

fn rekey(host: &Host, more: &[&str]) -> Ran {
    host.admin(&[&["seal", "rekey"], more].concat())
}

fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn decrypted(host: &Host, ciphertext: &str) -> String {
    host.feed(&["key", "decrypt"], ciphertext.as_bytes())
        .succeeds()
        .out
}

fn copied(from: &Path, to: &Path) {
    assert!(
        std::process::Command::new("cp")
            .args(["-a".as_ref(), from.as_os_str(), to.as_os_str()])
            .status()
            .unwrap()
            .success()
    );
}

#[test]
fn everything_goes_on_under_the_new_keyring_and_the_old_one_opens_nothing() {
    let host = Host::onboarded();
    let token = host.token("payouts", &[]);
    let ciphertext = host.feed(&["key", "encrypt"], b"4711").succeeds().out;
    host.verdict(&token).unwrap();
    let old_keyring = fs::read(host.data().join("keyring")).unwrap();
    copied(&host.data(), &host.path("old"));

    let ran = rekey(&host, &[]).succeeds();
    assert!(
        ran.out.contains("seal-2.key") && ran.out.contains("epoch\t2"),
        "{ran:?}"
    );
    for word in ["no longer", "keep a copy", "new backup"] {
        assert!(ran.err.contains(word), "{}", ran.err);
    }
    // The new log has a signed checkpoint at once.
    let answer = host.run(&["audit", "verify", "--json"]).succeeds().json();
    assert_eq!(answer["checkpoints"], 1);
    // The old seal is of no use any more.
    fs::rename(host.path(KEY_FILE), host.path("old.key")).unwrap();
    host.verdict(&token).unwrap();
    assert_eq!(decrypted(&host, &ciphertext), "4711");
    let anchors: Vec<String> = names(&host.path(STATE))
        .into_iter()
        .filter(|name| name.starts_with("anchor-"))
        .collect();
    assert!(anchors.len() == 1 && anchors[0].ends_with(".2"), "{anchors:?}");
    assert_eq!(
        names(&host.data()),
        [
            "journal.2",
            "keyring",
            "lock",
            "records.2",
            "slots.2.a",
            "slots.2.b",
            "usage.2"
        ]
    );

    // Signing in works, a new token too, and what happened is in the log.
    let other = host.token("refunds", &["--variable", "REFUNDS"]);
    host.verdict(&other).unwrap();
    let doctor = host.run(&["doctor", "--json"]).json();
    let said = doctor.to_string();
    for word in ["rebuilt", "no_anchor", "anchor_missing", "damaged"] {
        assert!(!said.contains(word), "{word}: {said}");
    }
    let newest = host
        .run(&["activity", "list", "--json", "--limit", "50"])
        .succeeds()
        .json();
    let entries = newest["entries"].as_array().unwrap();
    let told = |word: &str| entries.iter().filter(|it| it["action"] == word).count();
    assert_eq!(
        (told("seal.rekeyed"), told("store.rebuilt"), told("key.erased")),
        (1, 0, 0)
    );
    let entry = entries.iter().find(|it| it["action"] == "seal.rekeyed").unwrap();
    assert_eq!(entry["actor"]["cashier"], "ada@acme.test");
    let reason = entry["reason"].as_str().unwrap();
    for word in ["epoch 1 → 2", "seal.key →", "seal-2.key", "intact"] {
        assert!(reason.contains(word), "{reason}");
    }
    let answer = host.run(&["audit", "verify", "--json"]).succeeds().json();
    assert_eq!(
        (&answer["verdict"], &answer["rejected_lines"]),
        (&"intact".into(), &0.into())
    );
    assert!(answer["earlier_lines"].as_u64().unwrap() > 0, "{answer}");
    let usage = host
        .run(&["token", "list", "--json"])
        .succeeds()
        .json()
        .to_string();
    assert!(usage.contains("payouts"), "{usage}");

    // The keyring of before, put back: refused with a word, and nothing is touched.
    let new_keyring = fs::read(host.data().join("keyring")).unwrap();
    fs::rename(host.path("old.key"), host.path(KEY_FILE)).unwrap();
    fs::write(host.data().join("keyring"), &old_keyring).unwrap();
    let said = host.run(&["org", "list"]).refused(5);
    assert!(said.contains("epoch 1") && said.contains("epoch 2"), "{said}");
    // Nor does the whole copy of before pass for the store.
    fs::rename(host.data(), host.path("new")).unwrap();
    copied(&host.path("old"), &host.data());
    let said = host.run(&["org", "list"]).refused(5);
    assert!(said.contains("epoch 2"), "{said}");
    fs::remove_dir_all(host.data()).unwrap();
    fs::rename(host.path("new"), host.data()).unwrap();
    fs::write(host.data().join("keyring"), new_keyring).unwrap();
    host.verdict(&token).unwrap();
    assert_eq!(decrypted(&host, &ciphertext), "4711");

    // A second time, only when every good token was used since the first: one was minted since, one was used.
    rekey(&host, &[]).succeeds();
    assert_eq!(decrypted(&host, &ciphertext), "4711");
    host.verdict(&other).unwrap();
    let said = rekey(&host, &[]).refused(1);
    for word in ["1 good token", ": payouts", "used once"] {
        assert!(said.contains(word), "{word}: {said}");
    }
    host.verdict(&token).unwrap();
    let rehashed = host
        .run(&["activity", "list", "--filter", "token.rehashed", "--json"])
        .succeeds()
        .json();
    let entries = rehashed["entries"].as_array().unwrap();
    assert!(entries.iter().all(|it| it["subject"] == "1 token"), "{entries:?}");
    assert_eq!(entries.len(), 3);
    assert_eq!(entries[0]["actor"]["cashier"], serde_json::Value::Null);
    rekey(&host, &[]).succeeds();
    for token in [&token, &other] {
        host.verdict(token).unwrap();
    }
    let answer = host.run(&["audit", "verify", "--json"]).succeeds().json();
    assert_eq!(answer["verdict"], "intact");
}

#[test]
fn a_passphrase_may_seal_the_new_keyring_and_a_failed_try_leaves_the_old_one() {
    let host = Host::onboarded();
    host.file("phrase", OTHER_PASSWORD);
    let before = (
        names(&host.data()),
        fs::read(host.data().join("keyring")).unwrap(),
    );
    let taken = host.path(KEY_FILE);
    let said = rekey(&host, &["--key-file", taken.to_str().unwrap()]).refused(1);
    assert!(said.contains("already"), "{said}");
    assert_eq!(
        before,
        (
            names(&host.data()),
            fs::read(host.data().join("keyring")).unwrap()
        )
    );
    rekey(&host, &["--new-passphrase-file", "phrase"]).succeeds();
    host.run(&["org", "list", "--passphrase-file", "phrase"])
        .succeeds();
    rekey(&host, &["--passphrase-file", "phrase", "--key-file", "third.key"]).succeeds();
    host.run(&["org", "list"]).succeeds();
    let status = host.run(&["seal", "status", "--json"]).succeeds().json();
    assert_eq!(status["epoch"], 3);
    assert!(names(&host.data()).contains(&"journal.3".to_owned()));
    assert!(
        !names(&host.data())
            .iter()
            .any(|name| name == "journal.2" || name == "journal")
    );
    assert!(Host::found(&host.data(), PASSWORD.as_bytes()).is_none());
}

const REKEY: [&str; 6] = [
    "seal",
    "rekey",
    "--cashier",
    "ada@acme.test",
    "--password-file",
    "password",
];

/// A command with a fault at one of its calls; a log of all calls, where it goes.
fn faulty(host: &Host, arguments: &[&str], at: usize, what: &str, log: Option<&Path>) -> Ran {
    let mut command = host.command(arguments);
    let under = [host.data(), host.path(STATE), host.path("home/.config")];
    let under = under.map(|path| path.to_str().unwrap().to_owned());
    command
        .env("LD_PRELOAD", faulty_disk::library())
        .env("FAULTS_UNDER", under.join(":"))
        .env("FAULTS_AT", at.to_string())
        .env("FAULTS_WHAT", what);
    if let Some(log) = log {
        command.env("FAULTS_LOG", log);
    }
    host.finish(command, b"")
}

#[test]
fn a_fault_at_any_step_leaves_the_store_of_before_or_the_new_one_whole() {
    let host = Host::onboarded();
    let token = host.token("payouts", &[]);
    let ciphertext = host.feed(&["key", "encrypt"], b"4711").succeeds().out;
    copied(&host.path("home"), &host.path("before"));
    let fresh = || {
        fs::remove_dir_all(host.path("home")).unwrap();
        copied(&host.path("before"), &host.path("home"));
    };
    let log = host.path("calls");
    faulty(&host, &REKEY, 0, "", Some(&log)).succeeds();
    let calls: Vec<String> = fs::read_to_string(&log)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect();
    let first = calls.iter().position(|call| call.contains("journal.2")).unwrap();
    assert!(calls.len() - first > 30, "{calls:?}");
    let (mut old, mut new) = (0, 0);
    for at in first + 1..=calls.len() {
        let what = ["before", "half", "eio"][at % 3];
        fresh();
        faulty(&host, &REKEY, at, what, None);
        let epoch = host.run(&["seal", "status", "--json"]).succeeds().json()["epoch"].clone();
        match epoch.as_u64() {
            Some(1) => old += 1,
            Some(2) => new += 1,
            _ => panic!("{at} {what}: {epoch}"),
        }
        let call = &calls[at - 1];
        assert_eq!(host.verdict(&token), Ok(()), "{call} {what}");
        assert_eq!(decrypted(&host, &ciphertext), "4711", "{call} {what}");
        let answer = host.run(&["audit", "verify", "--json"]).succeeds().json();
        assert_eq!(answer["verdict"], "intact", "{call} {what}");
        // Nothing of the other one is left.
        let (data, is_second) = (names(&host.data()), epoch == 2);
        let is_of_second = |name: &String| name.contains(".2");
        let own = ["journal", "records", "slots", "usage"];
        let files = data
            .iter()
            .filter(|name| own.iter().any(|begin| name.starts_with(begin)));
        for name in files {
            assert_eq!(is_of_second(name), is_second, "{call} {what}: {data:?}");
        }
    }
    assert!(old > 10 && new > 0, "{old} {new}");
}

#[test]
fn a_fault_at_the_first_opening_after_it_keeps_the_new_store_whole() {
    let host = Host::onboarded();
    let token = host.token("payouts", &[]);
    let ciphertext = host.feed(&["key", "encrypt"], b"4711").succeeds().out;
    rekey(&host, &[]).succeeds();
    copied(&host.path("home"), &host.path("after"));
    let list = ["org", "list"];
    let log = host.path("calls");
    faulty(&host, &list, 0, "", Some(&log)).succeeds();
    let calls: Vec<String> = fs::read_to_string(&log)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect();
    let removes = calls.iter().filter(|call| call.contains(" unlink")).count();
    assert!(removes > 5, "{calls:?}");
    for at in (1..=calls.len()).step_by(2) {
        let what = ["before", "half"][at / 2 % 2];
        fs::remove_dir_all(host.path("home")).unwrap();
        copied(&host.path("after"), &host.path("home"));
        faulty(&host, &list, at, what, None);
        let call = &calls[at - 1];
        assert_eq!(host.verdict(&token), Ok(()), "{call} {what}");
        assert_eq!(decrypted(&host, &ciphertext), "4711", "{call} {what}");
        let data = names(&host.data());
        assert!(
            !data.iter().any(|name| name == "journal" || name == "records"),
            "{call} {what}: {data:?}"
        );
    }
}
