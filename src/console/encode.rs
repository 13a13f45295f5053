//! Cells as bytes for the terminal, in as few as ECMA-48 allows every terminal to take.
//!
//! A link over SSH carries a row of 200 cells twice for each move of a selection. So a style is told by what changed
//! in it, the sixteen colours by their short codes, and a long gap is erased (ECH) instead of filled with spaces.
//! Places are absolute: terminals disagree about some characters' width.

use std::io::{self, Write};

use ratatui::buffer::Cell;
use ratatui::style::{Color, Modifier};

/// The shortest gap that is erased: what erasing and the move behind it take.
const GAP: u16 = 14;

/// Modifiers that are seen on a space.
const SEEN_ON_SPACES: Modifier = Modifier::REVERSED
    .union(Modifier::UNDERLINED)
    .union(Modifier::CROSSED_OUT);

/// Writes `cells`, which come row by row from left to right; the style is reset before and after.
///
/// # Errors
/// As `out`.
pub(crate) fn encode<'a>(
    out: &mut impl Write,
    cells: impl Iterator<Item = (u16, u16, &'a Cell)>,
) -> io::Result<()> {
    let mut encoder = Encoder {
        out,
        pen: Pen::default(),
        place: None,
        gap: None,
    };
    for (x, y, cell) in cells {
        if is_empty(cell) {
            encoder.extend_gap(x, y)?;
        } else {
            encoder.end_gap()?;
            encoder.print(x, y, cell)?;
        }
    }
    encoder.end_gap()?;
    encoder.change_pen(Pen::default())
}

/// Whether it is a space on the terminal's own background: its other colours cannot be seen.
fn is_empty(cell: &Cell) -> bool {
    cell.symbol() == " " && cell.bg == Color::Reset && !cell.modifier.intersects(SEEN_ON_SPACES)
}

/// What the terminal draws with.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Pen {
    foreground: Color,
    background: Color,
    underline: Color,
    modifier: Modifier,
}

impl Default for Pen {
    fn default() -> Self {
        Self {
            foreground: Color::Reset,
            background: Color::Reset,
            underline: Color::Reset,
            modifier: Modifier::empty(),
        }
    }
}

struct Encoder<'a, W> {
    out: &'a mut W,
    pen: Pen,
    /// The cell that the terminal's cursor is on, while that is certain.
    place: Option<(u16, u16)>,
    /// Empty cells that were not written yet: the first one, and how many.
    gap: Option<(u16, u16, u16)>,
}

impl<W: Write> Encoder<'_, W> {
    fn print(&mut self, x: u16, y: u16, cell: &Cell) -> io::Result<()> {
        self.go_to(x, y)?;
        self.change_pen(Pen {
            foreground: cell.fg,
            background: cell.bg,
            underline: cell.underline_color,
            modifier: cell.modifier,
        })?;
        self.out.write_all(cell.symbol().as_bytes())?;
        // Behind a wide character the next cell is not the next column: then the place is told anew.
        self.place = Some((x + 1, y));
        Ok(())
    }

    fn extend_gap(&mut self, x: u16, y: u16) -> io::Result<()> {
        if let Some((first, row, length)) = &mut self.gap
            && *row == y
            && *first + *length == x
        {
            *length += 1;
            return Ok(());
        }
        self.end_gap()?;
        self.gap = Some((x, y, 1));
        Ok(())
    }

    fn end_gap(&mut self) -> io::Result<()> {
        let Some((x, y, length)) = self.gap.take() else {
            return Ok(());
        };
        self.go_to(x, y)?;
        if self.pen.background != Color::Reset || self.pen.modifier.intersects(SEEN_ON_SPACES) {
            self.change_pen(Pen::default())?;
        }
        if length >= GAP {
            // Erasing leaves the cursor where it is.
            return write!(self.out, "\x1b[{length}X");
        }
        for _ in 0..length {
            self.out.write_all(b" ")?;
        }
        self.place = Some((x + length, y));
        Ok(())
    }

    fn go_to(&mut self, x: u16, y: u16) -> io::Result<()> {
        if self.place == Some((x, y)) {
            return Ok(());
        }
        self.place = Some((x, y));
        write!(self.out, "\x1b[{};{}H", y + 1, x + 1)
    }

    fn change_pen(&mut self, to: Pen) -> io::Result<()> {
        if self.pen == to {
            return Ok(());
        }
        if to == Pen::default() {
            self.pen = to;
            return self.out.write_all(b"\x1b[m");
        }
        let mut codes: Vec<String> = Vec::new();
        let mut from = self.pen;
        if !(from.modifier - to.modifier).is_empty() {
            // An empty code is 0: everything off. One modifier alone cannot be turned off everywhere.
            codes.push(String::new());
            from = Pen::default();
        }
        for modifier in (to.modifier - from.modifier).iter() {
            codes.push(modifier_code(modifier).to_string());
        }
        for (before, after, base) in [
            (from.foreground, to.foreground, 30),
            (from.background, to.background, 40),
            (from.underline, to.underline, 50),
        ] {
            if before != after {
                codes.push(color_code(after, base));
            }
        }
        self.pen = to;
        write!(self.out, "\x1b[{}m", codes.join(";"))
    }
}

fn modifier_code(modifier: Modifier) -> u8 {
    match modifier {
        Modifier::BOLD => 1,
        Modifier::DIM => 2,
        Modifier::ITALIC => 3,
        Modifier::UNDERLINED => 4,
        Modifier::SLOW_BLINK => 5,
        Modifier::RAPID_BLINK => 6,
        Modifier::REVERSED => 7,
        Modifier::HIDDEN => 8,
        _ => 9,
    }
}

/// The code for a colour of the foreground (`base` 30), the background (40) or the underline (50, no short codes).
fn color_code(color: Color, base: u8) -> String {
    let short = match color {
        Color::Reset => return (base + 9).to_string(),
        Color::Rgb(red, green, blue) => return format!("{};2;{red};{green};{blue}", base + 8),
        Color::Indexed(index) => return format!("{};5;{index}", base + 8),
        Color::Black => 0,
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 8,
        Color::LightRed => 9,
        Color::LightGreen => 10,
        Color::LightYellow => 11,
        Color::LightBlue => 12,
        Color::LightMagenta => 13,
        Color::LightCyan => 14,
        Color::White => 15,
    };
    match (base, short) {
        (50, index) => format!("58;5;{index}"),
        (base, 0..=7) => (base + short).to_string(),
        (base, bright) => (base + 52 + bright).to_string(),
    }
}

#[cfg(test)]
mod tests;
