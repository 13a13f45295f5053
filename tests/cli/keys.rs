//! The key pair from the command line.

use super::host::{Host, shape};

#[test]
fn the_public_key_is_shown_in_each_format() {
    let host = Host::onboarded();
    let view = host.run(&["key", "show", "--json"]).succeeds().json();
    insta::assert_snapshot!("key_show", shape(&view));
    let base64 = host.run(&["key", "show", "--format", "base64"]).succeeds().out;
    assert_eq!(base64.trim_end(), view["base64"]);
    assert_eq!(host.run(&["key", "show", "-q"]).succeeds().out, base64);
    let pem = host.run(&["key", "show", "--format", "pem"]).succeeds().out;
    assert!(pem.starts_with("-----BEGIN PUBLIC KEY-----\n") && pem.ends_with("-----END PUBLIC KEY-----\n"));
    let jwk = host.run(&["key", "show", "--format", "jwk"]).succeeds().out;
    let jwk: serde_json::Value = serde_json::from_str(&jwk).unwrap();
    assert_eq!(jwk["kid"], view["active"]["fingerprint"]);
}

#[test]
fn what_was_encrypted_opens_with_either_mgf1() {
    let host = Host::onboarded();
    for mgf1 in ["sha256", "sha1"] {
        let ciphertext = host
            .feed(&["key", "encrypt", "--mgf1", mgf1], b"4711 \xc3\xa9\n")
            .succeeds()
            .out;
        let opened = host.feed(&["key", "decrypt"], ciphertext.as_bytes()).succeeds();
        assert_eq!(opened.out, "4711 é", "exactly what the client encrypted");
        let opened = host
            .feed(&["key", "decrypt", "--json"], ciphertext.as_bytes())
            .succeeds()
            .json();
        assert_eq!(opened["plaintext"], "4711 é");
        assert_eq!(opened["generation"], 1);
    }
    let used = host.run(&["key", "show", "--json"]).succeeds().json();
    assert_eq!(
        (&used["mgf1_sha256"], &used["mgf1_sha1"]),
        (&2.into(), &2.into()),
        "counted over processes"
    );
    let ciphertext = host
        .feed(&["key", "encrypt", "--json"], b"\xff\x00")
        .succeeds()
        .json();
    let ciphertext = ciphertext["ciphertext"].as_str().unwrap().to_owned();
    let opened = host
        .feed(&["key", "decrypt", "--json"], ciphertext.as_bytes())
        .succeeds()
        .json();
    assert_eq!(opened["plaintext_bytes"], serde_json::json!([255, 0]));
}

#[test]
fn what_is_too_long_or_no_ciphertext_is_refused() {
    let host = Host::onboarded();
    let said = host.feed(&["key", "encrypt"], &[b'x'; 300]).refused(1);
    assert!(said.contains("300 bytes"), "{said}");
    host.feed(&["key", "encrypt"], &[b'x'; 70_000]).refused(1);
    for junk in ["", "%%%", "AAAA"] {
        host.feed(&["key", "decrypt"], junk.as_bytes()).refused(1);
    }
    host.feed(&["key", "decrypt", "--key", "short"], b"AAAA")
        .refused(2);
    let begins_with_a_hyphen = format!("-{}", "A".repeat(42));
    host.feed(&["key", "decrypt", "--key", &begins_with_a_hyphen], b"AAAA")
        .refused(1);
}

#[test]
fn a_rotation_needs_the_slug_and_the_password_and_ends_the_old_key_at_once() {
    let host = Host::onboarded();
    let old = host.run(&["key", "show", "--json"]).succeeds().json();
    let ciphertext = host.feed(&["key", "encrypt"], b"4711").succeeds().out;
    host.admin(&["key", "rotate", "--key-size", "2048"]).refused(2);
    host.admin(&["key", "rotate", "--key-size", "2048", "--confirm", "acne"])
        .refused(1);
    let ran = host
        .admin(&[
            "key",
            "rotate",
            "--key-size",
            "2048",
            "--confirm",
            "acme",
            "--json",
        ])
        .succeeds();
    insta::assert_snapshot!("key_rotate", shape(&ran.json()));
    assert_eq!(ran.json()["old"]["fingerprint"], old["active"]["fingerprint"]);
    let said = host.feed(&["key", "decrypt"], ciphertext.as_bytes()).refused(1);
    assert!(said.contains("does not open"), "{said}");
    let named = [
        "key",
        "decrypt",
        "--json",
        "--key",
        old["active"]["fingerprint"].as_str().unwrap(),
    ];
    let said = host.feed(&named, ciphertext.as_bytes()).refused(1);
    assert!(said.contains("\"code\":\"key_rotated\""), "{said}");
    let history = host.run(&["key", "history"]).succeeds().out;
    let generations: Vec<&str> = history
        .lines()
        .map(|line| line.split('\t').next().unwrap())
        .collect();
    assert_eq!(generations, ["2", "1"]);
    let ciphertext = host.feed(&["key", "encrypt"], b"4711").succeeds().out;
    assert_eq!(
        host.feed(&["key", "decrypt"], ciphertext.as_bytes())
            .succeeds()
            .out,
        "4711"
    );
}
