//! What every command has at hand: the gateway, the output, and how to become a cashier.

use super::Globals;
use super::failure::Failure;
use super::output::Output;
use super::secrets::{SignInArguments, Wanted, ask_line};
use crate::domain::text::{Brand, Email, Slug};
use crate::gateway::{Gateway, StoreState};
use crate::service::request::{Credentials, SessionId};
use crate::service::response::Health;
use crate::service::{Code, Error, Request, Response};
use crate::system::prompt::Prompt;

/// What a command works with.
pub struct Context<'a> {
    /// Where requests go.
    pub gateway: &'a dyn Gateway,
    /// What was given for every command.
    pub globals: &'a Globals,
    /// The organization that commands are about; `None` for the only one.
    pub organization: Option<Slug>,
    /// The platform that `init` takes when none is named.
    pub brand: Brand,
    /// Where it prints.
    pub output: Output,
}

impl Context<'_> {
    /// Asks without a sign-in.
    pub fn ask(&self, request: Request) -> Result<Response, Failure> {
        Ok(self.gateway.ask(None, request)?)
    }

    /// How the store is.
    pub fn health(&self) -> Result<Health, Failure> {
        match self.ask(Request::Health)? {
            Response::Health(health) => Ok(*health),
            other => Err(unexpected(&other)),
        }
    }

    /// Asks for a change, as the cashier who signs in for it.
    pub fn ask_as(&self, who: &SignInArguments, request: Request) -> Result<Response, Failure> {
        let session = self.sign_in(who)?;
        Ok(self.gateway.ask(Some(session), request)?)
    }

    /// Opens ten minutes for changes, of which this command takes one.
    pub fn sign_in(&self, who: &SignInArguments) -> Result<SessionId, Failure> {
        match self.ask(Request::SignIn(self.credentials(who)?))? {
            Response::SignedIn(signed_in) => Ok(signed_in.session),
            other => Err(unexpected(&other)),
        }
    }

    /// The cashier's e-mail and password.
    pub fn credentials(&self, who: &SignInArguments) -> Result<Credentials, Failure> {
        let email = self.email(who)?;
        let password = password(who, &email, false)?;
        Ok(Credentials { email, password })
    }

    /// The e-mail of the cashier who acts.
    pub fn email(&self, who: &SignInArguments) -> Result<Email, Failure> {
        match &who.cashier {
            Some(email) => Ok(Email::folded(email)?),
            None => Ok(Email::folded(&ask_line(
                "the cashier's e-mail",
                "--cashier EMAIL",
            )?)?),
        }
    }

    /// Has the store open, asking for its passphrase if that is what it needs.
    pub fn open_store(&self) -> Result<(), Failure> {
        match self.gateway.state()? {
            StoreState::Ready => Ok(()),
            StoreState::NeedsPassphrase => {
                let passphrase = self.passphrase(false).read()?;
                Ok(self.gateway.unlock(&passphrase)?)
            }
            StoreState::Absent { data_dir, .. } => Err(Error::new(
                Code::NotOnboarded,
                format!("there is no store in {}", data_dir.display()),
                "make one: `strongroom` for the wizard, or `strongroom init`; or name another with --data-dir",
            )
            .into()),
        }
    }

    /// The store's passphrase.
    pub fn passphrase(&self, is_new: bool) -> Wanted<'_> {
        self.globals.passphrase(is_new)
    }

    /// A yes or no on the terminal; without one, who named the command meant it.
    pub fn confirm(&self, question: &str) -> Result<(), Failure> {
        if !self.output.is_terminal {
            return Ok(());
        }
        let Some(terminal) = Prompt::open() else {
            return Ok(());
        };
        match terminal.line(&format!("{question} [y/N] ")) {
            Ok(Some(answer)) if ["y", "yes"].contains(&answer.to_lowercase().as_str()) => Ok(()),
            _ => Err(Error::new(Code::Cancelled, "it was not confirmed", "nothing was changed").into()),
        }
    }
}

/// The password that the options name, or the terminal's answer.
pub(super) fn password(
    who: &SignInArguments,
    email: &Email,
    is_new: bool,
) -> Result<crate::domain::secret::Secret, Failure> {
    Wanted {
        what: format!("the password of {email}"),
        file: who.password_file.as_ref(),
        descriptor: who.password_fd,
        option: "--password-file or --password-fd",
        is_new,
    }
    .read()
}

/// An answer of another kind than the request names. Says no more, because an answer may hold a secret.
pub(super) fn unexpected(_: &Response) -> Failure {
    Error::new(
        Code::Internal,
        "the answer was of another kind than the request",
        "tell the maintainers which command it was",
    )
    .into()
}
