//! Every use case through the front door, one file an operation.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    unreachable_pub,
    reason = "helpers of tests, which clippy does not take for tests; one crate, nobody else reaches it"
)]

#[path = "../support/mod.rs"]
mod support;

mod access;
mod activity;
mod backup;
mod cashiers;
mod clock;
mod clock_seeds;
mod create_token;
mod harness;
mod health;
mod hold;
mod invalidate;
mod keys;
mod list_tokens;
mod onboard;
mod rollback;
mod rotate_token;
mod sign_in;
mod slots;
mod usage;
