//! `strongroom seal`: what opens the store, and another in its place.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::context::Context;
use super::failure::Failure;
use super::secrets::{SignInArguments, Wanted};
use crate::gateway::{self, SealChoice, SealStatus};

/// What can be done with the seal.
#[derive(Debug, Subcommand)]
pub enum Seal {
    /// Show what opens the store; it need not be open for that
    Status,
    /// Seal the store with another passphrase or key file; admin
    Rotate(Rotate),
}

/// Another seal. Without an option a new passphrase is asked twice on the terminal.
#[derive(Debug, Args)]
pub struct Rotate {
    /// Seal it with a new key file, made here
    #[arg(long, value_name = "PATH", conflicts_with = "new_passphrase_file")]
    key_file: Option<PathBuf>,
    /// File with the new passphrase (0600, yours)
    #[arg(long, value_name = "PATH")]
    new_passphrase_file: Option<PathBuf>,
    #[command(flatten)]
    who: SignInArguments,
}

impl Seal {
    /// Does it.
    pub fn run(&self, context: &Context<'_>) -> Result<(), Failure> {
        match self {
            Self::Status => status(context),
            Self::Rotate(rotate) => rotate.run(context),
        }
    }
}

/// Before the store is open, for whoever wants to know what would open it.
pub(super) fn status(context: &Context<'_>) -> Result<(), Failure> {
    print(context, &context.gateway.seal()?)
}

fn print(context: &Context<'_>, status: &SealStatus) -> Result<(), Failure> {
    if context.output.json {
        return context.output.json(status);
    }
    let mut facts = vec![("sealed by", status.sealed_by.to_string())];
    if let gateway::Seal::Passphrase { memory_kib, passes } = status.sealed_by {
        facts.push((
            "a guess costs",
            format!("argon2id, {memory_kib} KiB, {passes} passes"),
        ));
    }
    facts.push(("epoch", status.epoch.to_string()));
    facts.push(("store", status.store.clone()));
    context.output.facts(&facts)
}

impl Rotate {
    fn run(&self, context: &Context<'_>) -> Result<(), Failure> {
        let before = context.gateway.seal()?;
        let session = context.sign_in(&self.who)?;
        let choice = match &self.key_file {
            Some(path) => SealChoice::KeyFile(path.clone()),
            None => SealChoice::Passphrase(self.passphrase().read()?),
        };
        let after = context.gateway.rotate_seal(Some(session), choice)?;
        context.output.note(&outdated(&before.sealed_by));
        if let gateway::Seal::KeyFile { path } = &after.sealed_by {
            context.output.note(&format!(
                "The key file {} opens the store now: keep a copy of it away from this machine.",
                path.display()
            ));
        }
        print(context, &after)
    }

    fn passphrase(&self) -> Wanted<'_> {
        Wanted {
            what: "the store's new passphrase".into(),
            file: self.new_passphrase_file.as_ref(),
            descriptor: None,
            option: "--new-passphrase-file or --key-file",
            is_new: true,
        }
    }
}

/// What becomes of the seal of before.
fn outdated(before: &gateway::Seal) -> String {
    let what = match before {
        gateway::Seal::Passphrase { .. } => "The old passphrase".to_owned(),
        other => format!("The {other}"),
    };
    format!("{what} opens this store no longer. It still opens copies and backups that were made before.")
}
