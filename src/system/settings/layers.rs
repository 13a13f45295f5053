//! The places that a setting can come from, the later over the earlier.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use toml::{Table, Value};

use super::KEYS;
use super::value::{Problem, SettingsError};

/// What settings are read from. The environment comes as a function, so that tests have their own.
pub struct Inputs<'a> {
    /// A variable's value.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    /// What was given as arguments.
    pub arguments: Arguments,
}

/// What was given as arguments; `None` for what was not.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "each is the key of that name")]
pub struct Arguments {
    /// The only configuration file to read.
    pub config: Option<PathBuf>,
    pub data_dir: Option<PathBuf>,
    pub state_dir: Option<PathBuf>,
    pub socket: Option<PathBuf>,
    pub org: Option<String>,
    pub ascii: bool,
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Built in.
    Default,
    /// This file.
    File(PathBuf),
    /// This environment variable.
    Variable(String),
    /// This argument.
    Argument(&'static str),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Variable(name) => f.write_str(name),
            Self::Argument(name) => f.write_str(name),
        }
    }
}

const SYSTEM_FILE: &str = "/etc/strongroom/config.toml";
const PREFIX: &str = "STRONGROOM_";
/// A configuration has some dozen lines.
const LONGEST_FILE: u64 = 256 * 1024;

impl Inputs<'_> {
    /// Where the store is when nobody says: the user's own place, the system's for a user without a home.
    pub(super) fn default_data_dir(&self) -> PathBuf {
        self.own_place("XDG_DATA_HOME", ".local/share", "/var/lib")
    }

    /// Where the state beside the store is when nobody says; never where the store is.
    pub(super) fn default_state_dir(&self) -> PathBuf {
        self.own_place("XDG_STATE_HOME", ".local/state", "/var/lib/state")
    }

    /// Where a new key file is proposed: beside the configuration, never with the data.
    #[must_use]
    pub fn default_key_file(&self) -> PathBuf {
        self.own_place("XDG_CONFIG_HOME", ".config", "/etc")
            .join("seal.key")
    }

    /// Where the daemon's private socket is when nobody says: in the directory that systemd or the session made for it.
    #[must_use]
    pub fn default_socket(&self, state_dir: &Path) -> PathBuf {
        let directory = |name: &str| {
            (self.variable)(name)
                .map(PathBuf::from)
                .filter(|path| path.is_absolute())
        };
        let own = || Some(directory("XDG_RUNTIME_DIR")?.join("strongroom"));
        directory("RUNTIME_DIRECTORY")
            .or_else(own)
            .unwrap_or_else(|| state_dir.to_path_buf())
            .join("socket")
    }

    fn own_place(&self, xdg: &str, in_home: &str, of_system: &str) -> PathBuf {
        let absolute = |name: &str| {
            (self.variable)(name)
                .map(PathBuf::from)
                .filter(|path| path.is_absolute())
        };
        let own = absolute(xdg).or_else(|| Some(absolute("HOME")?.join(in_home)));
        own.unwrap_or_else(|| of_system.into()).join("strongroom")
    }

    fn files(&self) -> Vec<(PathBuf, bool)> {
        let named = self.arguments.config.clone();
        let named = named.or_else(|| (self.variable)("STRONGROOM_CONFIG").map(PathBuf::from));
        match named {
            Some(path) => vec![(path, true)],
            None => {
                let own = self
                    .own_place("XDG_CONFIG_HOME", ".config", "/etc")
                    .join("config.toml");
                let mut places = vec![(SYSTEM_FILE.into(), false), (own, false)];
                places.dedup();
                places
            }
        }
    }
}

/// The value that won, and its source, by key.
pub(super) struct Merged(BTreeMap<&'static str, (Value, Source)>);

impl Merged {
    pub(super) fn of(inputs: &Inputs<'_>) -> Result<Self, SettingsError> {
        let mut merged = Self(BTreeMap::new());
        for (path, must_exist) in inputs.files() {
            merged.add_file(&path, must_exist)?;
        }
        for &(key, kind) in KEYS {
            let name = format!("{PREFIX}{}", key.to_uppercase());
            if let Some(text) = (inputs.variable)(&name).filter(|text| !text.is_empty()) {
                let source = Source::Variable(name);
                let value = kind
                    .read(&text)
                    .map_err(|problem| SettingsError::new(source.clone(), key, problem))?;
                merged.0.insert(key, (value, source));
            }
        }
        let arguments = &inputs.arguments;
        let typed = |path: &Option<PathBuf>| {
            path.as_ref().map(|path| {
                // What is typed at a prompt is relative to where it is typed.
                let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
                Value::String(path.to_string_lossy().into_owned())
            })
        };
        let org = arguments.org.clone().map(Value::String);
        let ascii = arguments.ascii.then_some(Value::Boolean(true));
        for (key, argument, value) in [
            ("data_dir", "--data-dir", typed(&arguments.data_dir)),
            ("state_dir", "--state-dir", typed(&arguments.state_dir)),
            ("socket", "--socket", typed(&arguments.socket)),
            ("org", "--org", org),
            ("ascii", "--ascii", ascii),
        ] {
            if let Some(value) = value {
                merged.0.insert(key, (value, Source::Argument(argument)));
            }
        }
        Ok(merged)
    }

    fn add_file(&mut self, path: &Path, must_exist: bool) -> Result<(), SettingsError> {
        let source = Source::File(path.to_path_buf());
        let fault = |problem| SettingsError::new(source.clone(), "", problem);
        let text = match read(path) {
            Ok(text) => text,
            Err(Problem::Missing) if !must_exist => return Ok(()),
            Err(problem) => return Err(fault(problem)),
        };
        let table: Table = text
            .parse()
            .map_err(|error: toml::de::Error| fault(Problem::syntax(&error, &text)))?;
        for (name, value) in table {
            let known = KEYS.iter().find(|(key, _)| *key == name);
            let &(key, _) =
                known.ok_or_else(|| SettingsError::new(source.clone(), &name, Problem::unknown(&name)))?;
            self.0.insert(key, (value, source.clone()));
        }
        Ok(())
    }

    /// A value in its type, if somebody gave one.
    pub(super) fn read<T>(
        &self,
        key: &'static str,
        parse: impl FnOnce(&Value) -> Result<T, Problem>,
    ) -> Result<Option<T>, SettingsError> {
        let Some((value, source)) = self.0.get(key) else {
            return Ok(None);
        };
        parse(value)
            .map(Some)
            .map_err(|problem| SettingsError::new(source.clone(), key, problem))
    }

    /// What somebody gave, as JSON; of webhooks the names, for an address may be its receiver's secret.
    pub(super) fn given(&self) -> BTreeMap<&'static str, String> {
        let json = |key: &str, value: &Value| match value {
            Value::Table(endpoints) if key == "webhooks" => {
                serde_json::to_string(&endpoints.keys().collect::<Vec<_>>())
            }
            value => serde_json::to_string(value),
        };
        let given = self.0.iter();
        given
            .map(|(key, (value, _))| (*key, json(key, value).unwrap_or_default()))
            .collect()
    }

    pub(super) fn sources(&self) -> BTreeMap<&'static str, Source> {
        let source = |key| {
            self.0
                .get(key)
                .map_or(Source::Default, |(_, source)| source.clone())
        };
        KEYS.iter().map(|&(key, _)| (key, source(key))).collect()
    }
}

/// Reads a file that only its owner, who is root or us, can have written.
fn read(path: &Path) -> Result<String, Problem> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => Problem::Missing,
        _ => Problem::Unreadable(error.to_string()),
    };
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file =
        File::from(rustix::fs::open(path, flags, Mode::empty()).map_err(|error| failed(error.into()))?);
    let found = file.metadata().map_err(failed)?;
    let is_ours = [0, rustix::process::geteuid().as_raw()].contains(&found.uid());
    if !found.is_file() || found.len() > LONGEST_FILE {
        return Err(Problem::Unreadable(
            "it is no file of a configuration's length".into(),
        ));
    }
    if !is_ours || found.mode() & 0o022 != 0 {
        return Err(Problem::Writable);
    }
    let mut text = String::new();
    file.take(LONGEST_FILE)
        .read_to_string(&mut text)
        .map_err(failed)?;
    Ok(text)
}
