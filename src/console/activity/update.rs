//! What the screen does with news.

use super::detail::Entry;
use super::model::{Model, Tag};
use super::view::{FIRST_ROW, rows_of};
use crate::console::app::{self, Desk, News};
use crate::console::key::Key;
use crate::console::keymap::Command;
use crate::service::Response;
use crate::service::response::ActivityPage;

/// Takes news in.
pub fn update(model: &mut Model, news: News, desk: &mut Desk<'_>) {
    match news {
        News::Refresh => model.ask_first(desk),
        News::Answer(app::Tag::Activity(tag), Ok(Response::Activity(page))) => take(model, tag, page, desk),
        News::Answer(_, Err(error)) => model.error = Some(error),
        News::Key(key, command) if model.typing => typing(model, key, command, desk),
        News::Key(_, Some(command)) => obey(model, command, desk),
        News::Paste(text) if model.filter.paste(&text).is_ok() => model.ask_first(desk),
        News::Click { row, .. } => {
            fit(model, desk);
            point(&mut model.window, row);
        }
        News::Scroll { down } => {
            fit(model, desk);
            model
                .window
                .command(if down { Command::Down } else { Command::Up });
        }
        _ => {}
    }
}

/// Selects the row under the mouse.
fn point(window: &mut crate::console::widgets::table::Window, row: u16) {
    let place = usize::from(row).checked_sub(usize::from(FIRST_ROW));
    if let Some(row) = place
        .map(|place| window.visible().start + place)
        .filter(|row| window.visible().contains(row))
    {
        window.select(row);
    }
}

fn fit(model: &mut Model, desk: &Desk<'_>) {
    model.window.fit(model.entries.len(), rows_of(desk.facts.size));
}

fn take(model: &mut Model, tag: Tag, page: ActivityPage, desk: &Desk<'_>) {
    match tag {
        Tag::First => {
            // What the operator looks at stays selected when newer entries come in above it.
            let selected = model.selected().map(|entry| entry.sequence);
            model.entries = page.entries;
            let place = selected.and_then(|s| model.entries.iter().position(|entry| entry.sequence == s));
            let was_top = model.window.selected().unwrap_or(0) == 0;
            fit(model, desk);
            model.window.select(if was_top { 0 } else { place.unwrap_or(0) });
        }
        Tag::More(edition) if edition == model.edition => {
            model.asked = false;
            model.entries.extend(page.entries);
            fit(model, desk);
        }
        Tag::More(_) => return,
    }
    model.next = page.next;
    model.head = page.head;
    model.loaded = true;
    model.error = None;
}

fn typing(model: &mut Model, key: Key, command: Option<Command>, desk: &mut Desk<'_>) {
    match command {
        Some(Command::Accept) => model.typing = false,
        Some(Command::Back) => {
            model.typing = false;
            model.filter.clear();
            model.ask_first(desk);
        }
        _ => {
            let before = model.filter.text().to_owned();
            // A character that is refused changes nothing, and the field shows that.
            let _ = model.filter.press(key);
            if model.filter.text() != before {
                model.ask_first(desk);
            }
        }
    }
}

fn obey(model: &mut Model, command: Command, desk: &mut Desk<'_>) {
    fit(model, desk);
    match command {
        Command::Filter => model.typing = true,
        Command::Back if !model.filter.is_empty() => {
            model.filter.clear();
            model.ask_first(desk);
        }
        Command::Open => {
            if let Some(entry) = model.selected() {
                desk.open(Entry::new(entry.clone()));
            }
        }
        Command::Copy => {
            if let Some(entry) = model.selected() {
                desk.copy_public("the request's id", entry.request.to_string());
            }
        }
        other => {
            model.window.command(other);
            if model.window.visible().end + 20 >= model.entries.len() {
                model.ask_more(desk);
            }
        }
    }
}
