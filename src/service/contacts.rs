//! Who is told of an organization's tokens, and when their ends are warned of.

use super::commit::{Changes, Note};
use super::error::{Code, Error};
use super::ports::Record;
use super::request::NewWarnings;
use super::response::Response;
use super::{Actor, Service};
use crate::domain::audit::Action;
use crate::domain::cashier::Role;
use crate::domain::organization::{MOST_CONTACTS, Organization};
use crate::domain::text::{Email, Slug};
use crate::domain::token::Lifetime;

impl Service {
    /// Changes the list as it is when its turn comes; the addresses are those that come and those that go.
    pub(super) fn change_contacts(
        &self,
        actor: &Actor,
        organization: Option<&Slug>,
        (add, remove): (&[Email], &[Email]),
    ) -> Result<Response, Error> {
        self.change_organization(actor, organization, Action::ContactsChanged, |organization| {
            let contacts = &mut organization.contacts;
            let mut said = Vec::new();
            for email in add {
                if !contacts.contains(email) {
                    contacts.push(email.clone());
                    said.push(format!("added {email}"));
                }
            }
            for email in remove {
                if !contacts.contains(email) {
                    let message = format!("{email} is not among the contacts");
                    return Err(Error::new(
                        Code::NotFound,
                        message,
                        "see `strongroom org contacts`",
                    ));
                }
                contacts.retain(|contact| contact != email);
                said.push(format!("removed {email}"));
            }
            if contacts.len() > MOST_CONTACTS {
                let message = format!(
                    "{} contacts are too many, {MOST_CONTACTS} is the most",
                    contacts.len()
                );
                let hint = "use an address that goes to several people";
                return Err(Error::new(Code::Invalid, message, hint).on("contacts"));
            }
            Ok(said.join(", "))
        })
    }

    pub(super) fn change_warnings(
        &self,
        actor: &Actor,
        organization: Option<&Slug>,
        lifetime: Lifetime,
        warnings: NewWarnings,
    ) -> Result<Response, Error> {
        self.change_organization(actor, organization, Action::WarningsChanged, |organization| {
            let own = warnings.own().map(|own| own.for_lifetime(lifetime)).transpose()?;
            let steps = own
                .as_ref()
                .map_or_else(|| "as usual".to_owned(), ToString::to_string);
            organization.warnings.set(lifetime, own);
            Ok(format!("{}: {steps}", lifetime.label()))
        })
    }

    /// A change of an organization's record by an admin; `change` gives what the audit log says of it.
    fn change_organization(
        &self,
        actor: &Actor,
        organization: Option<&Slug>,
        action: Action,
        change: impl FnOnce(&mut Organization) -> Result<String, Error>,
    ) -> Result<Response, Error> {
        let mut writer = self.writer();
        let acting = self.signed_in(actor, Role::Admin)?;
        let before = self.organization(organization)?;
        let mut after = before.clone();
        let reason = change(&mut after)?;
        if after == before {
            return Ok(Response::Done);
        }
        let note = Note::done(action, Some(after.slug.clone()), after.name.to_string()).because(reason);
        let changes = Changes::of(vec![Record::Organization(after)], note);
        self.commit(&mut writer, actor, Some(&acting), changes)?;
        Ok(Response::Done)
    }
}
