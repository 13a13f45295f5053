//! A dialog's frame, centred over what is behind it.

use ratatui::Frame;
use ratatui::layout::{Margin, Rect};
use ratatui::style::Style;
use ratatui::text::Span;
use ratatui::widgets::{Block, Clear};

use super::fitted;
use crate::console::theme::Theme;

/// What a dialog is about, told by the colour of its frame (and by its words).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// A form or a fact.
    Plain,
    /// Something that works.
    Good,
    /// Something to think about.
    Warn,
    /// Something that cannot be undone, or went wrong.
    Danger,
}

impl Tone {
    /// The style of its words.
    #[must_use]
    pub const fn style(self, theme: &Theme) -> Style {
        match self {
            Self::Plain => theme.focus,
            Self::Good => theme.good,
            Self::Warn => theme.warn,
            Self::Danger => theme.danger,
        }
    }
}

/// Clears a centred area of `width`×`height` cells (or what there is), frames it under `title`, and gives the area inside,
/// one cell away from the lines at the sides.
pub fn open(frame: &mut Frame<'_>, theme: &Theme, title: &str, tone: Tone, width: u16, height: u16) -> Rect {
    let area = centred(frame.area(), width, height);
    frame.render_widget(Clear, area);
    framed(frame, theme, area, title, tone.style(theme)).inner(Margin::new(1, 0))
}

/// Frames `area` under `title`; gives the area inside.
pub fn framed(frame: &mut Frame<'_>, theme: &Theme, area: Rect, title: &str, style: Style) -> Rect {
    let title = fitted(title, usize::from(area.width.saturating_sub(4)), theme);
    let block = Block::bordered()
        .border_set(theme.glyphs.border)
        .border_style(style)
        .title(Span::styled(format!(" {title} "), theme.title));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    inner
}

/// The area of `width`×`height` cells in the middle of `whole`, or all of it where that is less.
#[must_use]
pub fn centred(whole: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(whole.width), height.min(whole.height));
    Rect::new(
        whole.x + (whole.width - width) / 2,
        whole.y + (whole.height - height) / 2,
        width,
        height,
    )
}

/// Draws buttons in a row, the one at `focused` selected.
pub fn buttons(frame: &mut Frame<'_>, area: Rect, theme: &Theme, labels: &[&str], focused: Option<usize>) {
    let mut x = area.x;
    for (index, label) in labels.iter().enumerate() {
        let style = if focused == Some(index) {
            theme.selected
        } else {
            theme.text
        };
        let text = format!("( {label} )");
        let (after, _) = frame.buffer_mut().set_stringn(
            x,
            area.y,
            &text,
            usize::from(area.right().saturating_sub(x)),
            style,
        );
        x = after + 2;
        if x >= area.right() {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::theme::Look;
    use crate::console::widgets::drawn;

    #[test]
    fn a_dialog_covers_what_is_behind_it() {
        let theme = Theme::new(Look::default());
        let screen = drawn(20, 5, |frame| {
            for y in 0..5 {
                frame.buffer_mut().set_string(0, y, "#".repeat(20), theme.text);
            }
            let inside = open(frame, &theme, "Revoke", Tone::Danger, 14, 3);
            buttons(frame, inside, &theme, &["Yes"], Some(0));
        });
        assert_eq!(
            screen,
            "####################\n###┌ Revoke ────┐###\n###│ ( Yes )    │###\n###└────────────┘###\n####################"
        );
    }

    #[test]
    fn a_dialog_larger_than_the_terminal_is_as_large_as_it() {
        let theme = Theme::new(Look::default());
        for (width, height) in [(1, 1), (3, 2), (10, 3)] {
            drawn(width, height, |frame| {
                let inside = open(frame, &theme, "A long title", Tone::Plain, 60, 20);
                buttons(frame, inside, &theme, &["One", "Two"], None);
            });
        }
    }
}
