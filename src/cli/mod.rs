//! The command line: the same vocabulary as the console, for hands at a prompt and for scripts.
//!
//! - Answers go to standard output, notes and errors to standard error; exit codes are those of [`failure`].
//! - `--json` prints one line of JSON: the views of `service::response`, or the shapes of `json`.
//! - A secret is printed only by `token create`, `token rotate`, `cashier add`, `cashier reset` and `key decrypt`, whose
//!   answer it is; and the recovery key by `init` and `backup recipient new`, on the terminal itself.

pub mod completions;
pub mod config;
pub mod failure;

mod activity;
mod audit;
mod backup;
mod cashier;
mod check;
mod clock;
mod context;
pub mod demo;
mod doctor;
pub mod forced;
mod guide;
mod init;
mod json;
mod key;
mod link;
mod man;
mod org;
mod output;
mod recovery;
mod remind;
mod restore;
mod scan;
mod seal;
mod secrets;
mod selection;
pub mod serve;
mod token;
mod usage;
mod values;
mod verify;
pub mod webhook;
mod why;

use std::io::{self, IsTerminal as _};
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub use self::check::unknown;
pub use self::context::Context;
use self::failure::Failure;
pub use self::link::Link;
pub use self::output::{Output, report};
pub use self::secrets::Wanted;
pub use self::usage::{Parsed, parse};
use crate::service::{Request, Response};
use crate::system::signals;

/// Admin console for an organization's API connections: encryption keys and API tokens.
///
/// Without a command it opens the console.
#[derive(Debug, Parser)]
#[command(name = "strongroom", version, max_term_width = 100, after_help = EXIT_CODES)]
pub struct Cli {
    /// What was given for every command.
    #[command(flatten)]
    pub globals: Globals,
    /// As the command that sshd forces (see the README): the client's own command is looked up in a short list
    #[arg(long)]
    pub forced: bool,
    /// The same, for one cashier: nobody else may act
    #[arg(long = "as", value_name = "EMAIL")]
    pub acting_as: Option<String>,
    /// What to do; `None` opens the console.
    #[command(subcommand)]
    pub command: Option<Command>,
}

const EXIT_CODES: &str = "Exit codes: 0 done, 1 refused or failed, 2 usage, 3 not found, 4 authentication, \
                          5 store damaged, locked or not to be opened; `audit verify`: 10 altered, \
                          11 truncated, 12 unanchored; `scan`: 20 found, 21 found and works no more; \
                          `token rotate --exec`: 30 failed, 31 never seen in use; \
                          `check`: 1 warning, 2 critical, 3 unknown.";

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
    /// The daemon's private socket
    #[arg(long, global = true, value_name = "PATH")]
    pub socket: Option<PathBuf>,
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
}

impl Globals {
    /// The store's passphrase, from where it was said to be.
    #[must_use]
    pub fn passphrase(&self, is_new: bool) -> Wanted<'_> {
        Wanted {
            what: "the store's passphrase".into(),
            file: self.passphrase_file.as_ref(),
            descriptor: None,
            option: "--passphrase-file",
            is_new,
        }
    }
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
    /// The audit log: without a command the console opens on it, or the newest entries are listed
    Activity(activity::Log),
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
    /// The guide for the people who write clients, with this organization's key in it
    Guide(guide::ShowGuide),
    /// Restore a backup where there is no store, or a damaged one
    Restore(restore::Restore),
    /// Run the daemon: it owns the store, and answers proxies, services, consoles and commands
    Serve(serve::Serve),
    /// Say in one line what has to be seen to, for monitoring: exit 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN
    Check(check::Check),
    /// Say when to be reminded of tokens that end; as a calendar, too
    Remind(remind::Remind),
    /// Open the console on the tokens; without a terminal, list them
    Tokens(token::Tokens),
    /// Read a token from standard input: exit 0 if it is good, else 4 and the reason
    Verify,
    /// Say in one line whether a token or key works, and if not, since when and because of what
    Why(why::Why),
    /// Find tokens and private keys in files, in git's history and in what is about to be committed
    Scan(scan::Scan),
    /// Open the console on the encryption keys; without a terminal, list them
    Keys,
    /// Open the console on the cashiers; without a terminal, list them
    Cashiers(cashier::Cashiers),
    /// Make a throw-away store with a year of life in it, and look at it: for a first look
    Demo(demo::Demo),
    /// Print the script by which a shell completes commands, options, and names from the store
    Completions(completions::Completions),
    /// Print the man page, or write those of all commands
    Man(man::ManPages),
    /// Who is told what happens by signed webhooks, and whether it arrives
    #[command(subcommand)]
    Webhook(webhook::Webhook),
    /// What the configuration says
    #[command(subcommand)]
    Config(config::Config),
}

impl Command {
    const fn reads_input(&self) -> bool {
        match self {
            Self::Verify => true,
            Self::Key(key) => key.reads_input(),
            Self::Why(why) => why.reads_input(),
            _ => false,
        }
    }
}

/// Does one command; the exit code is 0, or what `verify`, `audit verify` or `scan` found.
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
    if let Command::Check(check) = command {
        return check.run(context);
    }
    if let Command::Serve(_) | Command::Demo(_) | Command::Config(_) = command {
        return Err(serve::elsewhere());
    }
    if let Command::Webhook(_) = command {
        return Err(webhook::elsewhere());
    }
    if let Command::Restore(restore) = command {
        return restore.run(context).map(|()| failure::DONE);
    }
    if let Command::Scan(scan) = command {
        return scan.run(context);
    }
    if let Command::Completions(completions) = command {
        return completions.run(context).map(|()| failure::DONE);
    }
    if let Command::Man(pages) = command {
        return pages.run(context).map(|()| failure::DONE);
    }
    if command.reads_input() && !io::stdin().is_terminal() {
        // It may come from a command that has the store until it has written it.
        signals::wait_for_input(io::stdin());
    }
    context.open_store()?;
    tell_mended(context);
    match command {
        Command::Doctor(_)
        | Command::Check(_)
        | Command::Restore(_)
        | Command::Init(_)
        | Command::Serve(_)
        | Command::Demo(_)
        | Command::Config(_)
        | Command::Scan(_)
        | Command::Completions(_)
        | Command::Man(_)
        | Command::Webhook(_) => Ok(()),
        Command::Seal(seal) => seal.run(context),
        Command::Org(org) => org.run(context),
        Command::Key(key) => key.run(context),
        Command::Token(token) => token.run(context),
        Command::Cashier(cashier) => cashier.run(context),
        Command::Activity(log) => log.run(context),
        Command::Clock(clock) => clock.run(context),
        Command::Backup(backup) => backup.run(context),
        Command::Guide(guide) => guide.run(context),
        Command::Remind(remind) => remind.run(context),
        Command::Tokens(tokens) => tokens.list(context),
        Command::Keys => key::history(context),
        Command::Cashiers(cashiers) => cashiers.list(context),
        Command::Audit(audit) => return audit.run(context),
        Command::Why(why) => why.run(context),
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
