//! Takes news in: keys in the list, in its filter and in the opened token; answers; the clock.

use crate::console::app::{self, Desk, News};
use crate::console::key::Key;
use crate::console::keymap::Command;
use crate::console::shared::sign_in::unexpected;
use crate::domain::id::TokenId;
use crate::domain::token::Status;
use crate::service::request::{Request, TokenRef};
use crate::service::response::{TokenDetail, TokenRow};
use crate::service::{Error, Response};

use super::allow::Allow;
use super::detail::Opened;
use super::edit::Edit;
use super::form::{Create, Rotate};
use super::invalidate::Invalidate;
use super::model::Model;
use super::named::Named;
use super::overlap::{self, Extend};
use super::release::Release;
use super::try_token::TryToken;
use super::{Tag, view};

/// Takes news in.
pub fn update(model: &mut Model, news: News, desk: &mut Desk<'_>) {
    model.list.fit(view::room(desk.facts));
    match news {
        News::Refresh => refresh(model, desk),
        News::Tick => tick(model, desk),
        News::Key(key, command) if model.opened.is_none() && model.list.is_filtering() => {
            filter_key(model, key, command, desk);
        }
        News::Key(_, Some(command)) if model.opened.is_some() => in_token(model, command, desk),
        News::Key(_, Some(command)) => in_list(model, command, desk),
        News::Paste(text) => model.list.paste_filter(&text, &mut model.nonces, desk),
        News::Scroll { down } => {
            let command = if down { Command::Down } else { Command::Up };
            scroll(model, command, desk);
        }
        News::Click { column, row } if model.opened.is_none() => {
            if let Some(row) = view::row_at(desk.facts, column, row) {
                model.list.point(row, &mut model.nonces, desk);
            }
        }
        News::Answer(app::Tag::Tokens(tag), result) => answer(model, tag, result, desk),
        _ => {}
    }
}

fn refresh(model: &mut Model, desk: &mut Desk<'_>) {
    model.list.ask(&mut model.nonces, desk);
    if let Some(opened) = &mut model.opened {
        opened.ask(&mut model.nonces, desk);
    }
}

fn tick(model: &mut Model, desk: &mut Desk<'_>) {
    match &mut model.opened {
        Some(opened) => opened.tick(&mut model.nonces, desk),
        None => model.list.tick(&mut model.nonces, desk),
    }
}

fn scroll(model: &mut Model, command: Command, desk: &mut Desk<'_>) {
    match &mut model.opened {
        Some(opened) => opened.scroll(command),
        None => {
            model.list.go(command, &mut model.nonces, desk);
        }
    }
}

fn filter_key(model: &mut Model, key: Key, command: Option<Command>, desk: &mut Desk<'_>) {
    match command {
        Some(Command::Accept) => model.list.end_filter(),
        Some(Command::Back) => {
            model.list.end_filter();
            model.list.search("", &mut model.nonces, desk);
        }
        Some(command @ (Command::Up | Command::Down)) => scroll(model, command, desk),
        _ => model.list.type_filter(key, &mut model.nonces, desk),
    }
}

fn in_list(model: &mut Model, command: Command, desk: &mut Desk<'_>) {
    let (list, nonces) = (&mut model.list, &mut model.nonces);
    if list.go(command, nonces, desk) {
        return;
    }
    match command {
        Command::Filter => list.begin_filter(),
        Command::Sort => list.sort(false, nonces, desk),
        Command::ReverseSort => list.sort(true, nonces, desk),
        Command::ShowOthers => list.show_next(nonces, desk),
        Command::Mark => list.mark(nonces, desk),
        Command::MarkRange => list.mark_range(nonces, desk),
        Command::Back => list.back(nonces, desk),
        Command::New => new(desk),
        Command::TryOut => desk.open(TryToken::default()),
        Command::Invalidate if !list.marks.is_empty() => {
            Invalidate::open_for_marked(list, desk);
        }
        Command::Restore => restore(model, desk),
        Command::Release => Release::open_for_list(list, desk),
        Command::Open => {
            if let Some(token) = model.list.selected().map(|row| row.id) {
                model.opened = Some(Opened::new(token, &mut model.nonces, desk));
            }
        }
        _ => {
            if let Some(row) = list.selected().cloned() {
                with_row(&row, command, desk);
            }
        }
    }
}

fn in_token(model: &mut Model, command: Command, desk: &mut Desk<'_>) {
    let Some(opened) = &mut model.opened else { return };
    match command {
        Command::Back => model.opened = None,
        Command::TryOut => desk.open(TryToken::default()),
        Command::Open => opened.turn_over(),
        Command::Up | Command::Down | Command::PageUp | Command::PageDown | Command::Top => {
            opened.scroll(command)
        }
        command if !opened.is_known() => opened.keep(command),
        Command::Restore => restore(model, desk),
        Command::ExtendOverlap | Command::CutOver => match opened.overlap() {
            Some((old, _)) if command == Command::CutOver => overlap::cut_over(&old.row, desk),
            Some((old, _)) => desk.open(Extend::new(&old.row, old.finish.is_some(), desk.facts)),
            None => desk.warn("no overlap runs: it begins when a rotation's new token is acknowledged"),
        },
        Command::UndoRotation => {
            if let Some((old, new)) = opened.overlap() {
                overlap::undo_rotation(&old.row, &new.row, desk);
            }
        }
        _ => {
            if let Some(detail) = opened.detail.as_deref() {
                with_token(detail, command, desk);
            }
        }
    }
}

/// What can be done with a token of which everything is known.
fn with_token(detail: &TokenDetail, command: Command, desk: &mut Desk<'_>) {
    match command {
        Command::AllowAddresses => Allow::open_for(detail, desk),
        Command::EditToken => Edit::open_for(detail, desk),
        _ => with_row(&detail.row, command, desk),
    }
}

/// What can be done with one token, wherever it is shown.
fn with_row(row: &TokenRow, command: Command, desk: &mut Desk<'_>) {
    match command {
        Command::Rotate => rotate(row, desk),
        Command::Invalidate => Invalidate::open_for(row, desk),
        Command::Release => Release::open_for(row, desk),
        Command::Copy => desk.copy_public("the token's id", row.id.to_string()),
        _ => {}
    }
}

fn new(desk: &mut Desk<'_>) {
    let form = Create::new(desk.facts);
    desk.open(form);
}

fn rotate(row: &TokenRow, desk: &mut Desk<'_>) {
    if !row.status.is_live() || row.replaced_by.is_some() {
        let why = if row.replaced_by.is_some() {
            "replaced"
        } else {
            row.status.word()
        };
        return desk.warn(format!(
            "{} is {why} already: there is nothing to rotate",
            row.name
        ));
    }
    let form = Rotate::new(row.clone(), desk.facts);
    desk.open(form);
}

/// Undoes the revocation of the token that is shown or under the cursor, else of those that were revoked from here last.
fn restore(model: &mut Model, desk: &mut Desk<'_>) {
    let row = match &model.opened {
        Some(opened) => opened.row(),
        None => model.list.selected(),
    };
    let tokens = match row.filter(|row| row.status == Status::Revoked) {
        Some(row) => vec![Named::from(row)],
        None if model.opened.is_none() => std::mem::take(&mut model.undo),
        None => Vec::new(),
    };
    if tokens.is_empty() {
        return match row {
            Some(row) if !model.undo.is_empty() => desk.warn(format!(
                "{} is not revoked; the list undoes what was revoked last",
                row.name
            )),
            _ => desk.warn("nothing was revoked here that could be undone"),
        };
    }
    for token in &tokens {
        let request = Request::RestoreToken {
            organization: desk.facts.current.clone(),
            token: TokenRef::Id(token.id),
        };
        desk.ask(Tag::Restore(token.id).into(), request);
    }
    model.restoring = tokens;
    model.restored = Vec::new();
}

/// Says which tokens work again, and puts the cursor on the first of them.
fn restored(model: &mut Model, token: TokenId, desk: &mut Desk<'_>) {
    if let Some(place) = model.restoring.iter().position(|one| one.id == token) {
        model.restored.push(model.restoring.remove(place));
    }
    match model.restored.as_slice() {
        [] => {}
        [one] => {
            desk.note(format!("{} works again", one.name));
            model.list.follow(one.id);
        }
        several => desk.note(format!("{} tokens work again", several.len())),
    }
    desk.refresh();
}

fn answer(model: &mut Model, tag: Tag, result: Result<Response, Error>, desk: &mut Desk<'_>) {
    let nonces = &mut model.nonces;
    match (tag, result) {
        (Tag::Page(nonce), result) => {
            let page = result.and_then(|answer| match answer {
                Response::Tokens(page) => Ok(page),
                _ => Err(unexpected()),
            });
            model.list.take_page(nonce, page, nonces, desk);
        }
        (Tag::Range(nonce), Ok(Response::Tokens(page))) => model.list.take_range(nonce, &page),
        (Tag::Token(nonce), result) => {
            let detail = result.and_then(|answer| match answer {
                Response::Token(detail) => Ok(detail),
                _ => Err(unexpected()),
            });
            match (&mut model.opened, detail) {
                (Some(opened), detail) => opened.take(nonce, detail, nonces, desk),
                (None, Ok(detail)) => model.list.take_callers(nonce, detail),
                // The list says it, when it fares the same.
                (None, Err(_)) => {}
            }
        }
        (Tag::Partner(nonce), Ok(Response::Token(detail))) => {
            if let Some(opened) = &mut model.opened {
                opened.take_partner(nonce, detail);
            }
        }
        (Tag::Partner(nonce), Err(error))
            if model.opened.as_mut().is_some_and(|opened| opened.give_up(nonce)) =>
        {
            desk.warn(error.to_string());
        }
        (Tag::Named(command), Ok(Response::Token(detail))) => with_token(&detail, command, desk),
        (Tag::Restore(token), Ok(_)) => restored(model, token, desk),
        (Tag::Range(_) | Tag::Named(_) | Tag::Restore(_), Err(error)) => desk.warn(error.to_string()),
        _ => {}
    }
    if let Some(command) = model.opened.as_mut().and_then(Opened::due) {
        in_token(model, command, desk);
    }
}
