//! How the daemon's webhooks arrive: what waits, who is gone, and the last attempts.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::console::app::{self, Desk, Facts, Fate, News, Tag};
use crate::console::keymap::{Command, Context};
use crate::console::theme::Theme;
use crate::console::when;
use crate::console::widgets::dialog::{self, Tone};
use crate::console::widgets::{fitted, wrapped};
use crate::domain::delivery::{Attempt, Deliveries};
use crate::domain::text::escape;
use crate::service::Response;
use crate::service::request::Request;

const WIDTH: u16 = 76;
/// What is left of that for text.
const ROOM: usize = 72;

/// The dialog.
#[derive(Debug, Default)]
pub struct Webhooks {
    offset: usize,
    /// What was answered; `None` before.
    answer: Option<Result<Deliveries, String>>,
}

impl app::Dialog for Webhooks {
    fn context(&self) -> Context {
        Context::Dialog
    }

    fn update(&mut self, news: News, desk: &mut Desk<'_>) -> Fate {
        match news {
            News::Opened | News::Refresh => desk.ask(Tag::Webhooks, Request::ListDeliveries),
            News::Answer(_, Ok(Response::Deliveries(deliveries))) => self.answer = Some(Ok(deliveries)),
            News::Answer(_, Err(error)) => self.answer = Some(Err(error.message)),
            News::Key(_, Some(Command::Back)) => return Fate::Close,
            News::Key(_, Some(Command::Down)) | News::Scroll { down: true } => self.offset += 1,
            News::Key(_, Some(Command::Up)) | News::Scroll { down: false } => {
                self.offset = self.offset.saturating_sub(1);
            }
            News::Key(_, Some(Command::Top)) => self.offset = 0,
            _ => {}
        }
        let lines = self.rows(desk.facts).len() + 4;
        let last = lines.saturating_sub(usize::from(desk.facts.size.1.saturating_sub(2)));
        self.offset = self.offset.min(last);
        Fate::Stay
    }

    fn view(&self, facts: &Facts, theme: &Theme, frame: &mut Frame<'_>) {
        let rows = self.rows(facts);
        let height = u16::try_from(rows.len() + 4).unwrap_or(u16::MAX);
        let height = height.min(frame.area().height.saturating_sub(2));
        let is_well = matches!(&self.answer, Some(Ok(answer)) if answer.gone.is_empty());
        let tone = if is_well { Tone::Plain } else { Tone::Warn };
        let area = dialog::open(frame, theme, "Webhooks", tone, WIDTH, height);
        let room = Rect::new(area.x, area.y, area.width, area.height.saturating_sub(2));
        for (row, area) in rows.iter().skip(self.offset).zip(room.rows()) {
            frame.render_widget(row.line(theme, usize::from(area.width)), area);
        }
        let foot = Rect {
            y: area.bottom().saturating_sub(1),
            height: 1,
            ..area
        };
        let text = format!("{} closes; the arrows scroll", facts.keymap.hint(Command::Back));
        frame.render_widget(Line::styled(text, theme.dim), foot);
    }
}

/// A row of the dialog.
enum Row {
    /// Something that has to be seen to.
    Trouble(String),
    /// Something to know.
    Plain(String),
    /// The first row of an attempt, and whether it arrived.
    Attempt(bool, String),
    /// What belongs to the one above.
    Below(String),
}

impl Row {
    fn line<'a>(&self, theme: &Theme, width: usize) -> Line<'a> {
        let (sign, sign_style, text, style): (&str, Style, &str, Style) = match self {
            Self::Trouble(text) => (theme.glyphs.danger, theme.danger, text, theme.danger),
            Self::Plain(text) => ("", theme.text, text, theme.text),
            Self::Attempt(true, text) => (theme.glyphs.good, theme.good, text, theme.text),
            Self::Attempt(false, text) => (theme.glyphs.warn, theme.warn, text, theme.text),
            Self::Below(text) => ("", theme.dim, text, theme.dim),
        };
        let sign = match self {
            Self::Plain(_) => String::new(),
            _ => format!("{sign:<2}"),
        };
        let room = width.saturating_sub(sign.chars().count());
        Line::from(vec![
            Span::styled(sign, sign_style),
            Span::styled(fitted(text, room, theme), style),
        ])
    }
}

impl Webhooks {
    fn rows(&self, facts: &Facts) -> Vec<Row> {
        let answer = match &self.answer {
            None => return vec![Row::Plain("The store is being asked.".into())],
            Some(Err(message)) => return wrapped_rows(message, Row::Trouble),
            Some(Ok(answer)) => answer,
        };
        let mut rows = Vec::new();
        for name in &answer.gone {
            let text = format!("{name} is gone for good; told again after: strongroom webhook test {name}");
            rows.extend(wrapped_rows(&text, Row::Trouble));
        }
        for (name, count) in &answer.waiting {
            rows.push(Row::Plain(match count {
                1 => format!("1 event waits for {name}"),
                count => format!("{count} events wait for {name}"),
            }));
        }
        if !rows.is_empty() {
            rows.push(Row::Plain(String::new()));
        }
        for attempt in &answer.attempts {
            rows.extend(of_attempt(attempt, facts));
        }
        if answer.attempts.is_empty() {
            rows.push(Row::Plain("Nothing was delivered yet.".into()));
            rows.push(Row::Plain("Endpoints are in the daemon's configuration.".into()));
        }
        rows
    }
}

fn of_attempt(attempt: &Attempt, facts: &Facts) -> Vec<Row> {
    let at = when::relative(attempt.at, facts.now());
    let number = match attempt.attempt {
        1 => String::new(),
        number => format!(", attempt {number}"),
    };
    let text = format!("{at:<12} {:<17} to {}{number}", attempt.kind, attempt.receiver);
    let mut rows = vec![Row::Attempt(attempt.delivered, text)];
    rows.extend(wrapped_rows(&attempt.result, Row::Below));
    rows
}

fn wrapped_rows(text: &str, row: fn(String) -> Row) -> Vec<Row> {
    wrapped(&escape(text), ROOM - 2).into_iter().map(row).collect()
}
