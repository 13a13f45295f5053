//! Draws the cutover board: the old and the new token of a running overlap side by side, who still calls with the old
//! one, and what is left until it retires.

use std::iter::repeat;

use chrono::TimeDelta;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use crate::console::app::Facts;
use crate::console::keymap::Command;
use crate::console::theme::Theme;
use crate::console::tokens::view::draw_lines;
use crate::console::tokens::{callers, rows};
use crate::console::when;
use crate::console::widgets::fitted;
use crate::domain::time::Timestamp;
use crate::domain::usage::Caller;
use crate::service::response::{FinishView, TokenDetail};

use super::sides::{Side, Sides, side};

/// From this width of a side on, a caller takes one line.
const ONE_LINE: usize = 52;

/// Draws it.
pub(super) fn draw(
    old: &TokenDetail,
    new: &TokenDetail,
    facts: &Facts,
    theme: &Theme,
    frame: &mut Frame<'_>,
    area: Rect,
) {
    let head = head(old, new, facts, theme);
    let [above, below] = Layout::vertical([
        Constraint::Length(u16::try_from(head.len()).unwrap_or(u16::MAX)),
        Constraint::Min(0),
    ])
    .areas(area);
    draw_lines(&head, theme, frame, above);
    let [left, right] = Layout::horizontal([Constraint::Fill(1), Constraint::Fill(1)])
        .spacing(2)
        .areas(below);
    let begun = new.row.minted_at;
    let sign = |caller: &Caller| match side(caller, &new.callers, begun) {
        Side::StillOld => (theme.glyphs.warn, theme.warn),
        Side::Moved => (theme.glyphs.good, theme.dim),
        Side::Unseen => (theme.glyphs.dot, theme.text),
    };
    let lines = one(("Old", old), &sign, facts, theme, left);
    draw_lines(&lines, theme, frame, left);
    let plain = |_: &Caller| (theme.glyphs.good, theme.text);
    let lines = one(("New", new), &plain, facts, theme, right);
    draw_lines(&lines, theme, frame, right);
}

/// The countdown, who has moved, and what ends it.
fn head<'a>(old: &TokenDetail, new: &TokenDetail, facts: &Facts, theme: &Theme) -> Vec<Line<'a>> {
    let (ends, now) = (old.row.ends_at, facts.now());
    let countdown = format!("The old one works for another {}", when::left(ends.since(now)));
    vec![
        Line::from(vec![
            Span::styled(countdown, theme.warn),
            Span::styled(
                format!(", until {}", when::exact(ends, facts.utc_offset)),
                theme.text,
            ),
        ]),
        moved(&Sides::of(old, new), old.row.uses, now, theme),
        Line::styled(
            format!("  {}", finish(old.finish.as_ref(), ends, facts, theme)),
            theme.text,
        ),
        Line::default(),
    ]
}

/// `still on old: 2 callers, the latest 40 s ago`.
fn moved<'a>(sides: &Sides, uses: u64, now: Timestamp, theme: &Theme) -> Line<'a> {
    let glyphs = theme.glyphs;
    let also = |count: usize, what: &str| match count {
        0 => String::new(),
        _ => format!("; {count} {what}"),
    };
    if let Some(latest) = sides.latest {
        let text = format!(
            "{} still on old: {}, the latest {}{}{}",
            glyphs.warn,
            callers_of(sides.still_old),
            when::relative(latest, now),
            also(sides.moved, "moved"),
            also(sides.unseen, "not seen since"),
        );
        return Line::styled(text, theme.warn);
    }
    let (text, style) = match (sides.moved, sides.unseen) {
        (0, 0) if uses == 0 => ("nobody ever called with the old one".to_owned(), theme.text),
        (0, 0) => (
            "nobody is known to have called with the old one".to_owned(),
            theme.text,
        ),
        (1, 0) => ("its one caller has moved to the new one".to_owned(), theme.good),
        (moved, 0) => (
            format!("all {moved} callers have moved to the new one"),
            theme.good,
        ),
        (moved, unseen) => (
            format!(
                "not seen since the rotation: {}{}",
                callers_of(unseen),
                also(moved, "moved")
            ),
            theme.text,
        ),
    };
    let sign = if sides.unseen > 0 { glyphs.dot } else { glyphs.good };
    Line::styled(format!("{sign} {text}"), style)
}

fn calls(count: u64) -> String {
    format!("{} call{}", when::count(count), if count == 1 { "" } else { "s" })
}

fn callers_of(count: usize) -> String {
    format!("{count} caller{}", if count == 1 { "" } else { "s" })
}

/// What ends the overlap before its end, and how far that is.
fn finish(finish: Option<&FinishView>, ends: Timestamp, facts: &Facts, theme: &Theme) -> String {
    let now = facts.now();
    let latest = when::clock(ends);
    match finish {
        None => format!(
            "retires at its end {} {} lets it finish when quiet",
            theme.glyphs.dot,
            facts.keymap.hint(Command::ExtendOverlap)
        ),
        Some(finish) if !finish.counted => {
            "finish when quiet: no daemon counts now, so it retires at its end".to_owned()
        }
        Some(finish) if !finish.successor_seen => {
            "finish when quiet: nobody has called with the new one yet".to_owned()
        }
        Some(finish) => {
            let silence = when::left(TimeDelta::seconds(finish.needed_seconds));
            let at = if finish.quiet_at < ends {
                format!(" ({})", when::clock(finish.quiet_at))
            } else {
                String::new()
            };
            let latest = if ends.since(now) < TimeDelta::days(1) {
                format!(", {latest} at the latest")
            } else {
                String::new()
            };
            format!(
                "quiet since {}; retires at {silence} of silence{at}{latest}",
                when::left(now.since(finish.silent_since))
            )
        }
    }
}

/// One side: which token, its use, who calls with it.
fn one<'a>(
    (what, detail): (&str, &TokenDetail),
    sign: &dyn Fn(&Caller) -> (&'static str, Style),
    facts: &Facts,
    theme: &Theme,
    area: Rect,
) -> Vec<Line<'a>> {
    let (row, now, width) = (&detail.row, facts.now(), usize::from(area.width));
    let (status, style) = rows::status(row, theme);
    let last = row.last_used.map_or_else(
        || "never used".to_owned(),
        |at| format!("last used {}", when::relative(at, now)),
    );
    let mut lines = vec![
        Line::from(vec![
            Span::styled(format!("{what}  "), theme.head),
            Span::styled(rows::masked(row, theme), theme.text),
            Span::styled(format!("  {status}"), style),
        ]),
        Line::styled(
            format!("{last} {} {}", theme.glyphs.dot, calls(row.uses)),
            theme.text,
        ),
        hour(detail, width, theme),
        Line::default(),
    ];
    if detail.callers.is_empty() {
        lines.push(Line::styled("nobody has called with it", theme.dim));
    }
    let height = usize::from(area.height).saturating_sub(lines.len());
    let each = if width >= ONE_LINE { 1 } else { 2 };
    let fit = if detail.callers.len() * each <= height {
        detail.callers.len()
    } else {
        height.saturating_sub(1) / each
    };
    let last_hour = detail.callers_last_hour.iter().copied().chain(repeat(0));
    for (caller, hour) in detail.callers[..fit].iter().zip(last_hour) {
        lines.extend(called((caller, hour), sign(caller), width, now, theme));
    }
    let more = detail.callers.len() - fit;
    if more > 0 {
        lines.push(Line::styled(format!("  and {more} more"), theme.dim));
    }
    lines
}

/// The calls of the last hour, minute by minute where there is room.
fn hour<'a>(detail: &TokenDetail, width: usize, theme: &Theme) -> Line<'a> {
    let (trend, calls) = rows::last_hour(detail, width.saturating_sub(20), theme);
    Line::from(vec![
        Span::styled("last hour  ", theme.dim),
        Span::styled(trend, theme.text),
        Span::styled(format!("  {}", when::count(calls)), theme.dim),
    ])
}

/// A caller on one line where there is room, else on two; and how often it called within the last hour.
fn called<'a>(
    (caller, hour): (&Caller, u64),
    (sign, style): (&'static str, Style),
    width: usize,
    now: Timestamp,
    theme: &Theme,
) -> Vec<Line<'a>> {
    let who = callers::who(caller);
    let (count, within) = if hour > 0 {
        (hour, "last hour")
    } else {
        (caller.count, "in all")
    };
    let much = format!(
        "{} {within}, {}",
        when::count(count),
        when::relative(caller.last, now)
    );
    if width >= ONE_LINE {
        // As wide as it mostly is, so that who calls is not cut elsewhere each second.
        let much = format!("{much:>26}");
        let room = width.saturating_sub(2 + much.len() + 2);
        let who = fitted(&who, room, theme);
        let gap = room.saturating_sub(who.width()) + 2;
        return vec![Line::from(vec![
            Span::styled(format!("{sign} {who}{:gap$}", ""), style),
            Span::styled(much, theme.dim),
        ])];
    }
    vec![
        Line::styled(
            format!("{sign} {}", fitted(&who, width.saturating_sub(2), theme)),
            style,
        ),
        Line::styled(format!("  {much}"), theme.dim),
    ]
}
