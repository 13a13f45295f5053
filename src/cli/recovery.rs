//! The recovery key, where there is no wizard: written into a file, shown on the terminal, or left out on purpose.

use std::path::PathBuf;

use clap::Args;

use super::context::{Context, unexpected};
use super::failure::Failure;
use crate::domain::recovery::Recipient;
use crate::domain::secret::Secret;
use crate::service::response::RecoveryKey;
use crate::service::{Code, Error, Request, Response};
use crate::system::private_file;
use crate::system::prompt::Prompt;

/// How much of the key is typed to show that it was kept.
const END: usize = 6;

/// Where the recovery key goes.
#[derive(Debug, Args)]
pub(super) struct RecoveryArguments {
    /// New file (0600) for the recovery key; shown on the terminal when left out
    #[arg(long, value_name = "PATH")]
    recovery_file: Option<PathBuf>,
    /// Make no recovery key: backups then need a recipient or a passphrase each time
    #[arg(long, conflicts_with = "recovery_file")]
    no_recovery_key: bool,
}

impl RecoveryArguments {
    /// Refuses what could not be done later, before anything is made.
    pub(super) fn check(&self) -> Result<(), Failure> {
        match &self.recovery_file {
            Some(path) if path.symlink_metadata().is_ok() => Err(Failure::io(
                format!("there is a file {} already", path.display()),
                "nothing was made; name another with --recovery-file",
            )),
            None if !self.no_recovery_key && Prompt::open().is_none() => Err(Failure::usage(
                "the recovery key has nowhere to go, and there is no terminal to show it on",
                "give --recovery-file PATH, or --no-recovery-key",
            )),
            _ => Ok(()),
        }
    }

    /// Makes the key and hands it over; whom backups are encrypted to from now on.
    pub(super) fn hand_over(&self, context: &Context<'_>) -> Result<Option<Recipient>, Failure> {
        if self.no_recovery_key {
            return Ok(None);
        }
        let RecoveryKey { identity, recipient } = match context.ask(Request::MakeRecoveryKey)? {
            Response::RecoveryKey(key) => key,
            other => return Err(unexpected(&other)),
        };
        match &self.recovery_file {
            Some(path) => {
                let line = Secret::new([identity.expose(), b"\n"].concat());
                private_file::create(path, line.expose()).map_err(|error| {
                    Failure::io(
                        format!("{} cannot be written: {error}", path.display()),
                        "name another with --recovery-file",
                    )
                })?;
                context.output.note(&format!(
                    "The recovery key is in {}: it opens backups together with the seal. Keep both, apart from this host.",
                    path.display()
                ));
            }
            None => show(&identity)?,
        }
        Ok(Some(recipient))
    }

    /// Removes the file again: nothing was encrypted to what is in it.
    pub(super) fn take_back(&self) {
        if let Some(path) = &self.recovery_file {
            // The error that led here is the one to tell.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Shows the key on the terminal, this once, until its end was typed.
fn show(identity: &Secret) -> Result<(), Failure> {
    let lost = |error: std::io::Error| Failure::io(format!("the terminal: {error}"), "try again");
    let terminal = Prompt::open().ok_or_else(|| lost(std::io::ErrorKind::NotFound.into()))?;
    let text = identity.expose_text().unwrap_or_default();
    terminal
        .say("The recovery key. It opens backups together with the seal; it is shown this once, and kept nowhere.\n\n")
        .and_then(|()| terminal.say(text))
        .and_then(|()| terminal.say("\n\nKeep both, apart from this host.\n"))
        .map_err(lost)?;
    let end = &text[text.len().saturating_sub(END)..];
    loop {
        let question = "Its last six characters, to show that you have it: ";
        match terminal.line(question).map_err(lost)? {
            Some(typed) if typed.trim().eq_ignore_ascii_case(end) => return Ok(()),
            Some(_) => terminal
                .say("These are not its last six characters.\n")
                .map_err(lost)?,
            None => {
                return Err(Error::new(
                    Code::Cancelled,
                    "nobody said to have the recovery key",
                    "repeat it: another key will be made",
                )
                .into());
            }
        }
    }
}
