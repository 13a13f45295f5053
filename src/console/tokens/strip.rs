//! What stands below the list, or beside it: the token under the cursor in a few lines.
//!
//! Who calls with it is asked for once the cursor rests, so that moves ask nothing.

use ratatui::text::{Line, Span};

use crate::console::app::Facts;
use crate::console::keymap::Command;
use crate::console::theme::Theme;
use crate::console::when;
use crate::domain::token::Status;
use crate::service::response::{TokenDetail, TokenRow, UseFlag};

use super::{callers, rows};

/// The column that labels take beside a list or in the opened token.
const LABEL: usize = 10;

/// The three lines below a list.
pub(super) fn below<'a>(
    row: &TokenRow,
    used: Option<&TokenDetail>,
    facts: &Facts,
    theme: &Theme,
) -> [Line<'a>; 3] {
    let dot = theme.glyphs.dot;
    let first = vec![
        Span::styled(row.name.to_string(), theme.title),
        Span::styled(format!("  {}  ", row.masked), theme.text),
        Span::styled(
            format!("{}, minted by {}", row.lifetime.label(), row.minted_by),
            theme.dim,
        ),
    ];
    let calls = when::count(row.uses);
    let second = match rows::life_left(row, facts.now()) {
        Some(left) if row.status.is_live() => format!(
            "expires {}, {left} % of its life left {dot} {calls} calls",
            when::exact(row.expires_at, facts.utc_offset)
        ),
        _ => format!(
            "{}, expiry {} {dot} {calls} calls",
            row.status.word(),
            when::exact(row.expires_at, facts.utc_offset)
        ),
    };
    let third = match warning(row, facts, theme) {
        Some(warning) => warning,
        None => {
            let by: Vec<_> = used
                .map(|used| used.callers.iter().take(3).map(callers::short).collect())
                .unwrap_or_default();
            let line = if by.is_empty() {
                String::new()
            } else {
                format!("callers: {}", by.join(&format!(" {dot} ")))
            };
            Line::styled(line, theme.text)
        }
    };
    [Line::from(first), Line::styled(second, theme.text), third]
}

/// What to know before everything else, and which key helps.
pub(super) fn warning<'a>(row: &TokenRow, facts: &Facts, theme: &Theme) -> Option<Line<'a>> {
    let key = |command| facts.keymap.hint(command);
    let warn = theme.glyphs.warn;
    let text = match row.status {
        Status::Retiring => format!(
            "{warn} replaced: both work until {} {} {} opens the overlap",
            when::clock(row.ends_at),
            theme.glyphs.dot,
            key(Command::Open)
        ),
        status if status.is_live() && !row.acknowledged => format!(
            "{warn} never acknowledged: perhaps nobody has it {} {} revokes it",
            theme.glyphs.dot,
            key(Command::Invalidate)
        ),
        Status::Revoked if row.leaked => format!("{} revoked as leaked: never undone", theme.glyphs.danger),
        Status::Revoked => format!("{} undoes a revocation within 60 minutes", key(Command::Restore)),
        _ if row.flag == Some(UseFlag::Dormant) => format!(
            "{warn} dormant: silent for too long {} {} revokes it",
            theme.glyphs.dot,
            key(Command::Invalidate)
        ),
        _ => return None,
    };
    Some(Line::styled(
        text,
        if row.status.is_live() {
            theme.warn
        } else {
            theme.dim
        },
    ))
}

/// Everything that a row says, a fact a line.
pub(super) fn facts_of<'a>(row: &TokenRow, facts: &Facts, theme: &Theme) -> Vec<Line<'a>> {
    let offset = facts.utc_offset;
    let (status, style) = rows::status(row, theme);
    let mut lines = vec![
        Line::styled(row.masked.clone(), theme.text),
        Line::styled(status, style),
        Line::default(),
        fact("service", row.service.to_string(), theme),
        fact(
            "for",
            format!("{}, {}", row.environment, row.lifetime.label()),
            theme,
        ),
        fact("variable", row.variable.to_string(), theme),
        fact("minted by", row.minted_by.to_string(), theme),
        fact("", when::exact(row.minted_at, offset), theme),
        fact("expires", when::relative(row.expires_at, facts.now()), theme),
        fact("", when::exact(row.expires_at, offset), theme),
    ];
    if let Some(left) = rows::life_left(row, facts.now()) {
        lines.push(fact("", format!("{left} % of its life left"), theme));
    }
    if row.ends_at != row.expires_at {
        lines.push(fact("retires", when::relative(row.ends_at, facts.now()), theme));
        lines.push(fact("", when::exact(row.ends_at, offset), theme));
    }
    let last = row
        .last_used
        .map_or_else(|| "never".to_owned(), |at| when::relative(at, facts.now()));
    lines.push(fact("last used", last, theme));
    lines.push(fact("calls", when::count(row.uses), theme));
    lines
}

/// A label and what it is about.
pub(super) fn fact<'a>(label: &'static str, value: impl Into<String>, theme: &Theme) -> Line<'a> {
    Line::from(vec![
        Span::styled(format!("{label:<LABEL$}"), theme.dim),
        Span::styled(value.into(), theme.text),
    ])
}

/// The lines beside a list.
pub(super) fn beside<'a>(
    row: &TokenRow,
    used: Option<&TokenDetail>,
    facts: &Facts,
    theme: &Theme,
) -> Vec<Line<'a>> {
    let mut lines = facts_of(row, facts, theme);
    lines.push(Line::default());
    lines.extend(warning(row, facts, theme));
    if let Some(used) = used.filter(|used| !used.callers.is_empty()) {
        lines.push(Line::styled("callers", theme.dim));
        let by = used.callers.iter().take(8);
        lines.extend(by.map(|caller| Line::styled(format!(" {}", callers::short(caller)), theme.text)));
    }
    lines
}
