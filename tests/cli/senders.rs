//! Ciphertexts that other people's libraries make during the test, each decrypted or diagnosed with what to change.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::host::Host;
use super::skip::skipped;

/// What every sender encrypts.
const TEXT: &str = "Zürich-4711";
/// Node packages and a Python that `tests/run` installed.
const NODE_PATH: &str = "STRONGROOM_TEST_NODE_PATH";
const PYTHON: &str = "STRONGROOM_TEST_SENDERS_PYTHON";

/// Sender, its padding, and a part of the advice that must be given; empty where a service decrypts it and nothing is to
/// be changed.
type Expected = [(&'static str, Padding, &'static str)];

#[derive(Clone, Copy)]
enum Padding {
    Oaep(&'static str, &'static str),
    Pkcs1,
    None,
    /// It cannot be found out.
    Unknown,
}

use Padding::{Oaep, Pkcs1};

const RIGHT: Padding = Oaep("sha256", "sha256");
const DEFAULT: Padding = Oaep("sha1", "sha1");
const LEFT_AT_SHA1: &str = "OAEP was left at its default, SHA-1";
const USE_OAEP: &str = "Use OAEP with SHA-256 in the place of PKCS#1 v1.5";

#[test]
fn java_and_bouncy_castle() {
    let jar = Path::new("/usr/share/java/bcprov.jar");
    if !has("java") || !jar.exists() {
        return skipped("no Java with Bouncy Castle (libbcprov-java)");
    }
    let mut java = Command::new("java");
    java.arg("-cp").arg(jar).arg(script("Senders.java"));
    judged(
        &mut java,
        &[
            (
                "jce-oaep-256",
                Oaep("sha256", "sha1"),
                "set MGF1 to SHA-256 explicitly",
            ),
            ("jce-oaep", DEFAULT, LEFT_AT_SHA1),
            (
                "jce-oaep-512",
                Oaep("sha512", "sha1"),
                "Set the hash of OAEP and that of MGF1",
            ),
            ("jce-rsa", Pkcs1, USE_OAEP),
            ("jce-no-padding", Padding::None, "without padding the same text"),
            ("bc-oaep-256", RIGHT, ""),
            ("bc-oaep", DEFAULT, LEFT_AT_SHA1),
            ("bc-rsa", Pkcs1, USE_OAEP),
            ("jce-biginteger", Padding::None, "without padding the same text"),
            ("jce-mime", Oaep("sha256", "sha1"), "Write the Base64 in one line"),
        ],
    );
}

#[test]
fn node_webcrypto_forge_and_jsencrypt() {
    let Some(modules) = std::env::var_os(NODE_PATH) else {
        return skipped("no node-forge and jsencrypt: tests/run installs them");
    };
    judged(
        Command::new("node")
            .arg(script("senders.js"))
            .env("NODE_PATH", modules),
        &[
            ("node", DEFAULT, LEFT_AT_SHA1),
            ("node-oaep-256", RIGHT, ""),
            ("node-pkcs1", Pkcs1, USE_OAEP),
            ("node-base64url", RIGHT, "Use the standard alphabet of Base64"),
            ("node-hex", RIGHT, "Send Base64 in the place of hexadecimal"),
            ("node-double", RIGHT, "Encode once"),
            ("node-bytes", RIGHT, "the array of bytes was made JSON"),
            ("node-query", RIGHT, "Do not percent-encode"),
            ("node-latin1", RIGHT, "Turn the text into UTF-8"),
            ("node-utf16", RIGHT, "Turn the text into UTF-8"),
            ("forge", Pkcs1, USE_OAEP),
            ("forge-oaep", DEFAULT, LEFT_AT_SHA1),
            ("forge-oaep-256", RIGHT, ""),
            (
                "forge-oaep-256-sha1",
                Oaep("sha256", "sha1"),
                "set MGF1 to SHA-256 explicitly",
            ),
            ("jsencrypt", Pkcs1, USE_OAEP),
            ("jsencrypt-oaep", RIGHT, "Turn the text into UTF-8"),
            ("webcrypto-256", RIGHT, ""),
            ("webcrypto-1", DEFAULT, LEFT_AT_SHA1),
            (
                "webcrypto-384",
                Oaep("sha384", "sha384"),
                "Set the hash of OAEP and that of MGF1",
            ),
        ],
    );
}

#[test]
fn pythons_libraries() {
    let Some(python) = std::env::var_os(PYTHON) else {
        return skipped("no pycryptodome and rsa: tests/run installs them");
    };
    judged(
        Command::new(python).arg(script("senders.py")),
        &[
            ("cryptography-256", RIGHT, ""),
            ("cryptography-1", DEFAULT, LEFT_AT_SHA1),
            (
                "cryptography-mixed",
                Oaep("sha1", "sha256"),
                "Set the hash of OAEP and that of MGF1",
            ),
            (
                "cryptography-label",
                Padding::Unknown,
                "OAEP's label must be empty",
            ),
            ("cryptography-pkcs1", Pkcs1, USE_OAEP),
            ("pycryptodome", DEFAULT, LEFT_AT_SHA1),
            ("pycryptodome-256", RIGHT, ""),
            ("pycryptodome-pkcs1", Pkcs1, USE_OAEP),
            ("python-rsa", Pkcs1, USE_OAEP),
        ],
    );
}

#[test]
fn php_and_phpseclib() {
    if !has("php") || !Path::new("/usr/share/php/phpseclib3/autoload.php").exists() {
        return skipped("no PHP with phpseclib (php-cli, php-phpseclib3)");
    }
    judged(
        Command::new("php").arg(script("senders.php")),
        &[
            ("php-openssl", Pkcs1, USE_OAEP),
            ("php-openssl-oaep", DEFAULT, LEFT_AT_SHA1),
            ("phpseclib", RIGHT, ""),
            ("phpseclib-256", RIGHT, ""),
            ("phpseclib-1", DEFAULT, LEFT_AT_SHA1),
            (
                "phpseclib-512-256",
                Oaep("sha512", "sha256"),
                "Set the hash of OAEP and that of MGF1",
            ),
            ("phpseclib-pkcs1", Pkcs1, USE_OAEP),
        ],
    );
}

#[test]
fn ruby() {
    if !has("ruby") {
        return skipped("no Ruby");
    }
    judged(
        Command::new("ruby").arg(script("senders.rb")),
        &[
            ("ruby", Pkcs1, USE_OAEP),
            ("ruby-oaep", DEFAULT, LEFT_AT_SHA1),
            ("ruby-oaep-256", RIGHT, ""),
            ("ruby-encode64", RIGHT, "Write the Base64 in one line"),
        ],
    );
}

#[test]
fn go() {
    if !has("go") {
        return skipped("no Go");
    }
    judged(
        Command::new("go").arg("run").arg(script("senders.go")),
        &[
            ("go-oaep-256", RIGHT, ""),
            ("go-raw-url", RIGHT, "Use the standard alphabet of Base64"),
            ("go-oaep-1", DEFAULT, LEFT_AT_SHA1),
            ("go-pkcs1", Pkcs1, USE_OAEP),
        ],
    );
}

#[test]
fn openssls_command() {
    if !has("openssl") {
        return skipped("no openssl");
    }
    judged(
        Command::new("bash").arg(script("senders.sh")),
        &[
            ("pkeyutl", Pkcs1, USE_OAEP),
            ("pkeyutl-oaep", DEFAULT, LEFT_AT_SHA1),
            ("pkeyutl-oaep-256", RIGHT, ""),
            (
                "pkeyutl-oaep-mgf1",
                Oaep("sha256", "sha1"),
                "set MGF1 to SHA-256 explicitly",
            ),
            ("pkeyutl-echo", RIGHT, "without the newline"),
        ],
    );
}

/// Runs the senders, and has each ciphertext diagnosed and, where a service would, decrypted.
fn judged(senders: &mut Command, expected: &Expected) {
    let host = Host::onboarded();
    let key = host.run(&["key", "show", "-q"]).succeeds().out;
    let sent = sent(senders, &format!("{key}{}\n", STANDARD.encode(TEXT)));
    assert_eq!(sent.len(), expected.len(), "{:?}", sent.keys());
    for (sender, padding, advised) in expected {
        let text = sent[*sender].replace("\\n", "\r\n");
        let said = host
            .feed(
                &["key", "diagnose", "--show-plaintext", "--json"],
                text.as_bytes(),
            )
            .succeeds()
            .json();
        let finding = &said["findings"][0];
        let found = match padding {
            Oaep(hash, mgf1) => json!({"scheme": "oaep", "hash": hash, "mgf1": mgf1}),
            Pkcs1 => json!({"scheme": "pkcs1"}),
            Padding::None => json!({"scheme": "none"}),
            Padding::Unknown => Value::Null,
        };
        assert_eq!(finding["padding"], found, "{sender}: {finding}");
        let advice = finding["advice"].as_array().unwrap();
        let changes: Vec<_> = advice.iter().map(|one| one["change"].as_str().unwrap()).collect();
        if advised.is_empty() {
            assert_eq!(
                (changes.len(), &finding["verdict"]),
                (0, &"accepted".into()),
                "{sender}"
            );
        } else {
            assert!(
                changes.iter().any(|change| change.contains(advised)),
                "{sender}: {changes:?}"
            );
        }
        let is_encoded_otherwise =
            ["node-latin1", "node-utf16", "jsencrypt-oaep", "pkeyutl-echo"].contains(sender);
        if !matches!(padding, Padding::Unknown) && !is_encoded_otherwise {
            assert_eq!(finding["plaintext"], TEXT, "{sender}");
        }
        let decrypted = host.feed(&["key", "decrypt"], text.as_bytes());
        if finding["verdict"] == "accepted" {
            decrypted.succeeds();
        } else {
            decrypted.refused(1);
        }
    }
}

/// What each sender printed.
fn sent(senders: &mut Command, input: &str) -> BTreeMap<String, String> {
    let piped = senders
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = piped.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{senders:?}: {errors}");
    let lines = String::from_utf8(output.stdout).unwrap();
    let pair = |line: &str| {
        line.split_once(' ')
            .map(|(name, text)| (name.to_owned(), text.to_owned()))
    };
    lines.lines().filter_map(pair).collect()
}

fn script(name: &str) -> PathBuf {
    let senders = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop/senders");
    senders.join(name)
}

fn has(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|directory| directory.join(program).is_file())
}
