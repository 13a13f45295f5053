//! The form for a new token.

use ratatui::Frame;

use crate::console::app::{self, Desk, Dialog, Facts, Fate, News};
use crate::console::form::{Form, Pressing};
use crate::console::keymap::Context;
use crate::console::theme::Theme;
use crate::console::tokens::model::Nonces;
use crate::console::tokens::{Nonce, Tag, allow};
use crate::console::widgets::dialog::{self, Tone};
use crate::domain::cashier::Role;
use crate::domain::text::{Environment, ServiceName, TokenName, Variable};
use crate::domain::token::Lifetime;
use crate::service::Response;
use crate::service::request::{CreateToken, Request};

use super::{WIDTH, back, lifetimes, minted, place};

/// The form for a new token.
#[derive(Debug)]
pub(in crate::console::tokens) struct Create {
    form: Form,
    nonces: Nonces,
    /// The variable that was suggested last, and the question it answered: one that was edited stays.
    suggested: String,
    asked: Nonce,
}

impl Create {
    pub(in crate::console::tokens) fn new(facts: &Facts) -> Self {
        let form = Form::new()
            .guarded()
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
                "Expires in",
                lifetimes(facts.now()),
                place(&Lifetime::ALL, Lifetime::Months3),
            )
            .field(
                "variable",
                "Variable",
                Variable::MAX,
                "",
                "the environment variable it will be kept in",
            );
        let form = allow::field(form, "").credentials_of(facts.email.as_ref(), Some(Role::Operator));
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
        if edited {
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
        let allowed = allow::typed(form);
        let variable = if form.text("variable").is_empty() {
            Some(None)
        } else {
            form.parsed("variable", Variable::parse).map(Some)
        };
        let environment = form.parsed("environment", Environment::parse);
        let service = form.parsed("service", ServiceName::parse);
        let name = form.parsed("name", TokenName::parse);
        let (Some(name), Some(service), Some(environment), Some(variable), Some(allowed), Some(credentials)) =
            (name, service, environment, variable, allowed, credentials)
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
            allowed,
            owner: None,
            note: None,
            warnings: None,
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
            Pressing::Changed if matches!(self.form.focused(), "service" | "environment") => {
                self.suggest(desk)
            }
            Pressing::Changed | Pressing::Moved => allow::check(&mut self.form),
            Pressing::Ignored => {}
        }
        match news {
            News::Answer(app::Tag::Tokens(Tag::Variable(nonce)), Ok(Response::Variable(variable)))
                if nonce == self.asked && self.form.text("variable") == self.suggested =>
            {
                self.form.put("variable", variable.as_str());
                variable.as_str().clone_into(&mut self.suggested);
                Fate::Stay
            }
            // What was suggested for other words fits no more: without one the service chooses.
            News::Answer(app::Tag::Tokens(Tag::Variable(nonce)), Err(_))
                if nonce == self.asked && self.form.text("variable") == self.suggested =>
            {
                self.form.put("variable", "");
                self.suggested.clear();
                Fate::Stay
            }
            News::Refresh if self.suggested.is_empty() => {
                self.suggest(desk);
                Fate::Stay
            }
            News::Answer(app::Tag::Tokens(Tag::Mint), result) => minted(&mut self.form, result, desk),
            _ => Fate::Stay,
        }
    }

    fn view(&self, facts: &Facts, theme: &Theme, frame: &mut Frame<'_>) {
        // On the smallest terminal the line of hints stays in sight.
        let height = (self.form.height() + 2).min(frame.area().height.saturating_sub(1));
        let area = dialog::open(frame, theme, "New API token", Tone::Plain, WIDTH, height);
        self.form.draw(frame, area, theme, facts.at.monotonic);
    }
}
