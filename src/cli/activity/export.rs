//! `strongroom activity export`: the log as JSON Lines, or into the systemd journal, a page at a time.

use std::path::{Path, PathBuf};

use clap::Args;

use super::pages;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::output::to_json;
use crate::domain::audit::checkpoint::hex;
use crate::domain::audit::{AuditEntry, Outcome};
use crate::domain::text::{Email, Slug, escape};
use crate::system::journald::Journal;

/// What to export, and where to.
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// From this entry on
    #[arg(long, value_name = "SEQUENCE", default_value = "1")]
    from: u64,
    /// Up to this entry
    #[arg(long, value_name = "SEQUENCE")]
    to: Option<u64>,
    /// Those that contain it
    #[arg(long, value_name = "TEXT", default_value = "")]
    filter: String,
    /// Into the systemd journal instead of standard output; another socket than the system's can be named
    #[arg(long, value_name = "SOCKET", num_args = 0..=1, default_missing_value = "/run/systemd/journal/socket")]
    journald: Option<PathBuf>,
}

impl Export {
    /// Does it.
    pub(super) fn run(&self, context: &Context<'_>) -> Result<(), Failure> {
        let journal = self.journald.as_deref().map(open).transpose()?;
        let to = self.to.unwrap_or(u64::MAX);
        let mut count = 0;
        pages(
            context,
            &self.filter,
            self.from.saturating_sub(1),
            &mut |mut entries| {
                let is_last = entries.last().is_some_and(|entry| entry.sequence >= to);
                entries.retain(|entry| entry.sequence <= to);
                count += entries.len();
                let goes_on = match &journal {
                    Some(journal) => {
                        for entry in &entries {
                            journal.send(&fields(entry)).map_err(not_sent)?;
                        }
                        true
                    }
                    None => context.output.stream(&lines(&entries)?)?,
                };
                Ok(goes_on && !is_last)
            },
        )?;
        if journal.is_some() {
            context
                .output
                .note(&format!("{count} entries are in the journal"));
        }
        Ok(())
    }
}

fn lines(entries: &[AuditEntry]) -> Result<String, Failure> {
    entries.iter().map(to_json).collect()
}

fn open(path: &Path) -> Result<Journal, Failure> {
    Journal::open(path).map_err(|error| {
        Failure::io(
            format!("the journal's socket {} cannot be used: {error}", path.display()),
            "is journald running? leave --journald out, or name its socket",
        )
    })
}

fn not_sent(error: std::io::Error) -> Failure {
    Failure::io(
        format!("the journal did not take an entry: {error}"),
        "what came before is there; go on with --from",
    )
}

/// A sentence for `journalctl`, and every field of the entry under a name of its own.
fn fields(entry: &AuditEntry) -> Vec<(&'static str, String)> {
    let actor = &entry.actor;
    let who = actor
        .cashier
        .as_ref()
        .map_or(actor.os_user.as_str(), Email::as_str);
    let (priority, result) = match entry.result {
        Outcome::Done => ("5", "done"),
        Outcome::Refused => ("4", "refused"),
    };
    let text = |text: &str| escape(text).into_owned();
    vec![
        (
            "MESSAGE",
            text(&format!(
                "{who} {} {} {result}",
                entry.action.word(),
                entry.subject
            )),
        ),
        ("PRIORITY", priority.to_owned()),
        ("SYSLOG_IDENTIFIER", "strongroom".to_owned()),
        ("STRONGROOM_SEQUENCE", entry.sequence.to_string()),
        ("STRONGROOM_AT", entry.at.to_string()),
        (
            "STRONGROOM_CASHIER",
            actor.cashier.as_ref().map_or("", Email::as_str).to_owned(),
        ),
        (
            "STRONGROOM_ROLE",
            actor.role.map_or("", |role| role.word()).to_owned(),
        ),
        ("STRONGROOM_OS_USER", text(&actor.os_user)),
        ("STRONGROOM_UID", actor.uid.to_string()),
        (
            "STRONGROOM_ADDRESS",
            text(actor.address.as_deref().unwrap_or_default()),
        ),
        ("STRONGROOM_ACTION", entry.action.word().to_owned()),
        (
            "STRONGROOM_ORGANIZATION",
            entry.organization.as_ref().map_or("", Slug::as_str).to_owned(),
        ),
        ("STRONGROOM_SUBJECT", text(&entry.subject)),
        ("STRONGROOM_RESULT", result.to_owned()),
        ("STRONGROOM_REASON", text(&entry.reason)),
        ("STRONGROOM_REQUEST", entry.request.to_string()),
        ("STRONGROOM_PREVIOUS", hex(&entry.previous)),
        ("STRONGROOM_HASH", hex(&entry.hash)),
    ]
}
