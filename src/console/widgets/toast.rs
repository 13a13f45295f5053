//! A short message over the screen's last line but one, gone by itself after a while.

use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::widgets::Clear;
use unicode_width::UnicodeWidthStr;

use super::dialog::Tone;
use super::fitted;
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

    /// Draws it at the right end of `area`'s last row.
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
        let text = format!(
            " {sign} {} ",
            fitted(&self.text, usize::from(area.width).saturating_sub(4), theme)
        );
        let width = u16::try_from(text.width()).unwrap_or(u16::MAX).min(area.width);
        let row = Rect::new(area.right() - width, area.bottom() - 1, width, 1);
        frame.render_widget(Clear, row);
        frame
            .buffer_mut()
            .set_stringn(row.x, row.y, text, usize::from(width), self.tone.style(theme));
    }
}

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
        drawn(3, 1, |frame| toast.draw(frame, frame.area(), &theme));
    }
}
