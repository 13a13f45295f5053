//! How the wizard looks: one step at a time in a frame of one size, so that nothing jumps.

use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::model::{Step, Wizard};
use crate::console::app::Facts;
use crate::console::theme::Theme;
use crate::console::widgets::dialog::{self, Tone};
use crate::console::widgets::fitted;
use crate::console::widgets::progress::{self, Progress};
use crate::domain::text::escape;

/// As wide as the smallest terminal: the key's 74 characters stay in one line.
const KEY_WIDTH: u16 = 80;

impl Wizard {
    /// Draws it.
    pub fn view(&self, facts: &Facts, theme: &Theme, frame: &mut Frame<'_>) {
        let steps = self.steps();
        let place = steps
            .iter()
            .position(|step| *step == self.step)
            .map_or(steps.len(), |place| place + 1);
        // The store is there by then, and how it is sealed no step any more.
        let count = match self.step {
            Step::Recovery => "last step".to_owned(),
            _ => format!("step {place} of {}", steps.len()),
        };
        let title = format!("Welcome to Strongroom {} {count}", theme.glyphs.dot);
        let width = if self.step == Step::Recovery {
            KEY_WIDTH
        } else {
            74
        };
        let area = dialog::open(frame, theme, &title, Tone::Plain, width, 18);
        let heading = Line::styled(self.heading(), theme.title);
        frame.render_widget(
            heading,
            Rect {
                y: area.y + 1,
                height: 1,
                ..area
            },
        );
        for (line, y) in self.introduction().iter().zip(area.y + 2..) {
            frame.render_widget(Line::styled(*line, theme.dim), Rect { y, height: 1, ..area });
        }
        let below = Rect::new(area.x, area.y + 5, area.width, area.height.saturating_sub(7));
        match self.step {
            Step::Summary => self.summary(facts, theme, frame, below),
            Step::Working => self.progress(facts, theme, frame, below),
            Step::Recovery => self.key(facts, theme, frame, below),
            _ => self.form().draw(frame, below, theme, facts.at.monotonic),
        }
        let foot = Rect {
            y: area.bottom().saturating_sub(1),
            height: 1,
            ..area
        };
        frame.render_widget(self.foot(theme), foot);
    }

    fn heading(&self) -> &'static str {
        match self.step {
            Step::Organization => "Whose connections are these?",
            Step::Admin => "Who is the first admin?",
            Step::Size => "How large is the first key pair?",
            Step::Seal => "How is the seal kept?",
            Step::KeyFile => "Where is the key file?",
            Step::Passphrase => "What is the passphrase?",
            Step::Summary => "Is this right?",
            Step::Recovery => "Keep the recovery key",
            Step::Working => "Making it",
        }
    }

    fn introduction(&self) -> &'static [&'static str] {
        match self.step {
            Step::Organization => &[
                "There is no store here yet. A few questions, and there is one.",
                "esc goes back a step; nothing that you typed is lost.",
            ],
            Step::Admin => &[
                "An admin mints tokens, rotates keys and adds other cashiers.",
                "The password is asked for every time a token is minted.",
            ],
            Step::Size => &["Clients encrypt with the public half. It can be rotated at any time."],
            Step::Seal => &[
                "The seal encrypts every secret in the store.",
                "Without it nobody can read them, you included.",
            ],
            Step::KeyFile => &[
                "Whoever has this file and the data can read the secrets.",
                "Keep a copy of it where the backups of the data are not.",
            ],
            Step::Passphrase => &["Whoever knows it and has the data can read the secrets."],
            Step::Summary => &["Nothing was written so far."],
            Step::Recovery => &[
                "Backups are encrypted to it: it opens them together with the seal.",
                "It is shown this once, and kept nowhere. Keep both, apart from this host.",
            ],
            Step::Working => &["This takes some seconds."],
        }
    }

    fn foot(&self, theme: &Theme) -> Line<'static> {
        let next = match self.step {
            Step::Summary => "makes it",
            Step::Working => return Line::default(),
            _ => "next",
        };
        Line::from(vec![
            Span::styled("enter ", theme.key),
            Span::styled(format!("{next}   "), theme.dim),
            Span::styled("esc ", theme.key),
            Span::styled("back   ", theme.dim),
            Span::styled("ctrl-c ", theme.key),
            Span::styled("leaves", theme.dim),
        ])
    }

    /// The key alone in its line, to be copied with the terminal's own means, and the field below.
    fn key(&self, facts: &Facts, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
        let text = self.shown.as_ref().and_then(|key| key.identity.expose_text());
        let line = Line::styled(text.unwrap_or_default(), theme.accent);
        frame.render_widget(line, Rect { height: 1, ..area });
        let below = Rect {
            y: area.y + 3,
            height: area.height.saturating_sub(3),
            ..area
        };
        self.form().draw(frame, below, theme, facts.at.monotonic);
    }

    fn summary(&self, facts: &Facts, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
        let mut facts_of = vec![
            (
                "Organization",
                self.organization.text("organization's name").to_owned(),
            ),
            ("Short name", self.organization.text("slug").to_owned()),
            ("Platform", self.organization.text("brand").to_owned()),
            ("First admin", self.admin.text("e-mail address").to_lowercase()),
            ("Key pair", format!("RSA, {} bits", self.key_size().bits())),
        ];
        if let Some(data_dir) = &self.data_dir {
            facts_of.push(("Data", data_dir.display().to_string()));
            let seal = if self.keeps_key_file() {
                format!("key file {}", self.key_file.text("path"))
            } else {
                "passphrase".to_owned()
            };
            facts_of.push(("Seal", seal));
        }
        for ((label, value), y) in facts_of.iter().zip(area.y..) {
            let room = usize::from(area.width).saturating_sub(16);
            let line = Line::from(vec![
                Span::styled(format!("{label:<16}"), theme.dim),
                Span::styled(fitted(&escape(value), room, theme), theme.text),
            ]);
            frame.render_widget(line, Rect { y, height: 1, ..area });
        }
        let problem = Rect {
            y: area.bottom().saturating_sub(2),
            height: 2,
            ..area
        };
        self.summary.draw(frame, problem, theme, facts.at.monotonic);
    }

    fn progress(&self, facts: &Facts, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
        let elapsed = facts.at.monotonic.saturating_sub(self.since);
        let made = self.data_dir.is_none();
        let sign = if made {
            theme.glyphs.good
        } else {
            theme.glyphs.unchosen
        };
        let rows = [
            (format!("{sign} the sealed store"), !made),
            (
                format!(
                    "{} a key pair of {} bits, and the first admin",
                    theme.glyphs.unchosen,
                    self.key_size().bits()
                ),
                made,
            ),
        ];
        for ((label, running), y) in rows.iter().zip(area.y..) {
            let row = Rect { y, height: 1, ..area };
            if *running {
                progress::draw(
                    frame,
                    row,
                    theme,
                    label,
                    Progress::Elapsed(Duration::from_secs(elapsed.as_secs())),
                );
            } else {
                frame.render_widget(Line::styled(label.clone(), theme.text), row);
            }
        }
    }
}
