//! Asks for the cashier: ten minutes for changes. What waited for it is asked again, or given up.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::console::app::desk::Order;
use crate::console::app::{Desk, Dialog, Facts, Fate, News, Tag};
use crate::console::form::{Form, Pressing};
use crate::console::keymap::Context;
use crate::console::theme::Theme;
use crate::console::widgets::dialog::{self, Tone};
use crate::domain::text::Email;
use crate::service::request::Request;
use crate::service::{Code, Error, Response};

/// The dialog.
#[derive(Debug)]
pub struct SignIn {
    form: Form,
    /// Whether a change waits for it.
    for_change: bool,
}

impl SignIn {
    /// The dialog with `email` proposed.
    #[must_use]
    pub fn new(email: Option<&Email>, for_change: bool) -> Self {
        let mut form = Form::new().credentials_of(email);
        if email.is_some() {
            form.focus_on("password");
        }
        Self { form, for_change }
    }

    fn done(&self, signed_in: bool, desk: &mut Desk<'_>) -> Fate {
        if self.for_change {
            desk.order(Order::Resume { signed_in });
        }
        Fate::Close
    }
}

impl Dialog for SignIn {
    fn context(&self) -> Context {
        self.form.context()
    }

    fn update(&mut self, news: News, desk: &mut Desk<'_>) -> Fate {
        match self.form.take(&news) {
            Pressing::Back => return self.done(false, desk),
            Pressing::Submit => {
                if let Some(credentials) = self.form.credentials() {
                    desk.ask(Tag::SignIn, Request::SignIn(credentials));
                    self.form.wait("Checking the password", desk.facts.at.monotonic);
                }
            }
            Pressing::Ignored | Pressing::Moved | Pressing::Changed => {}
        }
        match news {
            News::Answer(Tag::SignIn, Ok(Response::SignedIn(signed_in))) => {
                desk.note(format!("signed in as {} for ten minutes", signed_in.email));
                desk.order(Order::SignedIn(signed_in));
                self.done(true, desk)
            }
            News::Answer(_, Err(error)) => {
                self.form.fail(&error);
                Fate::Stay
            }
            News::Answer(_, Ok(_)) => {
                self.form.fail(&unexpected());
                Fate::Stay
            }
            _ => Fate::Stay,
        }
    }

    fn view(&self, facts: &Facts, theme: &Theme, frame: &mut Frame<'_>) {
        let title = if self.for_change {
            "Who makes this change?"
        } else {
            "Sign in"
        };
        let area = dialog::open(frame, theme, title, Tone::Plain, 66, self.form.height() + 5);
        let line = Line::styled("Signs in for ten minutes, or until the console locks.", theme.dim);
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

/// An answer that this question never has.
#[must_use]
pub fn unexpected() -> Error {
    Error::new(
        Code::Internal,
        "the answer does not fit the question",
        "look at the activity list before you repeat it",
    )
}
