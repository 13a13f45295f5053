//! Counting what happens: in memory at once, in the store's lossy lane every few seconds and at a clean stop.
//!
//! A token's total and dates are counted in the index; who used it is counted here until it is written.

use std::collections::HashMap;
use std::sync::Mutex;

use super::error::Error;
use super::index::Slot;
use super::ports::UsageRecord;
use super::{Service, lock};
use crate::domain::id::OrganizationId;
use crate::domain::key_pair::Mgf1;
use crate::domain::time::Timestamp;
use crate::domain::usage::{KeyUsage, Usage};

/// Callers that are counted between two writes; beyond it they are counted as one.
const PENDING_CALLERS: usize = 10_000;

/// Uses by token, address and agent: how many, and when last.
type Callers = HashMap<(Slot, String, String), (u64, Timestamp)>;

pub(super) struct Pending {
    callers: Mutex<Callers>,
    keys: Mutex<HashMap<OrganizationId, (KeyUsage, bool)>>,
    /// Held while counts are written: whoever ends the process waits for a write that is under way.
    writing: Mutex<()>,
}

impl Pending {
    pub(super) fn new(keys: HashMap<OrganizationId, KeyUsage>) -> Self {
        let keys = keys.into_iter().map(|(id, usage)| (id, (usage, false))).collect();
        Self {
            callers: Mutex::default(),
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

    pub(super) fn count_decryption(
        &self,
        organization: OrganizationId,
        result: Result<Mgf1, ()>,
        now: Timestamp,
    ) {
        let mut keys = lock(&self.keys);
        let (usage, changed) = keys.entry(organization).or_default();
        match result {
            Ok(mgf1) => usage.record(mgf1, now),
            Err(()) => usage.failures += 1,
        }
        *changed = true;
    }

    pub(super) fn count_stale(&self, organization: OrganizationId) {
        let mut keys = lock(&self.keys);
        let (usage, changed) = keys.entry(organization).or_default();
        usage.stale += 1;
        *changed = true;
    }

    /// Counts one use of a token by a caller.
    pub(super) fn count_caller(&self, slot: Slot, address: &str, agent: &str, now: Timestamp) {
        let mut callers = lock(&self.callers);
        let key = (slot, address.to_owned(), agent.to_owned());
        if callers.len() >= PENDING_CALLERS && !callers.contains_key(&key) {
            return;
        }
        let (count, last) = callers.entry(key).or_insert((0, now));
        *count += 1;
        *last = now;
    }

    fn take_changed_keys(&self) -> Vec<(OrganizationId, KeyUsage)> {
        lock(&self.keys)
            .iter_mut()
            .filter_map(|(id, (usage, changed))| std::mem::take(changed).then(|| (*id, usage.clone())))
            .collect()
    }

    /// What was taken and could not be written.
    fn put_back(&self, callers: Callers, keys: &[(OrganizationId, KeyUsage)]) {
        let mut pending = lock(&self.callers);
        for (key, (count, at)) in callers {
            let (so_far, last) = pending.entry(key).or_insert((0, at));
            *so_far += count;
            *last = at.max(*last);
        }
        drop(pending);
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
        let callers = std::mem::take(&mut *lock(&self.usage.callers));
        let keys = self.usage.take_changed_keys();
        self.write_taken(&used, &callers, &keys).inspect_err(|_| {
            self.index.put_back_used(&used);
            self.usage.put_back(callers, &keys);
        })
    }

    fn write_taken(
        &self,
        used: &[Slot],
        callers: &Callers,
        keys: &[(OrganizationId, KeyUsage)],
    ) -> Result<(), Error> {
        let mut by_slot: HashMap<Slot, Vec<(&str, &str, u64, Timestamp)>> = HashMap::new();
        for ((slot, address, agent), (count, last)) in callers {
            by_slot
                .entry(*slot)
                .or_default()
                .push((address, agent, *count, *last));
        }
        let mut records = Vec::with_capacity(used.len() + keys.len());
        for &slot in used {
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
        let pending: Vec<_> = lock(&self.usage.callers)
            .iter()
            .filter(|((other, _, _), _)| *other == slot)
            .map(|((_, address, agent), (count, last))| (address.clone(), agent.clone(), *count, *last))
            .collect();
        let uncounted = total.saturating_sub(usage.total);
        merge(&mut usage, pending, uncounted, last);
        usage.first = usage.first.or(first);
        usage
    }
}

/// Adds `uncounted` uses, those of known callers first, the rest without one.
fn merge<T: AsRef<str>>(
    usage: &mut Usage,
    mut callers: Vec<(T, T, u64, Timestamp)>,
    uncounted: u64,
    last: Option<Timestamp>,
) {
    callers.sort_by_key(|(_, _, _, last)| *last);
    let mut rest = uncounted;
    for (address, agent, count, at) in callers {
        usage.record(address.as_ref(), agent.as_ref(), count.min(rest), at);
        rest -= count.min(rest);
    }
    if let Some(last) = last.filter(|_| rest > 0) {
        usage.record("", "", rest, last);
        usage
            .callers
            .retain(|caller| !(caller.address.is_empty() && caller.agent.is_empty()));
    }
    usage.last = usage.last.max(last);
}
