//! The command that sshd forces: `strongroom --as EMAIL`, or `--forced` for an account that several cashiers share.
//!
//! - Both mean nothing anywhere else, and are refused there; so is a command beside them: what is looked at is said by the
//!   client, in `SSH_ORIGINAL_COMMAND`, and by a list of what is allowed.
//! - Nothing is inherited from the client (`environment`), and what libraries would obey ends it.
//! - No file is written, and no program is started: the kernel refuses it from here on.

use super::environment::Environment;
use crate::cli::failure::Failure;
use crate::cli::{Cli, forced};
use crate::system::hardening::forbid_programs;

/// Turns the arguments into what the client asked for, where this is a forced command.
pub(super) fn apply(cli: &mut Cli, environment: Environment) -> Result<(), Failure> {
    if !environment.is_forced {
        return Ok(());
    }
    if cli.command.is_some() {
        return Err(Failure::usage(
            "--as and --forced go with no command: the SSH client says which",
            "leave the command out, or the option",
        ));
    }
    if environment.raw("SSH_CONNECTION").is_none() {
        return Err(Failure::usage(
            "--as and --forced are for the command that sshd forces, and this is none",
            "put it into authorized_keys or ForceCommand; here leave it out",
        ));
    }
    if let Some(name) = Environment::obeyed_by_libraries() {
        return Err(Failure::usage(
            format!("{name} is set, which libraries obey and the client may have sent"),
            "leave it out of AcceptEnv, and of what sshd sets",
        ));
    }
    forbid_programs().map_err(|error| {
        Failure::io(
            format!("the kernel cannot be told to start no programs: {error}"),
            "a forced command needs seccomp in the kernel",
        )
    })?;
    let original = environment.raw("SSH_ORIGINAL_COMMAND");
    if let Some(original) = original.filter(|command| !command.is_empty()) {
        let wanted = forced::wanted(&original)?;
        cli.globals.json = wanted.json;
        cli.command = Some(wanted.command);
    }
    Ok(())
}
