//! What the screen does with news.

use super::model::{Format, Model};
use super::view::{height_of, rows_of};
use crate::console::app::{self, Desk, News};
use crate::console::keymap::Command;
use crate::console::shared::write_file::WriteFile;
use crate::domain::secret::Secret;
use crate::guide::{Guide, Page};
use crate::service::{Request, Response};

/// Takes news in.
pub fn update(model: &mut Model, news: News, desk: &mut Desk<'_>) {
    match news {
        News::Refresh => {
            let organization = desk.facts.current.clone();
            desk.ask(app::Tag::Guide, Request::ShowKey { organization });
        }
        News::Answer(_, Ok(Response::Key(key))) => {
            let organization = desk
                .facts
                .organizations
                .iter()
                .find(|row| row.slug == key.organization);
            model.guide = organization.map(|row| Guide::new(&key, row));
            model.error = None;
        }
        News::Answer(_, Err(error)) => model.error = Some(error),
        News::Key(_, Some(command)) => obey(model, command, desk),
        News::Scroll { down } => scroll(model, if down { 3 } else { -3 }, desk),
        _ => {}
    }
}

fn obey(model: &mut Model, command: Command, desk: &mut Desk<'_>) {
    let screenful = isize::try_from(height_of(desk.facts.size))
        .unwrap_or(isize::MAX)
        .max(1);
    match command {
        Command::Down => scroll(model, 1, desk),
        Command::Up => scroll(model, -1, desk),
        Command::PageDown => scroll(model, screenful, desk),
        Command::PageUp => scroll(model, -screenful, desk),
        Command::Top => model.offset = 0,
        Command::Bottom => scroll(model, isize::MAX, desk),
        Command::Right => model.turn(model.place + 1),
        Command::Left => model.turn(model.place.saturating_sub(1)),
        Command::Format => model.format = model.format.next(),
        _ => {}
    }
    let Some(guide) = &model.guide else { return };
    match command {
        Command::Copy => match model.page() {
            Page::Language(language) => desk.copy_public("the sample", guide.sample(language)),
            page => desk.copy_public("the page", guide.text(page)),
        },
        Command::Write => {
            let text = match model.format {
                Format::Html => guide.html(),
                Format::Markdown => guide.markdown(),
            };
            let slug = desk
                .facts
                .current
                .as_ref()
                .map_or("clients", |slug| slug.as_str());
            let name = format!("{slug}-guide.{}", model.format.extension());
            let path = desk.facts.directory.join(name);
            desk.open(WriteFile::new("the guide", &path, Secret::from_text(text)));
        }
        _ => {}
    }
}

fn scroll(model: &mut Model, by: isize, desk: &Desk<'_>) {
    let last = rows_of(model, desk.facts.size)
        .len()
        .saturating_sub(height_of(desk.facts.size));
    model.offset = model.offset.saturating_add_signed(by).min(last);
}
