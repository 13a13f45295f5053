//! Rotates the key pair: what would break, the slug typed out, an admin; then the work, which esc cancels; then both
//! fingerprints.

use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::model::Tag;
use crate::console::app::{self, Desk, Dialog, Facts, Fate, News};
use crate::console::form::{Form, Pressing};
use crate::console::keymap::{Command, Context};
use crate::console::theme::Theme;
use crate::console::when;
use crate::console::widgets::dialog::{self, Tone};
use crate::console::widgets::fitted;
use crate::console::widgets::progress::{self, Progress};
use crate::console::wizard::sizes;
use crate::domain::cashier::Role;
use crate::domain::key_pair::KeySize;
use crate::domain::text::Slug;
use crate::service::request::{JobId, Request, RotateKey};
use crate::service::response::{Impact, KeyGeneration, KeyView};
use crate::service::{Code, Response};

/// The dialog.
#[derive(Debug)]
pub(super) struct Rotate {
    organization: Slug,
    old: KeyGeneration,
    impact: Option<Impact>,
    form: Form,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Form,
    Working {
        job: JobId,
        since: Duration,
        cancelled: bool,
    },
    Done(Box<KeyGeneration>),
}

impl Rotate {
    pub(super) fn new(view: &KeyView, facts: &Facts) -> Self {
        let size = KeySize::ALL
            .iter()
            .position(|size| *size == view.active.size)
            .unwrap_or(1);
        let confirm = format!("type {} to confirm", view.organization);
        // A pair that is advised against is not proposed again.
        let form = Form::new()
            .choice("size", "Key size", sizes(), size.max(1))
            .field("confirmation", "Organization", Slug::MAX, "", &confirm)
            .credentials_of(facts.email.as_ref(), Some(Role::Admin));
        Self {
            organization: view.organization.clone(),
            old: view.active.clone(),
            impact: None,
            form,
            stage: Stage::Form,
        }
    }

    fn submit(&mut self, desk: &mut Desk<'_>) {
        let confirmation = self.form.text("confirmation").trim().to_owned();
        if confirmation != self.organization.as_str() {
            let problem = format!(
                "type {}, so that no key is rotated by accident",
                self.organization
            );
            return self.form.refuse("confirmation", problem);
        }
        let Some(credentials) = self.form.credentials() else {
            return;
        };
        let rotate = RotateKey {
            organization: Some(self.organization.clone()),
            confirmation,
            size: KeySize::ALL[self.form.chosen("size").min(KeySize::ALL.len() - 1)],
            credentials,
        };
        desk.ask(app::Tag::Keys(Tag::Rotate), Request::RotateKey(rotate));
        self.form.wait("Checking the password", desk.facts.at.monotonic);
    }

    fn ended(&mut self, result: Result<&Response, &crate::service::Error>, desk: &mut Desk<'_>) -> Fate {
        match result {
            Ok(Response::KeyRotated(_, new)) => {
                self.stage = Stage::Done(Box::new(new.clone()));
                desk.refresh();
            }
            Ok(_) => {}
            Err(error) if error.code == Code::Cancelled => {
                desk.note("cancelled: the key pair is the one it was");
                return Fate::Close;
            }
            Err(error) => {
                self.stage = Stage::Form;
                self.form.fail(error);
            }
        }
        Fate::Stay
    }
}

impl Dialog for Rotate {
    fn context(&self) -> Context {
        match self.stage {
            Stage::Form => self.form.context(),
            Stage::Working { .. } | Stage::Done(_) => Context::Dialog,
        }
    }

    fn update(&mut self, news: News, desk: &mut Desk<'_>) -> Fate {
        if let Stage::Form = self.stage {
            match self.form.take(&news) {
                Pressing::Back if !self.form.is_waiting() => return Fate::Close,
                Pressing::Submit => self.submit(desk),
                _ => {}
            }
        }
        match (news, &mut self.stage) {
            (News::Opened, _) => {
                let organization = Some(self.organization.clone());
                desk.ask(app::Tag::Keys(Tag::Impact), Request::KeyImpact { organization });
            }
            (News::Answer(app::Tag::Keys(Tag::Impact), Ok(Response::Impact(impact))), _) => {
                self.impact = Some(impact)
            }
            (News::Answer(app::Tag::Keys(Tag::Rotate), result), _) => match result {
                Ok(Response::Started(job)) => {
                    let since = desk.facts.at.monotonic;
                    self.form.ready();
                    self.form.wipe("password");
                    self.stage = Stage::Working {
                        job,
                        since,
                        cancelled: false,
                    };
                }
                other => return self.ended(other.as_ref(), desk),
            },
            (News::JobEnded(ended, result), Stage::Working { job, .. }) if ended == *job => {
                return self.ended(result.as_ref().map(AsRef::as_ref), desk);
            }
            (News::Key(_, Some(Command::Back)), Stage::Working { job, cancelled, .. }) if !*cancelled => {
                *cancelled = true;
                let job = *job;
                desk.ask(app::Tag::Keys(Tag::Cancel), Request::CancelJob(job));
            }
            (News::Key(_, Some(Command::Back | Command::Accept)), Stage::Done(_)) => return Fate::Close,
            _ => {}
        }
        Fate::Stay
    }

    fn view(&self, facts: &Facts, theme: &Theme, frame: &mut Frame<'_>) {
        let (title, tone) = match self.stage {
            Stage::Done(_) => ("The key pair was rotated", Tone::Good),
            _ => ("Rotate the key pair", Tone::Danger),
        };
        let area = dialog::open(frame, theme, title, tone, 74, self.form.height() + 7);
        let below = Rect::new(area.x, area.y + 5, area.width, area.height.saturating_sub(5));
        match &self.stage {
            Stage::Form => {
                self.draw_impact(theme, frame, area);
                self.form.draw(frame, below, theme, facts.at.monotonic);
            }
            Stage::Working { since, cancelled, .. } => {
                self.draw_impact(theme, frame, area);
                let elapsed = facts.at.monotonic.saturating_sub(*since);
                let label = if *cancelled {
                    "Cancelling"
                } else {
                    "Making the new key pair"
                };
                progress::draw(frame, below, theme, label, Progress::Elapsed(elapsed));
                let foot = Rect {
                    y: below.y + 2,
                    height: 1,
                    ..below
                };
                frame.render_widget(
                    Line::styled("esc cancels: until it is made, nothing changes", theme.dim),
                    foot,
                );
            }
            Stage::Done(new) => self.draw_done(new, theme, frame, area),
        }
    }
}

impl Rotate {
    fn draw_impact(&self, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
        let warn = theme.glyphs.warn;
        let mut lines = vec![Line::styled(
            format!("{warn} The present key is refused from that instant, for everybody."),
            theme.danger,
        )];
        match &self.impact {
            Some(impact) => {
                let uses = when::count(impact.uses_30_days);
                lines.push(Line::styled(
                    format!("  Fields that it opened in the last 30 days: {uses}."),
                    theme.text,
                ));
                let callers: Vec<_> = impact
                    .callers
                    .iter()
                    .take(3)
                    .map(|caller| caller.address.clone())
                    .collect();
                let text = if callers.is_empty() {
                    "  Clients have to take the new public key before they go on.".to_owned()
                } else {
                    format!(
                        "  Of late by {}: they need the new public key.",
                        callers.join(", ")
                    )
                };
                lines.push(Line::styled(
                    fitted(&text, usize::from(area.width), theme),
                    theme.text,
                ));
            }
            None => lines.push(Line::styled("  Counting what would break", theme.dim)),
        }
        for (line, y) in lines.into_iter().zip(area.y + 1..) {
            frame.render_widget(line, Rect { y, height: 1, ..area });
        }
    }

    fn draw_done(&self, new: &KeyGeneration, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
        let pair = |label: &str, generation: &KeyGeneration, style| {
            Line::from(vec![
                Span::styled(format!("{label} {:<4}", generation.generation), theme.dim),
                Span::styled(generation.fingerprint.to_string(), style),
            ])
        };
        let lines = [
            pair("old", &self.old, theme.dim),
            pair("new", new, theme.accent),
            Line::default(),
            Line::styled(
                "The old key is refused. Give the clients the new public key:",
                theme.text,
            ),
            Line::styled("c copies it and w writes it, once this is closed.", theme.text),
            Line::default(),
            Line::styled("enter closes", theme.dim),
        ];
        for (line, y) in lines.into_iter().zip(area.y + 1..) {
            frame.render_widget(line, Rect { y, height: 1, ..area });
        }
    }
}
