//! Changes to tokens that are there: overlaps, and rights taken away or given back.

use clap::Args;

use super::list::detail;
use crate::cli::context::{Context, unexpected};
use crate::cli::failure::Failure;
use crate::cli::key::what_breaks;
use crate::cli::secrets::SignInArguments;
use crate::cli::values;
use crate::domain::address::AddressRange;
use crate::domain::text::Reason;
use crate::domain::token::{Finish, Overlap};
use crate::service::request::{Invalidate, Invalidation, TokenRef};
use crate::service::{Request, Response};

/// One token.
#[derive(Debug, Args)]
pub struct One {
    /// Its name or id
    token: String,
    #[command(flatten)]
    who: SignInArguments,
}

/// A longer overlap.
#[derive(Debug, Args)]
pub struct Extend {
    /// The old token's id, or the name of both
    token: String,
    /// How long both work from now on, never past the old one's expiry
    #[arg(long, value_parser = values::overlap(), required_unless_present_any = ["finish_when_quiet", "finish_at_end"])]
    overlap: Option<Overlap>,
    /// Retire the old one earlier, once it is quiet for HOURS at least
    #[arg(long, value_name = "HOURS", num_args = 0..=1, default_missing_value = "1", value_parser = values::hours())]
    finish_when_quiet: Option<u8>,
    /// Retire it at the overlap's end, and not earlier
    #[arg(long, conflicts_with = "finish_when_quiet")]
    finish_at_end: bool,
    #[command(flatten)]
    who: SignInArguments,
}

/// The other way out of an overlap.
#[derive(Debug, Args)]
pub struct Undo {
    /// The old token's id, or the name of both
    token: String,
    /// Do not ask whether it is meant
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    who: SignInArguments,
}

/// Where a token may be used from.
#[derive(Debug, Args)]
pub struct Allow {
    /// Its name or id
    token: String,
    /// Addresses and ranges, such as 10.0.0.9, 10.0.0.0/8 or 2001:db8::/32; they take the place of those before
    #[arg(required_unless_present = "any", conflicts_with = "any")]
    ranges: Vec<AddressRange>,
    /// From everywhere
    #[arg(long)]
    any: bool,
    #[command(flatten)]
    who: SignInArguments,
}

/// Several tokens, all or none.
#[derive(Debug, Args)]
pub struct Several {
    /// Their names or ids
    #[arg(required = true)]
    tokens: Vec<String>,
    /// Why, for the audit log
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Do not ask whether it is meant
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    who: SignInArguments,
}

/// Several tokens that are refused from now on.
#[derive(Debug, Args)]
pub struct Revoke {
    /// Somebody else may have them: the revocation cannot be undone
    #[arg(long)]
    leaked: bool,
    #[command(flatten)]
    several: Several,
}

/// Tokens that a restore holds.
#[derive(Debug, Args)]
pub struct Release {
    /// Their names or ids
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    tokens: Vec<String>,
    /// All of every organization: the hold is over
    #[arg(long)]
    all: bool,
    /// Do not ask whether it is meant
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    who: SignInArguments,
}

impl One {
    /// Ends its overlap at once.
    pub fn cut_over(&self, context: &Context<'_>) -> Result<(), Failure> {
        let (organization, token) = (context.organization.clone(), TokenRef::parse(&self.token));
        context.ask_as(&self.who, Request::CutOver { organization, token })?;
        context.output.done("The old token is refused from now on.")
    }

    /// Gives its rights back.
    pub fn restore(&self, context: &Context<'_>) -> Result<(), Failure> {
        let (organization, token) = (context.organization.clone(), TokenRef::parse(&self.token));
        context.ask_as(&self.who, Request::RestoreToken { organization, token })?;
        context.output.done("The revocation is undone.")
    }
}

impl Undo {
    /// Revokes the new token, after saying who uses it; the old one goes on.
    pub fn run(&self, context: &Context<'_>) -> Result<(), Failure> {
        let (organization, token) = (context.organization.clone(), TokenRef::parse(&self.token));
        let named = detail(context, token.clone())?;
        let new = named.row.replaced_by.unwrap_or(named.row.id);
        let request = Request::TokenImpact {
            organization: organization.clone(),
            tokens: vec![TokenRef::Id(new)],
        };
        match context.ask(request)? {
            Response::Impact(impact) => context.output.note(&what_breaks(&impact)),
            other => return Err(unexpected(&other)),
        }
        if !self.yes {
            context.confirm(&format!("The new token {new} is revoked. Go on?"))?;
        }
        context.ask_as(&self.who, Request::UndoRotation { organization, token })?;
        context
            .output
            .done("The rotation is undone: the old token goes on, the new one is refused.")
    }
}

impl Extend {
    /// Makes the overlap longer, or has it finish otherwise.
    pub fn run(&self, context: &Context<'_>) -> Result<(), Failure> {
        let at_end = self.finish_at_end.then_some(Finish::AtEnd);
        let finish = self.finish_when_quiet.map(|hours| Finish::WhenQuiet { hours });
        let (organization, token) = (context.organization.clone(), TokenRef::parse(&self.token));
        let request = Request::ExtendOverlap {
            organization,
            token,
            overlap: self.overlap,
            finish: finish.or(at_end),
        };
        context.ask_as(&self.who, request)?;
        context
            .output
            .done("The overlap is changed; `strongroom token show` says until when.")
    }
}

impl Allow {
    /// Puts the list in the place of the one before.
    pub fn run(&self, context: &Context<'_>) -> Result<(), Failure> {
        let request = Request::AllowAddresses {
            organization: context.organization.clone(),
            token: TokenRef::parse(&self.token),
            ranges: self.ranges.clone(),
        };
        context.ask_as(&self.who, request)?;
        context.output.done(if self.any {
            "It may be used from everywhere."
        } else {
            "It may be used from there alone, from now on."
        })
    }
}

impl Revoke {
    /// Takes their rights away.
    pub fn run(&self, context: &Context<'_>) -> Result<(), Failure> {
        if self.leaked {
            self.several.invalidate(
                context,
                Invalidation::RevokeAsLeaked,
                "Revoked as leaked, for good.",
            )
        } else {
            let sentence = "Revoked; `strongroom token restore` undoes it within 60 minutes.";
            self.several.invalidate(context, Invalidation::Revoke, sentence)
        }
    }
}

impl Release {
    /// Lets them work again.
    pub fn run(&self, context: &Context<'_>) -> Result<(), Failure> {
        if !self.yes {
            context.output.note(
                "What was revoked after the backup is not known here: revoke those tokens before you release them.",
            );
            context.confirm("Release them?")?;
        }
        let tokens = || self.tokens.iter().map(|token| TokenRef::parse(token)).collect();
        let request = Request::ReleaseHold {
            organization: context.organization.clone(),
            tokens: (!self.all).then(tokens),
        };
        context.ask_as(&self.who, request)?;
        context.output.done("Released: what was released works again.")
    }
}

impl Several {
    /// Leaves tombstones.
    pub fn delete(&self, context: &Context<'_>) -> Result<(), Failure> {
        self.invalidate(context, Invalidation::Delete, "Deleted, for good.")
    }

    fn invalidate(&self, context: &Context<'_>, how: Invalidation, sentence: &str) -> Result<(), Failure> {
        let organization = context.organization.clone();
        let tokens: Vec<TokenRef> = self.tokens.iter().map(|token| TokenRef::parse(token)).collect();
        let reason = self.reason.as_deref().map(Reason::parse).transpose()?;
        let request = Request::TokenImpact {
            organization: organization.clone(),
            tokens: tokens.clone(),
        };
        let impact = match context.ask(request)? {
            Response::Impact(impact) => impact,
            other => return Err(unexpected(&other)),
        };
        context.output.note(&what_breaks(&impact));
        if !self.yes {
            context.confirm(&format!(
                "{} of {} tokens work. Go on?",
                impact.live, impact.subjects
            ))?;
        }
        let request = Request::Invalidate(Invalidate {
            organization,
            tokens,
            how,
            reason,
        });
        context.ask_as(&self.who, request)?;
        context.output.done(sentence)
    }
}
