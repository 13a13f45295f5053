//! The vocabulary as it crosses the daemon's socket: every request and answer there and back, and what is refused.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

#[path = "wire/round_trip.rs"]
mod round_trip;
#[path = "wire/samples.rs"]
mod samples;
