//! Values of settings: from text or TOML into their types, and what to say about those that are none.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use toml::{Table, Value};

use super::KEYS;
use super::layers::Source;
use crate::domain::text::TextError;

/// What a key takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Flag,
    Number,
    /// Several texts; in a variable, commas between them.
    Texts,
    Table,
}

impl Kind {
    /// Reads a variable as the value that a file would have.
    pub(super) fn read(self, text: &str) -> Result<Value, Problem> {
        match self {
            Self::Text => Ok(Value::String(text.to_owned())),
            Self::Flag => match text {
                "true" | "1" | "yes" => Ok(Value::Boolean(true)),
                "false" | "0" | "no" => Ok(Value::Boolean(false)),
                _ => Err(Problem::Value("must be true or false".into())),
            },
            Self::Number => match text.parse() {
                Ok(number) => Ok(Value::Integer(number)),
                Err(_) => Err(Problem::Value("must be a number".into())),
            },
            Self::Texts => {
                let texts = text.split(',').map(str::trim).filter(|text| !text.is_empty());
                Ok(Value::Array(
                    texts.map(|text| Value::String(text.to_owned())).collect(),
                ))
            }
            Self::Table => {
                let table: Result<Table, _> = format!("value = {text}").parse();
                let value = table.ok().and_then(|mut table| table.remove("value"));
                value.ok_or_else(|| Problem::Value(TABLE_FORM.into()))
            }
        }
    }
}

const KEYS_FORM: &str = "must be a table of actions and their keys, such as { revoke = [\"x\"] }";
const TABLE_FORM: &str = "must be a table, such as { name = [\"value\"] }";

/// A setting that cannot be used, and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsError {
    /// Where.
    pub source: Source,
    /// Which key; empty for a whole file.
    pub key: String,
    /// Why.
    pub problem: Problem,
}

/// Why a setting cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// There is no such key; the nearest one, if one is near.
    Unknown(Option<&'static str>),
    /// The value breaks a rule, which the text says.
    Value(String),
    /// The file is no TOML, from this line on.
    Syntax(usize, String),
    /// There is no such file.
    Missing,
    /// It cannot be read.
    Unreadable(String),
    /// Others could change it.
    Writable,
}

impl SettingsError {
    pub(super) fn new(source: Source, key: &str, problem: Problem) -> Self {
        Self {
            source,
            key: key.to_owned(),
            problem,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        match &self.problem {
            Problem::Unknown(Some(near)) => format!("did you mean `{near}`?"),
            Problem::Unknown(None) => {
                let keys: Vec<&str> = KEYS.iter().map(|(key, _)| *key).collect();
                format!("the keys are {}", keys.join(", "))
            }
            Problem::Value(_) | Problem::Syntax(..) => "correct it there".into(),
            Problem::Missing | Problem::Unreadable(_) => "name another file with --config, or none".into(),
            Problem::Writable => format!(
                "make it yours and nobody else's to write: chmod go-w {}",
                self.source
            ),
        }
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { source, key, problem } = self;
        match problem {
            Problem::Unknown(_) => write!(f, "there is no setting `{key}` ({source})"),
            Problem::Value(rule) => write!(f, "the setting `{key}` {rule} ({source})"),
            Problem::Syntax(line, message) => write!(f, "{source}, line {line}: {message}"),
            Problem::Missing => write!(f, "there is no file {source}"),
            Problem::Unreadable(error) => write!(f, "{source} cannot be read: {error}"),
            Problem::Writable => write!(f, "{source} can be written by others, or is somebody else's"),
        }
    }
}

impl std::error::Error for SettingsError {}

impl Problem {
    pub(super) fn unknown(name: &str) -> Self {
        let near = KEYS
            .iter()
            .map(|(key, _)| (strsim::damerau_levenshtein(key, name), *key))
            .min();
        Self::Unknown(
            near.filter(|(distance, key)| distance * 3 <= key.len())
                .map(|(_, key)| key),
        )
    }

    pub(super) fn syntax(error: &toml::de::Error, text: &str) -> Self {
        let before = error
            .span()
            .and_then(|span| text.get(..span.start))
            .unwrap_or_default();
        Self::Syntax(before.matches('\n').count() + 1, error.message().to_owned())
    }
}

pub(super) fn flag(value: &Value) -> Result<bool, Problem> {
    value
        .as_bool()
        .ok_or_else(|| Problem::Value("must be true or false".into()))
}

pub(super) fn number(range: RangeInclusive<i64>) -> impl FnOnce(&Value) -> Result<u16, Problem> {
    move |value| {
        let number = value.as_integer().filter(|number| range.contains(number));
        number
            .and_then(|number| u16::try_from(number).ok())
            .ok_or_else(|| {
                Problem::Value(format!(
                    "must be a number from {} to {}",
                    range.start(),
                    range.end()
                ))
            })
    }
}

pub(super) fn one_of<T: Copy + 'static>(
    choices: &'static [(&'static str, T)],
) -> impl FnOnce(&Value) -> Result<T, Problem> {
    move |value| {
        let chosen = value
            .as_str()
            .and_then(|text| choices.iter().find(|(word, _)| *word == text));
        chosen.map(|(_, choice)| *choice).ok_or_else(|| {
            let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
            Problem::Value(format!("must be one of {}", words.join(", ")))
        })
    }
}

pub(super) fn parsed<T>(
    parse: fn(&str) -> Result<T, TextError>,
) -> impl FnOnce(&Value) -> Result<T, Problem> {
    move |value| {
        let text = value
            .as_str()
            .ok_or_else(|| Problem::Value("must be a text".into()))?;
        parse(text).map_err(|error| Problem::Value(format!("is refused: {error}")))
    }
}

pub(super) fn absolute_path(value: &Value) -> Result<PathBuf, Problem> {
    let path = value
        .as_str()
        .map(PathBuf::from)
        .filter(|path| path.is_absolute());
    path.ok_or_else(|| Problem::Value("must be a path that begins with /".into()))
}

/// One text or several, each in its type.
pub(super) fn each<T>(
    read: impl Fn(&str) -> Result<T, String>,
) -> impl FnOnce(&Value) -> Result<Vec<T>, Problem> {
    move |value| {
        let one = |value: &Value| {
            let text = value
                .as_str()
                .ok_or_else(|| Problem::Value("must be a text, or a list of texts".into()))?;
            read(text).map_err(|why| Problem::Value(format!("is refused: {why}")))
        };
        match value {
            Value::Array(values) => values.iter().map(one).collect(),
            value => Ok(vec![one(value)?]),
        }
    }
}

/// One key or several for each action; whether there is such an action and key, the console's keymap says.
pub(super) fn keys(value: &Value) -> Result<BTreeMap<String, Vec<String>>, Problem> {
    let fault = || Problem::Value(KEYS_FORM.into());
    let text = |value: &Value| value.as_str().map(str::to_owned).ok_or_else(fault);
    let keys_of = |value: &Value| match value {
        Value::Array(keys) => keys.iter().map(text).collect(),
        one => Ok(vec![text(one)?]),
    };
    let table = value.as_table().ok_or_else(fault)?;
    table
        .iter()
        .map(|(action, value)| Ok((action.clone(), keys_of(value)?)))
        .collect()
}
