//! Minting a token: whoever asked for it has it, or it is revoked.
//!
//! A new token is acknowledged only after its text was written to where it was wanted, whole; if that fails it is given
//! up, and a rotation's old token goes on as it was.

use std::path::PathBuf;

use clap::Args;

use super::deploy::Deployment;
use super::list::detail;
use crate::cli::context::{Context, unexpected};
use crate::cli::failure::Failure;
use crate::cli::json;
use crate::cli::key::what_breaks;
use crate::cli::output::{to_json, write_out};
use crate::cli::secrets::SignInArguments;
use crate::cli::values;
use crate::domain::address::AddressRange;
use crate::domain::secret::Secret;
use crate::domain::text::{Email, Environment, Reason, ServiceName, TokenName, TokenNote, Variable};
use crate::domain::token::{Finish, Ladder, Lifetime, Overlap};
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
    /// An address or a range that it may be used from, such as 10.0.0.0/8; can be repeated; everywhere when left out
    #[arg(long, value_name = "RANGE")]
    allow: Vec<AddressRange>,
    /// The e-mail address of whoever has to be told of it; yours when left out
    #[arg(long, value_name = "EMAIL")]
    owner: Option<String>,
    /// What there is to say about it, one line
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// When to warn of its end, such as 14d,3d,4h; as its organization says when left out
    #[arg(long, value_name = "TIMES")]
    warn: Option<String>,
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
    /// How long both work, from the moment that the new one was written; 24h when left out, 7d with
    /// --finish-when-quiet
    #[arg(long, value_parser = values::overlap())]
    overlap: Option<Overlap>,
    /// Retire the old one earlier: once the new one was used, and the old one was silent for longer than ever in 30
    /// days, for HOURS at least
    #[arg(long, value_name = "HOURS", num_args = 0..=1, default_missing_value = "1", value_parser = values::hours())]
    finish_when_quiet: Option<u8>,
    /// The new one's expiry; the old one's choice when left out
    #[arg(long, value_parser = values::lifetime())]
    expires: Option<Lifetime>,
    /// The e-mail address of whoever has to be told of the new one; the old one's when left out
    #[arg(long, value_name = "EMAIL")]
    owner: Option<String>,
    /// What there is to say about it; the old one's note when left out
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    #[command(flatten)]
    deployment: Deployment,
    /// Say what would happen, and change nothing
    #[arg(long)]
    dry_run: bool,
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
        let warnings = self.warn.as_deref().map(Ladder::parse).transpose()?;
        let owner = self.owner.as_deref().map(Email::folded).transpose()?;
        let note = self.note.as_deref().map(TokenNote::parse).transpose()?;
        let env_file = self.target.env_file()?;
        let credentials = context.credentials(&self.who)?;
        let request = CreateToken {
            organization: context.organization.clone(),
            name,
            service,
            environment,
            lifetime: self.expires,
            variable,
            allowed: self.allow.clone(),
            owner,
            note,
            warnings,
            credentials,
        };
        hand_over(context, env_file.as_ref(), Request::CreateToken(request))
    }
}

impl Rotate {
    /// Mints, hands the token over, and says how long the old one works.
    pub fn run(&self, context: &Context<'_>) -> Result<(), Failure> {
        let owner = self.owner.as_deref().map(Email::folded).transpose()?;
        let note = self.note.as_deref().map(TokenNote::parse).transpose()?;
        let env_file = self.target.env_file()?;
        let (finish, usual) = match self.finish_when_quiet {
            Some(hours) => (Finish::WhenQuiet { hours }, Overlap::Days7),
            None => (Finish::AtEnd, Overlap::Hours24),
        };
        let overlap = self.overlap.unwrap_or(usual);
        if self.dry_run {
            return self.tell(context, overlap);
        }
        let credentials = context.credentials(&self.who)?;
        let request = RotateToken {
            organization: context.organization.clone(),
            token: TokenRef::parse(&self.token),
            lifetime: self.expires,
            overlap,
            finish,
            owner,
            note,
            credentials,
        };
        let request = Request::RotateToken(request);
        let Some(command) = &self.deployment.exec else {
            return hand_over(context, env_file.as_ref(), request);
        };
        let minted = self.deployment.run(context, command, request)?;
        print_without_token(context, &minted)?;
        tell_what_follows(context, &minted)
    }

    /// What would happen.
    fn tell(&self, context: &Context<'_>, overlap: Overlap) -> Result<(), Failure> {
        let named = TokenRef::parse(&self.token);
        let old = detail(context, named.clone())?;
        let row = &old.row;
        let lifetime = self.expires.unwrap_or(row.lifetime);
        let mut facts = vec![
            ("replaces", format!("{} ({})", row.name, row.id)),
            ("its end", row.ends_at.to_string()),
            ("lifetime", lifetime.label().to_owned()),
            ("overlap", overlap.label().to_owned()),
        ];
        if let Some(hours) = self.finish_when_quiet {
            facts.push((
                "or earlier",
                format!("once it was quiet for {hours} h and longer than ever"),
            ));
        }
        if let Some(command) = &self.deployment.exec {
            facts.push(("runs", command.clone()));
            facts.push((
                "waits",
                format!(
                    "{} s for it, and for the first use",
                    self.deployment.wait.as_secs()
                ),
            ));
        }
        if context.output.json {
            let facts: std::collections::BTreeMap<_, _> = facts.into_iter().collect();
            return context.output.json(&facts);
        }
        context.output.facts(&facts)?;
        let request = Request::TokenImpact {
            organization: context.organization.clone(),
            tokens: vec![named],
        };
        if let Response::Impact(impact) = context.ask(request)? {
            context.output.note(&what_breaks(&impact));
        }
        context.output.note("Nothing was changed.");
        Ok(())
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
    let minted = mint(context, request)?;
    let written = match env_file {
        Some(file) => file.set(minted.token.variable.as_str(), &minted.secret),
        None => {
            print(context, &minted).map_err(|error| format!("standard output cannot be written: {error}"))
        }
    };
    if let Err(message) = written {
        return Err(give_up(context, &minted, &message, None));
    }
    acknowledge(context, &minted)?;
    if env_file.is_some() {
        print_without_token(context, &minted)?;
    }
    tell_what_follows(context, &minted)
}

pub(super) fn mint(context: &Context<'_>, request: Request) -> Result<Minted, Failure> {
    match context.ask(request)? {
        Response::Minted(minted) => Ok(*minted),
        other => Err(unexpected(&other)),
    }
}

/// Says that the new token is where it was wanted: from now on both count.
pub(super) fn acknowledge(context: &Context<'_>, minted: &Minted) -> Result<(), Failure> {
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
        })
        .map(drop)
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

/// Revokes a new token that is not where it was wanted.
pub(super) fn give_up(
    context: &Context<'_>,
    minted: &Minted,
    message: &str,
    reason: Option<Reason>,
) -> Failure {
    let hint = match context.ask(Request::DiscardReveal {
        reveal: minted.reveal,
        reason,
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
    let or_earlier = if old.finish.is_some() {
        " at the latest, earlier once it is quiet"
    } else {
        ""
    };
    let works = if old.row.status.is_live() {
        "works until"
    } else {
        "stopped working at"
    };
    context.output.note(&format!(
        "The old token ({}) {works} {}{or_earlier}.",
        old.row.id, old.row.ends_at
    ));
    Ok(())
}
