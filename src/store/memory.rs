//! The store in memory: for tests, and for `demo`. Gone with the process; in all else it does what the one on disk does.
//!
//! It keeps the same bytes under the same keys, so that limits and versions are the same too. `visit` must not call the
//! store again.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::domain::audit::AuditEntry;
use crate::domain::id::TokenId;
use crate::domain::secret::Sealed;
use crate::domain::usage::Usage;
use crate::service::ports::{
    Batch, Change, CheckpointLog, Loaded, Opening, Record, Revision, SlotId, Store, StoreError, StoreHealth,
    TimeMark, UsageRecord,
};

use super::{batch, record};

/// An empty store to begin with.
#[derive(Debug, Default)]
pub struct MemoryStore {
    trees: Mutex<Trees>,
}

type Tree = BTreeMap<Vec<u8>, Vec<u8>>;

#[derive(Debug, Default)]
struct Trees {
    records: Tree,
    audit: Tree,
    usage: Tree,
    slots: BTreeMap<SlotId, Sealed>,
    time: Option<TimeMark>,
    commits: u64,
}

impl MemoryStore {
    fn trees(&self) -> MutexGuard<'_, Trees> {
        // Every change is made in one step after all checks: a panic elsewhere leaves it whole.
        self.trees.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A checkpoint file that goes with the process.
#[derive(Debug, Default)]
pub struct MemoryCheckpoints(Mutex<Vec<String>>);

impl CheckpointLog for MemoryCheckpoints {
    fn lines(&self) -> Result<Vec<String>, StoreError> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    fn append(&self, line: &str) -> Result<(), StoreError> {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push(line.to_owned());
        Ok(())
    }
}

impl Store for MemoryStore {
    fn load(
        &self,
        visit: &mut dyn FnMut(Record, Revision) -> Result<(), StoreError>,
    ) -> Result<Loaded, StoreError> {
        for (key, value) in &self.trees().records {
            let (record, revision) = record::decode(key, value)?;
            visit(record, revision)?;
        }
        Ok(Loaded::Whole)
    }

    fn opening(&self) -> Opening {
        Opening::default()
    }

    fn accept_rollback(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn health(&self) -> StoreHealth {
        let trees = self.trees();
        StoreHealth {
            sequence: trees.commits,
            records: trees.records.len() as u64,
            ..StoreHealth::default()
        }
    }

    fn maintain(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn slot(&self, slot: SlotId) -> Option<Sealed> {
        self.trees().slots.get(&slot).cloned()
    }

    fn add_slot(&self, slot: SlotId, wrapped: &Sealed) -> Result<(), StoreError> {
        self.trees().slots.insert(slot, wrapped.clone());
        Ok(())
    }

    fn retain_slots(&self, keep: &[SlotId]) -> Result<usize, StoreError> {
        let slots = &mut self.trees().slots;
        let before = slots.len();
        slots.retain(|slot, _| keep.contains(slot));
        Ok(before - slots.len())
    }

    fn recorded_time(&self) -> Option<TimeMark> {
        self.trees().time
    }

    fn record_time(&self, mark: TimeMark) {
        self.trees().time = Some(mark);
    }

    fn commit(&self, batch: &Batch) -> Result<(), StoreError> {
        let mut trees = self.trees();
        let head = match trees.audit.last_key_value() {
            Some((key, value)) => record::decode_audit(key, value)?.sequence,
            None => 0,
        };
        let prepared = batch::prepare(batch, head, &mut |key| {
            trees
                .records
                .get(key)
                .map(|value| record::revision(value))
                .transpose()
        })?;
        for (key, value) in prepared.records {
            match value {
                Some(value) => trees.records.insert(key, value),
                None => trees.records.remove(&key),
            };
        }
        trees.audit.extend(prepared.audit);
        trees.commits += 1;
        Ok(())
    }

    fn audit_head(&self) -> Result<Option<AuditEntry>, StoreError> {
        Ok(self.audit_page(None, 1)?.pop())
    }

    fn audit_page(&self, before: Option<u64>, limit: usize) -> Result<Vec<AuditEntry>, StoreError> {
        let trees = self.trees();
        let end = match before {
            Some(before) => std::ops::Bound::Excluded(before.to_be_bytes().to_vec()),
            None => std::ops::Bound::Unbounded,
        };
        let page = trees
            .audit
            .range((std::ops::Bound::Unbounded, end))
            .rev()
            .take(limit);
        page.map(|(key, value)| record::decode_audit(key, value))
            .collect()
    }

    fn changes(&self) -> Result<Vec<Change>, StoreError> {
        Ok(Vec::new())
    }

    fn load_usage(&self, visit: &mut dyn FnMut(UsageRecord)) -> Result<(), StoreError> {
        for (key, value) in &self.trees().usage {
            if let Some(usage) = record::decode_usage(key, value) {
                visit(usage);
            }
        }
        Ok(())
    }

    fn token_usage(&self, token: TokenId) -> Result<Option<Usage>, StoreError> {
        let key = record::token_usage_key(token);
        let trees = self.trees();
        let found = trees
            .usage
            .get(&key)
            .and_then(|value| record::decode_usage(&key, value));
        Ok(match found {
            Some(UsageRecord::Token(_, usage)) => Some(usage),
            _ => None,
        })
    }

    fn write_usage(&self, records: &[UsageRecord]) -> Result<(), StoreError> {
        let encoded: Vec<_> = records
            .iter()
            .map(record::encode_usage)
            .collect::<Result<_, _>>()?;
        self.trees().usage.extend(encoded);
        Ok(())
    }
}
