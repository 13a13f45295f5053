//! Opens a store that is sealed with a passphrase.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::app::{Facts, News};
use super::form::{Form, Pressing};
use super::keymap::Context;
use super::theme::Theme;
use super::widgets::dialog::{self, Tone};
use crate::domain::cashier::PASSWORD_MAX;
use crate::domain::secret::Secret;
use crate::service::{Code, Error};

/// The screen.
#[derive(Debug)]
pub struct Unlock {
    form: Form,
}

impl Default for Unlock {
    fn default() -> Self {
        Self {
            form: Form::new().masked("passphrase", "Passphrase", PASSWORD_MAX, "of the seal"),
        }
    }
}

impl Unlock {
    /// Where the focus is.
    #[must_use]
    pub fn context(&self) -> Context {
        self.form.context()
    }

    /// Takes news in; gives the passphrase to try.
    pub fn update(&mut self, news: &News, now: std::time::Duration) -> Option<Secret> {
        if self.form.take(news) != Pressing::Submit {
            return None;
        }
        if self.form.text("passphrase").is_empty() {
            self.form.refuse("passphrase", "the passphrase is empty");
            return None;
        }
        let passphrase = self.form.secret("passphrase");
        self.form.wait("Opening the store", now);
        Some(passphrase)
    }

    /// Whether the store is being opened with what was typed.
    #[must_use]
    pub const fn is_waiting(&self) -> bool {
        self.form.is_waiting()
    }

    /// Whether another try with the passphrase may help.
    #[must_use]
    pub const fn is_about(&self, error: &Error) -> bool {
        matches!(
            error.code,
            Code::WrongSeal | Code::Busy | Code::Internal | Code::Invalid
        )
    }

    /// The passphrase was not the one, or the store cannot be opened.
    pub fn refused(&mut self, error: &Error) {
        self.form.wipe("passphrase");
        self.form.fail(error);
    }

    /// Draws it.
    pub fn view(&self, facts: &Facts, theme: &Theme, frame: &mut Frame<'_>) {
        let area = dialog::open(
            frame,
            theme,
            "The store is sealed",
            Tone::Plain,
            66,
            self.form.height() + 5,
        );
        let line = Line::styled("Its passphrase opens it; ctrl-c leaves.", theme.text);
        frame.render_widget(
            line,
            Rect {
                y: area.y + 1,
                height: 1,
                ..area
            },
        );
        let below = Rect::new(area.x, area.y + 3, area.width, area.height.saturating_sub(3));
        self.form.draw(frame, below, theme, facts.at.monotonic);
    }
}
