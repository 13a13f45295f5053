//! The one reveal of a new token: acknowledged, or given up.
//!
//! The acknowledgement starts a rotation's overlap; until then the old token is untouched, whatever happens to the
//! terminal. What proves the right to answer is kept in memory only: after a restart the token stays flagged as never
//! acknowledged, and is revoked like any other.

use std::collections::HashMap;
use std::sync::Mutex;

use super::access::{Acting, changes_allowed};
use super::commit::{Changes, Note};
use super::error::{Code, Error};
use super::mint::subject;
use super::ports::Record;
use super::request::RevealId;
use super::response::Response;
use super::{Actor, Service, lock};
use crate::domain::audit::Action;
use crate::domain::id::{OrganizationId, TokenId};
use crate::domain::text::{Email, Reason};
use crate::domain::token::{Life, Revocation, Token, judge};

#[derive(Default)]
pub(super) struct Reveals {
    open: Mutex<HashMap<RevealId, Open>>,
}

#[derive(Clone)]
struct Open {
    organization: OrganizationId,
    token: TokenId,
    by: Email,
}

impl Reveals {
    pub(super) fn begin(
        &self,
        random: [u8; 16],
        organization: OrganizationId,
        token: TokenId,
        by: &Email,
    ) -> RevealId {
        let reveal = RevealId(random);
        lock(&self.open).insert(
            reveal,
            Open {
                organization,
                token,
                by: by.clone(),
            },
        );
        reveal
    }
}

impl Service {
    pub(super) fn acknowledge_reveal(&self, actor: &Actor, reveal: RevealId) -> Result<Response, Error> {
        let mut writer = self.writer();
        let (open, mut new) = self.revealed(actor, reveal)?;
        let now = self.trusted_now();
        if !judge(&new.life, new.lifetime, now).is_good() {
            // It must not end the token that it was to replace.
            let message = format!(
                "{} ended at {} before anybody acknowledged it",
                new.name,
                new.life.ends_at()
            );
            return Err(Error::new(
                Code::Conflict,
                message,
                "discard it; a token that it was to replace goes on",
            ));
        }
        new.acknowledged_at = Some(now);
        let mut put = Vec::new();
        let mut reason = String::new();
        if let Some((old, overlap)) = new.replaces
            && let Some((mut old, _)) = self.index.token(old)
            && old.replaced_by.is_none()
        {
            let retires_at = overlap.retires_at(now, old.life.expires_at);
            let works = old.holds_its_name(now);
            // Also of one that was revoked meanwhile: restored, it must not outlive the overlap.
            old.life.retires_at = Some(retires_at);
            if works {
                reason = format!("{} retires at {retires_at}", old.id);
            }
            old.replaced_by = Some(new.id);
            put.push(Record::Token(old));
        }
        let slug = self.slug(open.organization);
        let note = Note::done(Action::TokenAcknowledged, slug, subject(&new)).because(reason);
        put.push(Record::Token(new));
        let acting = Acting {
            email: open.by,
            role: None,
        };
        self.commit(&mut writer, actor, Some(&acting), Changes::of(put, note))?;
        lock(&self.reveals.open).remove(&reveal);
        Ok(Response::Done)
    }

    pub(super) fn discard_reveal(&self, actor: &Actor, reveal: RevealId) -> Result<Response, Error> {
        let mut writer = self.writer();
        let (open, new) = self.revealed(actor, reveal)?;
        let reason = "given up at its reveal";
        let revocation = Revocation {
            by: open.by.clone(),
            leaked: false,
            reason: Reason::parse(reason).ok(),
        };
        let note = Note::done(
            Action::TokenDiscarded,
            self.slug(open.organization),
            subject(&new),
        );
        let life = Life {
            revoked_at: Some(self.trusted_now()),
            ..new.life
        };
        let put = vec![Record::Token(Token {
            life,
            revocation: Some(revocation),
            ..new
        })];
        let acting = Acting {
            email: open.by,
            role: None,
        };
        self.commit(&mut writer, actor, Some(&acting), Changes::of(put, note))?;
        lock(&self.reveals.open).remove(&reveal);
        Ok(Response::Done)
    }

    fn revealed(&self, actor: &Actor, reveal: RevealId) -> Result<(Open, Token), Error> {
        changes_allowed(actor)?;
        let open = lock(&self.reveals.open).get(&reveal).cloned();
        let found = open.and_then(|open| Some((open.clone(), self.index.token(open.token)?.0)));
        found
            .filter(|(_, token)| token.life.revoked_at.is_none() && token.life.deleted_at.is_none())
            .ok_or_else(|| {
                Error::new(
                    Code::Conflict,
                    "this reveal is over: the token was acknowledged, given up or revoked meanwhile",
                    "look at the token list",
                )
            })
    }
}
