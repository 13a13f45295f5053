//! The whole job by keys alone: the real program on a real terminal, over a real store.
//!
//! What an operator must never give away is searched for afterwards: in every byte that crossed the terminal, in every
//! frame that was seen on it, and in every file.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that fails panics"
)]
#![allow(clippy::disallowed_types, reason = "tests start programs")]

#[allow(dead_code, reason = "the command line's tests use the rest")]
#[path = "cli/host.rs"]
mod host;
#[path = "support/memory.rs"]
mod memory_of;
#[path = "support/pty.rs"]
mod pty;
#[path = "support/skip.rs"]
mod skip;

#[path = "walk/job.rs"]
mod job;
#[path = "walk/memory.rs"]
mod memory;
#[path = "walk/mishaps.rs"]
mod mishaps;
#[path = "walk/mouse.rs"]
mod mouse;
#[path = "walk/operator.rs"]
mod operator;
#[path = "walk/search.rs"]
mod search;
#[path = "walk/tmux.rs"]
mod tmux;
#[path = "walk/trouble.rs"]
mod trouble;
