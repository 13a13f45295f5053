//! What comes in from the terminal, in the console's own words.
//!
//! A bracketed paste is one event, so that screens can give it to a field or drop it whole; it is wiped when dropped,
//! because people paste passwords and tokens.

use std::fmt;

use crossterm::event::{Event, KeyEventKind, MouseButton, MouseEventKind};
use zeroize::Zeroizing;

use super::key::Key;

/// Something that the terminal reported.
#[derive(Clone, PartialEq, Eq)]
pub enum Input {
    /// A key was pressed, or repeats.
    Key(Key),
    /// A text was pasted; may hold line breaks and anything else.
    Paste(Zeroizing<String>),
    /// The left button was pressed on a cell; only when the mouse is turned on.
    Click {
        /// Cells from the left edge.
        column: u16,
        /// Cells from the top.
        row: u16,
    },
    /// The wheel was turned; only when the mouse is turned on.
    Scroll {
        /// Towards the list's end.
        down: bool,
    },
    /// The terminal has another size now.
    Resize {
        /// Cells across.
        width: u16,
        /// Cells down.
        height: u16,
    },
}

impl Input {
    /// What a terminal event means; `None` for those that mean nothing here (released keys, moved mice).
    #[must_use]
    pub fn of(event: Event) -> Option<Self> {
        match event {
            Event::Key(key) if key.kind != KeyEventKind::Release => Some(Self::Key(key.into())),
            Event::Paste(text) => Some(Self::Paste(Zeroizing::new(text))),
            Event::Resize(width, height) => Some(Self::Resize { width, height }),
            Event::Mouse(mouse) => match mouse.kind {
                MouseEventKind::Down(MouseButton::Left) => Some(Self::Click {
                    column: mouse.column,
                    row: mouse.row,
                }),
                MouseEventKind::ScrollDown => Some(Self::Scroll { down: true }),
                MouseEventKind::ScrollUp => Some(Self::Scroll { down: false }),
                _ => None,
            },
            _ => None,
        }
    }
}

/// Never shows keys or pasted text: they may be a password's.
impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(_) => f.write_str("Key(…)"),
            Self::Paste(text) => write!(f, "Paste({} bytes)", text.len()),
            Self::Click { column, row } => write!(f, "Click({column}, {row})"),
            Self::Scroll { down } => write!(f, "Scroll(down: {down})"),
            Self::Resize { width, height } => write!(f, "Resize({width}×{height})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

    #[test]
    fn a_released_key_is_nothing() {
        let released = KeyEvent::new_with_kind(KeyCode::Char('q'), KeyModifiers::NONE, KeyEventKind::Release);
        assert_eq!(Input::of(Event::Key(released)), None);
    }

    #[test]
    fn debug_output_shows_neither_keys_nor_pasted_text() {
        let paste = Input::of(Event::Paste("correct horse".into())).unwrap();
        assert_eq!(format!("{paste:?}"), "Paste(13 bytes)");
        let key = Input::Key(Key::plain(KeyCode::Char('p')));
        assert_eq!(format!("{key:?}"), "Key(…)");
    }
}
