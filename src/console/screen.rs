//! The one writer: a frame goes out in one piece, inside synchronized-update marks, and not at all when nothing changed.
//!
//! ratatui compares cells; this keeps it from sending resets and cursor moves for a frame without changes, so that an
//! idle console writes no byte. Frames may hold a token that is shown: their bytes are wiped once written.

use std::io::{self, Write};

use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use zeroize::Zeroize;

use super::encode::encode;

/// Begins a synchronized update (terminals without it ignore the mark).
const BEGIN: &[u8] = b"\x1b[?2026h";
/// Ends it.
const END: &[u8] = b"\x1b[?2026l";
/// Room for a whole frame of a large terminal, so that the buffer does not grow and leave a copy behind.
const ROOM: usize = 256 * 1024;

/// ratatui's backend over `W`, which gets one write a frame.
#[derive(Debug)]
pub struct Screen<W> {
    out: W,
    size: Size,
    frame: Vec<u8>,
    /// Where the cursor should be, when it should be seen.
    cursor: Option<Position>,
    /// Where the terminal shows it.
    shown: Option<Position>,
}

impl<W: Write> Screen<W> {
    /// A screen of `size` cells, its cursor hidden.
    pub fn new(out: W, size: Size) -> Self {
        Self {
            out,
            size,
            frame: Vec::with_capacity(ROOM),
            cursor: None,
            shown: None,
        }
    }

    /// The terminal has another size now.
    pub fn resize(&mut self, size: Size) {
        self.size = size;
    }

    /// Writes `bytes` as they are, at once: something for the terminal itself, between frames.
    ///
    /// # Errors
    /// The terminal cannot be written to.
    pub fn emit(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)?;
        self.out.flush()
    }

    /// What was written to.
    pub fn out(&self) -> &W {
        &self.out
    }
}

impl<W: Write> Backend for Screen<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut content = content.peekable();
        if content.peek().is_none() {
            return Ok(());
        }
        encode(&mut self.frame, content)
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.cursor = None;
        Ok(())
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(self.cursor.unwrap_or_default())
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.cursor = Some(position.into());
        Ok(())
    }

    fn clear(&mut self) -> io::Result<()> {
        self.clear_region(ClearType::All)
    }

    fn clear_region(&mut self, clear_type: ClearType) -> io::Result<()> {
        CrosstermBackend::new(&mut self.frame).clear_region(clear_type)
    }

    fn size(&self) -> io::Result<Size> {
        Ok(self.size)
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize {
            columns_rows: self.size,
            pixels: Size::ZERO,
        })
    }

    /// Sends the frame, if there is anything to send.
    fn flush(&mut self) -> io::Result<()> {
        if self.frame.is_empty() && self.cursor == self.shown {
            return Ok(());
        }
        let mut whole = Vec::with_capacity(self.frame.len() + 64);
        whole.extend_from_slice(BEGIN);
        whole.extend_from_slice(&self.frame);
        match (self.cursor, self.shown) {
            (Some(Position { x, y }), shown) => {
                write!(whole, "\x1b[{};{}H", y + 1, x + 1)?;
                if shown.is_none() {
                    whole.extend_from_slice(b"\x1b[?25h");
                }
            }
            (None, Some(_)) => whole.extend_from_slice(b"\x1b[?25l"),
            (None, None) => {}
        }
        whole.extend_from_slice(END);
        let written = self.out.write_all(&whole).and_then(|()| self.out.flush());
        self.shown = self.cursor;
        whole.zeroize();
        self.frame.zeroize();
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::Terminal;
    use ratatui::style::Style;

    use crate::console::theme::{Look, Palette, Theme};
    use crate::console::widgets::dialog::framed;
    use crate::console::widgets::table::{self, Column, Row, Window};
    use crate::domain::token::Status;

    fn terminal(width: u16, height: u16) -> Terminal<Screen<Vec<u8>>> {
        Terminal::new(Screen::new(Vec::new(), Size { width, height })).unwrap()
    }

    #[test]
    fn a_frame_without_changes_writes_nothing() {
        let mut terminal = terminal(80, 24);
        let frame = |frame: &mut ratatui::Frame<'_>| {
            frame.buffer_mut().set_string(1, 1, "abc", Style::new());
            frame.set_cursor_position((4, 1));
        };
        terminal.draw(frame).unwrap();
        let first = terminal.backend().out().len();
        assert!(first > 0);
        terminal.draw(frame).unwrap();
        assert_eq!(terminal.backend().out().len(), first);
    }

    #[test]
    fn a_frame_lies_between_its_marks_and_ends_with_the_cursor() {
        let mut terminal = terminal(10, 2);
        terminal
            .draw(|frame| {
                frame.buffer_mut().set_string(0, 0, "x", Style::new());
                frame.set_cursor_position((1, 0));
            })
            .unwrap();
        let out = String::from_utf8(terminal.backend().out().clone()).unwrap();
        assert!(
            out.starts_with("\x1b[?2026h") && out.ends_with("\x1b[1;2H\x1b[?25h\x1b[?2026l"),
            "{out:?}"
        );
        assert_eq!(out.matches("2026").count(), 2);
    }

    #[test]
    fn moving_the_selection_across_two_hundred_columns_leaves_room_for_the_detail_in_600_bytes() {
        for look in [
            Look::default(),
            Look {
                true_color: true,
                ..Look::default()
            },
            Look {
                palette: Palette::Plain,
                ..Look::default()
            },
        ] {
            let theme = Theme::new(look);
            let columns = [
                Column::new("NAME", 20).flexible(),
                Column::new("ENV", 6),
                Column::new("STATUS", 12),
                Column::new("EXPIRES", 12),
                Column::new("LAST USED", 12),
                Column::new("30 DAYS", 30),
            ];
            let row = Row {
                cells: vec![
                    ("payouts-prod".into(), theme.text),
                    ("prod".into(), theme.text),
                    ("expiring".into(), theme.status(Status::Expiring)),
                    ("in 3 d 4 h".into(), theme.warn),
                    ("12 s ago".into(), theme.dim),
                    (theme.glyphs.sparkline(&[1, 5, 9, 3, 2, 2, 9]), theme.text),
                ],
                marked: false,
            };
            let rows = vec![row; 47];
            let mut window = Window::default();
            window.fit(1000, 47);
            let mut terminal = terminal(200, 50);
            let mut draw = |selected| {
                window.select(selected);
                terminal
                    .draw(|frame| {
                        let inside = framed(frame, &theme, frame.area(), "API Tokens", theme.focus);
                        table::draw(frame, inside, &theme, &columns, &rows, &window);
                    })
                    .unwrap();
                terminal.backend().out().len()
            };
            let before = draw(10);
            let bytes = draw(11) - before;
            assert!(bytes <= 450, "{bytes} with {look:?}");
        }
    }
}
