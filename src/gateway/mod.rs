//! The one door that console and command line go through, whether the service is in this process or behind a socket.

pub mod in_process;
pub mod private;
mod recovery;
pub mod socket;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use self::recovery::{
    BackupContents, BackupSource, DecryptedWith, DoctorLine, DoctorReport, PartState, RestoreReport,
    SealSecret,
};
use crate::domain::secret::Secret;
use crate::service::request::SessionId;
use crate::service::{Code, Error, Event, Request, Response};

/// Where requests go.
pub trait Gateway: Send + Sync {
    /// What the store needs before it answers requests.
    ///
    /// # Errors
    /// The data directory cannot be used: permissions, owner, another process.
    fn state(&self) -> Result<StoreState, Error>;

    /// Makes an empty, sealed store; `Onboard` fills it.
    ///
    /// # Errors
    /// There is one already, or it cannot be written there.
    fn initialize(&self, seal: SealChoice) -> Result<(), Error>;

    /// Opens a store that is sealed with a passphrase.
    ///
    /// # Errors
    /// The passphrase is wrong, or the store cannot be opened.
    fn unlock(&self, passphrase: &Secret) -> Result<(), Error>;

    /// Asks, as the cashier of `session` if one signed in. Blocks until it is answered.
    ///
    /// # Errors
    /// The request's own; `NotOnboarded` and `Sealed` before the store is open.
    fn ask(&self, session: Option<SessionId>, request: Request) -> Result<Response, Error>;

    /// How the store is sealed; it need not be open.
    ///
    /// # Errors
    /// There is no store, or its keyring cannot be read.
    fn seal(&self) -> Result<SealStatus, Error>;

    /// Seals the store anew: the passphrase or key file of before opens it no longer. Gives how it is sealed then.
    ///
    /// # Errors
    /// The cashier of `session` may not, the key file exists, or it cannot be written; the seal is as it was then.
    fn rotate_seal(&self, session: Option<SessionId>, seal: SealChoice) -> Result<SealStatus, Error>;

    /// Replaces the keyring after a leak, under this seal, and seals everything anew. Gives how it is sealed then; the
    /// store is closed after it.
    ///
    /// # Errors
    /// As [`Self::rotate_seal`], or there is nothing here to build the new store in; the store is as it was then.
    fn rekey(&self, _session: Option<SessionId>, _seal: SealChoice) -> Result<SealStatus, Error> {
        Err(Error::new(
            Code::Forbidden,
            "the keyring is replaced where the store is",
            "run it on the store's machine, with nothing else open",
        ))
    }

    /// How far an opening has come that is going on. Never waits for it.
    fn opening(&self) -> Option<OpeningStep> {
        None
    }

    /// Whether others ask the same store meanwhile, as through a daemon: only then can anything be seen in use.
    fn is_shared(&self) -> bool {
        false
    }

    /// Everything that happens from now on.
    fn subscribe(&self) -> Receiver<Event>;

    /// What a backup says of itself.
    ///
    /// # Errors
    /// It does not decrypt, or is damaged; or there is nothing here to restore into.
    fn look_at_backup(&self, source: &BackupSource) -> Result<BackupContents, Error> {
        Err(elsewhere(&source.path))
    }

    /// Looks at every part of the store, which nobody may have open; with `repair` it mends what loses nothing.
    ///
    /// # Errors
    /// There is none, another process has it, or the operating system refused.
    fn examine(&self, _passphrase: Option<&Secret>, _repair: bool) -> Result<DoctorReport, Error> {
        Err(not_here())
    }

    /// Restores a backup; with `only_check` it is read to its end, and nothing is written.
    ///
    /// # Errors
    /// The backup or the seal is wrong or damaged, or there is a whole store. What was there is as it was.
    fn restore(
        &self,
        source: &BackupSource,
        _seal: &SealSecret,
        _only_check: bool,
    ) -> Result<RestoreReport, Error> {
        Err(elsewhere(&source.path))
    }
}

fn not_here() -> Error {
    Error::new(
        Code::Forbidden,
        "the store cannot be examined through this connection",
        "run strongroom doctor on the host, as the store's own user",
    )
}

fn elsewhere(path: &Path) -> Error {
    Error::new(
        Code::Forbidden,
        format!("{} cannot be restored through this connection", path.display()),
        "run strongroom restore on the host, as the store's own user",
    )
}

/// What a store needs before it answers requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StoreState {
    /// There is none: the wizard makes it. A key file would be proposed here.
    Absent {
        /// Where the data will be.
        #[schema(value_type = String)]
        data_dir: PathBuf,
        /// Where a key file would be.
        #[schema(value_type = String)]
        key_file: PathBuf,
    },
    /// It is sealed with a passphrase.
    NeedsPassphrase,
    /// It is open (or opens by itself).
    Ready,
}

/// How far an opening has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpeningStep {
    /// The seal is opened.
    Unsealing,
    /// Database and journal are brought together, and mended where one is behind.
    Comparing,
    /// Every record is read and compared with what was acknowledged; so many were.
    Reading(u64),
    /// The same once more: the database was rebuilt.
    ReadingAgain(u64),
}

/// How the seal of a store is to be kept.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SealChoice {
    /// In a new key file (0400) at this path, outside the data directory.
    #[schema(value_type = String)]
    KeyFile(PathBuf),
    /// In somebody's head.
    Passphrase(#[serde(with = "crate::service::exposed")] Secret),
}

/// How a store is sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SealStatus {
    /// The store's random name, as hexadecimal digits.
    pub store: String,
    /// Which keyring: 1 at first, one more each time it is replaced after a leak.
    pub epoch: u32,
    /// By what.
    pub sealed_by: Seal,
}

/// What opens a store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Seal {
    /// A passphrase.
    Passphrase {
        /// The memory that argon2id takes for a guess, in KiB.
        memory_kib: u32,
        /// How often it goes over it.
        passes: u32,
    },
    /// A key file.
    KeyFile {
        /// Where it is.
        #[schema(value_type = String)]
        path: PathBuf,
    },
    /// A credential that systemd hands over.
    Credential {
        /// Its name.
        name: String,
    },
}

impl fmt::Display for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passphrase { .. } => f.write_str("passphrase"),
            Self::KeyFile { path } => write!(f, "key file {}", path.display()),
            Self::Credential { name } => write!(f, "systemd credential {name}"),
        }
    }
}

/// Asks, and where the answer is a job, waits for its end.
///
/// # Errors
/// The request's own, or the job's.
pub fn ask_and_wait(
    gateway: &dyn Gateway,
    session: Option<SessionId>,
    request: Request,
) -> Result<Arc<Response>, Error> {
    let events = gateway.subscribe();
    let job = match gateway.ask(session, request)? {
        Response::Started(job) => job,
        answer => return Ok(Arc::new(answer)),
    };
    for event in events {
        if let Event::JobEnded(ended, result) = event
            && ended == job
        {
            return result;
        }
    }
    Err(Error::new(
        Code::Internal,
        "the work was begun, and nobody said how it ended",
        "look at the activity list before you repeat it",
    ))
}
