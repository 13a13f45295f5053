//! Backups with the real program: made, opened by the age tool, restored elsewhere; what is damaged is refused.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use super::host::Host;

/// A machine with `acme`, whose recovery key is in the file `recovery.key`.
fn with_recovery_key() -> Host {
    let host = Host::empty();
    host.init(&["--recovery-file", "recovery.key"]).succeeds();
    host
}

fn backups_in(host: &Host, directory: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(host.path(directory)).unwrap();
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    found.sort();
    found
}

#[test]
fn a_backup_is_a_new_private_file_and_an_entry_of_the_log() {
    let host = with_recovery_key();
    let path = host.run(&["backup", "one.age", "-q"]).succeeds().out;
    let path = PathBuf::from(path.trim());
    assert_eq!(path, host.path("one.age"));
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(
        fs::read(&path)
            .unwrap()
            .starts_with(b"age-encryption.org/v1\n-> X25519 ")
    );
    let before = fs::read(&path).unwrap();
    let said = host.run(&["backup", "one.age"]).refused(1);
    assert!(said.contains("already"), "{said}");
    assert_eq!(fs::read(&path).unwrap(), before);
    let log = host
        .run(&["activity", "list", "--filter", "backed_up"])
        .succeeds()
        .out;
    assert_eq!(log.lines().count(), 1, "{log}");
    assert!(log.contains("one.age"), "{log}");
    let shown = host.run(&["backup", "recipient", "show"]).succeeds().out;
    assert!(shown.contains("one.age"), "{shown}");
}

#[test]
fn a_directory_keeps_the_newest_seven_and_nothing_else_is_touched() {
    let host = with_recovery_key();
    fs::create_dir(host.path("backups")).unwrap();
    for hour in 10..18 {
        host.file(
            &format!("backups/strongroom-acme-20200101T{hour}0000Z.age"),
            "old",
        );
    }
    host.file("backups/strongroom-beta-20200101T000000Z.age", "another store's");
    host.file("backups/strongroom-acme-notes.age", "not ours");
    host.run(&["backup", "backups"]).succeeds();
    let names: Vec<String> = backups_in(&host, "backups")
        .iter()
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    let ours: Vec<&String> = names
        .iter()
        .filter(|name| name.starts_with("strongroom-acme-20"))
        .collect();
    assert_eq!(ours.len(), 7, "{names:?}");
    assert_eq!(ours[0], "strongroom-acme-20200101T120000Z.age");
    assert_eq!(names.len(), 9, "{names:?}");
}

#[test]
fn without_a_recovery_key_a_backup_needs_somebody_to_be_for() {
    let host = Host::onboarded();
    let said = host.run(&["backup", "one.age"]).refused(1);
    assert!(said.contains("recipient new"), "{said}");
    host.file("passphrase", "an old song about rain");
    host.run(&["backup", "one.age", "--backup-passphrase-file", "passphrase"])
        .succeeds();
    assert!(
        fs::read(host.path("one.age"))
            .unwrap()
            .starts_with(b"age-encryption.org/v1\n-> scrypt ")
    );
    let who = ["--cashier", "ada@acme.test", "--password-file", "password"];
    let made = ["backup", "recipient", "new", "--recovery-file", "recovery.key"];
    host.run(&[made.as_slice(), &who].concat()).succeeds();
    host.run(&["backup", "two.age"]).succeeds();
}

/// Another machine, with what was kept elsewhere: the backup, the recovery key and the key file.
fn new_host(old: &Host) -> Host {
    let new = Host::empty();
    for (from, to) in [
        ("one.age", "one.age"),
        ("recovery.key", "recovery.key"),
        ("home/.config/strongroom/seal.key", "seal.key"),
    ] {
        fs::copy(old.path(from), new.path(to)).unwrap();
    }
    new
}

const RESTORE: [&str; 6] = [
    "restore",
    "one.age",
    "--identity-file",
    "recovery.key",
    "--key-file",
    "seal.key",
];

fn restore(host: &Host, more: &[&str]) -> super::host::Ran {
    host.run(&[RESTORE.as_slice(), more].concat())
}

#[test]
fn on_a_new_host_every_token_is_held_until_an_admin_releases_it_and_keys_decrypt_at_once() {
    let old = with_recovery_key();
    let token = old.token("payouts", &[]);
    let ciphertext = old.feed(&["key", "encrypt"], b"4711").succeeds().out;
    old.run(&["backup", "one.age"]).succeeds();
    old.admin(&["token", "revoke", "payouts"]).succeeds();

    let host = new_host(&old);
    let checked = restore(&host, &["--check", "--json"]).succeeds().json();
    assert_eq!(
        (&checked["done"], &checked["held"]),
        (&false.into(), &true.into())
    );
    assert!(!host.data().exists(), "nothing was written");
    let done = restore(&host, &["--json"]).succeeds().json();
    assert_eq!((&done["done"], &done["held"]), (&true.into(), &true.into()));
    assert!(host.data().join("keyring").exists());
    let said = restore(&host, &[]).refused(1);
    assert!(said.contains("opens whole"), "{said}");

    // The key file is where it was named, from now on.
    assert_eq!(host.verdict(&token), Err("held".into()));
    assert!(host.run(&["token", "list"]).succeeds().out.contains("held"));
    let opened = host.feed(&["key", "decrypt"], ciphertext.as_bytes()).succeeds();
    assert_eq!(opened.out.trim_end(), "4711");
    let fresh = host.token("checkout", &[]);
    assert_eq!(host.verdict(&fresh), Ok(()));
    host.admin(&["token", "release", "payouts"]).succeeds();
    assert_eq!(
        host.verdict(&token),
        Ok(()),
        "the revocation came after the backup"
    );
    host.admin(&["token", "release", "--all"]).succeeds();
    let log = host.run(&["activity", "list"]).succeeds().out;
    for action in ["store.restored", "token.released", "token.all_released"] {
        assert!(log.contains(action), "{log}");
    }
    host.run(&["audit", "verify"]).succeeds();
}

#[test]
fn where_the_journal_survived_nothing_is_lost_and_nothing_held() {
    let host = with_recovery_key();
    let (kept, revoked) = (host.token("kept", &[]), host.token("revoked", &[]));
    host.run(&["backup", "one.age"]).succeeds();
    host.admin(&["token", "revoke", "revoked"]).succeeds();
    host.admin(&["key", "rotate", "--confirm", "acme", "--key-size", "2048"])
        .succeeds();
    let ciphertext = host.feed(&["key", "encrypt"], b"4711").succeeds().out;
    // The database, all checkpoints and the keyring are gone.
    fs::remove_dir_all(host.data().join("records")).unwrap();
    fs::remove_file(host.data().join("keyring")).unwrap();
    for file in fs::read_dir(host.data().join("journal")).unwrap() {
        let path = file.unwrap().path();
        if path
            .file_name()
            .unwrap()
            .to_string_lossy()
            .starts_with("checkpoint")
        {
            fs::remove_file(path).unwrap();
        }
    }
    let seal = host.path("home/.config/strongroom/seal.key");
    let restore = ["restore", "one.age", "-i", "recovery.key", "--json", "--key-file"];
    let restore = [restore.as_slice(), &[seal.to_str().unwrap()]].concat();
    let done = host.run(&restore).succeeds().json();
    assert_eq!(done["held"], false, "{done}");
    let aside = PathBuf::from(done["set_aside"].as_str().unwrap());
    assert!(aside.join("journal").is_dir(), "the damaged store is kept whole");
    assert_eq!(host.verdict(&kept), Ok(()));
    assert_eq!(host.verdict(&revoked), Err("revoked".into()));
    let opened = host.feed(&["key", "decrypt"], ciphertext.as_bytes()).succeeds();
    assert_eq!(
        opened.out.trim_end(),
        "4711",
        "the slot of the new generation survived"
    );
    host.run(&["audit", "verify"]).succeeds();
}

#[test]
fn where_the_end_of_the_journal_is_missing_tokens_are_held() {
    let host = with_recovery_key();
    let token = host.token("payouts", &[]);
    host.run(&["backup", "one.age"]).succeeds();
    host.admin(&["token", "revoke", "payouts"]).succeeds();
    fs::remove_dir_all(host.data().join("journal")).unwrap();
    fs::remove_dir_all(host.data().join("records")).unwrap();
    assert_eq!(host.run(&["token", "list"]).code, 5);
    let done = host
        .run(&["restore", "one.age", "-i", "recovery.key", "--json"])
        .succeeds()
        .json();
    assert_eq!(done["held"], true, "{done}");
    assert_eq!(host.verdict(&token), Err("held".into()), "its revocation is lost");
    // Not an older state in the place of a newer one: the anchor is the restored store's.
    host.token("fresh", &[]);
}

#[test]
fn a_wrong_key_a_wrong_seal_and_every_damage_are_refused_and_nothing_is_left() {
    let old = with_recovery_key();
    old.run(&["backup", "one.age"]).succeeds();
    let host = new_host(&old);
    let other = with_recovery_key();
    fs::copy(other.path("recovery.key"), host.path("other.key")).unwrap();
    fs::copy(
        other.path("home/.config/strongroom/seal.key"),
        host.path("other.seal"),
    )
    .unwrap();
    let with = |identity: &str, seal: &str| {
        host.run(&["restore", "one.age", "-i", identity, "--key-file", seal])
            .refused(5)
    };
    assert!(with("other.key", "seal.key").contains("recovery key"));
    assert!(with("recovery.key", "other.seal").contains("wrong seal"));

    let whole = fs::read(host.path("one.age")).unwrap();
    let length = whole.len();
    for place in [0, 30, 150, 260, length / 3, length / 2, length - 20, length - 1] {
        let mut flipped = whole.clone();
        flipped[place] ^= 4;
        for damaged in [flipped, whole[..place].to_vec()] {
            fs::write(host.path("one.age"), damaged).unwrap();
            let ran = restore(&host, &[]);
            assert_eq!(ran.code, 5, "byte {place} of {length}: {ran:?}");
        }
    }
    fs::write(host.path("one.age"), &whole).unwrap();
    let left = fs::read_dir(host.path("home/.local")).map_or(0, Iterator::count);
    assert_eq!(left, 0, "nothing was made");
    restore(&host, &[]).succeeds();
}

#[test]
fn the_age_tool_opens_a_backup_and_no_secret_is_in_it_without_the_seal() {
    let Some(age) = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
        .map(|directory| directory.join("age"))
        .find(|path| path.is_file())
    else {
        return crate::skip::skipped("age is missing");
    };
    let host = with_recovery_key();
    host.run(&["backup", "one.age"]).succeeds();
    let opened = std::process::Command::new(age)
        .args(["-d", "-i"])
        .args([host.path("recovery.key"), host.path("one.age")])
        .output()
        .unwrap();
    assert!(
        opened.status.success(),
        "{}",
        String::from_utf8_lossy(&opened.stderr)
    );
    assert!(opened.stdout.starts_with(b"SRbk\x01"));
    for needle in [b"ada@acme.test".as_slice(), b"argon2id", b"BEGIN"] {
        let is_there = opened.stdout.windows(needle.len()).any(|window| window == needle);
        assert!(!is_there, "{}", String::from_utf8_lossy(needle));
    }
}

/// The newest segment of the journal.
fn segment(host: &Host) -> PathBuf {
    let mut found = backups_in(host, "home/.local/share/strongroom/journal");
    found.retain(|path| path.file_name().unwrap().to_string_lossy().starts_with("segment"));
    found.pop().unwrap()
}

#[test]
fn frames_that_still_prove_themselves_follow_the_backup_and_the_rest_is_held() {
    let host = with_recovery_key();
    let token = host.token("payouts", &[]);
    host.run(&["backup", "one.age"]).succeeds();
    host.admin(&["token", "revoke", "payouts"]).succeeds();
    let good = fs::read(segment(&host)).unwrap();
    let end = good.iter().rposition(|byte| *byte != 0).unwrap();
    let late = host.token("late", &[]);
    let mut bytes = fs::read(segment(&host)).unwrap();
    // The first frame after the revocation: what follows is not proven any more.
    bytes[end + 60] ^= 1;
    fs::write(segment(&host), bytes).unwrap();
    let said = host.run(&["restore", "one.age", "-i", "recovery.key"]).refused(1);
    assert!(
        said.contains("doctor --repair"),
        "the records still have all of it: {said}"
    );
    fs::remove_dir_all(host.data().join("records")).unwrap();
    let done = host
        .run(&["restore", "one.age", "-i", "recovery.key", "--json"])
        .succeeds()
        .json();
    assert_eq!(done["held"], true, "{done}");
    assert!(
        done["sequence"].as_u64() > done["backup"]["sequence"].as_u64(),
        "{done}"
    );
    assert_eq!(
        host.verdict(&token),
        Err("revoked".into()),
        "its revocation was proven"
    );
    assert_eq!(
        host.verdict(&late),
        Err("invalid".into()),
        "it is lost, and that is why tokens are held"
    );
}
