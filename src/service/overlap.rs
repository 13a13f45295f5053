//! The overlap of a rotation: made longer, or ended at once.

use super::commit::{Changes, Note};
use super::error::{Code, Error};
use super::mint::subject;
use super::ports::Record;
use super::request::TokenRef;
use super::response::Response;
use super::{Actor, Service};
use crate::domain::audit::Action;
use crate::domain::cashier::Role;
use crate::domain::organization::Organization;
use crate::domain::text::Slug;
use crate::domain::time::Timestamp;
use crate::domain::token::{Overlap, Status, Token};

impl Service {
    pub(super) fn extend_overlap(
        &self,
        actor: &Actor,
        organization: Option<&Slug>,
        token: &TokenRef,
        overlap: Overlap,
    ) -> Result<Response, Error> {
        let organization = self.organization(organization)?;
        self.move_retirement(
            actor,
            &organization,
            token,
            Action::OverlapExtended,
            |old, retires_at, now| {
                let later = overlap.retires_at(now, old.life.expires_at);
                if later <= retires_at {
                    let message = format!("{} works until {retires_at} already", old.name);
                    return Err(Error::new(
                        Code::Conflict,
                        message,
                        "choose a longer overlap; never past its own expiry",
                    ));
                }
                Ok(later)
            },
        )
    }

    pub(super) fn cut_over(
        &self,
        actor: &Actor,
        organization: Option<&Slug>,
        token: &TokenRef,
    ) -> Result<Response, Error> {
        let organization = self.organization(organization)?;
        self.move_retirement(actor, &organization, token, Action::TokenCutOver, |_, _, now| {
            Ok(now)
        })
    }

    fn move_retirement(
        &self,
        actor: &Actor,
        organization: &Organization,
        token: &TokenRef,
        action: Action,
        retire: impl FnOnce(&Token, Timestamp, Timestamp) -> Result<Timestamp, Error>,
    ) -> Result<Response, Error> {
        let mut writer = self.writer();
        let acting = self.signed_in(actor, Role::Operator)?;
        let now = self.trusted_now();
        let (mut old, retires_at) = self.retiring(organization, token, now)?;
        let moved = retire(&old, retires_at, now)?;
        old.life.retires_at = Some(moved);
        let note = Note::done(action, Some(organization.slug.clone()), subject(&old))
            .because(format!("retires at {moved}"));
        let put = vec![Record::Token(old)];
        self.commit(&mut writer, actor, Some(&acting), Changes::of(put, note))?;
        Ok(Response::Done)
    }

    /// The retiring token that is meant: itself, or the one that the named token replaces.
    fn retiring(
        &self,
        organization: &Organization,
        token: &TokenRef,
        now: Timestamp,
    ) -> Result<(Token, Timestamp), Error> {
        let named = self.resolve(organization.id, token)?;
        let predecessor = named
            .replaces
            .and_then(|(id, _)| self.index.token(id))
            .map(|(token, _)| token);
        let name = named.name.clone();
        let is_retiring = |token: &Token| token.life.status(token.lifetime, now) == Status::Retiring;
        let found = [Some(named), predecessor].into_iter().flatten().find(is_retiring);
        found
            .and_then(|token| token.life.retires_at.map(|at| (token, at)))
            .ok_or_else(|| {
                let message = format!("{name} has no running overlap");
                Error::new(
                    Code::Conflict,
                    message,
                    "an overlap begins when the new token's reveal is acknowledged",
                )
            })
    }
}
