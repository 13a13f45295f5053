//! Lets tokens work again that are held after a restore: one, those that are marked, or all. What is not known of them
//! comes first.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::console::app::{self, Desk, Dialog, Facts, Fate, News};
use crate::console::form::{Form, Pressing};
use crate::console::keymap::Context;
use crate::console::theme::Theme;
use crate::console::widgets::dialog::{self, Tone};
use crate::domain::id::TokenId;
use crate::domain::token::Status;
use crate::service::request::{Request, TokenRef};
use crate::service::response::TokenRow;

use super::Tag;
use super::list::List;

/// The question.
#[derive(Debug)]
pub(super) struct Release {
    tokens: Vec<TokenId>,
    form: Form,
}

impl Release {
    /// Opens it for those that are marked, else for the one under the cursor.
    pub(super) fn open_for_list(list: &List, desk: &mut Desk<'_>) {
        if list.held.page().counts.held == 0 {
            return desk.warn("no token is held: they are only after a restore");
        }
        let marked: Vec<TokenId> = list.marks.keys().copied().collect();
        match (marked.len(), list.selected()) {
            (0, Some(row)) if row.status == Status::Held => Self::open(vec![row.id], &row.name, desk),
            (0, _) => Self::open(Vec::new(), "", desk),
            (1, _) => Self::open(marked, "the marked token", desk),
            (many, _) => Self::open(marked, format!("the {many} marked tokens"), desk),
        }
    }

    /// Opens it for one token.
    pub(super) fn open_for(row: &TokenRow, desk: &mut Desk<'_>) {
        if row.status == Status::Held {
            Self::open(vec![row.id], &row.name, desk);
        } else {
            desk.warn(format!("{} is {}, not held", row.name, row.status.word()));
        }
    }

    fn open(tokens: Vec<TokenId>, which: impl AsRef<str>, desk: &mut Desk<'_>) {
        let mut options = vec![("go back".to_owned(), "they stay refused".to_owned())];
        if !tokens.is_empty() {
            options.push((format!("release {}", which.as_ref()), String::new()));
        }
        options.push((
            "release all".to_owned(),
            "of every organization; the hold is over".to_owned(),
        ));
        desk.open(Self {
            tokens,
            form: Form::new().choice("which", "Release", options, 0),
        });
    }

    fn request(&self, desk: &Desk<'_>) -> Option<Request> {
        let is_some = self.form.chosen("which") == 1 && !self.tokens.is_empty();
        let named = || self.tokens.iter().map(|token| TokenRef::Id(*token)).collect();
        (self.form.chosen("which") > 0).then(|| Request::ReleaseHold {
            organization: desk.facts.current.clone(),
            tokens: is_some.then(named),
        })
    }
}

impl Dialog for Release {
    fn context(&self) -> Context {
        self.form.context()
    }

    fn update(&mut self, news: News, desk: &mut Desk<'_>) -> Fate {
        match self.form.take(&news) {
            Pressing::Back => return Fate::Close,
            Pressing::Submit => match self.request(desk) {
                Some(request) => {
                    self.form.wait("Releasing", desk.facts.at.monotonic);
                    desk.ask(Tag::Change.into(), request);
                }
                None => return Fate::Close,
            },
            Pressing::Ignored | Pressing::Moved | Pressing::Changed => {}
        }
        match news {
            News::Answer(app::Tag::Tokens(Tag::Change), Ok(_)) => {
                desk.note("released: what was released works again");
                desk.refresh();
                Fate::Close
            }
            News::Answer(app::Tag::Tokens(Tag::Change), Err(error)) => {
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
            "Release held tokens",
            Tone::Warn,
            76,
            self.form.height() + 7,
        );
        let lines = [
            "A backup was restored. What was revoked after it is not known here:",
            "a token that was revoked then works again once it is released.",
            "Revoke those first, with the notes of whoever revoked them at hand.",
        ];
        for (line, y) in lines.into_iter().zip(area.y + 1..) {
            frame.render_widget(Line::styled(line, theme.text), Rect { y, height: 1, ..area });
        }
        let below = Rect::new(area.x, area.y + 5, area.width, area.height.saturating_sub(5));
        self.form.draw(frame, below, theme, facts.at.monotonic);
    }
}
