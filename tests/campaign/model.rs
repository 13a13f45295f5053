//! What must be in a store, from what a child told of its commits: all that was acknowledged, and of the one commit that
//! was not either all or nothing.

use std::collections::BTreeMap;

use strongroom::domain::time::Timestamp;
use strongroom::service::ports::{Record, SlotId};
use strongroom::store::record;

use crate::recorder::contents;
use crate::report::{Answer, Change, Contents, Report};

#[derive(Debug, Clone, Default)]
pub(crate) struct Model {
    records: BTreeMap<Vec<u8>, Vec<u8>>,
    audit: BTreeMap<u64, Vec<u8>>,
    /// Begun, and not known to be there: one of them may be, at most, because each expects what was before all of them.
    pending: Vec<Change>,
    /// Commits of the command that is not answered yet.
    commits: u32,
    failures: u32,
    /// Ids and texts of tokens that somebody has.
    tokens: Vec<([u8; 16], String)>,
    /// Wrapped data keys that are in use.
    slots: BTreeMap<SlotId, Vec<u8>>,
    /// Wrapped data keys whose destruction was confirmed.
    destroyed: Vec<Vec<u8>>,
    /// The latest time that anybody spoke of.
    pub(crate) now: i64,
    /// Commits that returned.
    pub(crate) acknowledged: u64,
    /// Commits that were found whole although nobody had heard so.
    pub(crate) unacknowledged: u64,
}

/// What an error begins with when only the audit log differs.
pub(crate) const AUDIT_ONLY: &str = "audit log only: ";

/// More of them are not presented at each open.
const TOKENS: usize = 60;

impl Model {
    pub(crate) fn new(now: i64) -> Self {
        Self {
            now,
            ..Self::default()
        }
    }

    /// Follows one report.
    ///
    /// # Errors
    /// It contradicts what came before: something was lost, or came back.
    pub(crate) fn follow(&mut self, report: Report) -> Result<(), String> {
        match report {
            Report::Loaded(found) => return self.compare(found),
            Report::Looked { now, answers, shut } => return self.judge(now, &answers, shut),
            Report::Try(change) => self.pending.push(change),
            Report::Done => {
                let change = self.pending.pop().ok_or("a commit returned that nobody began")?;
                self.pending.clear();
                self.apply(change);
                self.commits += 1;
                self.acknowledged += 1;
            }
            Report::Failed { unknown, .. } => {
                self.failures += 1;
                if !unknown {
                    self.pending.pop();
                }
            }
            Report::Asked(_) => (self.commits, self.failures) = (0, 0),
            Report::Answered(None) if self.failures > 0 && self.commits == 0 => {
                return Err(
                    "a command was answered with success, and all that it committed had failed".into(),
                );
            }
            Report::Answered(Some(error)) if self.commits > 0 && !error.starts_with("Unauthenticated") => {
                return Err(format!(
                    "a command committed, and was answered with an error: {error}"
                ));
            }
            Report::Slot(slot, wrapped) => drop(self.slots.insert(slot, wrapped)),
            Report::Retained(keep) => {
                let (kept, destroyed) = std::mem::take(&mut self.slots)
                    .into_iter()
                    .partition(|(slot, _)| keep.contains(slot));
                self.slots = kept;
                self.destroyed.extend(BTreeMap::into_values(destroyed));
            }
            Report::Minted(id, text) => self.tokens.push((id, text)),
            Report::Clock(now) => self.now = self.now.max(now),
            Report::Panicked(text) => return Err(format!("a panic escaped: {text}")),
            Report::Answered(_)
            | Report::Opened { .. }
            | Report::Refused(_)
            | Report::Health(_)
            | Report::Ended => {}
        }
        Ok(())
    }

    fn apply(&mut self, change: Change) {
        for (key, value) in change.records {
            match value {
                Some(value) => self.records.insert(key, value),
                None => self.records.remove(&key),
            };
        }
        self.audit.extend(change.audit);
    }

    pub(crate) fn contents(&self) -> Contents {
        contents(&self.records, &self.audit)
    }

    fn compare(&mut self, found: Contents) -> Result<(), String> {
        let expected = self.contents();
        let pending = std::mem::take(&mut self.pending);
        if found == expected {
            return Ok(());
        }
        let mut outcomes = vec![self.clone()];
        outcomes.extend(pending.into_iter().map(|change| {
            let mut other = self.clone();
            other.apply(change);
            other.unacknowledged += 1;
            other
        }));
        if let Some(other) = outcomes.iter().find(|other| other.contents() == found) {
            *self = other.clone();
            return Ok(());
        }
        let log = match outcomes
            .iter()
            .any(|other| other.contents().records == found.records)
        {
            true => AUDIT_ONLY,
            false => "",
        };
        Err(format!(
            "{log}{} records and {} audit entries were found, {} and {} were acknowledged",
            found.records.0, found.audit.0, expected.records.0, expected.audit.0,
        ))
    }

    /// The tokens to present, the newest ones and some of the first.
    pub(crate) fn presented(&self) -> Vec<String> {
        self.chosen().map(|(_, text)| text.clone()).collect()
    }

    fn chosen(&self) -> impl Iterator<Item = &([u8; 16], String)> {
        let skipped = TOKENS / 2..self.tokens.len().saturating_sub(TOKENS / 2).max(TOKENS / 2);
        let chosen = self.tokens.iter().enumerate();
        chosen
            .filter(move |(at, _)| !skipped.contains(at))
            .map(|(_, token)| token)
    }

    fn judge(&self, now: i64, answers: &[Answer], shut: u32) -> Result<(), String> {
        for ((id, _), answer) in self.chosen().zip(answers) {
            let expected = self.expected(id, now);
            if *answer != expected {
                return Err(format!(
                    "a token is answered with {answer:?}, and should be {expected:?}"
                ));
            }
        }
        if shut > 0 {
            return Err(format!("the private keys of {shut} organizations do not open"));
        }
        Ok(())
    }

    fn expected(&self, id: &[u8; 16], now: i64) -> Answer {
        let found = self.records.iter().find(|(key, _)| key.ends_with(id));
        match found.map(|(key, value)| record::decode(key, value).unwrap().0) {
            Some(Record::Token(token)) => match token.life.stage(Timestamp::from_millis(now)).is_live() {
                true => Answer::Good,
                false => Answer::Refused,
            },
            _ => Answer::Unknown,
        }
    }

    /// The same store as of the time before key slots: what its private keys were sealed as is to go.
    pub(crate) fn without_slots(&self, sealed: Vec<Vec<u8>>) -> Self {
        let mut model = self.clone();
        model.slots.clear();
        model.destroyed.extend(sealed);
        model
    }

    /// What no file may hold any more.
    pub(crate) fn destroyed(&self) -> &[Vec<u8>] {
        &self.destroyed
    }
}
