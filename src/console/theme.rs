//! The only place with colours: styles by their meaning, for dark and light terminals and for none at all.
//!
//! Few colours, each with one meaning, never the only sign of anything. In sixteen colours the terminal's own palette
//! decides; true colour is used when the terminal says it has it. Selection is reverse video in every palette, so it
//! is seen under NO_COLOR too.

use ratatui::style::{Color, Modifier, Style};

use super::glyphs::{ASCII, Glyphs, UNICODE};
use crate::domain::token::Status;

/// How the console looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Theme {
    /// Plain text.
    pub text: Style,
    /// Titles of frames and screens, the tab that is shown.
    pub title: Style,
    /// What matters less: units, explanations, what has ended.
    pub dim: Style,
    /// Column heads.
    pub head: Style,
    /// What the eye should find first: the organization, a count.
    pub accent: Style,
    /// The selected row, choice or button; laid over everything else in it.
    pub selected: Style,
    /// A row that is marked.
    pub marked: Style,
    /// Well.
    pub good: Style,
    /// Needs attention soon.
    pub warn: Style,
    /// Wrong, or cannot be undone.
    pub danger: Style,
    /// A key in hints and help.
    pub key: Style,
    /// A frame's lines.
    pub border: Style,
    /// The lines of the frame that has the focus.
    pub focus: Style,
    /// A field's text.
    pub field: Style,
    /// The text of the field that has the focus.
    pub field_focus: Style,
    /// What a field shows while it is empty.
    pub placeholder: Style,
    /// The signs.
    pub glyphs: &'static Glyphs,
}

/// What the configuration and the terminal say about looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Look {
    /// Which palette.
    pub palette: Palette,
    /// Whether the terminal shows 24-bit colours.
    pub true_color: bool,
    /// Whether only ASCII is drawn.
    pub ascii: bool,
}

/// A set of colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Palette {
    /// For light text on a dark background.
    #[default]
    Dark,
    /// For dark text on a light background.
    Light,
    /// No colours: bold, dim, underlined and reverse.
    Plain,
}

impl Look {
    /// Reads the environment's habits through `variable`: `NO_COLOR`, `COLORTERM`, `COLORFGBG`, and the locale
    /// (`LC_ALL`, `LC_CTYPE`, `LANG`: the first that is set decides; without UTF-8 in it only ASCII is drawn).
    #[must_use]
    pub fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name| variable(name).filter(|value| !value.is_empty());
        let light = set("COLORFGBG")
            .and_then(|colors| colors.rsplit(';').next()?.parse::<u8>().ok())
            .is_some_and(|background| background == 7 || background >= 9);
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
            .into_iter()
            .find_map(set)
            .unwrap_or_default();
        let locale = locale.to_ascii_lowercase();
        Self {
            palette: match (set("NO_COLOR").is_some(), light) {
                (true, _) => Palette::Plain,
                (false, true) => Palette::Light,
                (false, false) => Palette::Dark,
            },
            true_color: set("COLORTERM").is_some_and(|value| value == "truecolor" || value == "24bit"),
            ascii: !(locale.contains("utf-8") || locale.contains("utf8")),
        }
    }
}

impl Theme {
    /// The styles for a look.
    #[must_use]
    pub fn new(look: Look) -> Self {
        let glyphs = if look.ascii { &ASCII } else { &UNICODE };
        let hues = match (look.palette, look.true_color) {
            (Palette::Plain, _) => return Self::plain(glyphs),
            (Palette::Dark, false) => Hues {
                accent: Color::Cyan,
                good: Color::Green,
                warn: Color::Yellow,
                danger: Color::LightRed,
                dim: None,
            },
            (Palette::Light, false) => Hues {
                accent: Color::Blue,
                good: Color::Green,
                warn: Color::Magenta,
                danger: Color::Red,
                dim: None,
            },
            (Palette::Dark, true) => Hues {
                accent: Color::Rgb(110, 190, 215),
                good: Color::Rgb(125, 200, 125),
                warn: Color::Rgb(230, 180, 80),
                danger: Color::Rgb(240, 105, 100),
                dim: Some(Color::Rgb(135, 140, 150)),
            },
            (Palette::Light, true) => Hues {
                accent: Color::Rgb(0, 90, 140),
                good: Color::Rgb(20, 110, 40),
                warn: Color::Rgb(145, 85, 0),
                danger: Color::Rgb(180, 25, 25),
                dim: Some(Color::Rgb(95, 100, 110)),
            },
        };
        Self::colored(hues, glyphs)
    }

    fn colored(hues: Hues, glyphs: &'static Glyphs) -> Self {
        let base = Self::plain(glyphs);
        let fg = |color| Style::new().fg(color);
        let dim = hues.dim.map_or(base.dim, fg);
        Self {
            dim,
            head: dim,
            accent: fg(hues.accent).add_modifier(Modifier::BOLD),
            marked: fg(hues.accent),
            good: fg(hues.good),
            warn: fg(hues.warn),
            danger: fg(hues.danger).add_modifier(Modifier::BOLD),
            key: fg(hues.accent),
            border: dim,
            focus: fg(hues.accent),
            placeholder: dim,
            ..base
        }
    }

    fn plain(glyphs: &'static Glyphs) -> Self {
        let plain = Style::new();
        let with = |modifier| Style::new().add_modifier(modifier);
        Self {
            text: plain,
            // Titles lie on borders, and are not as dim as those.
            title: with(Modifier::BOLD)
                .remove_modifier(Modifier::DIM)
                .fg(Color::Reset),
            dim: with(Modifier::DIM),
            head: with(Modifier::DIM),
            accent: with(Modifier::BOLD),
            // Colours are taken off too: one style across the row keeps a move of the selection short on the wire.
            selected: Style::new()
                .fg(Color::Reset)
                .bg(Color::Reset)
                .add_modifier(Modifier::REVERSED)
                .remove_modifier(Modifier::DIM.union(Modifier::BOLD).union(Modifier::UNDERLINED)),
            marked: with(Modifier::BOLD),
            good: plain,
            warn: with(Modifier::BOLD),
            danger: with(Modifier::BOLD.union(Modifier::UNDERLINED)),
            key: with(Modifier::BOLD),
            border: plain,
            focus: with(Modifier::BOLD),
            field: with(Modifier::UNDERLINED),
            field_focus: with(Modifier::UNDERLINED.union(Modifier::BOLD)),
            placeholder: with(Modifier::DIM),
            glyphs,
        }
    }

    /// The style of a token's status.
    #[must_use]
    pub const fn status(&self, status: Status) -> Style {
        match status {
            Status::Active => self.good,
            Status::Expiring | Status::Retiring | Status::Held => self.warn,
            Status::Revoked => self.danger,
            Status::Expired | Status::Deleted => self.dim,
        }
    }
}

struct Hues {
    accent: Color,
    good: Color,
    warn: Color,
    danger: Color,
    /// `None`: the terminal's own dim, since bright black is the background in some palettes of sixteen.
    dim: Option<Color>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(variables: &[(&str, &str)]) -> Look {
        Look::from_environment(|name| {
            variables
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    fn styles(theme: &Theme) -> [Style; 16] {
        [
            theme.text,
            theme.title,
            theme.dim,
            theme.head,
            theme.accent,
            theme.selected,
            theme.marked,
            theme.good,
            theme.warn,
            theme.danger,
            theme.key,
            theme.border,
            theme.focus,
            theme.field,
            theme.field_focus,
            theme.placeholder,
        ]
    }

    #[test]
    fn no_color_leaves_no_colour_and_shows_the_selection() {
        let look = look(&[
            ("NO_COLOR", "1"),
            ("COLORTERM", "truecolor"),
            ("LANG", "de_DE.UTF-8"),
        ]);
        let theme = Theme::new(look);
        for style in styles(&theme) {
            assert!(matches!(style.fg, None | Some(Color::Reset)), "{style:?}");
            assert!(matches!(style.bg, None | Some(Color::Reset)), "{style:?}");
        }
        assert!(theme.selected.add_modifier.contains(Modifier::REVERSED));
    }

    #[test]
    fn an_empty_no_color_is_not_set() {
        assert_eq!(look(&[("NO_COLOR", "")]).palette, Palette::Dark);
    }

    #[test]
    fn sixteen_colours_are_the_terminals_own() {
        for palette in [Palette::Dark, Palette::Light] {
            let theme = Theme::new(Look {
                palette,
                ..Look::default()
            });
            for style in styles(&theme) {
                assert!(
                    !matches!(style.fg, Some(Color::Rgb(..) | Color::Indexed(_))),
                    "{style:?}"
                );
            }
        }
    }

    #[test]
    fn the_locale_that_counts_decides_about_ascii() {
        assert!(!look(&[("LANG", "C.UTF-8")]).ascii);
        assert!(!look(&[("LC_CTYPE", "en_US.utf8")]).ascii);
        assert!(look(&[("LC_ALL", "C"), ("LANG", "en_US.UTF-8")]).ascii);
        assert!(look(&[]).ascii);
    }

    #[test]
    fn a_light_background_is_recognized() {
        assert_eq!(look(&[("COLORFGBG", "0;15")]).palette, Palette::Light);
        assert_eq!(look(&[("COLORFGBG", "15;0")]).palette, Palette::Dark);
        assert_eq!(look(&[("COLORFGBG", "0;default;15")]).palette, Palette::Light);
    }
}
