//! Which fields an organization's clients must encrypt.

use super::commit::{Changes, Note};
use super::error::{Code, Error};
use super::ports::Record;
use super::response::Response;
use super::{Actor, Service};
use crate::domain::audit::Action;
use crate::domain::cashier::Role;
use crate::domain::field::FieldPolicy;
use crate::domain::organization::Organization;
use crate::domain::text::{FieldName, Slug};

impl Service {
    /// Changes the list as it is when its turn comes; `names` are those that come and those that go.
    pub(super) fn change_field_policy(
        &self,
        actor: &Actor,
        organization: Option<&Slug>,
        is_reset: bool,
        names: (&[FieldName], &[FieldName]),
    ) -> Result<Response, Error> {
        let mut writer = self.writer();
        let acting = self.signed_in(actor, Role::Admin)?;
        let organization = self.organization(organization)?;
        let before = if is_reset {
            FieldPolicy::default()
        } else {
            organization.fields.clone()
        };
        let fields = changed(before, names)?;
        if organization.fields == fields {
            return Ok(Response::Done);
        }
        let note = Note::done(
            Action::FieldPolicyChanged,
            Some(organization.slug.clone()),
            organization.name.to_string(),
        )
        .because(difference(&organization.fields.names(), &fields.names()));
        let changed = Record::Organization(Organization {
            fields,
            ..organization
        });
        self.commit(
            &mut writer,
            actor,
            Some(&acting),
            Changes::of(vec![changed], note),
        )?;
        Ok(Response::Done)
    }
}

/// The list without what goes, and with what comes at its end.
fn changed(before: FieldPolicy, (add, remove): (&[FieldName], &[FieldName])) -> Result<FieldPolicy, Error> {
    if add.is_empty() && remove.is_empty() {
        return Ok(before);
    }
    let mut names = before.names();
    names.extend_from_slice(add);
    for name in remove {
        if !names.contains(name) {
            let message = format!("{name} is not on the list of fields to encrypt");
            return Err(Error::new(Code::NotFound, message, "see `strongroom org fields`"));
        }
    }
    names.retain(|name| !remove.contains(name));
    Ok(FieldPolicy::of(&names)?)
}

/// What comes and what goes, for the audit log.
fn difference(before: &[FieldName], after: &[FieldName]) -> String {
    let only = |these: &[FieldName], those: &[FieldName]| -> Vec<String> {
        let missing = these.iter().filter(|name| !those.contains(name));
        missing.map(FieldName::to_string).collect()
    };
    let mut parts = Vec::new();
    for (what, names) in [("added", only(after, before)), ("removed", only(before, after))] {
        if !names.is_empty() {
            parts.push(format!("{what} {}", names.join(", ")));
        }
    }
    if parts.is_empty() {
        return "the same names".to_owned();
    }
    parts.join("; ")
}
