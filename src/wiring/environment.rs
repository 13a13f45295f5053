//! What this process reads of its environment: all of it for the account's own user, and a short list for who comes by the
//! command that sshd forces, whose client may have filled it (`AcceptEnv`).

use std::ffi::OsString;

/// What describes a terminal, a language or the connection. sshd sets `HOME` and the last two itself. Nothing here names
/// a program, a store, a configuration or another's socket.
const HARMLESS: [&str; 11] = [
    "TERM",
    "COLORTERM",
    "COLORFGBG",
    "NO_COLOR",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "HOME",
    "SSH_CONNECTION",
    "SSH_ORIGINAL_COMMAND",
];

/// What libraries read behind this program's back: files that they load or are configured by.
const READ_BY_LIBRARIES: [&str; 2] = ["LD_", "OPENSSL_"];

/// The environment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Environment {
    /// Whether only what is harmless is read.
    pub(super) is_forced: bool,
}

impl Environment {
    /// A variable, whatever is in it.
    pub(super) fn raw(self, name: &str) -> Option<OsString> {
        if self.is_forced && !HARMLESS.contains(&name) {
            return None;
        }
        std::env::var_os(name)
    }

    /// A variable that is there and that libraries obey, whatever this program reads.
    pub(super) fn obeyed_by_libraries() -> Option<String> {
        let mut names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
        let is_obeyed = |name: &String| READ_BY_LIBRARIES.iter().any(|begin| name.starts_with(begin));
        names.find(is_obeyed)
    }

    /// A variable that is text.
    pub(super) fn variable(self, name: &str) -> Option<String> {
        self.raw(name)?.into_string().ok()
    }
}
