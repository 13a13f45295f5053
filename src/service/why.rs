//! Why a token or a key works, or does not: by the token itself, or by what people call it.
//!
//! Tombstones are explained too. A word may mean several: the answer has all of them, the one that works first.

use super::Service;
use super::error::{Code, Error};
use super::request::{Subject, TokenRef};
use super::response::{Explained, Response, Tried};
use crate::domain::id::{OrganizationId, TokenId};
use crate::domain::text::{Slug, escape};
use crate::domain::token::Token;

/// A fingerprint's characters that lists show: fewer name no key.
const SHORT: usize = 12;
/// Characters of a token that are kept.
const LAST: usize = 4;
/// So many are explained at most.
const MOST: usize = 20;

impl Service {
    pub(super) fn explain(&self, organization: Option<&Slug>, subject: &Subject) -> Result<Response, Error> {
        let explained = match subject {
            Subject::Presented(presented) => {
                let text = presented.expose().trim_ascii();
                vec![match self.try_token(presented) {
                    Tried::Good(row, slug) | Tried::Forbidden(row, slug) | Tried::Refused(_, row, slug) => {
                        self.explained(&slug, row.id)?
                    }
                    Tried::Unknown => Explained::Unknown,
                    Tried::Mistyped => Explained::Mistyped {
                        like: self.ending_like(&text[text.len().saturating_sub(LAST)..]),
                    },
                    Tried::Malformed => Explained::Malformed,
                }]
            }
            Subject::Named(text) => self.explain_named(organization, text)?,
        };
        Ok(Response::Explained(explained))
    }

    fn explain_named(&self, organization: Option<&Slug>, text: &str) -> Result<Vec<Explained>, Error> {
        let organizations = self.organizations_meant(organization)?;
        let is_meant = |slug: &Slug| organizations.iter().any(|(_, meant)| meant == slug);
        let mut found = Vec::new();
        for (id, slug) in &organizations {
            for token in self.tokens_called(*id, text) {
                found.push(self.explained(slug, token)?);
            }
        }
        if text.len() >= SHORT {
            let keys = self.holders(|pair| pair.fingerprint.to_string().starts_with(text));
            let keys = keys.into_iter().filter(|key| is_meant(&key.organization));
            found.extend(keys.map(Explained::Key));
        }
        if found.is_empty() {
            let message = format!(
                "nothing here has the id, name, variable, last four characters or fingerprint {}",
                escape(text)
            );
            return Err(Error::new(
                Code::NotFound,
                message,
                "see: strongroom token list --show all; a token itself is read from standard input",
            ));
        }
        found.truncate(MOST);
        Ok(found)
    }

    /// The token with this id, else the one that carries the name or variable, else those with these last characters.
    fn tokens_called(&self, organization: OrganizationId, text: &str) -> Vec<TokenId> {
        if let TokenRef::Id(id) = TokenRef::parse(text) {
            let token = self.index.token(id).map(|(token, _)| token);
            return token
                .filter(|token| token.organization == organization)
                .map(|token| token.id)
                .into_iter()
                .collect();
        }
        let now = self.now();
        let mut called: Vec<Token> = self.index.labelled(organization, text);
        called.sort_by_key(|token| std::cmp::Reverse((token.holds_its_name(now), token.id)));
        called.truncate(1);
        if called.is_empty() {
            let last = text.rsplit('…').next().unwrap_or_default();
            let slots = self.index.ending_like(last.as_bytes());
            called = slots
                .into_iter()
                .map(|slot| self.index.token_at(slot).0)
                .collect();
            called.retain(|token| token.organization == organization);
            called.sort_by_key(|token| std::cmp::Reverse((token.holds_its_name(now), token.id)));
        }
        called.into_iter().map(|token| token.id).collect()
    }

    fn organizations_meant(&self, slug: Option<&Slug>) -> Result<Vec<(OrganizationId, Slug)>, Error> {
        let registry = self.registry();
        if slug.is_some() {
            let (_, organization) = registry.organization(slug)?;
            return Ok(vec![(organization.id, organization.slug.clone())]);
        }
        let all = registry.organizations.iter();
        Ok(all
            .map(|(organization, _)| (organization.id, organization.slug.clone()))
            .collect())
    }

    fn ending_like(&self, last: &[u8]) -> Vec<super::response::TokenRow> {
        let now = self.now();
        let slots = self.index.ending_like(last).into_iter().take(MOST);
        slots.map(|slot| self.row(slot, now)).collect()
    }

    fn explained(&self, organization: &Slug, token: TokenId) -> Result<Explained, Error> {
        let detail = self.detail(Some(organization), &TokenRef::Id(token))?;
        Ok(Explained::Token(Box::new(detail)))
    }
}
