//! The console from key press to screen: its behaviour over the real service in memory, its looks over canned answers.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::unimplemented,
    unreachable_pub,
    reason = "helpers of tests, which clippy does not take for tests; one crate, nobody else reaches it"
)]

#[path = "../support/mod.rs"]
mod support;

#[path = "../support/skip.rs"]
mod skip;

mod activity;
mod canned;
mod guide;
mod harness;
mod keys;
mod looks;
mod people;
mod pictures;
mod shell;
mod store;
mod wizard;
