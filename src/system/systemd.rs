//! What systemd hands over to a service, and what it wants to hear. Without it nothing of this happens.

use std::io;
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::time::Duration;

use listenfd::ListenFd;
use sd_notify::NotifyState;

/// Sockets that were bound before the process began (socket activation).
#[derive(Debug, Default)]
pub struct Inherited {
    /// Those for the public listener.
    pub tcp: Vec<TcpListener>,
    /// Those for the private one.
    pub unix: Vec<UnixListener>,
}

/// Takes what was handed over: TCP sockets and unix sockets, in whatever order.
///
/// # Errors
/// A descriptor is neither.
pub fn inherited() -> io::Result<Inherited> {
    let mut handed = ListenFd::from_env();
    let mut inherited = Inherited::default();
    for place in 0..handed.len() {
        match handed.take_tcp_listener(place) {
            Ok(listener) => inherited.tcp.extend(listener),
            Err(_) => inherited.unix.extend(handed.take_unix_listener(place)?),
        }
    }
    Ok(inherited)
}

/// The service answers from now on. `status` is what `systemctl status` shows.
pub fn is_ready(status: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// Something else is to be shown by `systemctl status`.
pub fn has_status(status: &str) {
    tell(&[NotifyState::Status(status)]);
}

/// The service ends, in its own time.
pub fn is_stopping() {
    tell(&[NotifyState::Stopping]);
}

/// The service is alive; to be said more often than [`watchdog`] asks for.
pub fn is_alive() {
    tell(&[NotifyState::Watchdog]);
}

/// How often systemd wants to hear that it is alive, if it does.
#[must_use]
pub fn watchdog() -> Option<Duration> {
    sd_notify::watchdog_enabled()
}

fn tell(what: &[NotifyState<'_>]) {
    // Nobody to hear it is no reason not to work.
    let _ = sd_notify::notify(what);
}
