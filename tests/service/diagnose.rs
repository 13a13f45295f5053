//! A diagnosis tells failures apart: for an operator or the store's owner, and never unseen.

use strongroom::domain::cashier::Role;
use strongroom::domain::ciphertext::{TextEncoding, Verdict};
use strongroom::domain::key_pair::Mgf1;
use strongroom::service::response::Diagnosis;
use strongroom::service::{Code, Error, Request, Response};

use super::harness::{Harness, PASSWORD, code_of, secret};
use super::keys::{encrypt, view};

fn diagnose(harness: &Harness, pasted: &str, show_plaintext: bool) -> Result<Diagnosis, Error> {
    match harness.ask(Request::Diagnose {
        organization: None,
        pasted: secret(pasted),
        key: None,
        show_plaintext,
    })? {
        Response::Diagnosed(diagnosis) => Ok(diagnosis),
        other => panic!("{other:?}"),
    }
}

#[test]
fn it_is_for_an_operator_and_for_the_owner_of_the_store() {
    let mut harness = Harness::admin();
    harness.cashier("vera@acme.test", Role::Viewer);
    harness.cashier("olga@acme.test", Role::Operator);
    harness.actor.session = None;
    assert!(diagnose(&harness, "hunter2", false).is_ok(), "the owner");
    harness.actor.owns_store = false;
    let refused = |harness: &Harness| code_of(diagnose(harness, "hunter2", false));
    assert_eq!(refused(&harness), Code::SignInRequired);
    harness.sign_in("vera@acme.test", PASSWORD);
    assert_eq!(refused(&harness), Code::Forbidden);
    harness.sign_in("olga@acme.test", PASSWORD);
    assert!(diagnose(&harness, "hunter2", false).is_ok());
    harness.actor.read_only = true;
    assert_eq!(refused(&harness), Code::ReadOnly);
}

#[test]
fn it_is_logged_without_what_was_pasted_and_counts_as_no_use() {
    let harness = Harness::admin();
    let ciphertext = encrypt(&harness, "hunter2", Mgf1::Sha1);
    let before = view(&harness);
    let said = diagnose(&harness, &ciphertext, false).unwrap();
    let finding = &said.findings[0];
    assert_eq!(
        (finding.verdict, finding.text),
        (Verdict::Accepted, Some(TextEncoding::Utf8))
    );
    assert!(finding.plaintext.is_none(), "nobody asked for it");
    let shown = diagnose(&harness, &ciphertext, true).unwrap();
    let plaintext = shown.findings[0].plaintext.as_ref().unwrap();
    assert_eq!(plaintext.expose(), b"hunter2");
    let said = diagnose(&harness, "hunter2", true).unwrap();
    assert_eq!(said.findings[0].verdict, Verdict::PlainText);
    let after = view(&harness);
    assert_eq!(
        (after.mgf1_sha1, after.failures),
        (before.mgf1_sha1, before.failures)
    );

    assert_eq!(harness.last_action(), "key.diagnosed");
    let log = harness.activity("key.diagnosed");
    assert_eq!(log.entries.len(), 3);
    assert_eq!(log.entries[2].reason, "OAEP with SHA-256 and MGF1-SHA-1");
    let text = format!("{:?}", log.entries);
    assert!(
        !text.contains("hunter2") && !text.contains(&ciphertext[..20]),
        "{text}"
    );
}
