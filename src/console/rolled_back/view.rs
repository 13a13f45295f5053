//! How the screen looks.

use ratatui::Frame;
use ratatui::layout::{Margin, Rect};
use ratatui::text::{Line, Span};

use super::RolledBack;
use crate::console::app::Facts;
use crate::console::theme::Theme;
use crate::console::when;
use crate::console::widgets::dialog::framed;
use crate::console::widgets::{fitted, wrapped};
use crate::domain::text::{Email, escape};

/// The column that labels take.
const LABEL: usize = 14;

impl RolledBack {
    /// Draws it into `area`, which is everything between the head and the line of hints.
    pub fn view(&self, facts: &Facts, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
        let title = "An older state of the store was put in its place";
        let inside = framed(frame, theme, area, title, theme.danger).inner(Margin::new(2, 1));
        let lines = self.lines(facts, theme, usize::from(inside.width));
        for (line, row) in lines.into_iter().zip(inside.rows()) {
            frame.render_widget(line, row);
        }
    }

    fn lines<'a>(&self, facts: &Facts, theme: &Theme, width: usize) -> Vec<Line<'a>> {
        let rollback = &self.rollback;
        let lost = rollback.anchored.saturating_sub(rollback.found);
        let sealed = "Every token is refused until this is settled: revocations may be missing in it.";
        let mut lines: Vec<Line<'_>> = wrapped(&format!("{} {sealed}", theme.glyphs.danger), width)
            .into_iter()
            .map(|row| Line::styled(row, theme.danger))
            .collect();
        lines.push(Line::default());
        let mut fact = |label: &str, text: String| {
            for (place, row) in wrapped(&escape(&text), width.saturating_sub(LABEL))
                .into_iter()
                .enumerate()
            {
                let label = if place == 0 { label } else { "" };
                lines.push(Line::from(vec![
                    Span::styled(format!("{label:<LABEL$}"), theme.dim),
                    Span::styled(fitted(&row, width.saturating_sub(LABEL), theme), theme.text),
                ]));
            }
        };
        fact("Here", format!("ends at commit {}", when::count(rollback.found)));
        fact(
            "Acknowledged",
            format!(
                "commit {}, by {}",
                when::count(rollback.anchored),
                when::exact(rollback.anchored_at, facts.utc_offset)
            ),
        );
        let commits = if lost == 1 { "commit" } else { "commits" };
        fact(
            "Would be lost",
            format!(
                "{} {commits}: every mint, rotation and revocation in them",
                when::count(lost)
            ),
        );
        fact("Where", facts.data_dir.to_string_lossy().into_owned());
        lines.push(Line::default());
        lines.push(Line::styled("The last that it knows of", theme.head));
        if let Some(error) = &self.error {
            lines.push(Line::styled(fitted(&error.to_string(), width, theme), theme.warn));
        }
        for entry in &self.newest {
            let who = entry
                .actor
                .cashier
                .as_ref()
                .map_or(entry.actor.os_user.as_str(), Email::as_str);
            let text = format!(
                "  {}  {}  {who}  {}",
                when::exact(entry.at, 0),
                entry.action.word(),
                entry.subject
            );
            lines.push(Line::styled(fitted(&text, width, theme), theme.text));
        }
        lines.push(Line::default());
        let back = facts.keymap.hint(crate::console::keymap::Command::AcceptOlder);
        let advice = format!(
            "The newer copy is somewhere? Quit, put it back, start again: nothing is lost then. \
             It is gone? An admin accepts this state with {back}."
        );
        lines.extend(
            wrapped(&advice, width)
                .into_iter()
                .map(|row| Line::styled(row, theme.text)),
        );
        lines
    }
}
