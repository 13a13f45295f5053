//! How the store is: a line in the frame, and everything in a dialog.
//!
//! The line has its place at the right end of the tabs' row and moves nothing: a store without alarms is said to be well
//! where there is room for it, an alarm always is.

mod clock;
mod dialog;

use ratatui::text::Line;
use unicode_width::UnicodeWidthStr;

pub use dialog::Dialog;

use super::app::Facts;
use super::keymap::Command;
use super::theme::Theme;
use super::when;
use crate::domain::audit::chain::Verdict;
use crate::service::response::{Alarm, Health, Level};

/// Narrower terminals show alarms alone.
const WIDE: u16 = 100;

/// The line, in `room` cells at most.
#[must_use]
pub fn line<'a>(facts: &Facts, theme: &Theme, room: usize) -> Option<Line<'a>> {
    let health = facts.health.as_ref()?;
    match gravest(health) {
        Some(level) => {
            let (sign, style) = match level {
                Level::Warning => (theme.glyphs.warn, theme.warn),
                Level::Critical => (theme.glyphs.danger, theme.danger),
            };
            let key = facts.keymap.hint(Command::Health);
            let texts = alarm_texts(&health.alarms, sign, &key);
            let text = texts.into_iter().find(|text| text.width() <= room)?;
            Some(Line::styled(text, style))
        }
        None if facts.size.0 >= WIDE => {
            let mut parts = well(health, facts);
            let separator = format!(" {} ", theme.glyphs.dot);
            while parts.join(&separator).width() + 1 > room {
                parts.pop()?;
            }
            (!parts.is_empty()).then(|| Line::styled(format!("{} ", parts.join(&separator)), theme.dim))
        }
        None => None,
    }
}

/// The level of the gravest alarm.
pub(super) fn gravest(health: &Health) -> Option<Level> {
    health.alarms.iter().map(|alarm| alarm.level).max()
}

/// The line of alarms, the fullest first.
fn alarm_texts(alarms: &[Alarm], sign: &str, key: &str) -> Vec<String> {
    let labels: Vec<String> = alarms.iter().map(|alarm| alarm.kind.replace('_', " ")).collect();
    let first = labels.first().cloned().unwrap_or_default();
    let more = alarms.len().saturating_sub(1);
    let short = if more == 0 {
        first
    } else {
        format!("{first} +{more}")
    };
    vec![
        format!("{sign} {}  {key} ", labels.join(", ")),
        format!("{sign} {short}  {key} "),
        format!("{sign} {short} "),
        format!("{sign}{} ", alarms.len()),
    ]
}

/// What there is to say of a store without alarms, the most important first.
fn well(health: &Health, facts: &Facts) -> Vec<String> {
    let mut parts = Vec::new();
    if let Some(at) = health.store.verified_at {
        parts.push(format!("verified {}", when::relative(at, facts.now())));
    }
    if matches!(health.log, Some(Verdict::Intact { .. })) {
        parts.push("log whole".to_owned());
    }
    parts
}
