//! Takes rights away: revoke, revoke as leaked, delete; one token, or those that are marked. How many and who uses them
//! comes first.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::console::app::desk::Order;
use crate::console::app::{self, Desk, Dialog, Facts, Fate, News};
use crate::console::form::{Form, Pressing};
use crate::console::keymap::{Command, Context};
use crate::console::theme::Theme;
use crate::console::widgets::dialog::{self, Tone};
use crate::domain::id::TokenId;
use crate::domain::text::Reason;
use crate::service::request::{self, Invalidation, Request, TokenRef};
use crate::service::{Error, Response};

use super::Tag;
use super::callers::{self, Known};
use super::model::Done;

/// The dialog.
#[derive(Debug)]
pub(super) struct Invalidate {
    tokens: Vec<TokenId>,
    /// `payouts-prod`, or `12 tokens`.
    subject: String,
    form: Form,
    impact: Known,
}

/// What each way does.
fn ways() -> Vec<(String, String)> {
    let way = |how: Invalidation| {
        let (label, note) = match how {
            Invalidation::Revoke => ("revoke", "refused at once; undo for 60 minutes"),
            Invalidation::RevokeAsLeaked => ("revoke as leaked", "the same, and never undone"),
            Invalidation::Delete => ("delete", "for good: only a tombstone is left"),
        };
        (label.to_owned(), note.to_owned())
    };
    Invalidation::ALL.into_iter().map(way).collect()
}

impl Invalidate {
    /// Opens the dialog; `name` where it is about one token.
    pub(super) fn open_for(tokens: Vec<TokenId>, name: Option<String>, desk: &mut Desk<'_>) {
        let subject = match name {
            Some(name) => name,
            None if tokens.len() == 1 => "1 marked token".to_owned(),
            None => format!("{} marked tokens", tokens.len()),
        };
        let form = Form::new().choice("how", "How", ways(), 0).field(
            "reason",
            "Reason",
            Reason::MAX,
            "",
            "for the audit log; may be left empty",
        );
        desk.open(Self {
            tokens,
            subject,
            form,
            impact: None,
        });
    }

    fn how(&self) -> Invalidation {
        Invalidation::ALL[self.form.chosen("how")]
    }

    fn submit(&mut self, desk: &mut Desk<'_>) {
        if self.impact.is_none() {
            return self
                .form
                .refuse("reason", "a moment: who uses it is being looked up");
        }
        let reason = if self.form.text("reason").is_empty() {
            None
        } else {
            let Some(reason) = self.form.parsed("reason", Reason::parse) else {
                return;
            };
            Some(reason)
        };
        let invalidate = request::Invalidate {
            organization: desk.facts.current.clone(),
            tokens: self.tokens.iter().copied().map(TokenRef::Id).collect(),
            how: self.how(),
            reason,
        };
        self.form.wait("Taking the rights away", desk.facts.at.monotonic);
        desk.ask(Tag::Change.into(), Request::Invalidate(invalidate));
    }

    fn done(&mut self, result: Result<Response, Error>, desk: &mut Desk<'_>) -> Fate {
        if let Err(error) = result {
            self.form.fail(&error);
            return Fate::Stay;
        }
        let undo = desk.facts.keymap.hint(Command::Restore);
        let said = match self.how() {
            Invalidation::Revoke => format!("{} revoked; {undo} undoes it within 60 minutes", self.subject),
            Invalidation::RevokeAsLeaked => format!("{} revoked as leaked, for good", self.subject),
            Invalidation::Delete => format!("{} deleted", self.subject),
        };
        desk.note(said);
        let undoable = self.how() == Invalidation::Revoke;
        desk.order(Order::Tokens(Done::Invalidated(
            std::mem::take(&mut self.tokens),
            undoable,
        )));
        desk.refresh();
        Fate::Close
    }
}

impl Dialog for Invalidate {
    fn context(&self) -> Context {
        self.form.context()
    }

    fn update(&mut self, news: News, desk: &mut Desk<'_>) -> Fate {
        match self.form.take(&news) {
            Pressing::Back => return Fate::Close,
            Pressing::Submit => self.submit(desk),
            Pressing::Ignored | Pressing::Moved | Pressing::Changed => {}
        }
        match news {
            News::Opened | News::Refresh => {
                let request = callers::question(&self.tokens, desk);
                desk.ask(Tag::Impact.into(), request);
                Fate::Stay
            }
            News::Answer(app::Tag::Tokens(Tag::Impact), result) => {
                self.impact = callers::answered(result);
                Fate::Stay
            }
            News::Answer(app::Tag::Tokens(Tag::Change), result) => self.done(result, desk),
            _ => Fate::Stay,
        }
    }

    fn view(&self, facts: &Facts, theme: &Theme, frame: &mut Frame<'_>) {
        let title = format!("Invalidate {}", self.subject);
        let area = dialog::open(frame, theme, &title, Tone::Danger, 80, self.form.height() + 6);
        let mut lines = vec![Line::default()];
        lines.extend(callers::lines(&self.impact, facts.now(), theme));
        for (line, y) in lines.into_iter().zip(area.top()..area.bottom()) {
            frame.render_widget(line, Rect { y, height: 1, ..area });
        }
        let below = Rect {
            y: area.y + 4,
            height: area.height.saturating_sub(4),
            ..area
        };
        self.form.draw(frame, below, theme, facts.at.monotonic);
    }
}
