//! The guide's samples, each run by its real toolchain against the real daemon; and the guide as a browser shows it.
//!
//! A sample is written by `strongroom guide`, so that what is tested is what people get. It sends to a small service of
//! the test's own, which does as the guide says: it asks the daemon about the token, and hands it the payload.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper that fails fails its test"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "what waits for a process measures real time"
)]

#[path = "../support/daemon.rs"]
mod daemon;
#[path = "../cli/host.rs"]
#[allow(dead_code, reason = "the commands' own tests use the rest of it")]
mod host;
#[path = "../support/skip.rs"]
mod skip;

mod browser;
mod chromium;
mod page;
mod samples;
mod toolchains;
mod upstream;
