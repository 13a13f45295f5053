//! Does the work that `update` named, on a worker thread: asks the gateway, copies, writes files.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::message::{Ask, Message, Work};
use crate::domain::secret::Secret;
use crate::gateway::Gateway;
use crate::service::{Code, Error};

/// Does one piece of work; what came of it.
pub fn perform(gateway: &dyn Gateway, work: Work) -> Message {
    match work {
        Work::State => Message::State(gateway.state()),
        Work::Initialize(seal) => Message::Initialized(gateway.initialize(seal)),
        Work::Unlock(passphrase) => Message::Unlocked(gateway.unlock(&passphrase)),
        Work::Ask(ask) => asked(gateway, ask),
        Work::WriteFile { to, path, bytes } => Message::Written {
            to,
            result: write_new(&path, &bytes).map(|()| path),
        },
        Work::Copy(_) | Work::ClearClipboard => Message::Copied(super::Copied {
            said: Ok(String::new()),
            secret: false,
            emit: None,
        }),
    }
}

fn asked(gateway: &dyn Gateway, ask: Ask) -> Message {
    let Ask {
        to,
        tag,
        session,
        request,
    } = ask;
    // Kept for the case that it has to be asked again after a sign-in.
    let kept = request.clone();
    match gateway.ask(session, request) {
        Err(error) if error.code == Code::SignInRequired => Message::SignInRequired(Ask {
            to,
            tag,
            session,
            request: kept,
        }),
        result => Message::Answered { to, tag, result },
    }
}

/// Writes a file that was not there, mode 0600; nothing is left of one that could not be written whole.
fn write_new(path: &Path, bytes: &Secret) -> Result<(), Error> {
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    let failed = |error: &std::io::Error| {
        let message = format!("{} could not be written: {error}", path.display());
        match error.kind() {
            ErrorKind::AlreadyExists => Error::new(
                Code::Conflict,
                format!("{} exists and was left as it is", path.display()),
                "give another name",
            ),
            ErrorKind::StorageFull => Error::new(
                Code::DiskFull,
                message,
                "free some space there, or give another path",
            ),
            ErrorKind::PermissionDenied => {
                Error::new(Code::Permissions, message, "give a path in a directory of yours")
            }
            _ => Error::new(Code::Io, message, "give another path"),
        }
        .on("path")
    };
    let mut file = file.map_err(|error| failed(&error))?;
    let written = file.write_all(bytes.expose()).and_then(|()| file.sync_all());
    written.map_err(|error| {
        // What is left of it would look like the whole.
        let _ = std::fs::remove_file(path);
        failed(&error)
    })
}

/// The path that somebody typed; a relative one is in `directory`.
#[must_use]
pub fn typed_path(text: &str, directory: &Path) -> PathBuf {
    directory.join(text.trim())
}
