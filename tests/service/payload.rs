//! A JSON payload with its encrypted fields opened in place.

use proptest::prelude::*;
use strongroom::domain::key_pair::{Fingerprint, Mgf1};
use strongroom::domain::secret::Secret;
use strongroom::service::response::PayloadOpened;
use strongroom::service::{Code, Error, Request, Response};

use super::fields::change;
use super::harness::{Harness, secret};
use super::keys::{encrypt, rotate, view};

fn open_for(harness: &Harness, payload: &str, key: Option<Fingerprint>) -> Result<PayloadOpened, Error> {
    let request = Request::OpenPayload {
        organization: None,
        payload: secret(payload),
        key,
    };
    match harness.ask(request)? {
        Response::PayloadOpened(opened) => Ok(opened),
        other => panic!("{other:?}"),
    }
}

fn open(harness: &Harness, payload: &str) -> Result<PayloadOpened, Error> {
    open_for(harness, payload, None)
}

fn refused(harness: &Harness, payload: &str) -> Error {
    let error = open(harness, payload).unwrap_err();
    assert!(!error.message.is_empty() && !error.hint.is_empty(), "{error:?}");
    error
}

fn text(opened: &PayloadOpened) -> &str {
    opened.payload.expose_text().unwrap()
}

#[test]
fn encrypted_fields_are_opened_at_any_depth_and_the_rest_stays_byte_for_byte() {
    let harness = Harness::onboarded();
    let [pin, password] = [
        encrypt(&harness, "4711", Mgf1::Sha1),
        encrypt(&harness, "a \"quoted\"\n\\ grüße", Mgf1::Sha256),
    ];
    // As PHP and Gson write Base64.
    let escaped = pin.replace('/', "\\/").replace('=', "\\u003d");
    let payload = format!(
        " {{\"amount\" : 1.50e+02,\t\"big\":123456789012345678901234567890, \"ü\\u00fc\":\"\\u00e9\\ud83d\\ude00\",\r\n\
         \"users\":[ {{\"userPin\":\"{escaped}\"}},null,{{\"newPassword\" : \"{password}\" , \"z\":1,\"a\":-0.0}}],\
         \"currentPassword\":null,\"securityAnswer\":[\"{pin}\", null],\"a/b~c\":{{\"transactionPin\":\"{pin}\"}} }}\n"
    );
    let opened = open(&harness, &payload).unwrap();
    let expected = payload
        .replace(&escaped, "4711")
        .replace(&pin, "4711")
        .replace(&password, "a \\\"quoted\\\"\\n\\\\ grüße");
    assert_eq!(text(&opened), expected);
    let fields: Vec<_> = opened
        .opened
        .iter()
        .map(|field| (field.path.as_str(), field.mgf1))
        .collect();
    let expected = [
        ("/users/0/userPin", Mgf1::Sha1),
        ("/users/2/newPassword", Mgf1::Sha256),
        ("/securityAnswer/0", Mgf1::Sha1),
        ("/a~1b~0c/transactionPin", Mgf1::Sha1),
    ];
    assert_eq!(fields, expected);
    assert_eq!(opened.generation, 1);
    let seen = view(&harness);
    assert_eq!((seen.mgf1_sha1, seen.mgf1_sha256), (3, 1));
}

#[test]
fn fields_in_clear_are_named_and_nothing_is_opened() {
    let harness = Harness::onboarded();
    let pin = encrypt(&harness, "4711", Mgf1::Sha256);
    let payload = format!(
        r#"{{"userPin":"{pin}","list":[{{"newPassword":"hunter2"}},{{"transactionPin":4712}}],
        "current\u0050assword":"","securityAnswer":{{"answer":"Rex"}},"x":{{"securityAnswer":["Rex",true]}}}}"#
    );
    let error = refused(&harness, &payload);
    assert_eq!(error.code, Code::ClearFields);
    let expected = [
        "/list/0/newPassword",
        "/list/1/transactionPin",
        "/currentPassword",
        "/securityAnswer",
        "/x/securityAnswer/0",
        "/x/securityAnswer/1",
    ];
    assert_eq!(error.about, expected);
    let said = format!("{error} {error:?}");
    for value in ["hunter2", "4712", "Rex", pin.as_str()] {
        assert!(!said.contains(value), "{said}");
    }
    let seen = view(&harness);
    assert_eq!((seen.mgf1_sha256, seen.failures), (0, 0));
}

#[test]
fn a_field_that_does_not_open_is_named_and_its_neighbours_stay_closed() {
    let harness = Harness::onboarded();
    let pin = encrypt(&harness, "4711", Mgf1::Sha256);
    let other_length = "A".repeat(512);
    for bad in [
        pin.replacen(&pin[10..12], "__", 1).replace('_', "A"),
        other_length,
    ] {
        let error = refused(
            &harness,
            &format!(r#"{{"userPin":"{pin}","newPassword":"{bad}"}}"#),
        );
        assert_eq!(error.code, Code::DecryptionFailed);
        assert_eq!(error.about, ["/newPassword"]);
        assert!(!error.to_string().contains("4711"));
    }
}

#[test]
fn bytes_that_are_no_text_cannot_be_put_into_json() {
    let harness = Harness::onboarded();
    let request = Request::Encrypt {
        organization: None,
        plaintext: Secret::new(vec![0xff, 0]),
        mgf1: Mgf1::Sha256,
    };
    let Response::Encrypted(bytes) = harness.ask(request).unwrap() else {
        panic!()
    };
    let error = refused(&harness, &format!(r#"[{{"userPin":"{bytes}"}}]"#));
    assert_eq!(
        (error.code, &error.about[..]),
        (Code::NotText, &["/0/userPin".to_owned()][..])
    );
}

#[test]
fn a_replaced_key_is_told_once_whatever_the_payload_has() {
    let harness = Harness::onboarded();
    let old = view(&harness).active.fingerprint;
    let pin = encrypt(&harness, "4711", Mgf1::Sha256);
    rotate(&harness).unwrap();
    let payload = format!(r#"{{"userPin":"{pin}","transactionPin":"{pin}"}}"#);
    let error = open_for(&harness, &payload, Some(old)).unwrap_err();
    assert_eq!(error.code, Code::KeyRotated);
    assert_eq!(view(&harness).stale, 1);
    let error = open_for(&harness, &payload, Some(Fingerprint([1; 32]))).unwrap_err();
    assert_eq!(error.code, Code::DecryptionFailed);
}

#[test]
fn the_organization_s_own_list_decides() {
    let harness = Harness::admin();
    harness
        .ask(change(
            false,
            &["iban"],
            &[
                "currentPassword",
                "newPassword",
                "transactionPin",
                "userPin",
                "securityAnswer",
            ],
        ))
        .unwrap();
    let iban = encrypt(&harness, "DE02", Mgf1::Sha256);
    let opened = open(
        &harness,
        &format!(r#"{{"iban":"{iban}","userPin":"1234","Iban":"x"}}"#),
    )
    .unwrap();
    assert_eq!(text(&opened), r#"{"iban":"DE02","userPin":"1234","Iban":"x"}"#);
    assert_eq!(refused(&harness, r#"{"iban":"DE02"}"#).code, Code::ClearFields);
}

#[test]
fn what_is_no_json_or_beyond_the_limits_is_refused_without_being_quoted() {
    let harness = Harness::onboarded();
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    for fine in ["{}", "[]", "null", "7", "\"userPin\"", &nested(32)] {
        assert_eq!(text(&open(&harness, fine).unwrap()), fine);
    }
    let many = format!("[{}]", vec![r#"{"userPin":1}"#; 65].join(","));
    let keys = r#"{"a":{"userPin":null,"user\u0050in":"hunter2"}}"#;
    let lone = r#"{"\ud800":1}"#;
    let long = format!("[{}]", "1,".repeat(40_000));
    for refuse in [
        "",
        "{",
        r#"{"userPin":"hunter2" "#,
        "{}x",
        &nested(33),
        &many,
        keys,
        lone,
        &long,
    ] {
        let error = refused(&harness, refuse);
        assert_eq!(error.code, Code::Invalid, "{error:?}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
    assert_eq!(refused(&harness, keys).about, ["/a/userPin"]);
    let request = Request::OpenPayload {
        organization: None,
        payload: Secret::new(vec![b'"', 0xff, b'"']),
        key: None,
    };
    assert_eq!(harness.refused(request).code, Code::Invalid);
}

/// JSON with fields to open: what is sent, what is to come back, and how many are opened.
fn documents(ciphertext: String) -> impl Strategy<Value = (String, String, usize)> {
    let same = |text: String| (text.clone(), text, 0);
    let leaf = prop_oneof![
        "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?".prop_map(same),
        "(true|false|null)".prop_map(same),
        any::<String>().prop_map(move |text| same(serde_json::to_string(&text).unwrap())),
        "\"(\\\\u[0-9a-f]{4}|\\\\[/bfnrt\"]|[a-z{}\\[\\],: ])*\"".prop_map(same),
    ];
    let space = "[ \t\r\n]{0,2}";
    leaf.prop_recursive(5, 60, 6, move |inner| {
        let sealed = (format!("\"{ciphertext}\""), "\"x\\\"\"".to_owned(), 1);
        let member = prop_oneof![
            4 => ("[a-z\\\\u0041 {},]{0,6}".prop_map(|key| key.replace('\\', "")), inner.clone()),
            1 => (Just("userPin".to_owned()), prop_oneof![Just(sealed), Just(same("null".into()))]),
        ];
        let object = (prop::collection::vec((member, space), 0..6)).prop_map(|members| {
            let mut seen = std::collections::BTreeSet::new();
            let mut document = ("{".to_owned(), "{".to_owned(), 0);
            for ((key, (sent, back, count)), space) in members {
                if !seen.insert(key.clone()) {
                    continue;
                }
                let comma = if document.0.len() > 1 { "," } else { "" };
                let key = serde_json::to_string(&key).unwrap();
                document
                    .0
                    .push_str(&format!("{comma}{space}{key}{space}:{space}{sent}"));
                document
                    .1
                    .push_str(&format!("{comma}{space}{key}{space}:{space}{back}"));
                document.2 += count;
            }
            (document.0 + "}", document.1 + "}", document.2)
        });
        let array = prop::collection::vec((inner, space), 0..6).prop_map(|elements| {
            let join = |pick: fn(&(String, String, usize)) -> &String| {
                let parts = elements
                    .iter()
                    .map(|(it, space)| format!("{space}{}{space}", pick(it)));
                format!("[{}]", parts.collect::<Vec<_>>().join(","))
            };
            let count = elements.iter().map(|(it, _)| it.2).sum();
            (join(|it| &it.0), join(|it| &it.1), count)
        });
        prop_oneof![object, array]
    })
}

#[test]
fn whatever_a_payload_has_only_its_encrypted_fields_change() {
    let harness = Harness::onboarded();
    let ciphertext = encrypt(&harness, "x\"", Mgf1::Sha256);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 200,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let opened_in_all = std::cell::Cell::new(0);
    runner
        .run(&documents(ciphertext), |(sent, back, count)| {
            prop_assume!(sent.len() <= 64 * 1024 && count <= 64);
            let opened = open(&harness, &sent).map_err(|error| TestCaseError::fail(error.to_string()))?;
            prop_assert_eq!(text(&opened), back);
            prop_assert_eq!(opened.opened.len(), count);
            opened_in_all.set(opened_in_all.get() + count);
            Ok(())
        })
        .unwrap();
    assert!(opened_in_all.get() > 20, "only {}", opened_in_all.get());
}
