//! What opens the store: shown, and exchanged.

use std::fs;

use crate::host::{Host, OTHER_PASSWORD};

const KEY_FILE: &str = "home/.config/strongroom/seal.key";

fn sealed_by(host: &Host) -> serde_json::Value {
    let status = host.run(&["seal", "status", "--json"]).succeeds().json();
    assert_eq!(status["epoch"], 1);
    assert_eq!(status["store"].as_str().unwrap().len(), 32);
    status["sealed_by"].clone()
}

/// Another seal, by the admin.
fn rotate(host: &Host, more: &[&str]) -> crate::host::Ran {
    host.admin(&[&["seal", "rotate"], more].concat())
}

#[test]
fn status_names_the_seal_without_opening_the_store() {
    let host = Host::onboarded();
    fs::rename(host.path(KEY_FILE), host.path("away.key")).unwrap();
    host.run(&["org", "list"]).refused(5);
    assert_eq!(sealed_by(&host)["kind"], "key_file");
    let text = host.run(&["seal", "status"]).succeeds().out;
    assert!(
        text.starts_with(&format!(
            "sealed by\tkey file {}\n",
            host.path(KEY_FILE).display()
        )),
        "{text}"
    );
    assert!(text.contains("epoch\t1\n"), "{text}");
    let said = Host::empty().run(&["seal", "status"]).refused(3);
    assert!(said.contains("strongroom init"), "{said}");
}

#[test]
fn a_new_key_file_opens_the_store_and_the_old_one_only_its_copies() {
    let host = Host::onboarded();
    let token = host.token("payouts", &[]);
    let old_keyring = fs::read(host.data().join("keyring")).unwrap();
    let ran = rotate(&host, &["--key-file", "new/seal.key"]).succeeds();
    for word in ["no longer", "copies and backups", "keep a copy"] {
        assert!(ran.err.contains(word), "{}", ran.err);
    }
    assert!(ran.out.contains("new/seal.key"), "{}", ran.out);
    // Only the new file is needed, and it is found from everywhere.
    fs::rename(host.path(KEY_FILE), host.path("old.key")).unwrap();
    host.verdict(&token).unwrap();
    let newest = host
        .run(&["activity", "list", "--json", "--limit", "1"])
        .succeeds()
        .json();
    let entry = &newest["entries"][0];
    assert_eq!(entry["action"], "seal.rotated");
    assert_eq!(entry["actor"]["cashier"], "ada@acme.test");
    let reason = entry["reason"].as_str().unwrap();
    assert!(
        reason.ends_with("new/seal.key") && reason.contains(KEY_FILE),
        "{reason}"
    );
    // Without the new file nothing opens, and an old copy of the keyring opens with the old one.
    fs::rename(host.path("new/seal.key"), host.path("new/away.key")).unwrap();
    host.run(&["org", "list"]).refused(5);
    fs::rename(host.path("old.key"), host.path(KEY_FILE)).unwrap();
    host.run(&["org", "list"]).refused(5);
    fs::write(host.data().join("keyring"), old_keyring).unwrap();
    host.run(&["org", "list"]).succeeds();
    assert!(Host::found(&host.data(), &fs::read(host.path(KEY_FILE)).unwrap()).is_none());
}

#[test]
fn a_passphrase_takes_a_key_file_s_place_and_back() {
    let host = Host::onboarded();
    let token = host.token("payouts", &[]);
    host.file("phrase", OTHER_PASSWORD);
    rotate(&host, &["--new-passphrase-file", "phrase"]).succeeds();
    let sealed = sealed_by(&host);
    assert_eq!(sealed["kind"], "passphrase");
    assert_eq!(
        (&sealed["memory_kib"], &sealed["passes"]),
        (&65536.into(), &3.into())
    );
    let text = host.run(&["seal", "status"]).succeeds().out;
    assert!(text.contains("argon2id, 65536 KiB, 3 passes"), "{text}");
    host.run(&["org", "list"]).refused(2);
    host.run(&["org", "list", "--passphrase-file", "phrase"])
        .succeeds();

    // The same place is taken: the seal stays as it is.
    let ran = rotate(&host, &["--passphrase-file", "phrase", "--key-file", KEY_FILE]);
    assert!(ran.refused(1).contains("already"));
    assert_eq!(sealed_by(&host)["kind"], "passphrase");
    let back = ["--passphrase-file", "phrase", "--key-file", "again.key"];
    rotate(&host, &back).succeeds();
    host.verdict(&token).unwrap();
}

#[test]
fn what_cannot_be_the_seal_s_place_changes_nothing() {
    let host = Host::onboarded();
    let before = fs::read(host.data().join("keyring")).unwrap();
    let inside = host.data().join("seal.key");
    let said = rotate(&host, &["--key-file", inside.to_str().unwrap()]).refused(1);
    assert!(said.contains("inside the data directory"), "{said}");
    host.file("empty", "");
    rotate(&host, &["--new-passphrase-file", "empty"]).refused(1);
    let both = ["--key-file", "x.key", "--new-passphrase-file", "empty"];
    rotate(&host, &both).refused(2);
    let stranger = ["--cashier", "ada@acme.test", "--password-file", "other"];
    let arguments = [&["seal", "rotate", "--key-file", "x.key"][..], &stranger].concat();
    host.run(&arguments).refused(4);
    assert!(!host.path("x.key").exists() && !inside.exists());
    assert_eq!(fs::read(host.data().join("keyring")).unwrap(), before);
    assert_eq!(
        fs::read_dir(host.data()).unwrap().count(),
        entries(&Host::onboarded())
    );
}

fn entries(host: &Host) -> usize {
    fs::read_dir(host.data()).unwrap().count()
}

#[test]
fn only_an_admin_has_the_store_sealed_anew() {
    let host = Host::onboarded();
    let add = ["cashier", "add", "olaf@acme.test", "--role", "operator", "-q"];
    let code = host.admin(&add).succeeds().out;
    host.keep_secret(code.trim_end());
    host.file("code", code.trim_end());
    let enrol = ["cashier", "enrol", "olaf@acme.test", "--code-file", "code"];
    host.run(&[&enrol[..], &["--new-password-file", "other"]].concat())
        .succeeds();
    let operator = ["--cashier", "olaf@acme.test", "--password-file", "other"];
    let rotate = ["seal", "rotate", "--key-file", "x.key"];
    let said = host.run(&[&rotate[..], &operator].concat()).refused(1);
    assert!(said.contains("admin"), "{said}");
    assert!(!host.path("x.key").exists());
    assert_eq!(sealed_by(&host)["kind"], "key_file");
}
