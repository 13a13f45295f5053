//! The keyring's file in a data directory, and the seal that opens it: found, made, exchanged.
//!
//! A seal is exchanged by putting a new keyring file in the place of the old one: before that it is read back and opened
//! with the seal as that is kept, so that a store never depends on a seal that does not open it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::crypto::{Cost, Keyring, KeyringFile, SealError, SealSource, SealedBy};
use crate::domain::secret::Secret;
use crate::gateway::{Seal, SealChoice, SealStatus};
use crate::service::ports::{Entropy, StoreError};
use crate::service::{Code, Error};
use crate::system::OsEntropy;
use crate::system::private_file::{self, Staged};
use crate::system::seal_file::{self, SealFileError};

pub(super) const KEYRING: &str = "keyring";

/// Where a store's keyring is, and where its seal may be.
pub(super) struct KeyringPlace {
    data_dir: PathBuf,
    pub(super) credentials: Option<PathBuf>,
}

impl KeyringPlace {
    pub(super) const fn new(data_dir: PathBuf, credentials: Option<PathBuf>) -> Self {
        Self {
            data_dir,
            credentials,
        }
    }

    pub(super) fn path(&self) -> PathBuf {
        self.data_dir.join(KEYRING)
    }

    /// The keyring, wrapped.
    pub(super) fn file(&self) -> Result<KeyringFile, Error> {
        let path = self.path();
        let bytes = std::fs::read(&path).map_err(|error| {
            Error::from(StoreError::Io(format!(
                "{} cannot be read: {error}",
                path.display()
            )))
        })?;
        KeyringFile::parse(&bytes).map_err(of_seal)
    }

    /// Opens a keyring that need not be in its place; with the key file at `elsewhere` instead of where it says.
    pub(super) fn open_file(
        &self,
        file: &KeyringFile,
        passphrase: Option<&Secret>,
        elsewhere: Option<&Path>,
    ) -> Result<Keyring, Error> {
        let seal = match elsewhere {
            Some(path) => self.key_file(path)?,
            None => self.seal(file.sealed_by(), passphrase)?,
        };
        file.open(&seal, Arc::new(OsEntropy)).map_err(of_seal)
    }

    /// Puts a keyring in its place; sealed with the key file at `elsewhere` from now on, if there is one.
    pub(super) fn install(
        &self,
        file: &KeyringFile,
        keyring: &Keyring,
        elsewhere: Option<&Path>,
    ) -> Result<(), Error> {
        let file = match elsewhere {
            Some(path) => {
                let key = self.key_file(path)?;
                let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
                let source = SealSource::KeyFile { path, key: &key };
                KeyringFile::wrap(keyring, &source, &OsEntropy).map_err(of_seal)?
            }
            None => file.clone(),
        };
        let bytes = file.to_bytes().map_err(of_seal)?;
        private_file::create(&self.path(), &bytes).map_err(|error| self.failed(&error))
    }

    /// How it is sealed.
    pub(super) fn status(&self) -> Result<SealStatus, Error> {
        Ok(status(&self.file()?))
    }

    /// The keyring; with `passphrase` where it is sealed with one.
    pub(super) fn open(&self, passphrase: Option<&Secret>) -> Result<Keyring, Error> {
        let file = self.file()?;
        let seal = self.seal(file.sealed_by(), passphrase)?;
        file.open(&seal, Arc::new(OsEntropy)).map_err(of_seal)
    }

    /// Makes a keyring and its seal.
    pub(super) fn create(&self, choice: &SealChoice) -> Result<Keyring, Error> {
        let seal = NewSeal::make(choice)?;
        let (file, keyring) = KeyringFile::create(&seal.source(), Arc::new(OsEntropy)).map_err(of_seal)?;
        self.put(&seal, &file)?;
        Ok(keyring)
    }

    /// Seals a keyring anew.
    pub(super) fn rotate(&self, keyring: &Keyring, choice: &SealChoice) -> Result<SealStatus, Error> {
        let seal = NewSeal::make(choice)?;
        let file = KeyringFile::wrap(keyring, &seal.source(), &OsEntropy).map_err(of_seal)?;
        self.put(&seal, &file)?;
        Ok(status(&file))
    }

    /// The key file, where there is one, then the keyring that it opens.
    fn put(&self, seal: &NewSeal<'_>, file: &KeyringFile) -> Result<(), Error> {
        if let NewSeal::KeyFile { path, key } = seal {
            seal_file::write(path, &self.data_dir, key).map_err(|error| of_key_file(&error))?;
        }
        let staged = self.stage(seal, file).inspect_err(|_| {
            if let NewSeal::KeyFile { path, .. } = seal {
                // It opens nothing; the first error is the one to tell.
                let _ = std::fs::remove_file(path);
            }
        })?;
        let failed = |error: std::io::Error| self.failed(&error);
        let directory = staged.publish().map_err(failed)?;
        directory.sync_all().map_err(|error| {
            Error::new(
                Code::Io,
                format!(
                    "the new {KEYRING} is in its place, and a power cut may bring the old one back: {error}"
                ),
                "keep both seals, the old and the new, and see to the device",
            )
        })
    }

    /// The keyring's file, not in its place yet: read back, and opened with the seal as it is kept.
    fn stage(&self, seal: &NewSeal<'_>, file: &KeyringFile) -> Result<Staged, Error> {
        let bytes = file.to_bytes().map_err(of_seal)?;
        let staged = Staged::write(&self.path(), &bytes).map_err(|error| self.failed(&error))?;
        let written = staged.read_back().map_err(|error| self.failed(&error))?;
        let written = KeyringFile::parse(&written).map_err(of_seal)?;
        let kept = match seal {
            NewSeal::Passphrase(passphrase) => self.seal(written.sealed_by(), Some(passphrase))?,
            // The file itself: what systemd handed over is the old one.
            NewSeal::KeyFile { path, .. } => self.key_file(path)?,
        };
        written.open(&kept, Arc::new(OsEntropy)).map_err(of_seal)?;
        Ok(staged)
    }

    fn failed(&self, error: &std::io::Error) -> Error {
        StoreError::Io(format!("{} cannot be written: {error}", self.path().display())).into()
    }

    /// The passphrase's or key file's bytes.
    fn seal(&self, sealed_by: &SealedBy, passphrase: Option<&Secret>) -> Result<Secret, Error> {
        match sealed_by {
            SealedBy::Passphrase { .. } => passphrase.cloned().ok_or_else(|| {
                Error::new(
                    Code::Sealed,
                    "the store is sealed with a passphrase",
                    "give its passphrase",
                )
            }),
            // The unit hands over a file that the daemon's own account may not read, under its name.
            SealedBy::KeyFile { path } => match self.handed(path) {
                Some(handed) => self.credential(&handed),
                None => self.key_file(path),
            },
            SealedBy::Credential { name } => {
                let directory = self.credentials.as_ref().ok_or_else(|| {
                    Error::new(
                        Code::Sealed,
                        format!("the store is sealed with the systemd credential {name}, and there are no credentials"),
                        "start it as the systemd unit does, with LoadCredential",
                    )
                })?;
                self.credential(&directory.join(name))
            }
        }
    }

    /// What systemd handed over in the place of this key file.
    fn handed(&self, path: &Path) -> Option<PathBuf> {
        let handed = self.credentials.as_ref()?.join(path.file_name()?);
        handed.exists().then_some(handed)
    }

    fn credential(&self, path: &Path) -> Result<Secret, Error> {
        seal_file::read_credential(path, &self.data_dir).map_err(|error| of_key_file(&error))
    }

    fn key_file(&self, path: &Path) -> Result<Secret, Error> {
        seal_file::read(path, &self.data_dir).map_err(|error| of_key_file(&error))
    }
}

/// A seal that was chosen, and is not kept anywhere yet.
enum NewSeal<'a> {
    Passphrase(&'a Secret),
    KeyFile { path: PathBuf, key: Secret },
}

impl<'a> NewSeal<'a> {
    fn make(choice: &'a SealChoice) -> Result<Self, Error> {
        Ok(match choice {
            SealChoice::Passphrase(passphrase) => Self::Passphrase(passphrase),
            SealChoice::KeyFile(path) => {
                let mut key = vec![0; seal_file::KEY_LENGTH];
                OsEntropy.fill(&mut key)?;
                Self::KeyFile {
                    // Relative to where it was typed, and found from everywhere.
                    path: std::path::absolute(path).unwrap_or_else(|_| path.clone()),
                    key: Secret::new(key),
                }
            }
        })
    }

    fn source(&self) -> SealSource<'_> {
        match self {
            Self::Passphrase(passphrase) => SealSource::Passphrase {
                passphrase,
                cost: Cost::STANDARD,
            },
            Self::KeyFile { path, key } => SealSource::KeyFile {
                path: path.clone(),
                key,
            },
        }
    }
}

pub(super) fn status(file: &KeyringFile) -> SealStatus {
    SealStatus {
        store: file.store_id().iter().map(|byte| format!("{byte:02x}")).collect(),
        epoch: file.epoch(),
        sealed_by: match file.sealed_by() {
            SealedBy::Passphrase { cost, .. } => Seal::Passphrase {
                memory_kib: cost.memory_kib,
                passes: cost.passes,
            },
            SealedBy::KeyFile { path } => Seal::KeyFile { path: path.clone() },
            SealedBy::Credential { name } => Seal::Credential { name: name.clone() },
        },
    }
}

pub(super) fn of_seal(error: SealError) -> Error {
    let code = match &error {
        SealError::Wrong(_) | SealError::KeyLength(_) => Code::WrongSeal,
        SealError::Damaged(_) => Code::StoreDamaged,
        SealError::UnknownVersion { .. } => Code::UnknownVersion,
        SealError::Path => Code::Invalid,
        SealError::Derivation(_) => Code::Busy,
        SealError::NoEntropy => Code::Internal,
    };
    in_two(code, &error.to_string())
}

fn of_key_file(error: &SealFileError) -> Error {
    let code = match error {
        SealFileError::Exists(_) => Code::Conflict,
        SealFileError::Missing(_) => Code::Sealed,
        SealFileError::InsideData { .. } => Code::Invalid,
        SealFileError::NotAFile(_)
        | SealFileError::ForeignOwner { .. }
        | SealFileError::OpenToOthers { .. } => Code::Permissions,
        SealFileError::Length { .. } => Code::WrongSeal,
        SealFileError::Io { .. } => Code::Io,
    };
    in_two(code, &error.to_string())
}

/// These errors say what to do after a semicolon.
fn in_two(code: Code, text: &str) -> Error {
    let (message, hint) = text.split_once("; ").unwrap_or((text, "nothing was changed"));
    Error::new(code, message, hint)
}
