//! The bytes of records: a version, a revision and the domain type in postcard, under a key that sorts by time.
//!
//! A key is the kind's byte and the 16-byte identifiers (and a big-endian generation), so that an organization's tokens
//! lie together in the order they were minted. A value is `version u8 · revision u64 big-endian · postcard`; an audit
//! entry has no revision, a usage record has a CRC-32 at its end instead. Values of real stores are kept in
//! `tests/fixtures/records/`: a change of a domain type that changes its bytes needs a new version and a migration.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::domain::audit::AuditEntry;
use crate::domain::id::{Id, OrganizationId, TokenId};
use crate::domain::usage::{KeyUsage, Usage};
use crate::service::ports::{Record, RecordKey, Revision, StoreError, UsageRecord};

/// The version that is written, and the newest that is read.
pub const VERSION: u8 = 1;
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
        Record::Organization(it) => versioned(kind, Some(revision), it),
        Record::KeyPair(it) => versioned(kind, Some(revision), it),
        Record::Token(it) => versioned(kind, Some(revision), it),
        Record::Cashier(it) => versioned(kind, Some(revision), it),
        Record::Throttle(it) => versioned(kind, Some(revision), it),
        Record::Backups(it) => versioned(kind, Some(revision), it),
        Record::Hold(it) => versioned(kind, Some(revision), it),
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
        Some(&ORGANIZATION) => Record::Organization(body("organization", value, REVISION.end)?),
        Some(&KEY_PAIR) => Record::KeyPair(body("key pair", value, REVISION.end)?),
        Some(&TOKEN) => Record::Token(body("token", value, REVISION.end)?),
        Some(&CASHIER) => Record::Cashier(body("cashier", value, REVISION.end)?),
        Some(&THROTTLE) => Record::Throttle(body("throttle", value, REVISION.end)?),
        Some(&BACKUPS) => Record::Backups(body("backups", value, REVISION.end)?),
        Some(&HOLD) => Record::Hold(body("hold", value, REVISION.end)?),
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
    let value = versioned("audit", None, entry)?;
    fits("audit", value.len())?;
    Ok(value)
}

/// The audit entry that `encode_audit` gave.
///
/// # Errors
/// [`StoreError::UnknownVersion`]; [`StoreError::Damaged`] for bytes that are no entry, or one kept under another sequence.
pub fn decode_audit(key: &[u8], value: &[u8]) -> Result<AuditEntry, StoreError> {
    let entry: AuditEntry = body("audit", value, 1)?;
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
        UsageRecord::Token(id, usage) => (token_usage_key(*id), versioned("usage", None, usage)?),
        UsageRecord::Key(id, usage) => {
            let mut key = vec![KEY_USAGE];
            key.extend_from_slice(id.0.bytes());
            (key, versioned("usage", None, usage)?)
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
        TOKEN_USAGE => body::<Usage>("usage", value, 1)
            .ok()
            .map(|usage| UsageRecord::Token(TokenId(id), usage)),
        KEY_USAGE => body::<KeyUsage>("usage", value, 1)
            .ok()
            .map(|usage| UsageRecord::Key(OrganizationId(id), usage)),
        _ => None,
    }
}

const fn kind(record: &Record) -> &'static str {
    match record {
        Record::Organization(_) => "organization",
        Record::KeyPair(_) => "key pair",
        Record::Token(_) => "token",
        Record::Cashier(_) => "cashier",
        Record::Throttle(_) => "throttle",
        Record::Backups(_) => "backups",
        Record::Hold(_) => "hold",
    }
}

fn versioned<T: Serialize>(
    kind: &'static str,
    revision: Option<Revision>,
    it: &T,
) -> Result<Vec<u8>, StoreError> {
    let mut bytes = Vec::with_capacity(384);
    bytes.push(VERSION);
    if let Some(revision) = revision {
        bytes.extend_from_slice(&revision.to_be_bytes());
    }
    postcard::to_extend(it, bytes)
        .map_err(|error| StoreError::Damaged(format!("a {kind} record cannot be written down: {error}")))
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

fn body<T: DeserializeOwned>(kind: &'static str, value: &[u8], start: usize) -> Result<T, StoreError> {
    let damaged = |what: &str| StoreError::Damaged(format!("a {kind} record {what}"));
    match value.first() {
        Some(&VERSION) => {}
        Some(&version) => {
            return Err(StoreError::UnknownVersion {
                kind,
                version,
                newest: VERSION,
            });
        }
        None => return Err(damaged("is empty")),
    }
    let body = value.get(start..).ok_or_else(|| damaged("is cut off"))?;
    match postcard::take_from_bytes(body) {
        Ok((it, [])) => Ok(it),
        Ok(_) => Err(damaged("has bytes after its end")),
        // postcard's error is left out: it may quote the record.
        Err(_) => Err(damaged("does not decode")),
    }
}

fn usage_checksum(key: &[u8], value: &[u8]) -> [u8; 4] {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(key);
    hasher.update(value);
    hasher.finalize().to_be_bytes()
}
