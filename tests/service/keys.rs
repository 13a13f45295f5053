use strongroom::domain::cashier::Role;
use strongroom::domain::key_pair::{Fingerprint, KeySize, Mgf1};
use strongroom::domain::secret::Secret;
use strongroom::service::request::{Ciphertext, JobId, RotateKey};
use strongroom::service::response::{Decrypted, KeyView};
use strongroom::service::{Actor, Code, Error, Event, Request, Response};

use super::harness::{ADA, Harness, PASSWORD, code_of, credentials, secret};

fn rotation(confirmation: &str) -> RotateKey {
    RotateKey {
        organization: None,
        confirmation: confirmation.into(),
        size: KeySize::Bits2048,
        credentials: credentials(ADA, PASSWORD),
    }
}

pub fn view(harness: &Harness) -> KeyView {
    match harness.ask(Request::ShowKey { organization: None }).unwrap() {
        Response::Key(view) => *view,
        other => panic!("{other:?}"),
    }
}

pub fn encrypt(harness: &Harness, text: &str, mgf1: Mgf1) -> String {
    match harness
        .ask(Request::Encrypt {
            organization: None,
            plaintext: secret(text),
            mgf1,
        })
        .unwrap()
    {
        Response::Encrypted(ciphertext) => ciphertext,
        other => panic!("{other:?}"),
    }
}

pub fn decrypt(harness: &Harness, ciphertext: &str, key: Option<Fingerprint>) -> Result<Decrypted, Error> {
    match harness.ask(Request::Decrypt {
        organization: None,
        ciphertext: ciphertext.into(),
        key,
    })? {
        Response::Decrypted(decrypted) => Ok(decrypted),
        other => panic!("{other:?}"),
    }
}

/// Rotates and waits for the end.
pub fn rotate(harness: &Harness) -> Result<(), Error> {
    let events = harness.service.subscribe();
    let started = harness.ask(Request::RotateKey(rotation("acme")))?;
    let Response::Started(job) = started else {
        panic!("{started:?}")
    };
    end_of(&events, job)
}

fn end_of(events: &std::sync::mpsc::Receiver<Event>, job: JobId) -> Result<(), Error> {
    loop {
        match events.recv_timeout(std::time::Duration::from_secs(60)).unwrap() {
            Event::JobEnded(ended, result) if ended == job => return result.map(|_| ()),
            _ => {}
        }
    }
}

#[test]
fn a_pair_is_there_from_onboarding_on_in_every_format() {
    let view = view(&Harness::onboarded());
    assert_eq!(view.active.generation, 1);
    assert!(view.pem.starts_with("-----BEGIN PUBLIC KEY-----\n"));
    assert!(view.jwk.contains(&view.active.fingerprint.to_string()));
    assert_eq!(
        view.pem
            .lines()
            .filter(|line| !line.starts_with('-'))
            .collect::<String>(),
        view.base64
    );
    assert_eq!(view.active.fingerprint.to_string().len(), 43);
}

#[test]
fn both_mgf1_variants_open_and_are_counted() {
    let harness = Harness::onboarded();
    for mgf1 in [Mgf1::Sha1, Mgf1::Sha256, Mgf1::Sha1] {
        let decrypted = decrypt(&harness, &encrypt(&harness, "grüße", mgf1), None).unwrap();
        assert_eq!(decrypted.plaintext.expose_text(), Some("grüße"));
        assert_eq!(decrypted.mgf1, mgf1);
    }
    let reopened = harness.reopened();
    let view = view(&reopened);
    assert_eq!((view.mgf1_sha1, view.mgf1_sha256, view.failures), (2, 1, 0));
    assert_eq!(view.days.last(), Some(&3));
}

#[test]
fn a_rotation_invalidates_the_previous_key_at_once() {
    let harness = Harness::onboarded();
    let before = view(&harness).active;
    let old = encrypt(&harness, "1234", Mgf1::Sha256);
    rotate(&harness).unwrap();
    assert_eq!(
        decrypt(&harness, &old, None).unwrap_err().code,
        Code::DecryptionFailed
    );
    assert_eq!(
        decrypt(&harness, &old, Some(before.fingerprint))
            .unwrap_err()
            .code,
        Code::KeyRotated
    );
    let new = encrypt(&harness, "1234", Mgf1::Sha256);
    assert!(decrypt(&harness, &new, None).is_ok());
    let view = view(&harness);
    assert_eq!(view.active.generation, 2);
    assert_eq!(view.history.len(), 2);
    assert!(view.history[1].replaced.is_some());
    assert_eq!((view.stale, view.failures), (1, 1));
    assert_eq!(
        decrypt(&harness.reopened(), &old, None).unwrap_err().code,
        Code::DecryptionFailed
    );
}

#[test]
fn decryptions_under_way_never_answer_for_a_key_that_was_rotated_away() {
    let harness = Harness::onboarded();
    let old = encrypt(&harness, "1234", Mgf1::Sha256);
    let (service, actor) = (harness.service.clone(), harness.actor.clone());
    let item = [Ciphertext {
        text: old,
        key: None,
        mgf1: None,
    }];
    let rotated = std::sync::atomic::AtomicBool::new(false);
    let late = std::thread::scope(|scope| {
        let decrypting = scope.spawn(|| {
            // Whoever starts after the rotation was answered must be refused; whoever raced it may go either way.
            let mut late = 0;
            for _ in 0..100_000 {
                let began_after = rotated.load(std::sync::atomic::Ordering::SeqCst);
                let opened = service.decrypt_all(&actor, None, &item).unwrap()[0].is_ok();
                assert!(!(began_after && opened), "opened after the rotation was answered");
                late += usize::from(began_after);
                if late > 20 {
                    break;
                }
            }
            late
        });
        rotate(&harness).unwrap();
        rotated.store(true, std::sync::atomic::Ordering::SeqCst);
        decrypting.join().unwrap()
    });
    assert!(late > 20);
}

#[test]
fn every_failure_to_decrypt_says_the_same() {
    let harness = Harness::onboarded();
    let good = encrypt(&harness, "1234", Mgf1::Sha256);
    let flipped = good.replacen(&good[10..11], if &good[10..11] == "A" { "B" } else { "A" }, 1);
    let errors: Vec<Error> = ["", "not base64 at all!", &good[..20], &flipped, &"A".repeat(344)]
        .iter()
        .map(|ciphertext| decrypt(&harness, ciphertext, None).unwrap_err())
        .collect();
    assert!(errors.iter().all(|error| *error == errors[0]), "{errors:?}");
}

#[test]
fn a_plaintext_over_the_limit_is_told_the_limit() {
    let harness = Harness::onboarded();
    assert_eq!(KeySize::Bits2048.max_plaintext(), 190);
    let fits = Request::Encrypt {
        organization: None,
        plaintext: Secret::new(vec![65; 190]),
        mgf1: Mgf1::Sha256,
    };
    assert!(harness.ask(fits).is_ok());
    let over = Request::Encrypt {
        organization: None,
        plaintext: Secret::new(vec![65; 191]),
        mgf1: Mgf1::Sha256,
    };
    let error = harness.refused(over);
    assert_eq!(error.code, Code::Invalid);
    assert!(
        error.message.contains("191") && error.message.contains("190"),
        "{}",
        error.message
    );
}

#[test]
fn rotation_asks_for_the_slug_and_an_admin_s_password() {
    let harness = Harness::admin();
    assert_eq!(
        harness.refused(Request::RotateKey(rotation("acm"))).code,
        Code::Invalid
    );
    harness.cashier("otto@acme.test", Role::Operator);
    let by_operator = RotateKey {
        credentials: credentials("otto@acme.test", PASSWORD),
        ..rotation("acme")
    };
    assert_eq!(
        harness.refused(Request::RotateKey(by_operator)).code,
        Code::Forbidden
    );
    assert_eq!(view(&harness).active.generation, 1);
}

#[test]
fn a_cancelled_rotation_changes_nothing() {
    let harness = Harness::onboarded();
    let events = harness.service.subscribe();
    // 4096 bits take long enough for the cancellation to be first.
    let request = RotateKey {
        size: KeySize::Bits4096,
        ..rotation("acme")
    };
    let Response::Started(job) = harness.ask(Request::RotateKey(request)).unwrap() else {
        panic!()
    };
    let other = Actor {
        uid: 1001,
        owns_store: false,
        ..harness.actor.clone()
    };
    let refused = harness.service.handle(&other, Request::CancelJob(job));
    assert_eq!(code_of(refused), Code::SignInRequired);
    let cancelled = harness.ask(Request::CancelJob(job)).is_ok();
    let ended = end_of(&events, job);
    assert_eq!(
        cancelled,
        ended.is_err(),
        "a cancellation that was answered holds"
    );
    assert_eq!(view(&harness).active.generation, if cancelled { 1 } else { 2 });
}
