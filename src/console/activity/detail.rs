//! One entry of the log, in full.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::view::who_did;
use crate::console::app::{Desk, Dialog, Facts, Fate, News};
use crate::console::keymap::{Command, Context};
use crate::console::theme::Theme;
use crate::console::when;
use crate::console::widgets::dialog::{self, Tone};
use crate::console::widgets::fitted;
use crate::domain::audit::{AuditEntry, Outcome};

/// The dialog.
#[derive(Debug)]
pub(super) struct Entry(AuditEntry);

impl Entry {
    pub(super) const fn new(entry: AuditEntry) -> Self {
        Self(entry)
    }
}

impl Dialog for Entry {
    fn context(&self) -> Context {
        Context::Dialog
    }

    fn update(&mut self, news: News, _desk: &mut Desk<'_>) -> Fate {
        match news {
            News::Key(_, Some(Command::Back | Command::Accept)) => Fate::Close,
            _ => Fate::Stay,
        }
    }

    fn view(&self, facts: &Facts, theme: &Theme, frame: &mut Frame<'_>) {
        let entry = &self.0;
        let tone = match entry.result {
            Outcome::Done => Tone::Plain,
            Outcome::Refused => Tone::Danger,
        };
        let title = format!("Entry {}", entry.sequence);
        let area = dialog::open(frame, theme, &title, tone, 78, 14);
        let actor = &entry.actor;
        let who = match actor.role {
            Some(role) => format!("{} ({})", who_did(entry), role.word()),
            None => who_did(entry),
        };
        let from = match &actor.address {
            Some(address) => format!("{} (uid {}) from {address}", actor.os_user, actor.uid),
            None => format!("{} (uid {}) on this host", actor.os_user, actor.uid),
        };
        let result = match entry.result {
            Outcome::Done => "done",
            Outcome::Refused => "refused",
        };
        let hex = |hash: &[u8; 32]| hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let lines = [
            (
                "When",
                format!(
                    "{}, {}",
                    when::exact(entry.at, facts.utc_offset),
                    when::relative(entry.at, facts.now())
                ),
            ),
            ("Who", who),
            ("Account", from),
            ("Action", entry.action.word().to_owned()),
            ("Subject", entry.subject.clone()),
            (
                "Of",
                entry
                    .organization
                    .as_ref()
                    .map(ToString::to_string)
                    .unwrap_or_default(),
            ),
            ("Result", result.to_owned()),
            ("Reason", entry.reason.clone()),
            ("Request", entry.request.to_string()),
            ("Previous", hex(&entry.previous)),
            ("Hash", hex(&entry.hash)),
        ];
        let room = usize::from(area.width).saturating_sub(10);
        for ((label, value), y) in lines.into_iter().zip(area.y + 1..area.bottom()) {
            let line = Line::from(vec![
                Span::styled(format!("{label:<10}"), theme.dim),
                Span::styled(fitted(&value, room, theme), theme.text),
            ]);
            frame.render_widget(line, Rect { y, height: 1, ..area });
        }
    }
}
