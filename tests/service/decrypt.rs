//! Several ciphertexts at once, the MGF1 habit, and who still encrypts to a replaced key.

use strongroom::domain::key_pair::{Fingerprint, Mgf1};
use strongroom::service::request::Ciphertext;
use strongroom::service::response::Decrypted;
use strongroom::service::{Actor, Code, Error};

use super::harness::Harness;
use super::keys::{decrypt, encrypt, rotate, view};

fn item(text: &str) -> Ciphertext {
    Ciphertext {
        text: text.to_owned(),
        key: None,
        mgf1: None,
    }
}

fn all(harness: &Harness, items: &[Ciphertext]) -> Vec<Result<Decrypted, Error>> {
    harness.service.decrypt_all(&harness.actor, None, items).unwrap()
}

fn texts(answers: &[Result<Decrypted, Error>]) -> Vec<Result<&str, Code>> {
    answers
        .iter()
        .map(|answer| match answer {
            Ok(opened) => Ok(opened.plaintext.expose_text().unwrap()),
            Err(error) => Err(error.code),
        })
        .collect()
}

#[test]
fn each_of_several_ciphertexts_has_an_answer_of_its_own() {
    let harness = Harness::onboarded();
    let before = view(&harness).active.fingerprint;
    rotate(&harness).unwrap();
    let active = view(&harness).active.fingerprint;
    let [first, last] = ["1234", "grüße"].map(|text| encrypt(&harness, text, Mgf1::Sha256));
    let sha1 = encrypt(&harness, "java", Mgf1::Sha1);
    let items = [
        item(&first),
        item("not Base64 at all!"),
        Ciphertext {
            key: Some(before),
            ..item(&first)
        },
        Ciphertext {
            key: Some(Fingerprint([7; 32])),
            ..item(&first)
        },
        Ciphertext {
            key: Some(active),
            mgf1: Some(Mgf1::Sha1),
            ..item(&sha1)
        },
        item(&last),
    ];
    let answers = all(&harness, &items);
    let expected = [
        Ok("1234"),
        Err(Code::DecryptionFailed),
        Err(Code::KeyRotated),
        Err(Code::DecryptionFailed),
        Ok("java"),
        Ok("grüße"),
    ];
    assert_eq!(texts(&answers), expected);
    let generations: Vec<_> = answers.iter().flatten().map(|opened| opened.generation).collect();
    assert_eq!(generations, [2, 2, 2]);
    assert_eq!(answers[4].as_ref().unwrap().mgf1, Mgf1::Sha1);
    assert_eq!(
        answers[1].as_ref().unwrap_err(),
        answers[3].as_ref().unwrap_err(),
        "a key that nobody knows is no other failure"
    );
    let rotated = answers[2].as_ref().unwrap_err();
    assert_eq!(rotated.about, [active.to_string()]);
    let view = view(&harness);
    assert_eq!(
        (view.mgf1_sha256, view.mgf1_sha1, view.failures, view.stale),
        (2, 1, 2, 1)
    );
}

#[test]
fn a_request_has_64_ciphertexts_and_64_kib_of_them_at_most() {
    let harness = Harness::onboarded();
    let refused = |items: &[Ciphertext]| {
        let answer = harness.service.decrypt_all(&harness.actor, None, items);
        answer.unwrap_err().code
    };
    assert!(all(&harness, &[]).is_empty());
    assert_eq!(all(&harness, &vec![item("AAAA"); 64]).len(), 64);
    assert_eq!(refused(&vec![item("AAAA"); 65]), Code::Invalid);
    assert_eq!(refused(&[item(&"A".repeat(65_537))]), Code::Invalid);
}

#[test]
fn the_variant_that_was_seen_last_outlives_the_process() {
    let harness = Harness::onboarded();
    for mgf1 in [Mgf1::Sha256, Mgf1::Sha256, Mgf1::Sha1] {
        decrypt(&harness, &encrypt(&harness, "1234", mgf1), None).unwrap();
    }
    let at = strongroom::service::ports::Clock::now(&harness.clock);
    let reopened = harness.reopened();
    let seen = view(&reopened);
    assert_eq!((seen.last_mgf1, seen.last_sha1), (Some(Mgf1::Sha1), Some(at)));
    reopened.advance(1, 0);
    decrypt(&reopened, &encrypt(&reopened, "1234", Mgf1::Sha256), None).unwrap();
    let seen = view(&reopened);
    assert_eq!((seen.last_mgf1, seen.last_sha1), (Some(Mgf1::Sha256), Some(at)));
}

#[test]
fn whoever_names_a_replaced_key_is_kept_by_name_and_key() {
    let harness = Harness::onboarded();
    let old = view(&harness).active.fingerprint;
    rotate(&harness).unwrap();
    let text = encrypt(&harness, "1234", Mgf1::Sha256);
    let stale = Ciphertext {
        key: Some(old),
        ..item(&text)
    };
    let billing = Actor {
        os_user: "billing".into(),
        uid: 1001,
        ..Actor::default()
    };
    let proxy = Actor {
        os_user: "www-data".into(),
        uid: 33,
        address: Some("10.0.0.4\u{202e}".into()),
        ..Actor::default()
    };
    for actor in [&billing, &proxy, &billing] {
        harness.advance(0, 1);
        let answers = harness
            .service
            .decrypt_all(actor, None, std::slice::from_ref(&stale))
            .unwrap();
        assert_eq!(texts(&answers), [Err(Code::KeyRotated)]);
    }
    let seen = view(&harness.reopened());
    let callers: Vec<_> = seen
        .stale_callers
        .iter()
        .map(|caller| (caller.who.as_str(), caller.named, caller.count))
        .collect();
    let expected = [
        ("billing (uid 1001)", old, 2),
        ("10.0.0.4\\u{202e} through www-data (uid 33)", old, 1),
    ];
    assert_eq!(callers, expected);
    assert!(seen.stale_callers[0].last > seen.stale_callers[1].last);
    assert_eq!((seen.stale, seen.failures), (3, 0));
}
