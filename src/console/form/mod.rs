//! A form: fields and choices one below the other, each with room for what is wrong with it, so that nothing jumps.
//!
//! `tab`, `enter` and the arrows go from part to part; `enter` on the last one submits. Where a service's error names a
//! part, it is shown beside that part, which gets the focus; otherwise at the foot. While an answer is awaited the
//! form takes no input but `esc`. What was typed stays typed until the form is dropped, which wipes it.

use std::time::Duration;

use super::app::News;
use super::keymap::{Command, Context};
use super::widgets::choice::Choice;
use super::widgets::field::{Field, Pressed};
use crate::domain::cashier::{PASSWORD_MAX, Role};
use crate::domain::secret::Secret;
use crate::domain::text::{Email, TextError};
use crate::service::Error;
use crate::service::request::Credentials;

mod draw;
pub use draw::draw_problem;

/// The column that labels take.
const LABEL: u16 = 15;

/// Something to fill in.
#[derive(Debug)]
struct Part {
    /// What errors call it.
    name: &'static str,
    label: &'static str,
    /// What to know about it.
    note: String,
    /// What is wrong with it.
    error: Option<String>,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Field(Field),
    /// Labels with their notes.
    Choice(Choice, Vec<(String, String)>),
}

/// What a form made of news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Pressing {
    /// Nothing: it is for somebody else.
    Ignored,
    /// It moved.
    Moved,
    /// The content of the part with the focus changed.
    Changed,
    /// It is complete as far as the operator sees: check it, and ask.
    Submit,
    /// One step back was asked for.
    Back,
}

/// A form.
#[derive(Debug, Default)]
pub struct Form {
    parts: Vec<Part>,
    focus: usize,
    /// What is wrong with the whole: what happened, and what to do.
    error: Option<(String, String)>,
    /// What is awaited, and since when.
    busy: Option<(&'static str, Duration)>,
    /// Whether leaving loses something that was typed.
    typed: Typed,
}

/// What leaving would lose.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Typed {
    /// Nobody minds.
    #[default]
    Unguarded,
    Nothing,
    Something,
    /// It was said: the next step back goes.
    Said,
}

impl Form {
    /// A form without parts.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Has it say that what was typed is lost, before it is left.
    #[must_use]
    pub const fn guarded(mut self) -> Self {
        self.typed = Typed::Nothing;
        self
    }

    /// Adds a field for a line of up to `max` characters; `note` is shown below it.
    #[must_use]
    pub fn field(self, name: &'static str, label: &'static str, max: usize, text: &str, note: &str) -> Self {
        self.part(name, label, note, Kind::Field(Field::new(max).with_text(text)))
    }

    /// Adds a field whose text is not shown.
    #[must_use]
    pub fn masked(self, name: &'static str, label: &'static str, max: usize, note: &str) -> Self {
        self.part(name, label, note, Kind::Field(Field::masked(max)))
    }

    /// Adds a choice of `options` (label, note), one a row.
    #[must_use]
    pub fn choice(
        self,
        name: &'static str,
        label: &'static str,
        options: Vec<(String, String)>,
        chosen: usize,
    ) -> Self {
        let choice = Choice::new(chosen, options.len());
        self.part(name, label, "", Kind::Choice(choice, options))
    }

    /// Adds a cashier's e-mail address and password, named `email` and `password`; [`Form::credentials`] reads them.
    /// Where a role is needed the form says so, before it is filled in.
    #[must_use]
    pub fn credentials_of(self, email: Option<&Email>, needed: Option<Role>) -> Self {
        let whose = match needed {
            None | Some(Role::Viewer) => "e-mail address",
            Some(Role::Operator) => "e-mail address of an operator or admin",
            Some(Role::Admin) => "e-mail address of an admin",
        };
        self.field(
            "e-mail address",
            "Cashier",
            Email::MAX,
            email.map_or("", Email::as_str),
            whose,
        )
        .masked("password", "Password", PASSWORD_MAX, "")
    }

    fn part(mut self, name: &'static str, label: &'static str, note: &str, kind: Kind) -> Self {
        self.parts.push(Part {
            name,
            label,
            note: note.to_owned(),
            error: None,
            kind,
        });
        self
    }

    /// The text of the field `name`; empty when there is no such field.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        match self.find(name).map(|part| &part.kind) {
            Some(Kind::Field(field)) => field.text(),
            _ => "",
        }
    }

    /// A copy of the text of the field `name`, as a secret.
    #[must_use]
    pub fn secret(&self, name: &str) -> Secret {
        Secret::new(self.text(name).as_bytes().to_vec())
    }

    /// Which option of the choice `name` is chosen; the first when there is no such choice.
    #[must_use]
    pub fn chosen(&self, name: &str) -> usize {
        match self.find(name).map(|part| &part.kind) {
            Some(Kind::Choice(choice, _)) => choice.chosen(),
            _ => 0,
        }
    }

    /// The name of the part with the focus.
    #[must_use]
    pub fn focused(&self) -> &'static str {
        self.parts.get(self.focus).map_or("", |part| part.name)
    }

    /// Gives the part `name` the focus.
    pub fn focus_on(&mut self, name: &str) {
        if let Some(place) = self.parts.iter().position(|part| part.name == name) {
            self.focus = place;
        }
    }

    /// Puts `text` into the field `name`, as far as it is accepted.
    pub fn put(&mut self, name: &str, text: &str) {
        if let Some(Kind::Field(field)) = self.find_mut(name).map(|part| &mut part.kind) {
            // A suggestion that does not fit is none.
            let _ = field.replace(text);
        }
    }

    /// Changes the note below the part `name`.
    pub fn annotate(&mut self, name: &str, note: impl Into<String>) {
        if let Some(part) = self.find_mut(name) {
            part.note = note.into();
        }
    }

    /// Wipes the field `name`.
    pub fn wipe(&mut self, name: &str) {
        if let Some(Kind::Field(field)) = self.find_mut(name).map(|part| &mut part.kind) {
            field.clear();
        }
    }

    /// Checks the field `name` with a domain type's `parse`; what is wrong is shown beside it.
    pub fn parsed<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, TextError>,
    ) -> Option<T> {
        match parse(self.text(name)) {
            Ok(value) => Some(value),
            Err(error) => {
                self.refuse(name, error.to_string());
                None
            }
        }
    }

    /// The cashier's e-mail address and password, where both were given.
    pub fn credentials(&mut self) -> Option<Credentials> {
        let email = self.parsed("e-mail address", Email::folded)?;
        if self.text("password").is_empty() {
            self.refuse("password", "the password is empty");
            return None;
        }
        let password = self.secret("password");
        Some(Credentials { email, password })
    }

    /// Shows what is wrong with the part `name` beside it, and gives it the focus.
    pub fn refuse(&mut self, name: &str, problem: impl Into<String>) {
        self.focus_on(name);
        self.complain(name, problem);
    }

    /// Shows what is wrong with the part `name` beside it, and leaves the focus where it is.
    pub fn complain(&mut self, name: &str, problem: impl Into<String>) {
        if let Some(part) = self.find_mut(name) {
            part.error = Some(problem.into());
        }
    }

    /// Shows an error: beside the part that it names, else at the foot. A wrong password is wiped.
    pub fn fail(&mut self, error: &Error) {
        use crate::service::Code::{Forbidden, Throttled, Unauthenticated};
        self.busy = None;
        let about = error.field.as_deref().filter(|field| self.find(field).is_some());
        if matches!(error.code, Unauthenticated | Throttled | Forbidden) && self.find("password").is_some() {
            self.wipe("password");
            self.focus_on("password");
        }
        match about {
            Some(name) => {
                self.refuse(name, error.message.clone());
                self.error = Some((String::new(), error.hint.clone()));
            }
            None => self.error = Some((error.message.clone(), error.hint.clone())),
        }
    }

    /// Takes no input until the answer is there: `what` says what is awaited.
    pub fn wait(&mut self, what: &'static str, since: Duration) {
        self.busy = Some((what, since));
        self.error = None;
    }

    /// Takes input again.
    pub fn ready(&mut self) {
        self.busy = None;
    }

    /// Whether an answer is awaited.
    #[must_use]
    pub const fn is_waiting(&self) -> bool {
        self.busy.is_some()
    }

    /// Where the focus is, for the keymap.
    #[must_use]
    pub fn context(&self) -> Context {
        match self.parts.get(self.focus).map(|part| &part.kind) {
            Some(Kind::Field(_)) if self.busy.is_none() => Context::Field,
            _ => Context::Dialog,
        }
    }

    /// Takes a key or a paste in; everything else is ignored.
    pub fn take(&mut self, news: &News) -> Pressing {
        match news {
            News::Key(_, Some(Command::Back)) => self.back(),
            _ if self.busy.is_some() => Pressing::Ignored,
            News::Key(key, command) => self.press(*key, *command),
            News::Paste(text) => self.edit(|field| field.paste(text).map(|()| Pressed::Changed)),
            News::Scroll { down: true } => self.step(Command::Down),
            News::Scroll { down: false } => self.step(Command::Up),
            _ => Pressing::Ignored,
        }
    }

    fn press(&mut self, key: super::key::Key, command: Option<Command>) -> Pressing {
        let last = self.parts.len().saturating_sub(1);
        match command {
            Some(Command::Accept) if self.focus == last => Pressing::Submit,
            Some(Command::Accept | Command::NextField) => self.go((self.focus + 1) % (last + 1)),
            Some(Command::PreviousField) => self.go((self.focus + last) % (last + 1)),
            Some(command) => match self.step(command) {
                Pressing::Ignored => self.edit(|field| field.press(key)),
                pressing => pressing,
            },
            None => self.edit(|field| field.press(key)),
        }
    }

    /// Moves in a choice, or from field to field.
    fn step(&mut self, command: Command) -> Pressing {
        let last = self.parts.len().saturating_sub(1);
        let focus = self.focus;
        match self.parts.get_mut(focus).map(|part| &mut part.kind) {
            Some(Kind::Choice(choice, _)) => {
                let before = *choice;
                if !choice.command(command) {
                    return Pressing::Ignored;
                }
                let changed = before != *choice;
                self.clear_error();
                if changed {
                    Pressing::Changed
                } else {
                    Pressing::Moved
                }
            }
            Some(Kind::Field(_)) => match command {
                Command::Down => self.go((focus + 1).min(last)),
                Command::Up => self.go(focus.saturating_sub(1)),
                _ => Pressing::Ignored,
            },
            None => Pressing::Ignored,
        }
    }

    /// Leaves; where it is guarded, not by mistake.
    fn back(&mut self) -> Pressing {
        if self.typed != Typed::Something || self.busy.is_some() {
            return Pressing::Back;
        }
        self.typed = Typed::Said;
        self.error = Some((String::new(), "once more drops what was typed".to_owned()));
        Pressing::Moved
    }

    fn go(&mut self, place: usize) -> Pressing {
        self.focus = place;
        Pressing::Moved
    }

    fn edit(
        &mut self,
        act: impl FnOnce(&mut Field) -> Result<Pressed, super::widgets::field::Refused>,
    ) -> Pressing {
        let Some(part) = self.parts.get_mut(self.focus) else {
            return Pressing::Ignored;
        };
        let Kind::Field(field) = &mut part.kind else {
            return Pressing::Ignored;
        };
        match act(field) {
            Ok(Pressed::Changed) => {
                // Who one is can be typed again.
                let counts = !matches!(part.name, "e-mail address" | "password");
                if counts && self.typed != Typed::Unguarded {
                    self.typed = Typed::Something;
                }
                self.clear_error();
                Pressing::Changed
            }
            Ok(Pressed::Moved) => Pressing::Moved,
            Ok(Pressed::Ignored) => Pressing::Ignored,
            Err(refused) => {
                part.error = Some(refused.to_string());
                Pressing::Moved
            }
        }
    }

    fn clear_error(&mut self) {
        self.error = None;
        if let Some(part) = self.parts.get_mut(self.focus) {
            part.error = None;
        }
    }

    fn find(&self, name: &str) -> Option<&Part> {
        self.parts.iter().find(|part| part.name == name)
    }

    fn find_mut(&mut self, name: &str) -> Option<&mut Part> {
        self.parts.iter_mut().find(|part| part.name == name)
    }
}
