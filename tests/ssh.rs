//! The console for a user who has nothing but SSH: a real sshd on loopback that forces it, and takes any environment.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that fails panics"
)]
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "tests start programs and have deadlines"
)]

#[allow(dead_code, reason = "the command line's tests use the rest")]
#[path = "cli/host.rs"]
mod host;
#[allow(dead_code, reason = "the walk uses the rest")]
#[path = "walk/operator.rs"]
mod operator;
#[path = "support/pty.rs"]
mod pty;
#[allow(dead_code, reason = "the walk uses the rest")]
#[path = "walk/search.rs"]
mod search;
#[path = "support/skip.rs"]
mod skip;

#[path = "ssh/ending.rs"]
mod ending;
#[path = "ssh/hostile.rs"]
mod hostile;
#[path = "ssh/links.rs"]
mod links;
#[path = "ssh/server.rs"]
mod server;
#[path = "ssh/session.rs"]
mod session;
#[path = "ssh/tmux.rs"]
mod tmux;
