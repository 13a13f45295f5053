//! `strongroom restore`: a store made of a backup, where there is none or a damaged one.

use std::path::PathBuf;

use clap::Args;

use super::context::Context;
use super::failure::Failure;
use super::secrets::Wanted;
use crate::gateway::{BackupSource, DecryptedWith, RestoreReport, Seal, SealSecret};

/// Restore a backup where there is no store, or a damaged one.
#[derive(Debug, Args)]
pub struct Restore {
    /// The backup
    file: PathBuf,
    /// Read the backup to its end and say what would happen; nothing is written
    #[arg(long)]
    check: bool,
    /// File with the recovery key (0600, yours); asked on the terminal when left out
    #[arg(short, long, value_name = "PATH")]
    identity_file: Option<PathBuf>,
    /// The backup was made with a passphrase; asked on the terminal
    #[arg(long, conflicts_with = "identity_file")]
    passphrase: bool,
    /// File with that passphrase (0600, yours)
    #[arg(long, value_name = "PATH", conflicts_with = "identity_file")]
    backup_passphrase_file: Option<PathBuf>,
    /// Where the key file is that seals the store; without it, where it was when the backup was made
    #[arg(long, value_name = "PATH")]
    key_file: Option<PathBuf>,
}

impl Restore {
    /// Does it.
    pub fn run(&self, context: &Context<'_>) -> Result<(), Failure> {
        let source = BackupSource {
            path: self.file.clone(),
            with: self.decrypted_with()?,
        };
        let contents = context.gateway.look_at_backup(&source)?;
        let passphrase = match (&contents.sealed_by, &self.key_file) {
            (Seal::Passphrase { .. }, _) => Some(context.passphrase(false).read()?),
            _ => None,
        };
        let seal = SealSecret {
            passphrase,
            key_file: self.key_file.clone(),
        };
        let report = context.gateway.restore(&source, &seal, self.check)?;
        if context.output.json {
            return context.output.json(&report);
        }
        print(context, &report)
    }

    fn decrypted_with(&self) -> Result<DecryptedWith, Failure> {
        if self.passphrase || self.backup_passphrase_file.is_some() {
            let wanted = Wanted {
                what: "the backup's passphrase".into(),
                file: self.backup_passphrase_file.as_ref(),
                descriptor: None,
                option: "--backup-passphrase-file",
                is_new: false,
            };
            return Ok(DecryptedWith::Passphrase(wanted.read()?));
        }
        let wanted = Wanted {
            what: "the recovery key".into(),
            file: self.identity_file.as_ref(),
            descriptor: None,
            option: "--identity-file",
            is_new: false,
        };
        Ok(DecryptedWith::RecoveryKey(wanted.read()?))
    }
}

fn print(context: &Context<'_>, report: &RestoreReport) -> Result<(), Failure> {
    let mut facts = vec![
        ("backup of", report.backup.made_at.to_string()),
        ("its newest commit", report.backup.sequence.to_string()),
        ("restored to commit", report.sequence.to_string()),
        ("store", report.data_dir.display().to_string()),
    ];
    if let Some(aside) = &report.set_aside {
        facts.push(("the damaged one", aside.display().to_string()));
    }
    let tokens = match report.held {
        true => "held: what was revoked after the backup is not known",
        false => "work as before: the journal has all that came after the backup",
    };
    facts.push(("tokens", tokens.to_owned()));
    context.output.facts(&facts)?;
    if !report.done {
        context.output.note("Nothing was written.");
    } else if report.held {
        context.output.note(
            "Every token is refused until an admin releases them: revoke what was revoked after the backup, then run \
             `strongroom token release --all`.",
        );
    }
    Ok(())
}
