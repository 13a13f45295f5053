//! Starts the daemon: store, sockets, log and signals, in the order that leaves nothing behind when one of them fails.

use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use rustix::process::{Signal as ToProcess, getppid, set_parent_process_death_signal};
use tokio::sync::watch;

use super::local_store::LocalStore;
use super::webhooks;
use crate::cli::Globals;
use crate::cli::failure::Failure;
use crate::cli::serve::Serve;
use crate::daemon::{Listeners, Options, PRIVATE_CONNECTIONS, Rights, Tls, document, serve, webhook};
use crate::gateway::in_process::InProcess;
use crate::gateway::{Gateway as _, StoreState};
use crate::service::{Actor, Code, Error};
use crate::system::settings::Settings;
use crate::system::signals::{Signal, watch as watch_signals};
use crate::system::socket::{self, Socket};
use crate::system::systemd::{self, Inherited};
use crate::system::{hardening, logging};

/// Between two looks at the certificate's files; systemd's watchdog may want to hear more often.
const LOOK: Duration = Duration::from_secs(10);
/// What requests under way may take at the end: less than systemd waits before it kills.
const DRAIN: Duration = Duration::from_secs(20);
const HANGUP: i32 = 1;
/// Descriptors for the store, its log, backups and listeners.
const KEPT: usize = 128;
/// Public connections there are in any case.
const FEWEST: usize = 16;

/// What the daemon is started with.
pub(super) struct Surroundings<'a> {
    pub(super) settings: &'a Settings,
    pub(super) socket: PathBuf,
    pub(super) is_journal: bool,
    pub(super) globals: &'a Globals,
}

/// Runs the daemon until a signal ends it; the process' exit code.
pub(super) fn run(
    arguments: &Serve,
    with: &Surroundings<'_>,
    opener: LocalStore,
    actor: &Actor,
) -> Result<u8, Failure> {
    if arguments.openapi {
        let written = std::io::stdout().write_all(&document());
        written.map_err(|error| failed("the document cannot be written", &error))?;
        return Ok(crate::cli::failure::DONE);
    }
    if let Some(parent) = arguments.parent {
        ends_with(parent)?;
    }
    let settings = &with.settings.daemon;
    logging::begin(settings.log, with.is_journal);
    let tls = tls(with.settings)?;
    let endpoints = webhooks::endpoints(with.settings)?;
    let inherited = systemd::inherited()
        .map_err(|error| failed("a socket that was handed over cannot be used", &error))?;
    let private = private(&inherited, with);
    // Whoever finds the lock knows from it whom to ask, and waits until the socket is there.
    opener.hold(&private)?;
    let (listeners, socket) = listeners(arguments, with, inherited)?;
    let addresses: Vec<SocketAddr> = listeners
        .public
        .iter()
        .filter_map(|socket| socket.local_addr().ok())
        .collect();
    let gateway = Arc::new(InProcess::new(Box::new(opener), actor.clone()).counting());
    let is_open = open(&gateway, with.globals)?;
    let options = options(with.settings, actor.uid);
    let (stop, stopping) = watch::channel(false);
    let (wake, woken) = channel();
    watch_signals(move |signal| match signal {
        Signal::End(HANGUP) => drop(wake.send(())),
        Signal::End(_) => {
            systemd::is_stopping();
            let _ = stop.send(true);
        }
        Signal::Stop | Signal::Continue | Signal::Resize => {}
    })
    .map_err(|error| failed("signals cannot be heard", &error))?;
    let reloaded = tls.clone();
    std::thread::spawn(move || look_after(&woken, reloaded.as_deref()));
    let teller = match endpoints.is_empty() {
        true => None,
        false => {
            let outbox = webhooks::outbox(with.settings, &*gateway)?;
            let started = webhook::start(
                Arc::clone(&gateway),
                outbox,
                endpoints,
                Arc::clone(&options.webhooks),
                stopping.clone(),
            );
            Some(started.map_err(|error| failed("the outbox of webhooks cannot be used", &error))?)
        }
    };
    let is_ready = || {
        tracing::info!(
            public = ?addresses,
            private = %private.display(),
            tls = tls.is_some(),
            "{}",
            if is_open { "serving" } else { "serving, sealed: unlock it with any command" }
        );
        systemd::is_ready(if is_open { "serving" } else { "sealed" });
    };
    let served = serve(
        Arc::clone(&gateway),
        options,
        tls.clone(),
        listeners,
        &stopping,
        is_ready,
    );
    drop(socket);
    if let Some(teller) = teller {
        // A panic was told by its own hook.
        let _ = teller.join();
    }
    let closed = gateway.close();
    served.map_err(|error| failed("the daemon cannot be set up", &error))?;
    closed?;
    tracing::info!("ended");
    Ok(crate::cli::failure::DONE)
}

/// Ends as by SIGTERM when the process ends that started it.
fn ends_with(parent: i32) -> Result<(), Error> {
    // It may have ended before it could be asked for.
    let is_ours = set_parent_process_death_signal(Some(ToProcess::TERM)).is_ok()
        && getppid().is_some_and(|found| found.as_raw_nonzero().get() == parent);
    if is_ours {
        return Ok(());
    }
    Err(Error::new(
        Code::Io,
        format!("process {parent} did not start this one, or is gone"),
        "leave --parent to whoever starts it",
    ))
}

/// Opens the store, if it needs nobody for that; whether it is open.
fn open(gateway: &InProcess, globals: &Globals) -> Result<bool, Failure> {
    match gateway.state()? {
        StoreState::Absent { data_dir, .. } => Err(Error::new(
            Code::NotOnboarded,
            format!("there is no store in {}", data_dir.display()),
            "make one first: `strongroom` for the wizard, or `strongroom init`",
        )
        .into()),
        StoreState::NeedsPassphrase if globals.passphrase_file.is_none() => Ok(false),
        StoreState::NeedsPassphrase => {
            gateway.unlock(&globals.passphrase(false).read()?)?;
            Ok(true)
        }
        StoreState::Ready => {
            gateway.open()?;
            Ok(true)
        }
    }
}

fn options(settings: &Settings, owner: u32) -> Options {
    let daemon = &settings.daemon;
    let of = |right| daemon.rights.get(right).cloned().unwrap_or_default();
    Options {
        workers: daemon.workers.unwrap_or_else(|| {
            // Whoever asks works on this host too: one core for it for each that answers.
            std::thread::available_parallelism().map_or(1, |cores| usize::from(cores).div_ceil(2))
        }),
        max_connections: connections(daemon.max_connections, hardening::descriptors()),
        trusted_proxies: daemon.trusted_proxies.clone(),
        rights: Rights {
            owner,
            verify: of("verify"),
            decrypt: of("decrypt"),
            command: of("command"),
        },
        webhooks: Arc::default(),
        drain: DRAIN,
    }
}

/// Where the private socket is, or will be.
fn private(inherited: &Inherited, with: &Surroundings<'_>) -> PathBuf {
    let bound = inherited.unix.first().and_then(|socket| socket.local_addr().ok());
    let path = bound.as_ref().and_then(|address| address.as_pathname());
    path.map_or_else(|| with.socket.clone(), Path::to_path_buf)
}

/// As many public connections as are wanted, and as descriptors are left for beside the store's and the private socket's.
fn connections(wanted: usize, descriptors: usize) -> usize {
    let left = descriptors.saturating_sub(KEPT + PRIVATE_CONNECTIONS).max(FEWEST);
    if left < wanted {
        tracing::warn!(
            wanted,
            possible = left,
            descriptors,
            "fewer connections than `max_connections`: the limit of open files (LimitNOFILE) allows no more"
        );
    }
    wanted.min(left)
}

/// The sockets that systemd bound, else our own.
fn listeners(
    arguments: &Serve,
    with: &Surroundings<'_>,
    inherited: Inherited,
) -> Result<(Listeners, Option<Socket>), Error> {
    let mut listeners = Listeners {
        public: inherited.tcp,
        private: inherited.unix,
    };
    if listeners.public.is_empty() {
        let wanted = if arguments.listen.is_empty() {
            &with.settings.daemon.listen
        } else {
            &arguments.listen
        };
        for address in wanted {
            let bound = TcpListener::bind(address);
            listeners.public.push(bound.map_err(|error| {
                Error::new(
                    Code::Io,
                    format!("{address} cannot be listened on: {error}"),
                    "name another address with --listen, or end whoever has it",
                )
            })?);
        }
    }
    if !listeners.private.is_empty() {
        return Ok((listeners, None));
    }
    let for_others = with.settings.daemon.rights.values().any(|uids| !uids.is_empty());
    let (listener, socket) = socket::listen(&with.socket, for_others)?;
    listeners.private.push(listener);
    Ok((listeners, Some(socket)))
}

fn tls(settings: &Settings) -> Result<Option<Arc<Tls>>, Error> {
    let daemon = &settings.daemon;
    let (certificate, key) = match (&daemon.tls_certificate, &daemon.tls_key) {
        (None, None) => return Ok(None),
        (Some(certificate), Some(key)) => (certificate, key),
        _ => {
            return Err(Error::new(
                Code::Invalid,
                "one of `tls_certificate` and `tls_key` is set without the other",
                "set both, or neither",
            ));
        }
    };
    let tls = Tls::read(certificate, key).map_err(|error| {
        Error::new(
            Code::Invalid,
            format!("the certificate cannot be used: {error}"),
            "give the chain and its key as PEM files",
        )
    })?;
    Ok(Some(Arc::new(tls)))
}

/// Reads a certificate that changed, and tells systemd that all is well.
fn look_after(woken: &Receiver<()>, tls: Option<&Tls>) {
    let every = systemd::watchdog().map_or(LOOK, |wanted| (wanted / 2).min(LOOK));
    loop {
        if woken.recv_timeout(every) == Err(RecvTimeoutError::Disconnected) {
            return;
        }
        systemd::is_alive();
        match tls.map(Tls::reload) {
            Some(Ok(true)) => tracing::info!("the certificate was read again"),
            Some(Err(error)) => {
                tracing::warn!(%error, "the changed certificate cannot be used; the one of before goes on")
            }
            Some(Ok(false)) | None => {}
        }
    }
}

fn failed(what: &str, error: &std::io::Error) -> Error {
    Error::new(
        Code::Io,
        format!("{what}: {error}"),
        "look at the path and the limits, then start again",
    )
}
