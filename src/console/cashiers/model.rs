//! What the screen knows: the cashiers that fit the filter, in the order that was chosen.

use crate::console::app::Desk;
use crate::console::keymap::Context;
use crate::console::widgets::field::Field;
use crate::console::widgets::table::Window;
use crate::service::Error;
use crate::service::response::CashierRow;

use super::view::rows_of;

/// The questions that the screen and its dialogs ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tag {
    /// What the screen shows.
    List,
    /// A new cashier.
    Add,
    /// A change to one.
    Change,
    /// A forgotten throttle.
    Unlock,
    /// What one did of late.
    Lately,
}

/// The order of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Sort {
    /// By address.
    #[default]
    Email,
    /// Admins first.
    Role,
    /// Those who cannot sign in first.
    Standing,
    /// Those with the most failed sign-ins first.
    Failures,
}

impl Sort {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Email => "e-mail",
            Self::Role => "role",
            Self::Standing => "standing",
            Self::Failures => "failures",
        }
    }

    const fn next(self) -> Self {
        match self {
            Self::Email => Self::Role,
            Self::Role => Self::Standing,
            Self::Standing => Self::Failures,
            Self::Failures => Self::Email,
        }
    }
}

/// The screen's state.
#[derive(Debug)]
pub struct Model {
    /// All of them, by address.
    all: Vec<CashierRow>,
    /// Those that fit the filter, in order.
    pub(super) rows: Vec<CashierRow>,
    pub(super) window: Window,
    pub(super) filter: Field,
    /// Whether the filter is being typed.
    pub(super) typing: bool,
    pub(super) sort: Sort,
    pub(super) descending: bool,
    pub(super) loaded: bool,
    pub(super) error: Option<Error>,
}

impl Default for Model {
    fn default() -> Self {
        Self {
            all: Vec::new(),
            rows: Vec::new(),
            window: Window::default(),
            filter: Field::new(60),
            typing: false,
            sort: Sort::default(),
            descending: false,
            loaded: false,
            error: None,
        }
    }
}

impl Model {
    /// Where the focus is.
    #[must_use]
    pub const fn context(&self) -> Context {
        if self.typing {
            Context::Line
        } else {
            Context::Cashiers
        }
    }

    /// Shows those whose address, role or standing contains `text`: `:cashiers admin`.
    pub fn filter(&mut self, text: &str, desk: &Desk<'_>) {
        // A text that does not fit finds nobody anyway.
        let _ = self.filter.replace(text);
        self.typing = false;
        self.arrange(desk);
    }

    /// Shows those that `text` finds first, once it is asked to show any.
    pub fn begin_with(&mut self, text: &str) {
        // A text that does not fit finds nobody anyway.
        let _ = self.filter.replace(text);
    }

    pub(super) fn selected(&self) -> Option<&CashierRow> {
        self.rows.get(self.window.selected()?)
    }

    /// How many there are in all.
    pub(super) const fn count(&self) -> usize {
        self.all.len()
    }

    pub(super) fn take(&mut self, rows: Vec<CashierRow>, desk: &Desk<'_>) {
        self.all = rows;
        self.loaded = true;
        self.error = None;
        self.arrange(desk);
    }

    pub(super) fn sort_next(&mut self, desk: &Desk<'_>) {
        self.sort = self.sort.next();
        self.arrange(desk);
    }

    pub(super) fn turn_around(&mut self, desk: &Desk<'_>) {
        self.descending = !self.descending;
        self.arrange(desk);
    }

    /// Filters and sorts anew; who was selected stays it.
    pub(super) fn arrange(&mut self, desk: &Desk<'_>) {
        let selected = self.selected().map(|row| row.email.clone());
        let needle = self.filter.text().to_lowercase();
        let fits = |row: &&CashierRow| {
            let texts = [row.email.as_str(), row.role.word(), row.standing.word()];
            texts.iter().any(|text| text.contains(&needle))
        };
        self.rows = self.all.iter().filter(fits).cloned().collect();
        // They come by address, and stay so where the rest is equal.
        match self.sort {
            Sort::Email => {}
            Sort::Role => self.rows.sort_by_key(|row| std::cmp::Reverse(row.role)),
            Sort::Standing => self.rows.sort_by_key(|row| std::cmp::Reverse(row.standing as u8)),
            Sort::Failures => self
                .rows
                .sort_by_key(|row| std::cmp::Reverse((row.blocked_until, row.failures))),
        }
        if self.descending {
            self.rows.reverse();
        }
        self.fit(desk);
        let place = self
            .rows
            .iter()
            .position(|row| Some(&row.email) == selected.as_ref());
        if let Some(place) = place {
            self.window.select(place);
        }
    }

    pub(super) fn fit(&mut self, desk: &Desk<'_>) {
        self.window.fit(self.rows.len(), rows_of(desk.facts.size));
    }
}
