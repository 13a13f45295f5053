//! Several consoles and commands on one daemon: real terminals, the real program, real sockets.
//!
//! What one of them does the others show; a daemon that goes and comes back loses nobody's work.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that fails panics"
)]
#![allow(clippy::disallowed_types, reason = "tests start programs")]
#![allow(clippy::disallowed_methods, reason = "deadlines of tests are real time")]

#[path = "../support/daemon.rs"]
mod daemon;
#[allow(dead_code, reason = "the command line's tests use the rest")]
#[path = "../cli/host.rs"]
mod host;
#[allow(dead_code, reason = "the walk uses the rest")]
#[path = "../walk/operator.rs"]
mod operator;
#[path = "../support/pty.rs"]
mod pty;
#[allow(dead_code, reason = "the walk uses the rest")]
#[path = "../walk/search.rs"]
mod search;
#[path = "../support/skip.rs"]
mod skip;

mod beginning;
mod desk;
mod jobs;
mod peers;
mod restart;
mod sealed;
mod together;
