//! What a client may ask of the command that sshd forces: `SSH_ORIGINAL_COMMAND`, by a list of what is allowed.
//!
//! - Words are parted by spaces. There are no quotes, variables or patterns, because there is no shell.
//! - Everything on the list looks and changes nothing; no option names a file, a store or a cashier.
//! - What is not on the list is refused in one line, which repeats nothing of it.

use std::ffi::OsStr;

use clap::{Parser, Subcommand};

use super::cashier::Cashiers;
use super::failure::{Failure, USAGE};
use super::{Command, activity, check, guide, token, why};
use crate::service::{Code, Error};

/// What is allowed, for people.
const ALLOWED: &str = "tokens [--expiring] [FILTER], keys, activity [FILTER], cashiers [FILTER], guide, why NAME, \
                       check [OPTIONS]; each with --json";
/// Nobody types a longer one.
const LONGEST: usize = 256;

/// What was asked for.
#[derive(Debug)]
pub struct Wanted {
    /// In one line of JSON.
    pub json: bool,
    /// The command.
    pub command: Command,
}

#[derive(Parser)]
#[command(
    no_binary_name = true,
    disable_help_flag = true,
    disable_help_subcommand = true
)]
struct Line {
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    asked: Asked,
}

#[derive(Subcommand)]
#[command(disable_help_flag = true, disable_help_subcommand = true)]
enum Asked {
    #[command(disable_help_flag = true)]
    Tokens(token::Tokens),
    #[command(disable_help_flag = true)]
    Keys,
    #[command(disable_help_flag = true)]
    Activity { filter: Vec<String> },
    #[command(disable_help_flag = true)]
    Cashiers(Cashiers),
    #[command(disable_help_flag = true)]
    Guide,
    #[command(disable_help_flag = true)]
    Why { subject: String },
    #[command(disable_help_flag = true)]
    Check(check::Check),
}

/// Reads what the client asked for.
///
/// # Errors
/// It is not on the list.
pub fn wanted(original: &OsStr) -> Result<Wanted, Failure> {
    let line = words(original).and_then(|words| Line::try_parse_from(words).ok());
    let Line { json, asked } = line.ok_or_else(refused)?;
    let command = match asked {
        Asked::Tokens(tokens) => Command::Tokens(tokens),
        Asked::Keys => Command::Keys,
        Asked::Activity { filter } => Command::Activity(activity::Log::of(filter)),
        Asked::Cashiers(cashiers) => Command::Cashiers(cashiers),
        Asked::Guide => Command::Guide(guide::ShowGuide::default()),
        Asked::Why { subject } => Command::Why(why::Why::about(subject)),
        Asked::Check(check) => Command::Check(check),
    };
    Ok(Wanted { json, command })
}

/// Its words, if a person may have typed them.
fn words(original: &OsStr) -> Option<Vec<&str>> {
    let text = original.to_str()?;
    let is_plain = text.len() <= LONGEST && !text.chars().any(char::is_control);
    is_plain.then(|| text.split(' ').filter(|word| !word.is_empty()).collect())
}

fn refused() -> Failure {
    Failure {
        exit: USAGE,
        error: Box::new(Error::new(
            Code::Forbidden,
            format!("this connection takes only: {ALLOWED}"),
            "",
        )),
    }
}

/// That there is neither a terminal for the console nor a command.
#[must_use]
pub fn without_terminal() -> Failure {
    Failure {
        exit: USAGE,
        error: Box::new(Error::new(
            Code::Invalid,
            format!("the console needs a terminal (ssh -t); without one: {ALLOWED}"),
            "",
        )),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt as _;

    use super::*;
    use crate::cli::Link;
    use crate::domain::token::Status;
    use crate::service::request::Show;

    #[test]
    fn what_is_on_the_list_is_understood() {
        let link = |text: &str| wanted(OsStr::new(text)).unwrap().command.link();
        let only = Show::Only(Status::Expiring);
        assert_eq!(
            link(" tokens  --expiring pay "),
            Some(Link::Tokens(only, "pay".into()))
        );
        assert_eq!(
            link("activity token.revoked"),
            Some(Link::Activity("token.revoked".into()))
        );
        assert_eq!(link("cashiers admin"), Some(Link::Cashiers("admin".into())));
        assert_eq!(
            (link("keys"), link("guide")),
            (Some(Link::Keys), Some(Link::Guide))
        );
        assert!(wanted(OsStr::new("tokens --json")).unwrap().json);
        assert!(matches!(
            wanted(OsStr::new("why checkout-prod")).unwrap().command,
            Command::Why(_)
        ));
        assert!(matches!(
            wanted(OsStr::new("check --warning-days 14")).unwrap().command,
            Command::Check(_)
        ));
    }

    #[test]
    fn everything_else_is_refused_in_one_line_that_repeats_nothing_of_it() {
        let long = format!("tokens {}", "x".repeat(100_000));
        for hostile in [
            "sh",
            "tokens; sh",
            "keys; sh",
            "tokens\nsh",
            "activity list --limit 3",
            "guide -o /tmp/x",
            "guide --lang shell",
            "why",
            "token list",
            "tokens --data-dir /tmp",
            "tokens --config=/tmp/x",
            "keys --socket /tmp/x",
            "keys --as eve@acme.test",
            "check --passphrase-file x",
            "check --data-dir x",
            "--json",
            "--version",
            "help",
            "keys --help",
            "init",
            "serve",
            "scan /",
            "$(sh) keys",
            "\u{1b}[2J",
            "",
            " ",
            &long,
        ] {
            let failure = wanted(OsStr::new(hostile)).expect_err(hostile);
            assert_eq!(failure.exit, USAGE);
            assert_eq!(
                failure.error.message,
                format!("this connection takes only: {ALLOWED}")
            );
        }
        assert!(wanted(OsStr::from_bytes(b"keys \xff")).is_err());
    }
}
