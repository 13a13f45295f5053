//! The bytes of every kind of record, as stores hold them: a change of a domain type that changes them fails here.
//!
//! `tests/fixtures/records/v1/` was written by version 1 of each kind and stays as it is: what says nothing newer reads and
//! writes these bytes for good. A new version, or a new kind, adds a sample that needs it, and its file to the folder of
//! its version: `STRONGROOM_WRITE_FIXTURES=1 cargo test --test records`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test's helpers may fail the test"
)]

#[path = "support/store.rs"]
mod support;

use std::fs;
use std::path::PathBuf;

use strongroom::domain::key_pair::KeyState;
use strongroom::domain::secret::Sealed;
use strongroom::domain::time::Timestamp;
use strongroom::domain::usage::{Caller, Usage};
use strongroom::service::ports::{Record, StoreError, UsageRecord};
use strongroom::store::record;

fn samples() -> Vec<(&'static str, Record)> {
    let replaced = KeyState::Replaced {
        at: support::at(7),
        by: support::email(),
    };
    vec![
        ("organization", support::organization(1)),
        (
            "key-pair-active",
            support::key_pair(1, 1, KeyState::Active(Sealed(vec![8; 24]))),
        ),
        ("key-pair-replaced", support::key_pair(1, 2, replaced)),
        ("token", Record::Token(support::token(1, 2))),
        ("token-revoked", Record::Token(support::revoked_token())),
        ("cashier", support::cashier()),
        ("throttle", support::throttle("uid 1000")),
        ("backups", support::backups()),
        ("hold", support::hold()),
        ("login-key", support::login_key()),
        ("login-session", support::login_session()),
        ("token-allowed", Record::Token(support::allowed_token())),
        ("token-quiet", Record::Token(support::quiet_token())),
        ("organization-fields", support::organization_with_fields(1)),
        ("token-owned", Record::Token(support::owned_token())),
        ("organization-contacts", support::organization_with_contacts(1)),
    ]
}

/// The file's bytes: the key's length in one byte, the key, the value.
fn fixture(name: &str, key: &[u8], value: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join(format!("tests/fixtures/records/v{}/{name}.bin", value[0]));
    if std::env::var_os("STRONGROOM_WRITE_FIXTURES").is_some() && !path.exists() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let length = u8::try_from(key.len()).unwrap();
        fs::write(&path, [&[length], key, value].concat()).unwrap();
    }
    let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let (key, value) = bytes[1..].split_at(bytes[0].into());
    (key.to_vec(), value.to_vec())
}

#[test]
fn every_kind_of_record_reads_and_writes_the_bytes_of_each_version() {
    for (name, sample) in samples() {
        let (key, value) = record::encode(&sample, 258).unwrap();
        let old = fixture(name, &key, &value);
        assert_eq!(record::decode(&old.0, &old.1).unwrap(), (sample, 258), "{name}");
        assert_eq!((key, value), old, "{name}");
    }
    let entry = support::entry(3, "payouts-prod");
    let (key, value) = (
        entry.sequence.to_be_bytes().to_vec(),
        record::encode_audit(&entry).unwrap(),
    );
    let old = fixture("audit", &key, &value);
    assert_eq!(record::decode_audit(&old.0, &old.1).unwrap(), entry);
    assert_eq!((key, value), old);
    for (name, usage) in [
        ("usage-token", support::usage(1)),
        ("usage-key", support::key_usage(1)),
        ("usage-token-gaps", support::usage_with_gaps(1)),
        ("usage-key-callers", support::key_usage_with_callers(1)),
    ] {
        let (key, value) = record::encode_usage(&usage).unwrap();
        let old = fixture(name, &key, &value);
        assert_eq!(record::decode_usage(&old.0, &old.1), Some(usage), "{name}");
        assert_eq!((key, value), old, "{name}");
    }
}

/// What version 1 did not see was perhaps as long as the days between two uses.
#[test]
fn usage_of_version_1_is_read_with_the_gaps_that_it_may_have_had() {
    let UsageRecord::Token(id, usage) = support::usage_with_gaps(1) else {
        panic!()
    };
    #[derive(serde::Serialize)]
    struct Usage1<'a> {
        first: Option<Timestamp>,
        last: Option<Timestamp>,
        total: u64,
        days: &'a [(i64, u64)],
        callers: &'a [Caller],
    }
    let key = record::token_usage_key(id);
    let before = Usage1 {
        first: usage.first,
        last: usage.last,
        total: usage.total,
        days: &usage.days,
        callers: &usage.callers,
    };
    let mut value = postcard::to_extend(&before, vec![1]).unwrap();
    let sum = crc32fast::hash(&[key.as_slice(), &value].concat());
    value.extend_from_slice(&sum.to_be_bytes());
    let Some(UsageRecord::Token(_, read)) = record::decode_usage(&key, &value) else {
        panic!()
    };
    let day = 86_400_000;
    let first = usage.days[0].0;
    assert_eq!(read.gaps, [(first + 1, 2 * day), (first + 5, 5 * day)]);
    assert_eq!(
        read,
        Usage {
            gaps: read.gaps.clone(),
            ..usage
        }
    );
}

#[test]
fn a_version_that_is_not_known_is_named() {
    for (_, sample) in samples() {
        let (key, mut value) = record::encode(&sample, 1).unwrap();
        value[0] = 9;
        let refused = record::decode(&key, &value).unwrap_err();
        assert!(
            matches!(
                refused,
                StoreError::UnknownVersion {
                    kind,
                    version: 9,
                    newest,
                } if newest == newest_version(kind)
            ),
            "{refused:?}"
        );
        value[0] = 0;
        let refused = record::decode(&key, &value).unwrap_err();
        assert!(
            matches!(refused, StoreError::UnknownVersion { version: 0, .. }),
            "{refused:?}"
        );
    }
}

fn newest_version(kind: &str) -> u8 {
    match kind {
        "token" | "organization" => 3,
        _ => 1,
    }
}

#[test]
fn bytes_cut_off_or_added_are_damage_and_never_a_panic() {
    for (name, sample) in samples() {
        let (key, value) = record::encode(&sample, 1).unwrap();
        for length in 0..value.len() {
            let refused = record::decode(&key, &value[..length]);
            assert!(
                matches!(refused, Err(StoreError::Damaged(_))),
                "{name} cut to {length}: {refused:?}"
            );
        }
        let longer = [value.as_slice(), &[0]].concat();
        assert!(
            matches!(record::decode(&key, &longer), Err(StoreError::Damaged(_))),
            "{name}"
        );
    }
}

#[test]
fn a_record_under_another_s_key_is_damage() {
    let (_, value) = record::encode(&support::organization(1), 1).unwrap();
    let (key, _) = record::encode(&support::organization(2), 1).unwrap();
    assert!(matches!(
        record::decode(&key, &value),
        Err(StoreError::Damaged(_))
    ));
}

#[test]
fn usage_with_any_flipped_bit_is_left_out() {
    let (key, value) = record::encode_usage(&support::usage(1)).unwrap();
    for bit in 0..value.len() * 8 {
        let mut damaged = value.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(record::decode_usage(&key, &damaged), None, "bit {bit}");
    }
}

#[test]
fn an_organization_s_tokens_lie_together_in_the_order_they_were_minted() {
    let mut keys: Vec<_> = [(2, 1), (1, 300), (1, 2), (2, 5)]
        .map(|(organization, number)| {
            let token = support::token(organization, number);
            (record::key(&Record::Token(token).key()), (organization, number))
        })
        .to_vec();
    keys.sort();
    let order: Vec<_> = keys.into_iter().map(|(_, which)| which).collect();
    assert_eq!(order, [(1, 2), (1, 300), (2, 1), (2, 5)]);
}
