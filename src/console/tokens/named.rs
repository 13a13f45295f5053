//! The tokens that an act is about, by name: people tell them by that, and some of the marked ones may not be on screen.
//!
//! Marks outlive a filter. Whether the list as it is filtered shows them all is read from the rows that are held; where
//! those are not enough, the service is asked for the list, page by page, until each of them was seen or the list ends.

use std::collections::BTreeSet;

use ratatui::text::{Line, Span};

use crate::console::app::Desk;
use crate::console::theme::Theme;
use crate::console::widgets::fitted;
use crate::domain::id::TokenId;
use crate::domain::text::TokenName;
use crate::service::request::{Request, TokenQuery};
use crate::service::response::{TokenPage, TokenRow};
use crate::service::{Error, Response};

use super::Tag;
use super::list::List;

/// The rows of a page: the service answers no more at once.
const PAGE: usize = 10_000;
/// The most lines of names.
const LINES: usize = 2;

/// A token and what people call it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    pub(super) id: TokenId,
    pub(super) name: TokenName,
}

impl From<&TokenRow> for Named {
    fn from(row: &TokenRow) -> Self {
        Self {
            id: row.id,
            name: row.name.clone(),
        }
    }
}

/// The marked tokens, and which of them the list does not show.
#[derive(Debug)]
pub(super) struct Marked {
    /// By name.
    tokens: Vec<Named>,
    /// Those that were not seen in the list.
    unseen: BTreeSet<TokenId>,
    /// The next page to look through; `None` when it is known.
    next: Option<TokenQuery>,
    /// Whether looking failed.
    failed: bool,
}

impl Marked {
    /// The marked ones of `list`.
    pub(super) fn new(list: &List) -> Self {
        let mark = |(id, name): (&TokenId, &TokenName)| Named {
            id: *id,
            name: name.clone(),
        };
        let mut tokens: Vec<_> = list.marks.iter().map(mark).collect();
        tokens.sort_by(|one, other| one.name.as_str().cmp(other.name.as_str()));
        let mut marked = Self {
            unseen: list.marks.keys().copied().collect(),
            tokens,
            next: None,
            failed: false,
        };
        let page = list.held.page();
        marked.see(page);
        if !marked.unseen.is_empty() && page.rows.len() < page.matching {
            marked.next = Some(TokenQuery {
                offset: 0,
                limit: PAGE,
                ..list.query.clone()
            });
        }
        marked
    }

    pub(super) fn tokens(&self) -> &[Named] {
        &self.tokens
    }

    /// Whether it is not known yet which of them the list shows.
    pub(super) const fn is_looking(&self) -> bool {
        self.next.is_some()
    }

    /// Asks for what is to be looked through next.
    pub(super) fn ask(&self, desk: &mut Desk<'_>) {
        if let Some(next) = &self.next {
            let query = TokenQuery {
                organization: desk.facts.current.clone(),
                ..next.clone()
            };
            desk.ask(Tag::Shown.into(), Request::ListTokens(query));
        }
    }

    /// Looks through the answer, and asks for the next page where there is one.
    pub(super) fn take(&mut self, result: Result<Response, Error>, desk: &mut Desk<'_>) {
        let Ok(Response::Tokens(page)) = result else {
            self.next = None;
            self.failed = true;
            return;
        };
        self.see(&page);
        let end = page.offset + page.rows.len();
        if self.unseen.is_empty() || page.rows.is_empty() || end >= page.matching {
            self.next = None;
        } else if let Some(next) = self.next.as_mut().filter(|next| next.offset == page.offset) {
            next.offset = end;
            self.ask(desk);
        }
    }

    fn see(&mut self, page: &TokenPage) {
        for row in &page.rows {
            self.unseen.remove(&row.id);
        }
    }

    /// Their names, and a warning where some of them are not in the list; in lines of `width` cells.
    pub(super) fn lines<'a>(&self, width: u16, theme: &Theme) -> Vec<Line<'a>> {
        let width = usize::from(width);
        let names: Vec<_> = self.tokens.iter().map(|token| token.name.as_str()).collect();
        let mut lines: Vec<_> = listed(&names, width, theme)
            .into_iter()
            .map(|line| Line::styled(line, theme.title))
            .collect();
        if !self.unseen.is_empty() && !self.is_looking() {
            lines.push(Line::styled(self.warning(width, theme), theme.warn));
        }
        lines.push(Line::default());
        lines
    }

    /// `▲ 2 of them are not in the list as it is filtered: a, b`.
    fn warning(&self, width: usize, theme: &Theme) -> String {
        let verb = match (self.failed, self.unseen.len()) {
            (true, _) => "may not be",
            (false, 1) => "is not",
            (false, _) => "are not",
        };
        let unseen = self.tokens.iter().filter(|token| self.unseen.contains(&token.id));
        let names: Vec<_> = unseen.map(|token| token.name.as_str()).collect();
        let text = format!(
            "{} {} of them {verb} in the list as it is filtered: {}",
            theme.glyphs.warn,
            names.len(),
            names.join(", ")
        );
        fitted(&text, width, theme)
    }
}

/// As many of `names` as fit in two lines of `width` cells, and how many more there are.
fn listed(names: &[&str], width: usize, theme: &Theme) -> Vec<String> {
    for shown in (1..=names.len()).rev() {
        // A line of that many names would be too long by far: do not even try.
        if shown > LINES * width.max(1) {
            continue;
        }
        let mut words: Vec<String> = names[..shown]
            .iter()
            .enumerate()
            .map(|(at, name)| {
                if at + 1 < shown {
                    format!("{name},")
                } else {
                    (*name).to_owned()
                }
            })
            .collect();
        if shown < names.len() {
            words.push(format!("and {} more", names.len() - shown));
        }
        let lines = wrapped(&words, width);
        if lines.len() <= LINES || shown == 1 {
            let lines = lines.into_iter().take(LINES);
            return lines.map(|line| fitted(&line, width, theme)).collect();
        }
    }
    Vec::new()
}

/// Fills lines of `width` cells with whole words.
fn wrapped(words: &[String], width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        match lines.last_mut() {
            Some(line) if Span::raw(line.as_str()).width() + 1 + Span::raw(word).width() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.clone()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::theme::Look;

    #[test]
    fn as_many_names_stand_there_as_fit_in_two_lines() {
        let theme = Theme::new(Look::default());
        let listed = |names: &[&str], width| listed(names, width, &theme);
        assert_eq!(listed(&["a"], 20), ["a"]);
        assert_eq!(listed(&["one", "two", "three"], 9), ["one, two,", "three"]);
        assert_eq!(
            listed(&["one", "two", "three", "four", "five"], 12),
            ["one, two", "and 3 more"]
        );
        let many = vec!["checkout-prod"; 10_000];
        let lines = listed(&many, 76);
        assert_eq!(lines.len(), 2);
        assert!(lines[1].ends_with("and 9991 more"), "{lines:?}");
    }
}
