//! Private keys and their slots: each is sealed under a data key that only its slot holds; without the slot it is gone.
//!
//! - A new key's slot is kept before the record is committed, a replaced key's slot is erased after it. A crash between
//!   leaves a slot that no active generation names; the next opening erases it.
//! - Slots are erased under the writer's lock only: a new slot whose record is not committed yet is named by nobody.
//! - An erasure that fails is no failed rotation, because the old key is refused already: it is pending, tried again every
//!   few seconds and at the next opening, and told in the health and in the audit log.

use std::sync::Mutex;

use super::commit::{Note, Writer};
use super::error::{Code, Error};
use super::ports::{InSlot, SlotId};
use super::response::{Alarm, Level};
use super::{Service, lock};
use crate::domain::audit::Action;
use crate::domain::id::OrganizationId;
use crate::domain::key_pair::{KeyPair, KeyState};
use crate::domain::secret::{Sealed, Secret};
use crate::domain::text::Slug;

/// What is wrong with the slots.
#[derive(Default)]
pub(super) struct Erasures {
    /// Why replaced keys could not be erased yet.
    pending: Mutex<Option<String>>,
    /// Active keys that did not open at the start.
    missing: Mutex<Vec<Alarm>>,
}

impl Erasures {
    /// An alarm for each organization whose ciphertexts do not open; its tokens are as good as ever.
    pub(super) fn missing(&self) -> Vec<Alarm> {
        lock(&self.missing).clone()
    }

    /// The alarm, while an erasure is pending.
    pub(super) fn alarm(&self) -> Option<Alarm> {
        let pending = lock(&self.pending).clone()?;
        Some(Alarm {
            level: Level::Critical,
            kind: "erasure_pending".into(),
            message: format!("a replaced private key is refused, but not erased yet: {pending}"),
            hint: "it is tried again every few seconds; see to the cause".to_owned(),
        })
    }
}

impl Service {
    /// Keeps a new private key's slot, and gives what its record holds of it. The record is committed after this.
    ///
    /// # Errors
    /// The slot could not be written; nothing was changed.
    pub(super) fn keep_private_key(
        &self,
        organization: OrganizationId,
        generation: u32,
        private: &Secret,
    ) -> Result<Sealed, Error> {
        let slot = SlotId {
            organization,
            generation,
        };
        let InSlot { wrapped, sealed } = self.ports.sealer.seal_in_slot(slot, private)?;
        self.ports.store.add_slot(slot, &wrapped)?;
        Ok(sealed)
    }

    /// An active pair's private key.
    ///
    /// # Errors
    /// Its slot is missing, or it does not open.
    pub(super) fn private_key(&self, pair: &KeyPair) -> Result<Secret, Error> {
        let slot = slot_of(pair);
        let (KeyState::Active(sealed), Some(wrapped)) = (&pair.state, self.ports.store.slot(slot)) else {
            return Err(Error::new(
                Code::StoreDamaged,
                format!(
                    "the key slot of the private key {} is missing, without which it does not open",
                    pair.fingerprint.short()
                ),
                "put the files of the key slots (slots.a, slots.b) back, or restore a backup; nothing was changed",
            ));
        };
        let sealed = sealed.clone();
        let in_slot = InSlot { wrapped, sealed };
        Ok(self.ports.sealer.unseal_in_slot(slot, &in_slot)?)
    }

    /// After an opening that found everything whole: looks whether the active keys open, and erases all other slots. An
    /// erasure that fails is pending.
    pub(super) fn settle_slots(&self) {
        let mut writer = self.writer();
        let pairs = self.pairs(true).into_iter();
        let missing = pairs.filter_map(|(slug, pair)| {
            let error = self.private_key(&pair).err()?;
            let slug = slug.as_ref().map_or("an organization", Slug::as_str);
            Some(Alarm {
                level: Level::Critical,
                kind: "private_key_missing".into(),
                message: format!("ciphertexts of {slug} do not open: {}", error.message),
                hint: "put the files of the key slots back, restore a backup, or rotate the key".to_owned(),
            })
        });
        *lock(&self.erasures.missing) = missing.collect();
        self.erase_slots(&mut writer, true);
    }

    /// Tries a pending erasure again, if there is one. That it is pending is told in the health, not as a failure of
    /// whatever was done meanwhile.
    pub(super) fn retry_erasure(&self) {
        let is_pending = lock(&self.erasures.pending).is_some();
        if is_pending {
            self.erase_slots(&mut self.writer(), true);
        }
    }

    /// Erases every slot that no active generation names. What is erased later than its rotation, or could not be, is told.
    pub(super) fn erase_slots(&self, writer: &mut Writer, is_late: bool) {
        let store = &self.ports.store;
        let active: Vec<SlotId> = self.pairs(true).iter().map(|(_, pair)| slot_of(pair)).collect();
        let mut unerased = self.pairs(false);
        unerased.retain(|(_, pair)| store.slot(slot_of(pair)).is_some());
        let why = store.retain_slots(&active).err().map(|error| error.to_string());
        let was_pending = std::mem::replace(&mut *lock(&self.erasures.pending), why.clone()).is_some();
        let action = match why {
            Some(_) if !was_pending => Action::KeyErasurePending,
            None if was_pending || is_late => Action::KeyErased,
            _ => return,
        };
        let reason = why.unwrap_or_default();
        let notes = unerased
            .into_iter()
            .map(|(slug, pair)| Note::done(action, slug, pair.fingerprint.short()).because(reason.clone()));
        self.tell(writer, &self.ports.account, None, notes);
    }

    /// All active pairs, or all replaced ones, with their organizations' slugs.
    fn pairs(&self, active: bool) -> Vec<(Option<Slug>, KeyPair)> {
        let registry = self.registry();
        let pairs = registry.pairs.values().flatten().map(|(pair, _)| pair);
        pairs
            .filter(|pair| matches!(pair.state, KeyState::Active(_)) == active)
            .map(|pair| (registry.slug(pair.organization), pair.clone()))
            .collect()
    }
}

pub(super) const fn slot_of(pair: &KeyPair) -> SlotId {
    SlotId {
        organization: pair.organization,
        generation: pair.generation,
    }
}
