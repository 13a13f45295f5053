//! How the store is: a line in the frame, and everything in a dialog.
//!
//! The line has its place at the right end of the tabs' row and moves nothing: a store without alarms is said to be well
//! where there is room for it; an alarm, and what the opening mended, always are.

mod clock;
mod dialog;
mod webhooks;

use ratatui::text::Line;
use unicode_width::UnicodeWidthStr;

pub use dialog::Dialog;
pub use webhooks::Webhooks;

use super::app::Facts;
use super::keymap::Command;
use super::theme::Theme;
use super::when;
use crate::domain::audit::chain::Verdict;
use crate::service::response::{Health, Level, Noticed};

/// Narrower terminals show alarms alone.
const WIDE: u16 = 100;

/// The line, in `room` cells at most.
#[must_use]
pub fn line<'a>(facts: &Facts, theme: &Theme, room: usize) -> Option<Line<'a>> {
    let health = facts.health.as_ref()?;
    let (sign, style) = match gravest(health) {
        Some(Level::Critical) => (theme.glyphs.danger, theme.danger),
        Some(Level::Warning) | None => (theme.glyphs.warn, theme.warn),
    };
    let labels = labels(health);
    match labels.len() {
        1.. => {
            let key = facts.keymap.hint(Command::Health);
            let texts = texts(&labels, sign, &key);
            let text = texts.into_iter().find(|text| text.width() <= room)?;
            Some(Line::styled(text, style))
        }
        0 if facts.size.0 >= WIDE => {
            let mut parts = well(health, facts);
            let separator = format!(" {} ", theme.glyphs.dot);
            while parts.join(&separator).width() + 1 > room {
                parts.pop()?;
            }
            (!parts.is_empty()).then(|| Line::styled(format!("{} ", parts.join(&separator)), theme.dim))
        }
        0 => None,
    }
}

/// What opening mended or missed that people should know of: a replay follows every crash and loses nothing.
pub(super) fn notable(health: &Health) -> impl Iterator<Item = &Noticed> {
    health.notices.iter().filter(|notice| notice.kind != "replayed")
}

/// Whether [`line()`] has to say that something is wrong.
#[must_use]
pub fn warns(facts: &Facts) -> bool {
    facts
        .health
        .as_ref()
        .is_some_and(|health| !labels(health).is_empty())
}

/// A word or two for each alarm, and for what opening mended.
fn labels(health: &Health) -> Vec<String> {
    let alarms = health.alarms.iter().map(|alarm| &alarm.kind);
    let notices = notable(health).map(|notice| &notice.kind);
    alarms.chain(notices).map(|kind| kind.replace('_', " ")).collect()
}

/// The level of the gravest alarm.
pub(super) fn gravest(health: &Health) -> Option<Level> {
    health.alarms.iter().map(|alarm| alarm.level).max()
}

/// The line for these labels, the fullest first.
fn texts(labels: &[String], sign: &str, key: &str) -> [String; 4] {
    let first = labels.first().map_or("", String::as_str);
    let short = match labels.len() {
        0 | 1 => first.to_owned(),
        several => format!("{first} +{}", several - 1),
    };
    [
        format!("{sign} {}  {key} ", labels.join(", ")),
        format!("{sign} {short}  {key} "),
        format!("{sign} {short} "),
        format!("{sign}{} ", labels.len()),
    ]
}

/// What there is to say of a store without alarms, the most important first.
fn well(health: &Health, facts: &Facts) -> Vec<String> {
    let mut parts = Vec::new();
    if let Some(at) = health.store.verified_at {
        parts.push(format!("verified {}", when::relative(at, facts.now())));
    }
    if let Some(last) = &health.recovery.backups.last {
        parts.push(format!("backed up {}", when::relative(last.at, facts.now())));
    }
    if matches!(health.log, Some(Verdict::Intact { .. })) {
        parts.push("log whole".to_owned());
    }
    parts
}
