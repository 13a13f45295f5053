//! The configuration: what it can say, and where each value came from.
//!
//! - Weakest first: built-in default, `/etc/strongroom/config.toml`, the XDG place, an environment variable
//!   (`STRONGROOM_` and the key in capitals), an argument. `--config` replaces both files.
//! - A key that nobody knows is an error that suggests the near one. Variables that nobody knows are left alone: with
//!   the brand `Strongroom` they hold tokens.
//! - No key holds a secret, so that every one may be in a variable.

mod daemon;
mod layers;
mod shown;
mod value;
mod webhooks;

use std::collections::BTreeMap;
use std::path::PathBuf;

pub use self::daemon::{DaemonSettings, LogFormat};
use self::layers::Merged;
pub use self::layers::{Arguments, Inputs, Source};
pub use self::shown::Shown;
use self::value::Kind;
pub use self::value::{Problem, SettingsError};
pub use self::webhooks::{EVENTS, WebhookSettings};
use crate::domain::text::{Brand, Slug};

/// The configuration, every value in its type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where the store is.
    pub data_dir: PathBuf,
    /// Where this machine remembers how far the store was, outside the store.
    pub state_dir: PathBuf,
    /// The organization that commands are about; `None` for the only one.
    pub org: Option<Slug>,
    /// The platform that `init` and the wizard propose.
    pub brand: Brand,
    /// The console's colours.
    pub theme: Theme,
    /// Glyphs of ASCII only; `None` decides by the locale.
    pub ascii: Option<bool>,
    /// The road that a copy takes.
    pub clipboard: Clipboard,
    /// After how many minutes without a key the console locks; 0 never does, but where a secret is shown.
    pub idle_lock_minutes: u16,
    /// Whether the console takes mouse clicks.
    pub mouse: bool,
    /// The console's keys: an action's name and the keys that do it.
    pub keys: BTreeMap<String, Vec<String>>,
    /// The daemon's private socket; `None` for its usual place.
    pub socket: Option<PathBuf>,
    /// What `strongroom serve` takes.
    pub daemon: DaemonSettings,
    /// Who is told what happens, by name.
    pub webhooks: BTreeMap<String, WebhookSettings>,
    /// Where each value came from, by key.
    pub sources: BTreeMap<&'static str, Source>,
    /// What somebody gave, as JSON, by key.
    given: BTreeMap<&'static str, String>,
}

/// The console's colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// As the terminal is.
    Auto,
    /// For a dark background.
    Dark,
    /// For a light background.
    Light,
    /// None at all.
    None,
}

/// The road that a copy takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clipboard {
    /// The first that can work.
    Auto,
    /// The terminal's own, by OSC 52.
    Osc52,
    /// The desktop's.
    Native,
    /// No copying.
    None,
}

const THEMES: &[(&str, Theme)] = &[
    ("auto", Theme::Auto),
    ("dark", Theme::Dark),
    ("light", Theme::Light),
    ("none", Theme::None),
];
const CLIPBOARDS: &[(&str, Clipboard)] = &[
    ("auto", Clipboard::Auto),
    ("osc52", Clipboard::Osc52),
    ("native", Clipboard::Native),
    ("none", Clipboard::None),
];

/// Every key and the kind of value it takes.
const KEYS: &[(&str, Kind)] = &[
    ("data_dir", Kind::Text),
    ("state_dir", Kind::Text),
    ("org", Kind::Text),
    ("brand", Kind::Text),
    ("theme", Kind::Text),
    ("ascii", Kind::Flag),
    ("clipboard", Kind::Text),
    ("idle_lock_minutes", Kind::Number),
    ("mouse", Kind::Flag),
    ("keys", Kind::Table),
    ("socket", Kind::Text),
    ("listen", Kind::Texts),
    ("tls_certificate", Kind::Text),
    ("tls_key", Kind::Text),
    ("trusted_proxies", Kind::Texts),
    ("max_connections", Kind::Number),
    ("workers", Kind::Number),
    ("log", Kind::Text),
    ("rights", Kind::Table),
    ("webhooks", Kind::Table),
];
/// A day without a key is as good as never.
const LONGEST_IDLE: i64 = 24 * 60;

impl Settings {
    /// Reads everything that can say something.
    ///
    /// # Errors
    /// A file that cannot be read or is open to others' writing, an unknown key, a value that breaks a rule: each named
    /// with its place.
    pub fn load(inputs: &Inputs<'_>) -> Result<Self, SettingsError> {
        let merged = Merged::of(inputs)?;
        let default_brand = || Brand::parse("FinCode").map_err(|error| error.to_string());
        Ok(Self {
            data_dir: merged
                .read("data_dir", value::absolute_path)?
                .unwrap_or_else(|| inputs.default_data_dir()),
            state_dir: merged
                .read("state_dir", value::absolute_path)?
                .unwrap_or_else(|| inputs.default_state_dir()),
            org: merged.read("org", value::parsed(Slug::parse))?,
            brand: match merged.read("brand", value::parsed(Brand::parse))? {
                Some(brand) => brand,
                None => default_brand()
                    .map_err(|error| SettingsError::new(Source::Default, "brand", Problem::Value(error)))?,
            },
            theme: merged
                .read("theme", value::one_of(THEMES))?
                .unwrap_or(Theme::Auto),
            ascii: merged.read("ascii", value::flag)?,
            clipboard: merged
                .read("clipboard", value::one_of(CLIPBOARDS))?
                .unwrap_or(Clipboard::Auto),
            idle_lock_minutes: merged
                .read("idle_lock_minutes", value::number(0..=LONGEST_IDLE))?
                .unwrap_or(5),
            mouse: merged.read("mouse", value::flag)?.unwrap_or(false),
            keys: merged.read("keys", value::keys)?.unwrap_or_default(),
            socket: merged.read("socket", value::absolute_path)?,
            daemon: DaemonSettings::read(&merged)?,
            webhooks: merged.read("webhooks", webhooks::webhooks)?.unwrap_or_default(),
            sources: merged.sources(),
            given: merged.given(),
        })
    }
}

#[cfg(test)]
mod tests;
