//! A segment: a file of the journal, its header and the frames in it, with room made in advance.
//!
//! Layout: magic (4) · store id (16) · epoch (4) · sequence and MAC of the frame before its first (8, 32) · MAC over all of
//! it (32) · frames · zeros. The zeros are room: a frame is written over them, so that its sync has no length to write.
//! A segment is made under another name, synced and renamed, and its directory synced: half of one is never taken for one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::frame::{self, Found, Link};
use crate::service::ports::{FilePurpose, StoreCipher};

const MAGIC: [u8; 4] = *b"SRsg";
const HEADER: usize = 96;
/// Room that is made at once, in bytes.
const ROOM: usize = 256 << 10;
/// A new store is small: its first room is made quickly.
const FIRST_ROOM: usize = 32 << 10;

/// A segment that is open for writing at its end.
#[derive(Debug)]
pub(super) struct Segment {
    path: PathBuf,
    file: File,
    /// Where the next frame begins.
    end: u64,
    /// The file's length: up to there everything after `end` is zero.
    length: u64,
}

/// What the bytes after the last good frame are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tail {
    /// Room, or nothing.
    Clean,
    /// Something that is no frame, and nothing that looks like one after it.
    Torn,
    /// A bad frame with others after it.
    Bad,
}

/// A segment's bytes, read once.
pub(super) struct Bytes(Vec<u8>);

impl Bytes {
    pub(super) fn read(path: &Path) -> io::Result<Self> {
        let mut bytes = Vec::new();
        File::open(path)?.read_to_end(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// All bytes of the frame that ends at `end`, by the length of its sealed part.
    pub(super) fn frame_before(&self, end: u64, sealed: usize) -> &[u8] {
        let end = usize::try_from(end).unwrap_or(usize::MAX);
        let begin = end.saturating_sub(frame::HEADER + sealed + frame::MAC);
        self.0.get(begin..end).unwrap_or_default()
    }

    /// The link that its first frame follows.
    pub(super) fn begin(&self, cipher: &dyn StoreCipher) -> Option<Link> {
        let header = self.0.first_chunk::<HEADER>()?;
        let (signed, mac) = header.split_last_chunk::<32>()?;
        let ours = signed[..4] == MAGIC
            && signed[4..20] == cipher.store_id()
            && signed[20..24] == cipher.epoch().to_be_bytes();
        if !ours || cipher.mac(FilePurpose::Frame, &[b"segment", signed]) != *mac {
            return None;
        }
        Some(Link {
            sequence: u64::from_be_bytes(*signed[24..].first_chunk()?),
            mac: *signed[32..].first_chunk()?,
        })
    }

    /// Hands every good frame after `from` to `visit`; the last good link, where the next frame would begin, and what is
    /// there.
    pub(super) fn frames<E>(
        &self,
        cipher: &dyn StoreCipher,
        from: Link,
        visit: &mut dyn FnMut(&Found<'_>) -> Result<(), E>,
    ) -> Result<(Link, u64, Tail), E> {
        let mut link = from;
        let mut rest = self.0.get(HEADER..).unwrap_or_default();
        while let Some(found) = frame::find(cipher, &link, rest) {
            visit(&found)?;
            link = found.link;
            rest = &rest[found.length..];
        }
        let tail = if rest.iter().all(|&byte| byte == 0) {
            Tail::Clean
        } else if frame::later_frame(cipher, link.sequence + 1, rest).is_some() {
            Tail::Bad
        } else {
            Tail::Torn
        };
        Ok((link, (self.0.len() - rest.len()) as u64, tail))
    }
}

impl Segment {
    /// Makes the segment whose first frame follows `previous`, with these frames in it; durable when it returns.
    pub(super) fn create(
        folder: &Path,
        cipher: &dyn StoreCipher,
        previous: &Link,
        frames: &[u8],
    ) -> io::Result<Self> {
        let mut bytes = Vec::with_capacity(HEADER);
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&cipher.store_id());
        bytes.extend_from_slice(&cipher.epoch().to_be_bytes());
        bytes.extend_from_slice(&previous.sequence.to_be_bytes());
        bytes.extend_from_slice(&previous.mac);
        let mac = cipher.mac(FilePurpose::Frame, &[b"segment", &bytes]);
        bytes.extend_from_slice(&mac);
        let path = folder.join(name(previous.sequence + 1));
        let new = path.with_extension("new");
        let room = if previous.sequence == 0 { FIRST_ROOM } else { ROOM };
        bytes.extend_from_slice(frames);
        let end = bytes.len() as u64;
        bytes.resize(bytes.len() + room, 0);
        let made = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&new)
            .and_then(|mut file| {
                file.write_all(&bytes)?;
                file.sync_all()?;
                fs::rename(&new, &path)?;
                File::open(folder)?.sync_all()?;
                Ok(file)
            });
        let file = made.inspect_err(|_| {
            // The first error is the one to tell; what is left is removed at the next open.
            let _ = fs::remove_file(&new);
        })?;
        Ok(Self {
            path,
            file,
            end,
            length: bytes.len() as u64,
        })
    }

    /// Opens the one at `path` to go on at `end`, before which `last` stands.
    ///
    /// That frame may have been read from memory only, after a kill before its sync or a sync that failed; what comes next
    /// builds on it, so it is written once more and synced.
    pub(super) fn open(path: &Path, end: u64, last: &[u8]) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        let length = file.metadata()?.len();
        file.write_all_at(last, end - last.len() as u64)?;
        file.sync_all()?;
        Ok(Self {
            path: path.to_owned(),
            file,
            end,
            length,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes of header and frames.
    pub(super) const fn end(&self) -> u64 {
        self.end
    }

    /// Appends frames; durable when it returns. `Err(true)` when nothing of it is there, `Err(false)` when nobody knows.
    pub(super) fn append(&mut self, frames: &[u8]) -> Result<(), (bool, io::Error)> {
        let after = self.end + frames.len() as u64;
        if after > self.length {
            self.make_room(after).map_err(|error| (true, error))?;
        }
        let written = self
            .file
            .write_all_at(frames, self.end)
            .and_then(|()| self.file.sync_data());
        match written {
            Ok(()) => {
                self.end = after;
                Ok(())
            }
            // A file system that copies on write wants new blocks also for room that was made.
            Err(error) if is_full(&error) => Err((self.cut().is_ok(), error)),
            Err(error) => Err((false, error)),
        }
    }

    /// Cuts back to the last good frame; durable when it returns.
    pub(super) fn cut(&mut self) -> io::Result<()> {
        self.file.set_len(self.end)?;
        self.file.sync_all()?;
        self.length = self.end;
        Ok(())
    }

    /// Writes zeros up to at least `needed`, and syncs the new length.
    fn make_room(&mut self, needed: u64) -> io::Result<()> {
        let length = needed.max(self.length + ROOM as u64);
        let zeros = [0; 16 << 10];
        let mut place = self.length;
        let mut made = Ok(());
        while place < length && made.is_ok() {
            let count = (length - place).min(zeros.len() as u64);
            made = self.file.write_all_at(&zeros[..count as usize], place);
            place += count;
        }
        match made.and_then(|()| self.file.sync_all()) {
            Ok(()) => {
                self.length = length;
                Ok(())
            }
            Err(error) => {
                // Zeros do no harm; without them the next try has more space.
                if self.file.set_len(self.length).is_ok() {
                    let _ = self.file.sync_all();
                }
                Err(error)
            }
        }
    }
}

/// The name of the segment whose first frame has this sequence.
pub(super) fn name(sequence: u64) -> String {
    format!("segment-{sequence:020}")
}

/// Whether the file system had no room.
fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
    )
}
