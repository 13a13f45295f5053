//! A running overlap: made longer, ended at once after saying who still calls with the old token, or undone.

use chrono::TimeDelta;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::console::app::{self, Desk, Dialog, Facts, Fate, News};
use crate::console::form::{Form, Pressing};
use crate::console::keymap::Context;
use crate::console::theme::Theme;
use crate::console::when;
use crate::console::widgets::dialog::{self, Tone};
use crate::domain::token::{Finish, Overlap};
use crate::service::request::{Request, TokenRef};
use crate::service::response::TokenRow;

use super::Tag;
use super::confirm::{Confirm, Question, changed};
use super::form::AT_THE_LATEST;

/// What is said when an overlap ends, in the same words whoever notices it first: who asked for it, or who looks on.
pub(super) const OVER: &str = "the overlap is over: only the new token works";

/// The lengths that make an overlap longer: all but *now*.
const LONGER: [Overlap; 4] = [Overlap::Hour1, Overlap::Hours24, Overlap::Days3, Overlap::Days7];

/// Makes it longer, or has it finish when it is quiet.
#[derive(Debug)]
pub(super) struct Extend {
    old: TokenRow,
    /// Which of [`LONGER`] change something, and *when quiet* after them.
    changes: [bool; LONGER.len() + 1],
    form: Form,
}

impl Extend {
    pub(super) fn new(old: &TokenRow, is_watched: bool, facts: &Facts) -> Self {
        let until = |overlap: Overlap| overlap.retires_at(facts.now(), old.expires_at).max(old.ends_at);
        let added = LONGER.map(|overlap| until(overlap).since(old.ends_at));
        // Ends are shown to the minute: less than that is no difference.
        let longer = added.map(|added| added >= TimeDelta::minutes(1));
        // A few minutes more are hardly what somebody came for.
        let proposed = added
            .iter()
            .position(|added| *added >= TimeDelta::hours(1))
            .or_else(|| longer.iter().position(|longer| *longer));
        let exact = |at| when::exact(at, facts.utc_offset);
        let option = |(overlap, longer): (Overlap, bool)| {
            let retires_at = until(overlap);
            let note = if !longer {
                "not longer than it is".to_owned()
            } else if retires_at == old.expires_at {
                format!("until its own expiry, {}", exact(retires_at))
            } else {
                format!("until {}", exact(retires_at))
            };
            (overlap.label().to_owned(), note)
        };
        let mut options: Vec<_> = LONGER.into_iter().zip(longer).map(option).collect();
        let latest = until(AT_THE_LATEST);
        let watched = longer[LONGER.len() - 1] || !is_watched;
        let note = if watched {
            format!("finish when quiet, {} at the latest", when::day(latest))
        } else {
            "not longer than it is".to_owned()
        };
        options.push(("when quiet".to_owned(), note));
        let [a, b, c, d] = longer;
        Self {
            old: old.clone(),
            changes: [a, b, c, d, watched],
            form: Form::new().choice(
                "overlap",
                "From now on",
                options,
                proposed.unwrap_or(LONGER.len() - 1),
            ),
        }
    }

    /// Refuses, beside the choice, one that would change nothing.
    fn refuses(&mut self) -> bool {
        let refused = !self.changes[self.form.chosen("overlap")];
        if refused {
            self.form
                .refuse("overlap", "not longer than it is: choose another, or go back");
        }
        refused
    }

    fn request(&self, desk: &Desk<'_>) -> Request {
        let (overlap, finish) = match LONGER.get(self.form.chosen("overlap")) {
            Some(overlap) => (*overlap, Finish::AtEnd),
            None => (AT_THE_LATEST, Finish::WhenQuiet { hours: 1 }),
        };
        Request::ExtendOverlap {
            organization: desk.facts.current.clone(),
            token: TokenRef::Id(self.old.id),
            overlap: Some(overlap),
            finish: Some(finish),
        }
    }
}

impl Dialog for Extend {
    fn context(&self) -> Context {
        self.form.context()
    }

    fn update(&mut self, news: News, desk: &mut Desk<'_>) -> Fate {
        match self.form.take(&news) {
            Pressing::Back => return Fate::Close,
            Pressing::Submit if self.refuses() => {}
            Pressing::Changed => {
                self.refuses();
            }
            Pressing::Submit => {
                self.form.wait("Extending the overlap", desk.facts.at.monotonic);
                let request = self.request(desk);
                desk.ask(Tag::Change.into(), request);
            }
            Pressing::Ignored | Pressing::Moved => {}
        }
        match news {
            News::Answer(app::Tag::Tokens(Tag::Change), result) => changed(
                &mut self.form,
                result,
                "the overlap is longer: both tokens go on",
                desk,
            ),
            _ => Fate::Stay,
        }
    }

    fn view(&self, facts: &Facts, theme: &Theme, frame: &mut Frame<'_>) {
        let title = format!("Extend the overlap of {}", self.old.name);
        let area = dialog::open(frame, theme, &title, Tone::Plain, 80, self.form.height() + 4);
        let ends = format!(
            "The old token works until {}.",
            when::exact(self.old.ends_at, facts.utc_offset)
        );
        frame.render_widget(Line::styled(ends, theme.text), Rect { height: 1, ..area });
        let below = Rect {
            y: area.y + 2,
            height: area.height.saturating_sub(2),
            ..area
        };
        self.form.draw(frame, below, theme, facts.at.monotonic);
    }
}

/// Asks whether it is to end at once.
pub(super) fn cut_over(old: &TokenRow, desk: &mut Desk<'_>) {
    let question = Question {
        title: format!("Cut over from the old {}", old.name),
        label: "The overlap",
        no: "leave it running",
        yes: ("cut over now", "the old token is refused at once"),
        about: old.id,
        note: String::new(),
        request: Request::CutOver {
            organization: desk.facts.current.clone(),
            token: TokenRef::Id(old.id),
        },
        doing: "Cutting over",
        done: OVER,
    };
    Confirm::open(question, desk);
}

/// Asks whether it is to end the other way: the new token is revoked, and the old one goes on.
pub(super) fn undo_rotation(old: &TokenRow, new: &TokenRow, desk: &mut Desk<'_>) {
    let question = Question {
        title: format!("Undo the rotation of {}", old.name),
        label: "The overlap",
        no: "leave it running",
        yes: ("undo the rotation", "the new token is revoked at once"),
        about: new.id,
        note: format!(
            "revokes {}; {} goes on until {}",
            new.masked,
            old.masked,
            when::day(old.expires_at),
        ),
        request: Request::UndoRotation {
            organization: desk.facts.current.clone(),
            token: TokenRef::Id(old.id),
        },
        doing: "Undoing the rotation",
        done: "the rotation is undone: the old token goes on",
    };
    Confirm::open(question, desk);
}
