//! The command line, as scripts use it: the real program over a store in a temporary directory.
//!
//! Every command's standard error is searched for the secrets of its store, and no argument ever holds one.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper that fails fails its test"
)]

#[path = "support/faults.rs"]
mod faulty_disk;
#[path = "cli/host.rs"]
mod host;
#[path = "support/pty.rs"]
mod pty;

#[path = "cli/activity.rs"]
mod activity;
#[path = "cli/audit.rs"]
mod audit;
#[path = "cli/backups.rs"]
mod backups;
#[path = "cli/cashiers.rs"]
mod cashiers;
#[path = "cli/clock.rs"]
mod clock;
#[path = "cli/configuration.rs"]
mod configuration;
#[path = "cli/doctor.rs"]
mod doctor;
#[path = "cli/faults.rs"]
mod faults;
#[path = "cli/help.rs"]
mod help;
#[path = "cli/keys.rs"]
mod keys;
#[path = "cli/onboarding.rs"]
mod onboarding;
#[path = "cli/rekey.rs"]
mod rekey;
#[path = "cli/seal.rs"]
mod seal;
#[path = "cli/terminal.rs"]
mod terminal;
#[path = "cli/tokens.rs"]
mod tokens;
