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
