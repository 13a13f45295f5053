//! The screen of API tokens, by keys and messages: the console's own loop over the real service, in memory, with a clock
//! that stands still.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::unimplemented,
    unreachable_pub,
    reason = "helpers of tests, which clippy does not take for tests; one crate, nobody else reaches it"
)]

#[path = "../service/harness.rs"]
#[allow(dead_code, reason = "these tests use their own part of it")]
mod harness;
#[path = "../support/mod.rs"]
mod support;

mod allow;
mod edit;
mod invalidate;
mod list;
mod looks;
mod lost;
mod mint;
mod opened;
mod release;
mod reveal;
mod seat;
