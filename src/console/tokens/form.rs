//! The two forms that mint: a new token, and one for an old one. A cashier's e-mail and password, every time.
//!
//! While the answer is awaited a form does not close: a token would be minted that nobody ever sees. What was typed
//! stays after an error, but for a wrong password.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::console::app::desk::Order;
use crate::console::app::{self, Desk, Dialog, Facts, Fate, News};
use crate::console::form::{Form, Pressing};
use crate::console::keymap::Context;
use crate::console::shared::sign_in::unexpected;
use crate::console::theme::Theme;
use crate::console::widgets::dialog::{self, Tone};
use crate::console::widgets::fitted;
use crate::domain::text::{Environment, ServiceName, TokenName, Variable};
use crate::domain::time::Timestamp;
use crate::domain::token::{Lifetime, Overlap};
use crate::service::request::{CreateToken, Request, RotateToken, TokenRef};
use crate::service::response::TokenRow;
use crate::service::{Error, Response};

use super::model::{Done, Nonces};
use super::reveal::Reveal;
use super::{Nonce, Tag, callers, rows};

/// Cells across.
const WIDTH: u16 = 80;

/// The form for a new token.
#[derive(Debug)]
pub(super) struct Create {
    form: Form,
    nonces: Nonces,
    /// The variable that was suggested last, and the question it answered: one that was edited stays.
    suggested: String,
    asked: Nonce,
}

/// The form for a token in an old one's place.
#[derive(Debug)]
pub(super) struct Rotate {
    form: Form,
    old: TokenRow,
    impact: callers::Known,
}

/// The five choices with their use, and when each would end.
fn lifetimes(now: Timestamp) -> Vec<(String, String)> {
    let option = |lifetime: Lifetime| {
        let until = lifetime.expires_at(now).utc().format("%Y-%m-%d %H:%M UTC");
        (
            lifetime.label().to_owned(),
            format!("{}, until {until}", lifetime.purpose()),
        )
    };
    Lifetime::ALL.into_iter().map(option).collect()
}

/// The five overlaps, and until when the old token would work if the new one were acknowledged now.
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
    Overlap::ALL.into_iter().map(option).collect()
}

fn place<T: Copy + PartialEq>(all: &[T], one: T) -> usize {
    all.iter().position(|other| *other == one).unwrap_or(0)
}

/// What both do with the answer: the reveal in the form's place, or what is wrong beside its field.
fn minted(form: &mut Form, result: Result<Response, Error>, desk: &mut Desk<'_>) -> Fate {
    match result {
        Ok(Response::Minted(minted)) => {
            desk.order(Order::Tokens(Done::Minted(minted.token.id)));
            desk.open(Reveal::new(minted, desk.facts));
            desk.refresh();
            Fate::Close
        }
        Ok(_) => {
            form.fail(&unexpected());
            Fate::Stay
        }
        Err(error) => {
            form.fail(&error);
            Fate::Stay
        }
    }
}

/// Esc closes a form, but not while a token is being minted.
fn back(form: &Form) -> Fate {
    if form.is_waiting() {
        Fate::Stay
    } else {
        Fate::Close
    }
}

impl Create {
    pub(super) fn new(facts: &Facts) -> Self {
        let form = Form::new()
            .field(
                "name",
                "Name",
                TokenName::MAX,
                "",
                "unique among the tokens that work, such as payouts-prod",
            )
            .field(
                "service",
                "Service",
                ServiceName::MAX,
                "",
                "what will send it; one token for each",
            )
            .field(
                "environment",
                "Environment",
                Environment::MAX,
                "",
                "prod, staging, dev, cron, …; part of the token",
            )
            .choice(
                "lifetime",
                "Expires after",
                lifetimes(facts.now()),
                place(&Lifetime::ALL, Lifetime::Months3),
            )
            .field(
                "variable",
                "Variable",
                Variable::MAX,
                "",
                "the environment variable it will be kept in",
            )
            .credentials_of(facts.email.as_ref());
        Self {
            form,
            nonces: Nonces::default(),
            suggested: String::new(),
            asked: Nonce::default(),
        }
    }

    /// Asks for a free variable, unless somebody typed one.
    fn suggest(&mut self, desk: &mut Desk<'_>) {
        let edited = self.form.text("variable") != self.suggested;
        if edited || !matches!(self.form.focused(), "service" | "environment") {
            return;
        }
        let Ok(environment) = Environment::parse(self.form.text("environment")) else {
            return;
        };
        self.asked = self.nonces.next(desk);
        let request = Request::SuggestVariable {
            organization: desk.facts.current.clone(),
            service: ServiceName::parse(self.form.text("service")).ok(),
            environment,
        };
        desk.ask(Tag::Variable(self.asked).into(), request);
    }

    fn submit(&mut self, desk: &mut Desk<'_>) {
        // From the last to the first, so that the focus ends on the first that is wrong.
        let form = &mut self.form;
        let credentials = form.credentials();
        let variable = if form.text("variable").is_empty() {
            Some(None)
        } else {
            form.parsed("variable", Variable::parse).map(Some)
        };
        let environment = form.parsed("environment", Environment::parse);
        let service = form.parsed("service", ServiceName::parse);
        let name = form.parsed("name", TokenName::parse);
        let (Some(name), Some(service), Some(environment), Some(variable), Some(credentials)) =
            (name, service, environment, variable, credentials)
        else {
            return;
        };
        let create = CreateToken {
            organization: desk.facts.current.clone(),
            name,
            service,
            environment,
            lifetime: Lifetime::ALL[form.chosen("lifetime")],
            variable,
            credentials,
        };
        form.wait("Checking the password, then minting", desk.facts.at.monotonic);
        desk.ask(Tag::Mint.into(), Request::CreateToken(create));
    }
}

impl Dialog for Create {
    fn context(&self) -> Context {
        self.form.context()
    }

    fn update(&mut self, news: News, desk: &mut Desk<'_>) -> Fate {
        match self.form.take(&news) {
            Pressing::Back => return back(&self.form),
            Pressing::Submit => self.submit(desk),
            Pressing::Changed => self.suggest(desk),
            Pressing::Ignored | Pressing::Moved => {}
        }
        match news {
            News::Answer(app::Tag::Tokens(Tag::Variable(nonce)), Ok(Response::Variable(variable)))
                if nonce == self.asked && self.form.text("variable") == self.suggested =>
            {
                self.form.put("variable", variable.as_str());
                variable.as_str().clone_into(&mut self.suggested);
                Fate::Stay
            }
            News::Answer(app::Tag::Tokens(Tag::Mint), result) => minted(&mut self.form, result, desk),
            _ => Fate::Stay,
        }
    }

    fn view(&self, facts: &Facts, theme: &Theme, frame: &mut Frame<'_>) {
        let area = dialog::open(
            frame,
            theme,
            "New API token",
            Tone::Plain,
            WIDTH,
            self.form.height() + 2,
        );
        self.form.draw(frame, area, theme, facts.at.monotonic);
    }
}

impl Rotate {
    pub(super) fn new(old: TokenRow, facts: &Facts) -> Self {
        let form = Form::new()
            .choice(
                "overlap",
                "Both work for",
                overlaps(&old, facts.now()),
                place(&Overlap::ALL, Overlap::Hours24),
            )
            .choice(
                "lifetime",
                "Expires after",
                lifetimes(facts.now()),
                place(&Lifetime::ALL, old.lifetime),
            )
            .credentials_of(facts.email.as_ref());
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
        let rotate = RotateToken {
            organization: desk.facts.current.clone(),
            token: TokenRef::Id(self.old.id),
            lifetime: Some(Lifetime::ALL[self.form.chosen("lifetime")]),
            overlap: Overlap::ALL[self.form.chosen("overlap")],
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
