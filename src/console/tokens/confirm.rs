//! Asks whether it is meant, after saying who would notice: yes or no, and no is proposed.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::console::app::{self, Desk, Dialog, Facts, Fate, News};
use crate::console::form::{Form, Pressing};
use crate::console::keymap::Context;
use crate::console::theme::Theme;
use crate::console::widgets::dialog::{self, Tone};
use crate::domain::id::TokenId;
use crate::service::request::Request;
use crate::service::{Error, Response};

use super::Tag;
use super::callers::{self, Known};

/// What is asked about.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) title: String,
    /// What the two answers are about.
    pub(super) label: &'static str,
    /// The harmless answer.
    pub(super) no: &'static str,
    /// The other one, and what it does.
    pub(super) yes: (&'static str, &'static str),
    /// Whose callers would notice.
    pub(super) about: TokenId,
    /// What else to know; empty for nothing.
    pub(super) note: String,
    /// What is done then.
    pub(super) request: Request,
    /// What is said while it is done, and after it.
    pub(super) doing: &'static str,
    pub(super) done: &'static str,
}

/// The dialog.
#[derive(Debug)]
pub(super) struct Confirm {
    question: Question,
    form: Form,
    impact: Known,
}

impl Confirm {
    pub(super) fn open(question: Question, desk: &mut Desk<'_>) {
        let (yes, effect) = question.yes;
        let options = vec![
            (question.no.to_owned(), String::new()),
            (yes.to_owned(), effect.to_owned()),
        ];
        desk.open(Self {
            form: Form::new().choice("sure", question.label, options, 0),
            question,
            impact: None,
        });
    }
}

impl Dialog for Confirm {
    fn context(&self) -> Context {
        self.form.context()
    }

    fn update(&mut self, news: News, desk: &mut Desk<'_>) -> Fate {
        match self.form.take(&news) {
            Pressing::Back => return Fate::Close,
            Pressing::Submit if self.form.chosen("sure") == 0 => return Fate::Close,
            Pressing::Submit => {
                self.form.wait(self.question.doing, desk.facts.at.monotonic);
                desk.ask(Tag::Change.into(), self.question.request.clone());
            }
            Pressing::Ignored | Pressing::Moved | Pressing::Changed => {}
        }
        match news {
            News::Opened | News::Refresh => {
                let request = callers::question(&[self.question.about], desk);
                desk.ask(Tag::Impact.into(), request);
                Fate::Stay
            }
            News::Answer(app::Tag::Tokens(Tag::Impact), result) => {
                self.impact = callers::answered(result);
                Fate::Stay
            }
            News::Answer(app::Tag::Tokens(Tag::Change), result) => {
                changed(&mut self.form, result, self.question.done, desk)
            }
            _ => Fate::Stay,
        }
    }

    fn view(&self, facts: &Facts, theme: &Theme, frame: &mut Frame<'_>) {
        let note = &self.question.note;
        let above = if note.is_empty() { 3 } else { 4 };
        let height = self.form.height() + above + 2;
        let area = dialog::open(frame, theme, &self.question.title, Tone::Warn, 80, height);
        let [who, much] = callers::lines(&self.impact, facts.now(), theme);
        let lines = [
            who,
            much,
            Line::styled(format!("  {}", note.replace('…', theme.glyphs.more)), theme.dim),
        ];
        for (line, y) in lines.into_iter().zip(area.top()..area.bottom()) {
            frame.render_widget(line, Rect { y, height: 1, ..area });
        }
        let below = Rect {
            y: area.y + above,
            height: area.height.saturating_sub(above),
            ..area
        };
        self.form.draw(frame, below, theme, facts.at.monotonic);
    }
}

/// What a dialog does with the answer to a change.
pub(super) fn changed(
    form: &mut Form,
    result: Result<Response, Error>,
    said: &str,
    desk: &mut Desk<'_>,
) -> Fate {
    match result {
        Ok(_) => {
            desk.note(said);
            desk.refresh();
            Fate::Close
        }
        Err(error) => {
            form.fail(&error);
            Fate::Stay
        }
    }
}
