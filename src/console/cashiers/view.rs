//! How the screen looks.

use ratatui::Frame;
use ratatui::layout::{Margin, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::model::Model;
use crate::console::app::Facts;
use crate::console::form::draw_problem;
use crate::console::theme::Theme;
use crate::console::when;
use crate::console::widgets::dialog::framed;
use crate::console::widgets::table::{self, Column, Row};
use crate::domain::cashier::Standing;
use crate::service::response::CashierRow;

/// Lines of the screen that are no rows: head, tabs, hints, the frame's two, the column heads, the detail's four.
const AROUND: u16 = 10;

/// How many cashiers a terminal of `size` shows.
pub(super) fn rows_of(size: (u16, u16)) -> usize {
    usize::from(size.1.saturating_sub(AROUND))
}

/// Which row on screen a row of the terminal is: head, tabs, the frame and the column heads are above them.
pub(super) fn row_at(size: (u16, u16), row: u16) -> Option<usize> {
    let place = usize::from(row.checked_sub(4)?);
    (place < rows_of(size)).then_some(place)
}

/// Draws it into `area`, which is everything between the tabs and the line of hints.
pub fn view(model: &Model, facts: &Facts, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let inside = framed(frame, theme, area, &title(model, theme), theme.border).inner(Margin::new(1, 0));
    if let Some(error) = &model.error {
        return draw_problem(frame, inside, theme, &error.message, &error.hint);
    }
    if model.loaded && model.rows.is_empty() {
        let line = Line::styled("No cashier fits this filter.", theme.dim);
        frame.render_widget(line, Rect { height: 1, ..inside });
        return draw_filter(model, theme, frame, inside);
    }
    let columns = [
        Column::new("E-MAIL", 26).flexible(),
        Column::new("ROLE", 9),
        Column::new("STANDING", 13),
        Column::new("SIGN-IN", 18),
    ];
    let mut window = model.window;
    window.fit(model.rows.len(), rows_of((area.width, area.height + 3)));
    let visible = model.rows.get(window.visible()).unwrap_or_default();
    let rows: Vec<_> = visible.iter().map(|row| cells(row, facts, theme)).collect();
    let list = Rect {
        height: inside.height.saturating_sub(4),
        ..inside
    };
    table::draw(frame, list, theme, &columns, &rows, &window);
    if let Some(row) = model.selected() {
        let below = Rect {
            y: list.bottom(),
            height: inside.bottom() - list.bottom(),
            ..inside
        };
        detail(row, facts, theme, frame, below);
    }
    draw_filter(model, theme, frame, inside);
}

/// `Cashiers · 2 of 4 · by role ↑ · /ada`
fn title(model: &Model, theme: &Theme) -> String {
    if !model.loaded {
        return "Cashiers".to_owned();
    }
    let dot = theme.glyphs.dot;
    let arrow = if model.descending {
        theme.glyphs.descending
    } else {
        theme.glyphs.ascending
    };
    let order = format!("by {} {arrow}", model.sort.word());
    if model.filter.is_empty() {
        return format!("Cashiers {dot} {} {dot} {order}", model.count());
    }
    let (shown, all) = (model.rows.len(), model.count());
    format!(
        "Cashiers {dot} {shown} of {all} {dot} {order} {dot} /{}",
        model.filter.text()
    )
}

/// The filter in the last row, while it is typed.
fn draw_filter(model: &Model, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    if !model.typing {
        return;
    }
    let row = Rect {
        y: area.bottom().saturating_sub(1),
        height: 1,
        ..area
    };
    frame.render_widget(Line::styled("/", theme.key), row);
    let field = Rect {
        x: row.x + 1,
        width: row.width.saturating_sub(1),
        ..row
    };
    model
        .filter
        .draw(frame, field, theme, true, "e-mail, role or standing");
}

fn cells(row: &CashierRow, facts: &Facts, theme: &Theme) -> Row {
    let (sign, style) = standing(row.standing, theme);
    let sign_in = match (row.blocked_until, row.failures) {
        (Some(until), _) => {
            let left = when::span(until.since(facts.now()));
            (format!("{} blocked, {left}", theme.glyphs.danger), theme.danger)
        }
        (None, 0) => (String::new(), theme.text),
        (None, failures) => (format!("{} {failures} failed", theme.glyphs.warn), theme.warn),
    };
    Row {
        cells: vec![
            (row.email.to_string(), theme.text),
            (row.role.word().to_owned(), theme.text),
            (format!("{sign} {}", row.standing.word()), style),
            sign_in,
        ],
        marked: false,
    }
}

fn standing(standing: Standing, theme: &Theme) -> (&'static str, Style) {
    match standing {
        Standing::Enrolled => (theme.glyphs.good, theme.good),
        Standing::Invited => (theme.glyphs.unchosen, theme.text),
        Standing::Lapsed => (theme.glyphs.warn, theme.warn),
        Standing::Disabled => (theme.glyphs.danger, theme.dim),
    }
}

/// What it can do at the moment, and until when.
pub(super) fn standing_words(row: &CashierRow, facts: &Facts) -> String {
    match (row.standing, row.code_expires_at) {
        (Standing::Enrolled, _) => "enrolled: signs in with its password".to_owned(),
        (Standing::Invited, Some(at)) => format!(
            "has a code until {}, and no password yet",
            when::exact(at, facts.utc_offset)
        ),
        (Standing::Invited, None) => "has no password yet".to_owned(),
        (Standing::Lapsed, _) => {
            "its code ran out before it set a password: reset it for a new one".to_owned()
        }
        (Standing::Disabled, _) => "disabled: may not sign in".to_owned(),
    }
}

fn detail(row: &CashierRow, facts: &Facts, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let rule = theme.glyphs.border.horizontal_top.repeat(usize::from(area.width));
    let what = match row.standing {
        Standing::Enrolled => format!("{}: {}", row.role.word(), row.role.purpose()),
        _ => standing_words(row, facts),
    };
    let added = format!(
        "added {} by {}",
        when::exact(row.created_at, facts.utc_offset),
        row.created_by
    );
    let lines = [
        Line::styled(rule, theme.border),
        Line::from(vec![
            Span::styled(row.email.to_string(), theme.accent),
            Span::styled(format!("  {what}"), theme.text),
        ]),
        Line::styled(added, theme.dim),
    ];
    for (line, y) in lines.into_iter().zip(area.top()..area.bottom()) {
        frame.render_widget(line, Rect { y, height: 1, ..area });
    }
}
