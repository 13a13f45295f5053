//! Taking rights away: revoke, revoke as leaked, delete, for one or several tokens; and the undo for people.
//!
//! All of several or none. A revocation can be undone for 60 minutes, one marked leaked never.

use std::collections::HashSet;

use super::commit::{Changes, Note};
use super::error::{Code, Error};
use super::mint::subject;
use super::ports::Record;
use super::request::{Invalidate, Invalidation, TokenRef};
use super::response::Response;
use super::{Actor, Service};
use crate::domain::audit::Action;
use crate::domain::cashier::Role;
use crate::domain::text::{Email, Reason, Slug};
use crate::domain::time::Timestamp;
use crate::domain::token::{Revocation, Status, Token};

impl Service {
    pub(super) fn invalidate(&self, actor: &Actor, invalidate: Invalidate) -> Result<Response, Error> {
        let organization = self.organization(invalidate.organization.as_ref())?;
        let mut writer = self.writer();
        let acting = self.signed_in(actor, Role::Operator)?;
        let now = self.trusted_now();
        let action = match invalidate.how {
            Invalidation::Revoke => Action::TokenRevoked,
            Invalidation::RevokeAsLeaked => Action::TokenRevokedAsLeaked,
            Invalidation::Delete => Action::TokenDeleted,
        };
        let mut changes = Changes::default();
        let mut named = HashSet::new();
        for token in &invalidate.tokens {
            let token = self.resolve(organization.id, token)?;
            // Named twice, by name and by id: one change, one audit entry.
            if !named.insert(token.id) {
                continue;
            }
            let reason = invalidate.reason.as_ref().map_or("", Reason::as_str);
            changes
                .notes
                .push(Note::done(action, Some(organization.slug.clone()), subject(&token)).because(reason));
            let ended = end(
                token,
                invalidate.how,
                now,
                &acting.email,
                invalidate.reason.clone(),
            )?;
            changes.put.push(Record::Token(ended));
        }
        if changes.put.is_empty() {
            return Err(Error::new(
                Code::Invalid,
                "no token was named",
                "name at least one",
            ));
        }
        self.commit(&mut writer, actor, Some(&acting), changes)?;
        Ok(Response::Done)
    }

    pub(super) fn restore_token(
        &self,
        actor: &Actor,
        organization: Option<&Slug>,
        token: &TokenRef,
    ) -> Result<Response, Error> {
        let now = self.change_tokens(actor, organization, |organization, _, now| {
            let mut token = self.resolve(organization.id, token)?;
            let leaked = token
                .revocation
                .as_ref()
                .is_some_and(|revocation| revocation.leaked);
            if !token.life.can_be_restored(leaked, now) {
                return Err(not_restorable(&token, leaked));
            }
            token.life.revoked_at = None;
            token.revocation = None;
            self.refuse_labels_of_others(&token, now)?;
            let slug = Some(organization.slug.clone());
            let note = Note::done(Action::TokenRestored, slug, subject(&token));
            Ok(Changes::of(vec![Record::Token(token)], note))
        })?;
        // Whoever was refused meanwhile was not silent.
        self.counting.begin_anew(now);
        Ok(Response::Done)
    }

    /// Refuses to give back a name or variable that another token carries by now. Only both tokens of a rotation that
    /// nobody acknowledged yet share theirs.
    fn refuse_labels_of_others(&self, token: &Token, now: Timestamp) -> Result<(), Error> {
        if !token.holds_its_name(now) {
            return Ok(());
        }
        let awaits = |new: &Token, old: &Token| {
            new.acknowledged_at.is_none() && new.replaces.is_some_and(|(id, _)| id == old.id)
        };
        for label in [token.name.as_str(), token.variable.as_str()] {
            let labelled = self.index.labelled(token.organization, label);
            let is_anothers = labelled.iter().any(|other| {
                other.id != token.id
                    && other.holds_its_name(now)
                    && !awaits(token, other)
                    && !awaits(other, token)
            });
            if is_anothers {
                let message = format!("{label} belongs to another live token meanwhile");
                return Err(Error::new(
                    Code::Conflict,
                    message,
                    "revoke that one first, or leave this one revoked",
                ));
            }
        }
        Ok(())
    }
}

/// The token without its rights.
fn end(
    mut token: Token,
    how: Invalidation,
    now: Timestamp,
    by: &Email,
    reason: Option<Reason>,
) -> Result<Token, Error> {
    let status = token.life.stage(now);
    let was_leaked = token
        .revocation
        .as_ref()
        .is_some_and(|revocation| revocation.leaked);
    let is_pointless = match how {
        Invalidation::Revoke => !status.is_live(),
        Invalidation::RevokeAsLeaked => status == Status::Deleted || was_leaked,
        Invalidation::Delete => status == Status::Deleted,
    };
    if is_pointless {
        let message = format!("{} {} is {} already", token.name, token.id, status.word());
        return Err(Error::new(Code::Conflict, message, "nothing was changed; leave it out").on("token"));
    }
    match how {
        Invalidation::Revoke | Invalidation::RevokeAsLeaked => {
            token.life.revoked_at = token.life.revoked_at.or(Some(now));
            token.revocation = Some(Revocation {
                by: by.clone(),
                leaked: how == Invalidation::RevokeAsLeaked,
                reason,
            });
        }
        Invalidation::Delete => token.life.deleted_at = Some(now),
    }
    Ok(token)
}

fn not_restorable(token: &Token, leaked: bool) -> Error {
    let name = &token.name;
    let (message, hint) = match token.life.revoked_at {
        _ if token.life.deleted_at.is_some() => (format!("{name} was deleted"), "create a new token"),
        None => (format!("{name} is not revoked"), "there is nothing to undo"),
        Some(_) if leaked => (
            format!("{name} was revoked as leaked: somebody else may have it"),
            "that is never undone; create a new token",
        ),
        Some(at) => (
            format!("{name} was revoked at {at}, and a revocation can be undone for 60 minutes"),
            "create a new token",
        ),
    };
    Error::new(Code::Conflict, message, hint)
}
