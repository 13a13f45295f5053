//! The walk along the log, a page at a time.

use crate::domain::audit::AuditEntry;
use crate::domain::audit::chain::{Altered, Fault, Verdict, Walk};
use crate::service::ports::StoreError;
use crate::service::{Error, Service};

/// Entries that are read at once.
const PAGE: u64 = 1000;

/// One verification, under way.
#[derive(Debug)]
pub(super) struct Verification {
    walk: Walk,
}

impl Verification {
    /// From the first entry on, past these heads.
    pub(super) fn new(heads: Vec<(u64, [u8; 32])>) -> Self {
        Self {
            walk: Walk::new(heads),
        }
    }

    /// From behind a known entry on.
    pub(super) fn after(sequence: u64, hash: [u8; 32]) -> Self {
        Self {
            walk: Walk::after(sequence, hash, Vec::new()),
        }
    }

    /// The hash of the last entry.
    pub(super) const fn hash(&self) -> [u8; 32] {
        self.walk.hash()
    }

    /// Reads a page further; the verdict when that was the last one.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(super) fn step(&mut self, service: &Service) -> Result<Option<Verdict>, Error> {
        let next = self.walk.next();
        let entries = match page(service, next)? {
            Ok(entries) => entries,
            Err(altered) => return Ok(Some(Verdict::Altered(altered))),
        };
        if entries.is_empty() {
            return Ok(self.end(service));
        }
        for entry in &entries {
            let hash = service.ports.hasher.sha256(&entry.canonical());
            if let Err(altered) = self.walk.step(entry, hash) {
                return Ok(Some(Verdict::Altered(altered)));
            }
        }
        Ok(None)
    }

    /// Reads all that is left.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(super) fn finish(&mut self, service: &Service) -> Result<Verdict, Error> {
        loop {
            if let Some(verdict) = self.step(service)? {
                return Ok(verdict);
            }
        }
    }

    /// The verdict, unless an entry was written meanwhile.
    fn end(&self, service: &Service) -> Option<Verdict> {
        let writer = service.writer();
        let to = self.walk.next() - 1;
        let verdict = self.walk.end();
        if writer.sequence <= to {
            return Some(verdict);
        }
        let was = writer.sequence;
        drop(writer);
        // This process wrote it or read it at open, so it is read again, or it is gone.
        match service.ports.store.audit_page(Some(was + 1), 1) {
            Ok(newest) if newest.first().is_some_and(|entry| entry.sequence > to) => None,
            _ => Some(Verdict::Truncated { to, was }),
        }
    }
}

/// The entries from `next` on, in order; fewer or none at the end of the log.
fn page(service: &Service, next: u64) -> Result<Result<Vec<AuditEntry>, Altered>, Error> {
    let store = &service.ports.store;
    let limit = usize::try_from(PAGE).unwrap_or(usize::MAX);
    match store.audit_page(Some(next.saturating_add(PAGE)), limit) {
        Ok(mut entries) => {
            entries.retain(|entry| entry.sequence >= next);
            entries.reverse();
            if entries.is_empty() {
                return Ok(after_a_gap(service, next));
            }
            Ok(Ok(entries))
        }
        Err(StoreError::Damaged(_) | StoreError::UnknownVersion { .. }) => one_by_one(service, next),
        Err(error) => Err(error.into()),
    }
}

/// Whether there are entries further on, where none is on the next page.
fn after_a_gap(service: &Service, next: u64) -> Result<Vec<AuditEntry>, Altered> {
    let newest = service.ports.store.audit_page(None, 1);
    let beyond = match newest {
        Ok(entries) => entries.first().map_or(0, |entry| entry.sequence),
        Err(_) => u64::MAX,
    };
    if beyond < next {
        return Ok(Vec::new());
    }
    Err(Altered {
        from: next,
        to: (next + PAGE - 1).min(beyond.max(next + 1) - 1),
        fault: Fault::Missing,
    })
}

/// The same where one of them does not decode: those before it, or where it is.
fn one_by_one(service: &Service, next: u64) -> Result<Result<Vec<AuditEntry>, Altered>, Error> {
    let mut entries = Vec::new();
    for sequence in next..next.saturating_add(PAGE) {
        let fault = match service.ports.store.audit_page(Some(sequence + 1), 1) {
            Ok(mut found) => match found.pop() {
                Some(entry) if entry.sequence == sequence => {
                    entries.push(entry);
                    continue;
                }
                _ => Fault::Missing,
            },
            Err(StoreError::Damaged(_) | StoreError::UnknownVersion { .. }) => Fault::Unreadable,
            Err(error) => return Err(error.into()),
        };
        if entries.is_empty() {
            return Ok(Err(Altered {
                from: sequence,
                to: sequence,
                fault,
            }));
        }
        // Those before it are judged first.
        break;
    }
    Ok(Ok(entries))
}
