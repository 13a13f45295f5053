//! Hands a one-time code over, once: copying comes before showing, and a minute without a key hides it again.

use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::console::app::{Desk, Dialog, Facts, Fate, News};
use crate::console::keymap::{Command, Context};
use crate::console::theme::Theme;
use crate::console::when;
use crate::console::widgets::choice::Choice;
use crate::console::widgets::dialog::{self, Tone};
use crate::domain::text::Email;
use crate::service::response::EnrolmentCode;

/// The dialog.
#[derive(Debug)]
pub(super) struct Code {
    code: EnrolmentCode,
    /// The admin who asked for it.
    by: Option<Email>,
    choice: Choice,
    /// Since when it is shown, after the last key.
    shown: Option<Duration>,
    /// Whether it was copied or shown: closing it does not lose it.
    handed_over: bool,
}

/// How long it stays on the screen without a key.
const SEEN: Duration = Duration::from_secs(60);
/// The choices, in this order.
const COPY: usize = 0;
const CLOSE: usize = 2;

impl Code {
    pub(super) fn new(code: EnrolmentCode, facts: &Facts) -> Self {
        Self {
            code,
            by: facts.session.as_ref().map(|signed_in| signed_in.email.clone()),
            choice: Choice::new(COPY, 3),
            shown: None,
            handed_over: false,
        }
    }
}

impl Code {
    fn obey(&mut self, command: Command, desk: &mut Desk<'_>) -> Fate {
        match (command, self.choice.chosen()) {
            (Command::Back, _) if self.handed_over => return Fate::Close,
            (Command::Accept, CLOSE) => return Fate::Close,
            (Command::Back, _) => {
                self.choice = Choice::new(CLOSE, 3);
                desk.warn("it was neither copied nor shown yet; closing it forgets it");
            }
            (Command::Accept, COPY) => {
                self.handed_over = true;
                desk.copy_secret("the code", self.code.code.clone());
            }
            (Command::Accept, _) => {
                self.handed_over = true;
                self.shown = match self.shown {
                    Some(_) => None,
                    None => Some(desk.facts.at.monotonic),
                };
            }
            (other, _) => {
                self.choice.command(other);
            }
        }
        Fate::Stay
    }
}

impl Dialog for Code {
    fn context(&self) -> Context {
        Context::Dialog
    }

    fn update(&mut self, news: News, desk: &mut Desk<'_>) -> Fate {
        let now = desk.facts.at.monotonic;
        match news {
            News::Tick => {
                self.shown.take_if(|since| now.saturating_sub(*since) >= SEEN);
            }
            News::Key(_, command) => {
                if let Some(since) = &mut self.shown {
                    *since = now;
                }
                return command.map_or(Fate::Stay, |command| self.obey(command, desk));
            }
            _ => {}
        }
        Fate::Stay
    }

    fn is_reveal(&self) -> bool {
        true
    }

    fn reveals_to(&self) -> Option<&Email> {
        self.by.as_ref()
    }

    fn view(&self, facts: &Facts, theme: &Theme, frame: &mut Frame<'_>) {
        let area = dialog::open(frame, theme, "One-time code", Tone::Warn, 70, 15);
        let until = when::exact(self.code.expires_at, facts.utc_offset);
        let text = self.code.code.expose_text().unwrap_or_default();
        let code = match self.shown {
            Some(_) => text.to_owned(),
            None => text
                .chars()
                .map(|c| if c == '-' { "-" } else { theme.glyphs.mask })
                .collect(),
        };
        let lines = [
            Line::from(vec![
                Span::styled("For ", theme.text),
                Span::styled(self.code.email.to_string(), theme.accent),
                Span::styled(", good until ", theme.text),
                Span::styled(until, theme.text),
            ]),
            Line::default(),
            Line::styled(code, theme.accent),
            Line::default(),
            Line::styled(
                "It is not shown again. Hand it over by another road than this one;",
                theme.text,
            ),
            Line::styled("the cashier sets the password with:", theme.text),
            Line::styled(
                format!("  strongroom cashier enrol {}", self.code.email),
                theme.text,
            ),
        ];
        for (line, y) in lines.into_iter().zip(area.y + 1..) {
            frame.render_widget(line, Rect { y, height: 1, ..area });
        }
        let rows = Rect {
            y: area.y + 9,
            height: 3,
            ..area
        };
        self.choice.draw(
            frame,
            rows,
            theme,
            &[
                ("copy it", "cleared again after 45 s where that can be done"),
                (
                    if self.shown.is_some() {
                        "hide it"
                    } else {
                        "show it"
                    },
                    "a minute without a key hides it",
                ),
                ("close", "and forget it"),
            ],
            true,
        );
    }
}
