//! A running overlap: made longer, or ended at once after saying who still calls with the old token.

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
use crate::domain::token::Overlap;
use crate::service::request::{Request, TokenRef};
use crate::service::response::TokenRow;
use crate::service::{Error, Response};

use super::Tag;
use super::callers::{self, Known};

/// The lengths that make an overlap longer: all but *now*.
const LONGER: [Overlap; 4] = [Overlap::Hour1, Overlap::Hours24, Overlap::Days3, Overlap::Days7];

/// Makes it longer.
#[derive(Debug)]
pub(super) struct Extend {
    old: TokenRow,
    /// Which of [`LONGER`] are.
    longer: [bool; LONGER.len()],
    form: Form,
}

impl Extend {
    pub(super) fn new(old: &TokenRow, facts: &Facts) -> Self {
        let added = LONGER.map(|overlap| {
            let retires_at = overlap.retires_at(facts.now(), old.expires_at);
            retires_at.since(old.ends_at)
        });
        // Ends are shown to the minute: less than that is no difference.
        let longer = added.map(|added| added >= TimeDelta::minutes(1));
        // A few minutes more are hardly what somebody came for.
        let proposed = added
            .iter()
            .position(|added| *added >= TimeDelta::hours(1))
            .or_else(|| longer.iter().position(|longer| *longer));
        let option = |(overlap, longer): (Overlap, bool)| {
            let retires_at = overlap.retires_at(facts.now(), old.expires_at);
            let note = if !longer {
                "not longer than it is".to_owned()
            } else if retires_at == old.expires_at {
                format!(
                    "until its own expiry, {}",
                    when::exact(retires_at, facts.utc_offset)
                )
            } else {
                format!("until {}", when::exact(retires_at, facts.utc_offset))
            };
            (overlap.label().to_owned(), note)
        };
        let options = LONGER.into_iter().zip(longer).map(option).collect();
        Self {
            old: old.clone(),
            longer,
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
        let refused = !self.longer[self.form.chosen("overlap")];
        if refused {
            self.form
                .refuse("overlap", "not longer than it is: choose another, or go back");
        }
        refused
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
                let request = Request::ExtendOverlap {
                    organization: desk.facts.current.clone(),
                    token: TokenRef::Id(self.old.id),
                    overlap: LONGER[self.form.chosen("overlap")],
                };
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
        let area = dialog::open(frame, theme, &title, Tone::Plain, 72, self.form.height() + 4);
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

/// Ends it.
#[derive(Debug)]
pub(super) struct CutOver {
    old: TokenRow,
    form: Form,
    impact: Known,
}

impl CutOver {
    pub(super) fn open_for(old: &TokenRow, desk: &mut Desk<'_>) {
        let options = vec![
            ("leave it running".to_owned(), String::new()),
            (
                "cut over now".to_owned(),
                "the old token is refused at once".to_owned(),
            ),
        ];
        desk.open(Self {
            old: old.clone(),
            form: Form::new().choice("cut", "The overlap", options, 0),
            impact: None,
        });
    }
}

impl Dialog for CutOver {
    fn context(&self) -> Context {
        self.form.context()
    }

    fn update(&mut self, news: News, desk: &mut Desk<'_>) -> Fate {
        match self.form.take(&news) {
            Pressing::Back => return Fate::Close,
            Pressing::Submit if self.form.chosen("cut") == 0 => return Fate::Close,
            Pressing::Submit => {
                self.form.wait("Cutting over", desk.facts.at.monotonic);
                let request = Request::CutOver {
                    organization: desk.facts.current.clone(),
                    token: TokenRef::Id(self.old.id),
                };
                desk.ask(Tag::Change.into(), request);
            }
            Pressing::Ignored | Pressing::Moved | Pressing::Changed => {}
        }
        match news {
            News::Opened | News::Refresh => {
                let request = callers::question(&[self.old.id], desk);
                desk.ask(Tag::Impact.into(), request);
                Fate::Stay
            }
            News::Answer(app::Tag::Tokens(Tag::Impact), result) => {
                self.impact = callers::answered(result);
                Fate::Stay
            }
            News::Answer(app::Tag::Tokens(Tag::Change), result) => {
                changed(&mut self.form, result, "cut over: only the new token works", desk)
            }
            _ => Fate::Stay,
        }
    }

    fn view(&self, facts: &Facts, theme: &Theme, frame: &mut Frame<'_>) {
        let title = format!("Cut over from the old {}", self.old.name);
        let area = dialog::open(frame, theme, &title, Tone::Warn, 80, self.form.height() + 5);
        let lines = callers::lines(&self.impact, facts.now(), theme);
        for (line, y) in lines.into_iter().zip(area.top()..area.bottom()) {
            frame.render_widget(line, Rect { y, height: 1, ..area });
        }
        let below = Rect {
            y: area.y + 3,
            height: area.height.saturating_sub(3),
            ..area
        };
        self.form.draw(frame, below, theme, facts.at.monotonic);
    }
}

fn changed(form: &mut Form, result: Result<Response, Error>, said: &str, desk: &mut Desk<'_>) -> Fate {
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
