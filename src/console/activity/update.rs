//! What the screen does with news.

use super::detail::Entry;
use super::model::{Model, Tag};
use super::view::{first_row, rows_of};
use crate::console::app::{self, Desk, News};
use crate::console::key::Key;
use crate::console::keymap::Command;
use crate::service::Response;
use crate::service::response::ActivityPage;

/// Takes news in.
pub fn update(model: &mut Model, news: News, desk: &mut Desk<'_>) {
    match news {
        News::Refresh => model.look_again(desk),
        // Good news about the log come without an event.
        News::Tick if model.loaded && model.chain.is_none() => model.look_again(desk),
        News::Answer(app::Tag::Activity(tag), Ok(Response::Activity(page))) if model.expects(tag) => {
            take(model, tag, page, desk);
        }
        News::Answer(app::Tag::Activity(tag), Err(error)) if model.expects(tag) => model.error = Some(error),
        News::Key(key, command) if model.typing => typing(model, key, command, desk),
        News::Key(_, Some(command)) => obey(model, command, desk),
        News::Paste(text) if model.filter.paste(&text).is_ok() => model.begin(desk),
        News::Click { row, .. } => {
            fit(model, desk);
            point(model, row);
        }
        News::Scroll { down } => obey(model, if down { Command::Down } else { Command::Up }, desk),
        _ => {}
    }
}

/// Selects the row under the mouse.
fn point(model: &mut Model, row: u16) {
    let visible = model.window.visible();
    let place = usize::from(row).checked_sub(usize::from(first_row(model)));
    if let Some(row) = place
        .map(|place| visible.start + place)
        .filter(|row| visible.contains(row))
    {
        model.window.select(row);
    }
}

fn fit(model: &mut Model, desk: &Desk<'_>) {
    let rows = rows_of(desk.facts.size, model.is_bad());
    model.window.fit(model.held.entries().len(), rows);
}

fn take(model: &mut Model, tag: Tag, page: ActivityPage, desk: &mut Desk<'_>) {
    model.head = page.head;
    model.chain = page.chain;
    model.loaded = true;
    model.error = None;
    match tag {
        Tag::Newest(_) => {
            model.held.begin_at_top(page);
            model.window = Default::default();
            fit(model, desk);
        }
        Tag::Oldest(_) => {
            model.held.begin_at_bottom(page);
            fit(model, desk);
            model.window.command(Command::Bottom);
        }
        // Far from the top only the head was asked for.
        Tag::Above(_) if page.next == Some(model.held.above()) => {}
        Tag::Above(_) => {
            // Who looks at the newest entry goes on doing so; who looks at another keeps it.
            let follows = model.held.is_newest() && model.window.selected().unwrap_or(0) == 0;
            let came = model.held.add_above(page);
            if !follows {
                model.window.shift_down(came, model.held.entries().len());
            }
            fit(model, desk);
        }
        Tag::Below(_) => {
            let gone = model.held.add_below(page);
            model.window.shift_up(gone);
            fit(model, desk);
        }
    }
    model.settle(desk);
}

fn typing(model: &mut Model, key: Key, command: Option<Command>, desk: &mut Desk<'_>) {
    match command {
        Some(Command::Accept) => model.typing = false,
        Some(Command::Back) => {
            model.typing = false;
            model.filter.clear();
            model.begin(desk);
        }
        _ => {
            let before = model.filter.text().to_owned();
            // A character that is refused changes nothing, and the field shows that.
            let _ = model.filter.press(key);
            if model.filter.text() != before {
                model.begin(desk);
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
            model.begin(desk);
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
        Command::Top if !model.held.is_newest() => model.begin(desk),
        Command::Bottom if model.held.below().is_some() => model.begin_at_bottom(desk),
        other => {
            model.window.command(other);
            model.settle(desk);
        }
    }
}
