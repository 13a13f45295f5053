//! What the operating system refused, as the port's error: the same words whichever file it was.

use std::io;
use std::path::Path;

use crate::service::ports::StoreError;

/// The port's error for an operation on `path` that failed.
pub(super) fn of(path: &Path, error: &io::Error) -> StoreError {
    let path = path.display();
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            StoreError::DiskFull(path.to_string())
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => StoreError::Permissions(
            format!("{path}: {error}; the store's own user must be able to write there"),
        ),
        _ => StoreError::Io(format!("{path}: {error}")),
    }
}
