//! The daemon under load: what it must keep while it is busy, attacked or killed.
//!
//! Nothing here is timed against the clock of a faster or slower machine: what is compared is the load's own count with
//! the daemon's, an order of events, or a part of a run with another. `STRONGROOM_LOAD_SECONDS=3600` makes an hour of it
//! (`tests/run --load 3600`); without it everything takes about a minute. What was measured is printed.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a helper that fails fails its test, and what goes on for a while reads the clock"
)]

#[path = "../support/backup.rs"]
mod backup;
mod client;
#[path = "../support/daemon.rs"]
mod daemon;
mod decryptions;
mod desk;
mod ends;
#[path = "../cli/host.rs"]
#[allow(dead_code, reason = "the commands' own tests use the rest of it")]
mod host;
mod junk;
mod kill;
mod mixed;
mod process;
mod random;
mod tokens;

use std::time::Duration;

/// How long the load goes on where it is asked to be long.
fn asked() -> Option<Duration> {
    let seconds = std::env::var("STRONGROOM_LOAD_SECONDS").ok()?;
    Some(Duration::from_secs(seconds.parse().unwrap()))
}
