//! What is in a backup: a head with the wrapped keyring, a checkpoint, and the key slots.
//!
//! Layout, inside of what encrypts it: magic (4) · version (1) · length (4) and the head (postcard) · checkpoint · length (4)
//! and the key slots · nothing after. The seal is not in it: without it nobody opens the checkpoint or a slot.

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};

use super::journal::checkpoint::{self, Summary};
use crate::domain::time::Timestamp;
use crate::service::ports::{StoreCipher, StoreError};

const MAGIC: &[u8; 4] = b"SRbk";
const VERSION: u8 = 1;
/// Head and slots are a few kilobytes; what says it is longer is none.
const LONGEST: usize = 64 << 20;

/// What a backup says of itself to whoever can decrypt it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The store's name.
    pub store: [u8; 16],
    /// Which keyring.
    pub epoch: u32,
    /// When it was begun.
    pub made_at: Timestamp,
    /// The newest commit when it was begun; more may be in it.
    pub sequence: u64,
    /// The keyring's file, wrapped by the seal.
    pub keyring: Vec<u8>,
}

/// Writes the beginning of a backup.
///
/// # Errors
/// `out` cannot be written.
pub fn begin(out: &mut impl Write, head: &Head) -> io::Result<()> {
    out.write_all(MAGIC)?;
    out.write_all(&[VERSION])?;
    write_part(out, &postcard::to_allocvec(head).map_err(io::Error::other)?)
}

/// Writes its end: the key slots.
///
/// # Errors
/// `out` cannot be written.
pub fn end(out: &mut impl Write, slots: &[u8]) -> io::Result<()> {
    write_part(out, slots)
}

/// Reads the beginning of a backup.
///
/// # Errors
/// It is none, is damaged, or was written by a newer program.
pub fn read_head(from: &mut impl Read) -> Result<Head, StoreError> {
    let mut first = [0; 5];
    from.read_exact(&mut first).map_err(cut)?;
    if first[..4] != *MAGIC {
        return Err(damaged("does not begin as one of Strongroom's"));
    }
    if first[4] != VERSION {
        return Err(StoreError::UnknownVersion {
            kind: "backup",
            version: first[4],
            newest: VERSION,
        });
    }
    postcard::from_bytes(&read_part(from)?).map_err(|_| damaged("has a head that does not decode"))
}

/// Reads what follows the checkpoint: the key slots, and then the end.
///
/// # Errors
/// It is damaged, or something comes after.
pub fn read_slots(from: &mut impl Read) -> Result<Vec<u8>, StoreError> {
    let slots = read_part(from)?;
    match from.read(&mut [0]).map_err(cut)? {
        0 => Ok(slots),
        _ => Err(damaged("goes on after its end")),
    }
}

/// Reads a backup to its end, and compares what its checkpoint gives with what that says.
///
/// `open` opens the backup at its beginning: it is read twice ([`checkpoint::check`]).
///
/// # Errors
/// It is damaged, or gives something else.
pub fn check<R: Read>(
    mut open: impl FnMut() -> Result<R, StoreError>,
    cipher: &dyn StoreCipher,
) -> Result<(Head, Summary), StoreError> {
    let mut head = None;
    let at_checkpoint = || {
        let mut from = open()?;
        head = Some(read_head(&mut from)?);
        Ok(from)
    };
    let (summary, mut from) = checkpoint::check(at_checkpoint, cipher)?;
    read_slots(&mut from)?;
    let head = head.ok_or_else(|| damaged("has no head"))?;
    Ok((head, summary))
}

fn write_part(out: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
    out.write_all(&length.to_be_bytes())?;
    out.write_all(bytes)
}

fn read_part(from: &mut impl Read) -> Result<Vec<u8>, StoreError> {
    let mut length = [0; 4];
    from.read_exact(&mut length).map_err(cut)?;
    let length = u32::from_be_bytes(length) as usize;
    if length > LONGEST {
        return Err(damaged("says that a part is longer than any"));
    }
    let mut bytes = Vec::new();
    from.take(length as u64).read_to_end(&mut bytes).map_err(cut)?;
    if bytes.len() < length {
        return Err(damaged("is cut off"));
    }
    Ok(bytes)
}

fn cut(error: io::Error) -> StoreError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => damaged("is cut off"),
        io::ErrorKind::InvalidData => damaged("was altered or cut off"),
        _ => StoreError::Io(format!("the backup cannot be read: {error}")),
    }
}

fn damaged(what: &str) -> StoreError {
    StoreError::Damaged(format!("the backup {what}"))
}
