//! A field for one line of text, shown or masked.
//!
//! What is typed lies in one buffer that never moves and is wiped when it is taken, cleared or dropped, whether masked
//! or not: people type passwords into the wrong field too. Characters that a terminal would not show as they are, and
//! pastes that do not fit, are refused whole rather than cut.

use std::fmt;

use crossterm::event::KeyCode;
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};
use zeroize::{Zeroize, Zeroizing};

use crate::console::key::Key;
use crate::console::theme::Theme;
use crate::domain::secret::Secret;
use crate::domain::text::is_unprintable;

/// A line that people edit.
pub struct Field {
    text: Zeroizing<String>,
    /// A place between characters, in bytes from the beginning.
    cursor: usize,
    /// The most characters it takes.
    max: usize,
    masked: bool,
}

/// Why something was not taken into a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// It would have more characters than `max`.
    TooLong {
        /// The most that it takes.
        max: usize,
    },
    /// It holds a character that a terminal would not show as it is, such as a line break.
    Unprintable {
        /// That character.
        character: char,
    },
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { max } => write!(f, "nothing was taken: {max} characters are the most"),
            Self::Unprintable {
                character: '\n' | '\r',
            } => f.write_str("nothing was taken: it has several lines"),
            Self::Unprintable { character } => {
                write!(
                    f,
                    "nothing was taken: it holds the character U+{:04X}",
                    u32::from(*character)
                )
            }
        }
    }
}

impl Field {
    /// An empty field for up to `max` characters.
    #[must_use]
    pub fn new(max: usize) -> Self {
        Self {
            // Four bytes are the longest character: typing never makes the buffer grow and leave a copy behind.
            text: Zeroizing::new(String::with_capacity(max.saturating_mul(4))),
            cursor: 0,
            max,
            masked: false,
        }
    }

    /// An empty field that shows none of its characters.
    #[must_use]
    pub fn masked(max: usize) -> Self {
        Self {
            masked: true,
            ..Self::new(max)
        }
    }

    /// The field with `text` in it, as far as it is accepted, the cursor behind it.
    #[must_use]
    pub fn with_text(mut self, text: &str) -> Self {
        // A suggestion that does not fit is none.
        let _ = self.insert(text);
        self
    }

    /// What was typed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether nothing was typed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Takes what was typed out of the field, which is empty and wiped after it.
    #[must_use]
    pub fn take_secret(&mut self) -> Secret {
        let secret = Secret::new(self.text.as_bytes().to_vec());
        self.clear();
        secret
    }

    /// Wipes the text.
    pub fn clear(&mut self) {
        self.text.zeroize();
        self.cursor = 0;
    }

    /// Puts `text` in the place of what was there.
    ///
    /// # Errors
    /// As [`Field::paste`]; the field is empty then.
    pub fn replace(&mut self, text: &str) -> Result<(), Refused> {
        self.clear();
        self.insert(text)
    }

    /// Lets a key edit the text: characters, arrows, home, end, backspace, delete, ctrl-u (wipes), ctrl-w (the word
    /// before), ctrl-a and ctrl-e (the ends).
    ///
    /// # Errors
    /// The character was refused.
    pub fn press(&mut self, key: Key) -> Result<Pressed, Refused> {
        if let Some(character) = key.typed() {
            let mut bytes = [0; 4];
            return self
                .insert(character.encode_utf8(&mut bytes))
                .map(|()| Pressed::Changed);
        }
        let before = self.text.len();
        match key.to_string().as_str() {
            "ctrl-u" => self.clear(),
            "ctrl-w" => self.remove(self.word_before()..self.cursor),
            "ctrl-a" => self.cursor = 0,
            "ctrl-e" => self.cursor = self.text.len(),
            _ => match key.code() {
                KeyCode::Left => self.cursor = self.step_left(),
                KeyCode::Right => self.cursor = self.step_right(),
                KeyCode::Home => self.cursor = 0,
                KeyCode::End => self.cursor = self.text.len(),
                KeyCode::Backspace => self.remove(self.step_left()..self.cursor),
                KeyCode::Delete => self.remove(self.cursor..self.step_right()),
                _ => return Ok(Pressed::Ignored),
            },
        }
        Ok(if self.text.len() == before {
            Pressed::Moved
        } else {
            Pressed::Changed
        })
    }

    /// Takes a paste at the cursor, without the line break and spaces that copying often leaves at the ends.
    ///
    /// # Errors
    /// It does not fit, or holds a character that is refused; nothing was taken.
    pub fn paste(&mut self, text: &str) -> Result<(), Refused> {
        self.insert(text.trim_matches([' ', '\t', '\r', '\n']))
    }

    fn insert(&mut self, text: &str) -> Result<(), Refused> {
        if let Some(character) = text.chars().find(|&character| is_unprintable(character)) {
            return Err(Refused::Unprintable { character });
        }
        if self.text.chars().count() + text.chars().count() > self.max {
            return Err(Refused::TooLong { max: self.max });
        }
        self.text.insert_str(self.cursor, text);
        self.cursor += text.len();
        Ok(())
    }

    fn remove(&mut self, range: std::ops::Range<usize>) {
        // The tail is moved over the gap, and what is left behind the end would stay in memory: write zeros first.
        let mut tail = Zeroizing::new(String::with_capacity(self.text.len()));
        tail.push_str(&self.text[range.end..]);
        let mut head = Zeroizing::new(String::with_capacity(self.text.len()));
        head.push_str(&self.text[..range.start]);
        self.text.zeroize();
        self.text.push_str(&head);
        self.text.push_str(&tail);
        self.cursor = range.start;
    }

    fn step_left(&self) -> usize {
        self.text[..self.cursor]
            .char_indices()
            .next_back()
            .map_or(0, |(at, _)| at)
    }

    fn step_right(&self) -> usize {
        self.text[self.cursor..]
            .chars()
            .next()
            .map_or(self.cursor, |c| self.cursor + c.len_utf8())
    }

    fn word_before(&self) -> usize {
        let before = self.text[..self.cursor].trim_end_matches(' ');
        before.rfind(' ').map_or(0, |at| at + 1)
    }

    /// Draws the field into `area`'s first row; with the focus it also places the terminal's cursor.
    pub fn draw(&self, frame: &mut Frame<'_>, area: Rect, theme: &Theme, focused: bool, placeholder: &str) {
        let width = usize::from(area.width);
        if width == 0 || area.height == 0 {
            return;
        }
        let style = if focused { theme.field_focus } else { theme.field };
        let buffer = frame.buffer_mut();
        buffer.set_style(Rect { height: 1, ..area }, style);
        if self.is_empty() {
            buffer.set_stringn(area.x, area.y, placeholder, width, theme.placeholder);
        }
        let column = self.draw_text(frame, area, theme, style);
        if focused {
            frame.set_cursor_position(Position::new(area.x + column, area.y));
        }
    }

    /// Draws the part around the cursor; gives the cursor's column.
    fn draw_text(&self, frame: &mut Frame<'_>, area: Rect, theme: &Theme, style: Style) -> u16 {
        let cells = |character: char| {
            if self.masked {
                1
            } else {
                character.width().unwrap_or(0)
            }
        };
        let before = if self.masked {
            self.text[..self.cursor].chars().count()
        } else {
            self.text[..self.cursor].width()
        };
        // One cell stays free for the cursor behind the end.
        let mut hidden = before.saturating_sub(usize::from(area.width) - 1);
        let mut left = 0;
        let mut column = 0u16;
        for character in self.text.chars() {
            let wide = cells(character);
            if hidden > 0 {
                hidden = hidden.saturating_sub(wide.max(1));
                left += wide;
                continue;
            }
            if usize::from(column) + wide > usize::from(area.width) {
                break;
            }
            let mut bytes = [0; 4];
            let symbol = if self.masked {
                theme.glyphs.mask
            } else {
                character.encode_utf8(&mut bytes)
            };
            if wide == 0 {
                // A combining mark belongs to the cell before it.
                if let Some(cell) = column
                    .checked_sub(1)
                    .and_then(|c| frame.buffer_mut().cell_mut((area.x + c, area.y)))
                {
                    let whole = format!("{}{symbol}", cell.symbol());
                    cell.set_symbol(&whole);
                }
                continue;
            }
            frame
                .buffer_mut()
                .set_stringn(area.x + column, area.y, symbol, wide, style);
            column += u16::try_from(wide).unwrap_or(0);
        }
        u16::try_from(before - left.min(before))
            .unwrap_or(0)
            .min(area.width - 1)
    }
}

/// What a key did to a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pressed {
    /// The text is another.
    Changed,
    /// Only the cursor moved, if anything.
    Moved,
    /// The key is none of the field's.
    Ignored,
}

/// Never shows what was typed.
impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Field({} bytes)", self.text.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::theme::Look;
    use crate::console::widgets::drawn;

    fn type_into(field: &mut Field, keys: &[&str]) {
        for key in keys {
            field.press(key.parse().unwrap()).unwrap();
        }
    }

    fn line(field: &Field, width: u16) -> String {
        let theme = Theme::new(Look::default());
        drawn(width, 1, |frame| {
            field.draw(frame, frame.area(), &theme, true, "name")
        })
    }

    #[test]
    fn text_is_edited_where_the_cursor_is() {
        let mut field = Field::new(20);
        type_into(
            &mut field,
            &[
                "a",
                "ü",
                "支",
                "left",
                "left",
                "X",
                "end",
                "space",
                "home",
                "delete",
                "right",
                "backspace",
            ],
        );
        assert_eq!(field.text(), "ü支 ");
        type_into(&mut field, &["end", "o", "k", "ctrl-w"]);
        assert_eq!(field.text(), "ü支 ");
        type_into(&mut field, &["ctrl-u"]);
        assert!(field.is_empty());
    }

    #[test]
    fn what_is_too_long_or_drives_a_terminal_is_refused_whole() {
        let mut field = Field::new(5).with_text("abc");
        assert_eq!(field.paste("def"), Err(Refused::TooLong { max: 5 }));
        assert_eq!(
            field.paste("d\u{1b}"),
            Err(Refused::Unprintable { character: '\u{1b}' })
        );
        assert_eq!(field.paste("d\ne"), Err(Refused::Unprintable { character: '\n' }));
        assert_eq!(field.text(), "abc");
        assert_eq!(field.paste("de\r\n"), Ok(()));
        assert_eq!(field.text(), "abcde");
    }

    #[test]
    fn a_masked_field_shows_none_of_its_characters() {
        let field = Field::masked(20).with_text("secret支");
        assert_eq!(line(&field, 20), "•••••••");
        assert_eq!(format!("{field:?}"), "Field(9 bytes)");
    }

    #[test]
    fn what_is_taken_leaves_the_field_empty() {
        let mut field = Field::masked(20).with_text("hunter2");
        assert_eq!(field.take_secret().expose(), b"hunter2");
        assert!(field.is_empty());
        assert_eq!(line(&field, 20), "name");
    }

    #[test]
    fn a_long_text_scrolls_with_its_cursor() {
        let mut field = Field::new(40).with_text("abcdefghij");
        assert_eq!(line(&field, 5), "ghij");
        type_into(&mut field, &["home"]);
        assert_eq!(line(&field, 5), "abcde");
        let wide = Field::new(40).with_text("支付支付");
        assert_eq!(
            line(&wide, 5).chars().filter(|c| *c != ' ').collect::<String>(),
            "支付"
        );
    }

    #[test]
    fn typing_never_moves_the_buffer() {
        let mut field = Field::new(64);
        let before = field.text.as_ptr();
        for _ in 0..64 {
            field.insert("支").unwrap();
        }
        type_into(&mut field, &["backspace", "home", "delete"]);
        assert_eq!(field.text.as_ptr(), before);
    }
}
