//! What a shell's completion script asks at a TAB: the names in the store, without a word to the person who types.

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;

use super::environment::Environment;
use super::{arguments, door, keep_contained_panics_quiet, private_process, store_of, viewer};
use crate::cli::Globals;
use crate::cli::completions::{self, Name, Names, Noun, VARIABLE};
use crate::domain::text::Slug;
use crate::gateway::Gateway;
use crate::gateway::in_process::InProcess;
use crate::system::settings::{Arguments, Inputs, Settings};

const ENVIRONMENT: Environment = Environment { is_forced: false };

/// Proposes what may come next, if these arguments are a script's; `None` for everybody else's.
#[must_use]
pub fn complete(given: &[OsString]) -> Option<ExitCode> {
    let shell = ENVIRONMENT.variable(VARIABLE)?;
    let words = match given {
        [_, mark, words @ ..] if mark == "--" && !words.is_empty() => words.to_vec(),
        _ => return None,
    };
    private_process();
    keep_contained_panics_quiet();
    let globals = completions::globals(&words);
    let names: Names = Arc::new(move |noun, typed| {
        let named = globals.as_ref().and_then(|globals| names(globals, noun, typed));
        named.unwrap_or_default()
    });
    completions::propose(&shell, words, &names);
    Some(ExitCode::SUCCESS)
}

/// The names in the store that those words mean; `None` where it says nothing.
fn names(globals: &Globals, noun: Noun, typed: &str) -> Option<Vec<Name>> {
    let variable = |name: &str| ENVIRONMENT.variable(name);
    let inputs = Inputs {
        variable: &variable,
        arguments: Arguments {
            // It may be the word that is typed at the moment.
            org: None,
            ..arguments(globals)
        },
    };
    let settings = Settings::load(&inputs).ok()?;
    let actor = viewer(ENVIRONMENT, true);
    let opener = store_of(&settings, &inputs, ENVIRONMENT, &actor);
    let local = InProcess::new(Box::new(opener), actor.clone());
    let daemon = door::daemon(&settings, &actor);
    let gateway: &dyn Gateway = match &daemon {
        Some(daemon) => daemon,
        None => &local,
    };
    let typed_organization = globals.org.as_deref().and_then(|text| Slug::parse(text).ok());
    let organization = typed_organization.or(settings.org);
    let names = completions::of_store(gateway, organization.as_ref(), noun, typed).ok();
    // What could not be written is nothing that this reader could do something about.
    let _ = local.close();
    names
}
