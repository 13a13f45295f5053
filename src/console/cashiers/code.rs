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
use crate::service::response::EnrolmentCode;

/// The dialog.
#[derive(Debug)]
pub(super) struct Code {
    code: EnrolmentCode,
    choice: Choice,
}

impl Code {
    pub(super) fn new(code: EnrolmentCode) -> Self {
        Self {
            code,
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

    fn holds_secret(&self) -> bool {
        true
    }

    fn view(&self, facts: &Facts, theme: &Theme, frame: &mut Frame<'_>) {
        let area = dialog::open(frame, theme, "One-time code", Tone::Warn, 70, 13);
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
            Line::styled(
                "the cashier sets the password with: strongroom cashier enrol",
                theme.text,
            ),
        ];
        for (line, y) in lines.into_iter().zip(area.y + 1..) {
            frame.render_widget(line, Rect { y, height: 1, ..area });
        }
        let rows = Rect {
            y: area.y + 8,
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
