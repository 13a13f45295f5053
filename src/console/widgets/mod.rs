//! Small pieces that screens are made of: each draws itself into an area, none knows a screen or asks for anything.
//!
//! Texts from outside are escaped here or by their types' `Display`; nothing drawn can drive a terminal.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::theme::Theme;

pub mod choice;
pub mod dialog;
pub mod field;
pub mod help;
pub mod progress;
pub mod table;
pub mod toast;

/// The smallest terminal that screens are made for.
pub const SMALLEST: (u16, u16) = (80, 24);

/// On a terminal below [`SMALLEST`] draws its size and the size that is needed, and returns true: draw nothing else.
pub fn too_small(frame: &mut Frame<'_>, theme: &Theme) -> bool {
    let area = frame.area();
    let (width, height) = SMALLEST;
    if area.width >= width && area.height >= height {
        return false;
    }
    let times = if theme.glyphs.border == ratatui::symbols::border::PLAIN {
        "×"
    } else {
        "x"
    };
    let lines = [
        Span::styled("This terminal is too small.", theme.title),
        Span::styled(
            format!("It has {}{times}{}.", area.width, area.height),
            theme.text,
        ),
        Span::styled(format!("It needs {width}{times}{height}."), theme.text),
    ];
    let top = area.height.saturating_sub(3) / 2;
    for (line, y) in lines.into_iter().zip(top..area.height) {
        let row = Rect::new(area.x, area.y + y, area.width, 1);
        frame.render_widget(Paragraph::new(Line::from(line)).centered(), row);
    }
    true
}

/// Draws the lines from `offset` on; says in the frame below `area` when there are more, so that nothing is covered.
pub fn scrolled(lines: &[Line<'static>], offset: usize, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let height = usize::from(area.height);
    let offset = offset.min(lines.len().saturating_sub(height));
    for (line, y) in lines.iter().skip(offset).zip(area.top()..area.bottom()) {
        frame.render_widget(line, Rect { y, height: 1, ..area });
    }
    if lines.len() > offset + height {
        let text = format!(" {} more below ", theme.glyphs.descending);
        let width = u16::try_from(text.chars().count()).unwrap_or(0).min(area.width);
        let corner = Rect::new(area.right() - width, area.bottom(), width, 1).intersection(frame.area());
        frame.render_widget(Line::styled(text, theme.accent), corner);
    }
}

/// `text` cut to `width` cells, with the sign for more at its end when something was cut.
#[must_use]
pub fn fitted(text: &str, width: usize, theme: &Theme) -> String {
    use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};
    let text = crate::domain::text::escape(text);
    if text.width() <= width {
        return text.into_owned();
    }
    let mut fitted = String::new();
    let mut used = 0;
    for character in text.chars() {
        let cells = character.width().unwrap_or(0);
        if used + cells + 1 > width {
            break;
        }
        used += cells;
        fitted.push(character);
    }
    if width > 0 {
        fitted.push_str(theme.glyphs.more);
    }
    fitted
}

/// `text` in rows of `width` cells at most, broken between words, and within those that are longer than a row.
#[must_use]
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};
    let mut rows = vec![String::new()];
    for word in text.split(' ') {
        match rows.last_mut() {
            Some(row) if row.is_empty() => row.push_str(word),
            Some(row) if row.width() + 1 + word.width() <= width => {
                row.push(' ');
                row.push_str(word);
            }
            _ => rows.push(word.to_owned()),
        }
        while let Some(row) = rows.last_mut().filter(|row| row.width() > width) {
            let mut used = 0;
            let fits = |&(_, c): &(usize, char)| {
                used += c.width().unwrap_or(0);
                used <= width
            };
            let end = row.char_indices().take_while(fits).last();
            // A character wider than a row is left as it is.
            let Some(end) = end.map(|(place, c)| place + c.len_utf8()) else {
                break;
            };
            let rest = row.split_off(end);
            rows.push(rest);
        }
    }
    rows
}

/// What drawing gives, a line a row, without trailing spaces; for tests.
#[cfg(test)]
pub(crate) fn drawn(width: u16, height: u16, draw: impl FnOnce(&mut Frame<'_>)) -> String {
    let mut terminal = ratatui::Terminal::new(ratatui::backend::TestBackend::new(width, height)).unwrap();
    terminal.draw(draw).unwrap();
    let buffer = terminal.backend().buffer();
    let row = |y| {
        (0..width)
            .map(|x| buffer[(x, y)].symbol())
            .collect::<String>()
            .trim_end()
            .to_owned()
    };
    (0..height).map(row).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::theme::Look;

    #[test]
    fn a_small_terminal_hears_both_sizes() {
        let theme = Theme::new(Look::default());
        let screen = drawn(40, 5, |frame| assert!(too_small(frame, &theme)));
        assert!(screen.contains("It has 40×5."), "{screen}");
        assert!(screen.contains("It needs 80×24."), "{screen}");
    }

    #[test]
    fn a_terminal_of_one_cell_is_survived() {
        let theme = Theme::new(Look {
            ascii: true,
            ..Look::default()
        });
        for (width, height) in [(1, 1), (80, 1), (1, 24), (200, 23)] {
            drawn(width, height, |frame| assert!(too_small(frame, &theme)));
        }
        drawn(80, 24, |frame| assert!(!too_small(frame, &theme)));
    }

    #[test]
    fn what_does_not_fit_is_cut_by_cells_and_escaped() {
        let theme = Theme::new(Look::default());
        assert_eq!(fitted("payouts", 7, &theme), "payouts");
        assert_eq!(fitted("payouts", 5, &theme), "payo…");
        assert_eq!(fitted("支付支付", 6, &theme), "支付…");
        assert_eq!(fitted("a\u{202e}b", 20, &theme), "a\\u{202e}b");
        assert_eq!(fitted("abc", 0, &theme), "");
    }
}
