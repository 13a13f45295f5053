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
use crate::domain::text::Reason;
use crate::service::request::{self, Invalidation, Request, TokenRef};
use crate::service::response::TokenRow;
use crate::service::{Error, Response};

use super::Tag;
use super::callers::{self, Known};
use super::list::List;
use super::model::Done;
use super::named::{Marked, Named};

/// As wide as the smallest terminal.
const WIDTH: u16 = 80;

/// The dialog.
#[derive(Debug)]
pub(super) struct Invalidate {
    tokens: Vec<Named>,
    /// `payouts-prod`, or `12 marked tokens`.
    subject: String,
    /// Where it is about the marked ones.
    marked: Option<Marked>,
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
    /// Opens the dialog for one token.
    pub(super) fn open_for(row: &TokenRow, desk: &mut Desk<'_>) {
        Self::open(vec![Named::from(row)], row.name.to_string(), None, desk);
    }

    /// Opens the dialog for those that are marked.
    pub(super) fn open_for_marked(list: &List, desk: &mut Desk<'_>) {
        let marked = Marked::new(list);
        let tokens = marked.tokens().to_vec();
        let subject = match tokens.len() {
            1 => "1 marked token".to_owned(),
            many => format!("{many} marked tokens"),
        };
        Self::open(tokens, subject, Some(marked), desk);
    }

    fn open(tokens: Vec<Named>, subject: String, marked: Option<Marked>, desk: &mut Desk<'_>) {
        let form = Form::new().guarded().choice("how", "How", ways(), 0).field(
            "reason",
            "Reason",
            Reason::MAX,
            "",
            "for the audit log; may be left empty",
        );
        desk.open(Self {
            tokens,
            subject,
            marked,
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
        if self.marked.as_ref().is_some_and(Marked::is_looking) {
            return self.form.refuse(
                "reason",
                "a moment: whether the list shows them all is being looked up",
            );
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
            tokens: self.tokens.iter().map(|token| TokenRef::Id(token.id)).collect(),
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
            // The note may be read in the view of another token, where that key does not reach this one.
            Invalidation::Revoke => format!(
                "{} revoked; {undo} in the list undoes it within 60 minutes",
                self.subject
            ),
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
                let tokens: Vec<_> = self.tokens.iter().map(|token| token.id).collect();
                let request = callers::question(&tokens, desk);
                desk.ask(Tag::Impact.into(), request);
                if let Some(marked) = &self.marked {
                    marked.ask(desk);
                }
                Fate::Stay
            }
            News::Answer(app::Tag::Tokens(Tag::Impact), result) => {
                self.impact = callers::answered(result);
                Fate::Stay
            }
            News::Answer(app::Tag::Tokens(Tag::Shown), result) => {
                if let Some(marked) = &mut self.marked {
                    marked.take(result, desk);
                }
                Fate::Stay
            }
            News::Answer(app::Tag::Tokens(Tag::Change), result) => self.done(result, desk),
            _ => Fate::Stay,
        }
    }

    fn view(&self, facts: &Facts, theme: &Theme, frame: &mut Frame<'_>) {
        let title = format!("Invalidate {}", self.subject);
        let inside = WIDTH.min(frame.area().width).saturating_sub(4);
        let mut lines = self
            .marked
            .as_ref()
            .map_or_else(|| vec![Line::default()], |marked| marked.lines(inside, theme));
        lines.extend(callers::lines(&self.impact, facts.now(), theme));
        let above = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(1);
        let height = self.form.height().saturating_add(above).saturating_add(2);
        let area = dialog::open(frame, theme, &title, Tone::Danger, WIDTH, height);
        for (line, y) in lines.into_iter().zip(area.top()..area.bottom()) {
            frame.render_widget(line, Rect { y, height: 1, ..area });
        }
        let below = Rect {
            y: area.y.saturating_add(above),
            height: area.height.saturating_sub(above),
            ..area
        };
        self.form.draw(frame, below, theme, facts.at.monotonic);
    }
}
