//! Forgeries of a log: what somebody can do who may write the files.

use sha2::{Digest as _, Sha256};
use strongroom::domain::audit::{Action, AuditEntry, Outcome};
use strongroom::domain::cashier::Role;
use strongroom::domain::id::{Id, RequestId};
use strongroom::domain::text::{Email, Slug};
use strongroom::domain::time::Timestamp;
use strongroom::store::record::encode_audit;

/// Gives one field another value.
pub(crate) type Alteration = fn(&mut AuditEntry);

/// Every field of an entry, each with another value than it had.
pub(crate) const FIELDS: [(&str, Alteration); 14] = [
    ("at", |entry| {
        entry.at = Timestamp::from_millis(entry.at.millis() + 1)
    }),
    ("actor.cashier", |entry| {
        entry.actor.cashier = match entry.actor.cashier {
            None => Some(Email::parse("eve@acme.test").unwrap()),
            Some(_) => None,
        };
    }),
    ("actor.role", |entry| {
        entry.actor.role = match entry.actor.role {
            Some(Role::Viewer) => None,
            _ => Some(Role::Viewer),
        };
    }),
    ("actor.os_user", |entry| entry.actor.os_user.push('x')),
    ("actor.uid", |entry| entry.actor.uid += 1),
    ("actor.address", |entry| {
        entry.actor.address = match entry.actor.address {
            None => Some("192.0.2.8".into()),
            Some(_) => None,
        };
    }),
    ("action", |entry| {
        entry.action = match entry.action {
            Action::KeyRotated => Action::TokenCreated,
            _ => Action::KeyRotated,
        };
    }),
    ("organization", |entry| {
        entry.organization = match entry.organization {
            None => Some(Slug::parse("beta").unwrap()),
            Some(_) => None,
        };
    }),
    ("subject", |entry| entry.subject.insert(0, 'x')),
    ("result", |entry| {
        entry.result = match entry.result {
            Outcome::Done => Outcome::Refused,
            Outcome::Refused => Outcome::Done,
        };
    }),
    ("reason", |entry| entry.reason.push('x')),
    ("request", |entry| {
        entry.request = RequestId(Id::new(entry.at, [0xEE; 10]));
    }),
    ("previous", |entry| entry.previous[31] ^= 1),
    ("hash", |entry| entry.hash[0] ^= 1),
];

/// An entry's right hash.
pub(crate) fn hash(entry: &AuditEntry) -> [u8; 32] {
    Sha256::digest(entry.canonical()).into()
}

/// Numbers and chains the entries anew from a place on, as the program would have.
pub(crate) fn chained_anew(mut entries: Vec<AuditEntry>, from: usize) -> Vec<AuditEntry> {
    let mut previous = from.checked_sub(1).map_or([0; 32], |last| entries[last].hash);
    for (place, entry) in entries.iter_mut().enumerate().skip(from) {
        entry.sequence = place as u64 + 1;
        entry.previous = previous;
        entry.hash = hash(entry);
        previous = entry.hash;
    }
    entries
}

/// The entries as the file has them, each under its own sequence.
pub(crate) fn bytes(entries: &[AuditEntry]) -> Vec<(u64, Vec<u8>)> {
    entries
        .iter()
        .map(|entry| (entry.sequence, encode_audit(entry).unwrap()))
        .collect()
}
