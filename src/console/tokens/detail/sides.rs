//! On which side of a rotation each caller of the old token stands.

use crate::domain::time::Timestamp;
use crate::domain::usage::Caller;
use crate::service::response::TokenDetail;

/// Where a caller of the old token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// Called with the old one since the rotation began, and not with the new one after that.
    StillOld,
    /// Called with the new one since it last called with the old one.
    Moved,
    /// Has not called since the rotation began: a job of the night, or one that is gone.
    Unseen,
}

/// Where a caller of the old token is, who may be among the new one's callers.
pub(super) fn side(caller: &Caller, new: &[Caller], begun: Timestamp) -> Side {
    let is_same = |other: &&Caller| other.address == caller.address && other.agent == caller.agent;
    if new
        .iter()
        .find(is_same)
        .is_some_and(|other| other.last > caller.last)
    {
        Side::Moved
    } else if caller.last >= begun {
        Side::StillOld
    } else {
        Side::Unseen
    }
}

/// How many callers of the old token are where.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Sides {
    pub(super) still_old: usize,
    /// When the latest of them called.
    pub(super) latest: Option<Timestamp>,
    pub(super) moved: usize,
    pub(super) unseen: usize,
}

impl Sides {
    pub(super) fn of(old: &TokenDetail, new: &TokenDetail) -> Self {
        let mut sides = Self::default();
        for caller in &old.callers {
            match side(caller, &new.callers, new.row.minted_at) {
                Side::StillOld => {
                    sides.still_old += 1;
                    sides.latest = sides.latest.max(Some(caller.last));
                }
                Side::Moved => sides.moved += 1,
                Side::Unseen => sides.unseen += 1,
            }
        }
        sides
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(agent: &str, last: i64) -> Caller {
        Caller {
            address: "10.0.0.4".into(),
            agent: agent.into(),
            count: 1,
            last: Timestamp::from_millis(last),
        }
    }

    #[test]
    fn a_caller_has_moved_once_it_used_the_new_one_after_the_old_one() {
        let begun = Timestamp::from_millis(1_000);
        let new = [caller("checkout/4.2", 2_000)];
        for (old, expected) in [
            (caller("checkout/4.2", 1_999), Side::Moved),
            (caller("checkout/4.2", 500), Side::Moved),
            (caller("checkout/4.2", 2_000), Side::StillOld),
            (caller("nightly/1", 1_999), Side::StillOld),
            (caller("nightly/1", 999), Side::Unseen),
        ] {
            assert_eq!(side(&old, &new, begun), expected, "{old:?}");
        }
    }
}
