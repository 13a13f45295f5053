//! The blast radius: who would be refused, said before the act.

use chrono::TimeDelta;

use super::Service;
use super::error::Error;
use super::request::TokenRef;
use super::response::{Impact, Response};
use crate::domain::text::Slug;
use crate::domain::usage;

/// The callers that are named.
const NAMED: usize = 5;

impl Service {
    pub(super) fn token_impact(
        &self,
        organization: Option<&Slug>,
        tokens: &[TokenRef],
    ) -> Result<Response, Error> {
        let organization = self.organization(organization)?;
        let now = self.trusted_now();
        let mut impact = Impact {
            subjects: tokens.len(),
            ..Impact::default()
        };
        for token in tokens {
            let token = self.resolve(organization.id, token)?;
            let Some(slot) = self.index.slot(token.id) else {
                continue;
            };
            impact.live += usize::from(self.index.status(slot, now).is_live());
            let usage = self.usage_of(slot);
            impact.uses_30_days += usage::window(&usage.days, now.day(), 30).iter().sum::<u64>();
            impact.callers.extend(usage.callers);
        }
        let hour_ago = now.minus(TimeDelta::hours(1));
        impact.callers_last_hour = impact
            .callers
            .iter()
            .filter(|caller| caller.last > hour_ago)
            .count();
        impact
            .callers
            .sort_by_key(|caller| std::cmp::Reverse(caller.last));
        impact.callers.truncate(NAMED);
        Ok(Response::Impact(impact))
    }

    pub(super) fn key_impact(&self, organization: Option<&Slug>) -> Result<Response, Error> {
        let organization = self.organization(organization)?;
        let usage = self.usage.of_key(organization.id);
        let uses_30_days = usage::window(&usage.days, self.trusted_now().day(), 30)
            .iter()
            .sum();
        Ok(Response::Impact(Impact {
            subjects: 1,
            live: 1,
            uses_30_days,
            ..Impact::default()
        }))
    }
}
