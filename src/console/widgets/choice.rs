//! One choice of a few, one a row, with a note beside each.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::fitted;
use crate::console::keymap::Command;
use crate::console::theme::Theme;

/// Which of `count` choices is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    chosen: usize,
    count: usize,
}

impl Choice {
    /// The choice `chosen` of `count`; the last when there are fewer.
    #[must_use]
    pub fn new(chosen: usize, count: usize) -> Self {
        Self {
            chosen: chosen.min(count.saturating_sub(1)),
            count,
        }
    }

    /// The chosen one's index.
    #[must_use]
    pub const fn chosen(self) -> usize {
        self.chosen
    }

    /// Moves by up, down, left, right, top and bottom; false for every other command.
    pub fn command(&mut self, command: Command) -> bool {
        let last = self.count.saturating_sub(1);
        self.chosen = match command {
            Command::Up | Command::Left => self.chosen.saturating_sub(1),
            Command::Down | Command::Right => (self.chosen + 1).min(last),
            Command::Top => 0,
            Command::Bottom => last,
            _ => return false,
        };
        true
    }

    /// Draws a row for each of `labels`: the label, and its note dimmed in a column of their own.
    pub fn draw(
        &self,
        frame: &mut Frame<'_>,
        area: Rect,
        theme: &Theme,
        labels: &[(&str, &str)],
        focused: bool,
    ) {
        let widest = labels
            .iter()
            .map(|(label, _)| Span::raw(*label).width())
            .max()
            .unwrap_or(0);
        for ((index, (label, note)), y) in labels.iter().enumerate().zip(area.top()..area.bottom()) {
            let chosen = index == self.chosen;
            let sign = if chosen {
                theme.glyphs.chosen
            } else {
                theme.glyphs.unchosen
            };
            let style = if chosen && focused {
                theme.selected
            } else {
                theme.text
            };
            let label = fitted(label, widest, theme);
            let pad = " ".repeat(widest.saturating_sub(Span::raw(label.as_str()).width()));
            let left = format!(" {sign} {label}{pad} ");
            let room = usize::from(area.width).saturating_sub(Span::raw(left.as_str()).width() + 1);
            let line = Line::from(vec![
                Span::styled(left, style),
                Span::raw(" "),
                Span::styled(fitted(note, room, theme), theme.dim),
            ]);
            frame.render_widget(line, Rect::new(area.x, y, area.width, 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::theme::Look;
    use crate::console::widgets::drawn;

    #[test]
    fn the_chosen_one_is_marked_by_a_sign() {
        let theme = Theme::new(Look {
            ascii: true,
            ..Look::default()
        });
        let mut choice = Choice::new(0, 3);
        assert!(choice.command(Command::Down));
        let labels = [
            ("now", "the old one ends at once"),
            ("24 h", "usual"),
            ("7 d", ""),
        ];
        let screen = drawn(40, 3, |frame| {
            choice.draw(frame, frame.area(), &theme, &labels, true)
        });
        assert_eq!(
            screen,
            " . now   the old one ends at once\n * 24 h  usual\n . 7 d"
        );
    }

    #[test]
    fn the_ends_are_the_ends() {
        let mut choice = Choice::new(9, 3);
        assert_eq!(choice.chosen(), 2);
        choice.command(Command::Down);
        assert_eq!(choice.chosen(), 2);
        choice.command(Command::Top);
        choice.command(Command::Up);
        assert_eq!(choice.chosen(), 0);
        assert!(!choice.command(Command::Accept));
    }
}
