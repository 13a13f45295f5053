//! Secrets that come from files and descriptors, and the one line of a file that a token goes into.
//!
//! A secret's file belongs to us and is open to nobody else: opened without following a link, then looked at, so that
//! what was checked is what is read. Buffers are made in their full length and wiped: a growing one leaves copies.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Mode, OFlags};
use zeroize::Zeroizing;

use crate::domain::secret::Secret;

/// The most that a secret's file, a descriptor or standard input may hold: the vocabulary's own bound.
pub const LONGEST: usize = 64 * 1024;

/// Reads all of `reader`, up to [`LONGEST`] bytes.
///
/// # Errors
/// It cannot be read, or has more.
pub fn read_all(mut reader: impl Read) -> io::Result<Secret> {
    let mut buffer = Zeroizing::new(vec![0; LONGEST + 1]);
    let mut length = 0;
    while length < buffer.len() {
        match reader.read(&mut buffer[length..]) {
            Ok(0) => break,
            Ok(count) => length += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    if length > LONGEST {
        return Err(io::Error::other(format!("it has more than {LONGEST} bytes")));
    }
    buffer.truncate(length);
    Ok(Secret::new(std::mem::take(&mut *buffer)))
}

/// Reads a secret's file: ours, 0600 or stricter, no link.
///
/// # Errors
/// What is wrong with it, and what to do.
pub fn read(path: &Path) -> Result<Secret, String> {
    read_all(open(path)?).map_err(|error| format!("{} cannot be read: {error}", path.display()))
}

/// Reads a secret from a descriptor that the calling process opened for us.
///
/// # Errors
/// It is not open, or cannot be read.
pub fn read_descriptor(number: u32) -> Result<Secret, String> {
    let failed = |error: io::Error| format!("descriptor {number} cannot be read: {error}");
    if number == 0 {
        return read_all(io::stdin().lock()).map_err(failed);
    }
    // Through the file system, because a number alone is no proof that the descriptor is ours to close.
    let file = File::open(format!("/dev/fd/{number}")).map_err(failed)?;
    read_all(file).map_err(failed)
}

fn open(path: &Path) -> Result<File, String> {
    let shown = path.display();
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(rustix::io::Errno::LOOP) => return Err(format!("{shown} is a link: name the file itself")),
        Err(error) => return Err(format!("{shown} cannot be opened: {}", io::Error::from(error))),
    };
    let found = file.metadata().map_err(|error| format!("{shown}: {error}"))?;
    if !found.is_file() {
        return Err(format!("{shown} is no regular file"));
    }
    if found.uid() != rustix::process::geteuid().as_raw() {
        return Err(format!("{shown} belongs to user {}, not to you", found.uid()));
    }
    if found.mode() & 0o077 != 0 {
        return Err(format!(
            "{shown} is open to others (mode {:04o}); run: chmod 0600 {shown}",
            found.mode() & 0o777
        ));
    }
    Ok(file)
}

/// A file of `NAME=value` lines that services read their environment from.
#[derive(Debug, Clone)]
pub struct EnvFile(PathBuf);

impl EnvFile {
    /// The file at `path`, which may be yet to be made; one that is there is ours and open to nobody else.
    ///
    /// # Errors
    /// What is wrong with it, and what to do: asked before a token is minted, so that none is lost.
    pub fn at(path: &Path) -> Result<Self, String> {
        match path.symlink_metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let directory = directory_of(path);
                if !directory.is_dir() {
                    return Err(format!("there is no directory {}", directory.display()));
                }
            }
            _ => drop(open(path)?),
        }
        Ok(Self(path.to_path_buf()))
    }

    /// Adds the line `name=value`, or puts it in the place of the one that is there; all or nothing, and synced.
    ///
    /// # Errors
    /// It could not be written; the file is as it was then.
    pub fn set(&self, name: &str, value: &Secret) -> Result<(), String> {
        let path = &self.0;
        let old = match path.symlink_metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Secret::default(),
            _ => read(path)?,
        };
        let new = with_line(old.expose(), name, value.expose());
        replace(path, &new).map_err(|error| format!("{} cannot be written: {error}", path.display()))
    }
}

/// Writes a new file of ours (0600), durable when it returns; never over one that is there, and never a part of it.
///
/// # Errors
/// There is something at that path, or the operating system refused.
pub fn create(path: &Path, content: &[u8]) -> io::Result<()> {
    let directory = File::open(directory_of(path))?;
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::openat(
        &directory,
        name,
        flags,
        Mode::RUSR | Mode::WUSR,
    )?);
    (&file)
        .write_all(content)
        .and_then(|()| file.sync_all())
        .inspect_err(|_| {
            let _ = rustix::fs::unlinkat(&directory, name, AtFlags::empty());
        })?;
    directory.sync_all()
}

/// Writes a file of ours (0600) in the place of whatever was there: all or nothing, and durable when it returns.
///
/// # Errors
/// The operating system refused; what was there is as it was.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    Staged::write(path, content)?.publish()?.sync_all()
}

/// A file of ours (0600) that is written and synced, and not yet in its place; gone again when it is dropped.
#[derive(Debug)]
pub struct Staged {
    directory: File,
    name: OsString,
    target: OsString,
    is_published: bool,
}

impl Staged {
    /// Writes the file that is to be at `path`.
    ///
    /// # Errors
    /// The operating system refused; nothing is left behind.
    pub fn write(path: &Path, content: &[u8]) -> io::Result<Self> {
        let target = path
            .file_name()
            .ok_or(io::ErrorKind::InvalidInput)?
            .to_os_string();
        let mut name = target.clone();
        name.push(format!(".{}.new", std::process::id()));
        let directory = File::open(directory_of(path))?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&directory, &name, flags, Mode::RUSR | Mode::WUSR)?;
        let staged = Self {
            directory,
            name,
            target,
            is_published: false,
        };
        let written = File::from(file);
        (&written).write_all(content)?;
        written.sync_all()?;
        Ok(staged)
    }

    /// What is in it, from the disk.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn read_back(&self) -> io::Result<Vec<u8>> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&self.directory, &self.name, flags, Mode::empty())?;
        let mut content = Vec::new();
        File::from(file).read_to_end(&mut content)?;
        Ok(content)
    }

    /// Puts it in its place. It stays there after a power cut once the directory, which is given back, is synced.
    ///
    /// # Errors
    /// The operating system refused; what was there is as it was.
    pub fn publish(mut self) -> io::Result<File> {
        rustix::fs::renameat(&self.directory, &self.name, &self.directory, &self.target)?;
        self.is_published = true;
        self.directory.try_clone()
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if !self.is_published {
            // There is nobody to tell; a token must not stay behind in a file that nobody knows.
            let _ = rustix::fs::unlinkat(&self.directory, &self.name, AtFlags::empty());
        }
    }
}

/// `old` with the line for `name` once: where it was first, or at the end; an `export` in front of it stays.
fn with_line(old: &[u8], name: &str, value: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut new = Zeroizing::new(Vec::with_capacity(old.len() + name.len() + value.len() + 3));
    let is_ours = |rest: &[u8]| {
        rest.strip_prefix(name.as_bytes())
            .is_some_and(|rest| rest.starts_with(b"="))
    };
    let mut is_set = false;
    for line in old.split_inclusive(|&byte| byte == b'\n') {
        let export: &[u8] = if line.starts_with(b"export ") {
            b"export "
        } else {
            b""
        };
        if !is_ours(&line[export.len()..]) {
            new.extend_from_slice(line);
        } else if !is_set {
            is_set = true;
            push_line(&mut new, export, name, value);
        }
    }
    if !is_set {
        if new.last().is_some_and(|&byte| byte != b'\n') {
            new.push(b'\n');
        }
        push_line(&mut new, b"", name, value);
    }
    new
}

fn push_line(text: &mut Vec<u8>, export: &[u8], name: &str, value: &[u8]) {
    for part in [export, name.as_bytes(), b"=", value, b"\n"] {
        text.extend_from_slice(part);
    }
}

fn directory_of(path: &Path) -> &Path {
    path.parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::from_text(text.into())
    }

    fn private(path: &Path, text: &str) {
        fs::write(path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    }

    #[test]
    fn a_line_is_added_or_replaced_and_the_rest_stays() {
        let set = |old: &str| String::from_utf8(with_line(old.as_bytes(), "A_B", b"new").to_vec()).unwrap();
        assert_eq!(set(""), "A_B=new\n");
        assert_eq!(set("X=1"), "X=1\nA_B=new\n");
        assert_eq!(set("A_B=old\nX=1\n"), "A_B=new\nX=1\n");
        assert_eq!(
            set("# A_B=c\nexport A_B='old'\nA_BC=2\n"),
            "# A_B=c\nexport A_B=new\nA_BC=2\n"
        );
        assert_eq!(set("A_B=1\nA_B=2\n"), "A_B=new\n");
    }

    #[test]
    fn a_new_file_is_its_owners_only_and_nothing_else_is_left() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("service.env");
        let file = EnvFile::at(&path).unwrap();
        file.set("A", &secret("1")).unwrap();
        file.set("B", &secret("2")).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "A=1\nB=2\n");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
        let staged = Staged::write(&path, b"other").unwrap();
        assert_eq!(staged.read_back().unwrap(), b"other");
        drop(staged);
        assert_eq!(fs::read_to_string(&path).unwrap(), "A=1\nB=2\n");
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
    }

    #[test]
    fn loose_permissions_links_and_missing_directories_are_refused() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("service.env");
        private(&path, "A=1\n");
        symlink(&path, root.path().join("link")).unwrap();
        assert!(
            EnvFile::at(&root.path().join("link"))
                .unwrap_err()
                .contains("is a link")
        );
        assert!(
            EnvFile::at(&root.path().join("no/where"))
                .unwrap_err()
                .contains("no directory")
        );
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(EnvFile::at(&path).unwrap_err().contains("chmod 0600"));
        assert!(read(&path).unwrap_err().contains("mode 0640"));
    }

    #[test]
    fn what_is_too_long_is_refused() {
        assert_eq!(read_all(&vec![b'x'; LONGEST][..]).unwrap().len(), LONGEST);
        assert!(read_all(&vec![b'x'; LONGEST + 1][..]).is_err());
    }
}
