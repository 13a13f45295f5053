//! `strongroom backup`: backups, and whom they are encrypted to.

use clap::{Args, Subcommand};

use super::context::{Context, unexpected};
use super::failure::Failure;
use super::recovery::RecoveryArguments;
use super::secrets::SignInArguments;
use crate::domain::recovery::Recipient;
use crate::service::request::SessionId;
use crate::service::response::BackupsView;
use crate::service::{Code, Error, Request, Response};

/// Make a backup, or say whom backups are for.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Backup {
    #[command(subcommand)]
    part: Part,
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
        let Part::Recipient(part) = &self.part;
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
