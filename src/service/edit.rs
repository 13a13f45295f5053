//! What is said of a token beside its rights: its name, owner, note and warnings.
//!
//! Both tokens of a rotation carry one name: who renames the one that goes on renames the other with it, so that an
//! undone rotation leaves one name, too. Of a note, the audit log says only that there is another.

use super::commit::{Changes, Note};
use super::error::{Code, Error};
use super::mint::subject;
use super::ports::Record;
use super::request::{ChangeToken, NewNote};
use super::response::Response;
use super::{Actor, Service};
use crate::domain::audit::Action;
use crate::domain::cashier::Role;
use crate::domain::text::TokenName;
use crate::domain::time::Timestamp;
use crate::domain::token::Token;

impl Service {
    pub(super) fn change_token(&self, actor: &Actor, change: ChangeToken) -> Result<Response, Error> {
        let organization = self.organization(change.organization.as_ref())?;
        let mut writer = self.writer();
        let acting = self.signed_in(actor, Role::Operator)?;
        let now = self.trusted_now();
        let before = self.resolve(organization.id, &change.token)?;
        refuse_ended(&before, now)?;
        let mut token = before.clone();
        let mut put = Vec::new();
        if let Some(name) = change.name.filter(|name| *name != before.name) {
            put = self.renamed(&before, &name, now)?;
            token.name = name;
        }
        if let Some(owner) = change.owner {
            token.set_owner(owner);
        }
        match change.note {
            Some(NewNote::Nothing) => token.note = None,
            Some(NewNote::Text(note)) => token.note = Some(note),
            None => {}
        }
        if let Some(warnings) = change.warnings {
            let own = warnings.own().map(|own| own.for_lifetime(token.lifetime));
            token.warnings = own.transpose()?;
        }
        if token == before {
            return Ok(Response::Done);
        }
        let slug = Some(organization.slug.clone());
        let note =
            Note::done(Action::TokenChanged, slug, subject(&before)).because(difference(&before, &token));
        put.push(Record::Token(token));
        self.commit(&mut writer, actor, Some(&acting), Changes::of(put, note))?;
        Ok(Response::Done)
    }

    /// The other live tokens that carry its name, renamed with it: those of a rotation that is under way.
    fn renamed(&self, token: &Token, name: &TokenName, now: Timestamp) -> Result<Vec<Record>, Error> {
        if let Some(successor) = token.replaced_by {
            let message = format!("{} {} was replaced by {successor}", token.name, token.id);
            let hint = "rename that one: this one is renamed with it";
            return Err(Error::new(Code::Conflict, message, hint).on("token"));
        }
        self.refuse_taken_name(token.organization, name)?;
        let mut others = self.index.labelled(token.organization, token.name.as_str());
        others.retain(|other| {
            other.name == token.name && other.id != token.id && other.life.stage(now).is_live()
        });
        let renamed = others.into_iter().map(|other| {
            Record::Token(Token {
                name: name.clone(),
                ..other
            })
        });
        Ok(renamed.collect())
    }
}

/// What is said otherwise now, for the audit log.
fn difference(before: &Token, after: &Token) -> String {
    let mut said = Vec::new();
    if after.name != before.name {
        said.push(format!("renamed to {}", after.name));
    }
    if after.owner != before.owner {
        said.push(format!("owner {}", after.owner()));
    }
    if after.note != before.note {
        said.push(
            after
                .note
                .as_ref()
                .map_or("no note", |_| "another note")
                .to_owned(),
        );
    }
    if after.warnings != before.warnings {
        let steps = after.warnings.as_ref().map(ToString::to_string);
        said.push(format!("warnings {}", steps.as_deref().unwrap_or("as usual")));
    }
    said.join(", ")
}

fn refuse_ended(token: &Token, now: Timestamp) -> Result<(), Error> {
    let stage = token.life.stage(now);
    if stage.is_live() {
        return Ok(());
    }
    let message = format!(
        "{} is {}: nothing is said of it any more",
        token.name,
        stage.word()
    );
    Err(Error::new(Code::Conflict, message, "name a token that works").on("token"))
}
