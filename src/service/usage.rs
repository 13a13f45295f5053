//! Counting what happens: in memory at once, in the store's lossy lane every few seconds and at a clean stop.
//!
//! A token's total and dates are counted in the index; who used it is counted by `callers` until it is written.

use std::collections::HashMap;
use std::sync::Mutex;

use super::callers::{Callers, Uses};
use super::error::{Code, Error};
use super::index::Slot;
use super::ports::UsageRecord;
use super::response::{Decrypted, Event};
use super::{Service, lock};
use crate::domain::id::OrganizationId;
use crate::domain::key_pair::{Fingerprint, Mgf1};
use crate::domain::time::Timestamp;
use crate::domain::usage::{KeyUsage, Usage};

pub(super) struct Pending {
    pub(super) callers: Callers,
    keys: Mutex<HashMap<OrganizationId, (KeyUsage, bool)>>,
    /// Held while counts are written: whoever ends the process waits for a write that is under way.
    writing: Mutex<()>,
}

impl Pending {
    pub(super) fn new(keys: HashMap<OrganizationId, KeyUsage>) -> Self {
        let keys = keys.into_iter().map(|(id, usage)| (id, (usage, false))).collect();
        Self {
            callers: Callers::new(),
            keys: Mutex::new(keys),
            writing: Mutex::default(),
        }
    }

    pub(super) fn of_key(&self, organization: OrganizationId) -> KeyUsage {
        lock(&self.keys)
            .get(&organization)
            .map(|(usage, _)| usage.clone())
            .unwrap_or_default()
    }

    /// The MGF1 variant that an organization's clients use.
    pub(super) fn habit(&self, organization: OrganizationId) -> Mgf1 {
        let keys = lock(&self.keys);
        keys.get(&organization)
            .map_or(Mgf1::Sha256, |(usage, _)| usage.habit())
    }

    /// Counts what came of a request; a replaced key was counted when it was named.
    pub(super) fn count_decryptions(
        &self,
        organization: OrganizationId,
        answers: &[Result<Decrypted, Error>],
        now: Timestamp,
    ) {
        let mut keys = lock(&self.keys);
        let (usage, changed) = keys.entry(organization).or_default();
        for answer in answers {
            match answer {
                Ok(opened) => usage.record(opened.mgf1, now),
                Err(error) => usage.failures += u64::from(error.code == Code::DecryptionFailed),
            }
        }
        *changed = true;
    }

    pub(super) fn count_stale(
        &self,
        organization: OrganizationId,
        who: &str,
        named: Fingerprint,
        now: Timestamp,
    ) {
        let mut keys = lock(&self.keys);
        let (usage, changed) = keys.entry(organization).or_default();
        usage.record_stale(who, named, now);
        *changed = true;
    }

    fn take_changed_keys(&self) -> Vec<(OrganizationId, KeyUsage)> {
        lock(&self.keys)
            .iter_mut()
            .filter_map(|(id, (usage, changed))| std::mem::take(changed).then(|| (*id, usage.clone())))
            .collect()
    }

    /// What was taken and could not be written.
    fn put_back(&self, callers: &[Uses], keys: &[(OrganizationId, KeyUsage)]) {
        self.callers.put_back(callers);
        let mut pending = lock(&self.keys);
        for (id, _) in keys {
            if let Some((_, changed)) = pending.get_mut(id) {
                *changed = true;
            }
        }
    }
}

impl Service {
    /// Writes what was counted since the last time.
    ///
    /// # Errors
    /// The usage lane cannot be written; the counts in memory go on, and are written the next time.
    pub fn write_usage(&self) -> Result<(), Error> {
        let _one_at_a_time = lock(&self.usage.writing);
        let used = self.index.take_used();
        let now = self.time.latest();
        let callers = self.usage.callers.take(now);
        let keys = self.usage.take_changed_keys();
        self.write_taken(&used, &callers, &keys).inspect_err(|_| {
            self.index.put_back_used(&used);
            self.usage.put_back(&callers, &keys);
        })?;
        self.usage.callers.forget_silent(now);
        Ok(())
    }

    fn write_taken(
        &self,
        used: &[Slot],
        callers: &[Uses],
        keys: &[(OrganizationId, KeyUsage)],
    ) -> Result<(), Error> {
        let mut by_slot: HashMap<Slot, Vec<&Uses>> = HashMap::new();
        for uses in callers {
            by_slot.entry(uses.slot).or_default().push(uses);
        }
        // A caller may be counted after its use was written.
        let mut slots: Vec<Slot> = used.iter().chain(by_slot.keys()).copied().collect();
        slots.sort_unstable();
        slots.dedup();
        let mut records = Vec::with_capacity(slots.len() + keys.len());
        for slot in slots {
            let (id, (total, first, last)) = self.index.read(slot, |entry| (entry.id(), entry.counts()));
            let mut usage = self.ports.store.token_usage(id)?.unwrap_or_default();
            let uncounted = total.saturating_sub(usage.total);
            merge(
                &mut usage,
                by_slot.remove(&slot).unwrap_or_default(),
                uncounted,
                last,
            );
            usage.first = usage.first.or(first);
            records.push(UsageRecord::Token(id, usage));
        }
        let keys = keys.iter().cloned();
        records.extend(keys.map(|(organization, usage)| UsageRecord::Key(organization, usage)));
        if records.is_empty() {
            return Ok(());
        }
        Ok(self.ports.store.write_usage(&records)?)
    }

    /// Tells whoever listens that tokens were used, if they were since the last call. To be called once a second.
    pub fn tell_use(&self) {
        if self.usage.callers.has_news() {
            self.feed.publish(&Event::Used);
        }
    }

    /// One token's use in full, what was not written yet included.
    pub(super) fn usage_of(&self, slot: Slot) -> Usage {
        let (id, (total, first, last)) = self.index.read(slot, |entry| (entry.id(), entry.counts()));
        let mut usage = self
            .ports
            .store
            .token_usage(id)
            .ok()
            .flatten()
            .unwrap_or_default();
        let (pending, _) = self.usage.callers.of(slot, self.time.latest());
        let uncounted = total.saturating_sub(usage.total);
        merge(&mut usage, pending.iter().collect(), uncounted, last);
        usage.first = usage.first.or(first);
        usage
    }
}

/// Adds `uncounted` uses, those of known callers first, the rest without one.
fn merge(usage: &mut Usage, mut callers: Vec<&Uses>, uncounted: u64, last: Option<Timestamp>) {
    callers.retain(|uses| uses.count > 0);
    callers.sort_by_key(|uses| uses.last);
    let mut rest = uncounted;
    for uses in callers {
        let counted = uses.count.min(rest);
        usage.record(&uses.address, &uses.agent, counted, uses.last);
        // What was written between the count and its caller's: it had no caller then.
        if let Some(caller) = usage.callers.first_mut() {
            caller.count += uses.count - counted;
        }
        rest -= counted;
    }
    if let Some(last) = last.filter(|_| rest > 0) {
        usage.record("", "", rest, last);
        usage
            .callers
            .retain(|caller| !(caller.address.is_empty() && caller.agent.is_empty()));
    }
    usage.last = usage.last.max(last);
}
