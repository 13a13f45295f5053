//! How the screen looks: the page, and where it stands among the others.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Margin, Rect};
use ratatui::text::{Line, Span};

use super::model::Model;
use super::rows::{Kind, rows};
use crate::console::app::Facts;
use crate::console::form::draw_problem;
use crate::console::keymap::Command;
use crate::console::theme::Theme;
use crate::console::widgets::dialog::framed;
use crate::console::widgets::{fitted, scrolled};
use crate::guide::Page;

/// The width from which the pages are listed beside the text.
const WIDE: u16 = 110;
/// How wide that list is, with the space beside it.
const LIST: u16 = 24;
/// Lines of the screen that are no rows: head, tabs, hints, the frame's two.
const AROUND: u16 = 5;
/// Those of them that are outside of the screen's area.
const BARS: u16 = 3;
/// Cells of a line that are none: the frame's two, and a space within on each side.
const BESIDE: u16 = 4;
/// The line with the pages before and after, and an empty one.
const STRIP: u16 = 2;

/// How many rows a terminal of `size` shows.
pub(super) fn height_of(size: (u16, u16)) -> usize {
    let strip = if size.0 < WIDE { STRIP } else { 0 };
    usize::from(size.1.saturating_sub(AROUND + strip))
}

/// The rows of the page on a terminal of `size`.
pub(super) fn rows_of(model: &Model, size: (u16, u16)) -> Vec<(Kind, String)> {
    let list = if size.0 < WIDE { 0 } else { LIST };
    let width = usize::from(size.0.saturating_sub(BESIDE + list));
    let text = model.guide.as_ref().map(|guide| guide.text(model.page()));
    rows(&text.unwrap_or_default(), width)
}

/// Draws it into `area`, which is everything between the tabs and the line of hints.
pub fn view(model: &Model, facts: &Facts, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let dot = theme.glyphs.dot;
    let key = |command| facts.keymap.hint(command);
    let title = format!(
        "Guide {dot} {} of {} {dot} {} and {} turn pages {dot} {} writes {}",
        model.place + 1,
        Page::ALL.len(),
        key(Command::Left),
        key(Command::Right),
        key(Command::Write),
        model.format.label()
    );
    let inside = framed(frame, theme, area, &title, theme.border).inner(Margin::new(1, 0));
    if model.guide.is_none() {
        if let Some(error) = &model.error {
            draw_problem(frame, inside, theme, &error.message, &error.hint);
        }
        return;
    }
    let size = (area.width, area.height + BARS);
    let text = if size.0 < WIDE {
        let [strip, text] = Layout::vertical([Constraint::Length(STRIP), Constraint::Min(0)]).areas(inside);
        draw_strip(model, theme, frame, strip);
        text
    } else {
        let [list, text] = Layout::horizontal([Constraint::Length(LIST), Constraint::Min(0)]).areas(inside);
        draw_list(model, theme, frame, list);
        text
    };
    let lines: Vec<Line<'static>> = rows_of(model, size)
        .into_iter()
        .map(|(kind, text)| match kind {
            Kind::Heading => Line::styled(text, theme.title),
            Kind::Text => Line::styled(text, theme.text),
            Kind::Code => Line::styled(text, theme.marked),
            Kind::First => Line::styled(text, theme.accent),
        })
        .collect();
    scrolled(&lines, model.offset, theme, frame, text);
}

/// The page before, this one, and the one after.
fn draw_strip(model: &Model, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let name = |place: Option<usize>| {
        place
            .and_then(|place| Page::ALL.get(place))
            .map(|page| page.title())
    };
    let mut spans = Vec::new();
    if let Some(before) = name(model.place.checked_sub(1)) {
        spans.push(Span::styled(format!("< {before}  "), theme.dim));
    }
    spans.push(Span::styled(
        format!(" {} ", model.page().title()),
        theme.selected,
    ));
    if let Some(after) = name(Some(model.place + 1)) {
        spans.push(Span::styled(format!("  {after} >"), theme.dim));
    }
    frame.render_widget(Line::from(spans), Rect { height: 1, ..area });
}

fn draw_list(model: &Model, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    for ((place, page), y) in Page::ALL.iter().enumerate().zip(area.top()..area.bottom()) {
        let style = if place == model.place {
            theme.selected
        } else {
            theme.dim
        };
        let width = LIST - 3;
        let text = format!(" {} ", fitted(page.title(), usize::from(width), theme));
        frame.render_widget(
            Line::styled(text, style),
            Rect::new(area.x, y, LIST - 1, 1).intersection(area),
        );
    }
}
