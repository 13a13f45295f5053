//! Everything about the store's health, and what to do for each alarm.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::clock::Confirm;
use super::{gravest, notable};
use crate::console::app::{self, Desk, Facts, Fate, News, Tag};
use crate::console::keymap::{Command, Context};
use crate::console::theme::Theme;
use crate::console::when;
use crate::console::widgets::dialog::{self, Tone};
use crate::console::widgets::{fitted, wrapped};
use crate::domain::audit::chain::Verdict;
use crate::domain::text::escape;
use crate::domain::time::Timestamp;
use crate::service::request::Request;
use crate::service::response::{ClockView, Health, Level};

const WIDTH: u16 = 76;
/// The column that labels take.
const LABEL: usize = 12;

/// The dialog.
#[derive(Debug, Default)]
pub struct Dialog {
    offset: usize,
}

impl app::Dialog for Dialog {
    fn context(&self) -> Context {
        Context::Dialog
    }

    fn update(&mut self, news: News, desk: &mut Desk<'_>) -> Fate {
        match news {
            News::Opened => desk.ask(Tag::Health, Request::Health),
            News::Key(_, Some(Command::Accept)) => match jumped(desk.facts) {
                Some(clock) => desk.open(Confirm::new(clock, desk.facts)),
                None => return Fate::Close,
            },
            News::Key(_, Some(Command::Back)) => return Fate::Close,
            News::Key(_, Some(Command::Down)) | News::Scroll { down: true } => self.offset += 1,
            News::Key(_, Some(Command::Up)) | News::Scroll { down: false } => {
                self.offset = self.offset.saturating_sub(1);
            }
            News::Key(_, Some(Command::Top)) => self.offset = 0,
            _ => {}
        }
        let last = desk.facts.health.as_ref().map_or(0, |health| {
            let lines = rows(health, desk.facts).len() + 4;
            lines.saturating_sub(usize::from(desk.facts.size.1.saturating_sub(2)))
        });
        self.offset = self.offset.min(last);
        Fate::Stay
    }

    fn view(&self, facts: &Facts, theme: &Theme, frame: &mut Frame<'_>) {
        let Some(health) = &facts.health else {
            let area = dialog::open(frame, theme, "Health", Tone::Plain, WIDTH, 5);
            let line = Line::styled("The store has not been asked yet.", theme.dim);
            return frame.render_widget(
                line,
                Rect {
                    y: area.y + 1,
                    height: 1,
                    ..area
                },
            );
        };
        let (title, tone) = match gravest(health) {
            None if notable(health).next().is_some() => {
                ("Health: all is well, since something was mended", Tone::Good)
            }
            None => ("Health: all is well", Tone::Good),
            Some(Level::Warning) => ("Health: something should be seen to", Tone::Warn),
            Some(Level::Critical) => ("Health: something is wrong", Tone::Danger),
        };
        let lines = rows(health, facts);
        let height = u16::try_from(lines.len() + 4).unwrap_or(u16::MAX);
        let height = height.min(frame.area().height.saturating_sub(2));
        let area = dialog::open(frame, theme, title, tone, WIDTH, height);
        let room = Rect::new(area.x, area.y, area.width, area.height.saturating_sub(2));
        for (row, area) in lines.into_iter().skip(self.offset).zip(room.rows()) {
            frame.render_widget(row.line(theme, usize::from(area.width)), area);
        }
        let foot = Rect {
            y: area.bottom().saturating_sub(1),
            height: 1,
            ..area
        };
        let back = facts.keymap.hint(Command::Back);
        let clock = jumped(facts).map_or_else(String::new, |_| {
            let accept = facts.keymap.hint(Command::Accept);
            format!("{accept}: the wall clock is right; ")
        });
        let text = format!("{clock}{back} closes; the arrows scroll");
        frame.render_widget(Line::styled(text, theme.dim), foot);
    }
}

/// The clocks, if the wall clock jumped.
fn jumped(facts: &Facts) -> Option<ClockView> {
    let clock = facts.health.as_ref()?.clock;
    clock.jump.map(|_| clock)
}

/// A row of the dialog.
enum Row {
    /// The first row of an alarm.
    Alarm(Level, String),
    /// What belongs to the alarm above.
    Below(String),
    /// A label, and what there is to say.
    Fact(&'static str, String),
}

impl Row {
    fn line<'a>(self, theme: &Theme, width: usize) -> Line<'a> {
        let (label, label_style, text, style) = match self {
            Self::Alarm(Level::Critical, text) => (
                format!("{} ", theme.glyphs.danger),
                theme.danger,
                text,
                theme.danger,
            ),
            Self::Alarm(Level::Warning, text) => {
                (format!("{} ", theme.glyphs.warn), theme.warn, text, theme.warn)
            }
            Self::Below(text) => ("  ".to_owned(), theme.text, text, theme.text),
            Self::Fact(label, text) => (format!("{label:<LABEL$}"), theme.dim, text, theme.text),
        };
        let room = width.saturating_sub(label.chars().count());
        Line::from(vec![
            Span::styled(label, label_style),
            Span::styled(fitted(&text, room, theme), style),
        ])
    }
}

/// Alarms with what to do, then the facts.
fn rows(health: &Health, facts: &Facts) -> Vec<Row> {
    let room = usize::from(WIDTH) - 4;
    let mut rows = Vec::new();
    for alarm in &health.alarms {
        for (place, text) in wrapped(&escape(&alarm.message), room - 2).into_iter().enumerate() {
            rows.push(if place == 0 {
                Row::Alarm(alarm.level, text)
            } else {
                Row::Below(text)
            });
        }
        rows.extend(
            wrapped(&escape(&alarm.hint), room - 2)
                .into_iter()
                .map(Row::Below),
        );
        rows.push(Row::Below(String::new()));
    }
    let mut fact = |label: &'static str, text: String| {
        for (place, text) in wrapped(&escape(&text), room - LABEL).into_iter().enumerate() {
            rows.push(Row::Fact(if place == 0 { label } else { "" }, text));
        }
    };
    let store = &health.store;
    let moment = |at: Option<Timestamp>| {
        at.map(|at| {
            let exact = when::exact(at, facts.utc_offset);
            format!("{}, {exact}", when::relative(at, facts.now()))
        })
    };
    let never = || "not yet".to_owned();
    fact("Verified", moment(store.verified_at).unwrap_or_else(never));
    fact(
        "Commits",
        format!(
            "{}, {} records",
            when::count(store.sequence),
            when::count(store.records)
        ),
    );
    fact("Audit log", log(health.log));
    let backups = &health.recovery.backups;
    fact(
        "Backup",
        backups.last.as_ref().map_or_else(never, |last| {
            let at = moment(Some(last.at)).unwrap_or_default();
            format!("{at}, to commit {}, in {}", when::count(last.sequence), last.path)
        }),
    );
    fact("Checkpoint", moment(store.checkpoint_at).unwrap_or_else(never));
    fact("Anchor", moment(store.anchored_at).unwrap_or_else(never));
    fact("Opened", moment(Some(health.opened_at)).unwrap_or_else(never));
    for (place, notice) in health.notices.iter().enumerate() {
        fact(if place == 0 { "At opening" } else { "" }, notice.message.clone());
    }
    rows
}

fn log(verdict: Option<Verdict>) -> String {
    match verdict {
        None => "being verified".to_owned(),
        Some(Verdict::Intact { from, to }) => {
            format!("verified from entry {} to {}", when::count(from), when::count(to))
        }
        Some(Verdict::Unanchored { to, .. }) => format!(
            "fits together to entry {}; no signed checkpoint to compare it with yet",
            when::count(to)
        ),
        Some(Verdict::Altered(altered)) => format!("altered: {altered}"),
        Some(Verdict::Truncated { to, was }) => {
            format!(
                "ends with entry {}, and there was one {}",
                when::count(to),
                when::count(was)
            )
        }
    }
}
