//! `view`: draws the model. Below 80×24 it draws the size that is needed, and nothing else.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;

use super::frame;
use super::model::{Model, Screen, Stage};
use crate::console::form::draw_problem;
use crate::console::theme::Theme;
use crate::console::widgets::dialog::{self, Tone};
use crate::console::widgets::{help, too_small};
use crate::console::{activity, cashiers, keys, tokens};
use crate::service::Error;

/// Draws everything.
pub fn view(model: &Model, theme: &Theme, frame: &mut Frame<'_>) {
    if too_small(frame, theme) {
        return;
    }
    let [head, tabs, body, foot] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Min(0),
        Constraint::Length(1),
    ])
    .areas(frame.area());
    frame::head(model, theme, frame, head);
    if let Some(lock) = &model.lock {
        lock.view(&model.facts, theme, frame);
        return;
    }
    match &model.stage {
        Stage::Starting => frame.render_widget(Line::styled(" Opening the store", theme.dim), body),
        Stage::Failed(error) => failed(error, theme, frame),
        Stage::Sealed(unlock) => unlock.view(&model.facts, theme, frame),
        Stage::Absent(wizard) => wizard.view(&model.facts, theme, frame),
        Stage::Open => {
            frame::tabs(model, theme, frame, tabs);
            screen(model, theme, frame, body);
        }
    }
    // Before the tabs are open, what is there says itself which keys it takes.
    if matches!(model.stage, Stage::Open) || !model.dialogs.is_empty() {
        help::hints(frame, foot, theme, &model.facts.keymap, model.context());
    }
    for (_, dialog) in &model.dialogs {
        dialog.view(&model.facts, theme, frame);
    }
    if let Some(note) = &model.note {
        note.draw(frame, body, theme);
    }
}

fn screen(model: &Model, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    match model.screen {
        Screen::Keys => keys::view(&model.keys, &model.facts, theme, frame, area),
        Screen::Tokens => tokens::view(&model.tokens, &model.facts, theme, frame, area),
        Screen::Activity => activity::view(&model.activity, &model.facts, theme, frame, area),
        Screen::Cashiers => cashiers::view(&model.cashiers, &model.facts, theme, frame, area),
    }
}

fn failed(error: &Error, theme: &Theme, frame: &mut Frame<'_>) {
    let area = dialog::open(frame, theme, "The store cannot be opened", Tone::Danger, 76, 10);
    let rows = Rect::new(area.x, area.y + 1, area.width, area.height.saturating_sub(3));
    draw_problem(frame, rows, theme, &error.message, &error.hint);
    let foot = Rect {
        y: area.bottom().saturating_sub(1),
        height: 1,
        ..area
    };
    frame.render_widget(Line::styled("q leaves", theme.dim), foot);
}
