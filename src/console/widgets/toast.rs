//! A short message over the screen's last line but one, gone by itself after a while.

use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::widgets::Clear;
use unicode_width::UnicodeWidthStr;

use super::dialog::Tone;
use super::{fitted, wrapped};
use crate::console::theme::Theme;

/// A message and the moment (of the monotonic clock) when it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toast {
    text: String,
    tone: Tone,
    until: Duration,
}

impl Toast {
    /// A message shown from `now` on: six seconds, and longer the longer it is.
    #[must_use]
    pub fn new(text: impl Into<String>, tone: Tone, now: Duration) -> Self {
        let text = text.into();
        let reading = Duration::from_millis(50).saturating_mul(u32::try_from(text.len()).unwrap_or(u32::MAX));
        Self {
            until: now + Duration::from_secs(6) + reading.min(Duration::from_secs(10)),
            text,
            tone,
        }
    }

    /// Whether it is still shown at `now`.
    #[must_use]
    pub fn lasts(&self, now: Duration) -> bool {
        now < self.until
    }

    /// Draws it at the right end of `area`'s last row; one that is too long takes the rows above, whole.
    pub fn draw(&self, frame: &mut Frame<'_>, area: Rect, theme: &Theme) {
        if area.is_empty() {
            return;
        }
        let sign = match self.tone {
            Tone::Plain => theme.glyphs.dot,
            Tone::Good => theme.glyphs.good,
            Tone::Warn => theme.glyphs.warn,
            Tone::Danger => theme.glyphs.danger,
        };
        let room = usize::from(area.width).saturating_sub(4);
        let mut lines = wrapped(&self.text, room);
        lines.truncate(MOST_ROWS.min(usize::from(area.height)));
        let width = lines.iter().map(|line| line.width()).max().unwrap_or(0).min(room) + 4;
        let width = u16::try_from(width).unwrap_or(u16::MAX).min(area.width);
        let height = u16::try_from(lines.len()).unwrap_or(1);
        let block = Rect::new(area.right() - width, area.bottom() - height, width, height);
        frame.render_widget(Clear, block);
        for (place, (line, row)) in lines.iter().zip(block.rows()).enumerate() {
            let sign = if place == 0 { sign } else { " " };
            let text = format!(" {sign} {} ", fitted(line, room, theme));
            let buffer = frame.buffer_mut();
            buffer.set_stringn(row.x, row.y, text, usize::from(width), self.tone.style(theme));
        }
    }
}

/// A message of more rows than this would be a dialog.
const MOST_ROWS: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::theme::Look;
    use crate::console::widgets::drawn;

    #[test]
    fn a_toast_says_its_tone_by_a_sign_and_goes() {
        let toast = Toast::new("payouts-prod ends in 22 h", Tone::Warn, Duration::from_secs(100));
        assert!(toast.lasts(Duration::from_secs(105)));
        assert!(!toast.lasts(Duration::from_secs(120)));
        let theme = Theme::new(Look::default());
        let screen = drawn(40, 2, |frame| toast.draw(frame, frame.area(), &theme));
        assert_eq!(screen, "\n            ▲ payouts-prod ends in 22 h");
        let long = Toast::new("one two three four five", Tone::Good, Duration::ZERO);
        let screen = drawn(14, 4, |frame| long.draw(frame, frame.area(), &theme));
        assert_eq!(screen, "\n ● one two\n   three four\n   five");
        drawn(3, 1, |frame| toast.draw(frame, frame.area(), &theme));
    }
}
