//! Changes a cashier, after saying what that does: role, disabled or enabled, a new code.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::add::roles;
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
use crate::service::response::CashierRow;

/// The dialog.
#[derive(Debug)]
pub(super) struct Confirm {
    email: Email,
    what: What,
    form: Form,
}

#[derive(Debug, Clone, Copy)]
enum What {
    Role,
    Disable(bool),
    Reset,
}

impl Confirm {
    pub(super) fn role(row: &CashierRow) -> Self {
        let present = Role::ALL.iter().position(|role| *role == row.role).unwrap_or(0);
        Self {
            email: row.email.clone(),
            what: What::Role,
            form: Form::new().choice("role", "Role", roles(), present),
        }
    }

    pub(super) fn disable(row: &CashierRow, disabled: bool) -> Self {
        let act = if disabled { "disable" } else { "enable" };
        Self::question(row, What::Disable(disabled), act)
    }

    pub(super) fn reset(row: &CashierRow) -> Self {
        Self::question(row, What::Reset, "reset")
    }

    fn question(row: &CashierRow, what: What, act: &str) -> Self {
        let options = vec![
            ("go back".to_owned(), String::new()),
            (act.to_owned(), String::new()),
        ];
        Self {
            email: row.email.clone(),
            what,
            form: Form::new().choice("sure", "Go on?", options, 0),
        }
    }

    fn request(&self) -> Option<Request> {
        let email = self.email.clone();
        let sure = self.form.chosen("sure") == 1;
        match self.what {
            What::Role => {
                let role = Role::ALL[self.form.chosen("role").min(Role::ALL.len() - 1)];
                Some(Request::SetRole { email, role })
            }
            What::Disable(disabled) => sure.then_some(Request::DisableCashier { email, disabled }),
            What::Reset => sure.then_some(Request::ResetCashier { email }),
        }
    }

    const fn words(&self) -> (&'static str, &'static str) {
        match self.what {
            What::Role => ("Change the role", "It holds from the next request on."),
            What::Disable(true) => (
                "Disable the cashier",
                "Signs in no more, from this instant; tokens it minted go on.",
            ),
            What::Disable(false) => (
                "Enable the cashier",
                "May sign in again, with the password it had.",
            ),
            What::Reset => (
                "Reset the cashier",
                "The password is forgotten; a one-time code takes its place.",
            ),
        }
    }
}

impl Dialog for Confirm {
    fn context(&self) -> Context {
        self.form.context()
    }

    fn update(&mut self, news: News, desk: &mut Desk<'_>) -> Fate {
        match self.form.take(&news) {
            Pressing::Back => return Fate::Close,
            Pressing::Submit => match self.request() {
                Some(request) => {
                    desk.ask(app::Tag::Cashiers(Tag::Change), request);
                    self.form.wait("Changing", desk.facts.at.monotonic);
                }
                None => return Fate::Close,
            },
            Pressing::Ignored | Pressing::Moved | Pressing::Changed => {}
        }
        match news {
            News::Answer(_, Ok(Response::EnrolmentCode(code))) => {
                desk.open(Code::new(code, desk.facts));
                desk.refresh();
                Fate::Close
            }
            News::Answer(_, Ok(_)) => {
                desk.note(format!("changed {}", self.email));
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
        let (title, effect) = self.words();
        let area = dialog::open(frame, theme, title, Tone::Warn, 70, self.form.height() + 6);
        let lines = [
            Line::from(Span::styled(self.email.to_string(), theme.accent)),
            Line::styled(effect, theme.text),
        ];
        for (line, y) in lines.into_iter().zip(area.y + 1..) {
            frame.render_widget(line, Rect { y, height: 1, ..area });
        }
        let below = Rect::new(area.x, area.y + 4, area.width, area.height.saturating_sub(4));
        self.form.draw(frame, below, theme, facts.at.monotonic);
    }
}
