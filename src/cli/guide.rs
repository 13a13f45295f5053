//! `strongroom guide`: what the people need who write clients, with this organization's key in it.

use std::path::{Path, PathBuf};

use clap::Args;

use super::context::Context;
use super::failure::Failure;
use super::{key, org, values};
use crate::guide::{Guide, Language};
use crate::system::private_file;

/// Which part of it, and where to.
#[derive(Debug, Default, Args)]
pub struct ShowGuide {
    /// One language's sample alone: a whole program
    #[arg(long, value_parser = values::language())]
    lang: Option<Language>,
    /// Into this new file; as HTML where its name ends in .html
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl ShowGuide {
    /// Whether the whole of it is to be seen, here.
    pub(super) const fn is_to_be_read(&self) -> bool {
        self.lang.is_none() && self.output.is_none()
    }

    /// Does it.
    pub(super) fn run(&self, context: &Context<'_>) -> Result<(), Failure> {
        let key = key::view(context)?;
        let rows = org::organizations(context)?;
        let guide = Guide::new(&key, org::named(&rows, &key.organization)?);
        let is_html = |path: &Path| path.extension().is_some_and(|extension| extension == "html");
        let text = match (self.lang, self.output.as_deref()) {
            (Some(language), _) => guide.sample(language),
            (None, Some(path)) if is_html(path) => guide.html(),
            (None, _) => guide.markdown(),
        };
        match &self.output {
            Some(path) => {
                private_file::create(path, text.as_bytes()).map_err(|error| unwritable(path, &error))?;
                context.output.done(&format!("wrote {}", path.display()))
            }
            None if context.output.json => context.output.json(&serde_json::json!({ "text": text })),
            None => context.output.text(&text),
        }
    }
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::io(
        format!("{} cannot be written: {error}", path.display()),
        "name a new file, in a directory that is there; one that exists is left as it is",
    )
}
