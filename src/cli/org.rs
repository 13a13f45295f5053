//! `strongroom org`: organizations.

use clap::{Args, Subcommand};

use super::context::{Context, unexpected};
use super::failure::Failure;
use super::json;
use super::secrets::SignInArguments;
use super::values;
use crate::domain::key_pair::KeySize;
use crate::domain::text::{Brand, Email, FieldName, OrganizationName, Slug};
use crate::domain::token::Lifetime;
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
    /// List the payload fields that clients must encrypt; or change the list; admin
    Fields(Fields),
    /// List who is told of all its tokens, beside each one's owner; or change the list; admin
    Contacts(Contacts),
    /// List when to warn of its tokens' ends; or say so for a lifetime; admin
    Warnings(Warnings),
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

/// A change of the list of fields, or none.
#[derive(Debug, Args)]
pub struct Fields {
    /// Fields that must be encrypted from now on
    #[arg(long, value_name = "NAME", num_args = 1..)]
    add: Vec<String>,
    /// Fields that need not be any more
    #[arg(long, value_name = "NAME", num_args = 1..)]
    remove: Vec<String>,
    /// Begin with the usual list
    #[arg(long)]
    reset: bool,
    #[command(flatten)]
    who: SignInArguments,
}

/// A change of the list of contacts, or none.
#[derive(Debug, Args)]
pub struct Contacts {
    /// E-mail addresses that are told from now on
    #[arg(long, value_name = "EMAIL", num_args = 1..)]
    add: Vec<String>,
    /// E-mail addresses that are not told any more
    #[arg(long, value_name = "EMAIL", num_args = 1..)]
    remove: Vec<String>,
    #[command(flatten)]
    who: SignInArguments,
}

/// When to warn of the ends of the tokens of a lifetime, or of which lifetime when.
#[derive(Debug, Args)]
pub struct Warnings {
    /// Of tokens that were minted for so long
    #[arg(value_parser = values::lifetime(), requires = "times")]
    lifetime: Option<Lifetime>,
    /// How long before the end, such as 14d,3d,4h; default for the usual
    #[arg(value_name = "TIMES|default")]
    times: Option<String>,
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
            Self::Fields(fields) => fields.run(context),
            Self::Contacts(contacts) => contacts.run(context),
            Self::Warnings(warnings) => warnings.run(context),
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

impl Fields {
    fn run(&self, context: &Context<'_>) -> Result<(), Failure> {
        if self.add.is_empty() && self.remove.is_empty() && !self.reset {
            return list_fields(context);
        }
        let request = Request::ChangeFieldPolicy {
            organization: context.organization.clone(),
            reset: self.reset,
            add: parsed(&self.add)?,
            remove: parsed(&self.remove)?,
        };
        context.ask_as(&self.who, request)?;
        context.output.done("The list of fields is changed.")
    }
}

impl Contacts {
    fn run(&self, context: &Context<'_>) -> Result<(), Failure> {
        if self.add.is_empty() && self.remove.is_empty() {
            let contacts = chosen(context)?.contacts;
            if context.output.json {
                return context.output.json(&contacts);
            }
            let rows: Vec<Vec<String>> = contacts.iter().map(|email| vec![email.to_string()]).collect();
            return context.output.table(&["CONTACT"], &rows);
        }
        let parsed = |texts: &[String]| -> Result<Vec<Email>, Failure> {
            texts.iter().map(|text| Ok(Email::folded(text)?)).collect()
        };
        let request = Request::ChangeContacts {
            organization: context.organization.clone(),
            add: parsed(&self.add)?,
            remove: parsed(&self.remove)?,
        };
        context.ask_as(&self.who, request)?;
        context.output.done("The list of contacts is changed.")
    }
}

impl Warnings {
    fn run(&self, context: &Context<'_>) -> Result<(), Failure> {
        let (Some(lifetime), Some(times)) = (self.lifetime, &self.times) else {
            return list_warnings(context);
        };
        let request = Request::ChangeWarnings {
            organization: context.organization.clone(),
            lifetime,
            warnings: values::warnings(times)?,
        };
        context.ask_as(&self.who, request)?;
        context.output.done("The warnings are changed.")
    }
}

fn list_warnings(context: &Context<'_>) -> Result<(), Failure> {
    let warnings = chosen(context)?.warnings;
    if context.output.json {
        return context.output.json(&warnings);
    }
    let rows: Vec<Vec<String>> = warnings
        .iter()
        .map(|row| {
            let whose = if row.own { "own" } else { "usual" };
            vec![
                row.lifetime.code().to_owned(),
                row.warnings.to_string(),
                whose.to_owned(),
            ]
        })
        .collect();
    context.output.table(&["LIFETIME", "WARNINGS", "WHOSE"], &rows)
}

fn parsed(names: &[String]) -> Result<Vec<FieldName>, Failure> {
    names.iter().map(|name| Ok(FieldName::parse(name)?)).collect()
}

fn list_fields(context: &Context<'_>) -> Result<(), Failure> {
    let rules = super::key::view(context)?.fields;
    if context.output.json {
        return context.output.json(&rules);
    }
    let mut rows = Vec::new();
    // What need not be encrypted is for people only.
    for rule in rules
        .iter()
        .filter(|rule| rule.encrypted || !context.output.quiet)
    {
        let word = if rule.encrypted { "encrypt" } else { "in clear" };
        rows.extend(
            rule.names
                .iter()
                .map(|name| vec![name.to_string(), word.to_owned(), rule.kind.clone()]),
        );
    }
    context.output.table(&["FIELD", "HOW", "KIND"], &rows)
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

pub(super) fn organizations(context: &Context<'_>) -> Result<Vec<OrganizationRow>, Failure> {
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

/// The one that is meant.
fn chosen(context: &Context<'_>) -> Result<OrganizationRow, Failure> {
    let mut rows = organizations(context)?;
    match (&context.organization, rows.len()) {
        (Some(slug), _) => named(&rows, slug).cloned(),
        (None, 1) => Ok(rows.remove(0)),
        (None, 0) => Err(no_organization(
            "there is no organization yet",
            "make one: strongroom init",
        )),
        (None, _) => Err(no_organization(
            "there are several organizations",
            "name one with --org SLUG",
        )),
    }
}

fn show(context: &Context<'_>) -> Result<(), Failure> {
    let row = &chosen(context)?;
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

/// The one of this name.
pub(super) fn named<'a>(rows: &'a [OrganizationRow], slug: &Slug) -> Result<&'a OrganizationRow, Failure> {
    rows.iter().find(|row| row.slug == *slug).ok_or_else(|| {
        no_organization(
            &format!("there is no organization {slug}"),
            "see `strongroom org list`",
        )
    })
}

fn no_organization(message: &str, hint: &str) -> Failure {
    Error::new(Code::NotFound, message, hint).into()
}
