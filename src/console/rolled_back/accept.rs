//! Accepts an older state: an admin's password, and the commit that it ends at, typed out.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::console::app::desk::Order;
use crate::console::app::{Desk, Dialog, Facts, Fate, News, Tag};
use crate::console::form::{Form, Pressing};
use crate::console::keymap::Context;
use crate::console::theme::Theme;
use crate::console::widgets::dialog::{self, Tone};
use crate::domain::cashier::Role;
use crate::service::Response;
use crate::service::request::Request;
use crate::service::response::Rollback;

/// The dialog.
#[derive(Debug)]
pub(super) struct Accept {
    rollback: Rollback,
    form: Form,
}

impl Accept {
    pub(super) fn new(rollback: Rollback, facts: &Facts) -> Self {
        let note = format!("type {}, the commit that this state ends at", rollback.found);
        let form = Form::new()
            .field("commit", "Commit", 20, "", &note)
            .credentials_of(facts.email.as_ref(), Some(Role::Admin));
        Self { rollback, form }
    }

    fn request(&mut self) -> Option<Request> {
        if self.form.text("commit").trim().parse() != Ok(self.rollback.found) {
            let problem = format!("this is not {}", self.rollback.found);
            self.form.refuse("commit", problem);
            return None;
        }
        let credentials = self.form.credentials()?;
        Some(Request::AcceptRollback {
            credentials,
            sequence: self.rollback.found,
        })
    }
}

impl Dialog for Accept {
    fn context(&self) -> Context {
        self.form.context()
    }

    fn update(&mut self, news: News, desk: &mut Desk<'_>) -> Fate {
        match self.form.take(&news) {
            Pressing::Back => return Fate::Close,
            Pressing::Submit => {
                if let Some(request) = self.request() {
                    desk.ask(Tag::AcceptRollback, request);
                    self.form.wait("Checking the password", desk.facts.at.monotonic);
                }
            }
            Pressing::Ignored | Pressing::Moved | Pressing::Changed => {}
        }
        match news {
            News::Answer(_, Ok(Response::Done)) => {
                desk.order(Order::Accepted(self.rollback.found));
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
        let height = self.form.height() + 8;
        let area = dialog::open(frame, theme, "Accept the older state", Tone::Danger, 72, height);
        let lines = [
            "What came after it is lost for good. Tokens that were revoked since",
            "work again: look at once which to revoke anew. An admin accepts it.",
        ];
        for (line, y) in lines.into_iter().zip(area.y + 1..) {
            frame.render_widget(Line::styled(line, theme.text), Rect { y, height: 1, ..area });
        }
        let below = Rect::new(area.x, area.y + 4, area.width, area.height.saturating_sub(4));
        self.form.draw(frame, below, theme, facts.at.monotonic);
    }
}
