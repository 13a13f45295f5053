//! The signs that are not letters, in Unicode and in ASCII: colour is never the only sign, and not every terminal has
//! every glyph. Every glyph is one cell wide in both sets.

use ratatui::symbols::border;

use crate::domain::token::Status;

/// A set of signs.
#[derive(Debug, PartialEq, Eq)]
pub struct Glyphs {
    /// Before the selected row.
    pub selected: &'static str,
    /// Before a marked row.
    pub marked: &'static str,
    /// Between the parts of a path, such as `FinCode › Acme`.
    pub separator: &'static str,
    /// Something is well: a live indicator, a passed check.
    pub good: &'static str,
    /// Something needs attention soon.
    pub warn: &'static str,
    /// Something is wrong, or a danger.
    pub danger: &'static str,
    /// Sorted upwards.
    pub ascending: &'static str,
    /// Sorted downwards.
    pub descending: &'static str,
    /// There is more than fits.
    pub more: &'static str,
    /// Stands for a character of a secret.
    pub mask: &'static str,
    /// Between facts on one line.
    pub dot: &'static str,
    /// From something to something.
    pub arrow: &'static str,
    /// A choice that is chosen.
    pub chosen: &'static str,
    /// A choice that is not.
    pub unchosen: &'static str,
    /// The part of a bar that is done.
    pub full: &'static str,
    /// The part of a bar that is not.
    pub empty: &'static str,
    /// A sparkline's levels, from nothing to the most.
    pub levels: [&'static str; 8],
    /// A frame's lines.
    pub border: border::Set<'static>,
}

/// For terminals that show Unicode.
pub const UNICODE: Glyphs = Glyphs {
    selected: "▸",
    marked: "✓",
    separator: "›",
    good: "●",
    warn: "▲",
    danger: "✗",
    ascending: "↑",
    descending: "↓",
    more: "…",
    mask: "•",
    dot: "·",
    arrow: "→",
    chosen: "●",
    unchosen: "○",
    full: "█",
    empty: "░",
    levels: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
    border: border::PLAIN,
};

/// For terminals that do not.
pub const ASCII: Glyphs = Glyphs {
    selected: ">",
    marked: "*",
    separator: ">",
    good: "+",
    warn: "!",
    danger: "x",
    ascending: "^",
    descending: "v",
    more: "~",
    mask: "*",
    dot: "|",
    arrow: ">",
    chosen: "*",
    unchosen: ".",
    full: "#",
    empty: "-",
    levels: ["_", ".", ",", "-", "=", "+", "*", "#"],
    border: border::Set {
        top_left: "+",
        top_right: "+",
        bottom_left: "+",
        bottom_right: "+",
        vertical_left: "|",
        vertical_right: "|",
        horizontal_top: "-",
        horizontal_bottom: "-",
    },
};

impl Glyphs {
    /// A token's status as a sign, beside its word.
    #[must_use]
    pub const fn status(&self, status: Status) -> &'static str {
        match status {
            Status::Active => self.good,
            Status::Expiring | Status::Retiring | Status::Held => self.warn,
            Status::Revoked => self.danger,
            Status::Expired | Status::Deleted => self.empty_mark(),
        }
    }

    const fn empty_mark(&self) -> &'static str {
        self.unchosen
    }

    /// Counts as a line of bars, one cell each, scaled to the greatest; zeros are the lowest bar.
    #[must_use]
    pub fn sparkline(&self, counts: &[u64]) -> String {
        let most = counts.iter().copied().max().unwrap_or(0).max(1);
        counts
            .iter()
            .map(|&count| {
                let level = (u128::from(count) * 7).div_ceil(u128::from(most)).min(7);
                self.levels[usize::try_from(level).unwrap_or(7)]
            })
            .collect()
    }

    /// A bar of `width` cells of which `done` of `whole` is filled.
    #[must_use]
    pub fn bar(&self, done: u64, whole: u64, width: u16) -> String {
        let filled = u128::from(done.min(whole)) * u128::from(width) / u128::from(whole.max(1));
        let filled = usize::try_from(filled).unwrap_or(0);
        self.full.repeat(filled) + &self.empty.repeat(usize::from(width) - filled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use unicode_width::UnicodeWidthStr;

    #[test]
    fn every_sign_is_one_cell_in_both_sets_and_ascii_is_ascii() {
        for glyphs in [&UNICODE, &ASCII] {
            let signs = [
                glyphs.selected,
                glyphs.marked,
                glyphs.separator,
                glyphs.good,
                glyphs.warn,
                glyphs.danger,
                glyphs.ascending,
                glyphs.descending,
                glyphs.more,
                glyphs.mask,
                glyphs.dot,
                glyphs.arrow,
                glyphs.chosen,
                glyphs.unchosen,
                glyphs.full,
                glyphs.empty,
            ];
            for sign in signs.into_iter().chain(glyphs.levels) {
                assert_eq!(sign.width(), 1, "{sign}");
                assert!(*glyphs != ASCII || sign.is_ascii(), "{sign}");
            }
        }
    }

    #[test]
    fn a_sparkline_scales_to_its_greatest() {
        assert_eq!(UNICODE.sparkline(&[0, 1, 50, 100]), "▁▂▅█");
        assert_eq!(ASCII.sparkline(&[0, 0]), "__");
        assert_eq!(UNICODE.sparkline(&[u64::MAX]), "█");
        assert_eq!(UNICODE.sparkline(&[]), "");
    }

    #[test]
    fn a_bar_is_as_wide_as_asked() {
        assert_eq!(ASCII.bar(1, 4, 8), "##------");
        assert_eq!(ASCII.bar(9, 4, 4), "####");
        assert_eq!(ASCII.bar(0, 0, 4), "----");
    }
}
