//! Where a command's passwords and passphrases come from: a file, a descriptor, or the terminal without echo. Never an
//! argument or a variable.

use std::path::PathBuf;

use clap::Args;

use super::failure::Failure;
use crate::domain::secret::Secret;
use crate::domain::text::Email;
use crate::system::private_file;
use crate::system::prompt::Prompt;

/// Who changes something, and where the password comes from.
#[derive(Debug, Clone, Args)]
pub struct SignInArguments {
    /// E-mail of the cashier who does it; asked on the terminal when left out
    #[arg(long, value_name = "EMAIL")]
    pub cashier: Option<String>,
    /// File with the cashier's password (0600, yours)
    #[arg(long, value_name = "PATH", conflicts_with = "password_fd")]
    pub password_file: Option<PathBuf>,
    /// Descriptor to read the cashier's password from
    #[arg(long, value_name = "N")]
    pub password_fd: Option<u32>,
}

/// Where a new password comes from.
#[derive(Debug, Clone, Args)]
pub(super) struct NewPasswordArguments {
    /// File with the new password (0600, yours)
    #[arg(long, value_name = "PATH", conflicts_with = "new_password_fd")]
    pub new_password_file: Option<PathBuf>,
    /// Descriptor to read the new password from
    #[arg(long, value_name = "N")]
    pub new_password_fd: Option<u32>,
}

/// One secret and the options it can come from.
pub struct Wanted<'a> {
    /// As in "the password of ada@acme.test".
    pub what: String,
    /// The file that was named.
    pub file: Option<&'a PathBuf>,
    /// The descriptor that was named.
    pub descriptor: Option<u32>,
    /// The option to name in a hint.
    pub option: &'static str,
    /// It is a new one: on the terminal it is asked twice.
    pub is_new: bool,
}

impl Wanted<'_> {
    /// Reads it, without the newline at its end.
    pub fn read(&self) -> Result<Secret, Failure> {
        let hint = format!("name another source with {}", self.option);
        let read = match (self.file, self.descriptor) {
            (Some(path), _) => private_file::read(path),
            (None, Some(number)) => private_file::read_descriptor(number),
            (None, None) => return self.ask(),
        };
        let secret = without_newline(&read.map_err(|message| Failure::io(message, hint.clone()))?);
        if secret.is_empty() {
            return Err(Failure::io(
                format!("{} is empty where it was to come from", self.what),
                hint,
            ));
        }
        Ok(secret)
    }

    fn ask(&self) -> Result<Secret, Failure> {
        let what = &self.what;
        let terminal = Prompt::open().ok_or_else(|| {
            Failure::usage(
                format!("{what} was not given, and there is no terminal to ask on"),
                format!("give it with {}", self.option),
            )
        })?;
        let ask = |question: &str| {
            let answer = terminal
                .secret(question)
                .map_err(|error| Failure::io(format!("the terminal: {error}"), "try again"))?;
            answer
                .filter(|answer| !answer.is_empty())
                .ok_or_else(|| given_up(what))
        };
        let first = ask(&format!("{}: ", capitalized(what)))?;
        if self.is_new && ask("The same again: ")?.expose() != first.expose() {
            return Err(Failure::usage(
                format!("{what} was typed in two ways"),
                "nothing was done; try again",
            ));
        }
        Ok(first)
    }
}

/// A line that may be seen, from the terminal.
pub(super) fn ask_line(what: &str, option: &str) -> Result<String, Failure> {
    let terminal = Prompt::open().ok_or_else(|| {
        Failure::usage(
            format!("{what} was not given, and there is no terminal to ask on"),
            format!("give it with {option}"),
        )
    })?;
    let answer = terminal
        .line(&format!("{}: ", capitalized(what)))
        .map_err(|error| Failure::io(format!("the terminal: {error}"), "try again"))?;
    answer
        .filter(|line| !line.is_empty())
        .ok_or_else(|| given_up(what))
}

/// The new password of a cashier.
pub(super) fn new_password(arguments: &NewPasswordArguments, email: &Email) -> Result<Secret, Failure> {
    Wanted {
        what: format!("the new password of {email}"),
        file: arguments.new_password_file.as_ref(),
        descriptor: arguments.new_password_fd,
        option: "--new-password-file or --new-password-fd",
        is_new: true,
    }
    .read()
}

fn given_up(what: &str) -> Failure {
    Failure::usage(format!("{what} was not given"), "nothing was done")
}

fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(characters).collect()
    })
}

/// The secret without one newline at its end, as editors and `echo` put there.
pub(super) fn without_newline(secret: &Secret) -> Secret {
    let bytes = secret.expose();
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    Secret::new(bytes.strip_suffix(b"\r").unwrap_or(bytes).to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_newline_at_the_end_is_no_part_of_a_secret() {
        for (given, taken) in [
            ("x\n", "x"),
            ("x\r\n", "x"),
            ("x \n\n", "x \n"),
            ("x", "x"),
            ("\n", ""),
        ] {
            assert_eq!(
                without_newline(&Secret::from_text(given.into())).expose(),
                taken.as_bytes()
            );
        }
    }
}
