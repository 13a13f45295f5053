//! Asks for the cashier: ten minutes for changes. What waited for it is asked again, or given up.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::console::app::desk::Order;
use crate::console::app::{Desk, Dialog, Facts, Fate, News, Tag};
use crate::console::form::{Form, Pressing};
use crate::console::key::Key;
use crate::console::keymap::{Command, Context};
use crate::console::theme::Theme;
use crate::console::widgets::dialog::{self, Tone};
use crate::domain::cashier::Role;
use crate::domain::text::Email;
use crate::service::request::Request;
use crate::service::{Code, Error, Response};

/// The dialog.
#[derive(Debug)]
pub struct SignIn {
    form: Form,
    purpose: Purpose,
}

/// What comes after it.
#[derive(Debug, Clone, Copy)]
enum Purpose {
    /// Nothing.
    Ten,
    /// A change that was asked for waits for it.
    Change,
    /// A key waits for it, whose form only this role may fill in.
    Before(Role, Key, Command),
}

impl SignIn {
    /// The dialog with `email` proposed.
    #[must_use]
    pub fn new(email: Option<&Email>) -> Self {
        Self::with(email, Purpose::Ten)
    }

    /// The same for a change that waits for it.
    #[must_use]
    pub fn for_change(email: Option<&Email>) -> Self {
        Self::with(email, Purpose::Change)
    }

    /// The same before a form that only cashiers with the role `needed` may fill in, and that this key opens.
    #[must_use]
    pub fn before(email: Option<&Email>, needed: Role, key: Key, command: Command) -> Self {
        Self::with(email, Purpose::Before(needed, key, command))
    }

    fn with(email: Option<&Email>, purpose: Purpose) -> Self {
        let mut form = Form::new().credentials_of(email, None);
        if email.is_some() {
            form.focus_on("password");
        }
        Self { form, purpose }
    }

    fn done(&self, signed_in: bool, desk: &mut Desk<'_>) -> Fate {
        match self.purpose {
            Purpose::Change => desk.order(Order::Resume { signed_in }),
            Purpose::Before(_, key, command) if signed_in => desk.order(Order::Press(key, command)),
            Purpose::Before(..) | Purpose::Ten => {}
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
        let title = match self.purpose {
            Purpose::Ten => "Sign in",
            Purpose::Change | Purpose::Before(..) => "Who makes this change?",
        };
        let text = match self.purpose {
            Purpose::Before(role, ..) => {
                format!("This needs the role {}. Signs in for ten minutes.", role.word())
            }
            Purpose::Ten | Purpose::Change => {
                "Signs in for ten minutes, or until the console locks.".to_owned()
            }
        };
        let area = dialog::open(frame, theme, title, Tone::Plain, 66, self.form.height() + 5);
        let line = Line::styled(text, theme.dim);
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
