//! The store in a data directory of this machine: found, made, unsealed and opened.
//!
//! Making one goes so that a crash leaves either nothing or a whole, empty store: the key file, then the keyring that it
//! opens, then the database.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use super::backup::LocalBackups;
use super::doctor::no_store;
use super::keyring_place::{KEYRING, KeyringPlace};
use crate::crypto::{Argon2Passwords, Cost, Ed25519, Keyring, RsaEngine, SealedBy, Sha256Hasher};
use crate::domain::audit::checkpoint::hex;
use crate::domain::secret::Secret;
use crate::gateway::in_process::Opener;
use crate::gateway::{
    BackupContents, BackupSource, DoctorReport, OpeningStep, RestoreReport, SealChoice, SealSecret,
    SealStatus, StoreState,
};
use crate::service::ports::{Clock, Entropy, PasswordHasher, StoreCipher, StoreError};
use crate::service::{Actor, Code, Error, Ports, Service};
use crate::store::journaled::{JournaledStore, Places};
use crate::system::checkpoint_file::CheckpointFile;
use crate::system::data_dir::DataDir;
use crate::system::lock::{Daemon, Lock};
use crate::system::outbox::Outbox;
use crate::system::{OsEntropy, SystemClock};

/// What a store's data begins with, under whatever keyring.
const DATA: [&str; 2] = ["records", "journal"];

/// How often, and how long after each other, a store that another process has is tried: a second.
const LOOKS: u32 = 50;
const PAUSE: Duration = Duration::from_millis(20);

/// Opens the store of one data directory.
pub(super) struct LocalStore {
    pub(super) data_dir: PathBuf,
    pub(super) state_dir: PathBuf,
    key_file: PathBuf,
    pub(super) keyring: KeyringPlace,
    pub(super) user: String,
    /// Held until the process ends, or another opening replaces it.
    open: Mutex<Option<Open>>,
    /// The lock of a process that stays, from its start on.
    held: Mutex<Option<Arc<Lock>>>,
    clock: Arc<dyn Clock>,
    passwords: Arc<dyn PasswordHasher>,
    /// How far an opening has come.
    step: Mutex<Option<OpeningStep>>,
}

/// What belongs to an open store beside its service.
pub(super) struct Open {
    _lock: Arc<Lock>,
    pub(super) keyring: Arc<Keyring>,
    /// The service's own.
    pub(super) store: Weak<JournaledStore>,
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
            keyring: KeyringPlace::new(data_dir.clone(), credentials),
            data_dir,
            state_dir,
            key_file,
            user,
            open: Mutex::default(),
            held: Mutex::default(),
            clock: Arc::new(SystemClock),
            passwords: Arc::new(Argon2Passwords::new(Cost::STANDARD, Arc::new(OsEntropy))),
            step: Mutex::default(),
        }
    }

    /// The same by another clock, and with another way to hash passwords.
    pub(super) fn living_by(self, clock: Arc<dyn Clock>, passwords: Arc<dyn PasswordHasher>) -> Self {
        Self {
            clock,
            passwords,
            ..self
        }
    }

    /// The same over other directories.
    pub(super) fn at(&self, places: &Places) -> Self {
        Self::new(
            places.data.clone(),
            places.state.clone(),
            self.key_file.clone(),
            self.keyring.credentials.clone(),
            self.user.clone(),
        )
    }

    /// Lets go of a store that was opened and is not used any more.
    pub(super) fn let_go(&self) {
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub(super) fn places(&self) -> Places {
        Places {
            data: self.data_dir.clone(),
            state: self.state_dir.clone(),
        }
    }

    /// Keeps the store for this process from now on, open or sealed; others are told that it can be asked at `socket`.
    pub(super) fn hold(&self, socket: &Path) -> Result<(), Error> {
        let lock = Arc::new(self.acquire(Some(socket))?);
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(lock);
        Ok(())
    }

    /// Both directories, checked, and the store ours alone from now on.
    fn take(&self) -> Result<Arc<Lock>, Error> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner).clone();
        held.map_or_else(|| Ok(Arc::new(self.acquire(None)?)), Ok)
    }

    /// Waits for a command that is about to let go, as in a pipe of two.
    fn acquire(&self, socket: Option<&Path>) -> Result<Lock, Error> {
        let directory = DataDir::open(&self.data_dir)?;
        DataDir::open_apart(&self.state_dir, &self.data_dir)?;
        let mut looks = 1;
        loop {
            match Lock::acquire_to_serve(&directory, &self.user, SystemClock.now(), socket) {
                Err(StoreError::Locked { .. }) if looks < LOOKS && Daemon::of(&self.data_dir).is_none() => {
                    looks += 1;
                    std::thread::sleep(PAUSE);
                }
                done => return Ok(done?),
            }
        }
    }

    fn says(&self, step: OpeningStep) {
        *self.step.lock().unwrap_or_else(PoisonError::into_inner) = Some(step);
    }

    fn serve(&self, lock: Arc<Lock>, keyring: Keyring) -> Result<Arc<Service>, Error> {
        let entropy: Arc<dyn Entropy> = Arc::new(OsEntropy);
        let checkpoints = CheckpointFile::new(&self.state_dir, keyring.store_id());
        let outbox = Outbox::of_webhooks(&self.state_dir, &hex(keyring.store_id()));
        let signer = Arc::new(keyring.audit_signer()?);
        let keyring = Arc::new(keyring);
        self.says(OpeningStep::Comparing);
        let reading = |again, read| {
            self.says(if again == 0 {
                OpeningStep::Reading(read)
            } else {
                OpeningStep::ReadingAgain(read)
            });
        };
        let places = self.places();
        let cipher = Arc::new(keyring.file_keys(Arc::clone(&entropy)));
        let cipher: Arc<dyn StoreCipher> = cipher;
        let store = JournaledStore::open(&places, Arc::clone(&cipher), Arc::clone(&self.clock), &*keyring)?;
        let store = Arc::new(store);
        let backup = LocalBackups {
            entropy: Arc::clone(&entropy),
            store: Arc::clone(&store),
            cipher,
            keyring: self.keyring.path(),
        };
        let open = Open {
            _lock: lock,
            keyring: Arc::clone(&keyring),
            store: Arc::downgrade(&store),
        };
        let ports = Ports {
            store,
            clock: Arc::clone(&self.clock),
            keys: Arc::new(RsaEngine::new(Arc::clone(&entropy))),
            sealer: keyring,
            passwords: Arc::clone(&self.passwords),
            hasher: Arc::new(Sha256Hasher),
            signatures: Arc::new(Ed25519),
            account: Actor {
                os_user: self.user.clone(),
                uid: rustix::process::geteuid().as_raw(),
                ..Actor::default()
            },
            checkpoints: Arc::new(checkpoints),
            signer,
            backup: Arc::new(backup),
            entropy,
        };
        let service = Service::open_watched(ports, &reading)?;
        service.look_up_deliveries_in(Arc::new(outbox));
        *self.opened() = Some(open);
        Ok(service)
    }

    pub(super) fn opened(&self) -> MutexGuard<'_, Option<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Opener for LocalStore {
    fn state(&self) -> Result<StoreState, Error> {
        if !exists(&self.keyring.path())? {
            if has_records(&self.data_dir)? {
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
        Ok(match self.keyring.file()?.sealed_by() {
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
        let keyring = self.keyring.create(&seal)?;
        self.serve(lock, keyring)
    }

    fn open(&self, passphrase: Option<&Secret>) -> Result<Arc<Service>, Error> {
        let lock = self.take()?;
        self.says(OpeningStep::Unsealing);
        let keyring = self.keyring.open(passphrase)?;
        self.serve(lock, keyring)
    }

    fn seal(&self) -> Result<SealStatus, Error> {
        self.keyring.status()
    }

    fn rotate_seal(&self, seal: &SealChoice) -> Result<SealStatus, Error> {
        let open = self.opened();
        let open = open.as_ref().ok_or_else(not_open)?;
        self.keyring.rotate(&open.keyring, seal)
    }

    fn rekey(&self, service: &Service, actor: &Actor, seal: &SealChoice) -> Result<SealStatus, Error> {
        self.rekeyed(service, actor, seal)
    }

    fn examine(&self, passphrase: Option<&Secret>, repair: bool) -> Result<DoctorReport, Error> {
        if !self.has_store()? {
            return Err(no_store(&self.data_dir));
        }
        self.examined(passphrase, repair)
    }

    fn look_at_backup(&self, source: &BackupSource) -> Result<BackupContents, Error> {
        self.contents(source)
    }

    fn restore(
        &self,
        actor: &Actor,
        source: &BackupSource,
        seal: &SealSecret,
        only_check: bool,
    ) -> Result<RestoreReport, Error> {
        self.restored(actor, source, seal, only_check)
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

/// Whether there is a store's data; under a later keyring its names have an ending.
fn has_records(data_dir: &Path) -> Result<bool, Error> {
    let failed = |error: std::io::Error| {
        let message = format!("{} cannot be looked at: {error}", data_dir.display());
        Error::from(StoreError::Permissions(message))
    };
    let entries = match std::fs::read_dir(data_dir) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        entries => entries.map_err(failed)?,
    };
    for entry in entries {
        let name = entry.map_err(failed)?.file_name();
        if DATA.iter().any(|begin| name.to_string_lossy().starts_with(begin)) {
            return Ok(true);
        }
    }
    Ok(false)
}

pub(super) fn not_open() -> Error {
    Error::new(
        Code::Sealed,
        "the store is not open",
        "open it with the seal that it has",
    )
}
