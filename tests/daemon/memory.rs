//! The daemon's memory: what it still holds of passwords, plaintexts and tokens once nobody asks any more.
//!
//! Each kind of secret has connections of its own, so that nothing that was asked later is written over it. Of passwords
//! and plaintexts nothing is left. The buffers that requests are read into are not wiped: they may hold the line that a
//! token came in, also once their connection is closed. Nothing else does, in any form.

use serde_json::{Value, json};

use crate::daemon::Daemon;
use crate::host::{Host, PASSWORD};
use crate::memory_of::Memory;
use crate::search::{encrypt, forms};
use crate::skip::can_be_another_account;

const WRONG: &str = "a planted password of nobody's";
const PLAINTEXT: &str = "securityAnswer Lovelace 1815";
/// What the metrics say when only whoever asks for them is connected.
const ALONE: &str =
    "strongroom_connections{listener=\"public\"} 0\nstrongroom_connections{listener=\"private\"} 1\n";

fn post(path: &str, body: &Value) -> String {
    let body = body.to_string();
    format!(
        "POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[test]
fn what_was_asked_is_gone_from_memory() {
    if !can_be_another_account() {
        return;
    }
    let host = Host::onboarded();
    let token = host.token("payouts", &[]);
    let key = host.run(&["key", "show", "--format", "base64"]).succeeds().out;
    let daemon = Daemon::start(&host, "");
    let mut verifying = [daemon.tcp(), daemon.unix()];
    let mut signing_in = [daemon.tcp(), daemon.unix()];
    let mut decrypting = daemon.unix();
    for round in 0..3 {
        for connection in &mut verifying {
            let answer = connection.get("/v1/verify", &format!("X-Auth-Token: {token}\r\n"));
            assert_eq!(answer.status, 200);
        }
        for (number, connection) in signing_in.iter_mut().enumerate() {
            let wrong = json!({ "email": format!("n{round}{number}@acme.test"), "password": WRONG });
            assert_eq!(connection.ask(post("/v1/login", &wrong)).status, 401);
            let right = json!({ "email": "ada@acme.test", "password": PASSWORD });
            assert_eq!(connection.ask(post("/v1/login", &right)).status, 200);
        }
        let sealed = json!({ "ciphertext": encrypt(key.trim(), PLAINTEXT) });
        let opened = decrypting.ask(post("/v1/decrypt", &sealed));
        assert_eq!(opened.json()["plaintext"], PLAINTEXT);
    }
    let mut is_open = Vec::new();
    only_http_holds_any(&Memory::of(daemon.pid()), &token, &mut is_open);
    drop((verifying, signing_in, decrypting));
    while !daemon.unix().get("/metrics", "").body.contains(ALONE) {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let mut is_closed = Vec::new();
    let memory = Memory::of(daemon.pid());
    only_http_holds_any(&memory, &token, &mut is_closed);
    println!("in HTTP's buffers: {is_open:?}, and with all connections closed: {is_closed:?}");
    assert!(
        !memory.holding(b"ada@acme.test").is_empty(),
        "the search finds what is there"
    );
    daemon.stop();
}

/// Looks for every form of every secret. `left` gets those that are in HTTP's buffers.
#[track_caller]
fn only_http_holds_any(memory: &Memory, token: &str, left: &mut Vec<&'static str>) {
    assert_eq!(memory.holding(PASSWORD.as_bytes()), [""; 0], "a password");
    assert_eq!(memory.holding(WRONG.as_bytes()), [""; 0], "a wrong password");
    assert_eq!(memory.holding(PLAINTEXT.as_bytes()), [""; 0], "a plaintext");
    let [text, digits, bytes, encoded] = forms(token).try_into().unwrap();
    assert_eq!(memory.holding(&bytes), [""; 0], "a token's secret");
    assert_eq!(memory.holding(&encoded), [""; 0], "a token in Base64");
    let line = format!("X-Auth-Token: {token}");
    let brand = &text[..text.len() - 49];
    let sent_digits = [b"X-Auth-Token: ", brand, &digits].concat();
    for (name, secret, around) in [
        ("token", &*text, line.as_bytes()),
        ("token", &digits, &sent_digits),
    ] {
        let (everywhere, in_http) = (memory.holding(secret).len(), memory.holding(around).len());
        assert_eq!(everywhere, in_http, "{name}: outside of HTTP's buffers");
        left.extend(std::iter::repeat_n(name, in_http));
    }
}
