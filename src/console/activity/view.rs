//! How the screen looks.

use ratatui::Frame;
use ratatui::layout::{Margin, Rect};
use ratatui::text::{Line, Span};

use super::model::Model;
use crate::console::app::Facts;
use crate::console::form::draw_problem;
use crate::console::theme::Theme;
use crate::console::when;
use crate::console::widgets::dialog::framed;
use crate::console::widgets::table::{self, Column, Row};
use crate::domain::audit::{AuditEntry, Outcome};

/// Lines of the screen that are no rows: head, tabs, hints, the frame's two, the column heads, the filter's.
const AROUND: u16 = 7;
/// The width from which the reason has a column.
const WIDE: u16 = 110;
/// The width from which the address has one, too.
const WIDER: u16 = 140;

/// The terminal's row of the first entry: below head, tabs, the frame and the column heads.
pub(super) const FIRST_ROW: u16 = 4;

/// How many entries a terminal of `size` shows.
pub(super) fn rows_of(size: (u16, u16)) -> usize {
    usize::from(size.1.saturating_sub(AROUND))
}

/// Draws it into `area`, which is everything between the tabs and the line of hints.
pub fn view(model: &Model, facts: &Facts, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let filter = if model.filter.is_empty() {
        String::new()
    } else {
        format!(" {} /{}", theme.glyphs.dot, model.filter.text())
    };
    let title = format!(
        "Activity {} {} entries, the newest first{filter}",
        theme.glyphs.dot,
        when::count(model.head)
    );
    let inside = framed(frame, theme, area, &title, theme.border).inner(Margin::new(1, 0));
    let last = Rect {
        y: inside.bottom().saturating_sub(1),
        height: 1,
        ..inside
    };
    draw_filter(model, theme, frame, last);
    let list = Rect {
        height: inside.height.saturating_sub(1),
        ..inside
    };
    if let Some(error) = &model.error {
        return draw_problem(frame, list, theme, &error.message, &error.hint);
    }
    if model.loaded && model.entries.is_empty() {
        return frame.render_widget(
            Line::styled("Nothing that was done fits this filter.", theme.dim),
            list,
        );
    }
    let wide = area.width >= WIDE;
    let mut columns = vec![
        Column::new("AGO", 9),
        Column::new("WHO", if wide { 24 } else { 16 }),
        Column::new("ACTION", 24),
        Column::new("SUBJECT", 8).flexible(),
    ];
    if wide {
        columns.push(Column::new("REASON", 26));
    }
    if area.width >= WIDER {
        columns.push(Column::new("FROM", 16));
    }
    let mut window = model.window;
    window.fit(model.entries.len(), rows_of((area.width, area.height + 3)));
    let visible = model.entries.get(window.visible()).unwrap_or_default();
    let rows: Vec<_> = visible.iter().map(|entry| row(entry, facts, theme)).collect();
    table::draw(frame, list, theme, &columns, &rows, &window);
}

fn row(entry: &AuditEntry, facts: &Facts, theme: &Theme) -> Row {
    let refused = entry.result == Outcome::Refused;
    let (action, style) = if refused {
        (
            format!("{} {}", theme.glyphs.danger, entry.action.word()),
            theme.danger,
        )
    } else {
        (entry.action.word().to_owned(), theme.text)
    };
    // Columns that do not fit are not there, and their cells not drawn.
    let cells = vec![
        (when::span(facts.now().since(entry.at)), theme.dim),
        (who(entry), theme.text),
        (action, style),
        (entry.subject.clone(), theme.text),
        (entry.reason.clone(), theme.dim),
        (entry.actor.address.clone().unwrap_or_default(), theme.dim),
    ];
    Row { cells, marked: false }
}

/// The cashier, or the account where there was none.
pub(super) fn who(entry: &AuditEntry) -> String {
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
