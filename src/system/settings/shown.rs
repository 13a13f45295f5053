//! The configuration as people see it: every key, its value, and where that came from.

use std::fmt::Display;

use serde::Serialize;

use super::{CLIPBOARDS, KEYS, Settings, Source, THEMES, daemon};

/// One key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// Its name.
    pub key: &'static str,
    /// Its value, as JSON where somebody gave it; else in words.
    pub value: String,
    /// The file, variable or argument that it came from, or `default`.
    pub source: String,
}

impl Settings {
    /// Every key, in the order in which they are documented.
    #[must_use]
    pub fn shown(&self) -> Vec<Shown> {
        let shown = |&(key, _): &(&'static str, _)| Shown {
            key,
            value: self.given.get(key).cloned().unwrap_or_else(|| self.usual(key)),
            source: self.sources.get(key).unwrap_or(&Source::Default).to_string(),
        };
        KEYS.iter().map(shown).collect()
    }

    /// What holds where nobody said anything.
    fn usual(&self, key: &str) -> String {
        match key {
            "data_dir" => self.data_dir.display().to_string(),
            "state_dir" => self.state_dir.display().to_string(),
            "org" => "the only one".into(),
            "brand" => self.brand.to_string(),
            "theme" => word(THEMES, &self.theme),
            "ascii" => "by the locale".into(),
            "clipboard" => word(CLIPBOARDS, &self.clipboard),
            "idle_lock_minutes" => self.idle_lock_minutes.to_string(),
            "mouse" => self.mouse.to_string(),
            "socket" => "its usual place".into(),
            "listen" => list(&self.daemon.listen),
            "max_connections" => self.daemon.max_connections.to_string(),
            "workers" => "one a core".into(),
            "log" => word(daemon::LOGS, &self.daemon.log),
            _ => "none".into(),
        }
    }
}

fn word<T: PartialEq>(words: &[(&str, T)], value: &T) -> String {
    let found = words.iter().find(|(_, known)| known == value);
    found.map_or_else(String::new, |(word, _)| (*word).to_owned())
}

fn list(values: &[impl Display]) -> String {
    let texts: Vec<String> = values.iter().map(ToString::to_string).collect();
    texts.join(", ")
}
