//! Switches to another organization.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::console::app::desk::Order;
use crate::console::app::{Desk, Dialog, Facts, Fate, News};
use crate::console::keymap::{Command, Context};
use crate::console::theme::Theme;
use crate::console::widgets::dialog::{self, Tone};
use crate::console::widgets::table::{self, Column, Row, Window};
use crate::domain::text::Slug;

/// The most that are seen at a time.
const ROWS: usize = 12;

/// The dialog.
#[derive(Debug)]
pub struct Organizations {
    rows: Vec<(Slug, String, String)>,
    window: Window,
}

impl Organizations {
    /// The list, the present one selected.
    #[must_use]
    pub fn new(facts: &Facts) -> Self {
        let row = |row: &crate::service::response::OrganizationRow| {
            (
                row.slug.clone(),
                row.name.to_string(),
                format!("{} live tokens", row.tokens.live()),
            )
        };
        let rows: Vec<_> = facts.organizations.iter().map(row).collect();
        let here = rows
            .iter()
            .position(|(slug, ..)| Some(slug) == facts.current.as_ref());
        let mut window = Window::default();
        window.fit(rows.len(), ROWS);
        window.select(here.unwrap_or(0));
        Self { rows, window }
    }
}

impl Dialog for Organizations {
    fn context(&self) -> Context {
        Context::Dialog
    }

    fn update(&mut self, news: News, desk: &mut Desk<'_>) -> Fate {
        match news {
            News::Key(_, Some(Command::Back)) => return Fate::Close,
            News::Key(_, Some(Command::Accept)) => {
                if let Some((slug, ..)) = self.window.selected().and_then(|place| self.rows.get(place)) {
                    desk.order(Order::Switch(slug.clone()));
                }
                return Fate::Close;
            }
            News::Key(_, Some(command)) => {
                self.window.command(command);
            }
            News::Scroll { down } => {
                self.window
                    .command(if down { Command::Down } else { Command::Up });
            }
            _ => {}
        }
        Fate::Stay
    }

    fn view(&self, _facts: &Facts, theme: &Theme, frame: &mut Frame<'_>) {
        let height = u16::try_from(self.rows.len().min(ROWS)).unwrap_or(0) + 3;
        let area: Rect = dialog::open(frame, theme, "Organizations", Tone::Plain, 70, height);
        let columns = [
            Column::new("SHORT", 16),
            Column::new("NAME", 20).flexible(),
            Column::new("TOKENS", 16),
        ];
        let visible = self.rows.get(self.window.visible()).unwrap_or_default();
        let rows: Vec<_> = visible
            .iter()
            .map(|(slug, name, tokens)| Row {
                cells: vec![
                    (slug.to_string(), theme.text),
                    (name.clone(), theme.text),
                    (tokens.clone(), theme.dim),
                ],
                marked: false,
            })
            .collect();
        table::draw(frame, area, theme, &columns, &rows, &self.window);
    }
}
