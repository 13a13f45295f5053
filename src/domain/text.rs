//! Texts that people type: what is accepted, and how anything stored is made harmless before it is shown.
//!
//! Control characters, bidirectional controls and zero-width characters are refused on input and escaped on every
//! output (console.md), because a name is shown in terminals, logs and exports of people who did not choose it.
//! Lengths are counted in characters. What is read from JSON is checked as if it had been typed; what is read from the
//! store was.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de};

/// Why a text was not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextError {
    /// The field as people know it, such as `name`.
    pub field: &'static str,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What is wrong with a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// Nothing in it.
    Empty,
    /// More than `max` characters.
    TooLong {
        /// The most that is accepted.
        max: usize,
        /// What was given.
        length: usize,
    },
    /// A character that could drive a terminal or mislead a reader.
    Unprintable {
        /// The character.
        character: char,
        /// Its place, counted from 1.
        position: usize,
    },
    /// Does not have the form that `expected` describes.
    Malformed {
        /// The form, as the end of "must be …".
        expected: &'static str,
    },
}

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let field = self.field;
        match &self.problem {
            Problem::Empty => write!(f, "the {field} is empty"),
            Problem::TooLong { max, length } => {
                write!(f, "the {field} has {length} characters, {max} is the most")
            }
            Problem::Unprintable { character, position } => write!(
                f,
                "the {field} has the character U+{:04X} at position {position}, which a terminal would not show as it is",
                u32::from(*character)
            ),
            Problem::Malformed { expected } => write!(f, "the {field} must be {expected}"),
        }
    }
}

impl std::error::Error for TextError {}

/// Whether a character is a control, a bidirectional control, of no width, or otherwise not what it seems.
#[must_use]
pub fn is_unprintable(character: char) -> bool {
    character.is_control()
        || matches!(u32::from(character),
            0x00AD | 0x034F | 0x061C | 0x115F | 0x1160 | 0x17B4 | 0x17B5 | 0x180B..=0x180F | 0x200B..=0x200F
            | 0x2028..=0x202E | 0x2060..=0x206F | 0x3164 | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0 | 0xFFF0..=0xFFFB
            | 0x1BCA0..=0x1BCA3 | 0x1D173..=0x1D17A | 0xE0000..=0xE0FFF)
}

/// The text with every unprintable character written as `\u{…}`; for every output of something stored.
#[must_use]
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unprintable) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if is_unprintable(character) {
            escaped.extend(character.escape_unicode());
        } else {
            escaped.push(character);
        }
    }
    Cow::Owned(escaped)
}

/// Checks a one-line text: trimmed, 1 to `max` characters, all of them printable.
///
/// # Errors
/// Says which rule it breaks.
pub fn line(field: &'static str, text: &str, max: usize) -> Result<String, TextError> {
    let text = text.trim_matches(' ');
    let fault = |problem| Err(TextError { field, problem });
    if text.is_empty() {
        return fault(Problem::Empty);
    }
    let length = text.chars().count();
    if length > max {
        return fault(Problem::TooLong { max, length });
    }
    match text.chars().enumerate().find(|&(_, c)| is_unprintable(c)) {
        Some((before, character)) => fault(Problem::Unprintable {
            character,
            position: before + 1,
        }),
        None => Ok(text.to_owned()),
    }
}

macro_rules! text_type {
    ($($(#[$doc:meta])* $name:ident, $read:ident, $field:literal, max $max:literal $(, $check:ident, $expected:literal)?;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The most characters it may have.
            pub const MAX: usize = $max;

            /// Checks and takes a text.
            ///
            /// # Errors
            /// Says which rule the text breaks.
            pub fn parse(text: &str) -> Result<Self, TextError> {
                let text = line($field, text, Self::MAX)?;
                $(if !$check(&text) {
                    return Err(TextError { field: $field, problem: Problem::Malformed { expected: $expected } });
                })?
                Ok(Self(text))
            }

            /// Takes a text that was checked when it was stored.
            #[must_use]
            pub fn from_stored(text: &str) -> Self {
                Self(text.to_owned())
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&escape(&self.0))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let is_typed = deserializer.is_human_readable();
                let text = String::deserialize(deserializer)?;
                if is_typed {
                    Self::$read(&text).map_err(de::Error::custom)
                } else {
                    Ok(Self(text))
                }
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    )+};
}

text_type! {
    /// A token's name, unique among an organization's live tokens.
    TokenName, parse, "name", max 64;
    /// The service that uses a token.
    ServiceName, parse, "service", max 40;
    /// The environment that a token is for; part of the token itself.
    Environment, parse, "environment", max 12, is_lower_alphanumeric, "letters a-z and digits, such as prod";
    /// The environment variable that a token is kept in.
    Variable, parse, "variable", max 100, is_variable, "capital letters, digits and _, beginning with a letter, such as FINCODE_TOKEN_PROD";
    /// An organization's short name, in commands and addresses.
    Slug, parse, "slug", max 32, is_slug, "letters a-z, digits and -, beginning with a letter, such as acme";
    /// An organization's full name.
    OrganizationName, parse, "organization's name", max 64;
    /// The platform that the connections belong to; its lower-case form begins every token.
    Brand, parse, "brand", max 24, is_brand, "letters and digits, beginning with a letter, such as FinCode";
    /// A cashier's e-mail address, in lower case.
    EmailText, folded, "e-mail address", max 254, is_email, "an address such as ada@acme.test";
    /// Why somebody did something, for the audit log.
    Reason, parse, "reason", max 200;
    /// What a cashier wrote about a token.
    TokenNote, parse, "note", max 200;
    /// The name of a field in payloads.
    FieldName, parse, "field name", max 64, is_field_name, "letters A-Z and a-z, digits, _, . and -, such as newPassword";
}

/// An e-mail address as the name of a cashier: compared in lower case.
pub type Email = EmailText;

impl EmailText {
    /// Checks an address and folds it to lower case, so that one person is one cashier.
    ///
    /// # Errors
    /// Says which rule the text breaks.
    pub fn folded(text: &str) -> Result<Self, TextError> {
        Self::parse(&text.to_lowercase())
    }
}

impl Brand {
    /// The beginning of tokens: `FinCode` gives `fincode`.
    #[must_use]
    pub fn prefix(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    /// The beginning of environment variables' names: `FinCode` gives `FINCODE`.
    #[must_use]
    pub fn variable_prefix(&self) -> String {
        self.0.to_ascii_uppercase()
    }
}

fn is_lower_alphanumeric(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

fn is_variable(text: &str) -> bool {
    text.as_bytes()[0].is_ascii_uppercase()
        && text
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

fn is_slug(text: &str) -> bool {
    text.as_bytes()[0].is_ascii_lowercase()
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn is_brand(text: &str) -> bool {
    text.as_bytes()[0].is_ascii_alphabetic() && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

fn is_field_name(text: &str) -> bool {
    text.bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
}

/// The shape `local@domain` without white space: whether mail arrives there, only mail can tell.
fn is_email(text: &str) -> bool {
    match text.split_once('@') {
        Some((local, domain)) => {
            !local.is_empty()
                && !domain.is_empty()
                && !domain.contains('@')
                && !text.chars().any(char::is_whitespace)
                && !domain.starts_with('.')
                && !domain.ends_with('.')
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_drives_a_terminal_is_refused_and_named() {
        for (text, position) in [
            ("a\u{1b}[2Jb", 2),
            ("pay\u{202e}outs", 4),
            ("\u{200b}x", 1),
            ("ab\tc", 3),
            ("é\u{feff}", 2),
        ] {
            let error = TokenName::parse(text).unwrap_err();
            assert!(
                matches!(error.problem, Problem::Unprintable { position: p, .. } if p == position),
                "{error:?}"
            );
        }
    }

    #[test]
    fn what_was_stored_all_the_same_is_escaped() {
        assert_eq!(escape("a\u{1b}]52;c;\u{7}"), "a\\u{1b}]52;c;\\u{7}");
        assert!(matches!(escape("Zoë 支付"), Cow::Borrowed(_)));
    }

    #[test]
    fn lengths_are_characters() {
        assert!(TokenName::parse(&"é".repeat(64)).is_ok());
        let error = TokenName::parse(&"é".repeat(65)).unwrap_err();
        assert_eq!(error.to_string(), "the name has 65 characters, 64 is the most");
    }

    #[test]
    fn each_kind_has_its_form() {
        assert!(Environment::parse("prod2").is_ok());
        assert!(Environment::parse("Prod").is_err());
        assert!(Environment::parse("productionenv").is_err());
        assert!(Slug::parse("acme-2").is_ok());
        assert!(Slug::parse("2acme").is_err());
        assert!(Variable::parse("FINCODE_TOKEN_PROD").is_ok());
        assert!(Variable::parse("fincode").is_err());
        assert_eq!(Email::folded("Ada@Acme.test").unwrap().as_str(), "ada@acme.test");
        assert!(Email::parse("ada").is_err());
        assert!(Email::parse("a b@c").is_err());
        assert!(FieldName::parse("card.cvv_2-b").is_ok());
        assert!(FieldName::parse("new password").is_err());
    }
}
