//! Draws the opened token.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Margin, Rect};
use ratatui::text::{Line, Span};

use crate::console::app::Facts;
use crate::console::form::draw_problem;
use crate::console::keymap::Command;
use crate::console::theme::Theme;
use crate::console::tokens::strip::{LABEL, fact, facts_of, warning};
use crate::console::tokens::view::draw_lines;
use crate::console::tokens::{callers, rows};
use crate::console::when;
use crate::console::widgets::dialog::framed;
use crate::console::widgets::wrapped;
use crate::domain::id::TokenId;
use crate::domain::text::escape;
use crate::service::response::{TokenDetail, TokenRow};

use super::{Opened, board};

/// From this width on, use and callers stand beside the facts.
const WIDE: u16 = 110;
/// How much of that the facts have, in hundredths.
const LEFT: u16 = 46;

/// Draws it.
pub(in crate::console::tokens) fn draw(
    opened: &Opened,
    facts: &Facts,
    theme: &Theme,
    frame: &mut Frame<'_>,
    area: Rect,
) {
    let board = opened.board();
    let name = opened
        .row()
        .map_or_else(|| opened.id.to_string(), |row| row.name.to_string());
    let title = if board.is_some() {
        format!("{name} {} cutover", theme.glyphs.separator)
    } else {
        name
    };
    let inner = framed(
        frame,
        theme,
        area,
        &format!("API Tokens {} {title}", theme.glyphs.separator),
        theme.focus,
    )
    .inner(Margin::new(1, 0));
    if let Some(error) = &opened.failure {
        return draw_problem(frame, inner, theme, &error.message, &error.hint);
    }
    if let Some((old, new)) = board {
        return board::draw(old, new, facts, theme, frame, inner);
    }
    let Some(detail) = &opened.detail else { return };
    let share = if inner.width >= WIDE { LEFT } else { 100 };
    let left = left((opened, detail), inner.width * share / 100, facts, theme);
    let (left_area, lines) = if inner.width >= WIDE {
        let [left_area, right_area] = Layout::horizontal([Constraint::Percentage(LEFT), Constraint::Fill(1)])
            .spacing(2)
            .areas(inner);
        let right = right(detail, right_area.width, facts, theme);
        draw_lines(from(&right, opened.scroll, right_area), theme, frame, right_area);
        (left_area, left)
    } else {
        let mut lines = left;
        lines.push(Line::default());
        lines.extend(right(detail, inner.width, facts, theme));
        (inner, lines)
    };
    let shown = from(&lines, opened.scroll, left_area);
    draw_lines(shown, theme, frame, left_area);
    let below = lines.len().saturating_sub(usize::from(opened.scroll)) > usize::from(left_area.height);
    if below && inner.width < WIDE {
        let more = format!(" {} ", facts.keymap.hint(Command::Down) + " shows more");
        let x = area
            .right()
            .saturating_sub(u16::try_from(more.len()).unwrap_or(0) + 2);
        frame
            .buffer_mut()
            .set_stringn(x, area.bottom() - 1, &more, more.len(), theme.dim);
    }
}

/// The lines from the scrolled one on, without scrolling past the end.
fn from<'a, 'b>(lines: &'a [Line<'b>], scroll: u16, area: Rect) -> &'a [Line<'b>] {
    let most = lines.len().saturating_sub(usize::from(area.height));
    &lines[usize::from(scroll).min(most)..]
}

/// The overlap, the facts, and the chain.
fn left<'a>(
    (opened, detail): (&Opened, &TokenDetail),
    width: u16,
    facts: &Facts,
    theme: &Theme,
) -> Vec<Line<'a>> {
    let mut lines = Vec::new();
    if let Some((old, _)) = opened.overlap() {
        lines.extend(overlap(old, facts, theme));
    } else {
        lines.extend(warning(&detail.row, Some(detail), facts, theme));
    }
    lines.extend(facts_of(&detail.row, LABEL, facts, theme));
    lines.push(fact("id", detail.row.id.to_string(), theme));
    for (place, ranges) in detail.allowed.chunks(2).enumerate() {
        let texts: Vec<String> = ranges.iter().map(ToString::to_string).collect();
        let label = if place == 0 { "from" } else { "" };
        lines.push(fact(label, texts.join(", "), theme));
    }
    lines.push(fact("owner", detail.row.owner.to_string(), theme));
    if let Some(note) = &detail.row.note {
        let room = usize::from(width).saturating_sub(LABEL + 2);
        for (place, text) in wrapped(&escape(note.as_str()), room).into_iter().enumerate() {
            lines.push(fact(if place == 0 { "note" } else { "" }, text, theme));
        }
    }
    if detail.own_warnings {
        lines.push(fact("warnings", detail.row.warnings.to_string(), theme));
    }
    if let Some(first) = detail.first_used {
        lines.push(fact("first used", when::exact(first, facts.utc_offset), theme));
    }
    if let Some(revoked) = &detail.revoked {
        let how = if revoked.leaked {
            "revoked as leaked"
        } else {
            "revoked"
        };
        let why = revoked
            .reason
            .as_ref()
            .map_or_else(String::new, |reason| format!(": {reason}"));
        lines.push(fact("ended", format!("{how} by {}{why}", revoked.by), theme));
        lines.push(fact("", when::exact(revoked.at, facts.utc_offset), theme));
    }
    if let Some(at) = detail.deleted_at {
        lines.push(fact("deleted", when::exact(at, facts.utc_offset), theme));
    }
    if detail.chain.len() > 1 {
        lines.push(Line::default());
        lines.push(Line::styled("rotations, the oldest first", theme.head));
        lines.extend(detail.chain.iter().map(|row| link(row, detail.row.id, theme)));
    }
    lines
}

fn link<'a>(row: &TokenRow, shown: TokenId, theme: &Theme) -> Line<'a> {
    let sign = if row.id == shown {
        theme.glyphs.selected
    } else {
        " "
    };
    let (status, style) = rows::status(row, theme);
    Line::from(vec![
        Span::styled(format!("{sign} {}  ", rows::masked(row, theme)), theme.text),
        Span::styled(format!("{status:<11}"), style),
        Span::styled(format!(" {}", row.minted_at.utc().format("%Y-%m-%d")), theme.dim),
    ])
}

/// That an overlap runs, and where it is watched.
fn overlap<'a>(old: &TokenDetail, facts: &Facts, theme: &Theme) -> Vec<Line<'a>> {
    let text = format!(
        "{} both work, the old one for {}",
        theme.glyphs.warn,
        when::left(old.row.ends_at.since(facts.now())),
    );
    let where_seen = format!("  {} opens the cutover board", facts.keymap.hint(Command::Open));
    vec![
        Line::styled(text, theme.warn),
        Line::styled(where_seen, theme.warn),
        Line::default(),
    ]
}

/// Use by day and by caller.
fn right<'a>(detail: &TokenDetail, width: u16, facts: &Facts, theme: &Theme) -> Vec<Line<'a>> {
    let trend = rows::trend(&detail.days_90, usize::from(width.min(90)), theme);
    let (hour, calls) = rows::last_hour(detail, usize::from(width), theme);
    let most = detail.days_90.iter().max().copied().unwrap_or(0);
    let today = detail.days_90.last().copied().unwrap_or(0);
    let mut lines = vec![
        Line::styled("calls a day, 90 days up to today", theme.head),
        Line::styled(
            if trend.is_empty() {
                "none".to_owned()
            } else {
                trend
            },
            theme.text,
        ),
        Line::styled(
            format!("today {}, most {}", when::count(today), when::count(most)),
            theme.dim,
        ),
        Line::default(),
        Line::styled("calls a minute, the last hour", theme.head),
        Line::styled(hour, theme.text),
        Line::styled(format!("in all {}", when::count(calls)), theme.dim),
        Line::default(),
        Line::styled("callers, the latest first", theme.head),
    ];
    if detail.callers.is_empty() {
        lines.push(Line::styled("nobody yet", theme.dim));
    }
    lines.extend(
        detail
            .callers
            .iter()
            .map(|caller| Line::styled(callers::long(caller, facts.now()), theme.text)),
    );
    lines
}
