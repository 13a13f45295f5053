//! What the screen does with news.

use std::time::Duration;

use super::model::{Model, Tag};
use super::rotate::Rotate;
use super::try_out::TryOut;
use crate::console::app::{self, Desk, News};
use crate::console::keymap::Command;
use crate::console::shared::write_file::WriteFile;
use crate::domain::secret::Secret;
use crate::service::Response;
use crate::service::request::Request;

/// How often the use is asked for while nothing changes.
const POLL: Duration = Duration::from_secs(5);

/// Takes news in.
pub fn update(model: &mut Model, news: News, desk: &mut Desk<'_>) {
    match news {
        News::Refresh => ask(model, desk),
        // Uses are counted without anybody hearing of it.
        News::Tick if desk.facts.at.monotonic.saturating_sub(model.asked) >= POLL => ask(model, desk),
        News::Answer(_, Ok(Response::Key(view))) => {
            model.view = Some(view);
            model.error = None;
        }
        News::Answer(_, Err(error)) => model.error = Some(error),
        News::Key(_, Some(command)) => obey(model, command, desk),
        News::Scroll { down } => scroll(model, if down { 3 } else { -3 }),
        _ => {}
    }
}

fn ask(model: &mut Model, desk: &mut Desk<'_>) {
    model.asked = desk.facts.at.monotonic;
    let organization = desk.facts.current.clone();
    desk.ask(app::Tag::Keys(Tag::View), Request::ShowKey { organization });
}

fn obey(model: &mut Model, command: Command, desk: &mut Desk<'_>) {
    match command {
        Command::Down => scroll(model, 1),
        Command::Up => scroll(model, -1),
        Command::PageDown => scroll(model, 10),
        Command::PageUp => scroll(model, -10),
        Command::Top => model.offset = 0,
        Command::Bottom => scroll(model, isize::MAX),
        Command::Format => model.format = model.format.next(),
        _ => {}
    }
    let Some(view) = &model.view else { return };
    match command {
        Command::Copy => desk.copy_public("the public key", model.format.of(view).to_owned()),
        Command::Write => {
            let name = format!("{}-public-key.{}", view.organization, model.format.extension());
            let mut text = model.format.of(view).to_owned();
            if !text.ends_with('\n') {
                text.push('\n');
            }
            let path = desk.facts.directory.join(name);
            desk.open(WriteFile::new("the public key", &path, Secret::from_text(text)));
        }
        Command::RotateKey => {
            let dialog = Rotate::new(view, desk.facts);
            desk.open(dialog);
        }
        Command::TryOut => desk.open(TryOut::new(view.active.size)),
        _ => {}
    }
}

/// Lines that there are at most; what is seen of them is settled when they are drawn.
const LINES: usize = 200;

fn scroll(model: &mut Model, by: isize) {
    model.offset = model.offset.saturating_add_signed(by).min(LINES);
}
