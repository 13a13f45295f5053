//! Writes something to a new file, mode 0600; a file that is there is left as it is.

use std::path::Path;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::console::app::perform::typed_path;
use crate::console::app::{Desk, Dialog, Facts, Fate, News};
use crate::console::form::{Form, Pressing};
use crate::console::keymap::Context;
use crate::console::theme::Theme;
use crate::console::widgets::dialog::{self, Tone};
use crate::domain::secret::Secret;

/// The dialog.
#[derive(Debug)]
pub struct WriteFile {
    what: &'static str,
    form: Form,
    bytes: Secret,
}

impl WriteFile {
    /// Writes `bytes`, which are `what` ("the public key"), with `path` proposed.
    #[must_use]
    pub fn new(what: &'static str, path: &Path, bytes: Secret) -> Self {
        let form = Form::new().field(
            "path",
            "File",
            400,
            &path.to_string_lossy(),
            "new, readable by this account only",
        );
        Self { what, form, bytes }
    }
}

impl Dialog for WriteFile {
    fn context(&self) -> Context {
        self.form.context()
    }

    fn update(&mut self, news: News, desk: &mut Desk<'_>) -> Fate {
        match self.form.take(&news) {
            Pressing::Back => return Fate::Close,
            Pressing::Submit => {
                let path = typed_path(
                    self.form.text("path"),
                    &desk.facts.directory,
                    desk.facts.home.as_deref(),
                );
                self.form.wait("Writing", desk.facts.at.monotonic);
                desk.write_file(path, self.bytes.clone());
            }
            Pressing::Ignored | Pressing::Moved | Pressing::Changed => {}
        }
        match news {
            News::Written(Ok(path)) => {
                desk.note(format!("wrote {} to {}", self.what, path.display()));
                Fate::Close
            }
            News::Written(Err(error)) => {
                self.form.fail(&error);
                Fate::Stay
            }
            _ => Fate::Stay,
        }
    }

    fn view(&self, facts: &Facts, theme: &Theme, frame: &mut Frame<'_>) {
        let area = dialog::open(
            frame,
            theme,
            "Write a file",
            Tone::Plain,
            76,
            self.form.height() + 5,
        );
        let line = Line::styled(format!("Writes {}.", self.what), theme.text);
        frame.render_widget(
            line,
            Rect {
                y: area.y + 1,
                height: 1,
                ..area
            },
        );
        let below = Rect::new(area.x, area.y + 3, area.width, area.height.saturating_sub(3));
        self.form.draw(frame, below, theme, facts.at.monotonic);
    }
}
