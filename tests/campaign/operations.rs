//! The twelve operations and the daily maintenance, each with what has to be there before it; and any number of them in a random order.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use strongroom::domain::token::{Overlap, Status};
use strongroom::service::Error;
use strongroom::service::request::{Invalidation, Show};

use crate::desk::Desk;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Operation {
    Onboard,
    Mint,
    Acknowledge,
    RotateToken,
    ExtendOverlap,
    CutOver,
    Revoke,
    Restore,
    Delete,
    AddCashier,
    FailToSignIn,
    RotateKey,
    /// Not a command: what is due after a day, with a checkpoint.
    Maintain,
}

impl Operation {
    pub(crate) const ALL: [Self; 13] = [
        Self::Onboard,
        Self::Mint,
        Self::Acknowledge,
        Self::RotateToken,
        Self::ExtendOverlap,
        Self::CutOver,
        Self::Revoke,
        Self::Restore,
        Self::Delete,
        Self::AddCashier,
        Self::FailToSignIn,
        Self::RotateKey,
        Self::Maintain,
    ];

    /// Makes ready, calls `begin`, and does it.
    ///
    /// # Errors
    /// The operation's own.
    pub(crate) fn perform(self, desk: &mut Desk, begin: impl FnOnce()) -> Result<(), Error> {
        desk.sign_in().unwrap();
        match self {
            Self::Onboard => {
                begin();
                desk.onboard("beta").map(drop)
            }
            Self::Mint => {
                begin();
                desk.mint().map(drop)
            }
            Self::Acknowledge => {
                let old = desk.mint().unwrap();
                desk.acknowledge(&old).unwrap();
                let new = desk.rotate(old.token.id, Overlap::Hour1).unwrap();
                begin();
                desk.acknowledge(&new).map(drop)
            }
            Self::RotateToken => {
                let old = desk.mint().unwrap();
                desk.acknowledge(&old).unwrap();
                begin();
                desk.rotate(old.token.id, Overlap::Hour1).map(drop)
            }
            Self::ExtendOverlap | Self::CutOver => {
                let old = desk.mint().unwrap();
                desk.acknowledge(&old).unwrap();
                let new = desk.rotate(old.token.id, Overlap::Hour1).unwrap();
                desk.acknowledge(&new).unwrap();
                begin();
                match self {
                    Self::CutOver => desk.cut_over(old.token.id).map(drop),
                    _ => desk.extend(old.token.id).map(drop),
                }
            }
            Self::Revoke | Self::Delete => {
                let token = desk.mint().unwrap();
                desk.acknowledge(&token).unwrap();
                begin();
                let how = match self {
                    Self::Delete => Invalidation::Delete,
                    _ => Invalidation::Revoke,
                };
                desk.invalidate(token.token.id, how).map(drop)
            }
            Self::Restore => {
                let token = desk.mint().unwrap();
                desk.invalidate(token.token.id, Invalidation::Revoke).unwrap();
                begin();
                desk.restore(token.token.id).map(drop)
            }
            Self::AddCashier => {
                begin();
                desk.add_cashier().map(drop)
            }
            Self::FailToSignIn => {
                begin();
                desk.fail_to_sign_in().map(drop)
            }
            Self::RotateKey => {
                begin();
                desk.rotate_key().map(drop)
            }
            Self::Maintain => {
                begin();
                desk.pass(DAY);
                desk.maintain();
                desk.checkpoint();
                Ok(())
            }
        }
    }
}

/// And an hour, so that whatever is daily is due.
const DAY: Duration = Duration::from_secs(25 * 3600);

/// How often each comes up among so many.
const WEIGHTS: [(Operation, u64); 12] = [
    (Operation::Mint, 30),
    (Operation::Acknowledge, 12),
    (Operation::RotateToken, 8),
    (Operation::Revoke, 10),
    (Operation::Restore, 6),
    (Operation::Delete, 8),
    (Operation::ExtendOverlap, 5),
    (Operation::CutOver, 5),
    (Operation::FailToSignIn, 5),
    (Operation::AddCashier, 3),
    (Operation::RotateKey, 5),
    (Operation::Maintain, 3),
];

/// One operation after another on whatever there is, `count` of them; what is refused is refused. Where `days` go by,
/// checkpoints are made; otherwise the store makes them when it has grown enough.
pub(crate) fn work(desk: &mut Desk, count: u64, days: bool) {
    for _ in 0..count {
        // What a disk or a rule refused is told by the desk already.
        let _ = one(desk, days);
    }
}

fn one(desk: &mut Desk, days: bool) -> Result<(), Error> {
    let mut place = desk
        .random
        .within(0..WEIGHTS.iter().map(|(_, weight)| weight).sum());
    let drawn = WEIGHTS.iter().find(|(_, weight)| {
        let is_it = place < *weight;
        place = place.saturating_sub(*weight);
        is_it
    });
    let live = desk.some(Show::Live).map(|row| row.id);
    match (drawn.unwrap().0, live) {
        (Operation::Acknowledge, _) => {
            let minted = desk.mint()?;
            desk.acknowledge(&minted)?;
        }
        (Operation::RotateToken, Some(old)) => {
            let overlap = *desk.random.pick(&[Overlap::Now, Overlap::Hour1, Overlap::Days7]);
            let minted = desk.rotate(old, overlap)?;
            desk.acknowledge(&minted)?;
        }
        (Operation::Revoke, Some(token)) => {
            let how = *desk
                .random
                .pick(&[Invalidation::Revoke, Invalidation::RevokeAsLeaked]);
            desk.invalidate(token, how)?;
        }
        (Operation::Delete, _) => {
            if let Some(row) = desk.some(Show::All) {
                desk.invalidate(row.id, Invalidation::Delete)?;
            }
        }
        (Operation::Restore, _) => {
            if let Some(row) = desk.some(Show::Only(Status::Revoked)) {
                desk.restore(row.id)?;
            }
        }
        (Operation::ExtendOverlap | Operation::CutOver, _) => {
            if let Some(row) = desk.some(Show::Only(Status::Retiring)) {
                match drawn.unwrap().0 {
                    Operation::CutOver => desk.cut_over(row.id)?,
                    _ => desk.extend(row.id)?,
                };
            }
        }
        (Operation::FailToSignIn, _) => drop(desk.fail_to_sign_in()?),
        (Operation::AddCashier, _) => drop(desk.add_cashier()?),
        (Operation::RotateKey, _) => drop(desk.rotate_key()?),
        (Operation::Maintain, _) => {
            if days {
                desk.pass(DAY);
            }
            desk.maintain();
            if days && desk.random.one_in(3) {
                desk.checkpoint();
            }
        }
        _ => drop(desk.mint()?),
    }
    Ok(())
}
