//! When somebody is to be reminded that a token ends, and how calendars are told: pure, for whoever delivers it.
//!
//! A token has a reminder at each step of its ladder (console.md) and one at its end. Those that are past are
//! left out, and so is a token that a rotation replaced: it is expected to end.

pub mod calendar;

use chrono::TimeDelta;
use serde::Serialize;

use crate::domain::id::TokenId;
use crate::domain::text::{Environment, ServiceName, Slug, TokenName};
use crate::domain::time::{Timestamp, span};
use crate::service::response::TokenRow;

/// When somebody has to be told that a token ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reminder {
    /// When.
    pub at: Timestamp,
    /// Whose token.
    pub organization: Slug,
    /// Its id.
    pub id: TokenId,
    /// Its name.
    pub name: TokenName,
    /// The service that sends it.
    pub service: ServiceName,
    /// The environment it is for.
    pub environment: Environment,
    /// When it stops working by itself.
    pub ends_at: Timestamp,
    /// Seconds from then to the end; 0 at the end itself.
    pub before: i64,
}

impl Reminder {
    /// What a token is to be reminded of from `now` on.
    #[must_use]
    pub fn of(row: &TokenRow, organization: &Slug, now: Timestamp) -> Vec<Self> {
        if row.replaced_by.is_some() {
            return Vec::new();
        }
        let steps = row.warnings.steps().chain([TimeDelta::zero()]);
        let reminders = steps.map(|step| Self {
            at: row.ends_at.minus(step),
            organization: organization.clone(),
            id: row.id,
            name: row.name.clone(),
            service: row.service.clone(),
            environment: row.environment.clone(),
            ends_at: row.ends_at,
            before: step.num_seconds(),
        });
        reminders.filter(|reminder| reminder.at > now).collect()
    }

    /// `ends in 7 d`, or `ends now`.
    #[must_use]
    pub fn said(&self) -> String {
        match self.before {
            0 => "ends now".to_owned(),
            before => format!("ends in {}", span(TimeDelta::seconds(before))),
        }
    }
}
