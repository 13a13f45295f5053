//! `strongroom org`: organizations.

use clap::{Args, Subcommand};

use super::context::{Context, unexpected};
use super::failure::Failure;
use super::json;
use super::secrets::SignInArguments;
use super::values;
use crate::domain::key_pair::KeySize;
use crate::domain::text::{Brand, OrganizationName, Slug};
use crate::service::request::Onboard;
use crate::service::response::OrganizationRow;
use crate::service::{Code, Error, Request, Response};

/// What can be done with organizations.
#[derive(Debug, Subcommand)]
pub enum Org {
    /// List them
    List,
    /// Show one: --org, or the only one
    Show,
    /// Make a further one with its own key pair; admin
    Onboard(OnboardArguments),
}

/// A further organization.
#[derive(Debug, Args)]
pub struct OnboardArguments {
    /// Its short name, such as acme
    slug: String,
    /// Its full name
    #[arg(long)]
    name: String,
    /// The platform that its clients connect to
    #[arg(long)]
    brand: Option<String>,
    /// Bits of its key pair
    #[arg(long, value_name = "BITS", default_value = "3072", value_parser = values::key_size())]
    key_size: KeySize,
    #[command(flatten)]
    who: SignInArguments,
}

impl Org {
    /// Does it.
    pub fn run(&self, context: &Context<'_>) -> Result<(), Failure> {
        match self {
            Self::List => list(context),
            Self::Show => show(context),
            Self::Onboard(arguments) => arguments.run(context),
        }
    }
}

impl OnboardArguments {
    fn run(&self, context: &Context<'_>) -> Result<(), Failure> {
        let brand = self
            .brand
            .as_deref()
            .map_or_else(|| Ok(context.brand.clone()), Brand::parse)?;
        let (slug, name) = (Slug::parse(&self.slug)?, OrganizationName::parse(&self.name)?);
        let admin = context.credentials(&self.who)?;
        onboard(
            context,
            Onboard {
                recipient: None,
                brand,
                slug,
                name,
                size: self.key_size,
                admin,
            },
        )
    }
}

/// Onboards, and prints what came of it.
pub(super) fn onboard(context: &Context<'_>, onboard: Onboard) -> Result<(), Failure> {
    let answer = crate::gateway::ask_and_wait(context.gateway, None, Request::Onboard(onboard))?;
    let Response::Onboarded(organization, key) = &*answer else {
        return Err(unexpected(&answer));
    };
    if context.output.json {
        return context.output.json(&json::Onboarded { organization, key });
    }
    if context.output.quiet {
        return Ok(());
    }
    context.output.facts(&[
        ("organization", organization.slug.to_string()),
        ("name", organization.name.to_string()),
        ("brand", organization.brand.to_string()),
        ("key size", key.size.bits().to_string()),
        ("fingerprint", key.fingerprint.to_string()),
    ])
}

fn organizations(context: &Context<'_>) -> Result<Vec<OrganizationRow>, Failure> {
    match context.ask(Request::ListOrganizations)? {
        Response::Organizations(rows) => Ok(rows),
        other => Err(unexpected(&other)),
    }
}

fn list(context: &Context<'_>) -> Result<(), Failure> {
    let rows = organizations(context)?;
    if context.output.json {
        return context.output.json(&rows);
    }
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let nearest = row
                .nearest
                .as_ref()
                .map_or_else(String::new, |(_, at)| at.to_string());
            let counts = [row.tokens.live().to_string(), row.tokens.expiring.to_string()];
            let [live, expiring] = counts;
            vec![
                row.slug.to_string(),
                row.name.to_string(),
                row.brand.to_string(),
                live,
                expiring,
                nearest,
            ]
        })
        .collect();
    context.output.table(
        &["ORGANIZATION", "NAME", "BRAND", "LIVE", "EXPIRING", "NEXT EXPIRY"],
        &rows,
    )
}

fn show(context: &Context<'_>) -> Result<(), Failure> {
    let rows = organizations(context)?;
    let row = match (&context.organization, &rows[..]) {
        (None, [only]) => only,
        (None, []) => {
            return Err(no_organization(
                "there is no organization yet",
                "make one: strongroom init",
            ));
        }
        (None, _) => {
            return Err(no_organization(
                "there are several organizations",
                "name one with --org SLUG",
            ));
        }
        (Some(slug), rows) => rows.iter().find(|row| row.slug == *slug).ok_or_else(|| {
            no_organization(
                &format!("there is no organization {slug}"),
                "see `strongroom org list`",
            )
        })?,
    };
    if context.output.json {
        return context.output.json(row);
    }
    let nearest = row
        .nearest
        .as_ref()
        .map_or_else(|| "none".into(), |(name, at)| format!("{name}, {at}"));
    context.output.facts(&[
        ("organization", row.slug.to_string()),
        ("name", row.name.to_string()),
        ("brand", row.brand.to_string()),
        ("onboarded", row.created_at.to_string()),
        ("live tokens", row.tokens.live().to_string()),
        ("expiring", row.tokens.expiring.to_string()),
        ("retiring", row.tokens.retiring.to_string()),
        ("never acknowledged", row.tokens.unacknowledged.to_string()),
        ("unused", row.tokens.unused.to_string()),
        ("next expiry", nearest),
    ])
}

fn no_organization(message: &str, hint: &str) -> Failure {
    Error::new(Code::NotFound, message, hint).into()
}
