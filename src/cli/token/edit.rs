//! `strongroom token edit`: what is said of a token beside its rights.

use clap::{ArgGroup, Args};

use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::secrets::SignInArguments;
use crate::cli::values;
use crate::domain::text::{Email, TokenName, TokenNote};
use crate::service::Request;
use crate::service::request::{ChangeToken, NewNote, TokenRef};

/// Another name, owner, note or warnings; what is left out stays.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("change").required(true).multiple(true).args(["name", "owner", "note", "warn"])))]
pub struct Edit {
    /// Its name or id
    token: String,
    /// Another name, free among the tokens that work
    #[arg(long)]
    name: Option<String>,
    /// The e-mail address of whoever has to be told of it
    #[arg(long, value_name = "EMAIL")]
    owner: Option<String>,
    /// What there is to say about it, one line; '' for nothing
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// When to warn of its end, such as 14d,3d,4h; default for when its organization says
    #[arg(long, value_name = "TIMES|default")]
    warn: Option<String>,
    #[command(flatten)]
    who: SignInArguments,
}

impl Edit {
    /// Says it.
    pub fn run(&self, context: &Context<'_>) -> Result<(), Failure> {
        let note = match self.note.as_deref().map(str::trim) {
            Some("") => Some(NewNote::Nothing),
            Some(text) => Some(NewNote::Text(TokenNote::parse(text)?)),
            None => None,
        };
        let change = ChangeToken {
            organization: context.organization.clone(),
            token: TokenRef::parse(&self.token),
            name: self.name.as_deref().map(TokenName::parse).transpose()?,
            owner: self.owner.as_deref().map(Email::folded).transpose()?,
            note,
            warnings: self.warn.as_deref().map(values::warnings).transpose()?,
        };
        context.ask_as(&self.who, Request::ChangeToken(change))?;
        context.output.done("The token is changed.")
    }
}
