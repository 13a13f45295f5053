//! What of a damaged journal can still be proven: the frames that follow a known one, as far as their chain reaches.

use std::path::Path;

use super::frame::{self, Body, Link};
use super::segment::{Bytes, Tail};
use crate::service::ports::{StoreCipher, StoreError};

/// How far a chain reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Salvage {
    /// The known frame and those that follow it; empty when it is not in the journal.
    pub links: Vec<Link>,
    /// There is nothing after the last of them.
    pub ends_clean: bool,
}

/// Hands the frames after `known` to `visit`, in order and without a gap, up to the first that is not what was written.
/// Changes nothing.
///
/// # Errors
/// What `visit` gave.
pub fn salvage(
    folder: &Path,
    cipher: &dyn StoreCipher,
    known: Link,
    visit: &mut dyn FnMut(Link, Body) -> Result<(), StoreError>,
) -> Result<Salvage, StoreError> {
    let mut salvage = Salvage {
        links: Vec::new(),
        ends_clean: false,
    };
    for (_, path) in super::files(folder).unwrap_or_default() {
        let Ok(bytes) = Bytes::read(&path) else {
            salvage.ends_clean = false;
            break;
        };
        let begin = bytes.begin(cipher);
        // Once the chain is followed, a damaged header is no loss: the frames themselves prove what they follow.
        let Some(begin) = salvage.links.last().copied().or(begin) else {
            continue;
        };
        if begin == known && salvage.links.is_empty() {
            salvage.links.push(known);
        }
        let (_, _, tail) = bytes.frames(cipher, begin, &mut |found| {
            if !salvage.links.is_empty() {
                visit(
                    found.link,
                    frame::open(cipher, found.link.sequence, found.sealed)?,
                )?;
                salvage.links.push(found.link);
            } else if found.link == known {
                salvage.links.push(known);
            }
            Ok::<(), StoreError>(())
        })?;
        salvage.ends_clean = tail == Tail::Clean;
        if !salvage.ends_clean && !salvage.links.is_empty() {
            break;
        }
    }
    salvage.ends_clean &= !salvage.links.is_empty();
    Ok(salvage)
}
