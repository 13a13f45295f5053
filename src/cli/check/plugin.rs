//! The form that monitoring systems read: a line, `|`, figures, and further lines.

use std::fmt::Write as _;

use serde::Serialize;

use super::judge::{Found, Problem};
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::output::{to_json, write_out};
use crate::domain::text::escape;
use crate::domain::time::span;
use crate::service::Error;
use crate::service::response::Level;

/// It could not be told.
const UNKNOWN: u8 = 3;
/// Further lines: monitoring systems cut what is longer.
const LINES: usize = 50;

#[derive(Serialize)]
struct Shape<'a> {
    state: &'static str,
    #[serde(flatten)]
    found: &'a Found,
}

#[derive(Serialize)]
struct Unknown<'a> {
    state: &'static str,
    error: &'a Error,
}

/// Says what was found; the exit code.
pub(super) fn print(context: &Context<'_>, found: &Found) -> Result<u8, Failure> {
    let (exit, state) = match found.level() {
        None => (0, "OK"),
        Some(level @ Level::Warning) => (1, word(level)),
        Some(level @ Level::Critical) => (2, word(level)),
    };
    if context.output.json {
        context.output.json(&Shape { state, found })?;
    } else {
        context.output.text(&text(state, found))?;
    }
    Ok(exit)
}

/// Says what kept it from looking, where monitoring systems read: on standard output. The exit code.
pub fn unknown(json: bool, failure: &Failure) -> u8 {
    let error = &failure.error;
    let shape = Unknown {
        state: "UNKNOWN",
        error,
    };
    let text = match to_json(&shape) {
        Ok(line) if json => line,
        _ => {
            let said = format!("{}; {}", error.message, error.hint);
            format!("STRONGROOM UNKNOWN - {}\n", harmless(&said))
        }
    };
    // Whoever cannot be told learns it from the exit code.
    let _ = write_out(text.as_bytes());
    UNKNOWN
}

const fn word(level: Level) -> &'static str {
    match level {
        Level::Warning => "WARNING",
        Level::Critical => "CRITICAL",
    }
}

fn text(state: &str, found: &Found) -> String {
    let mut text = format!("STRONGROOM {state} - {} | {}\n", headline(found), figures(found));
    for problem in found.problems.iter().skip(1).take(LINES) {
        let Problem { level, message } = problem;
        // Writing into memory does not fail.
        let _ = writeln!(text, "{}: {}", word(*level), harmless(message));
    }
    if let Some(more) = found.problems.len().checked_sub(LINES + 2) {
        let _ = writeln!(text, "and {} more", more + 1);
    }
    text
}

fn headline(found: &Found) -> String {
    match (found.problems.as_slice(), found.next) {
        ([], None) => "no token ends".to_owned(),
        ([], Some(next)) => format!(
            "the next token ends in {}",
            span(chrono::TimeDelta::seconds(next))
        ),
        ([only], _) => harmless(&only.message),
        ([first, rest @ ..], _) => format!("{}, and {} more", harmless(&first.message), rest.len()),
    }
}

fn figures(found: &Found) -> String {
    let mut figures = format!("expiring={};;;0 expired={};;;0", found.expiring, found.expired);
    for (label, seconds) in [
        ("next", found.next),
        ("key_age", found.key_age),
        ("backup_age", found.backup_age),
    ] {
        if let Some(seconds) = seconds {
            let _ = write!(figures, " {label}={seconds}s");
        }
    }
    figures
}

/// `|` would begin the figures, and a line break another line.
fn harmless(text: &str) -> String {
    escape(text).replace('|', "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(problems: usize) -> Found {
        let mut found = Found {
            next: Some(90_000),
            ..Found::default()
        };
        (0..problems).for_each(|number| found.add(Level::Warning, format!("token-{number} | x\nends")));
        found
    }

    #[test]
    fn one_line_says_it_and_one_each_says_the_rest() {
        let said = text("WARNING", &found(3));
        let lines: Vec<&str> = said.lines().collect();
        assert_eq!(
            lines[0],
            "STRONGROOM WARNING - token-0 / x\\u{a}ends, and 2 more | expiring=0;;;0 expired=0;;;0 next=90000s"
        );
        assert_eq!(lines[1], "WARNING: token-1 / x\\u{a}ends");
        assert_eq!(lines.len(), 3);
    }

    #[test]
    fn there_are_only_so_many_lines_and_the_rest_is_counted() {
        assert_eq!(text("WARNING", &found(51)).lines().count(), 51);
        let said = text("WARNING", &found(60));
        assert_eq!(said.lines().count(), 52);
        assert!(said.ends_with("\nand 9 more\n"), "{said}");
    }

    #[test]
    fn where_all_is_well_the_next_end_is_told() {
        let said = text("OK", &found(0));
        assert!(
            said.starts_with("STRONGROOM OK - the next token ends in 1 d 1 h | "),
            "{said}"
        );
    }
}
