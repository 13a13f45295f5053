//! The form for a token in an old one's place: how long both work, and who would notice.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::console::app::{self, Desk, Dialog, Facts, Fate, News};
use crate::console::form::{Form, Pressing};
use crate::console::keymap::Context;
use crate::console::theme::Theme;
use crate::console::tokens::{Tag, callers, rows};
use crate::console::widgets::dialog::{self, Tone};
use crate::console::widgets::fitted;
use crate::domain::cashier::Role;
use crate::domain::time::Timestamp;
use crate::domain::token::{Finish, Lifetime, Overlap};
use crate::service::request::{Request, RotateToken, TokenRef};
use crate::service::response::TokenRow;

use super::{WIDTH, back, lifetimes, minted, place};

/// The form for a token in an old one's place.
#[derive(Debug)]
pub(in crate::console::tokens) struct Rotate {
    form: Form,
    old: TokenRow,
    impact: callers::Known,
}

/// The overlap of a rotation that finishes when it is quiet.
pub(in crate::console::tokens) const AT_THE_LATEST: Overlap = Overlap::Days7;

/// The five overlaps and *finish when quiet*, and until when the old token would work if the new one were acknowledged now.
fn overlaps(old: &TokenRow, now: Timestamp) -> Vec<(String, String)> {
    let option = |overlap: Overlap| {
        let retires_at = overlap.retires_at(now, old.expires_at);
        let until = retires_at.utc().format("%Y-%m-%d %H:%M UTC");
        let note = match overlap {
            Overlap::Now => "the old one ends with your acknowledgement".to_owned(),
            _ if retires_at == old.expires_at => format!("until its own expiry, {until}"),
            _ => format!("acknowledged now: until {until}"),
        };
        (overlap.label().to_owned(), note)
    };
    let mut options: Vec<_> = Overlap::ALL.into_iter().map(option).collect();
    let latest = AT_THE_LATEST.retires_at(now, old.expires_at);
    options.push((
        "when quiet".to_owned(),
        format!(
            "finish when quiet, {} at the latest",
            latest.utc().format("%Y-%m-%d")
        ),
    ));
    options
}

/// What the choice at this place says.
fn chosen(place: usize) -> (Overlap, Finish) {
    match Overlap::ALL.get(place) {
        Some(overlap) => (*overlap, Finish::AtEnd),
        None => (AT_THE_LATEST, Finish::WhenQuiet { hours: 1 }),
    }
}

impl Rotate {
    pub(in crate::console::tokens) fn new(old: TokenRow, facts: &Facts) -> Self {
        let form = Form::new()
            .choice(
                "overlap",
                "Both work for",
                overlaps(&old, facts.now()),
                place(&Overlap::ALL, Overlap::Hours24),
            )
            .choice(
                "lifetime",
                "Expires in",
                lifetimes(facts.now()),
                place(&Lifetime::ALL, old.lifetime),
            )
            .credentials_of(facts.email.as_ref(), Some(Role::Operator));
        Self {
            form,
            old,
            impact: None,
        }
    }

    fn submit(&mut self, desk: &mut Desk<'_>) {
        let Some(credentials) = self.form.credentials() else {
            return;
        };
        let (overlap, finish) = chosen(self.form.chosen("overlap"));
        let rotate = RotateToken {
            organization: desk.facts.current.clone(),
            token: TokenRef::Id(self.old.id),
            lifetime: Some(Lifetime::ALL[self.form.chosen("lifetime")]),
            overlap,
            finish,
            owner: None,
            note: None,
            credentials,
        };
        self.form
            .wait("Checking the password, then minting", desk.facts.at.monotonic);
        desk.ask(Tag::Mint.into(), Request::RotateToken(rotate));
    }
}

impl Dialog for Rotate {
    fn context(&self) -> Context {
        self.form.context()
    }

    fn update(&mut self, news: News, desk: &mut Desk<'_>) -> Fate {
        match self.form.take(&news) {
            Pressing::Back => return back(&self.form),
            Pressing::Submit => self.submit(desk),
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
            News::Answer(app::Tag::Tokens(Tag::Mint), result) => minted(&mut self.form, result, desk),
            _ => Fate::Stay,
        }
    }

    fn view(&self, facts: &Facts, theme: &Theme, frame: &mut Frame<'_>) {
        let title = format!("Rotate {}", self.old.name);
        let area = dialog::open(frame, theme, &title, Tone::Warn, WIDTH, self.form.height() + 5);
        let lines = callers::lines(&self.impact, facts.now(), theme);
        let note = format!(
            "The old one, {}, goes on until the new one is acknowledged.",
            rows::masked(&self.old, theme)
        );
        let room = usize::from(area.width);
        let lines = lines
            .into_iter()
            .chain([Line::styled(fitted(&note, room, theme), theme.dim)]);
        for (line, y) in lines.zip(area.top()..area.bottom()) {
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
