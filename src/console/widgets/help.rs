//! Help and the line of hints, both drawn from the keymap: what is remapped is shown remapped.

use std::ops::Range;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::dialog::{self, Tone};
use crate::console::key::Key;
use crate::console::keymap::{Binding, Command, Context, Keymap};
use crate::console::theme::Theme;

/// Draws the hints of `context` into one row, as many as fit whole.
pub fn hints(frame: &mut Frame<'_>, area: Rect, theme: &Theme, keymap: &Keymap, context: Context) {
    let spans: Vec<_> = placed(keymap, context, area.width)
        .flat_map(|(_, key, hint)| {
            [
                Span::styled(format!(" {key}"), theme.key),
                Span::styled(format!(" {hint} "), theme.dim),
            ]
        })
        .collect();
    frame.render_widget(Line::from(spans), area);
}

/// The key whose hint is at a column of that row, where it is `width` cells wide.
#[must_use]
pub fn hint_at(keymap: &Keymap, context: Context, width: u16, column: u16) -> Option<Key> {
    placed(keymap, context, width).find_map(|(cells, key, _)| cells.contains(&column).then_some(*key))
}

/// The hints that fit, with their cells.
fn placed(
    keymap: &Keymap,
    context: Context,
    width: u16,
) -> impl Iterator<Item = (Range<u16>, &Key, &'static str)> {
    let hints = keymap
        .of(context)
        .filter_map(|(binding, keys)| Some((keys.first()?, binding.hint?)));
    hints
        .scan(0, |used, (key, hint)| {
            let begin = *used;
            let cells = Span::raw(format!(" {key} {hint} ")).width();
            *used += u16::try_from(cells).unwrap_or(u16::MAX);
            Some((begin..*used, key, hint))
        })
        .take_while(move |(cells, ..)| cells.end <= width)
}

/// How many rows [`overlay`] has in all, for scrolling.
#[must_use]
pub fn rows(keymap: &Keymap, context: Context) -> usize {
    entries(keymap, context).len()
}

/// Draws the help of `context` over the screen, from row `offset` on.
pub fn overlay(frame: &mut Frame<'_>, theme: &Theme, keymap: &Keymap, context: Context, offset: usize) {
    const WIDTH: u16 = 72;
    let entries = entries(keymap, context);
    let height = u16::try_from(entries.len() + 4)
        .unwrap_or(u16::MAX)
        .min(frame.area().height.saturating_sub(2));
    let title = format!("Help: {}", context.title());
    let inside = dialog::open(frame, theme, &title, Tone::Plain, WIDTH, height);
    let last = entries
        .len()
        .saturating_sub(usize::from(inside.height.saturating_sub(2)));
    for (entry, y) in entries
        .iter()
        .skip(offset.min(last))
        .zip(inside.top()..inside.bottom().saturating_sub(2))
    {
        let (keys, help) = entry;
        let line = Line::from(vec![
            Span::styled(format!("{keys:<20}"), theme.key),
            Span::styled(*help, theme.text),
        ]);
        frame.render_widget(line, Rect::new(inside.x, y, inside.width, 1));
    }
    if inside.height > 1 {
        let foot = Rect::new(inside.x, inside.bottom() - 1, inside.width, 1);
        let back = keymap.hint(Command::Back);
        frame.render_widget(
            Line::styled(format!("{back} closes; the arrows scroll"), theme.dim),
            foot,
        );
    }
}

fn entries(keymap: &Keymap, context: Context) -> Vec<(String, &'static str)> {
    let text = |(binding, keys): (&'static Binding, &[Key])| {
        let keys: Vec<_> = keys.iter().map(Key::to_string).collect();
        (keys.join(", "), binding.help)
    };
    keymap.of(context).map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::theme::Look;
    use crate::console::widgets::drawn;
    use std::collections::BTreeMap;

    #[test]
    fn hints_show_what_was_remapped_and_only_what_fits() {
        let changes = BTreeMap::from([("new".to_owned(), vec!["f2".to_owned()])]);
        let keymap = Keymap::configured(&changes).unwrap();
        let theme = Theme::new(Look::default());
        let line = drawn(30, 1, |frame| {
            hints(frame, frame.area(), &theme, &keymap, Context::Tokens)
        });
        assert_eq!(line, " f2 new  r rotate");
    }

    #[test]
    fn each_cell_of_a_hint_is_its_key_s() {
        let keymap = Keymap::default();
        let at = |column| hint_at(&keymap, Context::Tokens, 80, column).map(|key| key.to_string());
        assert_eq!((at(0), at(6)), (Some("n".into()), Some("n".into())));
        assert_eq!(at(7), Some("r".into()));
        assert_eq!(hint_at(&keymap, Context::Tokens, 9, 8), None);
        assert_eq!(at(79), None);
    }

    #[test]
    fn hints_fit_eighty_columns_everywhere() {
        let theme = Theme::new(Look::default());
        for context in Context::ALL {
            let line = drawn(80, 1, |frame| {
                hints(frame, frame.area(), &theme, &Keymap::default(), context)
            });
            let all = Keymap::default()
                .of(context)
                .filter(|(binding, _)| binding.hint.is_some())
                .count();
            let words = drawn(400, 1, |frame| {
                hints(frame, frame.area(), &theme, &Keymap::default(), context)
            });
            assert!(all > 0 && line == words, "{context:?}: {words}");
        }
    }

    #[test]
    fn help_lists_every_command_of_the_place() {
        let theme = Theme::new(Look::default());
        let keymap = Keymap::default();
        let screen = drawn(80, 60, |frame| {
            overlay(frame, &theme, &keymap, Context::Tokens, 0)
        });
        for (binding, _) in keymap.of(Context::Tokens) {
            assert!(screen.contains(binding.help), "{}\n{screen}", binding.help);
        }
        assert!(screen.contains("Help: API Tokens"));
    }

    #[test]
    fn long_help_scrolls_to_its_end_and_no_further() {
        let theme = Theme::new(Look::default());
        let keymap = Keymap::default();
        let at = |offset| {
            drawn(80, 24, |frame| {
                overlay(frame, &theme, &keymap, Context::Tokens, offset)
            })
        };
        assert_ne!(at(0), at(1));
        assert_eq!(at(rows(&keymap, Context::Tokens)), at(usize::MAX));
        assert!(
            at(usize::MAX).contains("leave the console, from anywhere")
                || at(usize::MAX).contains("leave the console")
        );
    }
}
