//! Tries a pasted token: whether it works and which it is, without counting it as used. The text is not shown, and
//! wiped when it is asked about.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::console::app::{self, Desk, Dialog, Facts, Fate, News};
use crate::console::form::{Form, Pressing};
use crate::console::keymap::Context;
use crate::console::shared::sign_in::unexpected;
use crate::console::theme::Theme;
use crate::console::when;
use crate::console::widgets::dialog::{self, Tone};
use crate::console::widgets::fitted;
use crate::domain::text::Slug;
use crate::domain::token::Refusal;
use crate::service::Response;
use crate::service::request::Request;
use crate::service::response::{TokenRow, Tried};

use super::{Tag, strip};

/// More than any token has.
const MAX: usize = 200;

/// The dialog.
#[derive(Debug)]
pub(super) struct TryToken {
    form: Form,
    tried: Option<Tried>,
}

impl Default for TryToken {
    fn default() -> Self {
        let form = Form::new().masked(
            "token",
            "Token",
            MAX,
            "paste it; it is not shown, and does not count as used",
        );
        Self { form, tried: None }
    }
}

impl Dialog for TryToken {
    fn context(&self) -> Context {
        self.form.context()
    }

    fn update(&mut self, news: News, desk: &mut Desk<'_>) -> Fate {
        match self.form.take(&news) {
            Pressing::Back => return Fate::Close,
            Pressing::Submit if self.form.text("token").is_empty() => {
                self.form.refuse("token", "paste a token first");
            }
            Pressing::Submit => {
                let presented = self.form.secret("token");
                self.form.wipe("token");
                self.tried = None;
                self.form.wait("Looking it up", desk.facts.at.monotonic);
                desk.ask(Tag::Try.into(), Request::TryToken { presented });
            }
            Pressing::Changed => self.tried = None,
            Pressing::Ignored | Pressing::Moved => {}
        }
        if let News::Answer(app::Tag::Tokens(Tag::Try), result) = news {
            self.form.ready();
            match result {
                Ok(Response::Tried(tried)) => self.tried = Some(tried),
                Ok(_) => self.form.fail(&unexpected()),
                Err(error) => self.form.fail(&error),
            }
        }
        Fate::Stay
    }

    fn view(&self, facts: &Facts, theme: &Theme, frame: &mut Frame<'_>) {
        let area = dialog::open(frame, theme, "Try a token", Tone::Plain, 76, 12);
        let above = Rect {
            y: area.y + 1,
            height: 4,
            ..area
        }
        .intersection(area);
        self.form.draw(frame, above, theme, facts.at.monotonic);
        let lines = self
            .tried
            .as_ref()
            .map_or_else(Vec::new, |tried| verdict(tried, facts, theme));
        for (line, y) in lines.into_iter().zip(area.top() + 5..area.bottom()) {
            frame.render_widget(line, Rect { y, height: 1, ..area });
        }
    }
}

/// Whether it works, why not, and which it is.
fn verdict<'a>(tried: &Tried, facts: &Facts, theme: &Theme) -> Vec<Line<'a>> {
    let glyphs = theme.glyphs;
    let bad = |text: &str| vec![Line::styled(format!("{} {text}", glyphs.danger), theme.danger)];
    match tried {
        Tried::Good(row, organization) => {
            let text = format!("{} it works, {}", glyphs.good, row.status.word());
            let mut lines = vec![Line::styled(text, theme.status(row.status))];
            lines.extend(which(row, organization, facts, theme));
            lines
        }
        Tried::Refused(refusal, row, organization) => {
            let mut lines = bad(match refusal {
                Refusal::Expired if was_replaced(row) => {
                    "it was replaced, and the overlap is over: it is refused"
                }
                Refusal::Expired => "it ran out: it is refused",
                Refusal::Revoked => "its rights were taken away: it is refused",
                Refusal::Held => "a backup was restored: it is refused until an admin releases it",
            });
            lines.extend(which(row, organization, facts, theme));
            lines
        }
        Tried::Forbidden(row, organization) => {
            let mut lines = bad("it works, and not from here");
            lines.extend(which(row, organization, facts, theme));
            lines
        }
        Tried::Unknown => bad("it has the form of a token, and nobody here knows it"),
        Tried::Mistyped => bad("a character is wrong or missing: its checksum does not fit"),
        Tried::Malformed => bad("this is no token: it has not the form of one"),
    }
}

/// Whether the end of an overlap came before its own.
fn was_replaced(row: &TokenRow) -> bool {
    row.replaced_by.is_some() && row.ends_at < row.expires_at
}

fn which<'a>(row: &TokenRow, organization: &Slug, facts: &Facts, theme: &Theme) -> Vec<Line<'a>> {
    let name = fitted(row.name.as_str(), 40, theme);
    vec![
        strip::fact("token", format!("{name}, {organization}"), theme),
        strip::fact("service", format!("{}, {}", row.service, row.environment), theme),
        strip::fact("ends", when::exact(row.ends_at, facts.utc_offset), theme),
    ]
}
