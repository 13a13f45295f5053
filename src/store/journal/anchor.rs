//! The anchor: how far the store had come, kept outside the data directory, so that an old copy put back is noticed.
//!
//! Layout: magic (4) · version (1) · postcard body · MAC (32). It is replaced whole: new file, fsync, rename, fsync of the
//! directory. One that is damaged counts as none; that there is none is said (storage.md, "Anchor").

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::frame::Link;
use crate::domain::time::Timestamp;
use crate::service::ports::{FilePurpose, StoreCipher, TimeMark};

const MAGIC: &[u8] = b"SRan\x01";

/// How far a store had come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchor {
    /// The newest frame.
    pub link: Link,
    /// When it was written.
    pub at: Timestamp,
    /// The time that was recorded last.
    pub time: Option<TimeMark>,
}

impl Anchor {
    /// Reads one; `None` where there is none that this store wrote.
    ///
    /// # Errors
    /// The operating system refused.
    pub fn read(path: &Path, cipher: &dyn StoreCipher) -> io::Result<Option<Self>> {
        let bytes = match fs::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            bytes => bytes?,
        };
        Ok(Self::parse(&bytes, cipher))
    }

    fn parse(bytes: &[u8], cipher: &dyn StoreCipher) -> Option<Self> {
        let (signed, mac) = bytes.split_last_chunk::<32>()?;
        let body = signed.strip_prefix(MAGIC)?;
        if cipher.mac(FilePurpose::Anchor, &[signed]) != *mac {
            return None;
        }
        postcard::from_bytes(body).ok()
    }

    /// Puts this one in the place of the one before; durable when it returns.
    ///
    /// # Errors
    /// The operating system refused; the one before is still there.
    pub fn write(&self, path: &Path, cipher: &dyn StoreCipher) -> io::Result<()> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(postcard::to_allocvec(self).map_err(io::Error::other)?);
        let mac = cipher.mac(FilePurpose::Anchor, &[&bytes]);
        bytes.extend_from_slice(&mac);
        replace(path, &bytes)
    }
}

/// Writes a file of its owner's (0600) in the place of another: all or nothing, and durable when it returns.
pub(in crate::store) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let new = Path::new(&name);
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(new)?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(new, path))
        .inspect_err(|_| {
            // The first error is the one to tell.
            let _ = fs::remove_file(new);
        })?;
    path.parent()
        .map_or(Ok(()), |parent| File::open(parent)?.sync_all())
}
