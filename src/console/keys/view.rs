//! How the screen looks: sections one below the other, or in two columns where the terminal is wide.

use chrono::TimeDelta;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Margin, Rect};
use ratatui::text::{Line, Span};

use super::model::{Format, Model};
use crate::console::app::Facts;
use crate::console::form::draw_problem;
use crate::console::theme::Theme;
use crate::console::when;
use crate::console::widgets::dialog::framed;
use crate::console::widgets::{fitted, scrolled};
use crate::domain::key_pair::Mgf1;
use crate::domain::text::FieldName;
use crate::domain::usage::StaleCaller;
use crate::service::response::{KeyGeneration, KeyView};

/// The width from which there are two columns.
const WIDE: u16 = 150;
/// After this long a rotation is advised (console.md, "the yearly advice").
const ADVISED: TimeDelta = TimeDelta::days(365);
/// Callers that are named of each replaced key.
const NAMED: usize = 3;

type Lines = Vec<Line<'static>>;

/// Draws it into `area`, which is everything between the tabs and the line of hints.
pub fn view(model: &Model, facts: &Facts, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let title = match &model.view {
        Some(view) => format!(
            "Encryption Keys {dot} generation {} {dot} RSA {} bits",
            view.active.generation,
            view.active.size.bits(),
            dot = theme.glyphs.dot
        ),
        None => "Encryption Keys".to_owned(),
    };
    let inside = framed(frame, theme, area, &title, theme.border).inner(Margin::new(1, 0));
    let Some(view) = &model.view else {
        if let Some(error) = &model.error {
            draw_problem(frame, inside, theme, &error.message, &error.hint);
        }
        return;
    };
    if inside.width + 4 < WIDE {
        let width = usize::from(inside.width);
        let lines = [
            pair(view, facts, theme, width),
            usage(view, facts, theme, width),
            fields(view, theme, width),
            history(view, facts, theme, width),
            public_key(view, model.format, facts, theme, width),
        ];
        return scrolled(&lines.concat(), model.offset, theme, frame, inside);
    }
    let [left, _, right] =
        Layout::horizontal([Constraint::Length(72), Constraint::Length(2), Constraint::Min(0)]).areas(inside);
    let (wide, narrow) = (usize::from(left.width), usize::from(right.width));
    let lines = [
        pair(view, facts, theme, wide),
        public_key(view, model.format, facts, theme, wide),
    ];
    scrolled(&lines.concat(), model.offset, theme, frame, left);
    let lines = [
        usage(view, facts, theme, narrow),
        fields(view, theme, narrow),
        history(view, facts, theme, narrow),
    ];
    scrolled(&lines.concat(), 0, theme, frame, right);
}

fn fact(theme: &Theme, label: &str, value: Vec<Span<'static>>) -> Line<'static> {
    let mut spans = vec![Span::styled(format!("{label:<13}"), theme.dim)];
    spans.extend(value);
    Line::from(spans)
}

fn plain(theme: &Theme, label: &str, value: impl Into<String>) -> Line<'static> {
    fact(theme, label, vec![Span::styled(value.into(), theme.text)])
}

fn pair(view: &KeyView, facts: &Facts, theme: &Theme, width: usize) -> Lines {
    let active = &view.active;
    let made = format!(
        "{} by {}",
        when::exact(active.made_at, facts.utc_offset),
        active.made_by
    );
    let age = facts.now().since(active.made_at);
    let left = ADVISED - age;
    let advice = if left > TimeDelta::zero() {
        Span::styled(
            format!(
                "{}; a yearly rotation is due in {}",
                when::span(age),
                when::span(left)
            ),
            theme.text,
        )
    } else {
        Span::styled(
            format!(
                "{} {}; rotate once a year: it is due",
                theme.glyphs.warn,
                when::span(age)
            ),
            theme.warn,
        )
    };
    let mut lines = vec![
        fact(
            theme,
            "Fingerprint",
            vec![Span::styled(active.fingerprint.to_string(), theme.accent)],
        ),
        plain(theme, "Made", fitted(&made, width.saturating_sub(13), theme)),
        fact(theme, "Age", vec![advice]),
    ];
    if let Some(warning) = active.size.warning() {
        let text = format!("{} {warning}", theme.glyphs.warn);
        lines.push(fact(theme, "", vec![Span::styled(text, theme.warn)]));
    }
    lines.push(Line::default());
    lines
}

fn usage(view: &KeyView, facts: &Facts, theme: &Theme, width: usize) -> Lines {
    let dot = theme.glyphs.dot;
    let total: u64 = view.days.iter().sum();
    let last = view
        .last_decryption
        .map_or("never".to_owned(), |at| when::relative(at, facts.now()));
    let days = if width >= 70 {
        &view.days[..]
    } else {
        &view.days[view.days.len().saturating_sub(14)..]
    };
    let spark = theme.glyphs.sparkline(days);
    let room = width.saturating_sub(13);
    let variant = |mgf1: Mgf1, count: u64| {
        let seen = if view.last_mgf1 == Some(mgf1) {
            ", seen last"
        } else {
            ""
        };
        format!("{} {}{seen}", mgf1.label(), when::count(count))
    };
    let counts = format!(
        "{} {dot} {} {dot} failed {}",
        variant(Mgf1::Sha256, view.mgf1_sha256),
        variant(Mgf1::Sha1, view.mgf1_sha1),
        when::count(view.failures)
    );
    let mut lines = vec![
        fact(
            theme,
            "Decryptions",
            vec![
                Span::styled(spark, theme.accent),
                Span::styled(
                    fitted(
                        &format!(" {} in 30 days, last {last}", when::count(total)),
                        room.saturating_sub(days.len()),
                        theme,
                    ),
                    theme.text,
                ),
            ],
        ),
        plain(theme, "", fitted(&counts, room, theme)),
    ];
    if view.mgf1_sha1 > 0 {
        let last = view.last_sha1.map_or(String::new(), |at| {
            format!(", {}", when::relative(at, facts.now()))
        });
        let hint = format!(
            "{} MGF1-SHA-1{last}: Java's default, have it set to SHA-256",
            theme.glyphs.warn
        );
        lines.push(fact(
            theme,
            "",
            vec![Span::styled(fitted(&hint, room, theme), theme.warn)],
        ));
    }
    lines.extend(old_clients(view, facts, theme, room));
    lines.push(Line::default());
    lines
}

/// Who still encrypts to a replaced key, by key, the most recent first.
fn old_clients(view: &KeyView, facts: &Facts, theme: &Theme, room: usize) -> Lines {
    let said = |text: String, style| Span::styled(fitted(&text, room, theme), style);
    let mut values = match view.stale {
        0 => vec![Span::styled("nobody names a replaced key", theme.text)],
        count => {
            let text = format!(
                "{} {} requests named a replaced key",
                theme.glyphs.warn,
                when::count(count)
            );
            vec![said(text, theme.warn)]
        }
    };
    let mut keys = Vec::new();
    for caller in &view.stale_callers {
        if !keys.contains(&caller.named) {
            keys.push(caller.named);
        }
    }
    for key in keys {
        let of_key = || view.stale_callers.iter().filter(|caller| caller.named == key);
        let count = of_key().count();
        let who = if count == 1 { "caller uses" } else { "callers use" };
        values.push(said(
            format!("{count} {who} key {}{}:", key.short(), theme.glyphs.more),
            theme.warn,
        ));
        let line = |caller: &StaleCaller| {
            let last = when::relative(caller.last, facts.now());
            let times = when::count(caller.count);
            said(format!("  {last}, {times} times: {}", caller.who), theme.text)
        };
        values.extend(of_key().take(NAMED).map(line));
        if count > NAMED {
            let rest = format!("  and {} more: strongroom key show", count - NAMED);
            values.push(said(rest, theme.dim));
        }
    }
    let labels = std::iter::once("Old clients").chain(std::iter::repeat(""));
    labels
        .zip(values)
        .map(|(label, value)| fact(theme, label, vec![value]))
        .collect()
}

fn public_key(view: &KeyView, format: Format, facts: &Facts, theme: &Theme, width: usize) -> Lines {
    let key = facts.keymap.hint(crate::console::keymap::Command::Format);
    let mut others = [Format::Base64, Format::Pem, Format::Jwk].to_vec();
    others.retain(|other| *other != format);
    let others: Vec<_> = others.into_iter().map(Format::label).collect();
    let mut lines = vec![Line::from(vec![
        Span::styled(format!("Public key, {}", format.label()), theme.title),
        Span::styled(format!("   {key} {}", others.join(", ")), theme.dim),
    ])];
    for line in format.of(view).lines() {
        lines.extend(wrapped(line, width).map(|part| Line::styled(part, theme.text)));
    }
    lines.push(Line::default());
    lines
}

/// A text without spaces in pieces of `width` characters.
pub(super) fn wrapped(text: &str, width: usize) -> impl Iterator<Item = String> {
    let characters: Vec<char> = text.chars().collect();
    let pieces: Vec<String> = characters
        .chunks(width.max(1))
        .map(|piece| piece.iter().collect())
        .collect();
    pieces.into_iter()
}

fn fields(view: &KeyView, theme: &Theme, width: usize) -> Lines {
    let mut lines = vec![Line::styled("Fields", theme.title)];
    for rule in &view.fields {
        let (word, style) = if rule.encrypted {
            ("encrypt", theme.warn)
        } else {
            ("in clear", theme.dim)
        };
        let room = width.saturating_sub(27);
        let names: Vec<&str> = rule.names.iter().map(FieldName::as_str).collect();
        lines.push(Line::from(vec![
            Span::styled(format!("{word:<9}"), style),
            Span::styled(format!("{:<18}", fitted(&rule.kind, 17, theme)), theme.text),
            Span::styled(fitted(&names.join(", "), room, theme), theme.dim),
        ]));
    }
    lines.push(Line::default());
    lines
}

fn history(view: &KeyView, facts: &Facts, theme: &Theme, width: usize) -> Lines {
    let mut lines = vec![Line::styled("Generations", theme.title)];
    lines.extend(
        view.history
            .iter()
            .map(|generation| row(generation, facts, theme, width)),
    );
    lines.push(Line::default());
    lines
}

fn row(generation: &KeyGeneration, facts: &Facts, theme: &Theme, width: usize) -> Line<'static> {
    let (state, style) = match &generation.replaced {
        None => (format!("{} active", theme.glyphs.good), theme.good),
        Some((at, by)) => (
            format!(
                "{} replaced {} by {by}",
                theme.glyphs.unchosen,
                when::relative(*at, facts.now())
            ),
            theme.dim,
        ),
    };
    let start = format!(
        "{:>3}  {}  {}  {}  ",
        generation.generation,
        generation.fingerprint.short(),
        generation.size.bits(),
        generation.made_at.utc().format("%Y-%m-%d")
    );
    let room = width.saturating_sub(start.len());
    Line::from(vec![
        Span::styled(start, theme.text),
        Span::styled(fitted(&state, room, theme), style),
    ])
}
