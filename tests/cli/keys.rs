//! The key pair from the command line.

use std::io::Write as _;
use std::process::Stdio;

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

#[test]
fn a_payload_comes_back_as_it_was_with_its_encrypted_fields_opened() {
    let host = Host::onboarded();
    let pin = host
        .feed(&["key", "encrypt", "--mgf1", "sha1"], b"47\"11")
        .succeeds()
        .out;
    let pin = pin.trim_end();
    let payload = format!("{{\"amount\":1.50, \"user\":\n [{{\"userPin\":\"{pin}\",\"z\":null}}]}}\n");
    let ran = host
        .feed(&["key", "decrypt", "--payload"], payload.as_bytes())
        .succeeds();
    assert_eq!(ran.out, payload.replace(pin, "47\\\"11"));
    assert_eq!(ran.err, "/user/0/userPin: opened by generation 1, MGF1-SHA-1\n");
    let quiet = host
        .feed(&["key", "decrypt", "--payload", "-q"], payload.as_bytes())
        .succeeds();
    assert_eq!((quiet.out, quiet.err), (ran.out, String::new()));

    host.keep_secret("hunter2");
    let clear = format!(r#"{{"userPin":"{pin}","newPassword":"hunter2"}}"#);
    let said = host
        .feed(&["key", "decrypt", "--payload", "--json"], clear.as_bytes())
        .refused(1);
    let error: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(error["error"]["code"], "clear_fields");
    assert_eq!(error["error"]["about"], serde_json::json!(["/newPassword"]));
}

#[test]
fn whoever_names_a_replaced_key_is_shown_by_name() {
    let host = Host::onboarded();
    let view = host.run(&["key", "show", "--json"]).succeeds().json();
    let old = view["active"]["fingerprint"].as_str().unwrap().to_owned();
    host.admin(&["key", "rotate", "--key-size", "2048", "--confirm", "acme"])
        .succeeds();
    for _ in 0..2 {
        host.feed(&["key", "decrypt", "--key", &old], b"AAAA").refused(1);
    }
    let view = host.run(&["key", "show", "--json"]).succeeds().json();
    let caller = &view["stale_callers"][0];
    assert_eq!(
        (&caller["count"], &caller["named"]),
        (&2.into(), &old.clone().into())
    );
    let who = caller["who"].as_str().unwrap();
    assert!(who.contains("(uid "), "{who}");
    let shown = host.run(&["key", "show"]).succeeds().out;
    let line = shown
        .lines()
        .find(|line| line.starts_with("old client\t"))
        .unwrap();
    let said = format!("{who}, key {}, 2 times, last 20", &old[..12]);
    assert!(line.contains(&said), "{line}");
}

#[test]
fn the_list_of_fields_to_encrypt_is_an_organization_s_own() {
    let host = Host::onboarded();
    let listed = |host: &Host| host.run(&["org", "fields", "-q"]).succeeds().out;
    let usual = listed(&host);
    assert_eq!(
        usual,
        "currentPassword\nnewPassword\ntransactionPin\nuserPin\nsecurityAnswer\n"
    );
    assert!(
        host.run(&["org", "fields"])
            .succeeds()
            .out
            .contains("amount\tin clear\tRegular data\n")
    );
    host.admin(&[
        "org", "fields", "--add", "iban", "card.cvv", "--remove", "userPin",
    ])
    .succeeds();
    assert_eq!(
        listed(&host),
        "currentPassword\nnewPassword\ntransactionPin\nsecurityAnswer\niban\ncard.cvv\n"
    );
    let rules = host.run(&["org", "fields", "--json"]).succeeds().json();
    assert_eq!(
        rules[3],
        serde_json::json!({"kind": "Others", "names": ["iban", "card.cvv"], "encrypted": true})
    );
    let said = host.admin(&["org", "fields", "--remove", "userPin"]).refused(3);
    assert!(said.contains("userPin is not on the list"), "{said}");
    host.admin(&["org", "fields", "--add", "new password"]).refused(2);
    host.run(&["org", "fields", "--reset"]).refused(2);
    host.admin(&["org", "fields", "--reset"]).succeeds();
    assert_eq!(listed(&host), usual);
}

#[test]
fn a_pipe_of_two_commands_works_whichever_begins_first() {
    let host = Host::onboarded();
    let mut command = host.command(&["key", "decrypt"]);
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut decrypting = child.unwrap();
    // More than it takes to open the store: whoever waits for input has not.
    for _ in 0..5 {
        host.run(&["org", "list"]).succeeds();
    }
    let ciphertext = host.feed(&["key", "encrypt"], b"4711").succeeds().out;
    let mut input = decrypting.stdin.take().unwrap();
    input.write_all(ciphertext.as_bytes()).unwrap();
    drop(input);
    let output = decrypting.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "4711");
}

fn diagnosed(host: &Host, arguments: &[&str], pasted: &[u8]) -> serde_json::Value {
    let arguments = [&["key", "diagnose", "--json"], arguments].concat();
    host.feed(&arguments, pasted).succeeds().json()
}

#[test]
fn a_ciphertext_is_diagnosed_and_its_plaintext_shown_only_on_request() {
    let host = Host::onboarded();
    host.keep_secret("k0ala-Pin");
    for (mgf1, advised) in [("sha256", 0), ("sha1", 1)] {
        let ciphertext = host
            .feed(&["key", "encrypt", "--mgf1", mgf1], b"k0ala-Pin")
            .succeeds()
            .out;
        let said = diagnosed(&host, &[], ciphertext.as_bytes());
        if mgf1 == "sha1" {
            insta::assert_snapshot!("key_diagnose", shape(&said));
        }
        let finding = &said["findings"][0];
        let padding = serde_json::json!({"scheme": "oaep", "hash": "sha256", "mgf1": mgf1});
        assert_eq!(
            (&finding["verdict"], &finding["padding"]),
            (&"accepted".into(), &padding)
        );
        assert_eq!(finding["advice"].as_array().unwrap().len(), advised);
        assert_eq!(
            (&finding["text"], &finding["fits"]),
            (&"utf8".into(), &serde_json::json!([1]))
        );
    }
    let file = host.path("pasted");
    let ciphertext = host.feed(&["key", "encrypt"], b"4711").succeeds().out;
    std::fs::write(
        &file,
        ciphertext
            .trim_end()
            .replace('+', "-")
            .replace('/', "_")
            .replace('=', ""),
    )
    .unwrap();
    let file = file.to_str().unwrap();
    let ran = host
        .run(&["key", "diagnose", file, "--show-plaintext"])
        .succeeds()
        .out;
    assert!(
        ran.starts_with("diagnosis\tOAEP with SHA-256 and MGF1-SHA-256, to generation 1\ndecrypts\t"),
        "{ran}"
    );
    assert!(ran.ends_with("plaintext\t4711\n"), "{ran}");
    let said = host
        .run(&["key", "diagnose", file, "--show-plaintext", "--json"])
        .succeeds()
        .json();
    assert_eq!(said["findings"][0]["plaintext"], "4711");
    let uses = host.run(&["key", "show", "--json"]).succeeds().json();
    assert_eq!(
        (&uses["mgf1_sha256"], &uses["failures"]),
        (&0.into(), &0.into()),
        "no client's doing"
    );
    let log = host.run(&["activity", "list", "--json"]).succeeds().json();
    assert_eq!(log["entries"][0]["action"], "key.diagnosed");
    assert_eq!(log["entries"][0]["reason"], "OAEP with SHA-256 and MGF1-SHA-256");
}

#[test]
fn what_is_no_ciphertext_for_the_present_key_is_told_apart() {
    let host = Host::onboarded();
    let verdict = |arguments: &[&str], pasted: &str| {
        let said = diagnosed(&host, arguments, pasted.as_bytes());
        let advice = &said["findings"][0]["advice"][0]["change"];
        assert!(advice.is_string(), "{said}");
        said["findings"][0]["verdict"].as_str().unwrap().to_owned()
    };
    let old = host.feed(&["key", "encrypt"], b"4711").succeeds().out;
    let view = host.run(&["key", "show", "--json"]).succeeds().json();
    let fingerprint = view["active"]["fingerprint"].as_str().unwrap();
    let key = view["base64"].as_str().unwrap();
    for (pasted, expected) in [
        ("", "empty"),
        ("hunter2", "plain_text"),
        ("aHVudGVyMg==", "encoded_text"),
        (key, "key"),
        (&old[..200], "truncated"),
        (&old.replace('\n', "AAAAAAAA"), "too_long"),
    ] {
        assert_eq!(verdict(&[], pasted), expected, "{pasted}");
    }
    assert_eq!(verdict(&[], &format!("{}*{}", &old[..50], &old[51..])), "damaged");
    let mut changed = old.clone();
    changed.replace_range(90..92, if &old[90..92] == "AA" { "BB" } else { "AA" });
    assert_eq!(verdict(&[], &changed), "other_key");
    let size = view["active"]["size"].as_str().unwrap();
    for (bits, named, unnamed) in [
        (size, "replaced_key", "other_key"),
        ("4096", "replaced_key", "other_size"),
    ] {
        host.admin(&["key", "rotate", "--key-size", bits, "--confirm", "acme"])
            .succeeds();
        assert_eq!(verdict(&["--key", fingerprint], &old), named);
        assert_eq!(verdict(&[], &old), unnamed);
    }
}

#[test]
fn each_field_of_a_payload_is_diagnosed() {
    let host = Host::onboarded();
    host.keep_secret("hunter2");
    let good = host.feed(&["key", "encrypt"], b"4711").succeeds().out;
    let payload = serde_json::json!({
        "amount": 3, "userPin": good.trim_end(), "user": {"newPassword": "hunter2", "transactionPin": 12}
    });
    let said = diagnosed(&host, &[], payload.to_string().as_bytes());
    let told = said["findings"].as_array().unwrap().iter();
    let mut told: Vec<_> = told
        .map(|one| (one["path"].as_str().unwrap(), one["verdict"].as_str().unwrap()))
        .collect();
    told.sort_unstable();
    let expected = [
        ("/user/newPassword", "plain_text"),
        ("/user/transactionPin", "plain_text"),
        ("/userPin", "accepted"),
    ];
    assert_eq!(told, expected);
    let ran = host
        .feed(&["key", "diagnose"], payload.to_string().as_bytes())
        .succeeds();
    assert!(
        ran.out
            .contains("field\t/user/newPassword\ndiagnosis\ta text in clear"),
        "{}",
        ran.out
    );
    let said = host.feed(&["key", "diagnose"], br#"{"amount":3}"#).refused(1);
    assert!(said.contains("none of the fields"), "{said}");
    host.feed(&["key", "diagnose"], &[b'x'; 50_000]).refused(1);
    host.feed(&["key", "diagnose", "--key", "short"], b"AAAA")
        .refused(2);
}
