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

impl Position {
    pub(super) const fn after(link: Link, body: &Body) -> Self {
        Self {
            link,
            tally: body.tally,
            audit_head: body.audit_head,
        }
    }

    pub(super) fn seal(&self, cipher: &dyn StoreCipher) -> Result<Vec<u8>, StoreError> {
        let failed = |what: String| StoreError::Io(format!("the position cannot be written down: {what}"));
        let bytes = postcard::to_allocvec(self).map_err(|error| failed(error.to_string()))?;
        cipher
            .seal(FilePurpose::Frame, &[b"position"], &bytes)
            .map_err(|error| failed(error.to_string()))
    }

    /// `None` for bytes that are not what was written.
    pub(super) fn unseal(cipher: &dyn StoreCipher, sealed: &[u8]) -> Option<Self> {
        let bytes = cipher.unseal(FilePurpose::Frame, &[b"position"], sealed).ok()?;
        postcard::from_bytes(&bytes).ok()
    }
}
