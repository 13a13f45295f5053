//! How a daemon is set up: numbers, whom it believes, and what each uid may ask.

use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;

use super::webhook::Tally;

/// The most bytes of a request's body.
pub(super) const LONGEST_BODY: usize = 64 * 1024;
/// The most bytes of a command's body: a file of checkpoints of the audit log, as JSON.
pub(super) const LONGEST_COMMAND: usize = 4 * 1024 * 1024;
/// The most bytes of a request's head.
pub(super) const LONGEST_HEAD: usize = 16 * 1024;
/// How long a connection may be without an answer, between two requests or during one's head; at most twice as long.
pub(super) const HEAD_TIME: Duration = Duration::from_secs(30);
/// How long a client may take for its first head, a body, a TLS handshake, or to read an answer.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// How a daemon is set up.
#[derive(Debug, Clone)]
pub struct Options {
    /// Threads that answer.
    pub workers: usize,
    /// Connections at a time; further ones wait to be accepted.
    pub max_connections: usize,
    /// Whose `X-Forwarded-For` counts.
    pub trusted_proxies: Vec<IpNet>,
    /// What each uid may ask on the private listener.
    pub rights: Rights,
    /// What is counted of webhooks.
    pub webhooks: Arc<Tally>,
    /// How long requests under way may take after it was told to end.
    pub drain: Duration,
}

/// What each uid may ask on the private listener. The store's owner and root may ask everything.
#[derive(Debug, Clone, Default)]
pub struct Rights {
    /// The account that the daemon runs as.
    pub owner: u32,
    /// Who may have tokens verified, and says who its own caller is.
    pub verify: Vec<u32>,
    /// Who may have fields decrypted.
    pub decrypt: Vec<u32>,
    /// Who may use the vocabulary: consoles and commands.
    pub command: Vec<u32>,
}

/// Something that a peer must be allowed to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Right {
    Verify,
    Decrypt,
    Command,
}

impl Right {
    /// The key in the configuration.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Verify => "verify",
            Self::Decrypt => "decrypt",
            Self::Command => "command",
        }
    }
}

impl Rights {
    pub(super) fn owns(&self, uid: u32) -> bool {
        uid == self.owner || uid == 0
    }

    pub(super) fn allow(&self, uid: u32, right: Right) -> bool {
        let listed = match right {
            Right::Verify => &self.verify,
            Right::Decrypt => &self.decrypt,
            Right::Command => &self.command,
        };
        self.owns(uid) || listed.contains(&uid)
    }
}
