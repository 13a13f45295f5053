//! Draws the list with what stands below or beside it, or the opened token.

use ratatui::Frame;
use ratatui::layout::{Margin, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::console::app::Facts;
use crate::console::theme::Theme;
use crate::console::widgets::dialog::framed;
use crate::console::widgets::field::Field;
use crate::console::widgets::table;
use crate::console::widgets::{dialog, fitted};
use crate::service::request::Show;

use super::list::List;
use super::model::Model;
use super::{detail, rows, strip};

/// From this width on, details stand beside the list.
const WIDE: u16 = 120;
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
        (area.width - 90).clamp(30, 48)
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
    Places {
        frame,
        table: Rect { height, ..inner },
        below: Some(Rect {
            y: inner.y + height,
            height: inner.height - height,
            ..inner
        }),
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
    framed(frame, theme, places.frame, &counts(list, theme), theme.border);
    draw_order(list, theme, frame, places.frame);
    draw_rows(list, facts, theme, frame, places.table);
    let selected = list.selected();
    let used = list
        .callers
        .as_deref()
        .filter(|used| selected.is_some_and(|row| row.id == used.row.id));
    if let Some(area) = places.below {
        let line = theme.glyphs.border.horizontal_top.repeat(usize::from(area.width));
        frame
            .buffer_mut()
            .set_stringn(area.x, area.y, line, usize::from(area.width), theme.border);
        if let Some(row) = selected {
            let lines = strip::below(row, used, facts, theme).to_vec();
            draw_lines(
                &lines,
                theme,
                frame,
                Rect {
                    y: area.y + 1,
                    height: area.height - 1,
                    ..area
                },
            );
        }
    }
    if let Some(area) = places.beside {
        let title = selected.map_or_else(|| "Details".to_owned(), |row| row.name.to_string());
        let inner = framed(frame, theme, area, &title, theme.border).inner(Margin::new(1, 0));
        if let Some(row) = selected {
            draw_lines(&strip::beside(row, used, facts, theme), theme, frame, inner);
        }
    }
}

/// Draws lines one below the other, each cut to the width.
pub(super) fn draw_lines(lines: &[Line<'_>], theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let area = if area.width > 2 && area.x == 1 {
        area.inner(Margin::new(1, 0))
    } else {
        area
    };
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

/// `API Tokens ─ 7 active · 3 expiring · 1 retiring`
fn counts(list: &List, theme: &Theme) -> String {
    let page = list.held.page();
    let (counts, dot) = (&page.counts, theme.glyphs.dot);
    let mut title = format!(
        "API Tokens {} {} active",
        theme.glyphs.border.horizontal_top, counts.active
    );
    for (count, word) in [
        (counts.expiring, "expiring"),
        (counts.retiring, "retiring"),
        (counts.unacknowledged, "never acknowledged"),
    ] {
        if count > 0 {
            title.push_str(&format!(" {dot} {count} {word}"));
        }
    }
    title
}

/// What the filter shows, in words; nothing for what is usual.
fn shown(show: Show) -> &'static str {
    match show {
        Show::Live => "",
        Show::All => "all",
        Show::Ended => "ended",
        Show::Only(status) => status.word(),
        Show::Unused => "unused",
        Show::Unacknowledged => "unacknowledged",
    }
}

/// The end of the upper line: marks, what is shown, the order, and the filter; the counts give way to it.
fn draw_order(list: &List, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let line = theme.glyphs.border.horizontal_top;
    let arrow = if list.query.descending {
        theme.glyphs.descending
    } else {
        theme.glyphs.ascending
    };
    let order = format!("by {} {arrow}", list.query.sort.word());
    let marks = if list.marks.is_empty() {
        String::new()
    } else {
        format!("{} marked", list.marks.len())
    };
    let filter = if list.is_filtering() || list.query.text.is_empty() {
        String::new()
    } else {
        format!("/{}", fitted(&list.query.text, 20, theme))
    };
    let parts: Vec<_> = [marks, shown(list.query.show).to_owned(), order, filter]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect();
    let text = format!(" {} ", parts.join(&format!(" {line} ")));
    let field = if list.is_filtering() { 20 } else { 0 };
    let width = u16::try_from(Span::raw(&*text).width()).unwrap_or(0);
    let x = area.right().saturating_sub(width + field + 2).max(area.x + 1);
    frame
        .buffer_mut()
        .set_stringn(x, area.y, &text, usize::from(area.right() - x), theme.accent);
    if let Some(typed) = &list.field {
        draw_filter(
            typed,
            theme,
            frame,
            Rect::new(x + width, area.y, field, 1).intersection(area),
        );
    }
}

fn draw_filter(typed: &Field, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    frame.buffer_mut().set_stringn(area.x, area.y, "/", 1, theme.key);
    let field = Rect {
        x: area.x + 1,
        width: area.width.saturating_sub(1),
        ..area
    };
    typed.draw(frame, field, theme, true, "name, service, …");
}

fn draw_rows(list: &List, facts: &Facts, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let columns = rows::columns(area.width);
    let drawn: Vec<_> = list
        .window
        .visible()
        .map(|place| match list.held.at(place) {
            Some(row) => rows::row(row, &columns, list.marks.contains(&row.id), facts.now(), theme),
            None => rows::awaited(&columns, theme),
        })
        .collect();
    table::draw(frame, area, theme, &columns, &drawn, &list.window);
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
            shown(show),
            key(Command::ShowOthers)
        ),
    }
}
