//! `strongroom completions`: a script for a shell, which has this program say at each TAB what may come next.
//!
//! - The script calls the program with [`VARIABLE`] set to the shell's name, and what was typed behind `--`. Commands,
//!   options and choices come from the one definition of the arguments, names from the store (`names`).
//! - Whoever presses TAB is never asked anything and told of no fault: where nothing is known, nothing is proposed.
//! - Script and program belong together: the script is made anew by each version, and the package does that.

mod names;

use std::ffi::{OsStr, OsString};
use std::io::Write as _;
use std::sync::Arc;

use clap::{Args, Command, CommandFactory as _, FromArgMatches as _, ValueEnum};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};
use clap_complete::env::Shells;

pub use self::names::{Name, Noun, of_store};
use super::context::Context;
use super::failure::Failure;
use super::output::write_out;
use super::{Cli, Globals};

/// The variable by which a script says which shell asks.
pub const VARIABLE: &str = "STRONGROOM_COMPLETE";
const PROGRAM: &str = "strongroom";

/// For which shell.
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell that the script is for
    shell: Shell,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
}

impl Shell {
    const fn word(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Zsh => "zsh",
            Self::Fish => "fish",
        }
    }
}

impl Completions {
    /// Prints the script.
    pub(super) fn run(&self, context: &Context<'_>) -> Result<(), Failure> {
        let mut script = Vec::new();
        let shells = Shells::builtins();
        if let Some(shell) = shells.completer(self.shell.word()) {
            shell
                .write_registration(VARIABLE, PROGRAM, PROGRAM, PROGRAM, &mut script)
                .map_err(|error| {
                    Failure::io(format!("the script cannot be made: {error}"), "try another shell")
                })?;
        }
        let script = String::from_utf8_lossy(&script);
        if context.output.json {
            return context.output.json(&serde_json::json!({ "text": script.trim() }));
        }
        context.output.text(&format!("{}\n", script.trim()))
    }
}

/// Names of one kind that begin with what was typed.
pub type Names = Arc<dyn Fn(Noun, &str) -> Vec<Name> + Send + Sync>;

/// What stands among the typed words for every command; faults elsewhere in them do not matter, they are not done yet.
#[must_use]
pub fn globals(words: &[OsString]) -> Option<Globals> {
    let command = Cli::command().ignore_errors(true);
    let matches = command.try_get_matches_from(words).ok()?;
    Globals::from_arg_matches(&matches).ok()
}

/// Says on standard output what may come next, in the way that `shell` reads it.
pub fn propose(shell: &str, words: Vec<OsString>, names: &Names) {
    let shells = Shells::builtins();
    let Some(shell) = shells.completer(shell) else {
        return;
    };
    let mut command = with_names(Cli::command(), names);
    command.build();
    let mut proposed = Vec::new();
    let here = std::env::current_dir().ok();
    if shell
        .write_complete(&mut command, words, here.as_deref(), &mut proposed)
        .is_ok()
    {
        // A shell that stopped listening has found something better.
        let _ = write_out(&proposed);
        let _ = std::io::stdout().flush();
    }
}

/// The arguments that take a name from the store, given the way to it.
fn with_names(command: Command, names: &Names) -> Command {
    // Whom `cashier add` adds is not there yet.
    let is_new = command.get_name() == "add";
    command
        .mut_args(|argument| {
            let noun = match argument.get_id().as_str() {
                "token" | "tokens" | "subject" => Noun::Token,
                "org" => Noun::Organization,
                "cashier" => Noun::Cashier,
                "email" if !is_new => Noun::Cashier,
                _ => return argument,
            };
            let names = Arc::clone(names);
            argument.add(ArgValueCompleter::new(move |typed: &OsStr| {
                let typed = typed.to_string_lossy();
                let names = names(noun, &typed).into_iter();
                names
                    .map(|name| CompletionCandidate::new(name.word).help(Some(name.about.into())))
                    .collect()
            }))
        })
        .mut_subcommands(|command| with_names(command, names))
}
