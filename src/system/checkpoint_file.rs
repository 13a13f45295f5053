//! The file of the audit log's signed checkpoints, in the state directory: one JSON object a line.
//!
//! - It is ours alone (0600, no link), and synced after every line. A line that a crash cut off stays one bad line.
//! - It does not grow for ever: with 4,096 lines every second one of the older half goes. A later checkpoint covers
//!   all that an earlier one covers.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};

use super::data_dir::check_file;
use super::private_file;
use crate::domain::audit::checkpoint::hex;
use crate::service::ports::{CheckpointLog, StoreError};

/// Lines at most; some 1.3 MB.
const MOST: usize = 4096;
/// Far more than so many lines have; what is longer was not written by us.
const LONGEST: u64 = 16 * 1024 * 1024;

/// The file of one store.
#[derive(Debug)]
pub struct CheckpointFile(PathBuf);

impl CheckpointFile {
    /// The file of the store of this name in `state`, which was checked; made with the first line.
    #[must_use]
    pub fn new(state: &Path, store: &[u8; 16]) -> Self {
        Self(state.join(format!("audit-{}", hex(store))))
    }

    /// Where it is, once it has a line.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    fn open(&self, flags: OFlags) -> Result<Option<File>, StoreError> {
        let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        match rustix::fs::open(&self.0, flags, Mode::RUSR | Mode::WUSR) {
            Ok(descriptor) => {
                check_file(&descriptor, &self.0)?;
                Ok(Some(descriptor.into()))
            }
            Err(rustix::io::Errno::NOENT) => Ok(None),
            Err(error) => Err(self.failed(&error.into())),
        }
    }

    fn read(&self) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(file) = self.open(OFlags::RDONLY)? else {
            return Ok(None);
        };
        let mut bytes = Vec::new();
        file.take(LONGEST)
            .read_to_end(&mut bytes)
            .map_err(|error| self.failed(&error))?;
        Ok(Some(bytes))
    }

    fn failed(&self, error: &io::Error) -> StoreError {
        let text = format!("{}: {error}", self.0.display());
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreError::DiskFull(text),
            _ => StoreError::Io(text),
        }
    }

    fn thin_out(&self, lines: &[String]) -> Result<(), StoreError> {
        let old = lines.len() / 2;
        let kept: String = lines
            .iter()
            .enumerate()
            // A checkpoint that voids others stays: without it they would count again.
            .filter(|(place, line)| *place >= old || place % 2 == 0 || line.contains("rollback_accepted"))
            .map(|(_, line)| format!("{line}\n"))
            .collect();
        private_file::replace(&self.0, kept.as_bytes()).map_err(|error| self.failed(&error))
    }
}

impl CheckpointLog for CheckpointFile {
    fn lines(&self) -> Result<Vec<String>, StoreError> {
        Ok(lines(&self.read()?.unwrap_or_default()))
    }

    fn append(&self, line: &str) -> Result<(), StoreError> {
        let found = self.read()?;
        let is_new = found.is_none();
        let found = found.unwrap_or_default();
        let lines = lines(&found);
        if lines.len() >= MOST {
            self.thin_out(&lines)?;
        }
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::APPEND;
        let Some(mut file) = self.open(flags)? else {
            return Err(self.failed(&io::ErrorKind::NotFound.into()));
        };
        let is_cut_off = lines.len() < MOST && found.last().is_some_and(|&byte| byte != b'\n');
        let text = format!("{}{line}\n", if is_cut_off { "\n" } else { "" });
        let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
        written
            .and_then(|()| match self.0.parent().filter(|_| is_new) {
                Some(directory) => File::open(directory)?.sync_all(),
                None => Ok(()),
            })
            .map_err(|error| self.failed(&error))
    }
}

fn lines(bytes: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(bytes)
        .lines()
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn file(root: &tempfile::TempDir) -> (CheckpointFile, PathBuf) {
        let path = root.path().join("audit-07070707070707070707070707070707");
        (CheckpointFile::new(root.path(), &[7; 16]), path)
    }

    #[test]
    fn lines_come_back_in_order_and_one_that_was_cut_off_spoils_no_other() {
        let root = tempfile::tempdir().unwrap();
        let (log, path) = file(&root);
        assert_eq!(log.lines().unwrap(), [""; 0]);
        log.append("one").unwrap();
        log.append("two").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\ntwo\n");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::write(&path, "one\ntw").unwrap();
        log.append("three").unwrap();
        assert_eq!(log.lines().unwrap(), ["one", "tw", "three"]);
    }

    #[test]
    fn it_is_thinned_out_before_it_is_too_long_and_keeps_both_ends_and_accepted_rollbacks() {
        let root = tempfile::tempdir().unwrap();
        let (log, path) = file(&root);
        let line = |number: usize| match number {
            7 => "7 rollback_accepted\n".to_owned(),
            _ => format!("{number}\n"),
        };
        fs::write(&path, (0..MOST).map(line).collect::<String>()).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        log.append("last").unwrap();
        let lines = log.lines().unwrap();
        assert_eq!(lines.len(), MOST / 4 + MOST / 2 + 2);
        assert_eq!(lines[..6], ["0", "2", "4", "6", "7 rollback_accepted", "8"]);
        assert_eq!(lines.last().unwrap(), "last");
        assert!(lines.contains(&(MOST - 1).to_string()));
    }

    #[test]
    fn a_link_or_a_file_open_to_others_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let (log, path) = file(&root);
        symlink("/etc/hostname", &path).unwrap();
        assert!(log.lines().is_err() && log.append("x").is_err());
        fs::remove_file(&path).unwrap();
        log.append("x").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o620)).unwrap();
        assert!(matches!(log.append("y"), Err(StoreError::Permissions(_))));
    }
}
