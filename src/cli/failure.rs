//! How a command ends: an exit code for programs, a sentence and a hint for people.
//!
//! 0 done · 1 refused or failed · 2 usage · 3 not found · 4 authentication · 5 store damaged, locked or not to be opened.

use serde::Serialize;

use crate::domain::text::TextError;
use crate::service::{Code, Error};

/// Everything was done.
pub const DONE: u8 = 0;
/// Something was refused, or failed.
pub const FAILED: u8 = 1;
/// A value or combination that the command line does not take.
pub const USAGE: u8 = 2;
/// A wrong password, or a token that is not good.
pub const AUTHENTICATION: u8 = 4;
/// `audit verify`: an entry is not what was written.
pub const ALTERED: u8 = 10;
/// `audit verify`: there were more entries.
pub const TRUNCATED: u8 = 11;
/// `audit verify`: there is no signed checkpoint to compare with.
pub const UNANCHORED: u8 = 12;
/// `scan`: something was found that works, or that nobody here can tell.
pub const LEAK_FOUND: u8 = 20;
/// `scan`: all that was found works no more.
pub const DEAD_LEAK_FOUND: u8 = 21;

/// `token rotate --exec`: the command failed.
pub const DEPLOYMENT_FAILED: u8 = 30;
/// `token rotate --exec`: the command succeeded, and nobody used the new token.
pub const NEVER_SEEN: u8 = 31;

/// A command that was not done.
#[derive(Debug)]
pub struct Failure {
    /// The process' exit code.
    pub exit: u8,
    /// What happened.
    pub error: Box<Error>,
}

impl Failure {
    /// Something about the arguments.
    pub fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            exit: USAGE,
            error: Box::new(Error::new(Code::Invalid, message, hint)),
        }
    }

    /// A file, descriptor or terminal that a value should have come from, or gone to.
    pub fn io(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Error::new(Code::Io, message, hint).into()
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self {
            exit: exit_code(error.code),
            error: Box::new(error),
        }
    }
}

/// A text that was given as an argument and breaks a rule.
impl From<TextError> for Failure {
    fn from(error: TextError) -> Self {
        Self {
            exit: USAGE,
            error: Box::new(error.into()),
        }
    }
}

const fn exit_code(code: Code) -> u8 {
    match code {
        Code::NotFound | Code::NotOnboarded => 3,
        Code::Unauthenticated | Code::Throttled | Code::SignInRequired => AUTHENTICATION,
        Code::StoreLocked
        | Code::StoreDamaged
        | Code::UnknownVersion
        | Code::RolledBack
        | Code::WrongSeal
        | Code::Sealed
        | Code::Permissions => 5,
        _ => 1,
    }
}

/// `{"error":{"code","message","hint"}}`, and `field` where it is about one.
#[derive(Serialize)]
pub struct ErrorShape<'a> {
    /// The error.
    pub error: &'a Error,
}
