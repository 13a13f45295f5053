//! Puts the parts together: the only place that chooses store, clock and transport, and reads the environment.

mod backup;
mod completions;
mod console;
mod demo;
mod doctor;
mod door;
mod environment;
mod forced;
mod keyring_place;
mod local_store;
mod rekey;
mod restore;
mod serve;
mod webhooks;

use std::process::ExitCode;
use std::sync::Arc;

use rustix::fs::Mode;

pub use self::completions::complete;
use self::environment::Environment;
use self::local_store::LocalStore;
use crate::cli::failure::{DONE, Failure, USAGE};
use crate::cli::{self, Cli, Command, Context, Globals, Output};
use crate::domain::text::Email;
use crate::gateway::Gateway;
use crate::gateway::in_process::InProcess;
use crate::service::{Actor, Code, Error};
use crate::store::sled::contain::is_contained;
use crate::system::hardening::harden;
use crate::system::identity::Identity;
use crate::system::settings::{Arguments, Inputs, Settings};

/// Does what the arguments ask for; the process' exit code.
#[must_use]
pub fn run(mut cli: Cli) -> ExitCode {
    private_process();
    keep_contained_panics_quiet();
    let environment = Environment {
        is_forced: cli.forced || cli.acting_as.is_some(),
    };
    match forced::apply(&mut cli, environment).and_then(|()| start(&cli, environment)) {
        Ok(exit) => ExitCode::from(exit),
        // Its reader knows only a line on standard output and four exit codes.
        Err(failure) if matches!(cli.command, Some(Command::Check(_))) => {
            ExitCode::from(cli::unknown(cli.globals.json, &failure))
        }
        Err(failure) => {
            cli::report(cli.globals.json, &failure.error);
            ExitCode::from(failure.exit)
        }
    }
}

fn start(cli: &Cli, environment: Environment) -> Result<u8, Failure> {
    let globals = &cli.globals;
    if let Some(Command::Demo(arguments)) = &cli.command {
        return demo::run(arguments, globals, environment);
    }
    let variable = |name: &str| environment.variable(name);
    let inputs = Inputs {
        variable: &variable,
        arguments: arguments(globals),
    };
    let settings = Settings::load(&inputs).map_err(|error| Failure {
        exit: USAGE,
        error: Box::new(Error::new(Code::Invalid, error.to_string(), error.hint())),
    })?;
    if let Some(Command::Config(config)) = &cli.command {
        let output = Output::new(globals.json, globals.quiet);
        return config.run(&output, &settings.shown()).map(|()| DONE);
    }
    let fixed_email = cli.acting_as.as_deref().map(Email::folded).transpose()?;
    let actor = Actor {
        fixed_email,
        ..viewer(environment, globals.read_only)
    };
    let opener = store_of(&settings, &inputs, environment, &actor);
    if let Some(Command::Serve(arguments)) = &cli.command {
        let surroundings = serve::Surroundings {
            settings: &settings,
            socket: settings
                .socket
                .clone()
                .unwrap_or_else(|| inputs.default_socket(&settings.state_dir)),
            is_journal: variable("JOURNAL_STREAM").is_some(),
            globals,
        };
        return serve::run(arguments, &surroundings, opener, &actor);
    }
    let local = Arc::new(InProcess::new(Box::new(opener), actor.clone()));
    let gateway: Arc<dyn Gateway> = match door::daemon(&settings, &actor) {
        Some(daemon) => Arc::new(daemon),
        None => Arc::clone(&local) as _,
    };
    let output = Output::new(globals.json, globals.quiet);
    let link = cli.command.as_ref().and_then(Command::link);
    let result = match (&cli.command, link) {
        (Some(_), Some(link)) if output.is_interactive() => console::run(
            Arc::clone(&gateway),
            &settings,
            &actor,
            Some(link),
            environment,
            None,
        ),
        (Some(Command::Webhook(webhook)), _) => webhooks::run(webhook, &settings, &*gateway, &output),
        (Some(command), _) => cli::run(
            &Context {
                gateway: &*gateway,
                globals,
                organization: settings.org.clone(),
                brand: settings.brand.clone(),
                output,
            },
            command,
        ),
        (None, _) if environment.is_forced && !output.is_interactive() => {
            Err(cli::forced::without_terminal())
        }
        (None, _) => console::run(Arc::clone(&gateway), &settings, &actor, None, environment, None),
    };
    // What the command said comes first: a count that was lost is told only if nothing else went wrong.
    let closed = local.close();
    let exit = result?;
    closed?;
    Ok(exit)
}

/// Before anything is written: nobody else may read it, whatever the shell's umask was.
fn private_process() {
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
    harden();
}

/// Whoever runs this process, signed in as nobody.
fn viewer(environment: Environment, read_only: bool) -> Actor {
    let identity = Identity::of_process(environment.variable("SSH_CONNECTION").as_deref());
    Actor {
        os_user: identity.user,
        uid: identity.uid,
        address: identity.address,
        said_address: None,
        // The data directory belongs to this process' user, or it is refused; who comes by a forced command is a guest of it.
        owns_store: !environment.is_forced,
        read_only,
        fixed_email: None,
        session: None,
        request: None,
    }
}

/// The store that the settings name, which this process may open itself.
fn store_of(settings: &Settings, inputs: &Inputs<'_>, environment: Environment, actor: &Actor) -> LocalStore {
    LocalStore::new(
        settings.data_dir.clone(),
        settings.state_dir.clone(),
        inputs.default_key_file(),
        environment.variable("CREDENTIALS_DIRECTORY").map(Into::into),
        actor.os_user.clone(),
    )
}

fn arguments(globals: &Globals) -> Arguments {
    Arguments {
        config: globals.config.clone(),
        data_dir: globals.data_dir.clone(),
        state_dir: globals.state_dir.clone(),
        socket: globals.socket.clone(),
        org: globals.org.clone(),
        ascii: globals.ascii,
    }
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
