//! How a token looks as a row of the list.

use chrono::TimeDelta;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use crate::console::theme::Theme;
use crate::console::when;
use crate::console::widgets::fitted;
use crate::console::widgets::table::{Column, Row};
use crate::domain::time::Timestamp;
use crate::domain::token::Status;
use crate::service::response::{TokenDetail, TokenRow, UseFlag};

/// Cells that the table takes before the first column, and between two.
const SIGNS: u16 = 3;
const GAP: u16 = 2;
/// The list's width from which on it has a column for the service.
const WITH_SERVICE: u16 = 88;

/// The columns of a list `width` cells across.
pub(super) fn columns(width: u16) -> Vec<Column> {
    // Bars are three bytes each, twice for each move of the cursor: no more of them than two days need.
    let trend = if width >= 116 { 15 } else { 7 };
    let mut others = vec![
        Column::new("ENV", 7),
        Column::new("STATUS", 10),
        Column::new("EXPIRES", 11),
        Column::new("LAST USED", 11),
        Column::new("30 DAYS", trend),
    ];
    if width >= WITH_SERVICE {
        others.insert(0, Column::new("SERVICE", if width >= 110 { 16 } else { 10 }));
    }
    let taken: u16 = others.iter().map(|column| column.width + GAP).sum();
    let mut columns = vec![Column::new("NAME", width.saturating_sub(SIGNS + taken).max(12))];
    columns.append(&mut others);
    columns
}

/// A token's cells in those columns.
pub(super) fn row(row: &TokenRow, columns: &[Column], marked: bool, now: Timestamp, theme: &Theme) -> Row {
    let ended = !row.status.is_live();
    let plain = if ended { theme.dim } else { theme.text };
    let cell = |column: &Column| match column.head {
        "NAME" => name(row, usize::from(column.width), theme),
        "SERVICE" => (row.service.to_string(), plain),
        "ENV" => (row.environment.to_string(), plain),
        "STATUS" => status(row, theme),
        "EXPIRES" => (ends(row, now), plain),
        "LAST USED" => last_used(row, now, theme),
        _ => (trend(&row.days, usize::from(column.width), theme), theme.dim),
    };
    Row {
        cells: columns.iter().map(cell).collect(),
        marked,
    }
}

/// A row that is not held yet.
pub(super) fn awaited(columns: &[Column], theme: &Theme) -> Row {
    let cell = |_: &Column| (theme.glyphs.more.to_owned(), theme.dim);
    Row {
        cells: columns.iter().map(cell).collect(),
        marked: false,
    }
}

/// The name, and behind it what tells two of one name apart: the name gives way, not the sign.
fn name(row: &TokenRow, width: usize, theme: &Theme) -> (String, Style) {
    let live = row.status.is_live();
    let (sign, style) = match (row.replaced_by, row.acknowledged) {
        (Some(_), _) => (" (old)", theme.dim),
        (None, false) if live => (" (unack.)", theme.warn),
        (None, _) if live => ("", theme.text),
        (None, _) => ("", theme.dim),
    };
    let name = fitted(row.name.as_str(), width.saturating_sub(sign.width()), theme);
    (name + sign, style)
}

/// The status as sign and word.
pub(super) fn status(row: &TokenRow, theme: &Theme) -> (String, Style) {
    let word = if row.leaked && row.status == Status::Revoked {
        "leaked"
    } else {
        row.status.word()
    };
    (
        format!("{} {word}", theme.glyphs.status(row.status)),
        theme.status(row.status),
    )
}

/// Which token it is, without its secret: `fincode_prod_…x7Qm`.
pub(super) fn masked(row: &TokenRow, theme: &Theme) -> String {
    row.masked.replace('…', theme.glyphs.more)
}

/// When it ends, or ended, by itself.
fn ends(row: &TokenRow, now: Timestamp) -> String {
    match row.status {
        // When that was, the opened token says.
        Status::Revoked | Status::Deleted => "-".to_owned(),
        _ => when::relative(row.ends_at, now),
    }
}

fn last_used(row: &TokenRow, now: Timestamp, theme: &Theme) -> (String, Style) {
    let text = row
        .last_used
        .map_or_else(|| "never".to_owned(), |at| when::relative(at, now));
    match row.flag {
        Some(UseFlag::Dormant) => (format!("{text} {}", theme.glyphs.warn), theme.warn),
        Some(UseFlag::NeverUsed) => (text, theme.dim),
        None if row.status.is_live() => (text, theme.text),
        None => (text, theme.dim),
    }
}

/// Counts per day as a line of `width` bars; several days a bar where there are more days.
pub(super) fn trend(days: &[u64], width: usize, theme: &Theme) -> String {
    if days.iter().all(|&count| count == 0) {
        return String::new();
    }
    let per_bar = days.len().div_ceil(width.max(1)).max(1);
    // The last bar is the present: what does not divide is missing at the beginning.
    let sums: Vec<u64> = days.rchunks(per_bar).rev().map(|bar| bar.iter().sum()).collect();
    theme.glyphs.sparkline(&sums)
}

/// The calls of the last hour as a trend of `width` bars at most, the last one the present; and how many they are.
pub(super) fn last_hour(detail: &TokenDetail, width: usize, theme: &Theme) -> (String, u64) {
    let minutes: Vec<u64> = detail.minutes_60.iter().map(|&count| count.into()).collect();
    let trend = trend(&minutes, width.min(minutes.len()), theme);
    let trend = if trend.is_empty() {
        "none".to_owned()
    } else {
        trend
    };
    (trend, minutes.iter().sum())
}

/// How much of its life a token has left, in percent; `None` when it has ended.
pub(super) fn life_left(row: &TokenRow, now: Timestamp) -> Option<i64> {
    let whole = row.expires_at.since(row.minted_at).num_milliseconds().max(1);
    let left = row.expires_at.since(now);
    (left > TimeDelta::zero()).then(|| (left.num_milliseconds().saturating_mul(100) / whole).min(100))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::theme::Look;

    #[test]
    fn bars_end_with_today() {
        let theme = Theme::new(Look {
            ascii: true,
            ..Look::default()
        });
        let mut days = vec![0; 30];
        days[29] = 8;
        assert_eq!(trend(&days, 7, &theme), "_____#".to_owned());
        assert_eq!(trend(&days, 30, &theme).len(), 30);
        assert_eq!(trend(&[0; 30], 7, &theme), "");
    }

    #[test]
    fn the_columns_fill_the_list_and_no_more() {
        for width in [78, 87, 88, 92, 118, 120, 200] {
            let columns = columns(width);
            let gaps = GAP * u16::try_from(columns.len() - 1).unwrap();
            let sum: u16 = columns.iter().map(|column| column.width).sum();
            assert_eq!(SIGNS + gaps + sum, width);
        }
    }
}
