//! Draws the reveal over the whole screen but the line of hints: the token has lines of its own, from edge to edge, so
//! that a mouse selects it and nothing else.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Paragraph};

use crate::console::app::Facts;
use crate::console::form::draw_problem;
use crate::console::keymap::Command;
use crate::console::theme::Theme;
use crate::console::when;
use crate::console::widgets::fitted;
use crate::console::widgets::progress::{self, Progress};
use crate::domain::token::Overlap;

use super::{Reveal, Stage};

/// What no program can take back (console.md).
const BEYOND_REACH: [&str; 2] = [
    "A copy is taken off the clipboard after 45 s where that can be done. What cannot be cleared: recordings",
    "of this session, tmux's captures, clipboard histories, and clipboards of terminals that refuse it.",
];

pub(super) fn draw(reveal: &Reveal, facts: &Facts, theme: &Theme, frame: &mut Frame<'_>) {
    let whole = frame.area();
    let area = Rect {
        height: whole.height.saturating_sub(1),
        ..whole
    };
    frame.render_widget(Clear, area);
    let mut page = Page {
        frame,
        theme,
        area,
        y: area.y,
    };
    page.rule(&format!("New token {}", reveal.minted.token.name));
    for line in about(reveal, facts, theme) {
        page.line(line);
    }
    page.skip();
    page.token(reveal);
    page.skip();
    for line in keys(reveal, facts, theme) {
        page.line(line);
    }
    page.skip();
    page.stage(reveal, facts);
    page.foot(reveal, facts);
}

/// What it is, and what happens next.
fn about<'a>(reveal: &Reveal, facts: &Facts, theme: &Theme) -> Vec<Line<'a>> {
    let (row, dot) = (&reveal.minted.token, theme.glyphs.dot);
    let what = format!(
        " {} {dot} {} {dot} {}, until {}",
        row.service,
        row.environment,
        row.lifetime.label(),
        when::exact(row.expires_at, facts.utc_offset)
    );
    let next = match &reveal.minted.replaces {
        None => " It can be had this once. Copy it, put it where it is used, then close.".to_owned(),
        Some((_, Overlap::Now)) => {
            " The old one works until you close this, and ends then at once.".to_owned()
        }
        Some((_, overlap)) => format!(
            " The old one works until you close this, and for {} from then on.",
            overlap.label()
        ),
    };
    vec![Line::styled(what, theme.text), Line::styled(next, theme.warn)]
}

fn keys<'a>(reveal: &Reveal, facts: &Facts, theme: &Theme) -> Vec<Line<'a>> {
    let variable = reveal.minted.token.variable.as_str();
    let show = if reveal.shown {
        "hide it"
    } else {
        "show it; a minute without a key hides it again"
    };
    let discard = if reveal.minted.replaces.is_some() {
        "discard it: it is revoked, and the old one goes on"
    } else {
        "discard it: it is revoked"
    };
    let written = reveal.written.as_ref().map_or_else(
        || "write it to a new file that you alone can read".to_owned(),
        |path| format!("written to {}", path.display()),
    );
    let keys = [
        (Command::CopyToken, "copy it".to_owned()),
        (
            Command::CopyVariable,
            format!("copy {variable}={}", theme.glyphs.more),
        ),
        (
            Command::CopyHeader,
            format!("copy -H 'X-Auth-Token: {}' for curl", theme.glyphs.more),
        ),
        (Command::Write, written),
        (Command::Show, show.to_owned()),
        (Command::Discard, discard.to_owned()),
    ];
    let style = if matches!(reveal.stage, Stage::HandOver) {
        theme.text
    } else {
        theme.dim
    };
    keys.into_iter()
        .map(|(command, what)| {
            Line::from(vec![
                Span::styled(format!(" {:>3}  ", facts.keymap.hint(command)), theme.key),
                Span::styled(fitted(&what, 70, theme), style),
            ])
        })
        .collect()
}

/// Rows from the top down.
struct Page<'a, 'b> {
    frame: &'a mut Frame<'b>,
    theme: &'a Theme,
    area: Rect,
    y: u16,
}

impl Page<'_, '_> {
    /// The next row, if there is one.
    fn row(&mut self) -> Rect {
        let row = Rect {
            y: self.y,
            height: 1,
            ..self.area
        }
        .intersection(self.area);
        self.y = self.y.saturating_add(1);
        row
    }

    fn skip(&mut self) {
        self.y = self.y.saturating_add(1);
    }

    fn line(&mut self, line: Line<'_>) {
        let row = self.row();
        self.frame.render_widget(Paragraph::new(line), row);
    }

    fn rule(&mut self, title: &str) {
        let row = self.row();
        let line = self
            .theme
            .glyphs
            .border
            .horizontal_top
            .repeat(usize::from(row.width));
        let width = usize::from(row.width);
        self.frame
            .buffer_mut()
            .set_stringn(row.x, row.y, line, width, self.theme.warn);
        let title = format!(" {} ", fitted(title, width.saturating_sub(6), self.theme));
        self.frame
            .buffer_mut()
            .set_stringn(row.x + 2, row.y, title, width, self.theme.title);
    }

    /// The token from edge to edge, or as many signs as it has characters.
    fn token(&mut self, reveal: &Reveal) {
        let width = usize::from(self.area.width.max(1));
        let length = reveal.minted.secret.len();
        for begin in (0..length).step_by(width) {
            let row = self.row();
            let end = length.min(begin + width);
            let buffer = self.frame.buffer_mut();
            if reveal.shown {
                let part = reveal
                    .minted
                    .secret
                    .expose_text()
                    .and_then(|text| text.get(begin..end));
                buffer.set_stringn(row.x, row.y, part.unwrap_or_default(), width, self.theme.title);
            } else {
                let mask = self.theme.glyphs.mask.repeat(end - begin);
                buffer.set_stringn(row.x, row.y, mask, width, self.theme.dim);
            }
        }
        if reveal.shown && length > width {
            let text = " (these lines are one: copy it, or make the terminal wider)";
            self.line(Line::styled(text, self.theme.warn));
        }
    }

    /// The field that has the focus, or how to get to it.
    fn stage(&mut self, reveal: &Reveal, facts: &Facts) {
        let theme = self.theme;
        let key = |command| facts.keymap.hint(command);
        let row = self.row();
        match &reveal.stage {
            Stage::HandOver if reveal.over => {
                let text = format!(" {}  close; it is not your token any more", key(Command::Accept));
                self.frame.render_widget(Line::styled(text, theme.text), row);
            }
            Stage::HandOver => {
                let text = format!(
                    " {}  close: you will type its last four characters",
                    key(Command::Accept)
                );
                self.frame.render_widget(Line::styled(text, theme.text), row);
            }
            Stage::Discard => {
                let text = format!(
                    " Discard it? {} revokes it, for good; {} keeps it.",
                    key(Command::Accept),
                    key(Command::Back)
                );
                self.frame.render_widget(Line::styled(text, theme.danger), row);
            }
            Stage::Close(field) => {
                let label = " Its last four characters: ";
                self.field(label, field, 5, row);
            }
            Stage::Write(field) => self.field(" File: ", field, row.width.saturating_sub(9), row),
        }
    }

    fn field(
        &mut self,
        label: &'static str,
        field: &crate::console::widgets::field::Field,
        width: u16,
        row: Rect,
    ) {
        self.frame
            .render_widget(Line::styled(label, self.theme.accent), row);
        let x = row.x + u16::try_from(label.len()).unwrap_or(0);
        let place = Rect { x, width, ..row }.intersection(row);
        field.draw(self.frame, place, self.theme, true, "");
    }

    /// What is awaited or went wrong; and what cannot be undone, at the very bottom.
    fn foot(&mut self, reveal: &Reveal, facts: &Facts) {
        let height = if self.area.width >= 105 { 2 } else { 3 };
        let foot = Rect {
            x: self.area.x + 1,
            y: self.area.bottom().saturating_sub(height),
            width: self.area.width.saturating_sub(2),
            height,
        };
        let below = Rect {
            y: self.y,
            height: foot.y.saturating_sub(self.y),
            ..self.area
        }
        .intersection(self.area);
        let below = Rect {
            x: below.x + 1,
            width: below.width.saturating_sub(2),
            ..below
        };
        if let Some((what, since)) = reveal.waiting {
            let elapsed = Progress::Elapsed(facts.at.monotonic.saturating_sub(since));
            progress::draw(self.frame, below, self.theme, what, elapsed);
        } else if let Some((message, hint)) = &reveal.problem {
            draw_problem(self.frame, below, self.theme, message, hint);
        }
        let text = BEYOND_REACH.join(" ");
        let paragraph = Paragraph::new(text)
            .style(self.theme.dim)
            .wrap(ratatui::widgets::Wrap { trim: true });
        self.frame.render_widget(paragraph, foot);
    }
}
