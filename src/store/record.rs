//! The bytes of records: a version, a revision and the domain type in postcard, under a key that sorts by time.
//!
//! A key is the kind's byte and the 16-byte identifiers (and a big-endian generation), so that an organization's tokens
//! lie together in the order they were minted. A value is `version u8 · revision u64 big-endian · postcard`; an audit
//! entry has no revision, a usage record has a CRC-32 at its end instead. Values of real stores are kept in
//! `tests/fixtures/records/`: a change of a domain type that changes its bytes needs a new version and a migration.
//!
//! Each kind has versions of its own. To give one another: in a file beside `record/token.rs`, write down what the record
//! was until now (`Token1`, a `first_version!`), implement `Version` for the domain type with the way there and back, take
//! the type off the list of `first_version!` below, and add a sample that says something new to `tests/records.rs`, whose
//! fixture goes to the folder of its version; the fixtures that are there stay as they are.

mod key_usage;
mod organization;
mod token;
mod usage;
mod version;

use self::version::{Nothing, Version, first_version, read, write};
use crate::domain::audit::AuditEntry;
use crate::domain::cashier::Cashier;
use crate::domain::id::{Id, OrganizationId, TokenId};
use crate::domain::key_pair::KeyPair;
use crate::domain::login::{LoginKey, LoginSession};
use crate::domain::organization::Organization;
use crate::domain::recovery::{Backups, Hold};
use crate::domain::throttle::Throttle;
use crate::domain::token::Token;
use crate::service::ports::{Record, RecordKey, Revision, StoreError, UsageRecord};

first_version! {
    KeyPair, "key pair";
    Cashier, "cashier";
    Throttle, "throttle";
    Backups, "backups";
    Hold, "hold";
    LoginKey, "login key";
    LoginSession, "login session";
    AuditEntry, "audit";
}

/// The most bytes of a key and its value: sled spills larger values into files that it does not sync.
pub const MAX: usize = 32 * 1024;

const REVISION: std::ops::Range<usize> = 1..9;

const ORGANIZATION: u8 = 1;
const KEY_PAIR: u8 = 2;
const TOKEN: u8 = 3;
const CASHIER: u8 = 4;
const THROTTLE: u8 = 5;
const BACKUPS: u8 = 6;
const HOLD: u8 = 7;
const LOGIN_KEY: u8 = 8;
const LOGIN_SESSION: u8 = 9;

const TOKEN_USAGE: u8 = 1;
const KEY_USAGE: u8 = 2;

/// The key that a record is kept under.
#[must_use]
pub fn key(key: &RecordKey) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(33);
    match key {
        RecordKey::Organization(id) => {
            bytes.push(ORGANIZATION);
            bytes.extend_from_slice(id.0.bytes());
        }
        RecordKey::KeyPair(organization, generation) => {
            bytes.push(KEY_PAIR);
            bytes.extend_from_slice(organization.0.bytes());
            bytes.extend_from_slice(&generation.to_be_bytes());
        }
        RecordKey::Token(organization, id) => {
            bytes.push(TOKEN);
            bytes.extend_from_slice(organization.0.bytes());
            bytes.extend_from_slice(id.0.bytes());
        }
        RecordKey::Cashier(id) => {
            bytes.push(CASHIER);
            bytes.extend_from_slice(id.0.bytes());
        }
        RecordKey::Throttle(email, source) => {
            bytes.push(THROTTLE);
            bytes.extend_from_slice(email.as_str().as_bytes());
            bytes.push(0);
            bytes.extend_from_slice(source.as_bytes());
        }
        RecordKey::Backups => bytes.push(BACKUPS),
        RecordKey::Hold => bytes.push(HOLD),
        RecordKey::LoginKey => bytes.push(LOGIN_KEY),
        RecordKey::LoginSession(cashier) => {
            bytes.push(LOGIN_SESSION);
            bytes.extend_from_slice(cashier.0.bytes());
        }
    }
    bytes
}

/// The key and value of a record in a revision.
///
/// # Errors
/// [`StoreError::TooLarge`].
pub fn encode(record: &Record, revision: Revision) -> Result<(Vec<u8>, Vec<u8>), StoreError> {
    let kind = kind(record);
    let value = match record {
        Record::Organization(it) => write(it, Some(revision)),
        Record::KeyPair(it) => write(it, Some(revision)),
        Record::Token(it) => write(it, Some(revision)),
        Record::Cashier(it) => write(it, Some(revision)),
        Record::Throttle(it) => write(it, Some(revision)),
        Record::Backups(it) => write(it, Some(revision)),
        Record::Hold(it) => write(it, Some(revision)),
        Record::LoginKey(it) => write(it, Some(revision)),
        Record::LoginSession(it) => write(it, Some(revision)),
    }?;
    let key = key(&record.key());
    fits(kind, key.len() + value.len())?;
    Ok((key, value))
}

/// The record and its revision, from what `key` and `encode` gave.
///
/// # Errors
/// [`StoreError::UnknownVersion`]; [`StoreError::Damaged`] for bytes that are no record, or one kept under another's key.
pub fn decode(key: &[u8], value: &[u8]) -> Result<(Record, Revision), StoreError> {
    let record = match key.first() {
        Some(&ORGANIZATION) => Record::Organization(read(value, REVISION.end)?),
        Some(&KEY_PAIR) => Record::KeyPair(read(value, REVISION.end)?),
        Some(&TOKEN) => Record::Token(read(value, REVISION.end)?),
        Some(&CASHIER) => Record::Cashier(read(value, REVISION.end)?),
        Some(&THROTTLE) => Record::Throttle(read(value, REVISION.end)?),
        Some(&BACKUPS) => Record::Backups(read(value, REVISION.end)?),
        Some(&HOLD) => Record::Hold(read(value, REVISION.end)?),
        Some(&LOGIN_KEY) => Record::LoginKey(read(value, REVISION.end)?),
        Some(&LOGIN_SESSION) => Record::LoginSession(read(value, REVISION.end)?),
        kind => {
            return Err(StoreError::Damaged(format!(
                "no kind of record begins with {kind:02x?}"
            )));
        }
    };
    if self::key(&record.key()) != key {
        return Err(StoreError::Damaged(format!(
            "a {} record is kept under another record's key",
            kind(&record)
        )));
    }
    Ok((record, revision(value)?))
}

/// Only the revision of a value.
///
/// # Errors
/// [`StoreError::Damaged`] for bytes that are too short.
pub fn revision(value: &[u8]) -> Result<Revision, StoreError> {
    let bytes = value.get(REVISION).and_then(|bytes| bytes.try_into().ok());
    bytes
        .map(Revision::from_be_bytes)
        .ok_or_else(|| StoreError::Damaged(format!("a record has {} bytes", value.len())))
}

/// The value of an audit entry; its key is the sequence, big-endian.
///
/// # Errors
/// [`StoreError::TooLarge`].
pub fn encode_audit(entry: &AuditEntry) -> Result<Vec<u8>, StoreError> {
    let value = write(entry, None)?;
    fits("audit", value.len())?;
    Ok(value)
}

/// The audit entry that `encode_audit` gave.
///
/// # Errors
/// [`StoreError::UnknownVersion`]; [`StoreError::Damaged`] for bytes that are no entry, or one kept under another sequence.
pub fn decode_audit(key: &[u8], value: &[u8]) -> Result<AuditEntry, StoreError> {
    let entry: AuditEntry = read(value, 1)?;
    if entry.sequence.to_be_bytes() != key {
        return Err(StoreError::Damaged(format!(
            "audit entry {} is kept under another's sequence",
            entry.sequence
        )));
    }
    Ok(entry)
}

/// The key and value of a usage record.
///
/// # Errors
/// [`StoreError::TooLarge`].
pub fn encode_usage(record: &UsageRecord) -> Result<(Vec<u8>, Vec<u8>), StoreError> {
    let (key, mut value) = match record {
        UsageRecord::Token(id, usage) => (token_usage_key(*id), write(usage, None)?),
        UsageRecord::Key(id, usage) => {
            let mut key = vec![KEY_USAGE];
            key.extend_from_slice(id.0.bytes());
            (key, write(usage, None)?)
        }
    };
    value.extend_from_slice(&usage_checksum(&key, &value));
    fits("usage", value.len())?;
    Ok((key, value))
}

/// The key of one token's usage.
#[must_use]
pub fn token_usage_key(id: TokenId) -> Vec<u8> {
    let mut key = vec![TOKEN_USAGE];
    key.extend_from_slice(id.0.bytes());
    key
}

/// The usage record; `None` for anything that is not exactly what was written: it may be lost, never wrong.
#[must_use]
pub fn decode_usage(key: &[u8], value: &[u8]) -> Option<UsageRecord> {
    let (value, checksum) = value.split_last_chunk::<4>()?;
    if usage_checksum(key, value) != *checksum {
        return None;
    }
    let (&kind, id) = key.split_first()?;
    let id = Id::from_bytes(id.try_into().ok()?);
    match kind {
        TOKEN_USAGE => read(value, 1)
            .ok()
            .map(|usage| UsageRecord::Token(TokenId(id), usage)),
        KEY_USAGE => read(value, 1)
            .ok()
            .map(|usage| UsageRecord::Key(OrganizationId(id), usage)),
        _ => None,
    }
}

const fn kind(record: &Record) -> &'static str {
    match record {
        Record::Organization(_) => Organization::KIND,
        Record::KeyPair(_) => KeyPair::KIND,
        Record::Token(_) => Token::KIND,
        Record::Cashier(_) => Cashier::KIND,
        Record::Throttle(_) => Throttle::KIND,
        Record::Backups(_) => Backups::KIND,
        Record::Hold(_) => Hold::KIND,
        Record::LoginKey(_) => LoginKey::KIND,
        Record::LoginSession(_) => LoginSession::KIND,
    }
}

const fn fits(kind: &'static str, length: usize) -> Result<(), StoreError> {
    if length > MAX {
        return Err(StoreError::TooLarge {
            kind,
            length,
            max: MAX,
        });
    }
    Ok(())
}

fn usage_checksum(key: &[u8], value: &[u8]) -> [u8; 4] {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(key);
    hasher.update(value);
    hasher.finalize().to_be_bytes()
}
