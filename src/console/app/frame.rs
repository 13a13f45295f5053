//! The two lines above every screen: where one is and as whom, and the tabs.

use chrono::TimeDelta;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Clear;

use super::model::{Model, Screen, Stage};
use crate::console::health;
use crate::console::theme::Theme;
use crate::console::when;
use crate::console::widgets::fitted;

/// `FinCode › Acme Payments   Settings › API Connections   ● viewing    14:02 UTC`
pub(super) fn head(model: &Model, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let left = standing(model, theme, frame, area);
    let room = usize::from(left.width);
    let separator = theme.glyphs.separator;
    let Some(organization) = model.facts.organization() else {
        frame.render_widget(Line::styled(" Strongroom", theme.title), left);
        return;
    };
    let place = format!("   Settings {separator} API Connections");
    let brand = format!(" {} {separator} ", organization.brand);
    // The name gives way before the place does, and the place before the name is gone.
    let spare = room.saturating_sub(Span::raw(&*brand).width() + Span::raw(&*place).width());
    let (name, place) = if spare >= 8 {
        (fitted(organization.name.as_str(), spare, theme), place)
    } else {
        let spare = room.saturating_sub(Span::raw(&*brand).width());
        (fitted(organization.name.as_str(), spare, theme), String::new())
    };
    let spans = vec![
        Span::styled(brand, theme.text),
        Span::styled(name, theme.accent),
        Span::styled(place, theme.dim),
    ];
    frame.render_widget(Line::from(spans), left);
}

/// Says again that the daemon is gone, over whatever covers the head: a dialog may be as large as the terminal.
pub(super) fn lost(model: &Model, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    if model.lost.is_some() {
        standing(model, theme, frame, area);
    }
}

/// The right end of the head: as whom, and when. Gives what is left of it.
fn standing(model: &Model, theme: &Theme, frame: &mut Frame<'_>, area: Rect) -> Rect {
    let clock = format!("{} ", when::clock(model.facts.now()));
    let right = Line::from(vec![
        Span::raw("  "),
        who(model, theme),
        Span::raw("  "),
        Span::styled(clock, theme.text),
    ]);
    let width = u16::try_from(right.width()).unwrap_or(area.width).min(area.width);
    let left = Rect {
        width: area.width - width,
        ..area
    };
    let place = Rect {
        x: left.right(),
        width,
        ..area
    };
    frame.render_widget(Clear, place);
    frame.render_widget(right, place);
    left
}

fn who<'a>(model: &Model, theme: &Theme) -> Span<'a> {
    let glyphs = theme.glyphs;
    if let Some(since) = model.lost {
        let gone = model.facts.at.monotonic.saturating_sub(since);
        let text = format!(
            "{} daemon gone, trying again {} {}",
            glyphs.warn,
            glyphs.dot,
            when::span(TimeDelta::from_std(gone).unwrap_or_default())
        );
        return Span::styled(text, theme.warn);
    }
    if model.lock.is_some() {
        return Span::styled(format!("{} locked", glyphs.warn), theme.warn);
    }
    if !matches!(model.stage, Stage::Open) {
        return Span::raw("");
    }
    match &model.facts.session {
        Some(session) => {
            let left = session.until.since(model.facts.now()).num_seconds().max(0);
            // Rounded up: the last minute is a minute.
            let minutes = (left + 59) / 60;
            let email = fitted(session.email.as_str(), 24, theme);
            let text = format!("{} {email} {} {minutes} min", glyphs.good, session.role.word());
            Span::styled(text, theme.good)
        }
        None => {
            let how = if model.facts.read_only {
                "read-only"
            } else {
                "viewing"
            };
            let only = model.facts.email.as_ref().filter(|_| model.fixed_email);
            let who = only.map_or_else(String::new, |email| {
                format!(" as {}", fitted(email.as_str(), 24, theme))
            });
            Span::styled(format!("{} {how}{who}", glyphs.good), theme.text)
        }
    }
}

/// The width from which the tabs keep their titles whatever else there is to say.
const WIDE: u16 = 110;

/// The row of the tabs.
pub(super) const TABS: u16 = 1;

/// `1 Encryption Keys  2 API Tokens ▲3  3 Activity  4 Cashiers`
pub(super) fn tabs(model: &Model, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let mut spans = vec![Span::raw(" ")];
    for (screen, label, soon) in labels(model) {
        let style = if screen == model.screen {
            theme.selected
        } else {
            theme.text
        };
        spans.push(Span::styled(label, style));
        if let Some(soon) = soon {
            spans.push(Span::styled(format!("{}{soon} ", theme.glyphs.warn), theme.warn));
        }
    }
    let tabs = Line::from(spans);
    let used = u16::try_from(tabs.width()).unwrap_or(area.width).min(area.width);
    frame.render_widget(tabs, area);
    let room = usize::from(area.width - used).saturating_sub(2);
    if let Some(line) = health::line(&model.facts, theme, room) {
        let width = u16::try_from(line.width()).unwrap_or(area.width).min(area.width);
        let right = Rect {
            x: area.right() - width,
            width,
            ..area
        };
        frame.render_widget(line, right);
    }
}

/// The tab at a column of [`TABS`].
pub(super) fn tab_at(model: &Model, column: u16) -> Option<Screen> {
    let mut end = 1;
    labels(model).into_iter().find_map(|(screen, label, soon)| {
        // The sign is one cell, and a space follows the number.
        let count = soon.map_or(0, |soon| soon.to_string().len() + 2);
        let begin = end;
        end += label.len() + count;
        (begin..end).contains(&usize::from(column)).then_some(screen)
    })
}

/// Each tab's text, and how many things on it end soon, if any do.
fn labels(model: &Model) -> Vec<(Screen, String, Option<usize>)> {
    let expiring = model.facts.organization().map_or(0, |row| row.tokens.expiring);
    // What is wrong with the store needs the room more than the tabs do.
    let is_short = model.facts.size.0 < WIDE && health::warns(&model.facts);
    let label = |(place, screen): (usize, Screen)| {
        let soon = (screen == Screen::Tokens && expiring > 0).then_some(expiring);
        let title = if is_short { screen.word() } else { screen.title() };
        (screen, format!(" {} {title} ", place + 1), soon)
    };
    Screen::ALL.into_iter().enumerate().map(label).collect()
}
