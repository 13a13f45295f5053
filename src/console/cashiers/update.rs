//! What the screen does with news.

use super::add::Add;
use super::confirm::Confirm;
use super::model::{Model, Tag};
use super::view::rows_of;
use crate::console::app::{self, Desk, News};
use crate::console::keymap::Command;
use crate::domain::cashier::Standing;
use crate::service::Response;
use crate::service::request::Request;

/// Takes news in.
pub fn update(model: &mut Model, news: News, desk: &mut Desk<'_>) {
    match news {
        News::Refresh => desk.ask(app::Tag::Cashiers(Tag::List), Request::ListCashiers),
        News::Answer(app::Tag::Cashiers(Tag::List), Ok(Response::Cashiers(rows))) => {
            let selected = model.selected().map(|row| row.email.clone());
            model.rows = rows;
            model.loaded = true;
            model.error = None;
            fit(model, desk);
            if let Some(place) = model
                .rows
                .iter()
                .position(|row| Some(&row.email) == selected.as_ref())
            {
                model.window.select(place);
            }
        }
        News::Answer(app::Tag::Cashiers(Tag::List), Err(error)) => model.error = Some(error),
        News::Answer(app::Tag::Cashiers(Tag::Unlock), Ok(_)) => {
            desk.note("failed sign-ins forgotten");
            desk.refresh();
        }
        News::Answer(_, Err(error)) => desk.warn(error.to_string()),
        News::Key(_, Some(command)) => obey(model, command, desk),
        News::Scroll { down } => {
            model
                .window
                .command(if down { Command::Down } else { Command::Up });
        }
        _ => {}
    }
}

fn fit(model: &mut Model, desk: &Desk<'_>) {
    model.window.fit(model.rows.len(), rows_of(desk.facts.size));
}

fn obey(model: &mut Model, command: Command, desk: &mut Desk<'_>) {
    fit(model, desk);
    if command == Command::New {
        return desk.open(Add::new());
    }
    let Some(row) = model.selected() else { return };
    match command {
        Command::ChangeRole | Command::Open => desk.open(Confirm::role(row)),
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
