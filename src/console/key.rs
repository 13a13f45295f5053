//! One key press, as people write it in the configuration (`ctrl-x`, `enter`, `f5`, `G`) and as the terminal reports it.
//!
//! A capital letter is itself, not shift and a letter: terminals report it that way, and people write it that way. So
//! shift is kept only where it cannot be seen in the character (`shift-tab`, `shift-up`).

use std::fmt;
use std::str::FromStr;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A key with its modifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd)]
pub struct Key {
    code: KeyCode,
    modifiers: KeyModifiers,
}

impl Key {
    /// A key without modifiers.
    #[must_use]
    pub const fn plain(code: KeyCode) -> Self {
        Self {
            code,
            modifiers: KeyModifiers::NONE,
        }
    }

    /// The key's code.
    #[must_use]
    pub const fn code(self) -> KeyCode {
        self.code
    }

    /// The character that it types into a field; `None` for keys that type nothing, and with ctrl or alt held.
    #[must_use]
    pub fn typed(self) -> Option<char> {
        match self.code {
            KeyCode::Char(character) if self.modifiers.is_empty() => Some(character),
            _ => None,
        }
    }
}

impl From<KeyEvent> for Key {
    fn from(event: KeyEvent) -> Self {
        let mut modifiers =
            event.modifiers & (KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT);
        let code = match event.code {
            KeyCode::BackTab => {
                modifiers |= KeyModifiers::SHIFT;
                KeyCode::Tab
            }
            KeyCode::Char(character) => {
                modifiers -= KeyModifiers::SHIFT;
                KeyCode::Char(character)
            }
            code => code,
        };
        Self { code, modifiers }
    }
}

/// Names of keys that are no character, as the configuration has them.
const NAMES: [(&str, KeyCode); 16] = [
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("tab", KeyCode::Tab),
    ("space", KeyCode::Char(' ')),
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
    ("insert", KeyCode::Insert),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("pgup", KeyCode::PageUp),
    ("pgdn", KeyCode::PageDown),
    ("minus", KeyCode::Char('-')),
];

/// A text that names no key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownKey(pub String);

impl fmt::Display for UnknownKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "\"{}\" is no key; write a character, a name such as enter, esc, tab, space, pgup or f5, or ctrl-, alt-, shift- and one of them",
            crate::domain::text::escape(&self.0)
        )
    }
}

impl std::error::Error for UnknownKey {}

impl FromStr for Key {
    type Err = UnknownKey;

    fn from_str(text: &str) -> Result<Self, UnknownKey> {
        let unknown = || UnknownKey(text.to_owned());
        let mut rest = text;
        let mut modifiers = KeyModifiers::NONE;
        for (prefix, modifier) in [
            ("ctrl-", KeyModifiers::CONTROL),
            ("alt-", KeyModifiers::ALT),
            ("shift-", KeyModifiers::SHIFT),
        ] {
            if let Some(after) = rest.strip_prefix(prefix) {
                rest = after;
                modifiers |= modifier;
            }
        }
        let mut characters = rest.chars();
        let code = match (characters.next(), characters.next()) {
            (Some(one), None) => KeyCode::Char(one),
            _ => named(rest).ok_or_else(unknown)?,
        };
        match code {
            KeyCode::Char(c) if crate::domain::text::is_unprintable(c) => Err(unknown()),
            // Terminals cannot tell shift with a character from the other character.
            KeyCode::Char(_) if modifiers.contains(KeyModifiers::SHIFT) => Err(unknown()),
            code => Ok(Self { code, modifiers }),
        }
    }
}

fn named(name: &str) -> Option<KeyCode> {
    if let Some((_, code)) = NAMES.iter().find(|(known, _)| *known == name) {
        return Some(*code);
    }
    let number: u8 = name.strip_prefix('f')?.parse().ok()?;
    (1..=12).contains(&number).then_some(KeyCode::F(number))
}

/// As the configuration takes it, but arrows as arrows would not be ASCII: `up`, `ctrl-x`, `G`.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        for (modifier, prefix) in [
            (KeyModifiers::CONTROL, "ctrl-"),
            (KeyModifiers::ALT, "alt-"),
            (KeyModifiers::SHIFT, "shift-"),
        ] {
            if self.modifiers.contains(modifier) {
                text.push_str(prefix);
            }
        }
        match (NAMES.iter().find(|(_, code)| *code == self.code), self.code) {
            (Some((name, _)), code) if code != KeyCode::Char('-') => text.push_str(name),
            (_, KeyCode::Char(character)) => text.push(character),
            (_, KeyCode::F(number)) => text.push_str(&format!("f{number}")),
            (_, code) => text.push_str(&format!("{code:?}").to_lowercase()),
        }
        f.pad(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_what_is_shown() {
        for text in [
            "enter",
            "ctrl-x",
            "f5",
            "G",
            "?",
            ":",
            "/",
            "shift-tab",
            "pgdn",
            "space",
            "alt-x",
            "ctrl-alt-x",
            "-",
            "ü",
        ] {
            assert_eq!(text.parse::<Key>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in ["", "entr", "shift-a", "f13", "ctrl-", "\u{1b}", "Ctrl-x"] {
            assert!(text.parse::<Key>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_terminals_report_is_the_key_that_people_wrote() {
        let reported = |code, modifiers| Key::from(KeyEvent::new(code, modifiers));
        assert_eq!(
            reported(KeyCode::Char('G'), KeyModifiers::SHIFT),
            "G".parse().unwrap()
        );
        assert_eq!(
            reported(KeyCode::BackTab, KeyModifiers::SHIFT),
            "shift-tab".parse().unwrap()
        );
        assert_eq!(
            reported(KeyCode::BackTab, KeyModifiers::NONE),
            "shift-tab".parse().unwrap()
        );
        assert_eq!(
            reported(KeyCode::Char('x'), KeyModifiers::CONTROL),
            "ctrl-x".parse().unwrap()
        );
        assert_eq!(reported(KeyCode::Char('x'), KeyModifiers::CONTROL).typed(), None);
        assert_eq!(
            reported(KeyCode::Char('X'), KeyModifiers::SHIFT).typed(),
            Some('X')
        );
    }
}
