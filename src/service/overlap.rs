//! The overlap of a rotation: made longer, ended at once, or undone.

use super::commit::{Changes, Note};
use super::error::{Code, Error};
use super::mint::{or_when_quiet, subject};
use super::ports::Record;
use super::request::TokenRef;
use super::response::Response;
use super::{Actor, Service};
use crate::domain::audit::Action;
use crate::domain::organization::Organization;
use crate::domain::text::{Reason, Slug};
use crate::domain::time::Timestamp;
use crate::domain::token::{Finish, Overlap, Revocation, Status, Token};

impl Service {
    pub(super) fn extend_overlap(
        &self,
        actor: &Actor,
        organization: Option<&Slug>,
        token: &TokenRef,
        (overlap, finish): (Option<Overlap>, Option<Finish>),
    ) -> Result<Response, Error> {
        let change = |old: &mut Token, retires_at: Timestamp, now| {
            let finish = finish.unwrap_or(old.finish);
            let later = overlap.map(|overlap| overlap.retires_at(now, old.life.expires_at));
            let later = later.filter(|later| *later > retires_at);
            if later.is_none() && finish == old.finish {
                let message = format!("{} works until {retires_at} already", old.name);
                return Err(Error::new(
                    Code::Conflict,
                    message,
                    "choose a longer overlap; never past its own expiry",
                ));
            }
            old.finish = finish;
            Ok(later.unwrap_or(retires_at))
        };
        self.move_retirement(actor, organization, token, Action::OverlapExtended, change)
    }

    pub(super) fn cut_over(
        &self,
        actor: &Actor,
        organization: Option<&Slug>,
        token: &TokenRef,
    ) -> Result<Response, Error> {
        let cut = |old: &mut Token, _, now| {
            old.finish = Finish::AtEnd;
            Ok(now)
        };
        self.move_retirement(actor, organization, token, Action::TokenCutOver, cut)
    }

    fn move_retirement(
        &self,
        actor: &Actor,
        organization: Option<&Slug>,
        token: &TokenRef,
        action: Action,
        retire: impl FnOnce(&mut Token, Timestamp, Timestamp) -> Result<Timestamp, Error>,
    ) -> Result<Response, Error> {
        self.change_tokens(actor, organization, |organization, _, now| {
            let (mut old, retires_at) = self.retiring(organization, token, now)?;
            let moved = retire(&mut old, retires_at, now)?;
            old.life.retires_at = Some(moved);
            let note = Note::done(action, Some(organization.slug.clone()), subject(&old))
                .because(format!("retires at {moved}{}", or_when_quiet(old.finish)));
            Ok(Changes::of(vec![Record::Token(old)], note))
        })?;
        Ok(Response::Done)
    }

    pub(super) fn undo_rotation(
        &self,
        actor: &Actor,
        organization: Option<&Slug>,
        token: &TokenRef,
    ) -> Result<Response, Error> {
        self.change_tokens(actor, organization, |organization, acting, now| {
            let (mut old, _) = self.retiring(organization, token, now)?;
            let successor = old.replaced_by.and_then(|id| self.index.token(id));
            let mut put = Vec::new();
            let mut reason = "its successor had ended already".to_owned();
            if let Some((mut new, _)) = successor {
                // Else two tokens would carry the name.
                let later = new.replaced_by.or(self.pending(&new, now).map(|token| token.id));
                if let Some(later) = later {
                    let message = format!("{} {} is being replaced by {later}", new.name, new.id);
                    return Err(Error::new(
                        Code::Conflict,
                        message,
                        "undo that rotation first, or revoke its new token if nobody has it",
                    )
                    .on("token"));
                }
                if new.life.stage(now).is_live() {
                    reason = format!("{} is revoked", new.id);
                    new.life.revoked_at = Some(now);
                    new.revocation = Some(Revocation {
                        by: acting.email.clone(),
                        leaked: false,
                        reason: Reason::parse("its rotation was undone").ok(),
                    });
                    put.push(Record::Token(new));
                }
            }
            old.life.retires_at = None;
            old.replaced_by = None;
            old.finish = Finish::AtEnd;
            let slug = Some(organization.slug.clone());
            let note = Note::done(Action::RotationUndone, slug, subject(&old)).because(reason);
            put.push(Record::Token(old));
            Ok(Changes::of(put, note))
        })?;
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
        let is_retiring = |token: &Token| token.life.stage(now) == Status::Retiring;
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
