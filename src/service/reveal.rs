//! The one reveal of a new token: acknowledged, or given up.
//!
//! The acknowledgement starts a rotation's overlap; until then the old token is untouched, whatever happens to the
//! terminal. What proves the right to answer follows from the token's own record, which nobody is shown: whoever was given
//! it can answer after a restart as well. A token that nobody answers for stays flagged as never acknowledged.

use super::access::{Acting, changes_allowed};
use super::commit::{Changes, Note};
use super::error::{Code, Error};
use super::mint::subject;
use super::ports::Record;
use super::request::RevealId;
use super::response::Response;
use super::{Actor, Service};
use crate::domain::audit::Action;
use crate::domain::text::Reason;
use crate::domain::token::{Life, Revocation, Token};

/// Keeps the proof apart from every other hash.
const PURPOSE: &[u8] = b"strongroom reveal 1";

impl Service {
    /// What a token's reveal is answered with.
    pub(super) fn reveal_of(&self, token: &Token) -> RevealId {
        let text = [PURPOSE, token.id.0.bytes(), &token.digest.0].concat();
        let hash = self.ports.hasher.sha256(&text);
        let mut reveal = [0; 16];
        reveal.copy_from_slice(&hash[..16]);
        RevealId(reveal)
    }

    pub(super) fn acknowledge_reveal(&self, actor: &Actor, reveal: RevealId) -> Result<Response, Error> {
        let mut writer = self.writer();
        let mut new = self.revealed(actor, reveal)?;
        let now = self.trusted_now();
        if !new.life.stage(now).is_live() {
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
            old.finish = std::mem::take(&mut new.finish);
            put.push(Record::Token(old));
        }
        let slug = self.slug(new.organization);
        let by = new.minted_by.clone();
        let note = Note::done(Action::TokenAcknowledged, slug, subject(&new)).because(reason);
        put.push(Record::Token(new));
        let acting = Acting {
            email: by,
            role: None,
        };
        self.commit(&mut writer, actor, Some(&acting), Changes::of(put, note))?;
        Ok(Response::Done)
    }

    pub(super) fn discard_reveal(
        &self,
        actor: &Actor,
        reveal: RevealId,
        reason: Option<Reason>,
    ) -> Result<Response, Error> {
        let mut writer = self.writer();
        let new = self.revealed(actor, reveal)?;
        let by = new.minted_by.clone();
        let revocation = Revocation {
            by: by.clone(),
            leaked: false,
            reason: reason
                .clone()
                .or_else(|| Reason::parse("given up at its reveal").ok()),
        };
        let note = Note::done(Action::TokenDiscarded, self.slug(new.organization), subject(&new))
            .because(reason.map(|reason| reason.to_string()).unwrap_or_default());
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
            email: by,
            role: None,
        };
        self.commit(&mut writer, actor, Some(&acting), Changes::of(put, note))?;
        Ok(Response::Done)
    }

    fn revealed(&self, actor: &Actor, reveal: RevealId) -> Result<Token, Error> {
        changes_allowed(actor)?;
        let found = self.index.unacknowledged(|token| self.reveal_of(token) == reveal);
        found
            .filter(|token| token.life.revoked_at.is_none() && token.life.deleted_at.is_none())
            .ok_or_else(|| {
                Error::new(
                    Code::Conflict,
                    "this reveal is over: the token was acknowledged, given up or revoked meanwhile",
                    "look at the token list",
                )
            })
    }
}
