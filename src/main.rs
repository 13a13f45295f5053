//! The program: arguments in, an exit code out.

use std::ffi::OsString;
use std::process::ExitCode;

use strongroom::cli::{Parsed, parse};
use strongroom::wiring;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    if let Some(code) = wiring::complete(&arguments) {
        return code;
    }
    match parse(arguments) {
        Parsed::Command(cli) => wiring::run(*cli),
        Parsed::Exit(code) => ExitCode::from(code),
    }
}
