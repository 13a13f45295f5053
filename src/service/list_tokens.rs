//! Looking at tokens: a window of the list, one in full, and finding the one that somebody names.

use super::Service;
use super::error::{Code, Error};
use super::index::Slot;
use super::request::{Show, Sort, TokenQuery, TokenRef};
use super::response::{
    OrganizationRow, Response, RevokedView, TokenDetail, TokenPage, TokenRow, UseFlag, WarningsRow,
};
use crate::domain::id::OrganizationId;
use crate::domain::organization::Organization;
use crate::domain::text::Slug;
use crate::domain::time::Timestamp;
use crate::domain::token::{Lifetime, Token};
use crate::domain::usage::{self, Caller};

/// The most rows of one answer.
const MAX_ROWS: usize = 10_000;

impl Service {
    pub(super) fn list_tokens(&self, query: &TokenQuery) -> Result<Response, Error> {
        let (place, _) = {
            let registry = self.registry();
            let (place, organization) = registry.organization(query.organization.as_ref())?;
            (place, organization.id)
        };
        let now = self.now();
        let order = (query.sort, query.descending);
        let selection = self.index.select(place, (query.show, &query.text), order, now);
        let begin = query.offset.min(selection.slots.len());
        let end = begin
            .saturating_add(query.limit.min(MAX_ROWS))
            .min(selection.slots.len());
        let rows = selection.slots[begin..end]
            .iter()
            .map(|&slot| self.row(slot, now))
            .collect();
        let page = TokenPage {
            rows,
            offset: begin,
            matching: selection.slots.len(),
            counts: selection.counts,
        };
        Ok(Response::Tokens(page))
    }

    pub(super) fn show_token(
        &self,
        organization: Option<&Slug>,
        token: &TokenRef,
    ) -> Result<Response, Error> {
        let detail = self.detail(organization, token)?;
        Ok(Response::Token(Box::new(detail)))
    }

    /// Everything about one token.
    pub(super) fn detail(&self, organization: Option<&Slug>, token: &TokenRef) -> Result<TokenDetail, Error> {
        let organization = self.organization(organization)?;
        let token = self.resolve(organization.id, token)?;
        let Some(slot) = self.index.slot(token.id) else {
            return Err(unknown(&token.id.to_string()));
        };
        let now = self.now();
        let usage = self.usage_of(slot);
        let (live, minutes_60) = self.usage.callers.of(slot, self.time.latest());
        let last_hour = |caller: &Caller| {
            let same = live
                .iter()
                .find(|uses| uses.address == caller.address && uses.agent == caller.agent);
            same.map_or(0, |uses| uses.last_hour)
        };
        let leaked = token
            .revocation
            .as_ref()
            .is_some_and(|revocation| revocation.leaked);
        let restorable = token.life.can_be_restored(leaked, self.trusted_now());
        let undo = chrono::TimeDelta::minutes(60);
        let revoked = token.revocation.clone().and_then(|revocation| {
            let at = token.life.revoked_at?;
            Some(RevokedView {
                at,
                by: revocation.by,
                leaked: revocation.leaked,
                reason: revocation.reason,
            })
        });
        let chain = self.chain_of(&token, now);
        let overlap = token
            .replaces
            .or_else(|| self.index.token(token.replaced_by?)?.0.replaces)
            .map(|(_, overlap)| overlap);
        Ok(TokenDetail {
            row: self.row(slot, now),
            organization: organization.slug,
            first_used: usage.first,
            days_90: usage::window(&usage.days, now.day(), usage::DAYS),
            callers_last_hour: usage.callers.iter().map(last_hour).collect(),
            callers: usage.callers,
            minutes_60,
            allowed: token.allowed.clone(),
            own_warnings: token.warnings.is_some(),
            revoked,
            restorable_until: token
                .life
                .revoked_at
                .filter(|_| restorable)
                .map(|at| at.plus(undo)),
            deleted_at: token.life.deleted_at,
            overlap,
            chain,
            finish: self.finish_view(&token, slot, now),
        })
    }

    /// A token's predecessors, itself and its successors, the oldest first.
    fn chain_of(&self, token: &Token, now: Timestamp) -> Vec<TokenRow> {
        let mut ids = std::collections::VecDeque::from([token.id]);
        let mut earlier = token.replaces;
        while let Some((id, _)) = earlier {
            ids.push_front(id);
            earlier = self.index.token(id).and_then(|(token, _)| token.replaces);
        }
        let mut later = token.replaced_by;
        while let Some(id) = later {
            ids.push_back(id);
            later = self.index.token(id).and_then(|(token, _)| token.replaced_by);
        }
        ids.into_iter()
            .filter_map(|id| Some(self.row(self.index.slot(id)?, now)))
            .collect()
    }

    /// A token as lists show it.
    pub(super) fn row(&self, slot: Slot, now: Timestamp) -> TokenRow {
        let (token, _) = self.index.token_at(slot);
        let (uses, _, last_used) = self.index.read(slot, super::index::Entry::counts);
        let status = self.index.status(slot, now);
        let flag = match last_used {
            _ if !status.is_live() => None,
            None => Some(UseFlag::NeverUsed),
            Some(last) => token.life.is_dormant(last, now).then_some(UseFlag::Dormant),
        };
        let days = if uses > 0 {
            self.usage_of(slot).days
        } else {
            Vec::new()
        };
        TokenRow {
            masked: token.masked(),
            owner: token.owner().clone(),
            id: token.id,
            name: token.name,
            service: token.service,
            environment: token.environment,
            variable: token.variable,
            status,
            flag,
            lifetime: token.lifetime,
            minted_at: token.life.minted_at,
            note: token.note,
            warnings: self.index.ladder(slot),
            minted_by: token.minted_by,
            expires_at: token.life.expires_at,
            ends_at: token.life.ends_at(),
            acknowledged: token.acknowledged_at.is_some(),
            replaces: token.replaces.map(|(id, _)| id),
            replaced_by: token.replaced_by,
            leaked: token.revocation.is_some_and(|revocation| revocation.leaked),
            last_used,
            uses,
            days: usage::window(&days, now.day(), 30),
        }
    }

    /// The token that somebody names: by id, or the one that carries the name now, else the last one that did.
    pub(super) fn resolve(&self, organization: OrganizationId, token: &TokenRef) -> Result<Token, Error> {
        match token {
            TokenRef::Id(id) => {
                let found = self.index.token(*id).map(|(token, _)| token);
                found
                    .filter(|token| token.organization == organization)
                    .ok_or_else(|| unknown(&id.to_string()))
            }
            TokenRef::Name(name) => {
                let now = self.trusted_now();
                let mut named = self.index.labelled(organization, name);
                named.retain(|token| token.name.as_str() == name);
                // A new token takes the name over when it is acknowledged, or when the old one is gone.
                let rank = |token: &Token| {
                    let live = token.holds_its_name(now);
                    let settled = token.acknowledged_at.is_some() || token.replaces.is_none();
                    (live, settled, token.id)
                };
                named.into_iter().max_by_key(rank).ok_or_else(|| unknown(name))
            }
        }
    }

    pub(super) fn organization(&self, slug: Option<&Slug>) -> Result<Organization, Error> {
        Ok(self.registry().organization(slug)?.1.clone())
    }

    pub(super) fn slug(&self, id: OrganizationId) -> Option<Slug> {
        self.registry().slug(id)
    }

    pub(super) fn organization_row(&self, organization: &Organization) -> OrganizationRow {
        let place = self.registry().place(organization.id).unwrap_or(u32::MAX);
        let live = self
            .index
            .select(place, (Show::Live, ""), (Sort::Expiry, false), self.now());
        let nearest = live.slots.first().map(|&slot| {
            let (token, _) = self.index.token_at(slot);
            (token.name, token.life.ends_at())
        });
        OrganizationRow {
            slug: organization.slug.clone(),
            name: organization.name.clone(),
            brand: organization.brand.clone(),
            created_at: organization.created_at,
            tokens: live.counts,
            nearest,
            contacts: organization.contacts.clone(),
            warnings: Lifetime::ALL
                .map(|lifetime| WarningsRow {
                    lifetime,
                    warnings: organization.warnings.of(lifetime),
                    own: organization.warnings.own(lifetime).is_some(),
                })
                .into(),
        }
    }
}

fn unknown(name: &str) -> Error {
    let message = format!("there is no token {}", crate::domain::text::escape(name));
    Error::new(Code::NotFound, message, "see: strongroom token list --show all").on("token")
}
