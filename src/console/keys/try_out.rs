//! The try-out: encrypts a text as a client would, opens a ciphertext. What was opened is hidden until asked for, and
//! wiped when the dialog closes.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::model::Tag;
use super::view::wrapped;
use crate::console::app::{self, Desk, Dialog, Facts, Fate, News};
use crate::console::form::{Form, Pressing};
use crate::console::keymap::{Command, Context};
use crate::console::theme::Theme;
use crate::console::widgets::choice::Choice;
use crate::console::widgets::dialog::{self, Tone};
use crate::domain::key_pair::{KeySize, Mgf1};
use crate::domain::text::escape;
use crate::service::Response;
use crate::service::request::Request;
use crate::service::response::Decrypted;

/// Room for a ciphertext of the largest key in Base64, and for white space in it.
const CIPHERTEXT: usize = 800;

/// The dialog.
#[derive(Debug)]
pub(super) struct TryOut {
    encrypt: Form,
    decrypt: Form,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// Which of both.
    Which(Choice),
    Encrypt,
    Decrypt,
    Encrypted(String, Choice),
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
            stage: Stage::Which(Choice::new(0, 2)),
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

    fn take_answer(&mut self, result: Result<Response, crate::service::Error>) {
        self.encrypt.ready();
        self.decrypt.ready();
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
            Ok(_) => {}
            Err(error) if matches!(self.stage, Stage::Decrypt) => self.decrypt.fail(&error),
            Err(error) => self.encrypt.fail(&error),
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
            Stage::Which(choice) => {
                self.stage = if choice.chosen() == 0 {
                    Stage::Encrypt
                } else {
                    Stage::Decrypt
                };
            }
            Stage::Encrypt | Stage::Decrypt => {}
        }
        Fate::Stay
    }
}

impl Dialog for TryOut {
    fn context(&self) -> Context {
        match &self.stage {
            Stage::Encrypt => self.encrypt.context(),
            Stage::Decrypt => self.decrypt.context(),
            _ => Context::Dialog,
        }
    }

    fn update(&mut self, news: News, desk: &mut Desk<'_>) -> Fate {
        let pressing = match &self.stage {
            Stage::Encrypt => self.encrypt.take(&news),
            Stage::Decrypt => self.decrypt.take(&news),
            _ => Pressing::Ignored,
        };
        match (pressing, &self.stage) {
            (Pressing::Submit, Stage::Encrypt) => self.encrypt(desk),
            (Pressing::Submit, Stage::Decrypt) => self.decrypt(desk),
            (Pressing::Back, _) => self.stage = Stage::Which(Choice::new(0, 2)),
            _ => match news {
                News::Answer(_, result) => self.take_answer(result),
                News::Key(_, Some(Command::Back)) => {
                    self.stage = match self.stage {
                        Stage::Encrypted(..) => Stage::Encrypt,
                        Stage::Opened { .. } => Stage::Decrypt,
                        _ => return Fate::Close,
                    };
                }
                News::Key(_, Some(Command::Accept)) => return self.chosen(desk),
                News::Key(_, Some(command)) => {
                    if let Stage::Which(choice) | Stage::Encrypted(_, choice) | Stage::Opened { choice, .. } =
                        &mut self.stage
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
                ];
                choice.draw(frame, top, theme, &labels, true);
            }
            Stage::Encrypt => self.encrypt.draw(frame, top, theme, now),
            Stage::Decrypt => self.decrypt.draw(frame, top, theme, now),
            Stage::Encrypted(ciphertext, choice) => {
                let lines =
                    wrapped(ciphertext, usize::from(top.width)).map(|line| Line::styled(line, theme.text));
                let head = Line::styled("What a client sends:", theme.dim);
                put(frame, top, std::iter::once(head).chain(lines));
                let labels = [("copy it", ""), ("decrypt it", ""), ("close", "")];
                choice.draw(frame, last_rows(top, 3), theme, &labels, true);
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

fn put<'a>(frame: &mut Frame<'_>, area: Rect, lines: impl Iterator<Item = Line<'a>>) {
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
