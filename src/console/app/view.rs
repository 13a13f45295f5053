//! `view`: draws the model. Below 80×24 it draws the size that is needed, and nothing else.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};

use super::frame;
use super::model::{Model, Screen, Stage};
use crate::console::theme::Theme;
use crate::console::widgets::{help, too_small};
use crate::console::{activity, cashiers, keys, tokens};

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
        Stage::Starting(starting) => starting.view(&model.facts, theme, frame, body),
        Stage::Stopped(stopped) => stopped.view(&model.facts, theme, frame, tabs.union(body)),
        Stage::RolledBack(screen) => screen.view(&model.facts, theme, frame, tabs.union(body)),
        Stage::Sealed(unlock) => unlock.view(&model.facts, theme, frame),
        Stage::Absent(wizard) => wizard.view(&model.facts, theme, frame),
        Stage::Open => {
            frame::tabs(model, theme, frame, tabs);
            screen(model, theme, frame, body);
        }
    }
    // Forms before the tabs are open say themselves which keys they take.
    let has_keys = matches!(
        model.stage,
        Stage::Open | Stage::Stopped(_) | Stage::RolledBack(_)
    );
    if has_keys || !model.dialogs.is_empty() {
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
