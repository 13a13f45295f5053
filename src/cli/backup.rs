//! `strongroom backup`: backups, and whom they are encrypted to.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::context::{Context, unexpected};
use super::failure::Failure;
use super::recovery::RecoveryArguments;
use super::secrets::{SignInArguments, Wanted};
use crate::domain::recovery::Recipient;
use crate::gateway::ask_and_wait;
use crate::service::request::{MakeBackup, SessionId};
use crate::service::response::BackupsView;
use crate::service::{Code, Error, Request, Response};

/// Make a backup, or say whom backups are for.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Backup {
    #[command(subcommand)]
    part: Option<Part>,
    /// A new file; or a directory, which gets a file with its time in the name and keeps the newest seven
    #[arg(value_name = "FILE|DIR", default_value = ".")]
    place: PathBuf,
    /// Encrypt it to the holder of this key too, age1...
    #[arg(long, value_name = "RECIPIENT")]
    recipient: Vec<String>,
    /// Encrypt it with a passphrase instead; asked twice on the terminal
    #[arg(long, conflicts_with = "recipient")]
    passphrase: bool,
    /// File with that passphrase (0600, yours)
    #[arg(long, value_name = "PATH", conflicts_with = "recipient")]
    backup_passphrase_file: Option<PathBuf>,
    #[command(flatten)]
    who: SignInArguments,
}

#[derive(Debug, Subcommand)]
enum Part {
    /// Whom backups are encrypted to
    #[command(subcommand)]
    Recipient(RecipientPart),
}

#[derive(Debug, Subcommand)]
enum RecipientPart {
    /// Show it, and the last backup
    Show,
    /// Encrypt to the holder of another recovery key from now on
    Set {
        /// The public half of the key, age1...
        recipient: String,
        #[command(flatten)]
        who: SignInArguments,
    },
    /// Make a new recovery key, and encrypt to it from now on
    New {
        #[command(flatten)]
        recovery: RecoveryArguments,
        #[command(flatten)]
        who: SignInArguments,
    },
}

impl Backup {
    /// Does it.
    pub fn run(&self, context: &Context<'_>) -> Result<(), Failure> {
        let Some(Part::Recipient(part)) = &self.part else {
            return self.make(context);
        };
        match part {
            RecipientPart::Show => show(context),
            RecipientPart::Set { recipient, who } => {
                let recipient = parse(recipient)?;
                set(context, context.sign_in(who)?, recipient)
            }
            RecipientPart::New { recovery, who } => {
                recovery.check()?;
                // Before the key is shown: nobody writes down what is then refused.
                let session = context.sign_in(who)?;
                match recovery.hand_over(context)? {
                    Some(recipient) => set(context, session, recipient).inspect_err(|_| recovery.take_back()),
                    None => Err(Failure::usage(
                        "without a recovery key there is no recipient",
                        "leave --no-recovery-key out",
                    )),
                }
            }
        }
    }
}

impl Backup {
    fn make(&self, context: &Context<'_>) -> Result<(), Failure> {
        let recipients = self
            .recipient
            .iter()
            .map(|text| parse(text))
            .collect::<Result<_, _>>()?;
        let wants_passphrase = self.passphrase || self.backup_passphrase_file.is_some();
        let passphrase = wants_passphrase.then(|| {
            Wanted {
                what: "the backup's passphrase".into(),
                file: self.backup_passphrase_file.as_ref(),
                descriptor: None,
                option: "--backup-passphrase-file",
                is_new: true,
            }
            .read()
        });
        let request = Request::MakeBackup(MakeBackup {
            place: self.place.clone(),
            recipients,
            passphrase: passphrase.transpose()?,
        });
        // The store's owner needs no password: a nightly job has none.
        let session = match &self.who.cashier {
            Some(_) => Some(context.sign_in(&self.who)?),
            None => None,
        };
        match &*ask_and_wait(context.gateway, session, request)? {
            Response::BackedUp(made) if context.output.json => context.output.json(made),
            Response::BackedUp(made) if context.output.quiet => {
                context.output.table(&[], &[vec![made.path.clone()]])
            }
            Response::BackedUp(made) => context.output.facts(&[
                ("backup", made.path.clone()),
                ("made", made.at.to_string()),
                ("commit", made.sequence.to_string()),
            ]),
            other => Err(unexpected(other)),
        }
    }
}

/// A recipient as somebody typed it.
pub(super) fn parse(text: &str) -> Result<Recipient, Failure> {
    text.parse().map_err(|error| {
        Failure::usage(
            format!("{error}: {}", crate::domain::text::escape(text)),
            "give the public half of a recovery key",
        )
    })
}

fn set(context: &Context<'_>, session: SessionId, recipient: Recipient) -> Result<(), Failure> {
    context
        .gateway
        .ask(Some(session), Request::SetRecipient { recipient })?;
    context
        .output
        .done("Backups are encrypted to it from now on; earlier ones still open with the earlier key.")
}

fn show(context: &Context<'_>) -> Result<(), Failure> {
    let view = match context.ask(Request::ShowBackups)? {
        Response::Backups(view) => view,
        other => return Err(unexpected(&other)),
    };
    if context.output.json {
        return context.output.json(&view);
    }
    let BackupsView { backups, hold } = view;
    let recipient = backups.recipient.as_ref().map(ToString::to_string);
    if context.output.quiet {
        let recipient = recipient.ok_or_else(none)?;
        return context.output.table(&[], &[vec![recipient]]);
    }
    let mut lines = vec![("recipient", recipient.unwrap_or_else(|| "none".to_owned()))];
    match &backups.last {
        Some(last) => lines.push((
            "last backup",
            format!("{}, commit {}, {}", last.at, last.sequence, last.path),
        )),
        None => lines.push(("last backup", "none".to_owned())),
    }
    if let Some(hold) = &hold {
        lines.push((
            "held",
            format!("tokens minted up to {}, since a restore", hold.since),
        ));
    }
    context.output.facts(&lines)
}

fn none() -> Failure {
    Error::new(
        Code::NotFound,
        "backups are for nobody yet",
        "make a recovery key: strongroom backup recipient new",
    )
    .into()
}
