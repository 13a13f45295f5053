//! The demo's directory: made for it alone, and removed with it.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use crate::service::ports::Entropy as _;
use crate::service::{Code, Error};
use crate::system::{OsEntropy, private_file};

/// Where everything of it is.
pub(super) struct Place {
    path: PathBuf,
    is_kept: bool,
}

impl Place {
    /// Makes a temporary one, or this one, which is kept.
    pub(super) fn make(wanted: Option<&Path>) -> Result<Self, Error> {
        let path = match wanted {
            Some(path) => std::path::absolute(path).map_err(|error| failed(path, &error))?,
            None => temporary()?,
        };
        // Never one that is there already: whatever is in it is not ours to mix with, or to remove.
        DirBuilder::new()
            .mode(0o700)
            .create(&path)
            .map_err(|error| failed(&path, &error))?;
        let place = Self {
            path,
            is_kept: wanted.is_some(),
        };
        private_file::create(&place.configuration(), place.configured()?.as_bytes())
            .map_err(|error| failed(&place.path, &error))?;
        Ok(place)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) const fn is_kept(&self) -> bool {
        self.is_kept
    }

    pub(super) fn data_dir(&self) -> PathBuf {
        self.path.join("data")
    }

    pub(super) fn state_dir(&self) -> PathBuf {
        self.path.join("state")
    }

    pub(super) fn key_file(&self) -> PathBuf {
        self.path.join("seal.key")
    }

    pub(super) fn backups(&self) -> PathBuf {
        self.path.join("backups")
    }

    /// The backups' directory has to be there.
    pub(super) fn make_backups(&self) -> Result<(), Error> {
        let made = DirBuilder::new().mode(0o700).create(self.backups());
        made.map_err(|error| failed(&self.path, &error))
    }

    pub(super) fn socket(&self) -> PathBuf {
        self.path.join("socket")
    }

    pub(super) fn log(&self) -> PathBuf {
        self.path.join("daemon.log")
    }

    pub(super) fn configuration(&self) -> PathBuf {
        self.path.join("config.toml")
    }

    /// What opens it from another terminal, and later where it is kept.
    pub(super) fn command(&self) -> String {
        format!("strongroom --config {}", self.configuration().display())
    }

    /// The callers are one process, which says for whom it asks, as a proxy does.
    fn configured(&self) -> Result<String, Error> {
        let quoted = |path: PathBuf| {
            let text = path.to_str().map(serde_json::to_string);
            text.and_then(Result::ok).ok_or_else(|| {
                Error::new(
                    Code::Invalid,
                    format!("{} is no text that a configuration can have", self.path.display()),
                    "name another directory with --keep",
                )
            })
        };
        Ok(format!(
            "data_dir = {}\nstate_dir = {}\nsocket = {}\nlisten = [\"127.0.0.1:0\"]\n\
             trusted_proxies = [\"127.0.0.1/32\"]\nlog = \"json\"\n",
            quoted(self.data_dir())?,
            quoted(self.state_dir())?,
            quoted(self.socket())?
        ))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if !self.is_kept {
            // Nobody can be told any more, and what is left is of no use to anybody.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

fn temporary() -> Result<PathBuf, Error> {
    let mut random = [0; 8];
    OsEntropy.fill(&mut random)?;
    let name = format!("strongroom-demo-{:016x}", u64::from_be_bytes(random));
    Ok(std::env::temp_dir().join(name))
}

fn failed(path: &Path, error: &std::io::Error) -> Error {
    Error::new(
        Code::Io,
        format!("the demo cannot be made in {}: {error}", path.display()),
        "name a directory that is not there yet with --keep, or set TMPDIR",
    )
}
