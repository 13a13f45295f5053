//! Draws the list with what stands below or beside it, or the opened token.

use ratatui::Frame;
use ratatui::layout::{Margin, Rect};
use ratatui::symbols::{border, line};
use ratatui::text::Line;
use ratatui::widgets::{Paragraph, Wrap};

use crate::console::app::Facts;
use crate::console::theme::Theme;
use crate::console::widgets::dialog;
use crate::console::widgets::dialog::framed;
use crate::console::widgets::table;
use crate::service::request::Show;

use super::list::List;
use super::model::Model;
use super::{detail, rows, strip, title};

/// From this width on, details stand beside the list.
const WIDE: u16 = 120;
/// The most facts of a row, and an empty line.
const FACTS: u16 = 17;
/// The rows of the shell above the screen, and all of its rows.
const SHELL: (u16, u16) = (2, 3);

/// Where everything is.
struct Places {
    /// The list's frame.
    frame: Rect,
    /// Its heads and rows.
    table: Rect,
    /// The lines below them.
    below: Option<Rect>,
    /// The frame beside them.
    beside: Option<Rect>,
}

fn places(area: Rect) -> Places {
    let side = if area.width >= WIDE {
        (area.width - 90).clamp(30, 60)
    } else {
        0
    };
    let frame = Rect {
        width: area.width - side,
        ..area
    };
    let inner = frame.inner(Margin::new(1, 1));
    if side > 0 {
        let beside = Rect {
            x: frame.right(),
            width: side,
            ..area
        };
        return Places {
            frame,
            table: inner,
            below: None,
            beside: Some(beside),
        };
    }
    let height = inner.height.saturating_sub(4);
    let below = Rect {
        y: inner.y + height,
        height: inner.height - height,
        ..frame
    };
    Places {
        frame,
        table: Rect { height, ..inner },
        below: Some(below),
        beside: None,
    }
}

fn body(facts: &Facts) -> Rect {
    let (above, all) = SHELL;
    Rect::new(0, above, facts.size.0, facts.size.1.saturating_sub(all))
}

/// How many rows of the list are on screen.
pub(super) fn room(facts: &Facts) -> usize {
    usize::from(places(body(facts)).table.height.saturating_sub(1))
}

/// Which row on screen a cell belongs to.
pub(super) fn row_at(facts: &Facts, column: u16, row: u16) -> Option<usize> {
    let table = places(body(facts)).table;
    let below = row.checked_sub(table.y + 1)?;
    table.contains((column, row).into()).then_some(usize::from(below))
}

/// Draws the screen.
pub fn view(model: &Model, facts: &Facts, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    if let Some(opened) = &model.opened {
        return detail::draw(opened, facts, theme, frame, area);
    }
    let list = &model.list;
    let places = places(area);
    title::draw(list, theme, frame, places.frame);
    draw_rows(list, facts, theme, frame, places.table);
    let selected = list.selected();
    let used = list
        .callers
        .as_deref()
        .filter(|used| selected.is_some_and(|row| row.id == used.row.id));
    if let Some(area) = places.below {
        draw_divider(theme, frame, area);
        if let Some(row) = selected {
            let lines = strip::below(row, used, facts, theme);
            let rows = Rect {
                y: area.y + 1,
                height: area.height - 1,
                ..area
            };
            draw_lines(&lines, theme, frame, rows.inner(Margin::new(2, 0)));
        }
    }
    if let Some(area) = places.beside {
        let title = selected.map_or_else(|| "Details".to_owned(), |row| row.name.to_string());
        let inner = framed(frame, theme, area, &title, theme.border).inner(Margin::new(1, 0));
        if let Some(row) = selected {
            let (known, more) = strip::beside(row, used, facts, theme);
            draw_lines(&known, theme, frame, inner);
            // Below the most facts that a token has.
            let below = Rect {
                y: inner.y + FACTS,
                height: inner.height.saturating_sub(FACTS),
                ..inner
            };
            frame.render_widget(
                Paragraph::new(more).wrap(Wrap { trim: false }),
                below.intersection(inner),
            );
        }
    }
}

/// Draws the line between the rows and what stands below them, tied to the frame.
fn draw_divider(theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let ties = if theme.glyphs.border == border::PLAIN {
        (line::NORMAL.vertical_right, line::NORMAL.vertical_left)
    } else {
        ("+", "+")
    };
    let width = usize::from(area.width);
    let rule = theme.glyphs.border.horizontal_top.repeat(width.saturating_sub(2));
    let rule = format!("{}{rule}{}", ties.0, ties.1);
    frame
        .buffer_mut()
        .set_stringn(area.x, area.y, rule, width, theme.border);
}

/// Draws lines one below the other, each cut to the width.
pub(super) fn draw_lines(lines: &[Line<'_>], theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    for (line, y) in lines.iter().zip(area.top()..area.bottom()) {
        let row = Rect { y, height: 1, ..area };
        frame.render_widget(Paragraph::new(line.clone()), row);
        if line.width() > usize::from(area.width) {
            frame
                .buffer_mut()
                .set_stringn(area.right() - 1, y, theme.glyphs.more, 1, theme.dim);
        }
    }
}

fn draw_rows(list: &List, facts: &Facts, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let columns = rows::columns(area.width);
    // The terminal may have another size since the last news.
    let mut window = list.window;
    window.fit(
        list.held.page().matching,
        usize::from(area.height.saturating_sub(1)),
    );
    let drawn: Vec<_> = window
        .visible()
        .map(|place| match list.held.at(place) {
            Some(row) => rows::row(
                row,
                &columns,
                list.marks.contains_key(&row.id),
                facts.now(),
                theme,
            ),
            None => rows::awaited(&columns, theme),
        })
        .collect();
    table::draw(frame, area, theme, &columns, &drawn, &window);
    let below = Rect {
        y: area.y + 2,
        height: area.height.saturating_sub(2),
        ..area
    };
    if let Some(error) = &list.failure {
        let foot = Rect {
            y: area.bottom().saturating_sub(2),
            height: 2,
            ..area
        };
        frame.render_widget(ratatui::widgets::Clear, foot);
        crate::console::form::draw_problem(frame, foot, theme, &error.message, &error.hint);
    } else if drawn.is_empty() && !list.is_awaited() {
        let text = empty(list, facts);
        let place = dialog::centred(below, below.width, 2);
        frame.render_widget(Paragraph::new(Line::styled(text, theme.dim)).centered(), place);
    }
}

/// What an empty list says: why it is empty, and what to do.
fn empty(list: &List, facts: &Facts) -> String {
    use crate::console::keymap::Command;
    let key = |command| facts.keymap.hint(command);
    if !list.query.text.is_empty() {
        return format!(
            "nothing contains this; {} takes the filter away",
            key(Command::Back)
        );
    }
    match list.query.show {
        Show::Live => format!(
            "no token works here yet: {} makes one, {} shows those that ended",
            key(Command::New),
            key(Command::ShowOthers)
        ),
        show => format!(
            "there are no {} tokens; {} shows others",
            title::shown(show),
            key(Command::ShowOthers)
        ),
    }
}
