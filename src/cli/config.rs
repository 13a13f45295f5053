//! `strongroom config`: what the configuration says, where each value came from, and whether it can be used.
//!
//! It needs no store. A configuration that cannot be used ends every command with what is wrong and exit code 2, this one
//! like the others.

use std::collections::BTreeSet;

use clap::Subcommand;

use super::failure::Failure;
use super::output::Output;
use crate::system::settings::Shown;

/// What to do with it.
#[derive(Debug, Subcommand)]
pub enum Config {
    /// List every key, its value, and where that came from
    Show,
    /// Read everything that has a say; exit 2 and what is wrong if it cannot be used
    Check,
}

impl Config {
    /// Does it with what was read.
    ///
    /// # Errors
    /// Standard output cannot be written.
    pub fn run(&self, output: &Output, shown: &[Shown]) -> Result<(), Failure> {
        match self {
            Self::Show if output.json => output.json(&shown),
            Self::Show => {
                let row = |one: &Shown| vec![one.key.to_owned(), one.value.clone(), one.source.clone()];
                let rows: Vec<_> = shown.iter().map(row).collect();
                output.table(&["KEY", "VALUE", "FROM"], &rows)
            }
            Self::Check => {
                let given = shown.iter().filter(|one| one.source != "default");
                let sources: BTreeSet<&str> = given.clone().map(|one| one.source.as_str()).collect();
                let from = match sources.len() {
                    0 => "all keys are at their defaults".to_owned(),
                    _ => format!(
                        "{} of {} keys are set, by {}",
                        given.count(),
                        shown.len(),
                        sources.into_iter().collect::<Vec<_>>().join(", ")
                    ),
                };
                output.done(&format!("the configuration can be used: {from}"))
            }
        }
    }
}
