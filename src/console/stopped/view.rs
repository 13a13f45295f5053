//! How the screen looks.

use ratatui::Frame;
use ratatui::layout::{Margin, Rect};
use ratatui::text::{Line, Span};

use super::Stopped;
use crate::console::app::Facts;
use crate::console::theme::Theme;
use crate::console::widgets::dialog::framed;
use crate::console::widgets::{fitted, wrapped};
use crate::domain::text::escape;

/// The column that labels take.
const LABEL: usize = 10;

impl Stopped {
    /// Draws it into `area`, which is everything between the head and the line of hints.
    pub fn view(&self, facts: &Facts, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
        let inside = framed(frame, theme, area, self.advice.title, theme.danger).inner(Margin::new(2, 1));
        for (line, row) in self
            .lines(facts, theme, usize::from(inside.width))
            .into_iter()
            .zip(inside.rows())
        {
            frame.render_widget(line, row);
        }
    }

    fn lines<'a>(&self, facts: &Facts, theme: &Theme, width: usize) -> Vec<Line<'a>> {
        let mut lines = Vec::new();
        let message = escape(&self.error.message);
        for (place, row) in wrapped(&message, width.saturating_sub(2)).into_iter().enumerate() {
            let sign = if place == 0 { theme.glyphs.danger } else { " " };
            lines.push(Line::styled(
                format!("{sign} {}", fitted(&row, width - 2, theme)),
                theme.danger,
            ));
        }
        for row in wrapped(&escape(&self.error.hint), width.saturating_sub(2)) {
            lines.push(Line::styled(
                format!("  {}", fitted(&row, width - 2, theme)),
                theme.text,
            ));
        }
        lines.push(Line::default());
        lines.extend(labelled("Where", &facts.data_dir.to_string_lossy(), theme, width));
        lines.extend(labelled("Safe", self.advice.safe, theme, width));
        if self.advice.steps.is_empty() {
            return lines;
        }
        lines.push(Line::default());
        lines.push(Line::styled("What to run next", theme.head));
        for (place, step) in self.advice.steps.iter().enumerate() {
            let chosen = place == self.choice.chosen();
            let (sign, style) = if chosen {
                (theme.glyphs.selected, theme.selected)
            } else {
                (" ", theme.text)
            };
            let command = fitted(&step.command, width.saturating_sub(2), theme);
            lines.push(Line::from(vec![
                Span::styled(format!("{sign} "), theme.accent),
                Span::styled(command, style),
            ]));
            lines.push(Line::styled(format!("    {}", step.does), theme.dim));
        }
        lines
    }
}

fn labelled<'a>(label: &str, text: &str, theme: &Theme, width: usize) -> Vec<Line<'a>> {
    let rows = wrapped(&escape(text), width.saturating_sub(LABEL));
    let line = |(place, row): (usize, String)| {
        let label = if place == 0 { label } else { "" };
        Line::from(vec![
            Span::styled(format!("{label:<LABEL$}"), theme.dim),
            Span::styled(fitted(&row, width.saturating_sub(LABEL), theme), theme.text),
        ])
    };
    rows.into_iter().enumerate().map(line).collect()
}
