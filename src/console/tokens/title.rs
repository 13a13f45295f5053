//! The upper line of the list's frame: how many tokens there are of each kind, what is shown in which order, the filter.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::Span;

use crate::console::theme::Theme;
use crate::console::widgets::dialog::framed;
use crate::console::widgets::field::Field;
use crate::console::widgets::fitted;
use crate::service::request::Show;

use super::list::List;

/// The cells of the filter while it is typed, its sign included.
const FIELD: u16 = 22;
/// The most cells of the filter afterwards.
const FILTER: usize = 20;

/// Frames the list. Where both do not fit, the counts give way to what the operator chose.
pub(super) fn draw(list: &List, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let text = format!(
        " {} ",
        chosen(list, theme).join(&format!(" {} ", theme.glyphs.border.horizontal_top))
    );
    let field = if list.is_filtering() { FIELD } else { 0 };
    let width = u16::try_from(Span::raw(&*text).width()).unwrap_or(0);
    let x = area.right().saturating_sub(width + field + 2).max(area.x + 1);
    let room = usize::from((x - area.x).saturating_sub(5));
    framed(
        frame,
        theme,
        area,
        &fitted(&counts(list, theme), room, theme),
        theme.border,
    );
    let space = usize::from(area.right() - x);
    // The frame's line may be dim, and what is written over it would be, too.
    let style = theme.accent.remove_modifier(Modifier::DIM);
    frame.buffer_mut().set_stringn(x, area.y, &text, space, style);
    if let Some(typed) = &list.field {
        let area = Rect::new(x + width, area.y, field, 1).intersection(area);
        draw_filter(typed, theme, frame, area);
    }
}

/// `API Tokens ─ 7 active · 3 expiring · 1 retiring`
fn counts(list: &List, theme: &Theme) -> String {
    let (counts, dot) = (&list.held.page().counts, theme.glyphs.dot);
    let rule = theme.glyphs.border.horizontal_top;
    let mut title = format!("API Tokens {rule} {} active", counts.active);
    for (count, word) in [
        (counts.held, "held"),
        (counts.expiring, "expiring"),
        (counts.retiring, "retiring"),
        (counts.unacknowledged, "unacknowledged"),
    ] {
        if count > 0 {
            title.push_str(&format!(" {dot} {count} {word}"));
        }
    }
    title
}

/// Marks, what is shown, the order, the filter.
fn chosen(list: &List, theme: &Theme) -> Vec<String> {
    let arrow = if list.query.descending {
        theme.glyphs.descending
    } else {
        theme.glyphs.ascending
    };
    let mut parts = Vec::new();
    if !list.marks.is_empty() {
        parts.push(format!("{} marked", list.marks.len()));
    }
    if list.query.show != Show::Live {
        parts.push(shown(list.query.show).to_owned());
    }
    parts.push(format!("by {} {arrow}", list.query.sort.word()));
    if !list.is_filtering() && !list.query.text.is_empty() {
        parts.push(format!("/{}", fitted(&list.query.text, FILTER, theme)));
    }
    parts
}

/// What the filter shows, in a word.
pub(super) const fn shown(show: Show) -> &'static str {
    match show {
        Show::Live => "live",
        Show::All => "all",
        Show::Ended => "ended",
        Show::Only(status) => status.word(),
        Show::Unused => "unused",
        Show::Unacknowledged => "unacknowledged",
    }
}

fn draw_filter(typed: &Field, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let width = usize::from(area.width);
    frame
        .buffer_mut()
        .set_stringn(area.x, area.y, " ".repeat(width), width, theme.text);
    frame.buffer_mut().set_stringn(area.x, area.y, "/", 1, theme.key);
    let field = Rect {
        x: area.x + 1,
        width: area.width.saturating_sub(2),
        ..area
    };
    typed.draw(frame, field, theme, true, "name, service, ...");
}
