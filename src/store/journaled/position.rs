//! How far something follows the journal: the last frame, and what there is after it.

use serde::{Deserialize, Serialize};

use crate::service::ports::{FilePurpose, StoreCipher, StoreError};
use crate::store::journal::{Body, Link, Tally};

/// A frame, and what there is after it. Sealed where it is kept: the digest is never in clear.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Position {
    pub(super) link: Link,
    pub(super) tally: Tally,
    pub(super) audit_head: Option<(u64, [u8; 32])>,
}

/// What a position in the database proves of the frames after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// No commit is answered before the database has it, synced: one that it has not was not answered. So it is while the
    /// anchor cannot be written, after a closing in order, and in a store of the time before.
    Witness,
    /// Commits are answered when the anchor knows them, and the database comes after.
    Follower,
}

impl Role {
    const fn place(self) -> &'static [&'static [u8]] {
        match self {
            Self::Witness => &[b"position"],
            Self::Follower => &[b"position", b"follower"],
        }
    }
}

impl Position {
    pub(super) const fn after(link: Link, body: &Body) -> Self {
        Self {
            link,
            tally: body.tally,
            audit_head: body.audit_head,
        }
    }

    pub(super) fn seal(&self, role: Role, cipher: &dyn StoreCipher) -> Result<Vec<u8>, StoreError> {
        let failed = |what: String| StoreError::Io(format!("the position cannot be written down: {what}"));
        let bytes = postcard::to_allocvec(self).map_err(|error| failed(error.to_string()))?;
        cipher
            .seal(FilePurpose::Frame, role.place(), &bytes)
            .map_err(|error| failed(error.to_string()))
    }

    /// `None` for bytes that are not what was written.
    pub(super) fn unseal(cipher: &dyn StoreCipher, sealed: &[u8]) -> Option<(Self, Role)> {
        [Role::Follower, Role::Witness].into_iter().find_map(|role| {
            let bytes = cipher.unseal(FilePurpose::Frame, role.place(), sealed).ok()?;
            Some((postcard::from_bytes(&bytes).ok()?, role))
        })
    }
}
