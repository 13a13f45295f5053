//! Shows a new token, this once. Copying comes before showing.
//!
//! * It closes only after its last four characters were typed and the service took the acknowledgement, or after it was
//!   discarded and revoked. Where the service says that the reveal is over, because the token was revoked meanwhile, it
//!   closes too.
//! * A minute without a key hides the text. The idle lock hides the dialog, and keeps it.
//! * The text is kept in one place, which is wiped when the dialog is dropped. It is drawn over the whole screen, so that
//!   what comes after overdraws it; no other view is ever given it.

mod text;
mod view;

use std::path::PathBuf;
use std::time::Duration;

use ratatui::Frame;

use crate::console::app::perform::typed_path;
use crate::console::app::{self, Desk, Dialog, Facts, Fate, News};
use crate::console::key::Key;
use crate::console::keymap::{Command, Context};
use crate::console::theme::Theme;
use crate::console::when;
use crate::console::widgets::field::Field;
use crate::domain::text::Email;
use crate::domain::token::Overlap;
use crate::service::request::Request;
use crate::service::response::Minted;
use crate::service::{Code, Error, Response};

use super::Tag;

/// How long the text stays visible without a key (console.md).
const HIDE: Duration = Duration::from_secs(60);
/// How many of the last characters are typed to close.
const PROOF: usize = 4;
/// The longest path.
const PATH: usize = 1024;

/// The dialog.
#[derive(Debug)]
pub(super) struct Reveal {
    minted: Box<Minted>,
    shown: bool,
    stage: Stage,
    /// What is awaited, and since when.
    waiting: Option<(&'static str, Duration)>,
    /// What went wrong, and what to do.
    problem: Option<(String, String)>,
    /// Where it was written to.
    written: Option<PathBuf>,
    /// The service waits for no answer any more.
    over: bool,
    last_key: Duration,
}

/// What the keys are for.
#[derive(Debug)]
enum Stage {
    /// Copying, showing, writing.
    HandOver,
    /// Typing the last four characters.
    Close(Field),
    /// Typing a path.
    Write(Field),
    /// Deciding whether to discard it.
    Discard,
}

impl Reveal {
    pub(super) fn new(minted: Box<Minted>, facts: &Facts) -> Self {
        Self {
            minted,
            shown: false,
            stage: Stage::HandOver,
            waiting: None,
            problem: None,
            written: None,
            over: false,
            last_key: facts.at.monotonic,
        }
    }

    fn press(&mut self, key: Key, command: Option<Command>, desk: &mut Desk<'_>) -> Fate {
        self.last_key = desk.facts.at.monotonic;
        if self.waiting.is_some() {
            return Fate::Stay;
        }
        match &mut self.stage {
            Stage::HandOver => return self.hand_over(command, desk),
            Stage::Discard => match command {
                Some(Command::Accept) => self.discard(desk),
                Some(Command::Back) => self.stage = Stage::HandOver,
                _ => {}
            },
            Stage::Close(field) | Stage::Write(field) => match command {
                Some(Command::Back | Command::NextField | Command::PreviousField) => {
                    self.stage = Stage::HandOver;
                    self.problem = None;
                }
                Some(Command::Accept) => self.accept(desk),
                _ => {
                    self.problem = field
                        .press(key)
                        .err()
                        .map(|refused| (refused.to_string(), String::new()));
                }
            },
        }
        Fate::Stay
    }

    fn hand_over(&mut self, command: Option<Command>, desk: &mut Desk<'_>) -> Fate {
        self.problem.take_if(|_| !self.over);
        let (secret, row) = (&self.minted.secret, &self.minted.token);
        match command {
            Some(Command::CopyToken) => desk.copy_secret("the token", secret.clone()),
            Some(Command::CopyVariable) => {
                desk.copy_secret("the line", text::env_line(&row.variable, secret))
            }
            Some(Command::CopyHeader) => desk.copy_secret("the header", text::header(secret)),
            Some(Command::Show) => self.shown = !self.shown,
            Some(Command::Write) => {
                let proposed = desk.facts.directory.join(text::file_name(row));
                self.stage = Stage::Write(Field::new(PATH).with_text(&proposed.to_string_lossy()));
            }
            Some(Command::Accept | Command::Back) if self.over => return Fate::Close,
            Some(Command::Discard) => self.stage = Stage::Discard,
            Some(Command::Back) if self.shown => self.shown = false,
            Some(Command::Accept | Command::Back | Command::NextField | Command::PreviousField) => {
                self.stage = Stage::Close(Field::new(PROOF));
            }
            _ => {}
        }
        Fate::Stay
    }

    /// Enter in a field: the proof, or the path.
    fn accept(&mut self, desk: &mut Desk<'_>) {
        match &self.stage {
            Stage::Close(field) => {
                let typed = field.text().as_bytes();
                if typed.len() == PROOF && self.minted.secret.expose().ends_with(typed) {
                    self.problem = None;
                    self.waiting = Some(("Acknowledging", desk.facts.at.monotonic));
                    let reveal = self.minted.reveal;
                    desk.ask(Tag::Acknowledge.into(), Request::AcknowledgeReveal { reveal });
                } else {
                    let hint = "look at what you copied; the copy is good when they fit";
                    self.problem = Some(("these are not its last four characters".into(), hint.into()));
                    self.stage = Stage::Close(Field::new(PROOF));
                }
            }
            Stage::Write(field) if !field.is_empty() => {
                self.problem = None;
                self.waiting = Some(("Writing", desk.facts.at.monotonic));
                let path = typed_path(field.text(), &desk.facts.directory, desk.facts.home.as_deref());
                desk.write_file(path, text::file(&self.minted.secret));
            }
            Stage::Write(_) | Stage::HandOver | Stage::Discard => {}
        }
    }

    fn discard(&mut self, desk: &mut Desk<'_>) {
        self.problem = None;
        self.waiting = Some(("Revoking it", desk.facts.at.monotonic));
        let reveal = self.minted.reveal;
        desk.ask(
            Tag::Discard.into(),
            Request::DiscardReveal { reveal, reason: None },
        );
    }

    /// The service answered: closes, or says why not.
    fn answered(&mut self, result: Result<Response, Error>, said: String, desk: &mut Desk<'_>) -> Fate {
        self.waiting = None;
        match result {
            Ok(_) => {
                desk.note(said);
                desk.refresh();
                Fate::Close
            }
            Err(error) => {
                self.over = matches!(error.code, Code::Conflict | Code::NotFound);
                self.stage = Stage::HandOver;
                self.problem = Some((error.message, error.hint));
                Fate::Stay
            }
        }
    }

    fn acknowledged(&self) -> String {
        let name = &self.minted.token.name;
        match &self.minted.replaces {
            None => format!("{name} is handed over"),
            Some((_, Overlap::Now)) => format!("{name} is handed over; the old one has ended"),
            Some((old, overlap)) => {
                let within = when::span(overlap.length());
                format!("{name} is handed over; {} ends within {within}", old.masked)
            }
        }
    }

    fn take_written(&mut self, result: Result<PathBuf, Error>, desk: &mut Desk<'_>) {
        self.waiting = None;
        match result {
            Ok(path) => {
                desk.note("written, readable by you alone");
                self.written = Some(path);
                self.stage = Stage::HandOver;
            }
            Err(error) => self.problem = Some((error.message, error.hint)),
        }
    }
}

impl Dialog for Reveal {
    fn context(&self) -> Context {
        match self.stage {
            _ if self.waiting.is_some() => Context::Dialog,
            Stage::HandOver => Context::Reveal,
            Stage::Discard => Context::Dialog,
            Stage::Close(_) | Stage::Write(_) => Context::Field,
        }
    }

    fn update(&mut self, news: News, desk: &mut Desk<'_>) -> Fate {
        match news {
            News::Key(key, command) => return self.press(key, command, desk),
            News::Paste(text) => {
                self.last_key = desk.facts.at.monotonic;
                if let Stage::Close(field) | Stage::Write(field) = &mut self.stage {
                    self.problem = field
                        .paste(&text)
                        .err()
                        .map(|refused| (refused.to_string(), String::new()));
                }
            }
            News::Tick if desk.facts.at.monotonic.saturating_sub(self.last_key) >= HIDE => self.shown = false,
            News::Answer(app::Tag::Tokens(Tag::Acknowledge), result) => {
                let said = self.acknowledged();
                return self.answered(result, said, desk);
            }
            News::Answer(app::Tag::Tokens(Tag::Discard), result) => {
                let said = format!("{} is discarded and revoked", self.minted.token.name);
                return self.answered(result, said, desk);
            }
            News::Written(result) => self.take_written(result, desk),
            _ => {}
        }
        Fate::Stay
    }

    fn view(&self, facts: &Facts, theme: &Theme, frame: &mut Frame<'_>) {
        view::draw(self, facts, theme, frame);
    }

    fn is_reveal(&self) -> bool {
        true
    }

    fn reveals_to(&self) -> Option<&Email> {
        Some(&self.minted.token.minted_by)
    }
}
