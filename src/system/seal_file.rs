//! The file that holds a seal key: made once, owner-readable only, never beside the data it protects.

use std::fmt;
use std::fs::{DirBuilder, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use zeroize::Zeroizing;

use super::data_dir::resolved;
use crate::domain::secret::Secret;

/// A seal key has 256 bits.
pub const KEY_LENGTH: usize = 32;

/// Writes a new key file, 0400, durable when it returns; directories that are missing are made, 0700.
///
/// # Errors
/// It exists, would lie inside `data`, or the file system refused; nothing is left behind then.
pub fn write(path: &Path, data: &Path, key: &Secret) -> Result<(), SealFileError> {
    outside(path, data)?;
    let directory = directory_of(path);
    let failed = |error: io::Error| SealFileError::of(path, &error);
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
        .map_err(failed)?;
    outside(path, data)?;
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = rustix::fs::open(path, flags, Mode::RUSR).map_err(|error| failed(error.into()))?;
    let written = File::from(file);
    (&written)
        .write_all(key.expose())
        .and_then(|()| written.sync_all())
        .and_then(|()| File::open(directory)?.sync_all())
        .map_err(|error| {
            // A half-written key must not be taken for one at the next start; the first error is the one to tell.
            let _ = std::fs::remove_file(path);
            failed(error)
        })
}

/// Reads a key file.
///
/// # Errors
/// It is missing, a link, another user's, open to others, inside `data`, or has not 32 bytes.
pub fn read(path: &Path, data: &Path) -> Result<Secret, SealFileError> {
    read_as(path, data, false)
}

/// Reads a key file that systemd handed over, in a directory that it made for this process alone: the file may be root's,
/// with a rule that lets this process read it, which shows as a right of its group.
///
/// # Errors
/// As [`read`].
pub fn read_credential(path: &Path, data: &Path) -> Result<Secret, SealFileError> {
    read_as(path, data, true)
}

fn read_as(path: &Path, data: &Path, is_credential: bool) -> Result<Secret, SealFileError> {
    outside(path, data)?;
    let failed = |error: io::Error| SealFileError::of(path, &error);
    // Not blocking, so that a pipe put in its place cannot hang the start.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = rustix::fs::open(path, flags, Mode::empty()).map_err(|error| failed(error.into()))?;
    let mut file = File::from(file);
    let found = file.metadata().map_err(failed)?;
    if !found.is_file() {
        return Err(SealFileError::NotAFile(path.into()));
    }
    let is_roots = is_credential && found.uid() == 0;
    if !is_roots && found.uid() != rustix::process::geteuid().as_raw() {
        return Err(SealFileError::ForeignOwner {
            path: path.into(),
            uid: found.uid(),
        });
    }
    let closed = if is_credential { 0o037 } else { 0o077 };
    if found.mode() & closed != 0 {
        return Err(SealFileError::OpenToOthers {
            path: path.into(),
            mode: found.mode() & 0o777,
        });
    }
    if found.len() != KEY_LENGTH as u64 {
        return Err(SealFileError::Length {
            path: path.into(),
            length: found.len(),
        });
    }
    let mut key = Zeroizing::new([0; KEY_LENGTH]);
    file.read_exact(&mut *key).map_err(failed)?;
    Ok(Secret::new(key.to_vec()))
}

/// A stolen data directory or a backup of it must not hold its own key (security.md).
fn outside(path: &Path, data: &Path) -> Result<(), SealFileError> {
    let resolve = |path: &Path| resolved(path).map_err(|error| SealFileError::of(path, &error));
    if resolve(path)?.starts_with(resolve(data)?) {
        return Err(SealFileError::InsideData {
            path: path.into(),
            data: data.into(),
        });
    }
    Ok(())
}

fn directory_of(path: &Path) -> &Path {
    path.parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// Why a key file could not be written or read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SealFileError {
    /// There is one already.
    Exists(PathBuf),
    /// There is none.
    Missing(PathBuf),
    /// It would protect nothing there.
    InsideData {
        /// The key file.
        path: PathBuf,
        /// The data directory.
        data: PathBuf,
    },
    /// A link, a directory or a pipe.
    NotAFile(PathBuf),
    /// It belongs to somebody else.
    ForeignOwner {
        /// The key file.
        path: PathBuf,
        /// Its owner.
        uid: u32,
    },
    /// Group or others may do something with it.
    OpenToOthers {
        /// The key file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It has not 32 bytes.
    Length {
        /// The key file.
        path: PathBuf,
        /// What it has.
        length: u64,
    },
    /// Any other failure of the operating system.
    Io {
        /// The key file.
        path: PathBuf,
        /// What the operating system said.
        error: String,
    },
}

impl SealFileError {
    fn of(path: &Path, error: &io::Error) -> Self {
        let path = path.to_path_buf();
        match error.kind() {
            io::ErrorKind::AlreadyExists => Self::Exists(path),
            io::ErrorKind::NotFound => Self::Missing(path),
            _ if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => Self::NotAFile(path),
            _ => Self::Io {
                path,
                error: error.to_string(),
            },
        }
    }
}

impl fmt::Display for SealFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exists(path) => write!(
                f,
                "there is a key file at {} already, and it may seal another store; choose another path",
                path.display()
            ),
            Self::Missing(path) => write!(
                f,
                "there is no key file at {}; put it back there from where you keep its copy",
                path.display()
            ),
            Self::InsideData { path, data } => write!(
                f,
                "the key file {} lies inside the data directory {}, so a stolen copy of the data could be opened \
                 with it; move it elsewhere",
                path.display(),
                data.display()
            ),
            Self::NotAFile(path) => write!(
                f,
                "{} is a link or no regular file; put the key file itself there",
                path.display()
            ),
            Self::ForeignOwner { path, uid } => write!(
                f,
                "the key file {} belongs to user {uid}; it must be yours: chown it, or run as that user",
                path.display()
            ),
            Self::OpenToOthers { path, mode } => write!(
                f,
                "the key file {path} is open to others (mode {mode:04o}); run: chmod 0400 {path}",
                path = path.display()
            ),
            Self::Length { path, length } => write!(
                f,
                "the key file {} has {length} bytes instead of {KEY_LENGTH}; put the right file back",
                path.display()
            ),
            Self::Io { path, error } => {
                write!(
                    f,
                    "the key file {}: {error}; check the path and its permissions",
                    path.display()
                )
            }
        }
    }
}

impl std::error::Error for SealFileError {}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    struct Place {
        root: tempfile::TempDir,
    }

    impl Place {
        fn new() -> Self {
            let root = tempfile::tempdir().unwrap();
            fs::create_dir(root.path().join("data")).unwrap();
            Self { root }
        }

        fn at(&self, path: &str) -> PathBuf {
            self.root.path().join(path)
        }

        fn write(&self, path: &str) -> Result<(), SealFileError> {
            write(&self.at(path), &self.at("data"), &Secret::new(vec![7; 32]))
        }

        fn read(&self, path: &str) -> Result<Secret, SealFileError> {
            read(&self.at(path), &self.at("data"))
        }
    }

    #[test]
    fn a_key_file_is_read_back_and_only_its_owner_can() {
        let place = Place::new();
        place.write("new/folder/seal.key").unwrap();
        assert_eq!(place.read("new/folder/seal.key").unwrap().expose(), [7; 32]);
        let mode = |path: &str| fs::metadata(place.at(path)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("new/folder/seal.key"), mode("new/folder")), (0o400, 0o700));
    }

    #[test]
    fn an_existing_key_file_is_never_written_over() {
        let place = Place::new();
        place.write("seal.key").unwrap();
        assert_eq!(
            place.write("seal.key"),
            Err(SealFileError::Exists(place.at("seal.key")))
        );
    }

    #[test]
    fn a_key_file_inside_the_data_directory_is_refused_also_through_a_link() {
        let place = Place::new();
        symlink(place.at("data"), place.at("alias")).unwrap();
        for path in [
            "data/seal.key",
            "data/deeper/seal.key",
            "alias/seal.key",
            "x/../data/seal.key",
        ] {
            fs::create_dir_all(place.at("x")).unwrap();
            assert!(
                matches!(place.write(path), Err(SealFileError::InsideData { .. })),
                "{path}"
            );
            assert!(
                matches!(place.read(path), Err(SealFileError::InsideData { .. })),
                "{path}"
            );
        }
        assert_eq!(fs::read_dir(place.at("data")).unwrap().count(), 0);
    }

    #[test]
    fn loose_permissions_links_and_wrong_lengths_are_refused() {
        let place = Place::new();
        place.write("seal.key").unwrap();
        symlink(place.at("seal.key"), place.at("link.key")).unwrap();
        assert_eq!(
            place.read("link.key").unwrap_err(),
            SealFileError::NotAFile(place.at("link.key"))
        );
        assert_eq!(
            place.read("data/..").unwrap_err(),
            SealFileError::NotAFile(place.at("data/.."))
        );
        assert_eq!(
            place.read("none.key").unwrap_err(),
            SealFileError::Missing(place.at("none.key"))
        );
        fs::set_permissions(place.at("seal.key"), fs::Permissions::from_mode(0o440)).unwrap();
        let error = place.read("seal.key").unwrap_err();
        assert!(error.to_string().contains("chmod 0400"), "{error}");
        fs::write(place.at("short.key"), [1; 31]).unwrap();
        fs::set_permissions(place.at("short.key"), fs::Permissions::from_mode(0o600)).unwrap();
        assert!(matches!(
            place.read("short.key"),
            Err(SealFileError::Length { length: 31, .. })
        ));
    }

    #[test]
    fn another_users_key_file_is_refused() {
        if !rustix::process::geteuid().is_root() {
            println!("skipped: only root can give a file away");
            return;
        }
        let place = Place::new();
        place.write("seal.key").unwrap();
        std::os::unix::fs::chown(place.at("seal.key"), Some(4242), None).unwrap();
        assert!(matches!(
            place.read("seal.key"),
            Err(SealFileError::ForeignOwner { uid: 4242, .. })
        ));
    }
}
