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
#[path = "support/skip.rs"]
mod skip;

#[path = "cli/activity.rs"]
mod activity;
#[path = "cli/audit.rs"]
mod audit;
#[path = "cli/backups.rs"]
mod backups;
#[path = "cli/cashiers.rs"]
mod cashiers;
#[path = "cli/check.rs"]
mod check;
#[path = "cli/clock.rs"]
mod clock;
#[path = "cli/completions.rs"]
mod completions;
#[path = "cli/configuration.rs"]
mod configuration;
#[path = "cli/demo.rs"]
mod demo;
#[path = "cli/deploy.rs"]
mod deploy;
#[path = "cli/doctor.rs"]
mod doctor;
#[path = "cli/faults.rs"]
mod faults;
#[path = "cli/guide.rs"]
mod guide;
#[path = "cli/help.rs"]
mod help;
#[path = "cli/keys.rs"]
mod keys;
#[path = "cli/logins.rs"]
mod logins;
#[path = "cli/onboarding.rs"]
mod onboarding;
#[path = "cli/owners.rs"]
mod owners;
#[path = "cli/rekey.rs"]
mod rekey;
#[path = "cli/remind.rs"]
mod remind;
#[path = "cli/scan.rs"]
mod scan;
#[path = "cli/seal.rs"]
mod seal;
#[path = "cli/senders.rs"]
mod senders;
#[path = "cli/terminal.rs"]
mod terminal;
#[path = "cli/through_daemon.rs"]
mod through_daemon;
#[path = "cli/tokens.rs"]
mod tokens;
#[path = "cli/why.rs"]
mod why;
