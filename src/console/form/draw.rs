//! How a form looks: a label, the part, and below it what to know or what is wrong.

use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};
use unicode_width::UnicodeWidthStr;

use super::{Form, Kind, LABEL, Part};
use crate::console::theme::Theme;
use crate::console::widgets::fitted;
use crate::console::widgets::progress::{self, Progress};
use crate::domain::text::escape;

impl Form {
    /// How many rows it takes, the two of its foot included.
    #[must_use]
    pub fn height(&self) -> u16 {
        self.parts.iter().map(Part::height).sum::<u16>() + 2
    }

    /// Draws it; `now` is the monotonic clock's, for how long an answer has been awaited.
    pub fn draw(&self, frame: &mut Frame<'_>, area: Rect, theme: &Theme, now: Duration) {
        // Where room is short, choices give up the row that parts them from what follows.
        let is_short = area.height < self.height();
        let mut y = area.y;
        for (place, part) in self.parts.iter().enumerate() {
            let focused = place == self.focus && self.busy.is_none();
            let spared = is_short && part.error.is_none() && matches!(part.kind, Kind::Choice(..));
            let row = Rect::new(area.x, y, area.width, part.height()).intersection(area);
            part.draw(frame, row, theme, focused);
            y += part.height() - u16::from(spared);
        }
        // Two rows, and what else the dialog has.
        let rows = area.bottom().saturating_sub(y);
        let foot = Rect::new(area.x, y, area.width, rows).intersection(area);
        self.draw_foot(frame, foot, theme, now);
    }

    fn draw_foot(&self, frame: &mut Frame<'_>, area: Rect, theme: &Theme, now: Duration) {
        if area.is_empty() {
            return;
        }
        if let Some((what, since)) = self.busy {
            let elapsed = Progress::Elapsed(now.saturating_sub(since));
            return progress::draw(frame, area, theme, what, elapsed);
        }
        let (message, hint) = self
            .error
            .as_ref()
            .map_or(("", ""), |(message, hint)| (message, hint));
        // What is beside a part is cut there; here is room for all of it.
        let cut = self.parts.get(self.focus).and_then(|part| part.error.as_deref());
        let cut = cut.filter(|problem| problem.width() + 2 > usize::from(area.width.saturating_sub(LABEL)));
        let message = if message.is_empty() {
            cut.unwrap_or_default()
        } else {
            message
        };
        if !message.is_empty() || !hint.is_empty() {
            draw_problem(frame, area, theme, message, hint);
        }
    }
}

/// Draws what happened and what to do: in a row each where they fit, else one after the other over all of `area`. What
/// to do alone where the rest is said elsewhere.
pub fn draw_problem(frame: &mut Frame<'_>, area: Rect, theme: &Theme, message: &str, hint: &str) {
    let (message, hint) = (escape(message), escape(hint));
    let room = usize::from(area.width).saturating_sub(2);
    let sign = theme.glyphs.danger;
    let lines = if message.is_empty() {
        vec![Line::styled(hint, theme.text)]
    } else if message.width() <= room && hint.width() <= room {
        vec![
            Line::styled(format!("{sign} {message}"), theme.danger),
            Line::styled(format!("  {hint}"), theme.text),
        ]
    } else {
        let then = if hint.is_empty() { "" } else { "; " };
        let message = format!("{sign} {message}{then}");
        vec![Line::from(vec![
            Span::styled(message, theme.danger),
            Span::styled(hint, theme.text),
        ])]
    };
    frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }), area);
}

impl Part {
    fn height(&self) -> u16 {
        match &self.kind {
            Kind::Field(_) => 2,
            Kind::Choice(_, options) => u16::try_from(options.len()).unwrap_or(u16::MAX) + 1,
        }
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, theme: &Theme, focused: bool) {
        if area.width <= LABEL || area.height == 0 {
            return;
        }
        let style = if focused { theme.accent } else { theme.text };
        let sign = if focused { theme.glyphs.selected } else { " " };
        let label = Line::from(vec![Span::styled(format!("{sign} {}", self.label), style)]);
        frame.render_widget(
            label,
            Rect {
                width: LABEL,
                height: 1,
                ..area
            },
        );
        let right = Rect::new(area.x + LABEL, area.y, area.width - LABEL, area.height);
        match &self.kind {
            Kind::Field(field) => field.draw(frame, Rect { height: 1, ..right }, theme, focused, ""),
            Kind::Choice(choice, options) => {
                let labels: Vec<_> = options
                    .iter()
                    .map(|(label, note)| (label.as_str(), note.as_str()))
                    .collect();
                let rows = Rect {
                    height: right.height - 1,
                    ..right
                };
                choice.draw(frame, rows, theme, &labels, focused);
            }
        }
        let below = Rect::new(right.x, right.bottom() - 1, right.width, 1);
        let room = usize::from(below.width);
        let line = match &self.error {
            Some(problem) => {
                let text = fitted(problem, room.saturating_sub(2), theme);
                Line::styled(format!("{} {text}", theme.glyphs.danger), theme.danger)
            }
            None => Line::styled(fitted(&self.note, room, theme), theme.dim),
        };
        if area.height > 1 {
            frame.render_widget(line, below);
        }
    }
}
