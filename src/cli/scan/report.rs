//! How what was found is told: one line each, or one line of JSON for all.

use serde::Serialize;

use super::finding::{Leak, Standing};
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::domain::text::Slug;
use crate::service::response::{KeyHolder, TokenRow};

const HEADINGS: [&str; 8] = [
    "WHERE", "WHAT", "STATUS", "NAME", "SERVICE", "ORG", "LAST USE", "COMMIT",
];

/// What `scan --json` prints.
#[derive(Serialize)]
struct Report<'a> {
    /// What was found, by place.
    findings: Vec<Shown<'a>>,
    /// How many files, or versions of files, were searched.
    searched: u64,
    /// What could not be searched, and why.
    unread: &'a [String],
}

/// One of what was found.
#[derive(Serialize)]
struct Shown<'a> {
    /// `token` or `private_key`.
    kind: &'static str,
    path: &'a str,
    line: u64,
    column: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<&'a str>,
    /// Which it is, never whole.
    masked: String,
    /// `live`, `ended`, `held`, `unknown` to the store, or `unasked`.
    standing: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    organization: Option<&'a Slug>,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<&'a TokenRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a KeyHolder>,
}

/// Prints everything that was found.
pub(super) fn print(
    context: &Context<'_>,
    leaks: &[Leak],
    searched: u64,
    unread: &[String],
) -> Result<(), Failure> {
    if context.output.json {
        return context.output.json(&Report {
            findings: leaks.iter().map(shown).collect(),
            searched,
            unread,
        });
    }
    if !leaks.is_empty() {
        let rows: Vec<Vec<String>> = leaks.iter().map(row).collect();
        context.output.table(&HEADINGS, &rows)?;
    }
    for unread in unread {
        context.output.note(&format!("not searched: {unread}"));
    }
    let files = if searched == 1 { "file" } else { "files" };
    context
        .output
        .note(&format!("{} found in {searched} {files}.", leaks.len()));
    Ok(())
}

fn shown(leak: &Leak) -> Shown<'_> {
    let of_token = leak.token.as_ref();
    let of_key = leak.key.as_ref();
    Shown {
        kind: if leak.is_key() { "private_key" } else { "token" },
        path: &leak.place.path,
        line: leak.place.line,
        column: leak.place.column,
        commit: leak.place.commit.as_deref(),
        masked: leak.masked(),
        standing: leak.standing.word(),
        organization: of_token
            .map(|(slug, _)| slug)
            .or(of_key.map(|key| &key.organization)),
        details: of_token.map(|(_, row)| row),
        key: of_key,
    }
}

fn row(leak: &Leak) -> Vec<String> {
    let place = &leak.place;
    let mut cells = vec![
        format!("{}:{}:{}", place.path, place.line, place.column),
        leak.masked(),
    ];
    match (&leak.token, &leak.key) {
        (Some((slug, row)), _) => cells.extend([
            if row.leaked {
                format!("{}, leaked", row.status.word())
            } else {
                row.status.word().to_owned()
            },
            row.name.to_string(),
            row.service.to_string(),
            slug.to_string(),
            row.last_used
                .map_or_else(|| "never used".to_owned(), |at| at.to_string()),
        ]),
        (None, Some(holder)) => cells.extend([
            match &holder.key.replaced {
                None => "active".to_owned(),
                Some((at, _)) => format!("replaced at {at}"),
            },
            format!("private key, generation {}", holder.key.generation),
            String::new(),
            holder.organization.to_string(),
            String::new(),
        ]),
        (None, None) => {
            let status = if leak.standing == Standing::Unasked {
                "checksum fits"
            } else {
                "unknown here"
            };
            cells.push(status.to_owned());
            cells.resize(HEADINGS.len() - 1, String::new());
        }
    }
    cells.push(place.commit.as_deref().unwrap_or_default().to_owned());
    cells
}
