//! The store in a data directory of this machine: found, made, unsealed and opened.
//!
//! Making one goes so that a crash leaves either nothing or a whole, empty store: the key file, then the keyring that it
//! opens, then the database.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::backup::LocalBackups;
use crate::crypto::{
    Argon2Passwords, Cost, Keyring, KeyringFile, RsaEngine, SealError, SealSource, SealedBy, Sha256Hasher,
};
use crate::domain::secret::Secret;
use crate::gateway::in_process::Opener;
use crate::gateway::{OpeningStep, SealChoice, StoreState};
use crate::service::ports::{Clock as _, Entropy, StoreError};
use crate::service::{Actor, Code, Error, Ports, Service};
use crate::store::journaled::{JournaledStore, Places};
use crate::system::checkpoint_file::CheckpointFile;
use crate::system::data_dir::DataDir;
use crate::system::lock::Lock;
use crate::system::private_file;
use crate::system::seal_file::{self, SealFileError};
use crate::system::{OsEntropy, SystemClock};

const KEYRING: &str = "keyring";
/// What the store makes first.
const RECORDS: &str = "records";

/// Opens the store of one data directory.
pub(super) struct LocalStore {
    data_dir: PathBuf,
    state_dir: PathBuf,
    key_file: PathBuf,
    credentials: Option<PathBuf>,
    user: String,
    /// Held until the process ends, or another opening replaces it.
    lock: Mutex<Option<Lock>>,
    /// How far an opening has come.
    step: Mutex<Option<OpeningStep>>,
}

impl LocalStore {
    pub(super) fn new(
        data_dir: PathBuf,
        state_dir: PathBuf,
        key_file: PathBuf,
        credentials: Option<PathBuf>,
        user: String,
    ) -> Self {
        Self {
            data_dir,
            state_dir,
            key_file,
            credentials,
            user,
            lock: Mutex::default(),
            step: Mutex::default(),
        }
    }

    fn keyring_path(&self) -> PathBuf {
        self.data_dir.join(KEYRING)
    }

    fn keyring_file(&self) -> Result<KeyringFile, Error> {
        let path = self.keyring_path();
        let bytes = std::fs::read(&path).map_err(|error| {
            Error::from(StoreError::Io(format!(
                "{} cannot be read: {error}",
                path.display()
            )))
        })?;
        KeyringFile::parse(&bytes).map_err(of_seal)
    }

    /// Both directories, checked, and the store ours alone from now on.
    fn take(&self) -> Result<Lock, Error> {
        let directory = DataDir::open(&self.data_dir)?;
        DataDir::open_apart(&self.state_dir, &self.data_dir)?;
        Ok(Lock::acquire(&directory, &self.user, SystemClock.now())?)
    }

    fn says(&self, step: OpeningStep) {
        *self.step.lock().unwrap_or_else(PoisonError::into_inner) = Some(step);
    }

    fn serve(&self, lock: Lock, keyring: Keyring) -> Result<Arc<Service>, Error> {
        let entropy: Arc<dyn Entropy> = Arc::new(OsEntropy);
        let checkpoints = CheckpointFile::new(&self.state_dir, keyring.store_id());
        let signer = Arc::new(keyring.audit_signer()?);
        self.says(OpeningStep::Comparing);
        let reading = |again, read| {
            self.says(if again == 0 {
                OpeningStep::Reading(read)
            } else {
                OpeningStep::ReadingAgain(read)
            });
        };
        let places = Places {
            data: self.data_dir.clone(),
            state: self.state_dir.clone(),
        };
        let cipher = Arc::new(keyring.file_keys(Arc::clone(&entropy)));
        let store = JournaledStore::open(&places, cipher, Arc::new(SystemClock), &())?;
        let ports = Ports {
            store: Arc::new(store),
            clock: Arc::new(SystemClock),
            keys: Arc::new(RsaEngine::new(Arc::clone(&entropy))),
            sealer: Arc::new(keyring),
            passwords: Arc::new(Argon2Passwords::new(Cost::STANDARD, Arc::clone(&entropy))),
            hasher: Arc::new(Sha256Hasher),
            account: Actor {
                os_user: self.user.clone(),
                uid: rustix::process::geteuid().as_raw(),
                ..Actor::default()
            },
            checkpoints: Arc::new(checkpoints),
            signer,
            backup: Arc::new(LocalBackups::new(Arc::clone(&entropy))),
            entropy,
        };
        let service = Service::open_watched(ports, &reading)?;
        *self.lock.lock().unwrap_or_else(PoisonError::into_inner) = Some(lock);
        Ok(service)
    }

    fn seal_key(&self, sealed_by: &SealedBy, passphrase: Option<&Secret>) -> Result<Secret, Error> {
        match sealed_by {
            SealedBy::Passphrase { .. } => passphrase.cloned().ok_or_else(|| {
                Error::new(
                    Code::Sealed,
                    "the store is sealed with a passphrase",
                    "give its passphrase",
                )
            }),
            SealedBy::KeyFile { path } => {
                seal_file::read(path, &self.data_dir).map_err(|error| of_key_file(&error))
            }
            SealedBy::Credential { name } => {
                let directory = self.credentials.as_ref().ok_or_else(|| {
                    Error::new(
                        Code::Sealed,
                        format!("the store is sealed with the systemd credential {name}, and there are no credentials"),
                        "start it as the systemd unit does, with LoadCredential",
                    )
                })?;
                seal_file::read(&directory.join(name), &self.data_dir).map_err(|error| of_key_file(&error))
            }
        }
    }
}

impl Opener for LocalStore {
    fn state(&self) -> Result<StoreState, Error> {
        if !exists(&self.keyring_path())? {
            if exists(&self.data_dir.join(RECORDS))? {
                return Err(Error::new(
                    Code::StoreDamaged,
                    format!(
                        "{} has records, and no file `{KEYRING}` to open them with",
                        self.data_dir.display()
                    ),
                    "put it back from a backup; nothing was changed",
                ));
            }
            return Ok(StoreState::Absent {
                data_dir: self.data_dir.clone(),
                key_file: self.key_file.clone(),
            });
        }
        DataDir::open(&self.data_dir)?;
        Ok(match self.keyring_file()?.sealed_by() {
            SealedBy::Passphrase { .. } => StoreState::NeedsPassphrase,
            SealedBy::KeyFile { .. } | SealedBy::Credential { .. } => StoreState::Ready,
        })
    }

    fn create(&self, seal: SealChoice) -> Result<Arc<Service>, Error> {
        let lock = self.take()?;
        if !matches!(self.state()?, StoreState::Absent { .. }) {
            return Err(Error::new(
                Code::Conflict,
                format!("there is a store in {} already", self.data_dir.display()),
                "open it, or name another place with --data-dir",
            ));
        }
        let entropy: Arc<dyn Entropy> = Arc::new(OsEntropy);
        let (file, keyring, key_file) = match seal {
            SealChoice::Passphrase(passphrase) => {
                let source = SealSource::Passphrase {
                    passphrase: &passphrase,
                    cost: Cost::STANDARD,
                };
                let (file, keyring) = KeyringFile::create(&source, entropy).map_err(of_seal)?;
                (file, keyring, None)
            }
            SealChoice::KeyFile(path) => {
                // Relative to where it was typed, and found from everywhere.
                let path = std::path::absolute(&path).unwrap_or(path);
                let mut bytes = vec![0; seal_file::KEY_LENGTH];
                entropy.fill(&mut bytes)?;
                let key = Secret::new(bytes);
                let source = SealSource::KeyFile {
                    path: path.clone(),
                    key: &key,
                };
                let (file, keyring) = KeyringFile::create(&source, entropy).map_err(of_seal)?;
                seal_file::write(&path, &self.data_dir, &key).map_err(|error| of_key_file(&error))?;
                (file, keyring, Some(path))
            }
        };
        let kept = file.to_bytes().map_err(of_seal).and_then(|bytes| {
            let path = self.keyring_path();
            private_file::replace(&path, &bytes).map_err(|error| {
                StoreError::Io(format!("{} cannot be written: {error}", path.display())).into()
            })
        });
        if let (Err(_), Some(path)) = (&kept, key_file) {
            // It opens nothing; the first error is the one to tell.
            let _ = std::fs::remove_file(path);
        }
        kept?;
        self.serve(lock, keyring)
    }

    fn open(&self, passphrase: Option<&Secret>) -> Result<Arc<Service>, Error> {
        let lock = self.take()?;
        let file = self.keyring_file()?;
        let seal = self.seal_key(file.sealed_by(), passphrase)?;
        self.says(OpeningStep::Unsealing);
        let keyring = file.open(&seal, Arc::new(OsEntropy)).map_err(of_seal)?;
        self.serve(lock, keyring)
    }

    fn step(&self) -> Option<OpeningStep> {
        *self.step.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn exists(path: &Path) -> Result<bool, Error> {
    path.try_exists().map_err(|error| {
        let message = format!("{} cannot be looked at: {error}", path.display());
        Error::from(StoreError::Permissions(message))
    })
}

fn of_seal(error: SealError) -> Error {
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
