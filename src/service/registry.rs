//! Everything but tokens in memory: organizations, key pairs, cashiers, their logins and failed sign-ins, each with its
//! revision.

use std::collections::{BTreeMap, HashMap};

use super::error::{Code, Error};
use super::ports::{Record, RecordKey, Revision};
use crate::domain::cashier::Cashier;
use crate::domain::id::{CashierId, OrganizationId};
use crate::domain::key_pair::{KeyPair, KeyState};
use crate::domain::login::{LoginKey, LoginSession};
use crate::domain::organization::Organization;
use crate::domain::recovery::{Backups, Hold};
use crate::domain::text::{Email, Slug};
use crate::domain::throttle::Throttle;

#[derive(Default)]
pub(super) struct Registry {
    /// In the order they were onboarded; the place is what the token index calls `organization`.
    pub(super) organizations: Vec<(Organization, Revision)>,
    /// The generations of each, the oldest first.
    pub(super) pairs: HashMap<OrganizationId, Vec<(KeyPair, Revision)>>,
    pub(super) cashiers: BTreeMap<Email, (Cashier, Revision)>,
    pub(super) throttles: HashMap<(Email, String), (Throttle, Revision)>,
    pub(super) backups: Option<(Backups, Revision)>,
    pub(super) hold: Option<(Hold, Revision)>,
    pub(super) login_key: Option<(LoginKey, Revision)>,
    pub(super) logins: HashMap<CashierId, (LoginSession, Revision)>,
}

impl Registry {
    /// The organization with this slug, or the only one; and its place.
    pub(super) fn organization(&self, slug: Option<&Slug>) -> Result<(u32, &Organization), Error> {
        let mut all = self
            .organizations
            .iter()
            .map(|(organization, _)| organization)
            .enumerate();
        let found = match slug {
            Some(slug) => all.find(|(_, organization)| organization.slug == *slug),
            None if self.organizations.len() <= 1 => all.next(),
            None => {
                let slugs: Vec<&str> = all.map(|(_, organization)| organization.slug.as_str()).collect();
                let message = format!("there are several organizations: {}", slugs.join(", "));
                return Err(Error::new(Code::Invalid, message, "say which one").on("organization"));
            }
        };
        match (found, slug) {
            (Some((place, organization)), _) => Ok((place as u32, organization)),
            (None, None) => Err(Error::new(
                Code::NotOnboarded,
                "no organization was onboarded yet",
                "open the console, or run: strongroom init",
            )),
            (None, Some(slug)) => {
                let message = format!("there is no organization {slug}");
                Err(Error::new(Code::NotFound, message, "see: strongroom org list").on("organization"))
            }
        }
    }

    /// The place of an organization.
    pub(super) fn place(&self, id: OrganizationId) -> Option<u32> {
        self.organizations
            .iter()
            .position(|(organization, _)| organization.id == id)
            .map(|place| place as u32)
    }

    /// An organization's short name.
    pub(super) fn slug(&self, id: OrganizationId) -> Option<Slug> {
        let (organization, _) = self.organizations.get(self.place(id)? as usize)?;
        Some(organization.slug.clone())
    }

    /// The generation that decrypts.
    pub(super) fn active_pair(&self, id: OrganizationId) -> Result<&(KeyPair, Revision), Error> {
        let pairs = self.pairs.get(&id).map(Vec::as_slice).unwrap_or_default();
        pairs
            .iter()
            .rev()
            .find(|(pair, _)| matches!(pair.state, KeyState::Active(_)))
            .ok_or_else(|| {
                Error::new(
                    Code::StoreDamaged,
                    "the organization has no active key pair",
                    "keep a copy of the data directory before you do anything else",
                )
            })
    }

    /// The cashier with this address.
    pub(super) fn cashier(&self, email: &Email) -> Result<&(Cashier, Revision), Error> {
        self.cashiers.get(email).ok_or_else(|| {
            let message = format!("there is no cashier {email}");
            Error::new(Code::NotFound, message, "see: strongroom cashier list").on("e-mail address")
        })
    }

    /// Puts a record in, or in the place of its earlier state. Tokens are not kept here.
    pub(super) fn put(&mut self, record: Record, revision: Revision) {
        match record {
            Record::Organization(new) => {
                match self
                    .organizations
                    .iter_mut()
                    .find(|(known, _)| known.id == new.id)
                {
                    Some(known) => *known = (new, revision),
                    None => self.organizations.push((new, revision)),
                }
            }
            Record::KeyPair(new) => {
                let pairs = self.pairs.entry(new.organization).or_default();
                match pairs
                    .iter_mut()
                    .find(|(known, _)| known.generation == new.generation)
                {
                    Some(known) => *known = (new, revision),
                    None => pairs.push((new, revision)),
                }
                pairs.sort_by_key(|(pair, _)| pair.generation);
            }
            Record::Cashier(cashier) => {
                self.cashiers.insert(cashier.email.clone(), (cashier, revision));
            }
            Record::Throttle(throttle) => {
                let key = (throttle.email.clone(), throttle.source.clone());
                self.throttles.insert(key, (throttle, revision));
            }
            Record::Backups(backups) => self.backups = Some((backups, revision)),
            Record::Hold(hold) => self.hold = Some((hold, revision)),
            Record::LoginKey(key) => self.login_key = Some((key, revision)),
            Record::LoginSession(session) => {
                self.logins.insert(session.cashier, (session, revision));
            }
            Record::Token(_) => {}
        }
    }

    /// Takes a record out. Only throttles, login sessions and the hold are ever removed.
    pub(super) fn remove(&mut self, key: &RecordKey) {
        match key {
            RecordKey::Throttle(email, source) => {
                self.throttles.remove(&(email.clone(), source.clone()));
            }
            RecordKey::Hold => self.hold = None,
            RecordKey::LoginSession(cashier) => {
                self.logins.remove(cashier);
            }
            _ => {}
        }
    }

    /// A record and its revision, if it is there. Tokens are not kept here.
    pub(super) fn record(&self, key: &RecordKey) -> Option<(Record, Revision)> {
        match key {
            RecordKey::Organization(id) => self
                .organizations
                .iter()
                .find(|(known, _)| known.id == *id)
                .map(|(known, revision)| (Record::Organization(known.clone()), *revision)),
            RecordKey::KeyPair(id, generation) => self
                .pairs
                .get(id)?
                .iter()
                .find(|(known, _)| known.generation == *generation)
                .map(|(known, revision)| (Record::KeyPair(known.clone()), *revision)),
            RecordKey::Cashier(id) => self
                .cashiers
                .values()
                .find(|(known, _)| known.id == *id)
                .map(|(known, revision)| (Record::Cashier(known.clone()), *revision)),
            RecordKey::Throttle(email, source) => self
                .throttles
                .get(&(email.clone(), source.clone()))
                .map(|(known, revision)| (Record::Throttle(known.clone()), *revision)),
            RecordKey::Backups => self
                .backups
                .clone()
                .map(|(known, revision)| (Record::Backups(known), revision)),
            RecordKey::Hold => self
                .hold
                .clone()
                .map(|(known, revision)| (Record::Hold(known), revision)),
            RecordKey::LoginKey => self
                .login_key
                .clone()
                .map(|(known, revision)| (Record::LoginKey(known), revision)),
            RecordKey::LoginSession(cashier) => self
                .logins
                .get(cashier)
                .map(|(known, revision)| (Record::LoginSession(known.clone()), *revision)),
            RecordKey::Token(..) => None,
        }
    }
}
