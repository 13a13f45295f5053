//! Confirms a wall clock that jumped: an admin says that it is right.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::console::app::{Desk, Dialog, Facts, Fate, News, Tag};
use crate::console::form::{Form, Pressing};
use crate::console::keymap::Context;
use crate::console::theme::Theme;
use crate::console::when;
use crate::console::widgets::dialog::{self, Tone};
use crate::domain::cashier::Role;
use crate::service::Response;
use crate::service::request::Request;
use crate::service::response::ClockView;

/// The dialog.
#[derive(Debug)]
pub(super) struct Confirm {
    /// The clocks as they were shown: what is confirmed.
    clock: ClockView,
    form: Form,
}

impl Confirm {
    pub(super) fn new(clock: ClockView, facts: &Facts) -> Self {
        let form = Form::new().credentials_of(facts.email.as_ref(), Some(Role::Admin));
        Self { clock, form }
    }
}

impl Dialog for Confirm {
    fn context(&self) -> Context {
        self.form.context()
    }

    fn update(&mut self, news: News, desk: &mut Desk<'_>) -> Fate {
        match self.form.take(&news) {
            Pressing::Back => return Fate::Close,
            Pressing::Submit => {
                if let Some(credentials) = self.form.credentials() {
                    let wall = self.clock.wall;
                    desk.ask(Tag::ConfirmClock, Request::ConfirmClock { credentials, wall });
                    self.form.wait("Checking the password", desk.facts.at.monotonic);
                }
            }
            Pressing::Ignored | Pressing::Moved | Pressing::Changed => {}
        }
        match news {
            News::Answer(_, Ok(Response::Done)) => {
                desk.note("the wall clock is believed from now on");
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
        let title = "Is the wall clock right?";
        let area = dialog::open(frame, theme, title, Tone::Danger, 72, self.form.height() + 8);
        let exact = |at| when::exact(at, facts.utc_offset);
        let expires = match self.clock.would_expire {
            0 => "No token that works would have expired by it.".to_owned(),
            1 => "1 token that works has expired by it, and is expired for good then.".to_owned(),
            count => format!("{count} tokens that work have expired by it, and are expired for good then."),
        };
        let lines = [
            format!("It shows     {}", exact(self.clock.wall)),
            format!("Trusted is   {}", exact(self.clock.trusted)),
            String::new(),
            expires,
        ];
        for (line, y) in lines.into_iter().zip(area.y + 1..) {
            frame.render_widget(Line::styled(line, theme.text), Rect { y, height: 1, ..area });
        }
        let below = Rect::new(area.x, area.y + 6, area.width, area.height.saturating_sub(6));
        self.form.draw(frame, below, theme, facts.at.monotonic);
    }
}
