//! `strongroom man`: a page for each command, from the one definition of the arguments.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use clap::{Args, Command, CommandFactory as _};
use clap_mangen::Man;

use super::Cli;
use super::context::Context;
use super::failure::Failure;

/// Where to.
#[derive(Debug, Args)]
pub struct ManPages {
    /// Write the pages of all commands into this directory, in the place of those that were there
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
}

impl ManPages {
    /// Prints the program's own page, or writes all of them.
    pub(super) fn run(&self, context: &Context<'_>) -> Result<(), Failure> {
        let mut command = Cli::command().disable_help_subcommand(true);
        command.build();
        let Some(directory) = &self.output else {
            let (_, text) = page(&command).map_err(|error| unwritable(Path::new("the page"), &error))?;
            if context.output.json {
                return context.output.json(&serde_json::json!({ "text": text }));
            }
            return context.output.text(&text);
        };
        let mut pages = Vec::new();
        collect(&command, &mut pages).map_err(|error| unwritable(directory, &error))?;
        for (name, text) in &pages {
            let path = directory.join(name);
            public_file(&path, text).map_err(|error| unwritable(&path, &error))?;
        }
        let count = pages.len();
        context
            .output
            .done(&format!("{count} pages in {}", directory.display()))
    }
}

fn collect(command: &Command, pages: &mut Vec<(String, String)>) -> io::Result<()> {
    pages.push(page(command)?);
    for command in command.get_subcommands().filter(|command| !command.is_hide_set()) {
        collect(command, pages)?;
    }
    Ok(())
}

/// A page's file name, and its text.
fn page(command: &Command) -> io::Result<(String, String)> {
    let man = Man::new(command.clone())
        .manual("Strongroom")
        .source(concat!("strongroom ", env!("CARGO_PKG_VERSION")));
    let mut text = Vec::new();
    man.render(&mut text)?;
    let text = String::from_utf8(text).map_err(|error| io::Error::other(error.utf8_error()))?;
    Ok((man.get_filename(), text))
}

/// Writes what everybody may read.
fn public_file(path: &Path, text: &str) -> io::Result<()> {
    fs::write(path, text)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o644))
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::io(
        format!("{} cannot be written: {error}", path.display()),
        "name a directory that is there and that you may write to",
    )
}
