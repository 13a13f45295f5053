//! Fields decrypted for services over the private socket.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::daemon::{Answer, Connection, Daemon};
use crate::host::{Host, PASSWORD};

fn request(path: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("POST {path} HTTP/1.1\r\nHost: test\r\nContent-Length: {length}\r\n{headers}\r\n{body}")
}

fn decrypt(connection: &mut Connection, body: &Value) -> Answer {
    connection.ask(request("/v1/decrypt", "", &body.to_string()))
}

fn command(connection: &mut Connection, asked: &Value) -> Value {
    let answer = connection.ask(request("/v1/command", "", &asked.to_string()));
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

fn encrypt(connection: &mut Connection, plaintext: &[u8], mgf1: &str) -> String {
    let asked = json!({"encrypt": {"plaintext": STANDARD.encode(plaintext), "mgf1": mgf1}});
    let answer = command(connection, &asked);
    answer["encrypted"].as_str().unwrap().to_owned()
}

#[test]
fn ciphertexts_open_alone_and_together_and_every_failure_looks_the_same() {
    let host = Host::onboarded();
    let daemon = Daemon::start(&host, "");
    let mut local = daemon.unix();
    let text = encrypt(&mut local, "grüße".as_bytes(), "sha1");
    let bytes = encrypt(&mut local, &[0xff, 0, 1], "sha256");

    let answer = decrypt(&mut local, &json!({"org": "acme", "ciphertext": text}));
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let opened = json!({"plaintext": "grüße", "mgf1": "sha1", "generation": 1});
    assert_eq!(answer.json(), opened);
    let answer = decrypt(&mut local, &json!({"ciphertext": bytes, "mgf1": "sha256"}));
    assert_eq!(
        answer.json(),
        json!({"plaintext_base64": "/wAB", "mgf1": "sha256", "generation": 1})
    );

    let items = json!([{"ciphertext": text}, {"ciphertext": "AAAA"}, {"ciphertext": bytes}]);
    let answer = decrypt(&mut local, &json!({"items": items}));
    assert_eq!(answer.status, 200, "{answer:?}");
    let answers = answer.json();
    assert_eq!(answers["items"][0], opened);
    assert_eq!(answers["items"][1]["error"]["code"], "decryption_failed");
    assert_eq!(answers["items"][2]["plaintext_base64"], "/wAB");

    let mut altered = STANDARD.decode(&text).unwrap();
    altered[7] ^= 1;
    let unknown = "A".repeat(43);
    let failures = [
        json!({"ciphertext": ""}),
        json!({"ciphertext": "no Base64!"}),
        json!({"ciphertext": "AAAA"}),
        json!({"ciphertext": STANDARD.encode(&altered)}),
        json!({"ciphertext": STANDARD.encode([0; 256])}),
        json!({"ciphertext": STANDARD.encode([0xff; 256])}),
        json!({"ciphertext": text, "key": unknown}),
    ];
    let bodies: Vec<String> = failures
        .iter()
        .map(|failure| {
            let answer = decrypt(&mut local, failure);
            assert_eq!(answer.status, 422, "{failure}: {answer:?}");
            answer.body
        })
        .collect();
    assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:?}");

    for unclear in [
        json!({}),
        json!({"ciphertext": text, "items": []}),
        json!({"items": [], "key": unknown}),
        json!({"ciphertext": text, "more": 1}),
        json!([text]),
    ] {
        let answer = decrypt(&mut local, &unclear);
        assert_eq!(answer.status, 400, "{unclear}: {answer:?}");
        assert!(!answer.body.contains(&text), "{answer:?}");
    }
    assert_eq!(
        decrypt(&mut local, &json!({"org": "none", "ciphertext": text})).status,
        404
    );
    assert_eq!(daemon.tcp().get("/v1/decrypt", "").status, 404);
    daemon.stop();
}

#[test]
fn a_replaced_key_is_told_with_the_one_in_its_place() {
    let host = Host::onboarded();
    let daemon = Daemon::start(&host, "");
    let mut local = daemon.unix();
    let shown = |local: &mut Connection| {
        let key = command(local, &json!({"show_key": {}}));
        key["key"]["active"]["fingerprint"].as_str().unwrap().to_owned()
    };
    let before = shown(&mut local);
    let old = encrypt(&mut local, b"secret", "sha256");
    host.admin(&["key", "rotate", "--key-size", "2048", "--confirm", "acme"])
        .succeeds();
    let now = shown(&mut local);
    assert_ne!(before, now);

    let named = format!("X-Key-Fingerprint: {before}\r\nX-Forwarded-For: 192.0.2.7\r\n");
    let body = json!({"ciphertext": old}).to_string();
    let answer = local.ask(request("/v1/decrypt", &named, &body));
    assert_eq!(answer.status, 409, "{answer:?}");
    assert_eq!(answer.json()["error"]["code"], "key_rotated");
    assert_eq!(answer.json()["error"]["about"], json!([now]));
    // Who does not say which key it was learns nothing.
    assert_eq!(local.ask(request("/v1/decrypt", "", &body)).status, 422);
    let field = json!({"newPassword": old}).to_string();
    let answer = local.ask(request("/v1/payload?org=acme", &named, &field));
    assert_eq!(
        (answer.status, &answer.json()["error"]["code"]),
        (409, &json!("key_rotated"))
    );
    let shown = command(&mut local, &json!({"show_key": {}})).to_string();
    assert!(shown.contains("192.0.2.7"), "{shown}");
    daemon.stop();
}

#[test]
fn a_payload_comes_back_as_it_was_but_for_its_fields() {
    let host = Host::onboarded();
    let daemon = Daemon::start(&host, "");
    let mut local = daemon.unix();
    let secret = encrypt(&mut local, "a\"b\n".as_bytes(), "sha256");
    let payload = format!("{{ \"user\" : 7,\"newPassword\":\"{secret}\", \"x\":[1.0, 2e3] }}");
    let answer = local.ask(request("/v1/payload?org=acme", "", &payload));
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("x-key-generation"), Some("1"));
    assert_eq!(
        answer.body,
        "{ \"user\" : 7,\"newPassword\":\"a\\\"b\\n\", \"x\":[1.0, 2e3] }"
    );
    let clear = json!({"a": {"newPassword": "hunter2"}}).to_string();
    let answer = local.ask(request("/v1/payload", "", &clear));
    assert_eq!(answer.status, 422, "{answer:?}");
    assert_eq!(answer.json()["error"]["code"], "clear_fields");
    assert_eq!(answer.json()["error"]["about"], json!(["/a/newPassword"]));
    assert!(!answer.body.contains("hunter2"), "{answer:?}");
    for (path, body) in [
        ("/v1/payload?org=no%20slug", "{}"),
        ("/v1/payload?other=1", "{}"),
        ("/v1/payload", "no JSON"),
    ] {
        assert_eq!(local.ask(request(path, "", body)).status, 400, "{path} {body}");
    }
    let answer = local.ask(request("/v1/payload", "X-Key-Fingerprint: short\r\n", "{}"));
    assert_eq!(answer.status, 400, "{answer:?}");
    daemon.stop();
}

/// More than there are places for, all at once: some are told to come again, the others are answered, and verification
/// goes on as if there were none.
#[test]
fn a_flood_of_decryptions_is_refused_in_part_and_keeps_no_verification_from_its_answer() {
    const FLOOD: usize = 200;
    let host = Host::onboarded();
    let token = host.token("payouts", &[]);
    let daemon = Daemon::start(&host, "");
    let ciphertext = encrypt(&mut daemon.unix(), PASSWORD.as_bytes(), "sha256");
    let items = vec![json!({"ciphertext": ciphertext}); 64];
    let body = json!({"items": items}).to_string();
    let mut flood: Vec<Connection> = (0..FLOOD).map(|_| daemon.unix()).collect();
    for connection in &mut flood {
        assert!(connection.send(request("/v1/decrypt", "", &body)));
    }
    let good = format!("X-Auth-Token: {token}\r\n");
    let mut client = daemon.tcp();
    for _ in 0..500 {
        assert_eq!(client.get("/v1/verify", &good).status, 200);
    }
    let (mut opened, mut refused) = (0, 0);
    for mut connection in flood {
        let answer = connection.answer().unwrap();
        match answer.status {
            200 => {
                assert_eq!(answer.json()["items"][63]["plaintext"], PASSWORD);
                opened += 1;
            }
            503 => {
                assert_eq!(answer.header("retry-after"), Some("1"), "{answer:?}");
                assert_eq!(answer.json()["error"]["code"], "busy");
                refused += 1;
            }
            _ => panic!("{answer:?}"),
        }
    }
    assert!(opened > 0 && refused > 0, "{opened} opened, {refused} refused");
    daemon.stop();
}
