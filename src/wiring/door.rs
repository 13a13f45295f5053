//! Which door leads to the store: a daemon's socket, or the data directory itself.
//!
//! A socket that was named is the only one. Otherwise a daemon that has the data directory is asked, if it answers; a user
//! without a data directory meets the system's daemon.

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::domain::id::{Id, RequestId};
use crate::gateway::socket::Socket;
use crate::service::Actor;
use crate::service::ports::{Clock as _, Entropy as _};
use crate::system::lock::Daemon;
use crate::system::settings::{Settings, Source};
use crate::system::{OsEntropy, SystemClock};

/// Where the packaged unit listens.
const SYSTEM: &str = "/run/strongroom/socket";
/// How often, and how long after each other, a daemon is looked for that has the lock and does not listen: two seconds.
const LOOKS: u32 = 100;
const PAUSE: Duration = Duration::from_millis(20);

/// The daemon that is to be asked; `None` where the store is opened in this process.
pub(super) fn daemon(settings: &Settings, actor: &Actor) -> Option<Socket> {
    let unnamed = || "the daemon".to_owned();
    let (path, daemon) = match &settings.socket {
        Some(path) if is_explicit(settings.sources.get("socket")) => (path.clone(), unnamed()),
        configured => {
            if let Some(held) = holder(&settings.data_dir) {
                let daemon = format!("the daemon (pid {} of {})", held.pid, held.user);
                return Some(Socket::new(held.socket, daemon, actor, Box::new(name)));
            }
            let configured = configured.clone().map(|path| (path, unnamed()));
            let is_elsewhere = settings.sources.get("data_dir") != Some(&Source::Default);
            let system =
                (!is_elsewhere && !settings.data_dir.exists()).then(|| (PathBuf::from(SYSTEM), unnamed()));
            configured
                .into_iter()
                .chain(system)
                .find(|(path, _)| is_there(path))?
        }
    };
    Some(Socket::new(path, daemon, actor, Box::new(name)))
}

/// The daemon that has a data directory, if it answers. One that has only just taken it is about to listen, and one that
/// ends is about to let go of it.
fn holder(data_dir: &Path) -> Option<Daemon> {
    for _ in 0..LOOKS {
        let held = Daemon::of(data_dir)?;
        if is_there(&held.socket) {
            return Some(held);
        }
        if !held.is_running() {
            return None;
        }
        std::thread::sleep(PAUSE);
    }
    None
}

/// A configuration file says where the daemon listens when it runs; an argument or a variable, that it is to be asked.
fn is_explicit(source: Option<&Source>) -> bool {
    matches!(source, Some(Source::Argument(_) | Source::Variable(_)))
}

/// Whether somebody listens there. One who may not be asked is there too: that is said when it is asked.
fn is_there(path: &Path) -> bool {
    match UnixStream::connect(path) {
        Ok(_) => true,
        Err(error) => error.kind() == std::io::ErrorKind::PermissionDenied,
    }
}

fn name() -> Option<RequestId> {
    let mut random = [0; 10];
    OsEntropy.fill(&mut random).ok()?;
    Some(RequestId(Id::new(SystemClock.now(), random)))
}
