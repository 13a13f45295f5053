//! The command line: the same vocabulary as the console, for hands at a prompt and for scripts.
//!
//! - Answers go to standard output, notes and errors to standard error; exit codes are those of [`failure`].
//! - `--json` prints one line of JSON: the views of `service::response`, or the shapes of `json`.
//! - A secret is printed only by `token create`, `token rotate`, `cashier add`, `cashier reset` and `key decrypt`, whose
//!   answer it is; and the recovery key by `init` and `backup recipient new`, on the terminal itself.

pub mod failure;

mod activity;
mod audit;
mod backup;
mod cashier;
mod clock;
mod context;
mod doctor;
mod init;
mod json;
mod key;
mod org;
mod output;
mod recovery;
mod restore;
mod seal;
mod secrets;
mod token;
mod usage;
mod values;
mod verify;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub use self::context::Context;
use self::failure::Failure;
pub use self::output::{Output, report};
pub use self::usage::{Parsed, parse};
use crate::service::{Request, Response};

/// Admin console for an organization's API connections: encryption keys and API tokens.
///
/// Without a command it opens the console.
#[derive(Debug, Parser)]
#[command(name = "strongroom", version, max_term_width = 100, after_help = EXIT_CODES)]
pub struct Cli {
    /// What was given for every command.
    #[command(flatten)]
    pub globals: Globals,
    /// What to do; `None` opens the console.
    #[command(subcommand)]
    pub command: Option<Command>,
}

const EXIT_CODES: &str = "Exit codes: 0 done, 1 refused or failed, 2 usage, 3 not found, 4 authentication, \
                          5 store damaged, locked or not to be opened; `audit verify`: 10 altered, \
                          11 truncated, 12 unanchored.";

/// Options of every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options of every command")]
pub struct Globals {
    /// Print one line of JSON
    #[arg(long, global = true)]
    pub json: bool,
    /// Print the answer alone: a token, a code, the first column of a list
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Where the store is
    #[arg(long, global = true, value_name = "PATH")]
    pub data_dir: Option<PathBuf>,
    /// Where it is remembered, outside the store, how far the store was
    #[arg(long, global = true, value_name = "PATH")]
    pub state_dir: Option<PathBuf>,
    /// The organization that it is about; needed when there are several
    #[arg(long, global = true, value_name = "SLUG")]
    pub org: Option<String>,
    /// The only configuration file to read
    #[arg(long, global = true, value_name = "PATH")]
    pub config: Option<PathBuf>,
    /// File with the passphrase of a store that is sealed with one (0600, yours)
    #[arg(long, global = true, value_name = "PATH")]
    pub passphrase_file: Option<PathBuf>,
    /// Draw with ASCII only
    #[arg(long, global = true)]
    pub ascii: bool,
    /// Look, and change nothing
    #[arg(long, global = true)]
    pub read_only: bool,
    /// The only cashier that may act
    #[arg(long = "as", global = true, value_name = "EMAIL")]
    pub acting_as: Option<String>,
}

/// The nouns.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make the store, the first organization with its key pair, and the first admin
    Init(init::Init),
    /// Organizations
    #[command(subcommand)]
    Org(org::Org),
    /// The key pair that clients encrypt to
    #[command(subcommand)]
    Key(key::Key),
    /// API tokens
    #[command(subcommand)]
    Token(token::Token),
    /// The people who act
    #[command(subcommand)]
    Cashier(cashier::Cashier),
    /// How the store is sealed
    #[command(subcommand)]
    Seal(seal::Seal),
    /// The audit log
    #[command(subcommand)]
    Activity(activity::Activity),
    /// What can be proven about the audit log
    #[command(subcommand)]
    Audit(audit::Audit),
    /// The clock, and what to do when it jumped
    #[command(subcommand)]
    Clock(clock::Clock),
    /// Backups, and whom they are encrypted to
    Backup(backup::Backup),
    /// How the store is, and what to do about it
    Doctor(doctor::Doctor),
    /// Restore a backup where there is no store, or a damaged one
    Restore(restore::Restore),
    /// Open the console on the tokens; without a terminal, list them
    Tokens(token::Tokens),
    /// Read a token from standard input: exit 0 if it is good, else 4 and the reason
    Verify,
}

/// Does one command; the exit code is 0, or what `verify` or `audit verify` found.
///
/// # Errors
/// What was refused or failed, with its exit code.
pub fn run(context: &Context<'_>, command: &Command) -> Result<u8, Failure> {
    if let Command::Init(init) = command {
        return init.run(context).map(|()| failure::DONE);
    }
    if let Command::Seal(seal::Seal::Status) = command {
        return seal::status(context).map(|()| failure::DONE);
    }
    if let Command::Doctor(doctor) = command {
        return doctor.run(context);
    }
    if let Command::Restore(restore) = command {
        return restore.run(context).map(|()| failure::DONE);
    }
    context.open_store()?;
    tell_mended(context);
    match command {
        Command::Doctor(_) | Command::Restore(_) | Command::Init(_) => Ok(()),
        Command::Seal(seal) => seal.run(context),
        Command::Org(org) => org.run(context),
        Command::Key(key) => key.run(context),
        Command::Token(token) => token.run(context),
        Command::Cashier(cashier) => cashier.run(context),
        Command::Activity(activity) => activity.run(context),
        Command::Clock(clock) => clock.run(context),
        Command::Backup(backup) => backup.run(context),
        Command::Tokens(tokens) => tokens.list(context),
        Command::Audit(audit) => return audit.run(context),
        Command::Verify => return verify::run(context),
    }
    .map(|()| failure::DONE)
}

/// Says what the opening mended: it is in the audit log, where somebody who runs a command does not look.
fn tell_mended(context: &Context<'_>) {
    let Ok(Response::Health(health)) = context.ask(Request::Health) else {
        return;
    };
    for notice in health.notices.iter().filter(|notice| notice.kind != "replayed") {
        context.output.note(&notice.message);
    }
}
