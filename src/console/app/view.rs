//! `view`: draws the model. Below 80×24 it draws the size that is needed, and nothing else.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};

use super::frame;
use super::model::{Model, Screen, Stage};
use crate::console::key::Key;
use crate::console::keymap::Context;
use crate::console::theme::Theme;
use crate::console::widgets::{help, too_small};
use crate::console::{activity, cashiers, guide, keys, tokens};

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
    if shows_hints(model) {
        help::hints(frame, foot, theme, &model.facts.keymap, model.context());
    }
    for (_, dialog) in &model.dialogs {
        dialog.view(&model.facts, theme, frame);
    }
    if !model.dialogs.is_empty() {
        frame::lost(model, theme, frame, head);
    }
    if let Some(note) = &model.note {
        note.draw(frame, body, theme);
    }
}

/// Whether the last row has hints. Forms before the tabs are open say themselves which keys they take.
fn shows_hints(model: &Model) -> bool {
    let has_keys = matches!(
        model.stage,
        Stage::Open | Stage::Stopped(_) | Stage::RolledBack(_)
    );
    model.lock.is_none() && (has_keys || !model.dialogs.is_empty())
}

/// The key whose hint is on this cell, for a click: what can be done anywhere is written there.
pub(super) fn hint_at(model: &Model, column: u16, row: u16) -> Option<Key> {
    let (width, height) = model.facts.size;
    // The command line lies over them.
    let is_covered = model
        .dialogs
        .last()
        .is_some_and(|(_, dialog)| dialog.context() == Context::Line);
    if row + 1 != height || is_covered || !shows_hints(model) {
        return None;
    }
    help::hint_at(&model.facts.keymap, model.context(), width, column)
}

fn screen(model: &Model, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    match model.screen {
        Screen::Keys => keys::view(&model.keys, &model.facts, theme, frame, area),
        Screen::Tokens => tokens::view(&model.tokens, &model.facts, theme, frame, area),
        Screen::Activity => activity::view(&model.activity, &model.facts, theme, frame, area),
        Screen::Cashiers => cashiers::view(&model.cashiers, &model.facts, theme, frame, area),
        Screen::Guide => guide::view(&model.guide, &model.facts, theme, frame, area),
    }
}
