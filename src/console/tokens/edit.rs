//! What is said of a token beside its rights: its name, owner, note and warnings, changed in a dialog.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::console::app::{self, Desk, Dialog, Facts, Fate, News};
use crate::console::form::{Form, Pressing};
use crate::console::keymap::Context;
use crate::console::theme::Theme;
use crate::console::widgets::dialog::{self, Tone};
use crate::domain::id::TokenId;
use crate::domain::text::{Email, TokenName, TokenNote};
use crate::domain::token::Ladder;
use crate::service::request::{ChangeToken, NewNote, NewWarnings, Request, TokenRef};
use crate::service::response::{TokenDetail, TokenRow};

use super::Tag;
use super::confirm::changed;

/// The longest ladder that is typed.
const LONGEST: usize = 80;
/// The rows above the form.
const ABOVE: u16 = 2;

/// The dialog.
#[derive(Debug)]
pub(super) struct Edit {
    id: TokenId,
    name: TokenName,
    form: Form,
}

impl Edit {
    /// Opens the dialog for a token.
    pub(super) fn open_for(detail: &TokenDetail, desk: &mut Desk<'_>) {
        let TokenRow { id, name, status, .. } = &detail.row;
        if !status.is_live() {
            return desk.warn(format!(
                "{name} is {}: nothing is said of it any more",
                status.word()
            ));
        }
        let row = &detail.row;
        let note = row.note.as_ref().map_or("", TokenNote::as_str);
        let usual = "before its end, such as 14d,3d,4h; empty: as usual";
        let warnings = if detail.own_warnings {
            row.warnings.to_string()
        } else {
            String::new()
        };
        let form = Form::new()
            .guarded()
            .field(
                "name",
                "Name",
                TokenName::MAX,
                name.as_str(),
                "free among the tokens that work",
            )
            .field(
                "owner",
                "Owner",
                Email::MAX,
                row.owner.as_str(),
                "e-mail address of whoever is told of it",
            )
            .field("note", "Note", TokenNote::MAX, note, "")
            .field("warnings", "Warn", LONGEST, &warnings, usual);
        desk.open(Self {
            id: *id,
            name: name.clone(),
            form,
        });
    }

    fn submit(&mut self, desk: &mut Desk<'_>) {
        let form = &mut self.form;
        // The topmost that is wrong has the focus.
        let warnings = match form.text("warnings").trim() {
            "" => Some(NewWarnings::Default),
            _ => form.parsed("warnings", Ladder::parse).map(NewWarnings::Own),
        };
        let note = match form.text("note").trim() {
            "" => Some(NewNote::Nothing),
            _ => form.parsed("note", TokenNote::parse).map(NewNote::Text),
        };
        let owner = form.parsed("owner", Email::folded);
        let name = form.parsed("name", TokenName::parse);
        let (Some(name), Some(owner), Some(note), Some(warnings)) = (name, owner, note, warnings) else {
            return;
        };
        form.wait("Changing it", desk.facts.at.monotonic);
        self.name = name.clone();
        let change = ChangeToken {
            organization: desk.facts.current.clone(),
            token: TokenRef::Id(self.id),
            name: Some(name),
            owner: Some(owner),
            note: Some(note),
            warnings: Some(warnings),
        };
        desk.ask(Tag::Change.into(), Request::ChangeToken(change));
    }
}

impl Dialog for Edit {
    fn context(&self) -> Context {
        self.form.context()
    }

    fn update(&mut self, news: News, desk: &mut Desk<'_>) -> Fate {
        match self.form.take(&news) {
            Pressing::Back => return Fate::Close,
            Pressing::Submit => self.submit(desk),
            Pressing::Changed | Pressing::Ignored | Pressing::Moved => {}
        }
        match news {
            News::Answer(app::Tag::Tokens(Tag::Change), result) => {
                let said = format!("{} is changed", self.name);
                changed(&mut self.form, result, &said, desk)
            }
            _ => Fate::Stay,
        }
    }

    fn view(&self, facts: &Facts, theme: &Theme, frame: &mut Frame<'_>) {
        let height = self.form.height() + ABOVE + 2;
        let area = dialog::open(frame, theme, "What is said of the token", Tone::Plain, 80, height);
        let about = "Its rights stay as they are; services go on without a break.";
        frame.render_widget(Line::styled(about, theme.text), Rect { height: 1, ..area });
        let below = Rect {
            y: area.y + ABOVE,
            height: area.height.saturating_sub(ABOVE),
            ..area
        };
        self.form.draw(frame, below, theme, facts.at.monotonic);
    }
}
