//! The versions of a key's usage: 2 added which MGF1 variant was seen last, and who named a replaced key.

use serde::{Deserialize, Serialize};

use super::version::{Nothing, Version, first_version};
use crate::domain::time::Timestamp;
use crate::domain::usage::KeyUsage;

#[derive(Serialize, Deserialize)]
pub(super) struct KeyUsage1 {
    days: Vec<(i64, u64)>,
    mgf1_sha256: u64,
    mgf1_sha1: u64,
    failures: u64,
    stale: u64,
    last: Option<Timestamp>,
}

first_version! { KeyUsage1, "usage"; }

impl Version for KeyUsage {
    const KIND: &'static str = "usage";
    const NUMBER: u8 = 2;
    type Before = KeyUsage1;

    fn from_before(before: KeyUsage1) -> Self {
        Self {
            days: before.days,
            mgf1_sha256: before.mgf1_sha256,
            mgf1_sha1: before.mgf1_sha1,
            failures: before.failures,
            stale: before.stale,
            last: before.last,
            ..Self::default()
        }
    }

    fn to_before(&self) -> Option<KeyUsage1> {
        let says_more =
            self.last_mgf1.is_some() || self.last_sha1.is_some() || !self.stale_callers.is_empty();
        (!says_more).then(|| KeyUsage1 {
            days: self.days.clone(),
            mgf1_sha256: self.mgf1_sha256,
            mgf1_sha1: self.mgf1_sha1,
            failures: self.failures,
            stale: self.stale,
            last: self.last,
        })
    }
}
