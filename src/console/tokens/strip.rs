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
pub(super) const LABEL: usize = 11;

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
        Span::styled(format!("  {}  ", rows::masked(row, theme)), theme.text),
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
    let third = match warning(row, used, facts, theme) {
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
pub(super) fn warning<'a>(
    row: &TokenRow,
    used: Option<&TokenDetail>,
    facts: &Facts,
    theme: &Theme,
) -> Option<Line<'a>> {
    let key = |command| facts.keymap.hint(command);
    let warn = theme.glyphs.warn;
    let text = match row.status {
        Status::Retiring => format!(
            "{warn} replaced: works for another {} {} {} opens the overlap",
            when::span(row.ends_at.since(facts.now())),
            theme.glyphs.dot,
            key(Command::Open)
        ),
        Status::Held => format!(
            "{warn} held since a backup was restored {} {} lets it work again",
            theme.glyphs.dot,
            key(Command::Release)
        ),
        status if status.is_live() && !row.acknowledged => format!(
            "{warn} never acknowledged: perhaps nobody has it {} {} revokes it",
            theme.glyphs.dot,
            key(Command::Invalidate)
        ),
        Status::Revoked if row.leaked => format!("{} revoked as leaked: never undone", theme.glyphs.danger),
        Status::Revoked => {
            let until = used?.restorable_until?;
            format!("{} undoes it until {}", key(Command::Restore), when::clock(until))
        }
        _ if row.flag == Some(UseFlag::Dormant) => format!(
            "{warn} dormant: silent for too long {} {} revokes it",
            theme.glyphs.dot,
            key(Command::Invalidate)
        ),
        _ => return None,
    };
    Some(Line::styled(
        text,
        if row.status.is_live() || row.status == Status::Held {
            theme.warn
        } else {
            theme.dim
        },
    ))
}

/// Everything that a row says, a fact a line; what goes on below a fact is indented by `indent`.
pub(super) fn facts_of<'a>(row: &TokenRow, indent: usize, facts: &Facts, theme: &Theme) -> Vec<Line<'a>> {
    let more = |text: String| Line::styled(format!("{:indent$}{text}", ""), theme.text);
    let offset = facts.utc_offset;
    let (status, style) = rows::status(row, theme);
    let mut lines = vec![
        Line::styled(rows::masked(row, theme), theme.text),
        Line::styled(status, style),
        Line::default(),
        fact("service", row.service.to_string(), theme),
        fact(
            "for",
            format!("{}, {}", row.environment, row.lifetime.label()),
            theme,
        ),
        fact("minted by", row.minted_by.to_string(), theme),
        more(when::exact(row.minted_at, offset)),
        fact("expires", when::relative(row.expires_at, facts.now()), theme),
        more(when::exact(row.expires_at, offset)),
    ];
    let variable = if indent < LABEL {
        vec![fact("variable", "", theme), more(row.variable.to_string())]
    } else {
        vec![fact("variable", row.variable.to_string(), theme)]
    };
    lines.splice(5..5, variable);
    if let Some(left) = rows::life_left(row, facts.now()) {
        lines.push(more(format!("{left} % of its life left")));
    }
    if row.ends_at != row.expires_at {
        lines.push(fact("retires", when::relative(row.ends_at, facts.now()), theme));
        lines.push(more(when::exact(row.ends_at, offset)));
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

/// The facts beside a list, each on a line of its own, so that a move changes few cells; and what to know and the
/// callers, which may be wrapped.
pub(super) fn beside<'a>(
    row: &TokenRow,
    used: Option<&TokenDetail>,
    facts: &Facts,
    theme: &Theme,
) -> (Vec<Line<'a>>, Vec<Line<'a>>) {
    let mut more: Vec<_> = warning(row, used, facts, theme).into_iter().collect();
    if let Some(used) = used.filter(|used| !used.callers.is_empty()) {
        more.push(Line::styled("callers", theme.dim));
        let by = used.callers.iter().take(8);
        more.extend(by.map(|caller| Line::styled(format!(" {}", callers::short(caller)), theme.text)));
    }
    (facts_of(row, 2, facts, theme), more)
}
