//! The versions of a token's usage: 2 added its gaps.

use serde::{Deserialize, Serialize};

use super::version::{Nothing, Version, first_version};
use crate::domain::time::Timestamp;
use crate::domain::usage::{Caller, Usage};

const DAY: i64 = 86_400_000;

#[derive(Serialize, Deserialize)]
pub(super) struct Usage1 {
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    total: u64,
    days: Vec<(i64, u64)>,
    callers: Vec<Caller>,
}

first_version! { Usage1, "usage"; }

impl Version for Usage {
    const KIND: &'static str = "usage";
    const NUMBER: u8 = 2;
    type Before = Usage1;

    /// Gaps were not seen: between the uses of two days there may have been as much as those days are long.
    fn from_before(before: Usage1) -> Self {
        let longest = |pair: &[(i64, u64)]| (pair[1].0, (pair[1].0 - pair[0].0 + 1) * DAY);
        Self {
            gaps: before.days.windows(2).map(longest).collect(),
            first: before.first,
            last: before.last,
            total: before.total,
            days: before.days,
            callers: before.callers,
        }
    }

    fn to_before(&self) -> Option<Usage1> {
        let says_more = !self.gaps.is_empty() || self.days.len() > 1;
        (!says_more).then(|| Usage1 {
            first: self.first,
            last: self.last,
            total: self.total,
            days: self.days.clone(),
            callers: self.callers.clone(),
        })
    }
}
