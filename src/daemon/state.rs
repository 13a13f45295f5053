//! What all connections share: the gateway, the service once it is open, the pools.

use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::watch;

use super::failures::Failures;
use super::logins::Logins;
use super::metrics::Metrics;
use super::names::Names;
use super::options::Options;
use super::pool::Pool;
use super::reply;
use super::shares::{Share, Shares};
use crate::gateway::in_process::InProcess;
use crate::service::{Actor, Code, Error, Request, Response, Service};
use crate::system::identity::user_name;

/// Commands that are worked on at a time: most of them wait for a disk, or for argon2, which has a queue of its own.
const COMMANDS: usize = 8;
/// Commands that may wait.
const WAITING_COMMANDS: usize = 128;
/// Commands with a password at a time: argon2 takes two.
const PASSWORDS: usize = 3;
/// Those that may wait.
const WAITING_PASSWORDS: usize = 64;
/// Those of one account, waiting or worked on: some seconds' worth.
const PASSWORDS_EACH: usize = 24;
/// Readings of the audit log at a time, which may take seconds.
const READINGS: usize = 2;
/// Those that may wait.
const WAITING_READINGS: usize = 32;
/// Those of one account.
const READINGS_EACH: usize = 12;
/// Who may wait while somebody unlocks the store.
const WAITING_UNLOCKS: usize = 8;
/// Wrong passphrases that cost nothing: everybody mistypes once.
const MISTYPED: u32 = 1;
/// How long a wrong passphrase counts.
const WINDOW: Duration = Duration::from_secs(600);
/// What clients ask that a thread has to answer: public keys, refreshes and logouts, the last two of which are commits.
const CLIENTS: usize = 4;
/// Those that may wait, apart from commands: a flood at the public door holds up nobody who operates the store.
const WAITING_CLIENTS: usize = 128;
/// Requests to decrypt that may wait: of single fields at 3072 bits, some 20 ms for two threads.
const WAITING_DECRYPTIONS: usize = 64;
/// Consoles and commands that listen to the feed at a time: each has a thread.
const LISTENERS: usize = 256;
/// Those of one account.
const LISTENERS_EACH: usize = 32;
/// Commands with a long body that are read at a time.
const LONG_COMMANDS: usize = 8;
/// Those of one account.
const LONG_COMMANDS_EACH: usize = 4;
/// What strangers' work and decryptions add to their threads' niceness: verification goes first.
pub(super) const NICE: i32 = 5;

pub(super) struct State {
    pub(super) gateway: Arc<InProcess>,
    pub(super) options: Options,
    commands: Pool,
    passwords: Pool,
    passwords_of: Arc<Shares<u32>>,
    readings: Pool,
    readings_of: Arc<Shares<u32>>,
    unlocks: Pool,
    /// Whose passphrases were wrong.
    pub(super) wrong_passphrases: Failures<u32>,
    decryptions: Pool,
    pub(super) metrics: Metrics,
    /// What accounts are called.
    pub(super) names: Arc<Names>,
    clients: Pool,
    pub(super) logins: Logins,
    /// Whether the daemon ends.
    pub(super) stop: watch::Receiver<bool>,
    /// Who listens to the feed.
    pub(super) listening: Arc<Shares<u32>>,
    /// Whose long commands are read.
    pub(super) long_commands: Arc<Shares<u32>>,
    service: OnceLock<Arc<Service>>,
}

impl State {
    pub(super) fn new(
        gateway: Arc<InProcess>,
        options: Options,
        stop: watch::Receiver<bool>,
    ) -> io::Result<Self> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self {
            gateway,
            commands: Pool::new("command", COMMANDS, WAITING_COMMANDS, 0)?,
            passwords: Pool::new("password", PASSWORDS, WAITING_PASSWORDS, NICE)?,
            passwords_of: Shares::new(PASSWORDS_EACH),
            readings: Pool::new("reading", READINGS, WAITING_READINGS, NICE)?,
            readings_of: Shares::new(READINGS_EACH),
            unlocks: Pool::new("unlock", 1, WAITING_UNLOCKS, 0)?,
            wrong_passphrases: Failures::new(MISTYPED, WINDOW),
            clients: Pool::new("client", CLIENTS, WAITING_CLIENTS, NICE)?,
            logins: Logins::new()?,
            decryptions: Pool::new("decrypt", cores, WAITING_DECRYPTIONS, NICE)?,
            listening: Shares::of(LISTENERS_EACH, LISTENERS),
            long_commands: Shares::of(LONG_COMMANDS_EACH, LONG_COMMANDS),
            metrics: Metrics::default(),
            names: Arc::new(Names::new(user_name)?),
            options,
            stop,
            service: OnceLock::new(),
        })
    }

    /// The service, where the store is open.
    pub(super) fn service(&self) -> Option<&Arc<Service>> {
        if let Some(service) = self.service.get() {
            return Some(service);
        }
        let opened = self.gateway.opened()?;
        Some(self.service.get_or_init(|| opened))
    }

    /// The service, or what to say while the store is sealed.
    pub(super) fn opened(&self) -> Result<&Arc<Service>, Error> {
        self.service().ok_or_else(|| {
            Error::new(
                Code::Sealed,
                "the store is sealed",
                "unlock it: open the console, or run any command that asks for its passphrase",
            )
        })
    }

    /// Has blocking work done by the commands' pool, and waits for it.
    pub(super) async fn run<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> T + Send + 'static,
    ) -> Result<T, http::Response<super::body::Body>> {
        self.run_in(&self.commands, "commands", work).await
    }

    /// Has a request of the vocabulary done, where others like it are: what hashes a password or reads the whole audit log
    /// keeps nobody waiting who looks at something or revokes.
    pub(super) async fn run_request(
        self: &Arc<Self>,
        actor: Actor,
        request: Request,
    ) -> Result<Result<Response, Error>, http::Response<super::body::Body>> {
        if request.carries_password() {
            let uid = actor.uid;
            let work = move |state: &Self| state.opened()?.handle(&actor, request);
            return self.run_password(uid, work).await;
        }
        let (pool, shares, what) = if request.reads_log() {
            (
                &self.readings,
                Some(&self.readings_of),
                "readings of the audit log",
            )
        } else {
            (&self.commands, None, "commands")
        };
        let share = shares.map(|shares| share(shares, actor.uid, what)).transpose()?;
        let work = move |state: &Self| {
            let _share = share;
            state.opened()?.handle(&actor, request)
        };
        self.run_in(pool, what, work).await
    }

    /// The same for what hashes a password or a new passphrase.
    pub(super) async fn run_password<T: Send + 'static>(
        self: &Arc<Self>,
        uid: u32,
        work: impl FnOnce(&Self) -> T + Send + 'static,
    ) -> Result<T, http::Response<super::body::Body>> {
        let share = share(&self.passwords_of, uid, "passwords")?;
        let work = move |state: &Self| {
            let _share = share;
            work(state)
        };
        self.run_in(&self.passwords, "passwords", work).await
    }

    /// The same for unlocking, one at a time: whoever waits finds the store open.
    pub(super) async fn run_unlock<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> T + Send + 'static,
    ) -> Result<T, http::Response<super::body::Body>> {
        self.run_in(&self.unlocks, "passphrases", work).await
    }

    /// The same for what clients ask.
    pub(super) async fn run_client<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> T + Send + 'static,
    ) -> Result<T, http::Response<super::body::Body>> {
        self.run_in(&self.clients, "requests", work).await
    }

    /// The same for decryptions, on threads that come after everybody else's.
    pub(super) async fn run_decryption<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> T + Send + 'static,
    ) -> Result<T, http::Response<super::body::Body>> {
        self.run_in(&self.decryptions, "decryptions", work).await
    }

    pub(super) async fn run_in<T: Send + 'static>(
        self: &Arc<Self>,
        pool: &Pool,
        what: &str,
        work: impl FnOnce(&Self) -> T + Send + 'static,
    ) -> Result<T, http::Response<super::body::Body>> {
        let state = Arc::clone(self);
        let arrives = pool
            .try_run(move || work(&state))
            .map_err(|_| reply::busy(what))?;
        arrives.await.map_err(|_| reply::error(&broke_off()))
    }
}

/// A place among those of an account.
fn share(
    shares: &Arc<Shares<u32>>,
    uid: u32,
    what: &str,
) -> Result<Share<u32>, http::Response<super::body::Body>> {
    shares
        .take(uid)
        .ok_or_else(|| reply::busy(&format!("{what} of your account")))
}

/// The work panicked.
pub(super) fn broke_off() -> Error {
    Error::new(
        Code::Internal,
        "the work broke off through a fault of ours",
        "look at the activity list before you repeat it, and report it",
    )
}
