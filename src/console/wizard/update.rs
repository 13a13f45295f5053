//! How the wizard goes on: each step is checked when it is left forwards, all of them before anything is made.

use std::path::PathBuf;

use super::model::{RECOVERY_END, Step, Wizard};
use crate::console::app::desk::Order;
use crate::console::app::{Desk, Effect, News, Tag, Work};
use crate::console::form::{Form, Pressing};
use crate::console::keymap::Command;
use crate::domain::cashier::PASSWORD_MIN;
use crate::domain::text::{Brand, Email, OrganizationName, Slug};
use crate::gateway::SealChoice;
use crate::service::request::{Credentials, Onboard, Request};
use crate::service::{Error, Response};

impl Wizard {
    /// Takes news in; what is to be done.
    pub fn update(&mut self, news: News, desk: &mut Desk<'_>) -> Option<Effect> {
        if self.step == Step::Working {
            self.working(news, desk);
            return None;
        }
        if self.step == Step::Summary {
            return match news {
                News::Key(_, Some(Command::Accept)) => self.begin(desk),
                News::Key(_, Some(Command::Back)) => self.go(-1),
                _ => None,
            };
        }
        if self.step == Step::Recovery {
            match self.recovery.take(&news) {
                Pressing::Back => {
                    self.hide();
                    self.step = Step::Summary;
                }
                Pressing::Submit => self.confirm_recovery(desk),
                _ => {}
            }
            return None;
        }
        match self.form_mut().take(&news) {
            Pressing::Back => return self.go(-1),
            Pressing::Submit if self.check(self.step) => return self.go(1),
            Pressing::Changed if self.step == Step::Organization => self.propose_slug(),
            _ => {}
        }
        None
    }

    fn go(&mut self, by: isize) -> Option<Effect> {
        let steps = self.steps();
        let here = steps.iter().position(|step| *step == self.step).unwrap_or(0);
        self.step = steps[here.saturating_add_signed(by).min(steps.len() - 1)];
        None
    }

    /// Until somebody types a short name, it follows from the name.
    fn propose_slug(&mut self) {
        match self.organization.focused() {
            "slug" => self.own_slug = true,
            "organization's name" if !self.own_slug => {
                let slug = slug_of(self.organization.text("organization's name"));
                self.organization.put("slug", &slug);
            }
            _ => {}
        }
    }

    /// Checks a step; what is wrong is shown in it.
    fn check(&mut self, step: Step) -> bool {
        match step {
            Step::Organization => {
                let form = &mut self.organization;
                let brand = form.parsed("brand", Brand::parse).is_some();
                let slug = form.parsed("slug", Slug::parse).is_some();
                let name = form
                    .parsed("organization's name", OrganizationName::parse)
                    .is_some();
                brand && slug && name
            }
            Step::Admin => {
                let secret = check_twice(&mut self.admin, "password");
                self.admin.parsed("e-mail address", Email::folded).is_some() && secret
            }
            Step::Passphrase => check_twice(&mut self.passphrase, "passphrase"),
            Step::KeyFile => {
                let absolute = PathBuf::from(self.key_file.text("path")).is_absolute();
                if !absolute {
                    self.key_file
                        .refuse("path", "give the whole path, beginning with /");
                }
                absolute
            }
            Step::Size | Step::Seal | Step::Summary | Step::Recovery | Step::Working => true,
        }
    }

    /// Makes the store, and then the organization; goes to the first step that is not complete instead, if any.
    fn begin(&mut self, desk: &mut Desk<'_>) -> Option<Effect> {
        for step in self.steps() {
            if !self.check(step) {
                self.step = step;
                return None;
            }
        }
        self.step = Step::Working;
        self.since = desk.facts.at.monotonic;
        self.summary = Form::new();
        if self.data_dir.is_none() {
            self.go_on(desk);
            return None;
        }
        let seal = if self.keeps_key_file() {
            SealChoice::KeyFile(PathBuf::from(self.key_file.text("path")))
        } else {
            SealChoice::Passphrase(self.passphrase.secret("passphrase"))
        };
        Some(Effect::Work(Work::Initialize(seal)))
    }

    /// The store was made, or not.
    pub fn initialized(&mut self, result: Result<(), Error>, desk: &mut Desk<'_>) -> Option<Effect> {
        match result {
            Ok(()) => {
                // From now on the store is there: a second try only onboards.
                self.data_dir = None;
                self.go_on(desk);
            }
            Err(error) => self.fail(&error),
        }
        None
    }

    /// The store is there: the recovery key comes next, and then the organization.
    fn go_on(&mut self, desk: &mut Desk<'_>) {
        match self.recipient {
            Some(_) => self.onboard(desk),
            None => desk.ask(Tag::RecoveryKey, Request::MakeRecoveryKey),
        }
    }

    fn confirm_recovery(&mut self, desk: &mut Desk<'_>) {
        let Some(key) = &self.shown else { return };
        let text = key.identity.expose_text().unwrap_or_default();
        let end = &text[text.len().saturating_sub(RECOVERY_END)..];
        if !self.recovery.text("end").eq_ignore_ascii_case(end) {
            self.recovery
                .refuse("end", "these are not its last six characters");
            return;
        }
        self.recipient = Some(key.recipient);
        self.hide();
        self.step = Step::Working;
        self.since = desk.facts.at.monotonic;
        self.onboard(desk);
    }

    fn onboard(&mut self, desk: &mut Desk<'_>) {
        let form = &mut self.organization;
        let brand = form.parsed("brand", Brand::parse);
        let slug = form.parsed("slug", Slug::parse);
        let name = form.parsed("organization's name", OrganizationName::parse);
        let email = self.admin.parsed("e-mail address", Email::folded);
        let (Some(brand), Some(slug), Some(name), Some(email)) = (brand, slug, name, email) else {
            self.step = Step::Organization;
            return;
        };
        let password = self.admin.secret("password");
        let onboard = Onboard {
            recipient: self.recipient,
            brand,
            slug,
            name,
            size: self.key_size(),
            admin: Credentials { email, password },
        };
        desk.ask(Tag::Onboard, Request::Onboard(onboard));
    }

    fn working(&mut self, news: News, desk: &mut Desk<'_>) {
        match news {
            News::Answer(Tag::Onboard, Ok(Response::Onboarded(row, key))) => {
                desk.note(format!(
                    "{} has its first key pair, {}",
                    row.name,
                    key.fingerprint.short()
                ));
                if let Some(admin) = self.admin.parsed("e-mail address", Email::folded) {
                    desk.order(Order::Onboarded(admin));
                }
            }
            News::Answer(Tag::RecoveryKey, Ok(Response::RecoveryKey(key))) => {
                self.shown = Some(key);
                self.step = Step::Recovery;
            }
            News::Answer(_, Err(error)) => self.fail(&error),
            _ => {}
        }
    }

    /// Shows an error in the step whose field it is about, else in the summary.
    fn fail(&mut self, error: &Error) {
        let of = |step| match step {
            Step::Organization => &["brand", "slug", "organization's name"][..],
            Step::Admin => &["e-mail address", "password"][..],
            Step::KeyFile => &["path"][..],
            Step::Passphrase => &["passphrase"][..],
            _ => &[][..],
        };
        let about = error
            .field
            .as_deref()
            .and_then(|field| self.steps().into_iter().find(|step| of(*step).contains(&field)));
        self.step = about.unwrap_or(Step::Summary);
        self.form_mut().fail(error);
    }
}

fn check_twice(form: &mut Form, name: &'static str) -> bool {
    let length = form.text(name).chars().count();
    if length < PASSWORD_MIN {
        let problem = format!("the {name} has {length} characters, {PASSWORD_MIN} are the least");
        form.refuse(name, problem);
        return false;
    }
    if form.text(name) != form.text("again") {
        form.wipe("again");
        form.refuse("again", format!("this is not the same {name}"));
        return false;
    }
    true
}

/// `Acme Payments` gives `acme-payments`.
fn slug_of(name: &str) -> String {
    let mut slug = String::new();
    for character in name.to_lowercase().chars() {
        if character.is_ascii_lowercase() || (character.is_ascii_digit() && !slug.is_empty()) {
            slug.push(character);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(Slug::MAX);
    slug.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_gives_a_slug_that_is_one() {
        for (name, slug) in [
            ("Acme Payments", "acme-payments"),
            ("  3 Köche & Co. ", "k-che-co"),
            ("A", "a"),
            ("日本", ""),
        ] {
            assert_eq!(slug_of(name), slug);
            assert!(slug.is_empty() || Slug::parse(slug).is_ok(), "{slug}");
        }
    }
}
