//! Project Wycheproof's RSA-OAEP tests with SHA-256: what its authors found other implementations to get wrong.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests, which clippy does not take for tests"
)]

use std::sync::Arc;

use openssl::md::Md;
use openssl::pkey::PKey;
use openssl::pkey_ctx::PkeyCtx;
use openssl::rsa::Padding;
use strongroom::crypto::RsaEngine;
use strongroom::domain::key_pair::Mgf1;
use strongroom::domain::secret::Secret;
use strongroom::service::ports::{CryptoError, KeyEngine};
use strongroom::system::OsEntropy;
use wycheproof::rsa_oaep::{TestGroup, TestName, TestSet};
use wycheproof::{HashFunction, TestResult};

fn mgf1_of(group: &TestGroup) -> Option<Mgf1> {
    match (group.hash, group.mgf_hash) {
        (HashFunction::Sha2_256, HashFunction::Sha2_256) => Some(Mgf1::Sha256),
        (HashFunction::Sha2_256, HashFunction::Sha1) => Some(Mgf1::Sha1),
        _ => None,
    }
}

/// What OpenSSL makes of it when it is told the label: shows that nothing but the label was refused.
fn open_with_label(pkcs8: &[u8], mgf1: Mgf1, label: &[u8], ciphertext: &[u8]) -> Vec<u8> {
    let key = PKey::private_key_from_pkcs8(pkcs8).unwrap();
    let mut context = PkeyCtx::new(&key).unwrap();
    context.decrypt_init().unwrap();
    context.set_rsa_padding(Padding::PKCS1_OAEP).unwrap();
    context.set_rsa_oaep_md(Md::sha256()).unwrap();
    let md = match mgf1 {
        Mgf1::Sha256 => Md::sha256(),
        Mgf1::Sha1 => Md::sha1(),
    };
    context.set_rsa_mgf1_md(md).unwrap();
    context.set_rsa_oaep_label(label).unwrap();
    let mut plaintext = Vec::new();
    context.decrypt_to_vec(ciphertext, &mut plaintext).unwrap();
    plaintext
}

/// A label is no part of the protocol: a ciphertext that carries one has to be refused like any other bad one.
#[test]
fn all_258_sha256_tests_end_as_they_should_whichever_mgf1_is_tried_first() {
    let engine = RsaEngine::new(Arc::new(OsEntropy));
    let (mut opened, mut invalid, mut labelled) = (0, 0, 0);
    for name in TestName::all() {
        for group in TestSet::load(name).unwrap().test_groups {
            let Some(mgf1) = mgf1_of(&group) else { continue };
            let private = engine.open(&Secret::new(group.pkcs8.to_vec())).unwrap();
            for test in group.tests {
                let at = format!(
                    "{name:?} {} bits, test {}: {}",
                    group.key_size, test.tc_id, test.comment
                );
                for first in [mgf1, mgf1.other()] {
                    let outcome = private.decrypt(&test.ct, first);
                    if test.result == TestResult::Valid && test.label.is_empty() {
                        let (plaintext, used) = outcome.expect(&at);
                        assert_eq!(plaintext.expose(), test.pt.as_slice(), "{at}");
                        assert_eq!(used, mgf1, "{at}");
                    } else {
                        assert_eq!(outcome.err(), Some(CryptoError::Decryption), "{at}");
                    }
                }
                match (test.result, test.label.is_empty()) {
                    (TestResult::Invalid, _) => invalid += 1,
                    (_, false) => {
                        let plaintext = open_with_label(&group.pkcs8, mgf1, &test.label, &test.ct);
                        assert_eq!(plaintext, test.pt.as_slice(), "{at}");
                        labelled += 1;
                    }
                    (_, true) => opened += 1,
                }
            }
        }
    }
    println!("{opened} opened, {invalid} invalid ones refused, {labelled} with a label refused");
    assert_eq!(opened + invalid + labelled, 258);
    assert_eq!((opened, invalid, labelled), (96, 113, 49));
}
