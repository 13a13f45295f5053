//! `strongroom demo`: its arguments. It is run where store, daemon and console are put together.

use std::path::PathBuf;

use clap::Args;

use super::Globals;
use super::failure::Failure;

/// A throw-away store.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "It is in a directory of its own, with a daemon that pretended clients call, and all of it is gone \
                        when it ends. Your own store, configuration and seal are not touched."
)]
pub struct Demo {
    /// Make it here, and keep it
    #[arg(long, value_name = "DIRECTORY")]
    pub keep: Option<PathBuf>,
    /// Serve until a signal comes, without opening the console
    #[arg(long)]
    pub serve: bool,
}

impl Demo {
    /// Refuses what would lead it to another store.
    ///
    /// # Errors
    /// A place was named.
    pub fn refuse_places(&self, globals: &Globals) -> Result<(), Failure> {
        let named = [
            ("--data-dir", globals.data_dir.is_some()),
            ("--state-dir", globals.state_dir.is_some()),
            ("--socket", globals.socket.is_some()),
            ("--config", globals.config.is_some()),
            ("--passphrase-file", globals.passphrase_file.is_some()),
        ];
        match named.iter().find(|(_, is_named)| *is_named) {
            Some((option, _)) => Err(Failure::usage(
                format!("the demo has a store of its own and takes no {option}"),
                "leave it out; --keep DIRECTORY makes the demo there",
            )),
            None => Ok(()),
        }
    }
}
