//! `strongroom check`: what has to be seen to, for a monitoring system (Monitoring Plugins Development Guidelines).
//!
//! - One line says it: `STRONGROOM WARNING - payouts of acme ends in 6 d | expiring=1;;;0 …`; a line each for what else
//!   there is. Exit code 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN; it never asks for anything on the terminal.
//! - A token is warned of on its lifetime's own ladder (console.md): warning from the first step on, critical from the last,
//!   and for a week after it ran out. One that a rotation replaced is expected to end, and is left out.

mod judge;
mod plugin;

use chrono::TimeDelta;
use clap::Args;

use self::judge::{Found, Thresholds};
pub use self::plugin::unknown;
use super::context::{Context, unexpected};
use super::failure::Failure;
use super::selection::{Selection, organizations_of};
use super::values;
use crate::domain::text::Slug;
use crate::domain::time::Timestamp;
use crate::domain::token::Status;
use crate::gateway::StoreState;
use crate::service::request::Show;
use crate::service::response::Level;
use crate::service::{Request, Response};

/// What is checked, and from when on it is grave.
#[derive(Debug, Args)]
pub struct Check {
    /// Warn of tokens that end within so many days; each lifetime's own steps when left out
    #[arg(long, value_name = "DAYS", value_parser = values::days())]
    warning_days: Option<u16>,
    /// Call those critical that end within so many days
    #[arg(long, value_name = "DAYS", value_parser = values::days())]
    critical_days: Option<u16>,
    #[command(flatten)]
    which: Selection,
    /// Warn of tokens that work and are silent for too long, or were never used
    #[arg(long)]
    unused: bool,
    /// Warn of a key pair that is older than so many days
    #[arg(long, value_name = "DAYS", value_parser = values::days())]
    key_days: Option<u16>,
    /// Warn of a last backup that is older than so many days, or of none
    #[arg(long, value_name = "DAYS", value_parser = values::days())]
    backup_days: Option<u16>,
}

impl Check {
    /// Looks, prints, and answers the exit code; what keeps it from looking is told as UNKNOWN.
    pub fn run(&self, context: &Context<'_>) -> Result<u8, Failure> {
        match self.look(context) {
            Ok(found) => plugin::print(context, &found),
            Err(failure) => Ok(unknown(context.output.json, &failure)),
        }
    }

    fn look(&self, context: &Context<'_>) -> Result<Found, Failure> {
        let days = |days: Option<u16>| days.map(|days| TimeDelta::days(days.into()));
        let thresholds = Thresholds {
            warning: days(self.warning_days),
            critical: days(self.critical_days),
        };
        let mut found = Found::default();
        if is_sealed(context)? {
            let message = "the store is sealed: nothing is verified or decrypted until somebody unlocks it";
            found.add(Level::Critical, message);
            return Ok(found);
        }
        let health = context.health()?;
        let now = health.now;
        found.take_health(&health, days(self.backup_days));
        if health.rollback.is_some() {
            // It tells nothing more until it is accepted, and is critical anyway.
            return Ok(found);
        }
        for organization in organizations_of(context)? {
            self.look_at_tokens(context, &organization, (&thresholds, now), &mut found)?;
            let made_at = key_made_at(context, &organization)?;
            found.take_key(&organization, now.since(made_at), days(self.key_days));
        }
        found.sort();
        Ok(found)
    }

    fn look_at_tokens(
        &self,
        context: &Context<'_>,
        organization: &Slug,
        (thresholds, now): (&Thresholds, Timestamp),
        found: &mut Found,
    ) -> Result<(), Failure> {
        // What ends first comes first: nobody reads a million tokens to learn of three.
        self.which
            .each(context, organization, (Show::Live, false), |row| {
                found.take_live(organization, row, thresholds, now);
                row.replaced_by.is_some() || row.ends_at.since(now) <= thresholds.furthest()
            })?;
        let expired = (Show::Only(Status::Expired), true);
        self.which.each(context, organization, expired, |row| {
            found.take_expired(organization, row, now);
            judge::is_news(row, now)
        })?;
        if self.unused {
            self.which
                .each(context, organization, (Show::Unused, false), |row| {
                    found.take_unused(organization, row);
                    true
                })?;
        }
        Ok(())
    }
}

/// Whether somebody has to unlock it first, which nobody is asked to do here.
fn is_sealed(context: &Context<'_>) -> Result<bool, Failure> {
    let needs_passphrase = matches!(context.gateway.state()?, StoreState::NeedsPassphrase);
    if needs_passphrase && context.globals.passphrase_file.is_none() {
        return Ok(true);
    }
    context.open_store().map(|()| false)
}

fn key_made_at(context: &Context<'_>, organization: &Slug) -> Result<Timestamp, Failure> {
    let organization = Some(organization.clone());
    match context.ask(Request::ShowKey { organization })? {
        Response::Key(view) => Ok(view.active.made_at),
        other => Err(unexpected(&other)),
    }
}
