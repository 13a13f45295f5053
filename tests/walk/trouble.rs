//! A console over a store that does not open: it says so on a whole screen, and goes on once that is mended.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::host::Host;
use crate::mishaps::{console, unwrapped};

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
