//! The data directory: that nobody else can read or change anything in it.
//!
//! The directory and all in it belong to this process' user, directories with mode 0700 and files with 0600 or less;
//! symbolic links and special files are refused (security.md, "another local user"). Everything is opened with
//! O_NOFOLLOW and judged by fstat of what was opened, so that nothing can be swapped in between.

use std::ffi::OsStr;
use std::fs::DirBuilder;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Dir, FileType, Mode, OFlags, Stat, fstat, openat};
use rustix::process::{geteuid, umask};

use crate::domain::text::escape;
use crate::service::ports::StoreError;

use super::identity::user_name;

/// A data directory that was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataDir {
    path: PathBuf,
}

impl DataDir {
    /// Checks the directory and everything in it, made with mode 0700 when it is not there. Sets this process' umask
    /// to 077, for all files that follow.
    ///
    /// # Errors
    /// [`StoreError::Permissions`] names the first path that others could use, what is wrong with it, and the command
    /// that mends it.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        umask(Mode::RWXG | Mode::RWXO);
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .or_else(|error| match error.kind() {
                // A file or a dangling link in its place: the check below says which.
                std::io::ErrorKind::AlreadyExists => Ok(()),
                _ => Err(StoreError::Io(format!("{} cannot be made: {error}", shown(path)))),
            })?;
        let directory =
            inspect(CWD, path.as_os_str(), path)?.ok_or_else(|| failed(path, rustix::io::Errno::NOENT))?;
        if !directory.is_directory() {
            return Err(StoreError::Permissions(format!(
                "{} is a file, not a directory; name another place",
                shown(path)
            )));
        }
        check_entries(&directory.descriptor, path)?;
        Ok(Self {
            path: path.to_owned(),
        })
    }

    /// The same for the state directory of the store in `data`: neither may lie in the other, because a copy of the one
    /// put back must not bring the other with it.
    ///
    /// # Errors
    /// As [`DataDir::open`], or it lies there.
    pub fn open_apart(path: &Path, data: &Path) -> Result<Self, StoreError> {
        let resolve = |path: &Path| {
            resolved(path)
                .map_err(|error| StoreError::Io(format!("{} cannot be looked at: {error}", shown(path))))
        };
        let (state, data_found) = (resolve(path)?, resolve(data)?);
        if state.starts_with(&data_found) || data_found.starts_with(&state) {
            return Err(StoreError::Permissions(format!(
                "the state directory {} and the data directory {} lie one in the other, so that an old copy of the \
                 store would bring its own state with it; name another with --state-dir DIRECTORY",
                shown(path),
                shown(data)
            )));
        }
        Self::open(path)
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// The path without links, also when its last parts do not exist yet.
pub(super) fn resolved(path: &Path) -> std::io::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    match path.canonicalize() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            match (path.parent(), path.file_name()) {
                (Some(parent), Some(name)) => Ok(resolved(parent)?.join(name)),
                _ => Err(error),
            }
        }
        found => found,
    }
}

/// Refuses an open file that others could use; for files that are made or opened later than the directory's check.
///
/// # Errors
/// [`StoreError::Permissions`], as [`DataDir::open`].
pub fn check_file(file: impl AsFd, path: &Path) -> Result<(), StoreError> {
    let stat = fstat(file).map_err(|error| failed(path, error))?;
    check(&stat, path)
}

struct Inspected {
    descriptor: OwnedFd,
    stat: Stat,
}

impl Inspected {
    fn is_directory(&self) -> bool {
        FileType::from_raw_mode(self.stat.st_mode) == FileType::Directory
    }
}

fn check_entries(directory: &OwnedFd, path: &Path) -> Result<(), StoreError> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let readable = openat(directory, ".", flags, Mode::empty()).map_err(|error| failed(path, error))?;
    for entry in Dir::read_from(&readable).map_err(|error| failed(path, error))? {
        let entry = entry.map_err(|error| failed(path, error))?;
        let name = OsStr::from_bytes(entry.file_name().to_bytes());
        if name == "." || name == ".." {
            continue;
        }
        let path = path.join(name);
        // What is gone by now was another process' passing file: stores share their state directory.
        let Some(inspected) = inspect(directory.as_fd(), name, &path)? else {
            continue;
        };
        if inspected.is_directory() {
            check_entries(&inspected.descriptor, &path)?;
        }
    }
    Ok(())
}

/// Opens without following, without reading, and without waiting for a pipe's other end; then judges what was opened.
/// `None` when there is nothing.
fn inspect(parent: BorrowedFd<'_>, name: &OsStr, path: &Path) -> Result<Option<Inspected>, StoreError> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let descriptor = match openat(parent, name, flags, Mode::empty()) {
        Err(rustix::io::Errno::NOENT) => return Ok(None),
        found => found.map_err(|error| failed(path, error))?,
    };
    let stat = fstat(&descriptor).map_err(|error| failed(path, error))?;
    check(&stat, path)?;
    Ok(Some(Inspected { descriptor, stat }))
}

fn check(stat: &Stat, path: &Path) -> Result<(), StoreError> {
    let (shown, quoted) = (shown(path), quoted(path));
    let refuse = |what: String| Err(StoreError::Permissions(format!("{shown} {what}")));
    let (needed, right) = match FileType::from_raw_mode(stat.st_mode) {
        // It holds nothing; the daemon's own may be in the state directory.
        FileType::Socket => return Ok(()),
        FileType::Directory => (0o700, "0700"),
        FileType::RegularFile => (0o400, "0600"),
        FileType::Symlink => {
            return refuse(format!(
                "is a symbolic link, which somebody could point elsewhere; put in its place what it points to \
                 (it says: readlink {quoted})"
            ));
        }
        _ => {
            return refuse(format!(
                "is neither a file nor a directory; remove it: rm {quoted}"
            ));
        }
    };
    let me = geteuid().as_raw();
    if stat.st_uid != me {
        let (owner, me) = (user_name(stat.st_uid), user_name(me));
        return refuse(format!(
            "belongs to {owner}, and this process runs as {me}; run it as {owner}, or hand the files over: \
             sudo chown -R {} {quoted}",
            geteuid().as_raw()
        ));
    }
    let mode = stat.st_mode & 0o777;
    if mode & 0o077 != 0 {
        return refuse(format!(
            "is open to other users (mode {mode:04o}); close it: chmod {right} {quoted}"
        ));
    }
    if mode & needed != needed {
        return refuse(format!(
            "cannot be used by its own user (mode {mode:04o}); chmod {right} {quoted}"
        ));
    }
    Ok(())
}

fn failed(path: &Path, error: rustix::io::Errno) -> StoreError {
    let error = std::io::Error::from(error);
    let text = format!("{} cannot be opened: {error}", shown(path));
    match error.kind() {
        std::io::ErrorKind::PermissionDenied => StoreError::Permissions(format!(
            "{text}; run strongroom as the user it belongs to (it says: ls -ld {})",
            quoted(path)
        )),
        _ => StoreError::Io(text),
    }
}

fn shown(path: &Path) -> String {
    escape(&path.to_string_lossy()).into_owned()
}

/// The path as one word for a shell.
fn quoted(path: &Path) -> String {
    let text = shown(path);
    if text
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"/._-+@%,:".contains(&b))
    {
        return text;
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn refusal(path: &Path) -> String {
        match DataDir::open(path) {
            Err(StoreError::Permissions(text)) => text,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_it_makes_is_its_user_s_alone() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("a/b");
        DataDir::open(&path).unwrap();
        fs::write(path.join("file"), "x").unwrap();
        assert_eq!((mode(&path), mode(&path.join("file"))), (0o700, 0o600));
        DataDir::open(&path).unwrap();
    }

    #[test]
    fn anything_open_to_others_is_refused_with_the_command_that_closes_it() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("data of ada");
        DataDir::open(&path).unwrap();
        let file = path.join("file");
        fs::create_dir(path.join("folder")).unwrap();
        for (place, open, closed) in [
            (&path, 0o750, 0o700),
            (&path.join("folder"), 0o701, 0o700),
            (&file, 0o640, 0o600),
        ] {
            if *place == file {
                fs::write(&file, "x").unwrap();
            }
            fs::set_permissions(place, fs::Permissions::from_mode(open)).unwrap();
            let text = refusal(&path);
            assert!(text.starts_with(&place.display().to_string()), "{text}");
            assert!(text.contains(&format!("mode {open:04o}")), "{text}");
            let command = text.rsplit(": ").next().unwrap();
            assert!(
                std::process::Command::new("sh")
                    .args(["-c", command])
                    .status()
                    .unwrap()
                    .success()
            );
            assert_eq!(mode(place), closed);
            DataDir::open(&path).unwrap();
        }
    }

    #[test]
    fn the_state_directory_lies_apart_from_the_data_whatever_way_it_is_named() {
        let root = tempfile::tempdir().unwrap();
        let data = root.path().join("data");
        DataDir::open(&data).unwrap();
        symlink(&data, root.path().join("link")).unwrap();
        for state in ["data", "data/state", "data/../data/a/b", "link/state", "."] {
            let state = root.path().join(state);
            let refused = DataDir::open_apart(&state, &data).unwrap_err().to_string();
            assert!(refused.contains("--state-dir"), "{refused}");
        }
        assert_eq!(fs::read_dir(&data).unwrap().count(), 0);
        let state = root.path().join("state/strongroom");
        DataDir::open_apart(&state, &data).unwrap();
        assert_eq!(mode(&state), 0o700);
        DataDir::open_apart(&root.path().join("database"), &data).unwrap();
    }

    #[test]
    fn links_and_pipes_are_refused() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("data");
        DataDir::open(&path).unwrap();
        let link = root.path().join("link");
        symlink(&path, &link).unwrap();
        assert!(refusal(&link).contains("symbolic link"));
        symlink("nowhere", root.path().join("dangling")).unwrap();
        assert!(refusal(&root.path().join("dangling")).contains("symbolic link"));
        symlink("/etc/passwd", path.join("key")).unwrap();
        assert!(refusal(&path).contains("symbolic link"));
        fs::remove_file(path.join("key")).unwrap();
        let pipe = path.join("pipe");
        rustix::fs::mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR, 0).unwrap();
        assert!(refusal(&path).contains("rm "));
        fs::remove_file(pipe).unwrap();
        fs::write(root.path().join("file"), "").unwrap();
        assert!(refusal(&root.path().join("file")).contains("not a directory"));
    }
}
