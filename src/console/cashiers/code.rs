//! Shows a one-time code, once.

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
}

impl Code {
    pub(super) fn new(code: EnrolmentCode, facts: &Facts) -> Self {
        Self {
            code,
            by: facts.session.as_ref().map(|signed_in| signed_in.email.clone()),
            choice: Choice::new(0, 2),
        }
    }
}

impl Dialog for Code {
    fn context(&self) -> Context {
        Context::Dialog
    }

    fn update(&mut self, news: News, desk: &mut Desk<'_>) -> Fate {
        match news {
            News::Key(_, Some(Command::Back)) => return Fate::Close,
            News::Key(_, Some(Command::Accept)) if self.choice.chosen() == 0 => {
                desk.copy_secret("the code", self.code.code.clone());
            }
            News::Key(_, Some(Command::Accept)) => return Fate::Close,
            News::Key(_, Some(command)) => {
                self.choice.command(command);
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
        let area = dialog::open(frame, theme, "One-time code", Tone::Warn, 70, 14);
        let until = when::exact(self.code.expires_at, facts.utc_offset);
        let lines = [
            Line::from(vec![
                Span::styled("For ", theme.text),
                Span::styled(self.code.email.to_string(), theme.accent),
                Span::styled(", good until ", theme.text),
                Span::styled(until, theme.text),
            ]),
            Line::default(),
            Line::styled(
                self.code.code.expose_text().unwrap_or_default().to_owned(),
                theme.accent,
            ),
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
            height: 2,
            ..area
        };
        self.choice.draw(
            frame,
            rows,
            theme,
            &[("copy it", ""), ("close", "and forget it")],
            true,
        );
    }
}
