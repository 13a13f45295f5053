//! Minting a token: whoever asked for it has it, or it is revoked.
//!
//! A new token is acknowledged only after its text was written to where it was wanted, whole; if that fails it is given
//! up, and a rotation's old token goes on as it was.

use std::path::PathBuf;

use clap::Args;

use super::list::detail;
use crate::cli::context::{Context, unexpected};
use crate::cli::failure::Failure;
use crate::cli::json;
use crate::cli::output::{to_json, write_out};
use crate::cli::secrets::SignInArguments;
use crate::cli::values;
use crate::domain::secret::Secret;
use crate::domain::text::{Environment, ServiceName, TokenName, Variable};
use crate::domain::token::{Lifetime, Overlap};
use crate::service::request::{CreateToken, RotateToken, TokenRef};
use crate::service::response::Minted;
use crate::service::{Code, Error, Request, Response};
use crate::system::private_file::EnvFile;

/// A new token.
#[derive(Debug, Args)]
pub struct Create {
    /// Its name, free among the tokens that work
    name: String,
    /// The service that will send it
    #[arg(long)]
    service: String,
    /// The environment that it is for, such as prod; part of the token
    #[arg(long, visible_alias = "env")]
    environment: String,
    /// 24h (temporary, testing), 1mo (short-term), 3mo (standard), 6mo (extended), 1y (long-term production)
    #[arg(long, default_value = "3mo", hide_possible_values = true, value_parser = values::lifetime())]
    expires: Lifetime,
    /// The environment variable that it is kept in; suggested when left out
    #[arg(long, value_name = "NAME")]
    variable: Option<String>,
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    who: SignInArguments,
}

/// A new token for an old one.
#[derive(Debug, Args)]
pub struct Rotate {
    /// The old one's name or id
    token: String,
    /// How long both work, from the moment that the new one was written
    #[arg(long, default_value = "24h", value_parser = values::overlap())]
    overlap: Overlap,
    /// The new one's expiry; the old one's choice when left out
    #[arg(long, value_parser = values::lifetime())]
    expires: Option<Lifetime>,
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    who: SignInArguments,
}

/// Where a new token goes.
#[derive(Debug, Args)]
struct Target {
    /// Write the token as NAME=value into this file (0600) instead of showing it
    #[arg(long, value_name = "PATH")]
    env_file: Option<PathBuf>,
}

impl Create {
    /// Mints, and hands the token over.
    pub fn run(&self, context: &Context<'_>) -> Result<(), Failure> {
        let name = TokenName::parse(&self.name)?;
        let service = ServiceName::parse(&self.service)?;
        let environment = Environment::parse(&self.environment)?;
        let variable = self.variable.as_deref().map(Variable::parse).transpose()?;
        let env_file = self.target.env_file()?;
        let credentials = context.credentials(&self.who)?;
        let request = CreateToken {
            organization: context.organization.clone(),
            name,
            service,
            environment,
            lifetime: self.expires,
            variable,
            credentials,
        };
        hand_over(context, env_file.as_ref(), Request::CreateToken(request))
    }
}

impl Rotate {
    /// Mints, hands the token over, and says how long the old one works.
    pub fn run(&self, context: &Context<'_>) -> Result<(), Failure> {
        let env_file = self.target.env_file()?;
        let credentials = context.credentials(&self.who)?;
        let request = RotateToken {
            organization: context.organization.clone(),
            token: TokenRef::parse(&self.token),
            lifetime: self.expires,
            overlap: self.overlap,
            credentials,
        };
        hand_over(context, env_file.as_ref(), Request::RotateToken(request))
    }
}

impl Target {
    /// The file, looked at before anything is minted.
    fn env_file(&self) -> Result<Option<EnvFile>, Failure> {
        let file = self.env_file.as_deref().map(EnvFile::at).transpose();
        file.map_err(|message| Failure::io(message, "no token was minted; name another file with --env-file"))
    }
}

fn hand_over(context: &Context<'_>, env_file: Option<&EnvFile>, request: Request) -> Result<(), Failure> {
    let minted = match context.ask(request)? {
        Response::Minted(minted) => minted,
        other => return Err(unexpected(&other)),
    };
    let written = match env_file {
        Some(file) => file.set(minted.token.variable.as_str(), &minted.secret),
        None => {
            print(context, &minted).map_err(|error| format!("standard output cannot be written: {error}"))
        }
    };
    if let Err(message) = written {
        return Err(give_up(context, &minted, &message));
    }
    context
        .ask(Request::AcknowledgeReveal {
            reveal: minted.reveal,
        })
        .map_err(|mut failure| {
            failure.error.message = format!(
                "the token was written, but not acknowledged: {}",
                failure.error.message
            );
            failure.error.hint = format!(
                "rotate or revoke {}; a token that it was to replace goes on",
                minted.token.id
            );
            failure
        })?;
    if env_file.is_some() {
        print_without_token(context, &minted)?;
    }
    tell_what_follows(context, &minted)
}

/// Prints the token; what could be written only in part counts as not written.
fn print(context: &Context<'_>, minted: &Minted) -> Result<(), String> {
    let token = minted.secret.expose_text().unwrap_or_default();
    let text = if context.output.json {
        to_json(&shape(minted, Some(token))).map_err(|failure| failure.error.message)?
    } else if context.output.quiet {
        format!("{token}\n")
    } else {
        let facts = facts(minted);
        let facts = facts.iter().map(|(name, value)| (*name, value.as_str()));
        let facts: Vec<_> = std::iter::once(("token", token)).chain(facts).collect();
        context.output.lines(&facts)
    };
    write_out(Secret::from_text(text).expose()).map_err(|error| error.to_string())
}

fn print_without_token(context: &Context<'_>, minted: &Minted) -> Result<(), Failure> {
    if context.output.json {
        context.output.json(&shape(minted, None))
    } else if context.output.quiet {
        Ok(())
    } else {
        context.output.facts(&facts(minted))
    }
}

fn facts(minted: &Minted) -> Vec<(&'static str, String)> {
    let row = &minted.token;
    let mut facts = vec![
        ("name", row.name.to_string()),
        ("id", row.id.to_string()),
        ("service", row.service.to_string()),
        ("variable", row.variable.to_string()),
        ("expires", row.expires_at.to_string()),
    ];
    if let Some((old, overlap)) = &minted.replaces {
        facts.push(("replaces", old.id.to_string()));
        facts.push(("overlap", overlap.label().to_owned()));
    }
    facts
}

fn shape<'a>(minted: &'a Minted, token: Option<&'a str>) -> json::Minted<'a> {
    json::Minted {
        token,
        details: &minted.token,
        replaces: minted.replaces.as_ref().map(|(old, _)| old),
        overlap: minted.replaces.as_ref().map(|(_, overlap)| *overlap),
    }
}

fn give_up(context: &Context<'_>, minted: &Minted, message: &str) -> Failure {
    let hint = match context.ask(Request::DiscardReveal {
        reveal: minted.reveal,
    }) {
        Ok(_) => "the new token was revoked, and a token that it was to replace goes on; mend it and repeat"
            .to_owned(),
        Err(failure) => format!(
            "the new token could not be revoked ({}): revoke {}",
            failure.error.message, minted.token.id
        ),
    };
    Error::new(Code::Io, message, hint).into()
}

fn tell_what_follows(context: &Context<'_>, minted: &Minted) -> Result<(), Failure> {
    if context.output.quiet || context.output.json {
        return Ok(());
    }
    let Some((old, _)) = &minted.replaces else {
        context.output.note(
            "This is the only time that the token can be had. Keep it in a secrets manager, never in code.",
        );
        return Ok(());
    };
    let old = detail(context, TokenRef::Id(old.id))?;
    let works = if old.row.status.is_live() {
        "works until"
    } else {
        "stopped working at"
    };
    context.output.note(&format!(
        "The old token ({}) {works} {}.",
        old.row.id, old.row.ends_at
    ));
    Ok(())
}
