//! The door to a daemon that has the store: its private socket.
//!
//! Who asks is the account that the kernel vouches for; what is sent about it can only take rights away. A change carries a
//! name of its own (`X-Request-Id`), and when its answer is lost it is sent again under the same one: done once, or not at all.

mod exchange;
mod feed;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use self::exchange::{Answer, Broken, Question, exchange};
use self::feed::Feed;
use super::private::{
    ADDRESS, COMMAND, FIXED_EMAIL, Failure, Passphrase, READ_ONLY, REQUEST_ID, SEAL, SESSION, STATE, UNLOCK,
};
use super::{
    BackupContents, BackupSource, DoctorReport, Gateway, RestoreReport, SealChoice, SealSecret, SealStatus,
    StoreState,
};
use crate::domain::id::RequestId;
use crate::domain::secret::Secret;
use crate::service::exposed::Exposed as _;
use crate::service::request::{MakeBackup, SessionId};
use crate::service::{Actor, Code, Error, Event, Request, Response, wire};

/// How often, and how long after each other, an answer that was lost is asked for.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(250);

/// Makes names for changes; `None` without randomness.
pub type Names = Box<dyn Fn() -> Option<RequestId> + Send + Sync>;

/// A gateway to the daemon at a socket.
pub struct Socket {
    path: PathBuf,
    /// Who that is, for messages: `the daemon (pid 612 of strongroom)`.
    daemon: String,
    headers: Vec<(&'static str, String)>,
    names: Names,
    feed: Arc<Feed>,
}

impl Socket {
    /// A gateway to the socket at `path`; nothing is asked yet. `daemon` is what messages call it.
    #[must_use]
    pub fn new(path: PathBuf, daemon: String, actor: &Actor, names: Names) -> Self {
        let mut headers = Vec::new();
        if let Some(email) = &actor.fixed_email {
            headers.push((FIXED_EMAIL, email.as_str().to_owned()));
        }
        if actor.read_only {
            headers.push((READ_ONLY, "1".to_owned()));
        }
        if let Some(address) = &actor.address {
            headers.push((ADDRESS, address.clone()));
        }
        Self {
            path,
            daemon,
            headers,
            names,
            feed: Arc::default(),
        }
    }

    fn read<T: DeserializeOwned>(&self, path: &'static str) -> Result<T, Error> {
        let question = Question {
            method: "GET",
            path,
            headers: &self.headers,
            body: &[],
        };
        understood(&self.sent(&question, false)?)
    }

    fn change<T: DeserializeOwned>(
        &self,
        path: &'static str,
        session: Option<SessionId>,
        body: &impl Serialize,
        is_change: bool,
    ) -> Result<T, Error> {
        let mut headers = self.headers.clone();
        if let Some(digits) = session.and_then(|session| session.shown()) {
            headers.push((SESSION, digits.to_string()));
        }
        if is_change {
            let name = (self.names)().ok_or_else(no_name)?;
            headers.push((REQUEST_ID, name.to_string()));
        }
        let body = wire::write(body)?;
        let question = Question {
            method: "POST",
            path,
            headers: &headers,
            body: &body,
        };
        let answer = self.sent(&question, is_change);
        headers
            .iter_mut()
            .for_each(|(_, value)| zeroize::Zeroize::zeroize(value));
        understood(&answer?)
    }

    /// Sends it, and a change whose answer was lost again.
    fn sent(&self, question: &Question<'_>, is_change: bool) -> Result<Answer, Error> {
        let lost = match exchange(&self.path, question) {
            Ok(answer) => return Ok(answer),
            Err(Broken::Unheard(error)) => return Err(self.unreachable(&error)),
            Err(Broken::Midway(error)) => error,
        };
        if !is_change {
            return Err(Error::new(
                Code::Io,
                format!("the connection to {} broke off: {lost}", self.daemon),
                "nothing was changed; repeat it",
            ));
        }
        for _ in 0..TRIES {
            std::thread::sleep(PAUSE);
            if let Ok(answer) = exchange(&self.path, question) {
                return Ok(answer);
            }
        }
        Err(Error::new(
            Code::Io,
            format!(
                "the connection to {} broke off, and whether the change was made is not known: {lost}",
                self.daemon
            ),
            "when it is back, look at the activity list before you repeat it",
        ))
    }

    fn unreachable(&self, error: &std::io::Error) -> Error {
        let path = self.path.display();
        if error.kind() == std::io::ErrorKind::PermissionDenied {
            return Error::new(
                Code::Permissions,
                format!("the daemon's socket {path} may not be used by this account"),
                "have it added to `rights` in the daemon's configuration; nothing was done",
            );
        }
        Error::new(
            Code::Io,
            format!("{} does not answer; nothing was done", self.daemon),
            format!("see whether it runs: systemctl status strongroom ({path}: {error})"),
        )
    }

    /// What only works where nobody has the store.
    fn refused<T>(&self, what: &str) -> Result<T, Error> {
        Err(Error::new(
            Code::StoreLocked,
            format!("{} has the store, and {what}", self.daemon),
            "stop it first, then run this on the host as the store's own user; nothing was changed",
        ))
    }
}

impl Gateway for Socket {
    fn state(&self) -> Result<StoreState, Error> {
        self.read(STATE)
    }

    fn initialize(&self, _seal: SealChoice) -> Result<(), Error> {
        self.refused("a store is made without it")
    }

    fn unlock(&self, passphrase: &Secret) -> Result<(), Error> {
        let passphrase = passphrase.clone();
        let _: StoreState = self.change(UNLOCK, None, &Passphrase { passphrase }, false)?;
        Ok(())
    }

    fn ask(&self, session: Option<SessionId>, request: Request) -> Result<Response, Error> {
        let request = from_here(request)?;
        let answer = self.change(COMMAND, session, &request, request.is_change())?;
        if let Response::Started(job) = answer {
            self.feed.began(job);
        }
        Ok(answer)
    }

    fn seal(&self) -> Result<SealStatus, Error> {
        self.read(SEAL)
    }

    fn rotate_seal(&self, session: Option<SessionId>, seal: SealChoice) -> Result<SealStatus, Error> {
        let seal = match seal {
            SealChoice::KeyFile(path) => SealChoice::KeyFile(absolute(&path)?),
            passphrase @ SealChoice::Passphrase(_) => passphrase,
        };
        self.change(SEAL, session, &seal, true)
    }

    fn rekey(&self, _session: Option<SessionId>, _seal: SealChoice) -> Result<SealStatus, Error> {
        self.refused("the keyring is replaced without it")
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn subscribe(&self) -> Receiver<Event> {
        self.feed.subscribe(&self.path, &self.headers)
    }

    fn look_at_backup(&self, _source: &BackupSource) -> Result<BackupContents, Error> {
        self.refused("a backup is restored without it")
    }

    fn examine(&self, _passphrase: Option<&Secret>, _repair: bool) -> Result<DoctorReport, Error> {
        self.refused("a store is examined without it")
    }

    fn restore(
        &self,
        _source: &BackupSource,
        _seal: &SealSecret,
        _only_check: bool,
    ) -> Result<RestoreReport, Error> {
        self.refused("a backup is restored without it")
    }
}

/// A path means what it means here, not in the daemon's directory.
fn from_here(request: Request) -> Result<Request, Error> {
    match request {
        Request::MakeBackup(make) => Ok(Request::MakeBackup(MakeBackup {
            place: absolute(&make.place)?,
            ..make
        })),
        other => Ok(other),
    }
}

fn absolute(path: &Path) -> Result<PathBuf, Error> {
    std::path::absolute(path).map_err(|error| {
        Error::new(
            Code::Invalid,
            format!("{} is no path: {error}", path.display()),
            "name another; nothing was done",
        )
    })
}

/// The answer, or the error that it is.
fn understood<T: DeserializeOwned>(answer: &Answer) -> Result<T, Error> {
    if answer.status == 200 {
        return wire::read(&answer.body).map_err(|error| {
            Error::new(
                Code::Internal,
                format!("the daemon's answer is not understood: {}", error.message),
                "use the same version of Strongroom on both sides; look at the activity list before you repeat it",
            )
        });
    }
    Err(wire::read::<Failure>(&answer.body).map_or_else(
        |_| {
            Error::new(
                Code::Internal,
                format!("the daemon answers with {} and says nothing more", answer.status),
                "use the same version of Strongroom on both sides",
            )
        },
        |failure| failure.error,
    ))
}

fn no_name() -> Error {
    Error::new(
        Code::Internal,
        "the operating system gave no randomness",
        "nothing was changed; try again",
    )
}
