//! What is seen while the store opens: nothing much for a second, then what is being done and for how long already.

use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::app::Facts;
use super::theme::Theme;
use super::when;
use super::widgets::dialog::{self, Tone};
use super::widgets::progress::{self, Progress};
use super::widgets::wrapped;
use crate::gateway::OpeningStep;

/// An opening that takes longer than this is explained.
const SOON: Duration = Duration::from_secs(1);

/// The screen.
#[derive(Debug)]
pub struct Starting {
    since: Duration,
    step: Option<OpeningStep>,
}

impl Starting {
    /// The opening began at `since` of the monotonic clock.
    #[must_use]
    pub const fn new(since: Duration) -> Self {
        Self { since, step: None }
    }

    /// How far it is now.
    pub const fn take(&mut self, step: Option<OpeningStep>) {
        self.step = step;
    }

    /// Draws it.
    pub fn view(&self, facts: &Facts, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
        let elapsed = facts.at.monotonic.saturating_sub(self.since);
        if elapsed < SOON {
            return frame.render_widget(Line::styled(" Opening the store", theme.dim), area);
        }
        let inside = dialog::open(frame, theme, "Opening the store", self.tone(), 72, 9);
        let row = |y: u16| Rect::new(inside.x, inside.y + y, inside.width, 1).intersection(inside);
        let (doing, why) = self.words();
        progress::draw(frame, row(1), theme, &doing, Progress::Elapsed(elapsed));
        for (text, y) in wrapped(why, usize::from(inside.width)).into_iter().zip(3..6) {
            frame.render_widget(Line::styled(text, theme.dim), row(y));
        }
        let leave = "q leaves: nothing is lost by that, and the next opening begins anew.";
        frame.render_widget(Line::styled(leave, theme.dim), row(6));
    }

    const fn tone(&self) -> Tone {
        match self.step {
            Some(OpeningStep::ReadingAgain(_)) => Tone::Warn,
            _ => Tone::Plain,
        }
    }

    fn words(&self) -> (String, &'static str) {
        match self.step {
            None => ("Looking for it".to_owned(), ""),
            Some(OpeningStep::Unsealing) => ("Opening its seal".to_owned(), ""),
            Some(OpeningStep::Comparing) => (
                "Bringing database and journal together".to_owned(),
                "After a crash the database may be behind its journal; what is missing is written anew from it.",
            ),
            Some(OpeningStep::Reading(records)) => (
                format!("Reading every record: {}", when::count(records)),
                "Their number and digest are compared with what was acknowledged last.",
            ),
            Some(OpeningStep::ReadingAgain(records)) => (
                format!("Reading the rebuilt database: {}", when::count(records)),
                "The database was not what was acknowledged. It was set aside and rebuilt from checkpoint and journal.",
            ),
        }
    }
}
