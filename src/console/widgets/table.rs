//! A table that is a window: it is given the visible rows only, so its cost is the rows on screen.
//!
//! [`Window`] says which rows those are; the screen asks for them and hands them to [`draw`].

use std::ops::Range;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use super::fitted;
use crate::console::keymap::Command;
use crate::console::theme::Theme;

/// Which part of a long list is on screen, and which row is selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Window {
    offset: usize,
    selected: usize,
    count: usize,
    height: usize,
}

impl Window {
    /// The list has `count` rows now, `height` of them fit on screen; the selection stays in the list and on screen.
    pub fn fit(&mut self, count: usize, height: usize) {
        self.count = count;
        self.height = height;
        self.select(self.selected);
    }

    /// Selects a row, or the last when there are fewer, and scrolls no further than it takes to show it.
    pub fn select(&mut self, row: usize) {
        self.selected = row.min(self.count.saturating_sub(1));
        let height = self.height.max(1);
        let lowest = (self.selected + 1).saturating_sub(height);
        let fullest = self.count.saturating_sub(height);
        self.offset = self.offset.clamp(lowest, self.selected.max(lowest)).min(fullest);
    }

    /// `rows` more rows came in above: what is on screen stays there, in a list of `count` rows now.
    pub fn shift_down(&mut self, rows: usize, count: usize) {
        self.count = count;
        self.offset = self.offset.saturating_add(rows);
        self.select(self.selected.saturating_add(rows));
    }

    /// The first `rows` rows went: what is on screen stays there.
    pub fn shift_up(&mut self, rows: usize) {
        self.offset = self.offset.saturating_sub(rows);
        self.selected = self.selected.saturating_sub(rows);
    }

    /// Moves by up, down, page up, page down, top and bottom; false for every other command.
    pub fn command(&mut self, command: Command) -> bool {
        let page = self.height.saturating_sub(1).max(1);
        let row = match command {
            Command::Up => self.selected.saturating_sub(1),
            Command::Down => self.selected.saturating_add(1),
            Command::PageUp => self.selected.saturating_sub(page),
            Command::PageDown => self.selected.saturating_add(page),
            Command::Top => 0,
            Command::Bottom => self.count,
            _ => return false,
        };
        self.select(row);
        true
    }

    /// The selected row; `None` in an empty list.
    #[must_use]
    pub fn selected(&self) -> Option<usize> {
        (self.count > 0).then_some(self.selected)
    }

    /// The rows on screen.
    #[must_use]
    pub fn visible(&self) -> Range<usize> {
        self.offset..self.count.min(self.offset.saturating_add(self.height))
    }
}

/// A column with its place: as wide as asked, the first flexible one takes what is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its head, in capitals.
    pub head: &'static str,
    /// Its cells across; the least for a flexible one.
    pub width: u16,
    /// Whether it takes what the others leave.
    pub flexible: bool,
    /// Whether its texts end at the right, as numbers do.
    pub right: bool,
}

impl Column {
    /// A column of `width` cells.
    #[must_use]
    pub const fn new(head: &'static str, width: u16) -> Self {
        Self {
            head,
            width,
            flexible: false,
            right: false,
        }
    }

    /// The same, taking what the others leave.
    #[must_use]
    pub const fn flexible(self) -> Self {
        Self {
            flexible: true,
            ..self
        }
    }

    /// The same, for numbers.
    #[must_use]
    pub const fn right(self) -> Self {
        Self { right: true, ..self }
    }
}

/// One row: a cell for each column.
#[derive(Debug, Clone, Default)]
pub struct Row {
    /// Texts with their styles; escaped and cut to their columns when drawn.
    pub cells: Vec<(String, Style)>,
    /// Whether it is marked.
    pub marked: bool,
}

/// Cells between columns.
const GAP: u16 = 2;
/// Cells before the first column, for the signs of the selection and the mark.
const SIGNS: u16 = 3;

/// Draws the heads and `rows`, which are those of [`Window::visible`]; the window's selected row over its whole width.
pub fn draw(
    frame: &mut Frame<'_>,
    area: Rect,
    theme: &Theme,
    columns: &[Column],
    rows: &[Row],
    window: &Window,
) {
    let places = places(area, columns);
    for (column, &(x, width)) in columns.iter().zip(&places) {
        put(frame, (x, area.y, width), column, column.head, theme.head, theme);
    }
    let top = area.y.saturating_add(1);
    for ((row, index), y) in rows.iter().zip(window.visible()).zip(top..area.bottom()) {
        for ((column, &(x, width)), (text, style)) in columns.iter().zip(&places).zip(&row.cells) {
            put(frame, (x, y, width), column, text, *style, theme);
        }
        let line = Rect::new(area.x, y, area.width, 1);
        let buffer = frame.buffer_mut();
        if row.marked {
            buffer.set_stringn(
                area.x,
                y,
                theme.glyphs.marked,
                usize::from(area.width),
                theme.marked,
            );
        }
        if Some(index) == window.selected() {
            let room = usize::from(area.width.saturating_sub(1));
            buffer.set_stringn(
                area.x.saturating_add(1),
                y,
                theme.glyphs.selected,
                room,
                theme.text,
            );
            buffer.set_style(line, theme.selected);
        }
    }
}

/// Each column's left edge and width; columns that do not fit any more have none.
fn places(area: Rect, columns: &[Column]) -> Vec<(u16, u16)> {
    let gaps = GAP * u16::try_from(columns.len().saturating_sub(1)).unwrap_or(0);
    let fixed: u16 = columns.iter().map(|column| column.width).sum();
    let mut spare = area.width.saturating_sub(SIGNS + gaps + fixed);
    let mut x = area.x.saturating_add(SIGNS);
    let place = |column: &Column| {
        let extra = if column.flexible {
            std::mem::take(&mut spare)
        } else {
            0
        };
        let width = (column.width + extra).min(area.right().saturating_sub(x));
        let left = x;
        x = x.saturating_add(width + GAP).min(area.right());
        (left, width)
    };
    columns.iter().map(place).collect()
}

fn put(frame: &mut Frame<'_>, at: (u16, u16, u16), column: &Column, text: &str, style: Style, theme: &Theme) {
    let (x, y, width) = at;
    if width == 0 || !frame.area().contains((x, y).into()) {
        return;
    }
    let text = fitted(text, usize::from(width), theme);
    let used = u16::try_from(text.width()).unwrap_or(width).min(width);
    let x = if column.right { x + width - used } else { x };
    frame
        .buffer_mut()
        .set_stringn(x, y, text, usize::from(width), style);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::theme::Look;
    use crate::console::widgets::drawn;

    fn row(name: &str, calls: &str, marked: bool) -> Row {
        Row {
            cells: vec![(name.into(), Style::new()), (calls.into(), Style::new())],
            marked,
        }
    }

    const COLUMNS: [Column; 2] = [Column::new("NAME", 6).flexible(), Column::new("CALLS", 5).right()];

    #[test]
    fn the_selection_and_marks_are_signs_not_colours_alone() {
        let theme = Theme::new(Look::default());
        let mut window = Window::default();
        window.fit(2, 3);
        window.select(1);
        let rows = [row("a-very-long-name", "7", true), row("b\u{1b}", "1,234", false)];
        let screen = drawn(22, 4, |frame| {
            draw(frame, frame.area(), &theme, &COLUMNS, &rows, &window)
        });
        assert_eq!(
            screen,
            "   NAME          CALLS\n✓  a-very-long…      7\n ▸ b\\u{1b}       1,234\n"
        );
    }

    #[test]
    fn the_selection_stays_on_screen_and_in_the_list() {
        let mut window = Window::default();
        window.fit(1_000_000, 10);
        window.command(Command::Bottom);
        assert_eq!(
            (window.selected(), window.visible()),
            (Some(999_999), 999_990..1_000_000)
        );
        window.command(Command::PageUp);
        assert_eq!(
            (window.selected(), window.visible()),
            (Some(999_990), 999_990..1_000_000)
        );
        window.command(Command::Up);
        assert_eq!(
            (window.selected(), window.visible()),
            (Some(999_989), 999_989..999_999)
        );
        window.fit(3, 10);
        assert_eq!((window.selected(), window.visible()), (Some(2), 0..3));
        window.fit(0, 10);
        assert_eq!((window.selected(), window.visible()), (None, 0..0));
    }

    #[test]
    fn any_area_is_survived() {
        let theme = Theme::new(Look::default());
        let mut window = Window::default();
        window.fit(1, 1);
        for (width, height) in [(1, 1), (2, 3), (4, 2), (11, 2)] {
            let rows = [row("name", "1", true)];
            drawn(width, height, |frame| {
                draw(frame, frame.area(), &theme, &COLUMNS, &rows, &window)
            });
        }
    }
}
