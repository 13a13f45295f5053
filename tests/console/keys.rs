//! Tab 1 with the real service: rotation, try-out, copy.

use super::harness::{ADA, Console, PASSWORD};

fn rotate(console: &mut Console, slug: &str, password: &str) {
    console.keys("R | tab");
    console.type_in(slug);
    // The wizard's admin is proposed as the cashier.
    console.keys("enter | enter");
    console.type_in(password);
    console.keys("enter");
}

#[test]
fn a_rotation_asks_for_the_slug_and_the_admin_and_shows_both_fingerprints() {
    let mut console = Console::onboarded();
    rotate(&mut console, "acmee", PASSWORD);
    console.sees("type acme, so that no key is rotated by accident");
    console.keys("esc");
    rotate(&mut console, "acme", "not this one, surely");
    console.sees("the e-mail or the password is wrong");
    console.pass(std::time::Duration::from_secs(5));
    console.type_in(PASSWORD);
    console.keys("enter");
    let screen = console.until(|text| text.contains("The key pair was rotated"));
    assert!(screen.contains("old 1") && screen.contains("new 2"), "{screen}");
    console.keys("enter");
    console.sees("generation 2");
    console.sees("replaced");
}

#[test]
fn the_proposed_cashier_is_the_one_who_onboarded() {
    let mut console = Console::onboarded();
    console.keys("R");
    console.sees(ADA);
}

#[test]
fn escape_cancels_a_rotation_under_way_and_the_key_stays() {
    let mut console = Console::onboarded();
    console.keys("R | down | down | tab");
    console.type_in("acme");
    console.keys("enter | enter");
    console.type_in(PASSWORD);
    console.keys("enter");
    console.sees("Making the new key pair");
    console.keys("esc");
    // Unless it was made before the cancelling came.
    let screen = console.until(|text| text.contains("cancelled") || text.contains("was rotated"));
    if screen.contains("cancelled") {
        console.sees("generation 1");
    }
}

#[test]
fn what_is_encrypted_in_the_try_out_opens_there_hidden_until_asked_for() {
    let mut console = Console::onboarded();
    console.keys("t | enter | enter");
    console.type_in("transaction PIN 4711");
    console.keys("enter");
    console.sees("What a client sends:");
    console.keys("down | enter | enter");
    console.sees("opened by generation 1, MGF1-SHA-256");
    console.sees_not("4711");
    console.keys("enter");
    console.sees("transaction PIN 4711");
    console.keys("down | down | down | enter");
    console.sees_not("4711");
}

#[test]
fn a_ciphertext_that_does_not_open_says_what_to_check() {
    let mut console = Console::onboarded();
    console.keys("t | down | enter");
    console.paste("AAAA\n");
    console.keys("enter");
    console.sees("diagnose it");
    console.keys("esc | esc | esc");
    console.sees("Fingerprint");
}

#[test]
fn what_does_not_open_is_diagnosed_when_somebody_asks_for_it_and_not_before() {
    let mut console = Console::onboarded();
    console.keys("t | down | enter");
    console.paste("AAAA");
    console.keys("enter");
    console.sees("diagnose it");
    console.sees_not("Password");
    console.keys("enter");
    console.sees("a text in clear, not a ciphertext");
    console.sees("Encrypt the field before it is sent");
    console.keys("esc | esc | esc");
    console.sees("Fingerprint");
}

#[test]
fn a_payload_in_several_lines_is_diagnosed_field_by_field() {
    let mut console = Console::onboarded();
    console.keys("t | down | down | enter");
    console.paste("{\n  \"amount\": 7,\n  \"userPin\": \"4711\"\n}\n");
    console.keys("enter");
    console.sees("/userPin");
    console.sees_not("4711");
}

#[test]
fn the_public_key_is_copied_in_the_format_that_is_shown() {
    let mut console = Console::onboarded();
    console.keys("f | c");
    console.sees("Public key, PEM");
    console.sees("the public key: sent to your terminal; paste to check");
    assert!(console.emitted.starts_with(b"\x1b]52;c;LS0tLS1CRUdJTi"));
}

#[test]
fn the_public_key_is_written_to_a_new_file_and_never_over_one() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("key.b64");
    let mut console = Console::onboarded();
    for said in ["wrote the public key to", "exists and was left as it is"] {
        console.keys("w | ctrl-u");
        console.type_in(path.to_str().unwrap());
        console.keys("enter");
        console.sees(said);
    }
    use std::os::unix::fs::PermissionsExt as _;
    assert_eq!(
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert!(std::fs::read_to_string(&path).unwrap().starts_with("MII"));
}
