//! `strongroom serve`: the daemon's arguments. It is run where store and sockets are put together.

use std::net::SocketAddr;

use clap::Args;

use super::failure::Failure;
use crate::service::{Code, Error};

/// Run the daemon.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "It ends at SIGTERM, when what was begun is answered, and reads its certificate again at SIGHUP. \
                        Its private socket is told with --socket, everything else in the configuration file."
)]
pub struct Serve {
    /// Where clients and proxies ask, in place of `listen` in the configuration
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Vec<SocketAddr>,
    /// Print what it answers as an OpenAPI 3.1 document, and end
    #[arg(long)]
    pub openapi: bool,
    /// End with this process, which started it
    #[arg(long, hide = true, value_name = "PID")]
    pub parent: Option<i32>,
}

pub(super) fn elsewhere() -> Failure {
    Error::new(
        Code::Internal,
        "the daemon is not started from here",
        "run it as a process of its own",
    )
    .into()
}
