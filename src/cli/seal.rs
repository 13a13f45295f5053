//! `strongroom seal`: what opens the store, another in its place, and after a leak another keyring.

use std::path::{Path, PathBuf};

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
    /// Replace the keyring after a leak, and seal everything anew; admin
    ///
    /// For when somebody may have had both the keyring and its seal: `seal rotate` does not help then. Tokens, key pairs and
    /// passwords stay as they are; every key that protects them is new, and so is the seal. Nothing else may have the
    /// store open; a crash leaves the store of before or the new one, whole. What was read already stays known: rotate
    /// the key pairs of a store that was copied.
    Rekey(Rekey),
}

/// Another seal. Without an option a new passphrase is asked twice on the terminal.
#[derive(Debug, Args)]
pub struct Rotate {
    #[command(flatten)]
    seal: NewSeal,
    #[command(flatten)]
    who: SignInArguments,
}

/// Another keyring. Without an option a store that was sealed with a key file gets a new one beside it, and otherwise a new
/// passphrase is asked twice on the terminal.
#[derive(Debug, Args)]
pub struct Rekey {
    #[command(flatten)]
    seal: NewSeal,
    #[command(flatten)]
    who: SignInArguments,
}

#[derive(Debug, Args)]
struct NewSeal {
    /// Seal it with a new key file, made here
    #[arg(long, value_name = "PATH", conflicts_with = "new_passphrase_file")]
    key_file: Option<PathBuf>,
    /// File with the new passphrase (0600, yours)
    #[arg(long, value_name = "PATH")]
    new_passphrase_file: Option<PathBuf>,
}

impl Seal {
    /// Does it.
    pub fn run(&self, context: &Context<'_>) -> Result<(), Failure> {
        match self {
            Self::Status => status(context),
            Self::Rotate(rotate) => rotate.run(context),
            Self::Rekey(rekey) => rekey.run(context),
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
        let after = context
            .gateway
            .rotate_seal(Some(session), self.seal.choice(None)?)?;
        context.output.note(&outdated(&before.sealed_by));
        note_key_file(context, &after);
        print(context, &after)
    }
}

impl Rekey {
    fn run(&self, context: &Context<'_>) -> Result<(), Failure> {
        let before = context.gateway.seal()?;
        let session = context.sign_in(&self.who)?;
        let beside = match &before.sealed_by {
            gateway::Seal::KeyFile { path } => Some(beside(path, before.epoch + 1)),
            _ => None,
        };
        let choice = self.seal.choice(beside)?;
        let after = context.gateway.rekey(Some(session), choice)?;
        context.output.note(&outdated(&before.sealed_by));
        note_key_file(context, &after);
        context.output.note(
            "What the old keyring opens is removed from the store when it is opened the next time. Make a new backup, and destroy the older ones: the old keyring opens them.",
        );
        print(context, &after)
    }
}

impl NewSeal {
    /// What the options say; where they say nothing, a key file at `proposed`, or a passphrase.
    fn choice(&self, proposed: Option<PathBuf>) -> Result<SealChoice, Failure> {
        let proposed = proposed.filter(|_| self.new_passphrase_file.is_none());
        if let Some(path) = self.key_file.clone().or(proposed) {
            return Ok(SealChoice::KeyFile(path));
        }
        let wanted = Wanted {
            what: "the store's new passphrase".into(),
            file: self.new_passphrase_file.as_ref(),
            descriptor: None,
            option: "--new-passphrase-file or --key-file",
            is_new: true,
        };
        Ok(SealChoice::Passphrase(wanted.read()?))
    }
}

/// `seal.key` and 2 give `seal-2.key`, and that with 3 gives `seal-3.key`.
fn beside(path: &Path, epoch: u32) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let stem = stem
        .strip_suffix(&format!("-{}", epoch - 1))
        .unwrap_or(&stem)
        .to_owned();
    let mut name = format!("{stem}-{epoch}");
    if let Some(extension) = path.extension() {
        name = format!("{name}.{}", extension.to_string_lossy());
    }
    path.with_file_name(name)
}

fn note_key_file(context: &Context<'_>, after: &SealStatus) {
    if let gateway::Seal::KeyFile { path } = &after.sealed_by {
        context.output.note(&format!(
            "The key file {} opens the store now: keep a copy of it away from this machine.",
            path.display()
        ));
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
