//! From arguments to a command, and what to say about those that are none.
//!
//! What was typed comes back in clap's message: it is escaped, and a token in it is masked, because it is a secret in the
//! wrong place.

use std::ffi::OsString;
use std::io::Write as _;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser as _};

use super::Cli;
use super::check::unknown;
use super::failure::{DONE, USAGE};
use super::output::{report, write_out};
use crate::domain::text::escape;
use crate::domain::token::TokenSecret;
use crate::service::{Code, Error};

/// What the arguments came to.
pub enum Parsed {
    /// A command.
    Command(Box<Cli>),
    /// Everything that could be done is done; end with this exit code.
    Exit(u8),
}

/// Reads the arguments; answers `--help`, `--version` and mistakes itself.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Parsed {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let error = match Cli::try_parse_from(&arguments) {
        Ok(cli) => return Parsed::Command(Box::new(cli)),
        Err(error) => error,
    };
    let text = error.render().to_string();
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        // Nobody to tell, and nothing lost, when the reader left.
        let _ = write_out(text.as_bytes());
        return Parsed::Exit(DONE);
    }
    let text = harmless(&text);
    let is_json = arguments.iter().any(|argument| argument == "--json");
    let first = text.trim_start_matches("error: ").lines().next();
    let error = Error::new(Code::Invalid, first.unwrap_or_default(), "see --help");
    if is_check(&arguments) {
        return Parsed::Exit(unknown(is_json, &error.into()));
    }
    if is_json {
        report(true, &error);
    } else {
        let _ = std::io::stderr().write_all(text.as_bytes());
    }
    Parsed::Exit(USAGE)
}

/// Whether the mistake is one of `check`'s, whose reader knows only a line on standard output and four exit codes.
fn is_check(arguments: &[OsString]) -> bool {
    let words = arguments.iter().skip(1).filter_map(|argument| argument.to_str());
    let mut commands = words.filter(|word| Cli::command().find_subcommand(word).is_some());
    commands.next() == Some("check")
}

fn harmless(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
        for part in line.split_inclusive(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
            let word = part.trim_end_matches(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            if TokenSecret::parse(word.as_bytes()).is_ok() {
                shown.push_str("(a token: it has been seen now, revoke it as leaked)");
            } else {
                shown.push_str(word);
            }
            shown.push_str(&escape(&part[word.len()..]));
        }
        shown.push_str(end);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_of_the_arguments_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn escape_codes_and_tokens_do_not_come_back() {
        let token = TokenSecret::from_random([7; 32]);
        let brand = crate::domain::text::Brand::parse("FinCode").unwrap();
        let environment = crate::domain::text::Environment::parse("prod").unwrap();
        let text = token.text(&brand, &environment);
        let text = text.expose_text().unwrap();
        let shown = harmless(&format!(
            "unexpected argument '{text}' found\n  tip: \u{1b}[31m x_y\n"
        ));
        assert!(!shown.contains(text), "{shown}");
        assert!(shown.ends_with("tip: \\u{1b}[31m x_y\n"), "{shown}");
    }
}
