//! What a command prints: a table on a terminal, tab-separated lines without one, one line of JSON with `--json`.
//!
//! Answers go to standard output, notes and errors to standard error (errors as JSON too with `--json`). Whatever was
//! stored is escaped on its way out; tab-separated lines have no heading, and neither has `--quiet`.

use std::io::{self, IsTerminal as _, Write};

use serde::Serialize;
use serde_json::ser::{CharEscape, Formatter};
use unicode_width::UnicodeWidthStr as _;

use super::failure::{ErrorShape, Failure};
use crate::domain::text::{escape, is_unprintable};
use crate::service::{Code, Error};

/// Where a command prints to.
pub struct Output {
    /// One line of JSON instead of text.
    pub json: bool,
    /// Only the answer itself, nothing beside it.
    pub quiet: bool,
    /// Whether a person reads it.
    pub is_terminal: bool,
}

impl Output {
    /// Output as the arguments ask for it.
    pub fn new(json: bool, quiet: bool) -> Self {
        Self {
            json,
            quiet,
            is_terminal: io::stdout().is_terminal(),
        }
    }

    /// Whether somebody sits there who could use the console instead.
    #[must_use]
    pub fn is_interactive(&self) -> bool {
        self.is_terminal && !self.json && !self.quiet && io::stdin().is_terminal()
    }

    /// Rows under headings; with `--quiet` only the first column.
    pub fn table(&self, headings: &[&str], rows: &[Vec<String>]) -> Result<(), Failure> {
        let mut text = String::new();
        if self.quiet {
            rows.iter()
                .filter_map(|row| row.first())
                .for_each(|cell| push_line(&mut text, &[escape(cell)], "\t"));
        } else if self.is_terminal {
            align(&mut text, headings, rows);
        } else {
            for row in rows {
                let cells: Vec<_> = row.iter().map(|cell| escape(cell)).collect();
                push_line(&mut text, &cells, "\t");
            }
        }
        self.text(&text)
    }

    /// Facts with their names.
    pub(super) fn facts(&self, facts: &[(&str, String)]) -> Result<(), Failure> {
        let facts: Vec<(&str, &str)> = facts
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        self.text(&self.lines(&facts))
    }

    /// The lines of facts, made in one piece: a secret among them leaves no copies behind.
    pub(super) fn lines(&self, facts: &[(&str, &str)]) -> String {
        let width = facts.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        let room = |(_, value): &(&str, &str)| width + 3 + escape(value).len();
        let mut text = String::with_capacity(facts.iter().map(room).sum());
        for (name, value) in facts {
            text.push_str(name);
            if self.is_terminal {
                text.extend(std::iter::repeat_n(' ', width - name.len() + 2));
            } else {
                text.push('\t');
            }
            text.push_str(&escape(value));
            text.push('\n');
        }
        text
    }

    /// A value as one line of JSON.
    pub fn json(&self, value: &impl Serialize) -> Result<(), Failure> {
        let line = to_json(value)?;
        self.text(&line)
    }

    /// That something was done, where there is nothing else to say.
    pub fn done(&self, sentence: &str) -> Result<(), Failure> {
        if self.json {
            return self.json(&serde_json::json!({ "done": true }));
        }
        self.note(sentence);
        Ok(())
    }

    /// Text that is harmless already. That a reader stopped reading is no failure.
    pub fn text(&self, text: &str) -> Result<(), Failure> {
        self.stream(text).map(drop)
    }

    /// A part of an answer that goes on; false when nobody reads it any more.
    pub(super) fn stream(&self, text: &str) -> Result<bool, Failure> {
        match write_out(text.as_bytes()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
            Err(error) => Err(unwritable(&error)),
            Ok(()) => Ok(true),
        }
    }

    /// One row of an answer that goes on, where no column knows its width.
    pub(super) fn line(&self, cells: &[String]) -> String {
        let mut text = String::new();
        let cells: Vec<_> = cells.iter().map(|cell| escape(cell)).collect();
        if self.quiet {
            push_line(&mut text, &cells[..cells.len().min(1)], "");
        } else {
            push_line(&mut text, &cells, if self.is_terminal { "  " } else { "\t" });
        }
        text
    }

    /// Something beside the answer, for people.
    pub fn note(&self, sentence: &str) {
        if !self.quiet && !self.json {
            // There is nobody to tell that nobody can be told.
            let _ = writeln!(io::stderr(), "{}", escape(sentence));
        }
    }
}

fn unwritable(error: &io::Error) -> Failure {
    Failure::io(
        format!("standard output cannot be written: {error}"),
        "what the command did is done; look at it again",
    )
}

/// Writes to standard output until it is out of our hands.
///
/// # Errors
/// It could not be written whole.
pub(super) fn write_out(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}

/// Says on standard error what happened and what to do.
pub fn report(json: bool, error: &Error) {
    let text = match to_json(&ErrorShape { error }) {
        Ok(line) if json => line,
        _ if error.hint.is_empty() => format!("strongroom: {}\n", escape(&error.message)),
        _ => format!(
            "strongroom: {}\n  {}\n",
            escape(&error.message),
            escape(&error.hint)
        ),
    };
    // There is nobody to tell that nobody can be told.
    let _ = io::stderr().write_all(text.as_bytes());
}

/// One line of JSON in which no character can drive a terminal.
pub(super) fn to_json(value: &impl Serialize) -> Result<String, Failure> {
    // Room for any answer that holds a secret: a growing buffer would leave copies of it behind.
    let mut bytes = Vec::with_capacity(16 * 1024);
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, Harmless);
    let fault = |what: String| {
        Error::new(
            Code::Internal,
            format!("the answer cannot be written as JSON: {what}"),
            "leave --json out",
        )
    };
    value
        .serialize(&mut serializer)
        .map_err(|error| fault(error.to_string()))?;
    bytes.push(b'\n');
    String::from_utf8(bytes).map_err(|error| fault(error.utf8_error().to_string()).into())
}

/// Compact, and every unprintable character as `\uXXXX`.
struct Harmless;

impl Formatter for Harmless {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut units = [0; 2];
        for part in fragment.split_inclusive(is_unprintable) {
            let plain = part.trim_end_matches(is_unprintable);
            writer.write_all(plain.as_bytes())?;
            for character in part[plain.len()..].chars() {
                for unit in character.encode_utf16(&mut units) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            }
        }
        Ok(())
    }

    fn write_char_escape<W: ?Sized + Write>(&mut self, writer: &mut W, escape: CharEscape) -> io::Result<()> {
        serde_json::ser::CompactFormatter.write_char_escape(writer, escape)
    }
}

fn align(text: &mut String, headings: &[&str], rows: &[Vec<String>]) {
    let headings: Vec<String> = headings.iter().map(|heading| (*heading).to_owned()).collect();
    let lines: Vec<Vec<_>> = std::iter::once(&headings)
        .chain(rows)
        .map(|row| row.iter().map(|cell| escape(cell)).collect())
        .collect();
    let width = |column: usize| {
        lines
            .iter()
            .filter_map(|line| line.get(column))
            .map(|cell| cell.width())
            .max()
    };
    let widths: Vec<usize> = (0..headings.len())
        .map(|column| width(column).unwrap_or(0))
        .collect();
    for line in &lines {
        let mut shown = String::new();
        for (cell, width) in line.iter().zip(&widths) {
            shown.push_str(cell);
            shown.push_str(&" ".repeat(width.saturating_sub(cell.width()) + 2));
        }
        text.push_str(shown.trim_end());
        text.push('\n');
    }
}

fn push_line(text: &mut String, cells: &[impl AsRef<str>], gap: &str) {
    for (place, cell) in cells.iter().enumerate() {
        if place > 0 {
            text.push_str(gap);
        }
        text.push_str(cell.as_ref());
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_stays_json_and_drives_no_terminal() {
        let text = "a\u{1b}[2J\u{202e}b\u{e0001} \"q\" é";
        let line = to_json(&text).unwrap();
        assert_eq!(line, "\"a\\u001b[2J\\u202eb\\udb40\\udc01 \\\"q\\\" é\"\n");
        assert_eq!(serde_json::from_str::<String>(&line).unwrap(), text);
    }

    #[test]
    fn columns_stand_under_their_headings_also_with_wide_characters() {
        let mut text = String::new();
        align(
            &mut text,
            &["NAME", "ENV"],
            &[
                vec!["支付".into(), "prod".into()],
                vec!["a\u{1b}".into(), "x".into()],
            ],
        );
        assert_eq!(text, "NAME     ENV\n支付     prod\na\\u{1b}  x\n");
    }
}
