//! The journal: every commit as a frame in append-only segments, synced before anybody hears of it.
//!
//! - A synced frame is the commit (storage.md). The frames form one chain; the chain of what is kept is checked at open.
//! - A frame that is bad and not the last means damage: what follows it was acknowledged, so nothing is dropped.
//! - Only a bad last frame can be a write that was cut off; whether it was is for `journaled` to decide.
//! - Commits that wait together share one frame, so that a cut-off write never tears a group apart.

pub mod anchor;
pub mod checkpoint;
mod frame;
mod salvage;
mod segment;
mod tally;

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use self::frame::{Body, Link};
pub use self::salvage::{Salvage, salvage};
pub use self::tally::Tally;

use self::segment::{Bytes, Segment, Tail};
use super::failure;
use crate::service::ports::{StoreCipher, StoreError};

/// A segment that is longer than this is followed by another.
const LONG: u64 = 8 << 20;

/// The journal, open at its end.
pub struct Journal {
    folder: PathBuf,
    cipher: Arc<dyn StoreCipher>,
    /// Those before the current one: the sequence of the frame before the first, and the file. The oldest first.
    older: Vec<(u64, PathBuf)>,
    current: Segment,
    /// The sequence of the frame before the current segment's first.
    current_begin: u64,
    last: Link,
}

/// What a journal was found to hold.
pub struct Found {
    /// The journal, open at the end of its last good frame.
    pub journal: Journal,
    /// What the last frame says there is after it; `None` when no frame is kept.
    pub last: Option<Body>,
    /// The links of all kept frames, the one before the first in front.
    pub links: Vec<Link>,
    /// There is something after the last good frame that is no frame.
    pub torn: bool,
}

impl Journal {
    /// Opens the journal in `folder` and checks its chain; `None` when there is none.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] names the segment or the frame.
    pub fn open(folder: &Path, cipher: &Arc<dyn StoreCipher>) -> Result<Option<Found>, StoreError> {
        remove_unfinished(folder).map_err(|error| failure::of(folder, &error))?;
        let files = files(folder)?;
        let Some(((_, newest), older)) = files.split_last() else {
            return Ok(None);
        };
        let mut links = Vec::new();
        let mut last_sealed = None;
        let mut end = (0, Tail::Clean);
        let mut last_frame = Vec::new();
        for (first, path) in &files {
            let bytes = Bytes::read(path).map_err(|error| failure::of(path, &error))?;
            let damaged = |what: String| StoreError::Damaged(format!("{}: {what}", path.display()));
            let begin = bytes
                .begin(&**cipher)
                .filter(|begin| begin.sequence + 1 == *first)
                .ok_or_else(|| damaged("its header is not what was written".into()))?;
            match links.last() {
                None => links.push(begin),
                Some(link) if *link == begin => {}
                Some(link) => {
                    return Err(damaged(format!(
                        "it begins after frame {}, and the segment before it ends with frame {}",
                        begin.sequence, link.sequence
                    )));
                }
            }
            let (link, place, tail) = bytes.frames(&**cipher, begin, &mut |found| {
                links.push(found.link);
                last_sealed = Some((found.link.sequence, found.sealed.to_vec()));
                Ok::<(), StoreError>(())
            })?;
            if tail == Tail::Bad || (tail == Tail::Torn && path != newest) {
                return Err(damaged(format!(
                    "frame {} is not what was written, and others follow it",
                    link.sequence + 1
                )));
            }
            end = (place, tail);
            let sealed = last_sealed.as_ref().map(|(_, sealed)| sealed.len());
            last_frame = match sealed {
                Some(sealed) if link != begin => bytes.frame_before(place, sealed).to_vec(),
                _ => Vec::new(),
            };
        }
        let last = match last_sealed {
            Some((sequence, sealed)) => Some(frame::open(&**cipher, sequence, &sealed)?),
            None => None,
        };
        let begins = |path: &PathBuf| first_of(path).map_or(0, |first| first - 1);
        let journal = Self {
            folder: folder.to_owned(),
            cipher: Arc::clone(cipher),
            older: older
                .iter()
                .map(|(_, path)| (begins(path), path.clone()))
                .collect(),
            current: Segment::open(newest, end.0, &last_frame)
                .map_err(|error| failure::of(newest, &error))?,
            current_begin: begins(newest),
            last: links.last().copied().unwrap_or_default(),
        };
        // Names and lengths, too, may so far be only in memory: what follows builds on them.
        sync_names(folder).map_err(|error| failure::of(folder, &error))?;
        Ok(Some(Found {
            journal,
            last,
            links,
            torn: end.1 == Tail::Torn,
        }))
    }

    /// Begins a journal after `previous`, with one frame in it that says what there is; durable when it returns.
    ///
    /// # Errors
    /// The operating system refused; there is no journal then.
    pub fn create(
        folder: &Path,
        cipher: &Arc<dyn StoreCipher>,
        previous: &Link,
        first: Option<&First>,
    ) -> Result<Self, StoreError> {
        make_folder(folder).map_err(|error| failure::of(folder, &error))?;
        let (bytes, last) = first.map_or((&[][..], *previous), |first| (&first.bytes, first.link));
        let current = Segment::create(folder, &**cipher, previous, bytes)
            .map_err(|error| failure::of(folder, &error))?;
        Ok(Self {
            folder: folder.to_owned(),
            cipher: Arc::clone(cipher),
            older: Vec::new(),
            current,
            current_begin: previous.sequence,
            last,
        })
    }

    /// The newest frame.
    #[must_use]
    pub const fn last(&self) -> Link {
        self.last
    }

    /// The frame before the oldest that is kept; 0 when all are.
    #[must_use]
    pub fn begin(&self) -> u64 {
        self.older.first().map_or(self.current_begin, |(begin, _)| *begin)
    }

    /// Bytes since the frame of this sequence, roughly: whole segments.
    #[must_use]
    pub fn bytes_since(&self, sequence: u64) -> u64 {
        let older = self.older.iter().filter(|(begin, _)| *begin >= sequence);
        older
            .filter_map(|(_, path)| fs::metadata(path).ok())
            .map(|found| found.len())
            .sum::<u64>()
            + self.current.end()
    }

    /// Appends a commit; durable when it returns.
    ///
    /// # Errors
    /// [`StoreError::DiskFull`] and others: nothing of it is there. [`StoreError::Closed`]: nobody knows until the journal is
    /// opened again.
    pub fn append(&mut self, body: &Body) -> Result<Link, StoreError> {
        let mut bytes = Vec::new();
        let link = frame::append(&*self.cipher, &self.last, body, &mut bytes)?;
        if self.current.end() > LONG {
            self.next_segment()?;
        }
        self.current.append(&bytes).map_err(|(undone, error)| {
            let error = failure::of(self.current.path(), &error);
            if undone {
                return error;
            }
            StoreError::Closed(error.to_string())
        })?;
        self.last = link;
        Ok(link)
    }

    fn next_segment(&mut self) -> Result<(), StoreError> {
        let next = Segment::create(&self.folder, &*self.cipher, &self.last, &[])
            .map_err(|error| failure::of(&self.folder, &error))?;
        let full = std::mem::replace(&mut self.current, next);
        self.older.push((self.current_begin, full.path().to_owned()));
        self.current_begin = self.last.sequence;
        Ok(())
    }

    /// Removes what stands after the last good frame; durable when it returns.
    ///
    /// # Errors
    /// The operating system refused.
    pub fn cut(&mut self) -> Result<(), StoreError> {
        self.current
            .cut()
            .map_err(|error| failure::of(self.current.path(), &error))
    }

    /// Where a reader that runs beside the writer finds the frames after `sequence`.
    #[must_use]
    pub fn reader(&self) -> Reader {
        let mut files: Vec<PathBuf> = self.older.iter().map(|(_, path)| path.clone()).collect();
        files.push(self.current.path().to_owned());
        Reader {
            files,
            cipher: Arc::clone(&self.cipher),
        }
    }

    /// Removes segments all of whose frames have a sequence up to this one.
    ///
    /// # Errors
    /// The operating system refused; what is left does no harm.
    pub fn prune(&mut self, through: u64) -> Result<(), StoreError> {
        while let Some((_, path)) = self.older.first() {
            let next = self.older.get(1).map_or(self.current_begin, |(begin, _)| *begin);
            if next > through {
                break;
            }
            // One at a time, so that a power cut leaves no gap in the chain.
            fs::remove_file(path)
                .and_then(|()| fs::File::open(&self.folder)?.sync_all())
                .map_err(|error| failure::of(path, &error))?;
            self.older.remove(0);
        }
        Ok(())
    }
}

/// A frame that is ready to be the first of a journal.
#[derive(Debug)]
pub struct First {
    bytes: Vec<u8>,
    /// Its place in the chain.
    pub link: Link,
}

impl First {
    /// The frame that follows `previous` and says what there is.
    ///
    /// # Errors
    /// There was no randomness.
    pub fn new(cipher: &dyn StoreCipher, previous: &Link, body: &Body) -> Result<Self, StoreError> {
        let mut bytes = Vec::new();
        let link = frame::append(cipher, previous, body, &mut bytes)?;
        Ok(Self { bytes, link })
    }
}

/// Reads frames that are there already.
pub struct Reader {
    files: Vec<PathBuf>,
    cipher: Arc<dyn StoreCipher>,
}

impl Reader {
    /// Hands the frames after `after`, up to `through`, to `visit`, in order and without a gap.
    ///
    /// # Errors
    /// One of them is not kept any more, or is damaged; or what `visit` gave.
    pub fn frames(
        &self,
        after: u64,
        through: u64,
        visit: &mut dyn FnMut(Link, Body) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut next = after + 1;
        for (place, path) in self.files.iter().enumerate() {
            let following = self.files.get(place + 1).and_then(|path| first_of(path));
            if next > through || following.is_some_and(|first| first <= next) {
                continue;
            }
            let bytes = Bytes::read(path).map_err(|error| failure::of(path, &error))?;
            let begin = bytes
                .begin(&*self.cipher)
                .ok_or_else(|| StoreError::Damaged(format!("{}: its header", path.display())))?;
            let _ = bytes.frames(&*self.cipher, begin, &mut |found| {
                if found.link.sequence == next && next <= through {
                    next += 1;
                    visit(
                        found.link,
                        frame::open(&*self.cipher, found.link.sequence, found.sealed)?,
                    )?;
                }
                Ok(())
            })?;
        }
        if next <= through {
            return Err(StoreError::Damaged(format!(
                "frame {next} of the journal is not there"
            )));
        }
        Ok(())
    }
}

/// Makes a folder for its owner alone, if it is not there.
pub(in crate::store) fn make_folder(folder: &Path) -> io::Result<()> {
    match fs::DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => folder
            .parent()
            .map_or(Ok(()), |parent| fs::File::open(parent)?.sync_all()),
    }
}

/// Makes the names of a folder's files last, and its own.
fn sync_names(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()?;
    folder
        .parent()
        .map_or(Ok(()), |parent| fs::File::open(parent)?.sync_all())
}

/// Files that were being made when the process ended were never used.
fn remove_unfinished(folder: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "new") {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// The segments by their first sequence.
fn files(folder: &Path) -> Result<Vec<(u64, PathBuf)>, StoreError> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|error| failure::of(folder, &error))?,
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| failure::of(folder, &error))?.path();
        files.extend(first_of(&path).map(|first| (first, path)));
    }
    files.sort();
    Ok(files)
}

/// The sequence in a segment's name.
fn first_of(path: &Path) -> Option<u64> {
    let first = path.file_name()?.to_str()?.strip_prefix("segment-")?.parse().ok();
    first.filter(|first| *first > 0)
}
