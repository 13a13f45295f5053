//! A page's text in rows as wide as there is room.

use crate::console::widgets::wrapped;
use crate::domain::text::escape;
use crate::guide::{Block, blocks};

/// The widest row of prose that reads well.
const PROSE: usize = 96;
/// How far a table's other cells are indented below the first.
const INDENT: &str = "  ";

/// What a row is a part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A heading.
    Heading,
    /// Prose.
    Text,
    /// A program, or what is to be typed.
    Code,
    /// The first cell of a table's row.
    First,
}

/// The rows of a page, `width` cells at most.
pub(super) fn rows(markdown: &str, width: usize) -> Vec<(Kind, String)> {
    let prose = width.min(PROSE);
    let mut rows: Vec<(Kind, String)> = Vec::new();
    let mut before = None;
    for block in blocks(markdown) {
        let kind = std::mem::discriminant(&block);
        let goes_on = before == Some(kind) && matches!(block, Block::Item(..) | Block::Row(_));
        if !rows.is_empty() && !goes_on {
            rows.push((Kind::Text, String::new()));
        }
        before = Some(kind);
        match block {
            Block::Heading(text) => rows.push((Kind::Heading, escape(&text).into_owned())),
            Block::Paragraph(text) => rows.extend(prose_rows("", "", &text, prose)),
            Block::Item(bullet, text) => {
                let hanging = " ".repeat(bullet.len() + 1);
                rows.extend(prose_rows(&format!("{bullet} "), &hanging, &text, prose));
            }
            Block::Code(lines) => {
                let pieces = lines.iter().flat_map(|line| pieces(line, width));
                rows.extend(pieces.map(|piece| (Kind::Code, piece)));
            }
            Block::Row(cells) => {
                let mut cells = cells.iter();
                let first = cells.next().map_or("", String::as_str);
                let firsts = prose_rows("", "", first, prose).map(|(_, text)| (Kind::First, text));
                rows.extend(firsts);
                for cell in cells {
                    rows.extend(prose_rows(INDENT, INDENT, cell, prose));
                }
            }
        }
    }
    rows
}

fn prose_rows(
    first: &str,
    others: &str,
    text: &str,
    width: usize,
) -> impl Iterator<Item = (Kind, String)> + use<> {
    let room = width.saturating_sub(others.len());
    let begins = [first.to_owned(), others.to_owned()];
    let rows = wrapped(&escape(text), room).into_iter().enumerate();
    rows.map(move |(number, row)| (Kind::Text, format!("{}{row}", begins[number.min(1)])))
}

/// A line of a program, in pieces where it is longer than there is room.
fn pieces(line: &str, width: usize) -> Vec<String> {
    let characters: Vec<char> = escape(line).chars().collect();
    if characters.is_empty() {
        return vec![String::new()];
    }
    characters
        .chunks(width.max(1))
        .map(|piece| piece.iter().collect())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_is_wrapped_and_programs_keep_their_spaces() {
        let text = "## A\n\n- one two three\n- four\n\n```sh\n    if x; then y; fi\n```\n\n| h | |\n| --- | --- |\n| Passwords | encrypt |\n";
        let shown: Vec<(Kind, String)> = rows(text, 12);
        let expected = [
            (Kind::Heading, "A"),
            (Kind::Text, ""),
            (Kind::Text, "- one two"),
            (Kind::Text, "  three"),
            (Kind::Text, "- four"),
            (Kind::Text, ""),
            (Kind::Code, "    if x; th"),
            (Kind::Code, "en y; fi"),
            (Kind::Text, ""),
            (Kind::First, "Passwords"),
            (Kind::Text, "  encrypt"),
        ];
        let shown: Vec<(Kind, &str)> = shown.iter().map(|(kind, text)| (*kind, text.as_str())).collect();
        assert_eq!(shown, expected);
    }
}
