//! Onboarding: an organization with its first key pair, and with the first one the first admin.

use super::access::{Acting, changes_allowed, email_allowed};
use super::commit::{Changes, Note};
use super::error::{Code, Error};
use super::ports::Record;
use super::request::Onboard;
use super::response::{Overview, Response};
use super::{Actor, Service};
use crate::domain::audit::Action;
use crate::domain::cashier::{Cashier, Role};
use crate::domain::field::FieldPolicy;
use crate::domain::id::{CashierId, Id, OrganizationId};
use crate::domain::organization::Organization;
use crate::domain::recovery::Backups;
use crate::domain::token::Ladders;

impl Service {
    pub(super) fn onboard(&self, actor: &Actor, onboard: Onboard) -> Result<Response, Error> {
        changes_allowed(actor)?;
        email_allowed(actor, &onboard.admin.email)?;
        self.refuse_taken_slug(&onboard)?;
        let email = onboard.admin.email.clone();
        let mut put = Vec::new();
        let mut notes = Vec::new();
        let is_first = self.registry().cashiers.is_empty();
        let proven = if is_first {
            let admin = self.first_admin(&onboard)?;
            notes.push(Note::done(Action::CashierAdded, None, email.as_str()).because("the first admin"));
            put.push(Record::Cashier(admin));
            None
        } else {
            Some(self.proven(actor, &onboard.admin, Role::Admin)?)
        };
        // Outside the writer's lock: it takes from a tenth of a second to many.
        let generated = self.ports.keys.generate(onboard.size)?;

        let mut writer = self.writer();
        self.refuse_taken_slug(&onboard)?;
        if is_first && !self.registry().cashiers.is_empty() {
            return Err(Error::new(
                Code::Conflict,
                "somebody else onboarded at the same moment",
                "look at what is there before you go on",
            ));
        }
        let acting = match &proven {
            Some(proven) => self.still_proven(proven, Role::Admin)?,
            None => Acting {
                email: email.clone(),
                role: Some(Role::Admin),
            },
        };
        let now = self.trusted_now();
        let organization = Organization {
            id: OrganizationId(Id::new(now, self.random()?)),
            slug: onboard.slug,
            name: onboard.name,
            brand: onboard.brand,
            created_at: now,
            created_by: email.clone(),
            fields: FieldPolicy::default(),
            contacts: Vec::new(),
            warnings: Ladders::default(),
        };
        let pair = self.key_pair(&organization, 1, onboard.size, generated, &email)?;
        let subject = format!("{}, key {}", organization.name, pair.fingerprint.short());
        notes.push(Note::done(
            Action::OrganizationOnboarded,
            Some(organization.slug.clone()),
            subject,
        ));
        put.push(Record::Organization(organization.clone()));
        put.push(Record::KeyPair(pair.clone()));
        if let Some(recipient) = onboard.recipient.filter(|_| is_first) {
            notes.push(Note::done(Action::RecipientSet, None, recipient.to_string()));
            put.push(Record::Backups(Backups {
                recipient: Some(recipient),
                ..self.backups_record()
            }));
        }
        self.commit(
            &mut writer,
            actor,
            Some(&acting),
            Changes {
                put,
                notes,
                ..Changes::default()
            },
        )?;
        drop(writer);
        Ok(Response::Onboarded(
            self.organization_row(&organization),
            super::keys::generation(&pair),
        ))
    }

    pub(super) fn overview(&self, actor: &Actor) -> Overview {
        let organizations: Vec<_> = self
            .registry()
            .organizations
            .iter()
            .map(|(organization, _)| organization.clone())
            .collect();
        let mut rows: Vec<_> = organizations.iter().map(|o| self.organization_row(o)).collect();
        rows.sort_by(|a, b| a.slug.cmp(&b.slug));
        Overview {
            organizations: rows,
            now: self.now(),
            rollback: self.found.rollback(),
            role: actor.fixed_email.as_ref().and_then(|email| {
                let registry = self.registry();
                registry.cashier(email).ok().map(|(cashier, _)| cashier.role)
            }),
            hold: self.hold(),
        }
    }

    fn refuse_taken_slug(&self, onboard: &Onboard) -> Result<(), Error> {
        let registry = self.registry();
        if registry
            .organizations
            .iter()
            .any(|(known, _)| known.slug == onboard.slug)
        {
            let message = format!("there is an organization {} already", onboard.slug);
            return Err(Error::new(Code::Conflict, message, "choose another slug").on("slug"));
        }
        Ok(())
    }

    fn first_admin(&self, onboard: &Onboard) -> Result<Cashier, Error> {
        let now = self.trusted_now();
        let mut admin = Cashier {
            id: CashierId(Id::new(now, self.random()?)),
            email: onboard.admin.email.clone(),
            role: Role::Admin,
            password: None,
            enrolment: None,
            disabled_at: None,
            created_at: now,
            created_by: onboard.admin.email.clone(),
        };
        admin.password = Some(self.new_password(&admin, &onboard.admin.password)?);
        Ok(admin)
    }
}
