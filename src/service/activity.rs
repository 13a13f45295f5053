//! Reading the audit log: backwards from its head or forwards from an entry, filtered, in pages.

use super::Service;
use super::error::Error;
use super::response::{ActivityPage, Response};
use crate::domain::audit::AuditEntry;
use crate::domain::text::{Email, Slug};

/// Entries that one request looks at, at most: a filter that matches nothing answers all the same.
const LOOKED_AT: usize = 20_000;
const STEP: usize = 1_000;

impl Service {
    pub(super) fn list_activity(
        &self,
        filter: &str,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Response, Error> {
        let needle = filter.to_lowercase();
        let head = self.ports.store.audit_head()?.map_or(0, |entry| entry.sequence);
        let mut next = Some(before.unwrap_or(head + 1));
        let mut entries = Vec::new();
        let mut looked_at = 0;
        while let Some(end) = next.filter(|_| entries.len() < limit && looked_at < LOOKED_AT) {
            let step = if needle.is_empty() {
                limit.clamp(1, STEP)
            } else {
                STEP
            };
            let page = self.ports.store.audit_page(Some(end), step)?;
            looked_at += page.len();
            next = page
                .last()
                .map(|entry| entry.sequence)
                .filter(|&sequence| sequence > 1);
            for entry in page {
                if entries.len() == limit {
                    next = entries.last().map(|entry: &AuditEntry| entry.sequence);
                    break;
                }
                if needle.is_empty() || matches(&entry, &needle) {
                    entries.push(entry);
                }
            }
        }
        Ok(Response::Activity(ActivityPage {
            entries,
            next,
            head,
            chain: self.log_verdict(),
        }))
    }

    pub(super) fn follow_activity(&self, filter: &str, after: u64, limit: usize) -> Result<Response, Error> {
        let needle = filter.to_lowercase();
        let head = self.ports.store.audit_head()?.map_or(0, |entry| entry.sequence);
        let mut entries = Vec::new();
        let mut last = after;
        let mut looked_at = 0;
        while last < head && entries.len() < limit && looked_at < LOOKED_AT {
            let step = if needle.is_empty() {
                (limit - entries.len()).min(STEP)
            } else {
                STEP
            };
            let end = last.saturating_add(step as u64).min(head);
            let mut page = self.ports.store.audit_page(Some(end.saturating_add(1)), step)?;
            page.retain(|entry| entry.sequence > last);
            looked_at += step;
            last = end;
            for entry in page.into_iter().rev() {
                if entries.len() == limit {
                    last = entry.sequence - 1;
                    break;
                }
                if needle.is_empty() || matches(&entry, &needle) {
                    entries.push(entry);
                }
            }
        }
        Ok(Response::Activity(ActivityPage {
            entries,
            next: (last < head).then_some(last),
            head,
            chain: self.log_verdict(),
        }))
    }
}

fn matches(entry: &AuditEntry, needle: &str) -> bool {
    let actor = &entry.actor;
    let texts = [
        entry.action.word(),
        &entry.subject,
        &entry.reason,
        &actor.os_user,
        actor.cashier.as_ref().map_or("", Email::as_str),
        actor.address.as_deref().unwrap_or_default(),
        entry.organization.as_ref().map_or("", Slug::as_str),
    ];
    texts.iter().any(|text| text.to_lowercase().contains(needle))
}
