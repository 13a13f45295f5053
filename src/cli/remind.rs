//! `strongroom remind`: when to be reminded of tokens that end, for people, programs and calendars.

use std::path::PathBuf;

use clap::Args;

use super::context::Context;
use super::failure::Failure;
use super::selection::{Selection, organizations_of};
use crate::reminder::{Reminder, calendar};
use crate::service::request::Show;
use crate::system::private_file;

/// What to be reminded of, and where.
#[derive(Debug, Args)]
pub struct Remind {
    /// Into this calendar file (RFC 5545), in the place of the one that was there
    #[arg(long, value_name = "FILE")]
    ics: Option<PathBuf>,
    #[command(flatten)]
    which: Selection,
}

impl Remind {
    /// Does it.
    pub(super) fn run(&self, context: &Context<'_>) -> Result<(), Failure> {
        let now = context.health()?.now;
        let mut reminders = Vec::new();
        for organization in organizations_of(context)? {
            self.which
                .each(context, &organization, (Show::Live, false), |row| {
                    reminders.extend(Reminder::of(row, &organization, now));
                    true
                })?;
        }
        reminders.sort_by_key(|reminder| (reminder.at, reminder.id));
        if let Some(path) = &self.ics {
            let calendar = calendar::of(&reminders, now);
            private_file::replace(path, calendar.as_bytes()).map_err(|error| {
                Failure::io(
                    format!("{} cannot be written: {error}", path.display()),
                    "name a file in a directory that you may write to",
                )
            })?;
            let count = reminders.len();
            return context
                .output
                .done(&format!("{count} reminders in {}", path.display()));
        }
        if context.output.json {
            return context.output.json(&reminders);
        }
        let rows: Vec<Vec<String>> = reminders
            .iter()
            .map(|reminder| {
                vec![
                    reminder.at.to_string(),
                    reminder.name.to_string(),
                    reminder.organization.to_string(),
                    reminder.service.to_string(),
                    reminder.environment.to_string(),
                    reminder.said(),
                ]
            })
            .collect();
        context
            .output
            .table(&["AT", "NAME", "ORGANIZATION", "SERVICE", "ENV", "WHAT"], &rows)
    }
}
