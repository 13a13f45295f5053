//! How the screen looks.

use ratatui::Frame;
use ratatui::layout::Rect;

use super::model::Model;
use crate::console::app::Facts;
use crate::console::theme::Theme;
use crate::console::widgets::dialog::framed;

/// Draws it into `area`, which is everything between the tabs and the line of hints.
pub fn view(_model: &Model, _facts: &Facts, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    framed(frame, theme, area, "API Tokens", theme.border);
}
