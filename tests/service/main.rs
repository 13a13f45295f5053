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
mod allow;
mod backup;
mod cashiers;
mod clock;
mod clock_seeds;
mod create_token;
mod decrypt;
mod diagnose;
mod edit;
mod fields;
mod finish;
mod harness;
mod health;
mod hold;
mod invalidate;
mod keys;
mod list_tokens;
mod login;
mod login_elsewhere;
mod onboard;
mod payload;
mod rehash;
mod rollback;
mod rotate_token;
mod sign_in;
mod slots;
mod usage;
