//! What the screen does with news.

use super::add::Add;
use super::confirm::Confirm;
use super::detail::Detail;
use super::model::{Model, Tag};
use super::view::row_at;
use crate::console::app::{self, Desk, News};
use crate::console::key::Key;
use crate::console::keymap::Command;
use crate::domain::cashier::Standing;
use crate::service::Response;
use crate::service::request::Request;

/// Takes news in.
pub fn update(model: &mut Model, news: News, desk: &mut Desk<'_>) {
    match news {
        News::Refresh => desk.ask(app::Tag::Cashiers(Tag::List), Request::ListCashiers),
        News::Answer(app::Tag::Cashiers(Tag::List), Ok(Response::Cashiers(rows))) => model.take(rows, desk),
        News::Answer(app::Tag::Cashiers(Tag::List), Err(error)) => model.error = Some(error),
        News::Answer(app::Tag::Cashiers(Tag::Unlock), Ok(_)) => {
            desk.note("failed sign-ins forgotten");
            desk.refresh();
        }
        News::Answer(_, Err(error)) => desk.warn(error.to_string()),
        News::Key(key, command) if model.typing => typing(model, key, command, desk),
        News::Key(_, Some(command)) => obey(model, command, desk),
        News::Paste(text) if model.filter.paste(&text).is_ok() => model.arrange(desk),
        News::Click { row, .. } => {
            model.fit(desk);
            let visible = model.window.visible();
            let place = row_at(desk.facts.size, row).map(|place| visible.start + place);
            if let Some(place) = place.filter(|place| visible.contains(place)) {
                model.window.select(place);
            }
        }
        News::Scroll { down } => {
            model
                .window
                .command(if down { Command::Down } else { Command::Up });
        }
        _ => {}
    }
}

fn typing(model: &mut Model, key: Key, command: Option<Command>, desk: &Desk<'_>) {
    match command {
        Some(Command::Accept) => model.typing = false,
        Some(Command::Back) => {
            model.typing = false;
            model.filter.clear();
        }
        // A character that is refused changes nothing, and the field shows that.
        _ => drop(model.filter.press(key)),
    }
    model.arrange(desk);
}

fn obey(model: &mut Model, command: Command, desk: &mut Desk<'_>) {
    model.fit(desk);
    match command {
        Command::New => return desk.open(Add::new()),
        Command::Filter => model.typing = true,
        Command::Sort => model.sort_next(desk),
        Command::ReverseSort => model.turn_around(desk),
        Command::Back if !model.filter.is_empty() => {
            model.filter.clear();
            model.arrange(desk);
        }
        _ => {}
    }
    let Some(row) = model.selected() else { return };
    match command {
        Command::Open => desk.open(Detail::new(row.clone())),
        Command::ChangeRole => desk.open(Confirm::role(row)),
        Command::Disable => desk.open(Confirm::disable(row, row.standing != Standing::Disabled)),
        Command::ResetPassword => desk.open(Confirm::reset(row)),
        Command::Unlock => {
            let email = row.email.clone();
            desk.ask(app::Tag::Cashiers(Tag::Unlock), Request::UnlockCashier { email });
        }
        other => {
            model.window.command(other);
        }
    }
}
