//! `audit verify`: what it says of a log that was tampered with, by its exit code too.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use super::host::{Host, shape};

/// A store with a dozen entries.
fn host() -> Host {
    let host = Host::onboarded();
    for name in ["one", "two", "three"] {
        host.token(name, &["--variable", &format!("TOKEN_{name}").to_uppercase()]);
    }
    host
}

fn verdict(host: &Host, more: &[&str], code: i32) -> Value {
    let ran = host.run(&[&["audit", "verify", "--json"], more].concat());
    assert_eq!(ran.code, code, "{ran:?}");
    ran.json()
}

fn checkpoints(host: &Host) -> std::path::PathBuf {
    let mut files = fs::read_dir(host.path("home/.local/state/strongroom")).unwrap();
    files
        .find_map(|file| {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            name.starts_with("audit-").then_some(path)
        })
        .unwrap()
}

#[test]
fn an_intact_log_is_zero_also_for_who_may_only_look() {
    let host = host();
    let answer = verdict(&host, &["--read-only"], 0);
    assert_eq!(answer["verdict"], "intact");
    insta::assert_snapshot!("audit_verify", shape(&answer));
    assert_eq!(host.run(&["audit", "verify", "-q"]).succeeds().out, "intact\n");
    let said = host.run(&["audit", "verify"]).succeeds();
    assert!(said.out.starts_with("Log\tintact\n"), "{said:?}");
    // One line that was kept elsewhere.
    let copy = fs::read_to_string(checkpoints(&host)).unwrap();
    host.file("line", copy.lines().next().unwrap());
    verdict(&host, &["--from", "line"], 0);
}

#[test]
fn an_altered_entry_is_ten() {
    let host = host();
    let database = sled::open(host.data().join("records")).unwrap();
    let tree = database.open_tree("audit").unwrap();
    let mut entry = tree.get(3_u64.to_be_bytes()).unwrap().unwrap().to_vec();
    let place = entry.windows(3).position(|bytes| bytes == b"ada").unwrap();
    entry[place] = b'e';
    tree.insert(3_u64.to_be_bytes(), entry).unwrap();
    drop((tree, database));
    // The test's umask is not the program's.
    for file in fs::read_dir(host.data().join("records")).unwrap() {
        let path = file.unwrap().path();
        let mode = if path.is_dir() { 0o700 } else { 0o600 };
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }
    let answer = verdict(&host, &[], 10);
    assert_eq!(
        (&answer["verdict"], &answer["from"], &answer["fault"]),
        (&"altered".into(), &3.into(), &"content".into())
    );
    let said = host.run(&["audit", "verify"]);
    assert!(said.out.contains("entry 3: its hash"), "{said:?}");
    assert!(said.err.contains("keep a copy"), "{said:?}");
}

#[test]
fn a_log_of_an_older_copy_is_eleven() {
    let host = host();
    host.forgets(|| drop(host.token("four", &["--variable", "TOKEN_FOUR"])));
    let answer = verdict(&host, &[], 11);
    assert_eq!(answer["verdict"], "truncated");
    assert!(answer["was"].as_u64() > answer["to"].as_u64(), "{answer}");
}

#[test]
fn without_its_checkpoints_it_is_twelve_once_and_with_a_strangers_too() {
    let host = host();
    let stranger = Host::onboarded();
    let copy = fs::read_to_string(checkpoints(&host)).unwrap();
    fs::remove_file(checkpoints(&host)).unwrap();
    assert_eq!(verdict(&host, &["--read-only"], 12)["verdict"], "unanchored");
    let others = checkpoints(&stranger);
    let answer = verdict(&host, &["--from", others.to_str().unwrap()], 12);
    assert_eq!(answer["rejected_lines"], 1);
    fs::write(host.path("copy"), copy).unwrap();
    verdict(&host, &["--from", "copy"], 0);
    // Through a daemon as well, and as long as such a file becomes.
    host.serve();
    let copied = fs::read(host.path("copy")).unwrap();
    let many: Vec<u8> = copied.iter().copied().cycle().take(1_300_000).collect();
    fs::write(host.path("long"), many).unwrap();
    verdict(&host, &["--from", "long"], 0);
    let said = host.run(&["audit", "verify", "--from", "nowhere"]).refused(1);
    assert!(said.contains("nowhere cannot be read"), "{said}");
}
