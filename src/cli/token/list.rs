//! Looking at tokens: lists, and one in full.

use clap::Args;

use crate::cli::context::{Context, unexpected};
use crate::cli::failure::Failure;
use crate::cli::values;
use crate::domain::time::Timestamp;
use crate::domain::token::Status;
use crate::service::request::{Show, Sort, TokenQuery, TokenRef};
use crate::service::response::{FinishView, TokenDetail, TokenRow, UseFlag};
use crate::service::{Request, Response};

/// Which tokens, and in which order.
#[derive(Debug, Args)]
pub struct List {
    /// Those whose name, service, environment, variable, last four characters, cashier, owner or note contain it
    #[arg(long, value_name = "TEXT", default_value = "")]
    filter: String,
    /// Which of them
    #[arg(long, default_value = "live", value_parser = values::show())]
    show: Show,
    /// In which order
    #[arg(long, default_value = "expiry", value_parser = values::sort())]
    sort: Sort,
    /// The other way round
    #[arg(long)]
    descending: bool,
    /// How many of them to skip
    #[arg(long, value_name = "N", default_value = "0")]
    offset: usize,
    /// How many to list at most
    #[arg(long, value_name = "N", default_value = "1000")]
    limit: usize,
}

/// The console's second tab, or a list.
#[derive(Debug, Args)]
pub struct Tokens {
    /// Only those that end soon
    #[arg(long)]
    pub expiring: bool,
    /// Those whose name, service, environment, variable, last four characters, cashier, owner or note contain it
    #[arg(value_name = "FILTER")]
    filter: Vec<String>,
}

impl Tokens {
    /// Which tokens they are.
    #[must_use]
    pub const fn show(&self) -> Show {
        if self.expiring {
            Show::Only(Status::Expiring)
        } else {
            Show::Live
        }
    }

    /// What they contain.
    #[must_use]
    pub fn filter(&self) -> String {
        self.filter.join(" ")
    }

    /// The list.
    pub fn list(&self, context: &Context<'_>) -> Result<(), Failure> {
        let organization = context.organization.clone();
        list(
            context,
            TokenQuery {
                organization,
                text: self.filter(),
                show: self.show(),
                limit: 1000,
                ..TokenQuery::default()
            },
        )
    }
}

impl List {
    /// Prints it.
    pub fn run(&self, context: &Context<'_>) -> Result<(), Failure> {
        let query = TokenQuery {
            organization: context.organization.clone(),
            text: self.filter.clone(),
            show: self.show,
            sort: self.sort,
            descending: self.descending,
            offset: self.offset,
            limit: self.limit,
        };
        list(context, query)
    }
}

fn list(context: &Context<'_>, query: TokenQuery) -> Result<(), Failure> {
    let page = match context.ask(Request::ListTokens(query))? {
        Response::Tokens(page) => page,
        other => return Err(unexpected(&other)),
    };
    if context.output.json {
        return context.output.json(&page);
    }
    let rows: Vec<Vec<String>> = page.rows.iter().map(cells).collect();
    context.output.table(
        &["NAME", "ENV", "SERVICE", "STATUS", "ENDS", "LAST USED", "ID"],
        &rows,
    )?;
    let left = page.matching.saturating_sub(page.offset + page.rows.len());
    if left > 0 {
        context
            .output
            .note(&format!("{left} more: see --offset and --limit"));
    }
    Ok(())
}

fn cells(row: &TokenRow) -> Vec<String> {
    vec![
        row.name.to_string(),
        row.environment.to_string(),
        row.service.to_string(),
        status(row),
        row.ends_at.to_string(),
        row.last_used.map_or_else(|| "never".into(), |at| at.to_string()),
        row.id.to_string(),
    ]
}

fn status(row: &TokenRow) -> String {
    let word = row.status.word();
    if row.leaked {
        format!("{word} (leaked)")
    } else {
        word.to_owned()
    }
}

/// Everything about one token.
pub(super) fn show(context: &Context<'_>, token: &str) -> Result<(), Failure> {
    let detail = detail(context, TokenRef::parse(token))?;
    if context.output.json {
        return context.output.json(&detail);
    }
    context.output.facts(&facts(&detail))
}

/// Asks for everything about one token.
pub(super) fn detail(context: &Context<'_>, token: TokenRef) -> Result<Box<TokenDetail>, Failure> {
    match context.ask(Request::ShowToken {
        organization: context.organization.clone(),
        token,
    })? {
        Response::Token(detail) => Ok(detail),
        other => Err(unexpected(&other)),
    }
}

/// What has to happen before an overlap ends early.
fn finishes(finish: &FinishView) -> String {
    if !finish.counted {
        return "when it is quiet; at its end, as long as no daemon counts".to_owned();
    }
    if !finish.successor_seen {
        return "when it is quiet: the new token was never used yet".to_owned();
    }
    format!(
        "when it is quiet: silent since {}, at {} if nobody calls",
        finish.silent_since, finish.quiet_at
    )
}

fn facts(detail: &TokenDetail) -> Vec<(&'static str, String)> {
    let row = &detail.row;
    let at = |at: Option<Timestamp>| at.map_or_else(|| "never".into(), |at| at.to_string());
    let flag = match row.flag {
        Some(UseFlag::NeverUsed) => ", never used",
        Some(UseFlag::Dormant) => ", dormant",
        None => "",
    };
    let mut facts = vec![
        ("name", row.name.to_string()),
        ("id", row.id.to_string()),
        ("organization", detail.organization.to_string()),
        ("token", row.masked.clone()),
        ("status", format!("{}{flag}", status(row))),
        ("service", row.service.to_string()),
        ("environment", row.environment.to_string()),
        ("variable", row.variable.to_string()),
        (
            "minted",
            format!(
                "{} by {} for {}",
                row.minted_at,
                row.minted_by,
                row.lifetime.label()
            ),
        ),
        ("expires", row.expires_at.to_string()),
        ("owner", row.owner.to_string()),
    ];
    if let Some(note) = &row.note {
        facts.push(("note", note.to_string()));
    }
    if detail.own_warnings {
        facts.push(("warnings", row.warnings.to_string()));
    }
    if row.ends_at != row.expires_at {
        facts.push(("overlap ends", row.ends_at.to_string()));
    }
    if let Some(finish) = &detail.finish {
        facts.push(("finishes", finishes(finish)));
    }
    if !detail.allowed.is_empty() {
        let ranges: Vec<String> = detail.allowed.iter().map(ToString::to_string).collect();
        facts.push(("allowed from", ranges.join(", ")));
    }
    if !row.acknowledged {
        facts.push(("reveal", "never acknowledged: perhaps nobody has it".into()));
    }
    if let Some(revoked) = &detail.revoked {
        let why = revoked
            .reason
            .as_ref()
            .map_or_else(String::new, |reason| format!(": {reason}"));
        facts.push(("revoked", format!("{} by {}{why}", revoked.at, revoked.by)));
    }
    if let Some(until) = detail.restorable_until {
        facts.push(("can be restored until", until.to_string()));
    }
    if let Some(deleted) = detail.deleted_at {
        facts.push(("deleted", deleted.to_string()));
    }
    facts.push(("first used", at(detail.first_used)));
    facts.push(("last used", at(row.last_used)));
    facts.push(("uses", row.uses.to_string()));
    for caller in &detail.callers {
        facts.push((
            "caller",
            format!(
                "{} {} {}, last {}",
                caller.address, caller.agent, caller.count, caller.last
            ),
        ));
    }
    for link in detail.chain.iter().filter(|link| link.id != row.id) {
        facts.push((
            "rotation",
            format!("{} {} {}", link.id, link.status.word(), link.minted_at),
        ));
    }
    facts
}
