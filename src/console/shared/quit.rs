//! Asks before leaving, only while something is shown that cannot be had again: a new token, a one-time code.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::console::app::desk::Order;
use crate::console::app::{Desk, Dialog, Facts, Fate, News};
use crate::console::keymap::{Command, Context};
use crate::console::theme::Theme;
use crate::console::widgets::choice::Choice;
use crate::console::widgets::dialog::{self, Tone};

/// The question.
#[derive(Debug)]
pub struct QuitAnyway {
    choice: Choice,
}

impl Default for QuitAnyway {
    fn default() -> Self {
        Self {
            choice: Choice::new(0, 2),
        }
    }
}

impl Dialog for QuitAnyway {
    fn context(&self) -> Context {
        Context::Dialog
    }

    fn update(&mut self, news: News, desk: &mut Desk<'_>) -> Fate {
        match news {
            News::Key(_, Some(Command::Back)) => return Fate::Close,
            News::Key(_, Some(Command::Accept)) => {
                if self.choice.chosen() == 1 {
                    desk.order(Order::Quit);
                }
                return Fate::Close;
            }
            News::Key(_, Some(command)) => {
                self.choice.command(command);
            }
            _ => {}
        }
        Fate::Stay
    }

    fn view(&self, _facts: &Facts, theme: &Theme, frame: &mut Frame<'_>) {
        let area = dialog::open(frame, theme, "Leave it unconfirmed?", Tone::Warn, 66, 9);
        let lines = [
            "What is open here is shown nowhere else. A token that is left now",
            "is listed as never acknowledged; one it should replace goes on.",
        ];
        for (line, y) in lines.into_iter().zip(area.y + 1..) {
            frame.render_widget(Line::styled(line, theme.text), Rect { y, height: 1, ..area });
        }
        let rows = Rect {
            y: area.y + 4,
            height: 2,
            ..area
        };
        let labels = [("go back", "to it"), ("leave", "without it")];
        self.choice.draw(frame, rows, theme, &labels, true);
    }

    fn asks_to_quit(&self) -> bool {
        true
    }
}
