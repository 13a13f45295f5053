//! `update`: takes a message in, changes the model, and says what is to be done.
//!
//! Input goes to what has the focus and to nothing below it: the lock, else the topmost dialog, else the screen.
//! Answers go to whoever asked, or to nobody when that dialog was closed.

use std::time::Duration;

use super::desk::{Desk, Order};
use super::dialog::{DialogId, Fate};
use super::message::{Ask, Asker, Effect, Message, News, Tag, Work};
use super::model::{IDLE, Model, Screen, Stage};
use super::{frame, orders, view};
use crate::console::input::Input;
use crate::console::keymap::Command;
use crate::console::runtime::{self, Moment};
use crate::console::starting::Starting;
use crate::console::stopped::Stopped;
use crate::console::unlock::Unlock;
use crate::console::widgets::dialog::Tone;
use crate::console::wizard::Wizard;
use crate::console::{activity, cashiers, guide, keys, tokens};
use crate::gateway::{OpeningStep, StoreState};
use crate::service::request::Request;
use crate::service::response::Connection;
use crate::service::{Error, Event, Response};

/// How often the counts in the frame are asked for while nothing changes.
const COUNTS: Duration = Duration::from_secs(10);

/// Takes in what happened.
pub fn update(model: &mut Model, at: Moment, event: runtime::Event<Message>) -> Vec<Effect> {
    let mut effects = Vec::new();
    model.facts.at = at;
    match event {
        runtime::Event::Input(input) => take_input(model, input, &mut effects),
        runtime::Event::Tick => take_tick(model, &mut effects),
        runtime::Event::Message(message) => take_message(model, message, &mut effects),
    }
    effects
}

fn take_message(model: &mut Model, message: Message, effects: &mut Vec<Effect>) {
    match message {
        Message::Event(event) => take_event(model, event, effects),
        Message::State(Ok(state)) => begin(model, state, effects),
        Message::State(Err(error)) => stop(model, error),
        Message::Opening(step) => take_step(model, step),
        Message::Initialized(result) => {
            with_wizard(model, effects, |wizard, desk| wizard.initialized(result, desk));
        }
        Message::Unlocked(result) => take_unlocked(model, result, effects),
        Message::Answered { to, tag, result } => take_answer(model, to, tag, result, effects),
        Message::SignInRequired(ask) => orders::sign_in_for(model, ask, effects),
        Message::Copied(copied) => orders::take_copied(model, copied, effects),
        Message::Written { to, result } => tell(model, to, News::Written(result), effects),
    }
}

/// How far the opening is; once the passphrase was right, that takes the place of its form.
fn take_step(model: &mut Model, step: Option<OpeningStep>) {
    let now = model.facts.at.monotonic;
    if let Stage::Sealed(unlock) = &model.stage
        && unlock.is_waiting()
        && !matches!(step, None | Some(OpeningStep::Unsealing))
    {
        model.stage = Stage::Starting(Starting::new(now));
    }
    if let Stage::Starting(starting) = &mut model.stage {
        starting.take(step);
    }
}

/// What follows from the store's state.
fn begin(model: &mut Model, state: StoreState, effects: &mut Vec<Effect>) {
    match state {
        StoreState::Absent { data_dir, key_file } => {
            model.stage = Stage::Absent(Box::new(Wizard::new(data_dir, &key_file)));
        }
        // What is being typed stays.
        StoreState::NeedsPassphrase if matches!(model.stage, Stage::Sealed(_)) => {}
        StoreState::NeedsPassphrase => model.stage = Stage::Sealed(Unlock::default()),
        StoreState::Ready => ask_overview(model, effects),
    }
}

/// The store cannot be opened: says so on the whole screen.
pub(super) fn stop(model: &mut Model, error: Error) {
    model.stage = Stage::Stopped(Box::new(Stopped::new(error, &model.facts)));
}

pub(super) fn ask_overview(model: &Model, effects: &mut Vec<Effect>) {
    effects.push(Effect::Work(Work::Ask(Ask {
        to: Asker::Shell,
        tag: Tag::Overview,
        session: model.facts.session.as_ref().map(|signed_in| signed_in.session),
        request: Request::Overview,
    })));
}

/// Asks how the store is; nobody waits for the answer.
pub(super) fn ask_health(effects: &mut Vec<Effect>) {
    effects.push(Effect::Work(Work::Ask(Ask {
        to: Asker::Shell,
        tag: Tag::Health,
        session: None,
        request: Request::Health,
    })));
}

fn take_unlocked(model: &mut Model, result: Result<(), Error>, effects: &mut Vec<Effect>) {
    match (result, &mut model.stage) {
        (Ok(()), _) => ask_overview(model, effects),
        (Err(error), Stage::Sealed(unlock)) if unlock.is_about(&error) => unlock.refused(&error),
        (Err(error), _) => stop(model, error),
    }
}

fn take_input(model: &mut Model, input: Input, effects: &mut Vec<Effect>) {
    if let Input::Resize { width, height } = input {
        model.facts.size = (width, height);
        return;
    }
    model.last_input = model.facts.at.monotonic;
    let context = model.context();
    let input = match input {
        Input::Click { column, row } => view::hint_at(model, column, row).map_or(input, Input::Key),
        other => other,
    };
    let news = match input {
        Input::Key(key) => {
            let command = model.facts.keymap.command(context, key);
            if let Some(command) = command
                && obey(model, command, effects)
            {
                return;
            }
            let needed = command.and_then(|command| Some((command, command.needs(context)?)));
            if let Some((command, needed)) = needed
                && !orders::may_press(model, needed, key, command)
            {
                return;
            }
            News::Key(key, command)
        }
        // A paste is text for a field, and nothing anywhere else.
        Input::Paste(_) if !context.takes_text() => return,
        Input::Paste(text) => News::Paste(text),
        Input::Click {
            column,
            row: frame::TABS,
        } if model.shows_tabs() => {
            if let Some(screen) = frame::tab_at(model, column) {
                orders::show(model, screen, effects);
            }
            return;
        }
        Input::Click { column, row } => News::Click { column, row },
        Input::Scroll { down } => News::Scroll { down },
        Input::Resize { .. } => return,
    };
    if model.lock.is_some() {
        orders::tell_lock(model, news, effects);
        return;
    }
    if let Some((id, _)) = model.dialogs.last() {
        let id = *id;
        tell(model, Asker::Dialog(id), news, effects);
        return;
    }
    match &mut model.stage {
        Stage::Open => {
            let screen = model.screen;
            tell(model, Asker::Screen(screen), news, effects);
        }
        Stage::Absent(_) => with_wizard(model, effects, |wizard, desk| wizard.update(news, desk)),
        Stage::Sealed(unlock) => {
            if let Some(passphrase) = unlock.update(&news, model.facts.at.monotonic) {
                effects.push(Effect::Work(Work::Unlock(passphrase)));
            }
        }
        Stage::Stopped(stopped) => {
            if let News::Key(_, Some(command)) = news {
                stopped.obey(command, effects);
            }
        }
        Stage::Starting(_) | Stage::RolledBack(_) => {}
    }
}

/// Obeys the commands that are the shell's own; `false` when the command is for what has the focus.
fn obey(model: &mut Model, command: Command, effects: &mut Vec<Effect>) -> bool {
    let browsing = model.context().is_browsing() && matches!(model.stage, Stage::Open);
    // Which tab is to be seen can be said while the store opens.
    let choosing = model.context().is_browsing() && matches!(model.stage, Stage::Open | Stage::Starting(_));
    match command {
        Command::Redraw => effects.push(Effect::Repaint),
        Command::Suspend => effects.push(Effect::Suspend),
        Command::Quit => orders::quit(model, effects),
        Command::Help => orders::help(model),
        Command::TryAgain => {
            model.stage = Stage::Starting(Starting::new(model.facts.at.monotonic));
            effects.push(Effect::Work(Work::State));
        }
        Command::AcceptOlder => orders::accept_rollback(model, effects),
        Command::Health if browsing => orders::health(model, effects),
        Command::Lock if browsing => orders::lock(model, effects),
        Command::CommandLine if browsing => orders::command_line(model),
        Command::SwitchOrganization if browsing => orders::organizations(model),
        Command::SignIn if browsing => orders::sign_in_or_out(model, effects),
        Command::Tab(number) if choosing => {
            if let Some(screen) = Screen::ALL.get(usize::from(number).wrapping_sub(1)) {
                orders::show(model, *screen, effects);
            }
        }
        Command::NextTab | Command::PreviousTab if choosing => {
            let count = Screen::ALL.len();
            let step = if command == Command::NextTab { 1 } else { count - 1 };
            let here = Screen::ALL
                .iter()
                .position(|screen| *screen == model.screen)
                .unwrap_or(0);
            orders::show(model, Screen::ALL[(here + step) % count], effects);
        }
        _ => return false,
    }
    true
}

fn take_tick(model: &mut Model, effects: &mut Vec<Effect>) {
    let now = model.facts.at;
    model.note.take_if(|note| !note.lasts(now.monotonic));
    if model
        .clear_clipboard
        .take_if(|due| now.monotonic >= *due)
        .is_some()
    {
        effects.push(Effect::Work(Work::ClearClipboard));
    }
    if model
        .facts
        .session
        .as_ref()
        .is_some_and(|session| now.now >= session.until)
    {
        model.facts.session = None;
    }
    let idle = now.monotonic.saturating_sub(model.last_input);
    let secret = model.dialogs.iter().any(|(_, dialog)| dialog.holds_secret())
        || matches!(&model.stage, Stage::Absent(wizard) if wizard.holds_secret());
    let limit = if secret { model.idle.min(IDLE) } else { model.idle };
    if idle >= limit && model.lock.is_none() {
        match &mut model.stage {
            Stage::Open => orders::lock(model, effects),
            Stage::Absent(wizard) => wizard.wipe(),
            Stage::Sealed(unlock) => {
                *unlock = Unlock::default();
                model.aside.is_idle = true;
            }
            // A password may be typed half.
            Stage::RolledBack(_) => model.dialogs.clear(),
            Stage::Starting(_) | Stage::Stopped(_) => {}
        }
    }
    if matches!(&model.stage, Stage::Starting(_))
        || matches!(&model.stage, Stage::Sealed(unlock) if unlock.is_waiting())
    {
        effects.push(Effect::Work(Work::Opening));
    }
    if matches!(model.stage, Stage::Absent(_)) {
        with_wizard(model, effects, |wizard, desk| wizard.update(News::Tick, desk));
    }
    for id in open_dialogs(model) {
        tell(model, Asker::Dialog(id), News::Tick, effects);
    }
    // While the daemon is gone nothing is asked that nobody waits for: what is seen stays as it was.
    if matches!(model.stage, Stage::Open) && model.lock.is_none() && model.lost.is_none() {
        // Statuses change by time alone: the counts are asked for again now and then.
        if now.monotonic.saturating_sub(model.counted) >= COUNTS {
            model.counted = now.monotonic;
            ask_overview(model, effects);
            ask_health(effects);
        }
        tell(model, Asker::Screen(model.screen), News::Tick, effects);
    }
}

fn take_event(model: &mut Model, event: Event, effects: &mut Vec<Effect>) {
    match event {
        Event::Changed => changed(model, effects),
        Event::Connection(Connection::Lost) => {
            model.lost = model.lost.or(Some(model.facts.at.monotonic));
        }
        Event::Connection(Connection::Back) => {
            if model.lost.take().is_some() {
                // Who signed in was in its memory only.
                model.facts.session = None;
                orders::note(model, Tone::Good, "the daemon is back");
            }
            match &model.stage {
                Stage::Stopped(_) => effects.push(Effect::Work(Work::State)),
                // The lock is opened by a cashier, and only in an open store.
                Stage::Open if model.lock.is_some() => ask_overview(model, effects),
                _ => refresh(model, effects),
            }
        }
        Event::Used => refresh_screen(model, effects),
        Event::JobEnded(job, result) => {
            model.ended.push_back((job, result.clone()));
            if model.ended.len() > 8 {
                model.ended.pop_front();
            }
            for id in open_dialogs(model) {
                tell(
                    model,
                    Asker::Dialog(id),
                    News::JobEnded(job, result.clone()),
                    effects,
                );
            }
        }
    }
}

/// Has what the screen shows ask anew: only counts moved.
fn refresh_screen(model: &mut Model, effects: &mut Vec<Effect>) {
    if matches!(model.stage, Stage::Open) && model.lock.is_none() {
        tell(model, Asker::Screen(model.screen), News::Refresh, effects);
    }
}

/// Something is otherwise than before; while the store is sealed, that may be its seal, which somebody else opened.
fn changed(model: &mut Model, effects: &mut Vec<Effect>) {
    match &model.stage {
        Stage::Sealed(unlock) if !unlock.is_waiting() => effects.push(Effect::Work(Work::State)),
        _ => refresh(model, effects),
    }
}

/// Has everything that is seen ask anew.
pub(super) fn refresh(model: &mut Model, effects: &mut Vec<Effect>) {
    if !matches!(model.stage, Stage::Open) || model.lock.is_some() {
        return;
    }
    ask_overview(model, effects);
    ask_health(effects);
    tell(model, Asker::Screen(model.screen), News::Refresh, effects);
    for id in open_dialogs(model) {
        tell(model, Asker::Dialog(id), News::Refresh, effects);
    }
}

fn take_answer(
    model: &mut Model,
    to: Asker,
    tag: Tag,
    result: Result<Response, Error>,
    effects: &mut Vec<Effect>,
) {
    match (tag, result) {
        (Tag::Overview | Tag::Health, Err(_)) if model.lost.is_some() => {}
        (_, Err(error)) if model.lost.is_some() && matches!(to, Asker::Screen(_)) => {
            orders::note(model, Tone::Danger, error.to_string());
        }
        (Tag::Overview, result) => orders::take_overview(model, result, effects),
        (Tag::Health, Ok(Response::Health(health))) => orders::take_health(model, health),
        (_, result) => take_other_answer(model, to, tag, result, effects),
    }
}

fn take_other_answer(
    model: &mut Model,
    to: Asker,
    tag: Tag,
    result: Result<Response, Error>,
    effects: &mut Vec<Effect>,
) {
    // Fast work may end before it is known that it began.
    let ended = match &result {
        Ok(Response::Started(job)) => model
            .ended
            .iter()
            .position(|(ended, _)| ended == job)
            .and_then(|place| model.ended.remove(place)),
        _ => None,
    };
    if to == Asker::Shell {
        return orders::take_shell_answer(model, tag, result, effects);
    }
    tell(model, to, News::Answer(tag, result), effects);
    if let Some((job, result)) = ended {
        tell(model, to, News::JobEnded(job, result), effects);
    }
}

pub(super) fn open_dialogs(model: &Model) -> Vec<DialogId> {
    model.dialogs.iter().map(|(id, _)| *id).collect()
}

/// Tells one of them, and does what it orders.
pub(super) fn tell(model: &mut Model, to: Asker, news: News, effects: &mut Vec<Effect>) {
    let mut wishes = Vec::new();
    let mut desk = Desk {
        facts: &model.facts,
        asker: to,
        effects,
        orders: &mut wishes,
    };
    match to {
        Asker::Shell => {}
        Asker::Wizard => {
            return with_wizard(model, effects, |wizard, desk| wizard.update(news, desk));
        }
        Asker::Screen(Screen::Keys) => keys::update(&mut model.keys, news, &mut desk),
        Asker::Screen(Screen::Tokens) => tokens::update(&mut model.tokens, news, &mut desk),
        Asker::Screen(Screen::Activity) => activity::update(&mut model.activity, news, &mut desk),
        Asker::Screen(Screen::Cashiers) => cashiers::update(&mut model.cashiers, news, &mut desk),
        Asker::Screen(Screen::Guide) => guide::update(&mut model.guide, news, &mut desk),
        Asker::Dialog(id) => {
            if let Some(place) = model.dialogs.iter().position(|(open, _)| *open == id)
                && model.dialogs[place].1.update(news, &mut desk) == Fate::Close
            {
                model.dialogs.remove(place);
            }
        }
    }
    orders::carry_out(model, wishes, effects);
}

fn with_wizard(
    model: &mut Model,
    effects: &mut Vec<Effect>,
    act: impl FnOnce(&mut Wizard, &mut Desk<'_>) -> Option<Effect>,
) {
    let mut wishes: Vec<Order> = Vec::new();
    if let Stage::Absent(wizard) = &mut model.stage {
        let mut desk = Desk {
            facts: &model.facts,
            asker: Asker::Wizard,
            effects,
            orders: &mut wishes,
        };
        let effect = act(wizard, &mut desk);
        effects.extend(effect);
    }
    orders::carry_out(model, wishes, effects);
}
