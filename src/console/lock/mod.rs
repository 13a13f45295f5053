//! The lock: nothing is seen until a cashier gives e-mail and password.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::app::desk::Order;
use super::app::{Desk, Facts, Fate, News, Tag};
use super::form::{Form, Pressing};
use super::keymap::Context;
use super::theme::Theme;
use super::widgets::dialog::{self, Tone};
use crate::domain::text::Email;
use crate::service::Response;
use crate::service::request::Request;

/// The locked console.
#[derive(Debug)]
pub struct Lock {
    form: Form,
    /// The only cashier who may open it: there is a reveal behind it.
    only: Option<Email>,
}

impl Lock {
    /// Locked, with `email` proposed; for `only` alone where one is given.
    #[must_use]
    pub fn new(email: Option<&Email>, only: Option<Email>) -> Self {
        let email = only.as_ref().or(email);
        let mut form = Form::new().credentials_of(email, None);
        if email.is_some() {
            form.focus_on("password");
        }
        Self { form, only }
    }

    /// Where the focus is.
    #[must_use]
    pub fn context(&self) -> Context {
        self.form.context()
    }

    /// Takes news in; [`Fate::Close`] opens the console.
    pub fn update(&mut self, news: News, desk: &mut Desk<'_>) -> Fate {
        if self.form.take(&news) == Pressing::Submit
            && let Some(credentials) = self.form.credentials()
        {
            if let Some(only) = self.only.as_ref().filter(|only| **only != credentials.email) {
                self.form
                    .refuse("e-mail address", format!("what is behind waits for {only} alone"));
                return Fate::Stay;
            }
            desk.ask(Tag::SignIn, Request::SignIn(credentials));
            self.form.wait("Checking the password", desk.facts.at.monotonic);
        }
        match news {
            News::Answer(_, Ok(Response::SignedIn(signed_in))) => {
                desk.order(Order::SignedIn(signed_in));
                return Fate::Close;
            }
            News::Answer(_, Err(error)) => self.form.fail(&error),
            _ => {}
        }
        Fate::Stay
    }

    /// Draws it; nothing else is drawn while the console is locked.
    pub fn view(&self, facts: &Facts, theme: &Theme, frame: &mut Frame<'_>) {
        let area = dialog::open(frame, theme, "Locked", Tone::Warn, 66, self.form.height() + 5);
        let text = match &self.only {
            Some(only) => format!("Something new waits behind it: {only} opens it again."),
            None => "Any cashier's e-mail and password open it again.".to_owned(),
        };
        let line = Line::styled(text, theme.text);
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
