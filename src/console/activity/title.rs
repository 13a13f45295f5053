//! The upper line of the frame: how many entries there are, whether the log is what was written, and the filter.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::model::Model;
use crate::console::theme::Theme;
use crate::console::when::count;
use crate::console::widgets::dialog::framed;
use crate::console::widgets::fitted;
use crate::domain::audit::chain::{Altered, Verdict};

/// `Activity · 18,402 entries · ✓ verified to 18,402 · /revoked`
pub(super) fn draw(model: &Model, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let dot = theme.glyphs.dot;
    let before = format!("Activity {dot} {} entries {dot} ", count(model.head));
    let (state, style) = state(model, theme);
    let filter = if model.filter.is_empty() {
        String::new()
    } else {
        format!(" {dot} /{}", model.filter.text())
    };
    framed(
        frame,
        theme,
        area,
        &format!("{before}{state}{filter}"),
        theme.border,
    );
    let cells = |text: &str| u16::try_from(Span::raw(text).width()).unwrap_or(u16::MAX);
    let begin = area.x.saturating_add(2).saturating_add(cells(&before));
    let place = Rect::new(begin, area.y, cells(&state), 1);
    let inside = Rect::new(area.x, area.y, area.width.saturating_sub(2), 1);
    frame.buffer_mut().set_style(place.intersection(inside), style);
}

fn state(model: &Model, theme: &Theme) -> (String, Style) {
    let glyphs = theme.glyphs;
    let bad = |text: String| (format!("{} {text}", glyphs.danger), theme.danger);
    match model.chain {
        None => (format!("being verified{}", glyphs.more), theme.text),
        Some(Verdict::Intact { to, .. }) => {
            (format!("{} verified to {}", glyphs.marked, count(to)), theme.good)
        }
        Some(Verdict::Unanchored { .. }) => (format!("{} not signed yet", glyphs.warn), theme.warn),
        Some(Verdict::Altered(Altered { from, to, .. })) if from == to => {
            bad(format!("altered at {}", count(from)))
        }
        Some(Verdict::Altered(Altered { from, to, .. })) => {
            bad(format!("altered in {} to {}", count(from), count(to)))
        }
        Some(Verdict::Truncated { to, was }) => bad(format!("cut off at {}, was {}", count(to), count(was))),
    }
}

/// What is wrong with the log, and what to do.
pub(super) fn draw_warning(model: &Model, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let what = match model.chain {
        Some(Verdict::Altered(altered)) => {
            format!("The log is not what was written: {}.", altered.fault.words())
        }
        Some(Verdict::Truncated { to, was }) => {
            format!(
                "It ends with entry {}, and there was an entry {}.",
                count(to),
                count(was)
            )
        }
        _ => return,
    };
    let next = "Keep a copy of data and state directory; then: strongroom audit verify";
    let room = usize::from(area.width);
    let lines = [(what, theme.danger), (next.to_owned(), theme.text)];
    for ((text, style), y) in lines.into_iter().zip(area.y..area.bottom()) {
        let line = Line::styled(fitted(&text, room, theme), style);
        frame.render_widget(line, Rect { y, height: 1, ..area });
    }
}
