//! One cashier in full: what it may do, whether it can sign in, and what it did of late.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::model::Tag;
use super::view::standing_words;
use crate::console::app::{self, Desk, Dialog, Facts, Fate, News};
use crate::console::keymap::{Command, Context};
use crate::console::theme::Theme;
use crate::console::when;
use crate::console::widgets::dialog::{self, Tone};
use crate::console::widgets::fitted;
use crate::domain::audit::{Action, AuditEntry, Outcome};
use crate::domain::time::Timestamp;
use crate::service::request::Request;
use crate::service::response::CashierRow;
use crate::service::{Error, Response};

/// How far back in its entries the last sign-in is looked for.
const LOOKED_AT: usize = 200;
/// Entries that are shown.
const SHOWN: usize = 6;

/// The dialog.
#[derive(Debug)]
pub(super) struct Detail {
    row: CashierRow,
    /// What it did and what was done to it, the newest first; `None` until that is known.
    entries: Option<Result<Vec<AuditEntry>, Error>>,
    /// Whether these are all there are.
    is_all: bool,
}

impl Detail {
    pub(super) const fn new(row: CashierRow) -> Self {
        Self {
            row,
            entries: None,
            is_all: false,
        }
    }

    fn newest(&self, action: Action, by_itself: bool) -> Option<&AuditEntry> {
        let entries = self.entries.as_ref()?.as_ref().ok()?;
        entries.iter().find(|entry| {
            let of_it = if by_itself {
                entry.actor.cashier.as_ref() == Some(&self.row.email)
            } else {
                entry.subject == self.row.email.as_str()
            };
            entry.action == action && entry.result == Outcome::Done && of_it
        })
    }

    fn facts(&self, facts: &Facts, theme: &Theme) -> Vec<(&'static str, String, Style)> {
        let row = &self.row;
        let now = facts.now();
        let moment = |at: Timestamp| {
            format!(
                "{}, {}",
                when::relative(at, now),
                when::exact(at, facts.utc_offset)
            )
        };
        let (failures, style) = match (row.blocked_until, row.failures) {
            (Some(until), failures) => (
                format!(
                    "{failures} failed, refused until {} ({})",
                    when::exact(until, facts.utc_offset),
                    when::relative(until, now)
                ),
                theme.danger,
            ),
            (None, 0) => ("none failed since the last success".to_owned(), theme.text),
            (None, failures) => (format!("{failures} failed since the last success"), theme.warn),
        };
        let last = match (&self.entries, self.newest(Action::SignedIn, true)) {
            (None, _) => "…".to_owned(),
            (Some(_), Some(entry)) => moment(entry.at),
            (Some(Ok(_)), None) if self.is_all => "never".to_owned(),
            (Some(_), None) => format!("not among its last {LOOKED_AT} entries"),
        };
        let mut lines = vec![
            (
                "Role",
                format!("{}: {}", row.role.word(), row.role.purpose()),
                theme.text,
            ),
            ("Standing", standing_words(row, facts), theme.text),
            ("Sign-ins", failures, style),
            ("Last one", last, theme.text),
            (
                "Added",
                format!("{} by {}", moment(row.created_at), row.created_by),
                theme.text,
            ),
        ];
        if let Some(login) = &row.login {
            let text = format!(
                "{} from {}, refreshed {}",
                when::relative(login.since, now),
                login.from,
                when::relative(login.refreshed_at, now)
            );
            lines.push(("Login", text, theme.text));
        }
        if let Some(entry) = self.newest(Action::BreakGlass, false) {
            let text = format!("broken {} by {}", moment(entry.at), entry.actor.os_user);
            lines.push(("Glass", text, theme.warn));
        }
        lines
    }
}

impl Dialog for Detail {
    fn context(&self) -> Context {
        Context::Dialog
    }

    fn update(&mut self, news: News, desk: &mut Desk<'_>) -> Fate {
        match news {
            News::Opened => {
                let request = Request::ListActivity {
                    filter: self.row.email.to_string(),
                    before: None,
                    limit: LOOKED_AT,
                };
                desk.ask(app::Tag::Cashiers(Tag::Lately), request);
            }
            News::Answer(_, Ok(Response::Activity(page))) => {
                self.is_all = page.next.is_none();
                self.entries = Some(Ok(page.entries));
            }
            News::Answer(_, Err(error)) => self.entries = Some(Err(error)),
            News::Key(_, Some(Command::Back | Command::Accept)) => return Fate::Close,
            _ => {}
        }
        Fate::Stay
    }

    fn view(&self, facts: &Facts, theme: &Theme, frame: &mut Frame<'_>) {
        let lines = self.facts(facts, theme);
        let height = u16::try_from(lines.len() + SHOWN + 6).unwrap_or(u16::MAX);
        let area = dialog::open(frame, theme, self.row.email.as_str(), Tone::Plain, 78, height);
        let room = usize::from(area.width);
        let mut drawn: Vec<Line<'_>> = vec![Line::default()];
        drawn.extend(lines.into_iter().map(|(label, text, style)| {
            Line::from(vec![
                Span::styled(format!("{label:<10}"), theme.dim),
                Span::styled(fitted(&text, room.saturating_sub(10), theme), style),
            ])
        }));
        drawn.push(Line::default());
        drawn.push(Line::styled("Lately", theme.head));
        match &self.entries {
            None => {}
            Some(Err(error)) => drawn.push(Line::styled(fitted(&error.to_string(), room, theme), theme.warn)),
            Some(Ok(entries)) if entries.is_empty() => drawn.push(Line::styled("nothing", theme.dim)),
            Some(Ok(entries)) => drawn.extend(entries.iter().take(SHOWN).map(|entry| {
                let text = format!(
                    "{:<11} {:<24} {}",
                    when::relative(entry.at, facts.now()),
                    entry.action.word(),
                    entry.subject
                );
                let style = match entry.result {
                    Outcome::Done => theme.text,
                    Outcome::Refused => theme.danger,
                };
                Line::styled(fitted(&text, room, theme), style)
            })),
        }
        for (line, row) in drawn.into_iter().zip(area.rows()) {
            frame.render_widget(line, Rect { height: 1, ..row });
        }
    }
}
