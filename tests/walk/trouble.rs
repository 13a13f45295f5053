//! A console over a store that does not open: it says so on a whole screen, and goes on once that is mended.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::host::{Host, PASSWORD};
use crate::mishaps::{console, unwrapped};
use crate::operator::EMAIL;

#[test]
fn a_damaged_keyring_is_told_with_what_to_run_and_the_console_goes_on_when_it_is_back() {
    let host = Host::onboarded();
    let path = host.data().join("keyring");
    let whole = fs::read(&path).unwrap();
    let mut damaged = whole.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    fs::write(&path, &damaged).unwrap();

    let mut operator = console(&host, &[]);
    operator
        .sees("The store is damaged")
        .sees("strongroom doctor")
        .sees("strongroom restore");
    let said = unwrapped(&operator.pty.contents());
    assert!(said.contains("Nothing was changed."), "{said}");
    assert!(said.contains(".local/share/strongroom"), "{said}");
    assert_eq!(operator.copies("c"), "strongroom doctor");
    operator.types("r").sees("The store is damaged");

    fs::write(&path, &whole).unwrap();
    operator.types("r").sees("generation 1").leaves_the_console();
}

#[test]
fn a_store_that_others_can_read_is_not_opened_until_they_cannot() {
    let host = Host::onboarded();
    let mode = |mode| fs::set_permissions(host.data(), fs::Permissions::from_mode(mode)).unwrap();
    mode(0o755);
    let mut operator = console(&host, &[]);
    operator.sees("Others can reach the store").sees("ls -ld");
    mode(0o700);
    operator.types("r").sees("generation 1").leaves_the_console();
}

#[test]
fn a_store_without_its_key_file_stays_sealed_and_leaving_ends_well() {
    let host = Host::onboarded();
    let key = host.path("home/.config/strongroom/seal.key");
    fs::rename(&key, host.path("away")).unwrap();
    let mut operator = console(&host, &["--data-dir", host.data().to_str().unwrap()]);
    operator.sees("The store stays sealed");
    // A command for a store that was named names it, too.
    let said = unwrapped(&operator.pty.contents());
    assert!(said.contains("strongroom --data-dir /"), "{said}");
    operator.types("q");
    assert_eq!(operator.pty.wait_end().0, 0);
}

/// Copies a directory with everything in it.
fn copy(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    fs::create_dir(to).unwrap();
    fs::set_permissions(to, fs::Permissions::from_mode(0o700)).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// The store with a token, and put back to before a second one was minted: both tokens.
fn rolled_back() -> (Host, String, String) {
    let host = Host::onboarded();
    let early = host.token("payouts", &[]);
    copy(&host.data(), &host.path("older"));
    let late = host.token("checkout", &[]);
    copy(&host.path("older"), &host.data());
    (host, early, late)
}

/// The commit that a store ends at, as its refusal says.
fn ends_at(said: &str) -> String {
    let (_, rest) = said.split_once("it ends at commit ").unwrap();
    rest.split(',').next().unwrap().to_owned()
}

#[test]
fn an_older_copy_put_back_verifies_nothing_until_an_admin_accepts_it_in_the_console() {
    let (host, early, late) = rolled_back();
    let said = host.feed(&["verify"], early.as_bytes());
    assert_eq!(said.code, 5, "{said:?}");
    assert!(
        said.err.contains("this is an older state of the store"),
        "{said:?}"
    );
    let commit = ends_at(&said.err);

    let mut operator = console(&host, &[]);
    operator
        .sees("An older state of the store")
        .sees(&format!("ends at commit {commit}"))
        .sees("token.created");
    operator.types("a").sees("Accept the older state");
    operator.types(&format!("{commit}\r\x15{EMAIL}\r{PASSWORD}\r"));
    operator
        .sees("goes on from commit")
        .types("3")
        .sees("store.rollback_accepted")
        .leaves_the_console();

    assert_eq!(host.verdict(&early), Ok(()));
    assert_ne!(host.verdict(&late), Ok(()), "it was minted after the copy");
}

#[test]
fn an_older_copy_is_accepted_at_the_prompt_by_the_commit_that_was_looked_at() {
    let (host, early, _) = rolled_back();
    let health = host.run(&["doctor"]);
    assert_eq!(health.code, 5, "{health:?}");
    let commit = ends_at(&host.run(&["token", "list"]).err);
    let accept = |commit: &str| host.admin(&["doctor", "--accept-older", commit]);
    assert_eq!(accept("999").code, 1);
    accept(&commit).succeeds();
    assert_eq!(host.verdict(&early), Ok(()));
    assert_eq!(host.run(&["doctor"]).code, 0);
}

#[test]
fn the_newer_copy_put_back_opens_as_if_nothing_had_been() {
    let host = Host::onboarded();
    copy(&host.data(), &host.path("older"));
    let late = host.token("checkout", &[]);
    copy(&host.data(), &host.path("newer"));
    copy(&host.path("older"), &host.data());
    console(&host, &[])
        .sees("An older state of the store")
        .leaves_the_console();
    copy(&host.path("newer"), &host.data());
    assert_eq!(host.verdict(&late), Ok(()));
}

#[test]
fn a_damaged_frame_is_named_and_nothing_is_opened_without_it() {
    let host = Host::onboarded();
    host.token("payouts", &[]);
    let journal = host.data().join("journal");
    let segment = fs::read_dir(journal)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.to_string_lossy().contains("segment"))
        .unwrap();
    let whole = fs::read(&segment).unwrap();
    let written = whole.iter().rposition(|byte| *byte != 0).unwrap();
    let mut damaged = whole.clone();
    damaged[written / 2] ^= 1;
    fs::write(&segment, damaged).unwrap();

    let mut operator = console(&host, &[]);
    operator.sees("The store is damaged");
    let said = unwrapped(&operator.pty.contents());
    assert!(said.contains("frame"), "{said}");
    fs::write(&segment, whole).unwrap();
    operator.types("r").sees("generation 1").leaves_the_console();
}

#[test]
fn a_damaged_database_is_rebuilt_and_the_console_says_so() {
    let host = Host::onboarded();
    let token = host.token("payouts", &[]);
    let database = host.data().join("records/db");
    let mut bytes = fs::read(&database).unwrap();
    for byte in bytes.iter_mut().filter(|byte| **byte != 0).step_by(37) {
        *byte ^= 0x10;
    }
    fs::write(&database, bytes).unwrap();

    let mut operator = console(&host, &[]);
    operator.sees("the database was rebuilt").sees("\u{25b2} rebuilt");
    operator.types("3").sees("store.rebuilt").leaves_the_console();
    assert_eq!(host.verdict(&token), Ok(()));
}
