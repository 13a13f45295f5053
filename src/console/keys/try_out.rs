//! The try-out: encrypts a text as a client would, opens a ciphertext, says why one does not open. What was opened is
//! hidden until asked for, and wiped when the dialog closes.
//!
//! A diagnosis is logged and may ask for a sign-in: it is made when somebody chooses it, never by itself.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::finding::{draw_findings, flattened};
use super::model::Tag;
use super::view::wrapped;
use crate::console::app::{self, Desk, Dialog, Facts, Fate, News};
use crate::console::form::{Form, Pressing};
use crate::console::keymap::{Command, Context};
use crate::console::theme::Theme;
use crate::console::widgets::choice::Choice;
use crate::console::widgets::dialog::{self, Tone};
use crate::console::widgets::wrapped as words;
use crate::domain::key_pair::{KeySize, Mgf1};
use crate::domain::secret::Secret;
use crate::domain::text::escape;
use crate::service::request::Request;
use crate::service::response::{Decrypted, Diagnosis};
use crate::service::{Code, Error, Response};

/// Room for a ciphertext of the largest key in Base64, and for white space in it.
const CIPHERTEXT: usize = 800;
/// Room for a payload with some of them.
const PASTED: usize = 8 * 1024;

/// The dialog.
#[derive(Debug)]
pub(super) struct TryOut {
    encrypt: Form,
    decrypt: Form,
    diagnose: Form,
    /// What was pasted to be diagnosed in several lines, of which its field shows one.
    lines: Option<Secret>,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// Which of both.
    Which(Choice),
    Encrypt,
    Decrypt,
    Diagnose,
    Encrypted(String, Choice),
    /// A ciphertext did not open.
    Refused(Error, Choice),
    Diagnosed(Box<Diagnosis>, Choice),
    Opened {
        of: Decrypted,
        shown: bool,
        choice: Choice,
    },
}

impl TryOut {
    pub(super) fn new(size: KeySize) -> Self {
        let variants = vec![
            (
                Mgf1::Sha256.label().to_owned(),
                "what every platform but Java uses".to_owned(),
            ),
            (
                Mgf1::Sha1.label().to_owned(),
                "Java's default parameters".to_owned(),
            ),
        ];
        let room = format!("{} bytes at most", size.max_plaintext());
        Self {
            encrypt: Form::new().choice("mgf1", "Padding", variants, 0).field(
                "plaintext",
                "Text",
                size.max_plaintext(),
                "",
                &room,
            ),
            decrypt: Form::new().field(
                "ciphertext",
                "Ciphertext",
                CIPHERTEXT,
                "",
                "Base64; both paddings are tried",
            ),
            diagnose: Form::new().field(
                "pasted",
                "As it came",
                PASTED,
                "",
                "the ciphertext, or the JSON with it; logged",
            ),
            lines: None,
            stage: which(),
        }
    }

    fn encrypt(&mut self, desk: &mut Desk<'_>) {
        if self.encrypt.text("plaintext").is_empty() {
            return self.encrypt.refuse("plaintext", "the text is empty");
        }
        let mgf1 = if self.encrypt.chosen("mgf1") == 0 {
            Mgf1::Sha256
        } else {
            Mgf1::Sha1
        };
        let request = Request::Encrypt {
            organization: desk.facts.current.clone(),
            plaintext: self.encrypt.secret("plaintext"),
            mgf1,
        };
        desk.ask(app::Tag::Keys(Tag::Encrypt), request);
        self.encrypt.wait("Encrypting", desk.facts.at.monotonic);
    }

    fn decrypt(&mut self, desk: &mut Desk<'_>) {
        let ciphertext: String = self.decrypt.text("ciphertext").split_whitespace().collect();
        if ciphertext.is_empty() {
            return self.decrypt.refuse("ciphertext", "the ciphertext is empty");
        }
        let request = Request::Decrypt {
            organization: desk.facts.current.clone(),
            ciphertext,
            key: None,
        };
        desk.ask(app::Tag::Keys(Tag::Decrypt), request);
        self.decrypt.wait("Decrypting", desk.facts.at.monotonic);
    }

    fn diagnose(&mut self, desk: &mut Desk<'_>) {
        if self.diagnose.text("pasted").is_empty() {
            return self.diagnose.refuse("pasted", "there is nothing to diagnose");
        }
        let shown = self.diagnose.secret("pasted");
        // With its line breaks, unless it was edited since.
        let pasted = match &self.lines {
            Some(lines) if flattened(lines).as_bytes() == shown.expose() => lines.clone(),
            _ => shown,
        };
        let request = Request::Diagnose {
            organization: desk.facts.current.clone(),
            pasted,
            key: None,
            show_plaintext: false,
        };
        desk.ask(app::Tag::Keys(Tag::Diagnose), request);
        self.diagnose.wait("Diagnosing", desk.facts.at.monotonic);
    }

    fn paste_lines(&mut self, text: &str) -> Pressing {
        let lines = Secret::from_text(text.trim().to_owned());
        let line = flattened(&lines);
        self.lines = Some(lines);
        self.diagnose.take(&News::Paste(line))
    }

    fn take_answer(&mut self, result: Result<Response, Error>) {
        self.encrypt.ready();
        self.decrypt.ready();
        self.diagnose.ready();
        match result {
            Ok(Response::Encrypted(ciphertext)) => {
                self.stage = Stage::Encrypted(ciphertext, Choice::new(0, 3))
            }
            Ok(Response::Decrypted(of)) => {
                self.stage = Stage::Opened {
                    of,
                    shown: false,
                    choice: Choice::new(0, 4),
                };
            }
            Ok(Response::Diagnosed(diagnosis)) => {
                self.stage = Stage::Diagnosed(Box::new(diagnosis), Choice::new(0, 2));
            }
            Ok(_) => {}
            Err(error) => match self.stage {
                Stage::Decrypt if error.code == Code::DecryptionFailed => {
                    self.stage = Stage::Refused(error, Choice::new(0, 3));
                }
                Stage::Decrypt => self.decrypt.fail(&error),
                Stage::Diagnose => self.diagnose.fail(&error),
                _ => self.encrypt.fail(&error),
            },
        }
    }

    /// The buttons under a result.
    fn chosen(&mut self, desk: &mut Desk<'_>) -> Fate {
        match &mut self.stage {
            Stage::Encrypted(ciphertext, choice) => match choice.chosen() {
                0 => desk.copy_public("the ciphertext", ciphertext.clone()),
                1 => {
                    self.decrypt.put("ciphertext", ciphertext);
                    self.stage = Stage::Decrypt;
                }
                _ => return Fate::Close,
            },
            Stage::Opened { of, shown, choice } => match choice.chosen() {
                0 => *shown = !*shown,
                1 => desk.copy_secret("the plaintext", of.plaintext.clone()),
                2 => {
                    self.decrypt.wipe("ciphertext");
                    self.stage = Stage::Decrypt;
                }
                _ => return Fate::Close,
            },
            Stage::Refused(_, choice) => match choice.chosen() {
                0 => {
                    self.diagnose.put("pasted", self.decrypt.text("ciphertext"));
                    self.stage = Stage::Diagnose;
                    self.diagnose(desk);
                }
                1 => self.stage = Stage::Decrypt,
                _ => return Fate::Close,
            },
            Stage::Diagnosed(_, choice) => match choice.chosen() {
                0 => {
                    self.diagnose.wipe("pasted");
                    self.stage = Stage::Diagnose;
                }
                _ => return Fate::Close,
            },
            Stage::Which(choice) => {
                self.stage = match choice.chosen() {
                    0 => Stage::Encrypt,
                    1 => Stage::Decrypt,
                    _ => Stage::Diagnose,
                };
            }
            Stage::Encrypt | Stage::Decrypt | Stage::Diagnose => {}
        }
        Fate::Stay
    }
}

impl Dialog for TryOut {
    fn context(&self) -> Context {
        match &self.stage {
            Stage::Encrypt => self.encrypt.context(),
            Stage::Decrypt => self.decrypt.context(),
            Stage::Diagnose => self.diagnose.context(),
            _ => Context::Dialog,
        }
    }

    fn update(&mut self, news: News, desk: &mut Desk<'_>) -> Fate {
        let pressing = match &self.stage {
            Stage::Encrypt => self.encrypt.take(&news),
            Stage::Decrypt => self.decrypt.take(&news),
            Stage::Diagnose => match &news {
                News::Paste(text) => self.paste_lines(text),
                _ => self.diagnose.take(&news),
            },
            _ => Pressing::Ignored,
        };
        match (pressing, &self.stage) {
            (Pressing::Submit, Stage::Encrypt) => self.encrypt(desk),
            (Pressing::Submit, Stage::Decrypt) => self.decrypt(desk),
            (Pressing::Submit, Stage::Diagnose) => self.diagnose(desk),
            (Pressing::Back, _) => self.stage = which(),
            _ => match news {
                News::Answer(_, result) => self.take_answer(result),
                News::Key(_, Some(Command::Back)) => {
                    self.stage = match self.stage {
                        Stage::Encrypted(..) => Stage::Encrypt,
                        Stage::Opened { .. } | Stage::Refused(..) => Stage::Decrypt,
                        Stage::Diagnosed(..) => Stage::Diagnose,
                        _ => return Fate::Close,
                    };
                }
                News::Key(_, Some(Command::Accept)) => return self.chosen(desk),
                News::Key(_, Some(command)) => {
                    if let Stage::Which(choice)
                    | Stage::Encrypted(_, choice)
                    | Stage::Refused(_, choice)
                    | Stage::Diagnosed(_, choice)
                    | Stage::Opened { choice, .. } = &mut self.stage
                    {
                        choice.command(command);
                    }
                }
                _ => {}
            },
        }
        Fate::Stay
    }

    fn holds_secret(&self) -> bool {
        matches!(self.stage, Stage::Opened { .. })
    }

    fn view(&self, facts: &Facts, theme: &Theme, frame: &mut Frame<'_>) {
        let area = dialog::open(frame, theme, "Try out", Tone::Plain, 74, 19);
        let top = Rect::new(area.x, area.y + 1, area.width, area.height.saturating_sub(2));
        let now = facts.at.monotonic;
        match &self.stage {
            Stage::Which(choice) => {
                let labels = [
                    ("encrypt a text", "as a client would"),
                    ("decrypt a ciphertext", "as a service would"),
                    ("diagnose one", "why it does not open"),
                ];
                choice.draw(frame, top, theme, &labels, true);
            }
            Stage::Encrypt => self.encrypt.draw(frame, top, theme, now),
            Stage::Decrypt => self.decrypt.draw(frame, top, theme, now),
            Stage::Diagnose => self.diagnose.draw(frame, top, theme, now),
            Stage::Encrypted(ciphertext, choice) => {
                let lines =
                    wrapped(ciphertext, usize::from(top.width)).map(|line| Line::styled(line, theme.text));
                let head = Line::styled("What a client sends:", theme.dim);
                put(frame, top, std::iter::once(head).chain(lines));
                let labels = [("copy it", ""), ("decrypt it", ""), ("close", "")];
                choice.draw(frame, last_rows(top, 3), theme, &labels, true);
            }
            Stage::Refused(error, choice) => {
                let width = usize::from(top.width);
                let (message, hint) = (words(&error.message, width), words(&error.hint, width));
                let message = message.into_iter().map(|line| Line::styled(line, theme.danger));
                let hint = hint.into_iter().map(|line| Line::styled(line, theme.dim));
                put(frame, top, message.chain([Line::default()]).chain(hint));
                let labels = [
                    ("diagnose it", "says why; logged"),
                    ("another", ""),
                    ("close", ""),
                ];
                choice.draw(frame, last_rows(top, 3), theme, &labels, true);
            }
            Stage::Diagnosed(diagnosis, choice) => {
                let room = Rect {
                    height: top.height.saturating_sub(3),
                    ..top
                };
                draw_findings(diagnosis, theme, frame, room);
                choice.draw(
                    frame,
                    last_rows(top, 2),
                    theme,
                    &[("another", ""), ("close", "")],
                    true,
                );
            }
            Stage::Opened { of, shown, choice } => {
                draw_opened(of, *shown, theme, frame, top);
                let show = if *shown { "hide it" } else { "show it" };
                let labels = [
                    (show, ""),
                    ("copy it", ""),
                    ("another", ""),
                    ("close", "and forget it"),
                ];
                choice.draw(frame, last_rows(top, 4), theme, &labels, true);
            }
        }
    }
}

fn which() -> Stage {
    Stage::Which(Choice::new(0, 3))
}

fn draw_opened(of: &Decrypted, shown: bool, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let good = theme.glyphs.good;
    let how = format!(
        "{good} opened by generation {}, {}",
        of.generation,
        of.mgf1.label()
    );
    let text = match of.plaintext.expose_text() {
        _ if !shown => vec![Line::styled(
            format!("{} bytes, hidden", of.plaintext.len()),
            theme.dim,
        )],
        Some(text) => {
            let escaped = escape(text);
            wrapped(&escaped, usize::from(area.width))
                .map(|line| Line::styled(line, theme.text))
                .collect()
        }
        None => vec![Line::styled(
            format!("{} bytes that are no text", of.plaintext.len()),
            theme.warn,
        )],
    };
    let head = [Line::from(Span::styled(how, theme.good)), Line::default()];
    put(
        frame,
        Rect {
            height: area.height.saturating_sub(5),
            ..area
        },
        head.into_iter().chain(text),
    );
}

pub(super) fn put<'a>(frame: &mut Frame<'_>, area: Rect, lines: impl Iterator<Item = Line<'a>>) {
    for (line, y) in lines.zip(area.top()..area.bottom()) {
        frame.render_widget(line, Rect { y, height: 1, ..area });
    }
}

fn last_rows(area: Rect, rows: u16) -> Rect {
    let rows = rows.min(area.height);
    Rect {
        y: area.bottom() - rows,
        height: rows,
        ..area
    }
}
