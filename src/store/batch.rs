//! What a commit writes, decided before anything is: expectations, order of the audit log, and sizes.

use crate::service::ports::{Batch, Expectation, Revision, StoreError};

use super::record;

/// A batch as bytes, checked: to be written as a whole.
#[derive(Debug)]
pub(super) struct Prepared {
    /// Keys of records and their new values; `None` removes.
    pub(super) records: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    /// Keys and values of audit entries.
    pub(super) audit: Vec<(Vec<u8>, Vec<u8>)>,
}

/// Answers with a record's revision, by its key; `None` when there is no such record.
pub(super) type RevisionOf<'a> = dyn FnMut(&[u8]) -> Result<Option<Revision>, StoreError> + 'a;

/// Checks a batch against what is there. `revision_of` answers for a record's key; `head` is the newest audit entry's
/// sequence, 0 for an empty log.
///
/// # Errors
/// [`StoreError::Conflict`], [`StoreError::AuditConflict`], [`StoreError::TooLarge`], or what `revision_of` gave.
pub(super) fn prepare(
    batch: &Batch,
    head: u64,
    revision_of: &mut RevisionOf<'_>,
) -> Result<Prepared, StoreError> {
    for expectation in &batch.expect {
        let (key, expected) = match expectation {
            Expectation::Absent(key) => (key, None),
            Expectation::Revision(key, revision) => (key, Some(*revision)),
            Expectation::AuditHead(sequence) if *sequence == head => continue,
            Expectation::AuditHead(_) => return Err(StoreError::AuditConflict),
        };
        if revision_of(&record::key(key))? != expected {
            return Err(StoreError::Conflict(key.clone()));
        }
    }
    let mut records = Vec::with_capacity(batch.put.len() + batch.delete.len());
    for (it, revision) in &batch.put {
        let (key, value) = record::encode(it, *revision)?;
        records.push((key, Some(value)));
    }
    records.extend(batch.delete.iter().map(|key| (record::key(key), None)));
    // What a key is after a batch that names it twice depends on the order, and so would the digest.
    let mut keys: Vec<&[u8]> = records.iter().map(|(key, _)| key.as_slice()).collect();
    keys.sort_unstable();
    if keys.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(StoreError::Io(
            "a batch names one record twice; nothing was written".into(),
        ));
    }
    let mut audit = Vec::with_capacity(batch.audit.len());
    let mut last = head;
    for entry in &batch.audit {
        // A log that was trimmed, or is being restored, may begin anywhere; after that there are no gaps.
        if last != 0 && entry.sequence != last + 1 {
            return Err(StoreError::AuditConflict);
        }
        last = entry.sequence;
        audit.push((
            entry.sequence.to_be_bytes().to_vec(),
            record::encode_audit(entry)?,
        ));
    }
    Ok(Prepared { records, audit })
}
