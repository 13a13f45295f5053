//! Adds a cashier, who sets a password with the code that is shown then.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::code::Code;
use super::model::Tag;
use crate::console::app::{self, Desk, Dialog, Facts, Fate, News};
use crate::console::form::{Form, Pressing};
use crate::console::keymap::Context;
use crate::console::theme::Theme;
use crate::console::widgets::dialog::{self, Tone};
use crate::domain::cashier::Role;
use crate::domain::text::Email;
use crate::service::Response;
use crate::service::request::Request;

/// The dialog.
#[derive(Debug)]
pub(super) struct Add {
    form: Form,
}

impl Add {
    pub(super) fn new() -> Self {
        let form = Form::new()
            .field(
                "e-mail address",
                "E-mail",
                Email::MAX,
                "",
                "such as grace@acme.test",
            )
            .choice("role", "Role", roles(), 1);
        Self { form }
    }
}

/// The roles as choices.
pub(super) fn roles() -> Vec<(String, String)> {
    Role::ALL
        .into_iter()
        .map(|role| (role.word().to_owned(), role.purpose().to_owned()))
        .collect()
}

impl Dialog for Add {
    fn context(&self) -> Context {
        self.form.context()
    }

    fn update(&mut self, news: News, desk: &mut Desk<'_>) -> Fate {
        match self.form.take(&news) {
            Pressing::Back => return Fate::Close,
            Pressing::Submit => {
                if let Some(email) = self.form.parsed("e-mail address", Email::folded) {
                    let role = Role::ALL[self.form.chosen("role").min(Role::ALL.len() - 1)];
                    desk.ask(app::Tag::Cashiers(Tag::Add), Request::AddCashier { email, role });
                    self.form.wait("Adding", desk.facts.at.monotonic);
                }
            }
            Pressing::Ignored | Pressing::Moved | Pressing::Changed => {}
        }
        match news {
            News::Answer(_, Ok(Response::EnrolmentCode(code))) => {
                desk.open(Code::new(code, desk.facts));
                desk.refresh();
                Fate::Close
            }
            News::Answer(_, Err(error)) => {
                self.form.fail(&error);
                Fate::Stay
            }
            _ => Fate::Stay,
        }
    }

    fn view(&self, facts: &Facts, theme: &Theme, frame: &mut Frame<'_>) {
        let area = dialog::open(
            frame,
            theme,
            "Add a cashier",
            Tone::Plain,
            70,
            self.form.height() + 5,
        );
        let line = Line::styled(
            "The cashier sets the password alone, with a code you hand over.",
            theme.dim,
        );
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
