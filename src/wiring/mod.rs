//! Puts the parts together: the only place that chooses store, clock and transport, and reads the environment.

mod backup;
mod console;
mod doctor;
mod keyring_place;
mod local_store;
mod rekey;
mod restore;

use std::process::ExitCode;
use std::sync::Arc;

use rustix::fs::Mode;

use self::local_store::LocalStore;
use crate::cli::failure::{Failure, USAGE};
use crate::cli::{self, Cli, Command, Context, Globals, Output};
use crate::domain::text::Email;
use crate::gateway::in_process::InProcess;
use crate::service::{Actor, Code, Error};
use crate::store::sled::contain::is_contained;
use crate::system::hardening::harden;
use crate::system::identity::Identity;
use crate::system::settings::{Arguments, Inputs, Settings};

/// Does what the arguments ask for; the process' exit code.
#[must_use]
pub fn run(cli: &Cli) -> ExitCode {
    // Before anything is written: nobody else may read it, whatever the shell's umask was.
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
    harden();
    keep_contained_panics_quiet();
    match start(cli) {
        Ok(exit) => ExitCode::from(exit),
        Err(failure) => {
            cli::report(cli.globals.json, &failure.error);
            ExitCode::from(failure.exit)
        }
    }
}

fn start(cli: &Cli) -> Result<u8, Failure> {
    let globals = &cli.globals;
    let inputs = Inputs {
        variable: &variable,
        arguments: arguments(globals),
    };
    let settings = Settings::load(&inputs).map_err(|error| Failure {
        exit: USAGE,
        error: Box::new(Error::new(Code::Invalid, error.to_string(), error.hint())),
    })?;
    let fixed_email = globals.acting_as.as_deref().map(Email::folded).transpose()?;
    let identity = Identity::of_process(variable("SSH_CONNECTION").as_deref());
    let opener = LocalStore::new(
        settings.data_dir.clone(),
        settings.state_dir.clone(),
        inputs.default_key_file(),
        variable("CREDENTIALS_DIRECTORY").map(Into::into),
        identity.user.clone(),
    );
    let actor = Actor {
        os_user: identity.user,
        uid: identity.uid,
        address: identity.address,
        // The data directory belongs to this process' user, or it is refused.
        owns_store: true,
        read_only: globals.read_only,
        fixed_email,
        session: None,
    };
    let gateway = Arc::new(InProcess::new(Box::new(opener), actor.clone()));
    let output = Output::new(globals.json, globals.quiet);
    let shown = match &cli.command {
        None => Some(None),
        Some(Command::Tokens(tokens)) if output.is_interactive() => Some(Some(tokens.show())),
        Some(_) => None,
    };
    let result = match (shown, &cli.command) {
        (None, Some(command)) => cli::run(
            &Context {
                gateway: &*gateway,
                globals,
                organization: settings.org.clone(),
                brand: settings.brand.clone(),
                output,
            },
            command,
        ),
        (shown, _) => console::run(Arc::clone(&gateway) as _, &settings, &actor, shown.flatten()),
    };
    // What the command said comes first: a count that was lost is told only if nothing else went wrong.
    let closed = gateway.close();
    let exit = result?;
    closed?;
    Ok(exit)
}

fn arguments(globals: &Globals) -> Arguments {
    Arguments {
        config: globals.config.clone(),
        data_dir: globals.data_dir.clone(),
        state_dir: globals.state_dir.clone(),
        org: globals.org.clone(),
        ascii: globals.ascii,
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// A damaged store makes sled panic; that is caught and told as an error, and its own text helps nobody.
fn keep_contained_panics_quiet() {
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !is_contained() {
            print(panic);
        }
    }));
}
