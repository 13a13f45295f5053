//! Does the work that `update` named, on worker threads: asks the gateway, copies, writes files.
//!
//! For who has nothing but the console, over SSH, it makes nothing on this machine: no file, and no store.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zeroize::Zeroizing;

use super::message::{Ask, Clip, Copied, Message, Work};
use crate::domain::secret::Secret;
use crate::gateway::{Gateway, StoreState};
use crate::service::request::Request;
use crate::service::{Code, Error};
use crate::system::clipboard::{Clipboard, CopyOutcome};

/// Does work.
pub struct Performer {
    gateway: Arc<dyn Gateway>,
    clipboard: Clipboard,
    /// Whether whoever sits there may make something on this machine.
    may_make: bool,
}

impl Performer {
    /// Asks through `gateway` and copies to `clipboard`; writes files, and makes a store, only if `may_make`.
    #[must_use]
    pub fn new(gateway: Arc<dyn Gateway>, clipboard: Clipboard, may_make: bool) -> Self {
        Self {
            gateway,
            clipboard,
            may_make,
        }
    }

    /// Does one piece of work; what came of it.
    pub fn perform(&self, work: Work) -> Message {
        let gateway = self.gateway.as_ref();
        match work {
            Work::Opening => Message::Opening(gateway.opening()),
            Work::State => Message::State(self.state()),
            Work::Initialize(_) if !self.may_make => Message::Initialized(Err(no_store())),
            Work::Initialize(seal) => Message::Initialized(gateway.initialize(seal)),
            Work::Unlock(passphrase) => Message::Unlocked(gateway.unlock(&passphrase)),
            Work::Ask(Ask {
                to,
                tag,
                request: Request::Onboard(_),
                ..
            }) if !self.may_make => Message::Answered {
                to,
                tag,
                result: Err(no_store()),
            },
            Work::Ask(ask) => asked(gateway, ask),
            Work::WriteFile { to, .. } if !self.may_make => Message::Written {
                to,
                result: Err(no_file()),
            },
            Work::WriteFile { to, path, bytes } => Message::Written {
                to,
                result: write_new(&path, &bytes).map(|()| path),
            },
            Work::Copy(clip) => Message::Copied(self.copy(&clip)),
            Work::ClearClipboard => Message::Copied(self.clear()),
        }
    }

    fn state(&self) -> Result<StoreState, Error> {
        match self.gateway.state()? {
            StoreState::Absent { .. } if !self.may_make => Err(no_store()),
            state => Ok(state),
        }
    }

    fn copy(&self, clip: &Clip) -> Copied {
        let outcome = self.clipboard.copy(clip.text.expose_text().unwrap_or_default());
        let said = match &outcome {
            CopyOutcome::Off | CopyOutcome::Failed(_) => Err(Error::new(
                Code::Io,
                outcome.to_string(),
                "write it to a file, or show it and take it from the screen",
            )),
            _ => Ok(format!("{}: {outcome}", clip.what)),
        };
        let secret = clip.secret && said.is_ok();
        let emit = bytes(outcome);
        Copied { said, secret, emit }
    }

    fn clear(&self) -> Copied {
        let outcome = self.clipboard.clear().unwrap_or(CopyOutcome::Off);
        let said = match &outcome {
            CopyOutcome::Failed(why) => Err(Error::new(
                Code::Io,
                format!("the clipboard could not be cleared: {why}"),
                "copy something else over it",
            )),
            CopyOutcome::Sent(_) => Ok("asked your terminal to clear the clipboard".to_owned()),
            _ => Ok("cleared the clipboard".to_owned()),
        };
        let emit = bytes(outcome);
        Copied {
            said,
            secret: false,
            emit,
        }
    }
}

fn no_store() -> Error {
    Error::new(
        Code::NotOnboarded,
        "there is no store here yet, and this connection cannot make one",
        "have it made on the machine itself: `strongroom`, or `strongroom init`",
    )
}

fn no_file() -> Error {
    Error::new(
        Code::Forbidden,
        "this connection writes no files on the machine",
        "copy it instead",
    )
    .on("path")
}

/// What is for the terminal itself.
fn bytes(outcome: CopyOutcome) -> Option<Zeroizing<Vec<u8>>> {
    match outcome {
        CopyOutcome::Sent(bytes) => Some(bytes),
        _ => None,
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

/// The path that somebody typed; a relative one is in `directory`, one that begins with `~/` in `home`.
#[must_use]
pub fn typed_path(text: &str, directory: &Path, home: Option<&Path>) -> PathBuf {
    let text = text.trim();
    match (text.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => directory.join(text),
    }
}
