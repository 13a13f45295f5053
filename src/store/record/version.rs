//! One kind of record through its versions: how each is written, and the way from one to the next.
//!
//! A newer version says more than the one before. What it adds is left at its default by most records, and those are
//! written in the version before, byte for byte as they were: what is known of a record in memory says which bytes are in
//! the store, and the digest of all records needs that (`decode` then `encode` is the identity on every version's bytes).

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::service::ports::{Revision, StoreError};

/// One version of a kind.
pub(super) trait Version: Serialize + DeserializeOwned {
    /// What the kind is called.
    const KIND: &'static str;
    /// Its number; the first byte of a value.
    const NUMBER: u8;
    /// The version before; [`Nothing`] before the first.
    type Before: Version;

    /// What a record of the version before is in this one.
    fn from_before(before: Self::Before) -> Self;

    /// The same record in the version before, if it says nothing that is new: the inverse of `from_before`. Usage may
    /// always say `None`, for nobody compares its bytes.
    fn to_before(&self) -> Option<Self::Before>;
}

/// What there was before the first version of anything: nothing.
#[derive(Serialize, Deserialize)]
pub(super) enum Nothing {}

impl Version for Nothing {
    const KIND: &'static str = "";
    const NUMBER: u8 = 0;
    type Before = Self;

    fn from_before(before: Self) -> Self {
        before
    }

    fn to_before(&self) -> Option<Self> {
        None
    }
}

/// A kind that has one version so far.
macro_rules! first_version {
    ($($type:ty, $kind:literal;)+) => {$(
        impl Version for $type {
            const KIND: &'static str = $kind;
            const NUMBER: u8 = 1;
            type Before = Nothing;

            fn from_before(before: Nothing) -> Self {
                match before {}
            }

            fn to_before(&self) -> Option<Nothing> {
                None
            }
        }
    )+};
}
pub(super) use first_version;

/// The value of a record: its version, its revision where it has one, itself.
pub(super) fn write<T: Version>(it: &T, revision: Option<Revision>) -> Result<Vec<u8>, StoreError> {
    if let Some(before) = it.to_before() {
        return write(&before, revision);
    }
    let mut bytes = Vec::with_capacity(384);
    bytes.push(T::NUMBER);
    if let Some(revision) = revision {
        bytes.extend_from_slice(&revision.to_be_bytes());
    }
    let kind = T::KIND;
    postcard::to_extend(it, bytes)
        .map_err(|error| StoreError::Damaged(format!("a {kind} record cannot be written down: {error}")))
}

/// What `write` gave, in whichever version; the record itself begins at `start`.
pub(super) fn read<T: Version>(value: &[u8], start: usize) -> Result<T, StoreError> {
    let kind = T::KIND;
    let damaged = |what: &str| StoreError::Damaged(format!("a {kind} record {what}"));
    match value.first() {
        Some(&version) if (1..=T::NUMBER).contains(&version) => {
            let body = value.get(start..).ok_or_else(|| damaged("is cut off"))?;
            body_of(version, body)
        }
        Some(&version) => Err(StoreError::UnknownVersion {
            kind,
            version,
            newest: T::NUMBER,
        }),
        None => Err(damaged("is empty")),
    }
}

fn body_of<T: Version>(version: u8, body: &[u8]) -> Result<T, StoreError> {
    if version < T::NUMBER {
        return body_of(version, body).map(T::from_before);
    }
    let kind = T::KIND;
    let damaged = |what: &str| StoreError::Damaged(format!("a {kind} record {what}"));
    match postcard::take_from_bytes(body) {
        Ok((it, [])) => Ok(it),
        Ok(_) => Err(damaged("has bytes after its end")),
        // postcard's error is left out: it may quote the record.
        Err(_) => Err(damaged("does not decode")),
    }
}
