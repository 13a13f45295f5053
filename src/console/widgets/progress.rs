//! A line that says how far long work is: a bar where that is known, the time it took so far where not.

use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::fitted;
use crate::console::theme::Theme;

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// So many of so many.
    Part {
        /// Done.
        done: u64,
        /// All of it.
        whole: u64,
    },
    /// Nobody knows; it runs for so long already.
    Elapsed(Duration),
}

/// Draws `label` and the progress into `area`'s first row. Moves by whole seconds and cells only.
pub fn draw(frame: &mut Frame<'_>, area: Rect, theme: &Theme, label: &str, progress: Progress) {
    const BAR: u16 = 20;
    let room = usize::from(area.width.saturating_sub(BAR + 8));
    let mut spans = vec![Span::styled(
        format!("{} ", fitted(label, room, theme)),
        theme.text,
    )];
    match progress {
        Progress::Part { done, whole } => {
            let percent = u128::from(done.min(whole)) * 100 / u128::from(whole.max(1));
            spans.push(Span::styled(theme.glyphs.bar(done, whole, BAR), theme.good));
            spans.push(Span::styled(format!(" {percent} %"), theme.text));
        }
        Progress::Elapsed(time) => spans.push(Span::styled(format!("{} s", time.as_secs()), theme.dim)),
    }
    frame.render_widget(Line::from(spans), area);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::theme::Look;
    use crate::console::widgets::drawn;

    #[test]
    fn a_known_part_is_a_bar_and_an_unknown_one_seconds() {
        let theme = Theme::new(Look {
            ascii: true,
            ..Look::default()
        });
        let line = |progress| {
            drawn(60, 1, |frame| {
                draw(frame, frame.area(), &theme, "Sealing", progress)
            })
        };
        assert_eq!(
            line(Progress::Part { done: 1, whole: 4 }),
            "Sealing #####--------------- 25 %"
        );
        assert_eq!(
            line(Progress::Part { done: 0, whole: 0 }),
            "Sealing -------------------- 0 %"
        );
        assert_eq!(
            line(Progress::Elapsed(Duration::from_millis(3900))),
            "Sealing 3 s"
        );
    }
}
