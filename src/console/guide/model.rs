//! What the screen knows.

use crate::guide::{Guide, Language, Page};
use crate::service::Error;

/// What the whole guide is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Format {
    /// One page for a browser.
    #[default]
    Html,
    /// For a repository.
    Markdown,
}

impl Format {
    pub(super) const fn next(self) -> Self {
        match self {
            Self::Html => Self::Markdown,
            Self::Markdown => Self::Html,
        }
    }

    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Html => "HTML",
            Self::Markdown => "Markdown",
        }
    }

    pub(super) const fn extension(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Markdown => "md",
        }
    }
}

/// The screen's state.
#[derive(Debug, Default)]
pub struct Model {
    pub(super) guide: Option<Guide>,
    pub(super) error: Option<Error>,
    /// Which of [`Page::ALL`] is shown.
    pub(super) place: usize,
    /// The first row that is seen.
    pub(super) offset: usize,
    pub(super) format: Format,
}

impl Model {
    pub(super) fn page(&self) -> Page {
        Page::ALL.get(self.place).copied().unwrap_or(Page::Quick)
    }

    /// Shows another page, from its beginning.
    pub(super) fn turn(&mut self, place: usize) {
        self.place = place.min(Page::ALL.len() - 1);
        self.offset = 0;
    }

    /// Shows the page that `text` names, if it names one: `:guide python`.
    pub fn open(&mut self, text: &str) {
        let text = text.to_lowercase();
        if text.is_empty() {
            return;
        }
        let of_word = Language::ALL.iter().find(|(word, _)| word.starts_with(&text));
        let named = |page: &Page| match of_word {
            Some((_, language)) => *page == Page::Language(*language),
            None => page.title().to_lowercase().contains(&text),
        };
        if let Some(place) = Page::ALL.iter().position(named) {
            self.turn(place);
        }
    }
}
