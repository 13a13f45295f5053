//! `doctor` over stores that are whole, that are mended, and that only a backup helps.

use std::fs;
use std::path::PathBuf;

use super::host::{Host, Ran};

/// The state of a part, and the exit code.
fn state(ran: &Ran, part: &str) -> String {
    let report = ran.json();
    let parts = report["parts"].as_array().unwrap();
    let found = parts.iter().find(|line| line["part"] == part);
    found.map_or_else(
        || "none".to_owned(),
        |line| line["state"].as_str().unwrap().to_owned(),
    )
}

fn doctor(host: &Host, more: &[&str]) -> Ran {
    host.run(&[&["doctor", "--json"], more].concat())
}

fn segment(host: &Host) -> PathBuf {
    let entries = fs::read_dir(host.data().join("journal")).unwrap();
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    found.retain(|path| path.file_name().unwrap().to_string_lossy().starts_with("segment"));
    found.sort();
    found.pop().unwrap()
}

/// Flips a bit of the journal's first frame: others follow it.
fn damage_journal(host: &Host) {
    let path = segment(host);
    let mut bytes = fs::read(&path).unwrap();
    bytes[96 + 200] ^= 1;
    fs::write(&path, bytes).unwrap();
}

#[test]
fn a_whole_store_is_healthy_in_every_part() {
    let host = Host::onboarded();
    host.token("payouts", &[]);
    let ran = doctor(&host, &[]);
    assert_eq!(ran.code, 0, "{ran:?}");
    for line in ran.json()["parts"].as_array().unwrap() {
        assert_eq!(line["state"], "ok", "{line}");
    }
    for part in [
        "directories",
        "lock",
        "keyring",
        "seal",
        "journal",
        "records",
        "checkpoints",
        "anchor",
        "audit log",
        "key slots, first copy",
        "key slots, second copy",
        "backups",
    ] {
        assert_eq!(state(&ran, part), "ok", "{part}");
    }
    assert_eq!(host.run(&["doctor"]).code, 0);
    assert_eq!(Host::empty().run(&["doctor"]).code, 3);
}

#[test]
fn a_damaged_journal_is_begun_anew_from_records_that_prove_whole_and_nothing_is_lost() {
    let host = Host::onboarded();
    let (kept, revoked) = (host.token("kept", &[]), host.token("revoked", &[]));
    host.admin(&["token", "revoke", "revoked"]).succeeds();
    damage_journal(&host);
    assert_eq!(host.run(&["token", "list"]).code, 5);
    let before = fs::read(segment(&host)).unwrap();
    let ran = doctor(&host, &[]);
    assert_eq!((ran.code, &*state(&ran, "journal")), (5, "mendable"), "{ran:?}");
    assert_eq!(
        fs::read(segment(&host)).unwrap(),
        before,
        "looking changes nothing"
    );
    let ran = doctor(&host, &["--repair"]);
    assert_eq!((ran.code, &*state(&ran, "journal")), (0, "mended"), "{ran:?}");
    assert!(host.data().join("journal.damaged").is_dir());
    assert_eq!(host.verdict(&kept), Ok(()));
    assert_eq!(host.verdict(&revoked), Err("revoked".into()));
    host.token("fresh", &[]);
    assert_eq!(doctor(&host, &[]).code, 0);
    host.run(&["audit", "verify"]).succeeds();
}

#[test]
fn what_cannot_be_mended_without_a_loss_is_left_and_needs_a_backup() {
    let host = Host::onboarded();
    host.token("payouts", &[]);
    damage_journal(&host);
    fs::remove_dir_all(host.data().join("records")).unwrap();
    for more in [&[][..], &["--repair"]] {
        let ran = doctor(&host, more);
        assert_eq!((ran.code, &*state(&ran, "journal")), (5, "damaged"), "{ran:?}");
        assert!(ran.out.contains("strongroom restore"), "{ran:?}");
    }
}

#[test]
fn records_and_slots_that_are_gone_are_built_anew() {
    let host = Host::onboarded();
    let token = host.token("payouts", &[]);
    fs::remove_dir_all(host.data().join("records")).unwrap();
    fs::remove_file(host.data().join("slots.b")).unwrap();
    let ran = doctor(&host, &[]);
    for part in ["records", "key slots, second copy"] {
        assert_eq!(state(&ran, part), "mendable", "{ran:?}");
    }
    let ran = doctor(&host, &["--repair"]);
    for part in ["records", "key slots, second copy"] {
        assert_eq!(state(&ran, part), "mended", "{ran:?}");
    }
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(host.verdict(&token), Ok(()));
}

#[test]
fn without_the_seal_it_says_what_is_missing() {
    let host = Host::onboarded();
    fs::remove_file(host.path("home/.config/strongroom/seal.key")).unwrap();
    let ran = doctor(&host, &[]);
    assert_eq!((ran.code, &*state(&ran, "seal")), (5, "damaged"), "{ran:?}");
    fs::remove_file(host.data().join("keyring")).unwrap();
    let ran = doctor(&host, &[]);
    assert_eq!((ran.code, &*state(&ran, "keyring")), (5, "damaged"), "{ran:?}");
}
