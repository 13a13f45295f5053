//! `strongroom activity`: the audit log.

mod export;
mod follow;

use clap::{Args, Subcommand};

use super::context::{Context, unexpected};
use super::failure::Failure;
use crate::domain::audit::{AuditEntry, Outcome};
use crate::domain::text::{Email, Slug};
use crate::service::response::ActivityPage;
use crate::service::{Request, Response};

/// Entries that are read at once.
const PAGE: usize = 1000;
/// Entries that are listed when nobody says how many.
const NEWEST: usize = 100;

/// The console's third tab, a list, or what else can be done.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Log {
    /// Entries that contain it
    #[arg(value_name = "FILTER")]
    filter: Vec<String>,
    #[command(subcommand)]
    command: Option<Activity>,
}

impl Log {
    /// Those entries that contain this.
    pub(super) const fn of(filter: Vec<String>) -> Self {
        Self {
            filter,
            command: None,
        }
    }

    /// What they contain, where nothing else is to be done.
    pub(super) fn filter(&self) -> Option<String> {
        self.command.is_none().then(|| self.filter.join(" "))
    }

    /// Does it.
    pub(super) fn run(&self, context: &Context<'_>) -> Result<(), Failure> {
        match &self.command {
            Some(command) => command.run(context),
            None => list(context, &self.filter.join(" "), None, NEWEST),
        }
    }
}

/// What can be done with the audit log.
#[derive(Debug, Subcommand)]
pub(super) enum Activity {
    /// List what was done, the newest first
    List {
        /// Those that contain it
        #[arg(long, value_name = "TEXT", default_value = "")]
        filter: String,
        /// Those before this entry
        #[arg(long, value_name = "SEQUENCE")]
        before: Option<u64>,
        /// How many to list at most
        #[arg(long, value_name = "N", default_value = "100")]
        limit: usize,
    },
    /// Print new entries as they come, until it is interrupted
    Follow(follow::Follow),
    /// Export entries as JSON Lines, the oldest first: every field, one entry a line
    Export(export::Export),
}

impl Activity {
    /// Does it.
    pub(super) fn run(&self, context: &Context<'_>) -> Result<(), Failure> {
        match self {
            Self::List {
                filter,
                before,
                limit,
            } => list(context, filter, *before, *limit),
            Self::Follow(follow) => follow.run(context),
            Self::Export(export) => export.run(context),
        }
    }
}

/// Lists entries, the newest first.
fn list(context: &Context<'_>, filter: &str, before: Option<u64>, limit: usize) -> Result<(), Failure> {
    let request = Request::ListActivity {
        filter: filter.to_owned(),
        before,
        limit,
    };
    let page = match context.ask(request)? {
        Response::Activity(page) => page,
        other => return Err(unexpected(&other)),
    };
    if context.output.json {
        // A list waits for no verification, and would have its verdict only now and then: `audit verify` has it.
        return context.output.json(&ActivityPage { chain: None, ..page });
    }
    let rows: Vec<Vec<String>> = page.entries.iter().map(cells).collect();
    let headings = [
        "ENTRY",
        "AT",
        "CASHIER",
        "HOST USER",
        "ACTION",
        "ORGANIZATION",
        "SUBJECT",
        "RESULT",
        "REASON",
    ];
    context.output.table(&headings, &rows)?;
    if let Some(next) = page.next {
        context.output.note(&format!("More: --before {next}"));
    }
    Ok(())
}

/// Hands all entries behind `after` to `take`, page by page, until it has enough; the log's
/// newest entry, or `None` when it had.
fn pages(
    context: &Context<'_>,
    filter: &str,
    after: u64,
    take: &mut dyn FnMut(Vec<AuditEntry>) -> Result<bool, Failure>,
) -> Result<Option<u64>, Failure> {
    let mut next = Some(after);
    let mut head = after;
    while let Some(after) = next {
        let request = Request::FollowActivity {
            filter: filter.to_owned(),
            after,
            limit: PAGE,
        };
        let page = match context.ask(request)? {
            Response::Activity(page) => page,
            other => return Err(unexpected(&other)),
        };
        (next, head) = (page.next, page.head);
        if !take(page.entries)? {
            return Ok(None);
        }
    }
    Ok(Some(head))
}

fn cells(entry: &AuditEntry) -> Vec<String> {
    let result = match entry.result {
        Outcome::Done => "done",
        Outcome::Refused => "refused",
    };
    let address = entry
        .actor
        .address
        .as_ref()
        .map_or_else(String::new, |address| format!("@{address}"));
    vec![
        entry.sequence.to_string(),
        entry.at.to_string(),
        entry.actor.cashier.as_ref().map_or("", Email::as_str).to_owned(),
        format!("{}{address}", entry.actor.os_user),
        entry.action.word().to_owned(),
        entry.organization.as_ref().map_or("", Slug::as_str).to_owned(),
        entry.subject.clone(),
        result.to_owned(),
        entry.reason.clone(),
    ]
}
