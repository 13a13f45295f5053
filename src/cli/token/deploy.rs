//! A rotation that a command deploys: the overlap begins once the command succeeded and the new token was seen in use.
//!
//! Until then nothing is taken from anybody: the old token goes on as it was, whatever happens to the command, the service,
//! the daemon or this process. If it comes to nothing the new token is revoked; but one that is in use already is left to
//! work, unacknowledged, because revoking it would interrupt whoever uses it.

use std::process::ExitStatus;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use clap::Args;

use super::list::detail;
use super::mint::{acknowledge, give_up, mint};
use crate::cli::context::Context;
use crate::cli::failure::{DEPLOYMENT_FAILED, FAILED, Failure, NEVER_SEEN};
use crate::cli::values;
use crate::domain::text::Reason;
use crate::service::request::TokenRef;
use crate::service::response::Minted;
use crate::service::{Code, Error, Request};
use crate::system::handed::{Ended, Handed};
use crate::system::signals;

/// How often it is looked whether the new token was used.
const LOOK: Duration = Duration::from_millis(250);

/// What deploys the new token.
#[derive(Debug, Args)]
pub(super) struct Deployment {
    /// Run this by the shell, with the new token on its standard input. The overlap begins once it succeeded and the new
    /// token was seen in use; else the new one is revoked, and the old one stays
    #[arg(long, value_name = "COMMAND", conflicts_with = "env_file")]
    pub(super) exec: Option<String>,
    /// How long the command may take, and then the new token's first use, such as 30s, 10m or 1h
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = values::wait())]
    pub(super) wait: Duration,
}

/// Why it came to nothing.
struct Miss {
    exit: u8,
    message: String,
}

impl Miss {
    fn failed(message: impl Into<String>) -> Self {
        Self {
            exit: DEPLOYMENT_FAILED,
            message: message.into(),
        }
    }

    fn interrupted() -> Self {
        Self {
            exit: FAILED,
            message: "told to end before the new token was seen in use".into(),
        }
    }
}

impl Deployment {
    /// Mints, has the command deploy it, and waits until it is used.
    pub(super) fn run(
        &self,
        context: &Context<'_>,
        command: &str,
        request: Request,
    ) -> Result<Minted, Failure> {
        if !context.gateway.is_shared() {
            return Err(Error::new(
                Code::Conflict,
                "no daemon has the store, so nobody would see the new token in use",
                "start `strongroom serve`, or rotate without --exec",
            )
            .into());
        }
        let (heard, interrupted) = channel();
        signals::watch_ends(move || {
            // Who no longer waits has nothing to be told.
            let _ = heard.send(());
        })
        .map_err(|error| Failure::io(format!("signals cannot be heard: {error}"), "no token was minted"))?;
        let minted = mint(context, request)?;
        match self.deploy(context, command, &minted, &interrupted) {
            Ok(()) => {
                acknowledge(context, &minted)?;
                Ok(minted)
            }
            Err(miss) => Err(end(context, &minted, miss)),
        }
    }

    fn deploy(
        &self,
        context: &Context<'_>,
        command: &str,
        minted: &Minted,
        interrupted: &Receiver<()>,
    ) -> Result<(), Miss> {
        let broken = |error| Miss::failed(format!("the command cannot be run: {error}"));
        let handed = Handed::start(command, &minted.secret).map_err(broken)?;
        match handed.wait(self.wait, interrupted).map_err(broken)? {
            Ended::Done(status, _) if status.success() => {}
            Ended::Done(status, _) => return Err(Miss::failed(told(status))),
            Ended::Late => return Err(Miss::failed("the command took too long, and was killed")),
            Ended::Interrupted => return Err(Miss::interrupted()),
        }
        let mut waited = Duration::ZERO;
        // Also through a restart of the daemon.
        while !is_used(context, minted) {
            if waited >= self.wait {
                return Err(Miss {
                    exit: NEVER_SEEN,
                    message: "the command succeeded, but nobody used the new token in time".into(),
                });
            }
            match interrupted.recv_timeout(LOOK) {
                Err(RecvTimeoutError::Timeout) => waited += LOOK,
                _ => return Err(Miss::interrupted()),
            }
        }
        Ok(())
    }
}

fn told(status: ExitStatus) -> String {
    status.code().map_or_else(
        || format!("the command was killed ({status})"),
        |code| format!("the command ended with exit code {code}"),
    )
}

/// Whether anybody was let in by it; where nobody can say, not yet.
fn is_used(context: &Context<'_>, minted: &Minted) -> bool {
    detail(context, TokenRef::Id(minted.token.id)).is_ok_and(|detail| detail.row.uses > 0)
}

/// Ends it: the new token is given up, unless that would interrupt somebody.
fn end(context: &Context<'_>, minted: &Minted, miss: Miss) -> Failure {
    let Miss { exit, message } = miss;
    let failure = if is_used(context, minted) {
        let hint = format!(
            "the new token ({}) is in use and was left, the old one works on: deploy one of them everywhere, then \
             revoke the other",
            minted.token.id
        );
        Error::new(Code::Io, message, hint).into()
    } else {
        let reason = Reason::parse(&message).ok();
        give_up(context, minted, &message, reason)
    };
    Failure { exit, ..failure }
}
