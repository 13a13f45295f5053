//! The private listener's unix socket: in a directory of its own, never in the place of another daemon's.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use crate::domain::text::escape;
use crate::service::ports::StoreError;

/// A socket that is listened on; removed when this is dropped.
#[derive(Debug)]
pub struct Socket {
    path: PathBuf,
    inode: u64,
}

/// Listens at `path`. `for_others`: other accounts may connect; what they may ask is decided by who they are.
///
/// # Errors
/// Another process listens there, something that is no socket is there, or the operating system refused; each names the
/// path.
pub fn listen(path: &Path, for_others: bool) -> Result<(UnixListener, Socket), StoreError> {
    let shown = escape(&path.to_string_lossy()).into_owned();
    let failed = |error: io::Error| StoreError::Io(format!("{shown} cannot be listened on: {error}"));
    if let Some(directory) = path.parent() {
        if !directory.exists() {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(directory)
                .map_err(failed)?;
            if for_others {
                fs::set_permissions(directory, Permissions::from_mode(0o755)).map_err(failed)?;
            }
        }
        refuse_foreign(directory)?;
    }
    make_room(path, &shown)?;
    let listener = UnixListener::bind(path).map_err(failed)?;
    let mode = if for_others { 0o666 } else { 0o600 };
    fs::set_permissions(path, Permissions::from_mode(mode)).map_err(failed)?;
    let inode = fs::symlink_metadata(path).map_err(failed)?.ino();
    let socket = Socket {
        path: path.to_owned(),
        inode,
    };
    Ok((listener, socket))
}

/// Removes the socket of a process that is gone.
fn make_room(path: &Path, shown: &str) -> Result<(), StoreError> {
    let found = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        found => found.map_err(|error| StoreError::Io(format!("{shown}: {error}")))?,
    };
    if !found.file_type().is_socket() {
        return Err(StoreError::Permissions(format!(
            "{shown} is there and is no socket; name another place with --socket"
        )));
    }
    match UnixStream::connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path)
            .map_err(|error| StoreError::Io(format!("{shown} cannot be removed: {error}"))),
        _ => Err(StoreError::Io(format!(
            "another process listens on {shown}: end it, or name another place with --socket"
        ))),
    }
}

/// Others must not be able to put a socket of theirs in the place of ours.
fn refuse_foreign(directory: &Path) -> Result<(), StoreError> {
    let shown = escape(&directory.to_string_lossy()).into_owned();
    let found = fs::metadata(directory).map_err(|error| StoreError::Io(format!("{shown}: {error}")))?;
    let is_ours = [0, rustix::process::geteuid().as_raw()].contains(&found.uid());
    if is_ours && found.mode() & 0o022 == 0 {
        return Ok(());
    }
    Err(StoreError::Permissions(format!(
        "{shown} can be written by others, or is somebody else's: name a directory of your own with --socket"
    )))
}

impl Drop for Socket {
    fn drop(&mut self) {
        // Only our own: another may be there by now.
        if fs::symlink_metadata(&self.path).is_ok_and(|found| found.ino() == self.inode) {
            let _ = fs::remove_file(&self.path);
        }
    }
}
