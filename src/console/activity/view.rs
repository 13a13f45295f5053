//! How the screen looks.

use ratatui::Frame;
use ratatui::layout::{Margin, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::model::Model;
use super::title;
use crate::console::app::Facts;
use crate::console::form::draw_problem;
use crate::console::theme::Theme;
use crate::console::when;
use crate::console::widgets::table::{self, Column, Row};
use crate::domain::audit::{AuditEntry, Outcome};

/// Lines of the screen that are no rows: head, tabs, hints, the frame's two, the column heads, the filter's.
const AROUND: u16 = 7;
/// Lines that say that the log is not what was written.
const BAD: u16 = 2;
/// The terminal's row of the first entry: below head, tabs, the frame and the column heads.
const FIRST_ROW: u16 = 4;
/// The width from which the reason has a column.
const WIDE: u16 = 110;
/// The width from which the entry's number and the address have one, too.
const WIDER: u16 = 150;

/// How many entries a terminal of `size` shows; fewer where the log is bad.
pub(super) fn rows_of(size: (u16, u16), is_bad: bool) -> usize {
    usize::from(size.1.saturating_sub(AROUND + if is_bad { BAD } else { 0 }))
}

/// The terminal's row of the first entry.
pub(super) const fn first_row(model: &Model) -> u16 {
    FIRST_ROW + if model.is_bad() { BAD } else { 0 }
}

/// Draws it into `area`, which is everything between the tabs and the line of hints.
pub fn view(model: &Model, facts: &Facts, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    title::draw(model, theme, frame, area);
    let inside = Rect::new(
        area.x + 1,
        area.y + 1,
        area.width.saturating_sub(2),
        area.height.saturating_sub(2),
    )
    .inner(Margin::new(1, 0));
    let last = Rect {
        y: inside.bottom().saturating_sub(1),
        height: 1,
        ..inside
    };
    draw_filter(model, theme, frame, last);
    let bad = if model.is_bad() { BAD.min(inside.height) } else { 0 };
    title::draw_warning(
        model,
        theme,
        frame,
        Rect {
            height: bad,
            ..inside
        },
    );
    let list = Rect {
        y: inside.y + bad,
        height: inside.height.saturating_sub(1 + bad),
        ..inside
    };
    if let Some(error) = &model.error {
        return draw_problem(frame, list, theme, &error.message, &error.hint);
    }
    if model.loaded && model.held.entries().is_empty() {
        let text = if model.is_searching() {
            "Looking for it."
        } else {
            "Nothing that was done fits this filter."
        };
        return frame.render_widget(Line::styled(text, theme.dim), list);
    }
    let shown = columns(area.width, facts.organizations.len() > 1);
    let heads: Vec<Column> = shown.iter().map(|(column, _)| *column).collect();
    let mut window = model.window;
    window.fit(
        model.held.entries().len(),
        rows_of((area.width, area.height + 3), model.is_bad()),
    );
    let visible = model.held.entries().get(window.visible()).unwrap_or_default();
    let row = |entry: &AuditEntry| Row {
        cells: shown.iter().map(|(_, cell)| cell(entry, facts, theme)).collect(),
        marked: false,
    };
    let rows: Vec<Row> = visible.iter().map(row).collect();
    table::draw(frame, list, theme, &heads, &rows, &window);
}

type Cell = fn(&AuditEntry, &Facts, &Theme) -> (String, Style);

/// The columns that have room, each with what it shows of an entry.
fn columns(width: u16, several: bool) -> Vec<(Column, Cell)> {
    let (wide, wider) = (width >= WIDE, width >= WIDER);
    let who = match (wide, several) {
        (true, _) => 20,
        (false, true) => 14,
        (false, false) => 16,
    };
    let all: [(bool, Column, Cell); 8] = [
        (wider, Column::new("ENTRY", 9).right(), |entry, _, theme| {
            (when::count(entry.sequence), theme.dim)
        }),
        (true, Column::new("AGO", 7), |entry, facts, theme| {
            (when::span(facts.now().since(entry.at)), theme.dim)
        }),
        (true, Column::new("WHO", who), |entry, _, theme| {
            (who_did(entry), theme.text)
        }),
        (
            several || wide,
            Column::new("ORG", if wide { 12 } else { 8 }),
            |entry, _, theme| {
                let slug = entry.organization.as_ref();
                (slug.map(ToString::to_string).unwrap_or_default(), theme.text)
            },
        ),
        (true, Column::new("ACTION", if wide { 26 } else { 24 }), action),
        (true, Column::new("SUBJECT", 8).flexible(), |entry, _, theme| {
            (entry.subject.clone(), theme.text)
        }),
        (
            wide,
            Column::new("REASON", if wider { 30 } else { 20 }),
            |entry, _, theme| (entry.reason.clone(), theme.dim),
        ),
        (wider, Column::new("FROM", 16), |entry, _, theme| {
            (entry.actor.address.clone().unwrap_or_default(), theme.dim)
        }),
    ];
    let fits = all.into_iter().filter(|(fits, ..)| *fits);
    fits.map(|(_, column, cell)| (column, cell)).collect()
}

/// What was refused has a sign and a colour of its own.
fn action(entry: &AuditEntry, _: &Facts, theme: &Theme) -> (String, Style) {
    let word = entry.action.word();
    match entry.result {
        Outcome::Refused => (format!("{} {word}", theme.glyphs.danger), theme.danger),
        Outcome::Done => (word.to_owned(), theme.text),
    }
}

/// The cashier, or the account where there was none.
pub(super) fn who_did(entry: &AuditEntry) -> String {
    match &entry.actor.cashier {
        Some(email) => email.to_string(),
        None => format!("({})", entry.actor.os_user),
    }
}

fn draw_filter(model: &Model, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    if !model.typing && model.filter.is_empty() {
        return;
    }
    frame.render_widget(Line::from(vec![Span::styled("/", theme.key)]), area);
    let field = Rect {
        x: area.x + 1,
        width: area.width.saturating_sub(1),
        ..area
    };
    model.filter.draw(
        frame,
        field,
        theme,
        model.typing,
        "action, person, subject or reason",
    );
}
