//! Backups of the store in this machine's data directory: written, read back, and only then put in their place.

use std::cell::RefCell;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::crypto::age::{self, AgeError, FileKey, For};
use crate::domain::recovery::{LastBackup, Recipient};
use crate::domain::secret::Secret;
use crate::service::ports::{
    BackupFor, BackupMaker, BackupOrder, BackupWatch, CryptoError, Entropy, StoreCipher, StoreError,
};
use crate::store::backup;
use crate::store::journaled::JournaledStore;

/// The most that are kept in a directory.
const KEPT: usize = 7;

/// Makes them.
pub(super) struct LocalBackups {
    pub(super) entropy: Arc<dyn Entropy>,
    pub(super) store: Arc<JournaledStore>,
    pub(super) cipher: Arc<dyn StoreCipher>,
    /// The wrapped keyring.
    pub(super) keyring: PathBuf,
}

impl BackupMaker for LocalBackups {
    fn recovery_key(&self) -> Result<(Secret, Recipient), CryptoError> {
        age::recovery_key(&*self.entropy)
    }

    fn make(&self, order: &BackupOrder, watch: &dyn BackupWatch) -> Result<LastBackup, StoreError> {
        let at = order.at;
        let prefix = format!("strongroom-{}-", order.name);
        let is_directory = order.place.is_dir();
        let path = match is_directory {
            true => order
                .place
                .join(format!("{prefix}{}.age", at.utc().format("%Y%m%dT%H%M%SZ"))),
            false => order.place.clone(),
        };
        let path = std::path::absolute(&path).map_err(|error| failed(&path, &error))?;
        if path.symlink_metadata().is_ok() {
            return Err(StoreError::Io(format!(
                "there is a file {} already",
                path.display()
            )));
        }
        let part = Part::beside(&path);
        let sequence = self.write(order, &part, watch)?;
        if !watch.is_final() {
            return Err(StoreError::Io("it was given up".into()));
        }
        part.publish(&path)?;
        if is_directory {
            // The backup is there, which is what matters: what could not be removed is, after the next one.
            let _ = prune(&order.place, &prefix);
        }
        Ok(LastBackup {
            at,
            sequence,
            path: path.to_string_lossy().into_owned(),
        })
    }
}

impl LocalBackups {
    /// Writes it and reads it back; the newest commit in it.
    fn write(&self, order: &BackupOrder, part: &Part, watch: &dyn BackupWatch) -> Result<u64, StoreError> {
        let of_part = |error: &io::Error| failed(&part.0, error);
        let keyring = fs::read(&self.keyring).map_err(|error| failed(&self.keyring, &error))?;
        let whom = match &order.whom {
            BackupFor::Recipients(recipients) => For::Recipients(recipients),
            BackupFor::Passphrase(passphrase) => For::Passphrase(passphrase),
        };
        // It opens this one file, and is forgotten at the end of it.
        let key: RefCell<Option<FileKey>> = RefCell::default();
        let begin = || {
            let file = part.create().map_err(|error| of_part(&error))?;
            let out = BufWriter::with_capacity(1 << 20, Watched { file, watch });
            let (out, made) =
                age::encrypt(whom, &*self.entropy, out).map_err(|error| of_age(&part.0, error))?;
            *key.borrow_mut() = Some(made);
            Ok(out)
        };
        let (out, ending) = self.store.write_backup(&keyring, begin)?;
        let written = out.finish().map_err(|error| of_age(&part.0, error))?;
        let written = written.into_inner().map_err(|error| of_part(error.error()))?;
        written.file.sync_all().map_err(|error| of_part(&error))?;
        let key = key.into_inner();
        let open = || {
            let file = File::open(&part.0).map_err(|error| of_part(&error))?;
            let file = BufReader::with_capacity(1 << 20, Watched { file, watch });
            let key = key
                .as_ref()
                .ok_or_else(|| StoreError::Io("the backup has no key".into()))?;
            age::decrypt_with_file_key(key, file).map_err(|error| of_age(&part.0, error))
        };
        let (_, summary) = backup::check(open, &*self.cipher)?;
        if summary.ending != ending {
            return Err(StoreError::Damaged(format!(
                "{} does not end as it was written",
                part.0.display()
            )));
        }
        Ok(ending.link.sequence)
    }
}

/// A file that stops where it is no longer wanted.
struct Watched<'a> {
    file: File,
    watch: &'a dyn BackupWatch,
}

impl Watched<'_> {
    fn is_wanted(&self) -> io::Result<()> {
        match self.watch.goes_on() {
            true => Ok(()),
            false => Err(io::Error::other("it was given up")),
        }
    }
}

impl Write for Watched<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.is_wanted()?;
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Read for Watched<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.is_wanted()?;
        self.file.read(into)
    }
}

/// A backup that is not in its place yet; removed when it does not get there.
struct Part(PathBuf);

impl Part {
    fn beside(path: &Path) -> Self {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{}.part", std::process::id()));
        Self(name.into())
    }

    /// An empty file of ours; a try before may have left one.
    fn create(&self) -> io::Result<File> {
        match fs::remove_file(&self.0) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&self.0)
    }

    /// Puts it in its place, where nothing may be; durable when it returns.
    fn publish(self, path: &Path) -> Result<(), StoreError> {
        let renamed = renameat_with(CWD, &self.0, CWD, path, RenameFlags::NOREPLACE);
        let renamed = match renamed {
            // A file system that cannot be asked so: looked at before, and nobody else writes such names.
            Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) if !path.exists() => {
                fs::rename(&self.0, path)
            }
            other => other.map_err(io::Error::from),
        };
        renamed
            .and_then(|()| match path.parent() {
                Some(parent) => File::open(parent)?.sync_all(),
                None => Ok(()),
            })
            .map_err(|error| failed(path, &error))
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // After it got to its place there is nothing left under this name.
        let _ = fs::remove_file(&self.0);
    }
}

/// Removes the oldest backups of this name, by the time that is in it.
fn prune(directory: &Path, prefix: &str) -> io::Result<()> {
    let mut ours = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        let time = name
            .to_str()
            .and_then(|name| name.strip_prefix(prefix)?.strip_suffix(".age"));
        if time.is_some_and(is_time) && entry.file_type()?.is_file() {
            ours.push(entry.path());
        }
    }
    ours.sort();
    let superfluous = ours.len().saturating_sub(KEPT);
    ours.iter().take(superfluous).try_for_each(fs::remove_file)
}

/// `20261123T140200Z`
fn is_time(text: &str) -> bool {
    text.len() == 16
        && text.bytes().enumerate().all(|(place, byte)| match place {
            8 => byte == b'T',
            15 => byte == b'Z',
            _ => byte.is_ascii_digit(),
        })
}

fn failed(path: &Path, error: &io::Error) -> StoreError {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            StoreError::DiskFull(path.display().to_string())
        }
        _ => StoreError::Io(format!("{} cannot be written: {error}", path.display())),
    }
}

pub(super) fn of_age(path: &Path, error: AgeError) -> StoreError {
    match error {
        AgeError::Io(error) => failed(path, &error),
        AgeError::HeaderAltered | AgeError::PayloadAltered | AgeError::Header(_) => {
            StoreError::Damaged(format!("{}: {error}", path.display()))
        }
        other => StoreError::Io(format!("{}: {other}", path.display())),
    }
}
