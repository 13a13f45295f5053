//! A page as blocks of plain text, for a terminal: Markdown's marks are gone, and what they meant is said by the block.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// A piece of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// A heading, of the page itself or below it.
    Heading(String),
    /// A paragraph.
    Paragraph(String),
    /// An item of a list, after its bullet or number.
    Item(String, String),
    /// Lines to be shown as they are.
    Code(Vec<String>),
    /// The cells of a table's row, each but the first after its column's head; those that are empty are left out.
    Row(Vec<String>),
}

/// Reads a page.
#[must_use]
pub fn blocks(markdown: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut text = String::new();
    let mut cells: Vec<String> = Vec::new();
    let mut heads: Vec<String> = Vec::new();
    let mut number: Option<u64> = None;
    let mut in_item = false;
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES) {
        match event {
            Event::Text(part) | Event::Code(part) => text.push_str(&part),
            Event::SoftBreak | Event::HardBreak => text.push(' '),
            Event::Start(Tag::List(first)) => number = first,
            Event::Start(Tag::Item) => in_item = true,
            Event::End(TagEnd::Heading(_)) => blocks.push(Block::Heading(std::mem::take(&mut text))),
            Event::End(TagEnd::Paragraph) if !in_item => {
                blocks.push(Block::Paragraph(std::mem::take(&mut text)))
            }
            Event::End(TagEnd::Item) => {
                let bullet = number.map_or_else(|| "-".to_owned(), |number| format!("{number}."));
                number = number.map(|number| number + 1);
                blocks.push(Block::Item(bullet, std::mem::take(&mut text)));
                in_item = false;
            }
            Event::End(TagEnd::CodeBlock) => {
                let lines = text.lines().map(str::to_owned).collect();
                blocks.push(Block::Code(lines));
                text.clear();
            }
            Event::End(TagEnd::TableCell) => cells.push(std::mem::take(&mut text)),
            Event::End(TagEnd::TableHead) => heads = std::mem::take(&mut cells),
            Event::End(TagEnd::TableRow) => blocks.push(row(&heads, std::mem::take(&mut cells))),
            _ => {}
        }
    }
    blocks
}

fn row(heads: &[String], cells: Vec<String>) -> Block {
    let mut shown = Vec::new();
    for (place, cell) in cells.into_iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
        match heads.get(place).filter(|head| place > 0 && !head.is_empty()) {
            Some(head) => shown.push(format!("{head}: {cell}")),
            None => shown.push(cell),
        }
    }
    Block::Row(shown)
}
