//! Where a token may be used from: changed after saying which of its callers would be refused then.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::console::app::{self, Desk, Dialog, Facts, Fate, News};
use crate::console::form::{Form, Pressing};
use crate::console::keymap::Context;
use crate::console::shared::sign_in::unexpected;
use crate::console::theme::Theme;
use crate::console::widgets::dialog::{self, Tone};
use crate::console::widgets::fitted;
use crate::domain::address::{AddressRange, MOST_RANGES, contain, ranges};
use crate::domain::id::TokenId;
use crate::domain::text::{TokenName, escape};
use crate::domain::usage::Caller;
use crate::service::request::{Request, TokenRef};
use crate::service::response::{TokenDetail, TokenRow};
use crate::service::{Error, Response};

use super::confirm::changed;
use super::detail::question;
use super::{Tag, callers};

/// The field for the list, as errors of the service call it.
pub(super) const FIELD: &str = "addresses";
/// The longest list that is typed: each range as long as one can be, and what is between them.
const LONGEST: usize = MOST_RANGES * 45;
/// The most callers that are named.
const NAMED: usize = 6;
/// The rows above the form: what it is, who would be refused, who more.
const ABOVE: u16 = 2 + 1 + NAMED as u16 + 1;

/// Adds the field to a form.
pub(super) fn field(form: Form, text: &str) -> Form {
    let note = "addresses or ranges; 403 from anywhere else; empty: anywhere";
    form.field(FIELD, "Only from", LONGEST, text, note)
}

/// Says what is wrong with the list as it is typed: the last entry may go on, until the focus is elsewhere.
pub(super) fn check(form: &mut Form) {
    let text = form.text(FIELD);
    let settled = if form.focused() == FIELD {
        text.rfind([',', ' ']).map_or("", |end| &text[..end])
    } else {
        text
    };
    if let Err(bad) = ranges(settled) {
        form.complain(FIELD, bad.to_string());
    }
}

/// The list as it is typed, where it is one.
pub(super) fn typed(form: &mut Form) -> Option<Vec<AddressRange>> {
    match ranges(form.text(FIELD)) {
        Ok(ranges) => Some(ranges),
        Err(bad) => {
            form.refuse(FIELD, bad.to_string());
            None
        }
    }
}

/// The dialog.
#[derive(Debug)]
pub(super) struct Allow {
    id: TokenId,
    name: TokenName,
    form: Form,
    /// Who called with it; `None` while that is looked up.
    callers: Option<Result<Vec<Caller>, Error>>,
}

impl Allow {
    /// Opens the dialog for a token.
    pub(super) fn open_for(detail: &TokenDetail, desk: &mut Desk<'_>) {
        let TokenRow { id, name, status, .. } = &detail.row;
        if !status.is_live() {
            return desk.warn(format!(
                "{name} is {}: it is refused from everywhere",
                status.word()
            ));
        }
        let texts: Vec<_> = detail.allowed.iter().map(ToString::to_string).collect();
        desk.open(Self {
            id: *id,
            name: name.clone(),
            form: field(Form::new().guarded(), &texts.join(", ")),
            callers: None,
        });
    }

    fn submit(&mut self, desk: &mut Desk<'_>) {
        if self.callers.is_none() {
            return self
                .form
                .refuse(FIELD, "a moment: who uses it is being looked up");
        }
        let Some(ranges) = typed(&mut self.form) else {
            return;
        };
        self.form.wait("Changing the list", desk.facts.at.monotonic);
        let request = Request::AllowAddresses {
            organization: desk.facts.current.clone(),
            token: TokenRef::Id(self.id),
            ranges,
        };
        desk.ask(Tag::Change.into(), request);
    }

    /// Who would be refused, in at most `NAMED` + 1 lines.
    fn lines<'a>(&self, facts: &Facts, width: u16, theme: &Theme) -> Vec<Line<'a>> {
        let glyphs = theme.glyphs;
        let callers = match &self.callers {
            None => return vec![Line::styled("looking up who uses it", theme.dim)],
            Some(Err(error)) => {
                return vec![
                    Line::styled(
                        format!("{} who uses it is not known:", glyphs.danger),
                        theme.danger,
                    ),
                    Line::styled(format!("  {}", escape(&error.message)), theme.text),
                ];
            }
            Some(Ok(callers)) => callers,
        };
        let Ok(ranges) = ranges(self.form.text(FIELD)) else {
            let text = "who would be refused is said once each entry is an address or a range";
            return vec![Line::styled(text, theme.dim)];
        };
        if ranges.is_empty() {
            let text = format!("{} it works from anywhere: nobody would be refused", glyphs.good);
            return vec![Line::styled(text, theme.good)];
        }
        let refused: Vec<_> = callers
            .iter()
            .filter(|caller| !contain(&ranges, &caller.address))
            .collect();
        match (refused.len(), callers.len()) {
            (0, 0) => {
                return vec![Line::styled(
                    format!("{} nobody has called with it yet", glyphs.dot),
                    theme.text,
                )];
            }
            (0, 1) => {
                let text = format!("{} its one caller would go on", glyphs.good);
                return vec![Line::styled(text, theme.good)];
            }
            (0, all) => {
                let text = format!("{} all {all} recent callers would go on", glyphs.good);
                return vec![Line::styled(text, theme.good)];
            }
            _ => {}
        }
        let head = match (refused.len(), callers.len()) {
            (1, 1) => "its one caller would be refused:".to_owned(),
            (some, all) => format!("{some} of {all} recent callers would be refused:"),
        };
        let mut lines = vec![Line::styled(format!("{} {head}", glyphs.warn), theme.warn)];
        let fit = if refused.len() <= NAMED {
            refused.len()
        } else {
            NAMED - 1
        };
        let room = usize::from(width).saturating_sub(2);
        lines.extend(refused[..fit].iter().map(|caller| {
            let text = fitted(&callers::long(caller, facts.now()), room, theme);
            Line::styled(format!("  {text}"), theme.text)
        }));
        if refused.len() > fit {
            let text = format!("  and {} more", refused.len() - fit);
            lines.push(Line::styled(text, theme.dim));
        }
        lines
    }
}

impl Dialog for Allow {
    fn context(&self) -> Context {
        self.form.context()
    }

    fn update(&mut self, news: News, desk: &mut Desk<'_>) -> Fate {
        match self.form.take(&news) {
            Pressing::Back => return Fate::Close,
            Pressing::Submit => self.submit(desk),
            Pressing::Changed => check(&mut self.form),
            Pressing::Ignored | Pressing::Moved => {}
        }
        match news {
            News::Opened | News::Refresh => {
                desk.ask(Tag::Callers.into(), question(self.id, desk));
                Fate::Stay
            }
            News::Answer(app::Tag::Tokens(Tag::Callers), result) => {
                self.callers = Some(result.and_then(|answer| match answer {
                    Response::Token(detail) => Ok(detail.callers),
                    _ => Err(unexpected()),
                }));
                Fate::Stay
            }
            News::Answer(app::Tag::Tokens(Tag::Change), result) => {
                let said = if self.form.text(FIELD).trim().is_empty() {
                    format!("{} may be used from anywhere", self.name)
                } else {
                    format!("{} is answered 403 from anywhere else now", self.name)
                };
                changed(&mut self.form, result, &said, desk)
            }
            _ => Fate::Stay,
        }
    }

    fn view(&self, facts: &Facts, theme: &Theme, frame: &mut Frame<'_>) {
        let title = format!("Where {} may be used from", self.name);
        let height = self.form.height() + ABOVE + 2;
        let area = dialog::open(frame, theme, &title, Tone::Warn, 80, height);
        let about = "From elsewhere it is answered 403, from the next request on.";
        let mut lines = vec![Line::styled(about, theme.text), Line::default()];
        lines.extend(self.lines(facts, area.width, theme));
        for (line, y) in lines.into_iter().zip(area.top()..area.bottom()) {
            frame.render_widget(line, Rect { y, height: 1, ..area });
        }
        let below = Rect {
            y: area.y + ABOVE,
            height: area.height.saturating_sub(ABOVE),
            ..area
        };
        self.form.draw(frame, below, theme, facts.at.monotonic);
    }
}
