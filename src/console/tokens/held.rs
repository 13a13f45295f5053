//! The rows that the model holds: a page-aligned window of the list around what is on screen.
//!
//! A window is two pages long. The next one is wanted when the screen comes closer than a quarter of a page to its
//! edge, and begins so that the screen lies well inside: moving to and fro does not ask twice.

use std::ops::Range;

use crate::domain::id::TokenId;
use crate::service::response::{TokenPage, TokenRow};

/// The least rows of a page; more where the screen is higher.
const PAGE: usize = 100;

/// Rows of the list from an offset on.
#[derive(Debug, Default)]
pub(super) struct Held {
    page: TokenPage,
}

impl Held {
    /// Holds what was answered.
    pub(super) fn take(&mut self, page: TokenPage) {
        self.page = page;
    }

    /// What was answered last.
    pub(super) const fn page(&self) -> &TokenPage {
        &self.page
    }

    /// The row at a place in the list, if it is held.
    pub(super) fn at(&self, place: usize) -> Option<&TokenRow> {
        self.page.rows.get(place.checked_sub(self.page.offset)?)
    }

    /// Where a token is in the list, if it is held.
    pub(super) fn place_of(&self, token: TokenId) -> Option<usize> {
        let place = self.page.rows.iter().position(|row| row.id == token)?;
        Some(self.page.offset + place)
    }

    /// All of `range`, if it is held.
    pub(super) fn all(&self, range: Range<usize>) -> Option<&[TokenRow]> {
        let begin = range.start.checked_sub(self.page.offset)?;
        self.page
            .rows
            .get(begin..range.end.checked_sub(self.page.offset)?)
    }

    /// Whether `screen` comes too close to an edge that is not the list's own.
    pub(super) fn is_short_for(&self, screen: &Range<usize>) -> bool {
        let margin = page_of(screen) / 4;
        let (begin, end) = (self.page.offset, self.page.offset + self.page.rows.len());
        let above = begin > 0 && screen.start < begin + margin;
        let below = end < self.page.matching && screen.end + margin > end;
        above || below
    }
}

/// The window to hold for what is on screen.
pub(super) fn around(screen: &Range<usize>) -> Range<usize> {
    let page = page_of(screen);
    let begin = screen.start.saturating_sub(page / 4) / page * page;
    begin..begin + 2 * page
}

fn page_of(screen: &Range<usize>) -> usize {
    PAGE.max(4 * screen.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(offset: usize, rows: usize, matching: usize) -> Held {
        let row = crate::console::tokens::tests::rows::row("a", 1);
        Held {
            page: TokenPage {
                rows: vec![row; rows],
                offset,
                matching,
                counts: Default::default(),
            },
        }
    }

    #[test]
    fn a_step_inside_asks_nothing_and_a_step_to_the_edge_does() {
        let held = held(100, 200, 1_000_000);
        assert!(!held.is_short_for(&(125..145)));
        assert!(held.is_short_for(&(124..144)));
        assert!(!held.is_short_for(&(255..275)));
        assert!(held.is_short_for(&(256..276)));
    }

    #[test]
    fn the_list_s_own_ends_are_no_edges() {
        assert!(!held(0, 30, 30).is_short_for(&(0..20)));
        assert!(!held(0, 200, 250).is_short_for(&(0..20)));
        assert!(!held(100, 150, 250).is_short_for(&(230..250)));
    }

    #[test]
    fn what_was_asked_for_is_never_short_itself() {
        for start in [0, 1, 49, 50, 99, 130, 149, 150, 151, 999_980] {
            for height in [1, 18, 50, 77, 300] {
                let screen = start..start + height;
                let window = around(&screen);
                let held = held(window.start, window.len(), 10_000_000);
                assert!(!held.is_short_for(&screen), "{screen:?} in {window:?}");
            }
        }
    }
}
