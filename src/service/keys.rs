//! An organization's key pairs: shown, made, rotated.
//!
//! A rotation generates outside the commit, then keeps the new key's slot, then writes the new generation active and the
//! old one without its private half in one batch, then erases the old key's slot. From the instant that batch is applied
//! the old key is refused, also for a decryption under way.

use std::sync::Arc;

use super::commit::{Changes, Note};
use super::error::{Code, Error};
use super::jobs::Job;
use super::ports::{GeneratedKey, Record};
use super::request::RotateKey;
use super::response::{KeyGeneration, KeyView, Response};
use super::{Actor, Service};
use crate::domain::audit::Action;
use crate::domain::cashier::{Cashier, Role};
use crate::domain::id::OrganizationId;
use crate::domain::key_pair::{KeyPair, KeySize, KeyState, Mgf1};
use crate::domain::organization::Organization;
use crate::domain::secret::Secret;
use crate::domain::text::{Email, Slug};
use crate::domain::usage;

impl Service {
    pub(super) fn show_key(&self, organization: Option<&Slug>) -> Result<Response, Error> {
        let registry = self.registry();
        let (_, organization) = registry.organization(organization)?;
        let (active, _) = registry.active_pair(organization.id)?;
        let formats = self.ports.keys.describe(&active.public)?;
        let usage = self.usage.of_key(organization.id);
        let history = registry.pairs.get(&organization.id).into_iter().flatten();
        Ok(Response::Key(Box::new(KeyView {
            organization: organization.slug.clone(),
            active: generation(active),
            base64: formats.base64,
            pem: formats.pem,
            jwk: formats.jwk,
            days: usage::window(&usage.days, self.trusted_now().day(), 30),
            mgf1_sha256: usage.mgf1_sha256,
            mgf1_sha1: usage.mgf1_sha1,
            failures: usage.failures,
            stale: usage.stale,
            stale_callers: usage.stale_callers,
            last_decryption: usage.last,
            last_mgf1: usage.last_mgf1,
            last_sha1: usage.last_sha1,
            fields: organization.fields.rules(),
            history: history.rev().map(|(pair, _)| generation(pair)).collect(),
        })))
    }

    /// Encrypts as a client would, with the active public key.
    pub(super) fn encrypt(
        &self,
        organization: Option<&Slug>,
        plaintext: &Secret,
        mgf1: Mgf1,
    ) -> Result<Response, Error> {
        use base64::Engine as _;
        let public = {
            let registry = self.registry();
            let (_, organization) = registry.organization(organization)?;
            registry.active_pair(organization.id)?.0.public.clone()
        };
        let ciphertext = self.ports.keys.encrypt(&public, mgf1, plaintext)?;
        Ok(Response::Encrypted(
            base64::engine::general_purpose::STANDARD.encode(ciphertext),
        ))
    }

    /// Checks who asks and what for, then begins the work.
    pub(super) fn rotate_key(self: &Arc<Self>, actor: &Actor, rotate: RotateKey) -> Result<Response, Error> {
        let (id, slug, generation) = {
            let registry = self.registry();
            let (_, organization) = registry.organization(rotate.organization.as_ref())?;
            let (active, _) = registry.active_pair(organization.id)?;
            (organization.id, organization.slug.clone(), active.generation)
        };
        if rotate.confirmation != slug.as_str() {
            let message = "the organization's slug was not typed out as it is".to_string();
            return Err(
                Error::new(Code::Invalid, message, format!("type {slug} to rotate its key"))
                    .on("confirmation"),
            );
        }
        let proven = self.proven(actor, &rotate.credentials, Role::Admin)?;
        let (beginner, size) = (actor.clone(), rotate.size);
        self.begin_job(actor, move |service, job| {
            service.finish_rotation(&beginner, &proven, (id, generation), size, job)
        })
    }

    fn finish_rotation(
        &self,
        actor: &Actor,
        proven: &Cashier,
        (id, expected): (OrganizationId, u32),
        size: KeySize,
        job: &Job,
    ) -> Result<Response, Error> {
        let generated = self.ports.keys.generate(size)?;
        let mut writer = self.writer();
        let acting = self.still_proven(proven, Role::Admin)?;
        let (organization, old) = {
            let registry = self.registry();
            let (organization, _) = &registry.organizations[registry.place(id).unwrap_or(0) as usize];
            (organization.clone(), registry.active_pair(id)?.0.clone())
        };
        if old.generation != expected {
            return Err(Error::new(
                Code::Conflict,
                format!("somebody else rotated the key of {} meanwhile", organization.slug),
                "look at the new key before you rotate again",
            ));
        }
        job.point_of_no_return()?;
        let new = self.key_pair(&organization, expected + 1, size, generated, &acting.email)?;
        let replaced = KeyPair {
            state: KeyState::Replaced {
                at: new.made_at,
                by: acting.email.clone(),
            },
            ..old
        };
        let subject = format!("{} → {}", replaced.fingerprint.short(), new.fingerprint.short());
        let note = Note::done(Action::KeyRotated, Some(organization.slug.clone()), subject).because(format!(
            "generation {} of {} bits",
            new.generation,
            size.bits()
        ));
        let answer = Response::KeyRotated(generation(&replaced), generation(&new));
        let put = vec![Record::KeyPair(new), Record::KeyPair(replaced)];
        self.commit(&mut writer, actor, Some(&acting), Changes::of(put, note))?;
        self.decryptors.forget(id);
        self.erase_slots(&mut writer, false);
        Ok(answer)
    }

    /// A record for a pair that was just made, its private half sealed and its slot kept.
    pub(super) fn key_pair(
        &self,
        organization: &Organization,
        generation: u32,
        size: KeySize,
        generated: GeneratedKey,
        by: &Email,
    ) -> Result<KeyPair, Error> {
        let sealed = self.keep_private_key(organization.id, generation, &generated.private)?;
        Ok(KeyPair {
            organization: organization.id,
            generation,
            size,
            public: generated.public,
            fingerprint: generated.fingerprint,
            made_at: self.trusted_now(),
            made_by: by.clone(),
            state: KeyState::Active(sealed),
        })
    }
}

pub(super) fn generation(pair: &KeyPair) -> KeyGeneration {
    KeyGeneration {
        generation: pair.generation,
        size: pair.size,
        fingerprint: pair.fingerprint,
        made_at: pair.made_at,
        made_by: pair.made_by.clone(),
        replaced: match &pair.state {
            KeyState::Active(_) => None,
            KeyState::Replaced { at, by } => Some((*at, by.clone())),
        },
    }
}
