//! The audit log of a store on disk, with every entry altered, dropped, moved and cut off in turn: all of it is found.
//!
//! The log is tampered with as a forger would who has the files and knows the format: in sled's own tree, while nobody
//! has the store open. `audit/site.rs` makes the store, `audit/forger.rs` is the forger.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper that fails fails its test"
)]

#[allow(unreachable_pub, reason = "shared by several test binaries")]
#[path = "support/mod.rs"]
mod support;

#[path = "audit/checkpoints.rs"]
mod checkpoints;
#[path = "audit/follow.rs"]
mod follow;
#[path = "audit/forger.rs"]
mod forger;
#[path = "audit/site.rs"]
mod site;
#[path = "audit/tampering.rs"]
mod tampering;
