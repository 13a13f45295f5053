//! `strongroom init`: the wizard without a terminal.

use std::path::PathBuf;

use clap::Args;

use super::context::{Context, password, unexpected};
use super::failure::Failure;
use super::org;
use super::recovery::RecoveryArguments;
use super::secrets::SignInArguments;
use super::values;
use crate::domain::key_pair::KeySize;
use crate::domain::text::{Brand, Email, OrganizationName, Slug};
use crate::gateway::{SealChoice, StoreState};
use crate::service::request::{Credentials, Onboard};
use crate::service::{Code, Error, Request, Response};

/// Make the store, the first organization with its key pair, and the first admin.
#[derive(Debug, Args)]
pub struct Init {
    /// The platform that clients connect to; tokens begin with it
    #[arg(long)]
    brand: Option<String>,
    /// The organization's short name, such as acme
    #[arg(long)]
    slug: String,
    /// The organization's full name
    #[arg(long)]
    name: String,
    /// E-mail of the first admin
    #[arg(long, value_name = "EMAIL")]
    admin: String,
    /// Bits of the first key pair
    #[arg(long, value_name = "BITS", default_value = "3072", value_parser = values::key_size())]
    key_size: KeySize,
    /// How the store is sealed: key-file, key-file=PATH or passphrase
    #[arg(long, default_value = "key-file", value_parser = seal)]
    seal: Seal,
    /// File with the admin's new password (0600, yours); asked on the terminal when left out
    #[arg(long, value_name = "PATH", conflicts_with = "password_fd")]
    password_file: Option<PathBuf>,
    /// Descriptor to read the admin's new password from
    #[arg(long, value_name = "N")]
    password_fd: Option<u32>,
    #[command(flatten)]
    recovery: RecoveryArguments,
}

#[derive(Debug, Clone)]
enum Seal {
    KeyFile(Option<PathBuf>),
    Passphrase,
}

fn seal(text: &str) -> Result<Seal, &'static str> {
    match text.split_once('=') {
        None if text == "key-file" => Ok(Seal::KeyFile(None)),
        None if text == "passphrase" => Ok(Seal::Passphrase),
        Some(("key-file", path)) if !path.is_empty() => Ok(Seal::KeyFile(Some(path.into()))),
        _ => Err("must be key-file, key-file=PATH or passphrase"),
    }
}

impl Init {
    /// Everything is read and checked before anything is made; a store that was made and not onboarded is gone on with.
    pub fn run(&self, context: &Context<'_>) -> Result<(), Failure> {
        let email = Email::folded(&self.admin)?;
        let brand = self
            .brand
            .as_deref()
            .map_or_else(|| Ok(context.brand.clone()), Brand::parse)?;
        let (slug, name) = (Slug::parse(&self.slug)?, OrganizationName::parse(&self.name)?);
        self.recovery.check()?;
        let state = context.gateway.state()?;
        if state == StoreState::Ready {
            refuse_if_onboarded(context)?;
        }
        let source = SignInArguments {
            cashier: None,
            password_file: self.password_file.clone(),
            password_fd: self.password_fd,
        };
        let password = password(&source, &email, true)?;
        match state {
            StoreState::Absent { key_file, .. } => self.make(context, key_file)?,
            StoreState::NeedsPassphrase => {
                context.open_store()?;
                refuse_if_onboarded(context)?;
            }
            StoreState::Ready => {}
        }
        if let Some(warning) = self.key_size.warning() {
            context.output.note(warning);
        }
        let recipient = self.recovery.hand_over(context)?;
        let onboarded = org::onboard(
            context,
            Onboard {
                recipient,
                brand,
                slug,
                name,
                size: self.key_size,
                admin: Credentials { email, password },
            },
        );
        onboarded.inspect_err(|_| self.recovery.take_back())
    }

    fn make(&self, context: &Context<'_>, proposed: PathBuf) -> Result<(), Failure> {
        let choice = match &self.seal {
            Seal::Passphrase => SealChoice::Passphrase(context.passphrase(true).read()?),
            Seal::KeyFile(path) => SealChoice::KeyFile(path.clone().unwrap_or(proposed)),
        };
        context.gateway.initialize(choice.clone())?;
        if let SealChoice::KeyFile(path) = choice {
            context.output.note(&format!(
                "The key file {} opens the store: keep a copy of it away from this machine.",
                path.display()
            ));
        }
        Ok(())
    }
}

fn refuse_if_onboarded(context: &Context<'_>) -> Result<(), Failure> {
    match context.ask(Request::Overview)? {
        Response::Overview(overview) if overview.organizations.is_empty() => Ok(()),
        Response::Overview(overview) => {
            let slugs: Vec<&str> = overview
                .organizations
                .iter()
                .map(|row| row.slug.as_str())
                .collect();
            Err(Error::new(
                Code::Conflict,
                format!("the store has an organization already: {}", slugs.join(", ")),
                "a further one is made with `strongroom org onboard`",
            )
            .into())
        }
        other => Err(unexpected(&other)),
    }
}
