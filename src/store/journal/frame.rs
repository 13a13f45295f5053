//! A frame: one commit in the journal.
//!
//! Layout, numbers big-endian: magic (4) · store id (16) · epoch (4) · sequence (8) · length of the sealed part (4) ·
//! sealed part · MAC (32). The MAC is over the MAC before, the header and the sealed part, so that frames form a chain:
//! none can be altered, dropped, reordered, or taken from another store. What is in a frame is sealed.

use serde::{Deserialize, Serialize};

use super::tally::Tally;
use crate::service::ports::{FilePurpose, StoreCipher, StoreError};

pub(super) const MAGIC: [u8; 4] = *b"SRfr";
pub(super) const HEADER: usize = 36;
pub(super) const MAC: usize = 32;
/// A frame that says it is longer is none.
const LONGEST: usize = 256 << 20;

/// What a commit wrote, and what there was after it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body {
    /// Keys of records and their new values; `None` removes.
    pub records: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    /// Keys and values of audit entries.
    pub audit: Vec<(Vec<u8>, Vec<u8>)>,
    /// All records after it.
    pub tally: Tally,
    /// The newest audit entry after it: sequence and hash.
    pub audit_head: Option<(u64, [u8; 32])>,
}

/// Where the chain stands: a frame's sequence and MAC. Before the first frame both are zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The frame's sequence.
    pub sequence: u64,
    /// Its MAC.
    pub mac: [u8; 32],
}

/// Writes the frame that follows `previous` to the end of `bytes`.
///
/// # Errors
/// There was no randomness, or the commit is too large.
pub(super) fn append(
    cipher: &dyn StoreCipher,
    previous: &Link,
    body: &Body,
    bytes: &mut Vec<u8>,
) -> Result<Link, StoreError> {
    let sequence = previous.sequence + 1;
    let plaintext = postcard::to_allocvec(body)
        .map_err(|error| StoreError::Io(format!("a commit cannot be written down: {error}")))?;
    let sealed = cipher
        .seal(FilePurpose::Frame, &[&sequence.to_be_bytes()], &plaintext)
        .map_err(|error| StoreError::Io(error.to_string()))?;
    if sealed.len() > LONGEST {
        return Err(StoreError::TooLarge {
            kind: "commit",
            length: sealed.len(),
            max: LONGEST,
        });
    }
    let begin = bytes.len();
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&cipher.store_id());
    bytes.extend_from_slice(&cipher.epoch().to_be_bytes());
    bytes.extend_from_slice(&sequence.to_be_bytes());
    bytes.extend_from_slice(&(sealed.len() as u32).to_be_bytes());
    let mac = cipher.mac(
        FilePurpose::Frame,
        &[&previous.mac, &bytes[begin..begin + HEADER], &sealed],
    );
    bytes.extend_from_slice(&sealed);
    bytes.extend_from_slice(&mac);
    Ok(Link { sequence, mac })
}

/// A frame that was found at the beginning of some bytes, not unsealed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found<'a> {
    pub(super) link: Link,
    pub(super) sealed: &'a [u8],
    /// All its bytes.
    pub(super) length: usize,
}

/// The frame at the beginning of `bytes`, if it is the one that follows `previous`.
pub(super) fn find<'a>(cipher: &dyn StoreCipher, previous: &Link, bytes: &'a [u8]) -> Option<Found<'a>> {
    let header = bytes.first_chunk::<HEADER>()?;
    if sequence(cipher, header)? != previous.sequence + 1 {
        return None;
    }
    let length = u32::from_be_bytes(*header[32..].first_chunk()?) as usize;
    let sealed = bytes[HEADER..].get(..length)?;
    let mac = *bytes[HEADER + length..].first_chunk::<MAC>()?;
    // Whoever could time this comparison could read and write the file.
    let right = cipher.mac(FilePurpose::Frame, &[&previous.mac, header, sealed]);
    (mac == right).then_some(Found {
        link: Link {
            sequence: previous.sequence + 1,
            mac,
        },
        sealed,
        length: HEADER + length + MAC,
    })
}

/// What is in a frame whose MAC was right.
///
/// # Errors
/// It does not unseal or decode.
pub(super) fn open(cipher: &dyn StoreCipher, sequence: u64, sealed: &[u8]) -> Result<Body, StoreError> {
    let damaged = || StoreError::Damaged(format!("frame {sequence} of the journal does not open"));
    let plaintext = cipher
        .unseal(FilePurpose::Frame, &[&sequence.to_be_bytes()], sealed)
        .map_err(|_| damaged())?;
    postcard::from_bytes(&plaintext).map_err(|_| damaged())
}

/// Whether bytes look like a later frame's header somewhere: then what stands before is no torn end.
pub(super) fn later_frame(cipher: &dyn StoreCipher, last: u64, bytes: &[u8]) -> Option<u64> {
    let headers = bytes.windows(HEADER).filter(|window| window.starts_with(&MAGIC));
    headers
        .filter_map(|header| sequence(cipher, header.first_chunk()?))
        .find(|&sequence| sequence > last)
}

fn sequence(cipher: &dyn StoreCipher, header: &[u8; HEADER]) -> Option<u64> {
    let ours = header[..4] == MAGIC
        && header[4..20] == cipher.store_id()
        && header[20..24] == cipher.epoch().to_be_bytes();
    ours.then(|| header[24..].first_chunk().map(|bytes| u64::from_be_bytes(*bytes)))
        .flatten()
}
