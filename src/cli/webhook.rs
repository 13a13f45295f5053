//! `strongroom webhook`: who is told what happens, and whether it arrives. It is run where configuration and outbox are.

use clap::Subcommand;

use super::failure::Failure;
use crate::service::{Code, Error};

/// Who is told what happens.
#[derive(Debug, Subcommand)]
pub enum Webhook {
    /// Send a test event and say what came back; exit 1 if one did not arrive
    ///
    /// It goes from here, not through the daemon. An endpoint that was gone for good and takes it is told again.
    Test {
        /// Of the configuration; all when none is given
        name: Option<String>,
    },
    /// The endpoints of the configuration, and how many events wait for each
    List,
    /// The last deliveries: when, what, to whom, which attempt and what came of it
    Log,
}

pub(super) fn elsewhere() -> Failure {
    Error::new(
        Code::Internal,
        "webhooks are not looked at from here",
        "run it as a process of its own",
    )
    .into()
}
