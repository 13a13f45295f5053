//! The program: arguments in, an exit code out.

use std::process::ExitCode;

use strongroom::cli::{Parsed, parse};
use strongroom::wiring;

fn main() -> ExitCode {
    match parse(std::env::args_os()) {
        Parsed::Command(cli) => wiring::run(&cli),
        Parsed::Exit(code) => ExitCode::from(code),
    }
}
