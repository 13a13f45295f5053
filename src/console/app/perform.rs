//! Does the work that `update` named, on worker threads: asks the gateway, copies, writes files. And runs the loop.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ratatui::Frame;

use super::message::{Ask, Clip, Copied, Effect, Message, Work};
use super::model::{Model, Setup};
use crate::console::runtime::{App, Ended, Event, Failure, Moment, Runtime, Settings};
use crate::console::theme::Theme;
use crate::domain::secret::Secret;
use crate::gateway::Gateway;
use crate::service::ports::Clock;
use crate::service::{Code, Error};
use crate::system::clipboard::{Clipboard, CopyOutcome};

/// The console as the loop runs it.
#[derive(Debug)]
pub struct Console {
    model: Model,
    theme: Theme,
    first: Vec<Effect>,
}

impl Console {
    /// The console before anything was asked.
    #[must_use]
    pub fn new(setup: Setup, theme: Theme) -> Self {
        let (model, first) = Model::new(setup);
        Self { model, theme, first }
    }
}

impl App for Console {
    type Message = Message;
    type Work = Work;

    fn update(&mut self, at: Moment, event: Event<Message>) -> Vec<Effect> {
        let mut effects = std::mem::take(&mut self.first);
        effects.extend(super::update(&mut self.model, at, event));
        effects
    }

    fn view(&self, frame: &mut Frame<'_>) {
        super::view(&self.model, &self.theme, frame);
    }
}

/// Runs the console on the terminal until it ends.
///
/// # Errors
/// There is no terminal or it failed, or something panicked. The terminal is given back in every case.
pub fn run(
    mut console: Console,
    gateway: Arc<dyn Gateway>,
    clipboard: Clipboard,
    clock: &dyn Clock,
    settings: Settings,
) -> Result<Ended, Failure> {
    let runtime = Runtime::default();
    let outbox = runtime.outbox();
    let events = gateway.subscribe();
    // Ends with the process at the latest: nothing it does has to be finished.
    let feed = std::thread::Builder::new()
        .name("feed".to_owned())
        .spawn(move || {
            for event in events {
                if !outbox.send(Message::Event(event)) {
                    return;
                }
            }
        });
    feed.map_err(Failure::Terminal)?;
    let performer = Performer::new(gateway, clipboard);
    runtime.run(
        &mut console,
        move |work, _| performer.perform(work),
        clock,
        settings,
    )
}

/// Does work.
#[derive(Debug)]
pub struct Performer {
    gateway: Shared,
    clipboard: Clipboard,
    /// How the last secret was copied: it is cleared by the same way.
    copied: Mutex<Option<CopyOutcome>>,
}

struct Shared(Arc<dyn Gateway>);

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Gateway")
    }
}

impl Performer {
    /// Asks through `gateway` and copies to `clipboard`.
    #[must_use]
    pub fn new(gateway: Arc<dyn Gateway>, clipboard: Clipboard) -> Self {
        Self {
            gateway: Shared(gateway),
            clipboard,
            copied: Mutex::new(None),
        }
    }

    /// Does one piece of work; what came of it.
    pub fn perform(&self, work: Work) -> Message {
        let gateway = self.gateway.0.as_ref();
        match work {
            Work::State => Message::State(gateway.state()),
            Work::Initialize(seal) => Message::Initialized(gateway.initialize(seal)),
            Work::Unlock(passphrase) => Message::Unlocked(gateway.unlock(&passphrase)),
            Work::Ask(ask) => asked(gateway, ask),
            Work::WriteFile { to, path, bytes } => Message::Written {
                to,
                result: write_new(&path, &bytes).map(|()| path),
            },
            Work::Copy(clip) => Message::Copied(self.copy(&clip)),
            Work::ClearClipboard => Message::Copied(self.clear()),
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
        let (emit, kept) = parted(outcome);
        if secret {
            *self.copied.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept);
        }
        Copied { said, secret, emit }
    }

    fn clear(&self) -> Copied {
        let before = self.copied.lock().unwrap_or_else(PoisonError::into_inner).take();
        let outcome = before.map_or(CopyOutcome::Off, |before| self.clipboard.clear(&before));
        let said = match &outcome {
            CopyOutcome::Failed(why) => Err(Error::new(
                Code::Io,
                format!("the clipboard could not be cleared: {why}"),
                "copy something else over it",
            )),
            CopyOutcome::Sent(_) => Ok("asked your terminal to clear the clipboard".to_owned()),
            _ => Ok("cleared the clipboard".to_owned()),
        };
        Copied {
            said,
            secret: false,
            emit: parted(outcome).0,
        }
    }
}

/// The bytes for the terminal, and the outcome without them: it is kept, and they hold the secret.
fn parted(outcome: CopyOutcome) -> (Option<zeroize::Zeroizing<Vec<u8>>>, CopyOutcome) {
    match outcome {
        CopyOutcome::Sent(bytes) => (Some(bytes), CopyOutcome::Sent(zeroize::Zeroizing::default())),
        other => (None, other),
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
