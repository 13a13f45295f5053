//! A store that tells the parent of every commit before it begins and after it returned, and what it handed out at open.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use strongroom::domain::audit::AuditEntry;
use strongroom::domain::id::TokenId;
use strongroom::domain::key_pair::KeyState;
use strongroom::domain::secret::Sealed;
use strongroom::domain::usage::Usage;
use strongroom::service::ports::{
    Batch, Change as Foreign, Loaded, Opening, Record, Revision, SlotId, Store, StoreError, StoreHealth,
    TimeMark, UsageRecord,
};
use strongroom::store::record;

use crate::report::{Change, Contents, Pipe, Report};

pub(crate) struct Recorder {
    pub(crate) inner: Arc<dyn Store>,
    pub(crate) pipe: Pipe,
}

/// The contents of a store that has these records and audit entries.
pub(crate) fn contents(records: &BTreeMap<Vec<u8>, Vec<u8>>, audit: &BTreeMap<u64, Vec<u8>>) -> Contents {
    let records = records
        .iter()
        .map(|(key, value)| (key.clone(), unsealed(key, value)));
    let audit = audit
        .iter()
        .map(|(sequence, value)| (sequence.to_be_bytes().to_vec(), Cow::Borrowed(value.as_slice())));
    Contents {
        records: hash(records),
        audit: hash(audit),
    }
}

/// A key pair without its sealed private half, which a takeover seals anew: whether it opens is looked at by opening it.
fn unsealed<'a>(key: &[u8], value: &'a [u8]) -> Cow<'a, [u8]> {
    const KEY_PAIR: u8 = 2;
    if key.first() == Some(&KEY_PAIR)
        && let Ok((Record::KeyPair(mut pair), revision)) = record::decode(key, value)
        && let KeyState::Active(sealed) = &mut pair.state
    {
        sealed.0.clear();
        return Cow::Owned(record::encode(&Record::KeyPair(pair), revision).unwrap().1);
    }
    Cow::Borrowed(value)
}

fn hash<'a>(all: impl Iterator<Item = (Vec<u8>, Cow<'a, [u8]>)>) -> (u64, [u8; 32]) {
    let (mut count, mut hash) = (0, Sha256::new());
    for (key, value) in all {
        count += 1;
        for part in [&*key, &*value] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
    }
    (count, hash.finalize().into())
}

fn change(batch: &Batch) -> Change {
    let puts = batch.put.iter().map(|(it, revision)| {
        let (key, value) = record::encode(it, *revision).unwrap();
        (key, Some(value))
    });
    let deletes = batch.delete.iter().map(|key| (record::key(key), None));
    let audit = batch.audit.iter();
    Change {
        records: puts.chain(deletes).collect(),
        audit: audit
            .map(|entry| (entry.sequence, record::encode_audit(entry).unwrap()))
            .collect(),
    }
}

impl Store for Recorder {
    fn load(
        &self,
        visit: &mut dyn FnMut(Record, Revision) -> Result<(), StoreError>,
    ) -> Result<Loaded, StoreError> {
        let mut records = BTreeMap::new();
        let loaded = self.inner.load(&mut |it, revision| {
            let (key, value) = record::encode(&it, revision)?;
            records.insert(key, value);
            visit(it, revision)
        })?;
        if loaded == Loaded::Whole {
            let audit = self.inner.audit_page(None, usize::MAX)?;
            let audit = audit
                .iter()
                .map(|entry| Ok((entry.sequence, record::encode_audit(entry)?)));
            let audit = audit.collect::<Result<_, StoreError>>()?;
            self.pipe.tell(&Report::Loaded(contents(&records, &audit)));
        }
        Ok(loaded)
    }

    fn commit(&self, batch: &Batch) -> Result<(), StoreError> {
        self.pipe.tell(&Report::Try(change(batch)));
        let result = self.inner.commit(batch);
        self.pipe.tell(&match &result {
            Ok(()) => Report::Done,
            Err(error) => Report::Failed {
                unknown: matches!(error, StoreError::Closed(_)),
                text: error.to_string(),
            },
        });
        result
    }

    fn add_slot(&self, slot: SlotId, wrapped: &Sealed) -> Result<(), StoreError> {
        self.inner.add_slot(slot, wrapped)?;
        self.pipe.tell(&Report::Slot(slot, wrapped.0.clone()));
        Ok(())
    }

    fn retain_slots(&self, keep: &[SlotId]) -> Result<usize, StoreError> {
        let destroyed = self.inner.retain_slots(keep)?;
        self.pipe.tell(&Report::Retained(keep.to_vec()));
        Ok(destroyed)
    }

    fn slot(&self, slot: SlotId) -> Option<Sealed> {
        self.inner.slot(slot)
    }

    fn opening(&self) -> Opening {
        self.inner.opening()
    }

    fn accept_rollback(&self) -> Result<(), StoreError> {
        self.inner.accept_rollback()
    }

    fn health(&self) -> StoreHealth {
        self.inner.health()
    }

    fn maintain(&self) -> Result<(), StoreError> {
        self.inner.maintain()
    }

    fn recorded_time(&self) -> Option<TimeMark> {
        self.inner.recorded_time()
    }

    fn record_time(&self, mark: TimeMark) {
        self.inner.record_time(mark);
    }

    fn audit_head(&self) -> Result<Option<AuditEntry>, StoreError> {
        self.inner.audit_head()
    }

    fn audit_page(&self, before: Option<u64>, limit: usize) -> Result<Vec<AuditEntry>, StoreError> {
        self.inner.audit_page(before, limit)
    }

    fn changes(&self) -> Result<Vec<Foreign>, StoreError> {
        self.inner.changes()
    }

    fn load_usage(&self, visit: &mut dyn FnMut(UsageRecord)) -> Result<(), StoreError> {
        self.inner.load_usage(visit)
    }

    fn token_usage(&self, token: TokenId) -> Result<Option<Usage>, StoreError> {
        self.inner.token_usage(token)
    }

    fn write_usage(&self, records: &[UsageRecord]) -> Result<(), StoreError> {
        self.inner.write_usage(records)
    }
}
