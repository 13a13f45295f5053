//! Help for what has the focus, drawn from the keymap.

use ratatui::Frame;

use crate::console::app::{Desk, Dialog, Facts, Fate, News};
use crate::console::keymap::{Command, Context};
use crate::console::theme::Theme;
use crate::console::widgets::help;

/// The overlay.
#[derive(Debug)]
pub struct Help {
    of: Context,
    offset: usize,
}

impl Help {
    /// Help for a place.
    #[must_use]
    pub const fn new(of: Context) -> Self {
        Self { of, offset: 0 }
    }
}

impl Dialog for Help {
    fn context(&self) -> Context {
        Context::Dialog
    }

    fn update(&mut self, news: News, desk: &mut Desk<'_>) -> Fate {
        let last = help::rows(&desk.facts.keymap, self.of).saturating_sub(1);
        match news {
            News::Key(_, Some(Command::Back | Command::Accept)) => return Fate::Close,
            News::Key(_, Some(Command::Down)) | News::Scroll { down: true } => {
                self.offset = (self.offset + 1).min(last)
            }
            News::Key(_, Some(Command::Up)) | News::Scroll { down: false } => {
                self.offset = self.offset.saturating_sub(1)
            }
            News::Key(_, Some(Command::PageDown)) => self.offset = (self.offset + 10).min(last),
            News::Key(_, Some(Command::PageUp)) => self.offset = self.offset.saturating_sub(10),
            News::Key(_, Some(Command::Top)) => self.offset = 0,
            News::Key(_, Some(Command::Bottom)) => self.offset = last,
            _ => {}
        }
        Fate::Stay
    }

    fn view(&self, facts: &Facts, theme: &Theme, frame: &mut Frame<'_>) {
        help::overlay(frame, theme, &facts.keymap, self.of, self.offset);
    }
}
