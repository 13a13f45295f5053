//! How the store and what guards it is: one answer for the console's health line, `doctor` and the daemon.
//!
//! What opening mended is also written to the audit log, once: by the account that the process runs as.

use chrono::TimeDelta;

use super::commit::{Changes, Note};
use super::error::Error;
use super::ports::Notice;
use super::response::{Alarm, Health, Level, Noticed, RefusalsView};
use super::{Service, lock};
use crate::domain::audit::Action;
use crate::domain::audit::chain::Verdict;
use crate::domain::recovery::LastBackup;

/// The age from which a backup is too old.
const OLD_BACKUP: TimeDelta = TimeDelta::days(7);
/// The time that a new store has for its first backup.
const FIRST_BACKUP: TimeDelta = TimeDelta::days(1);

/// From so many refused verifications a minute on, somebody should know.
const MANY_REFUSALS: u64 = 60;

impl Service {
    pub(super) fn health(&self) -> Health {
        let store = self.ports.store.health();
        let rollback = self.found.rollback();
        let mut alarms = Vec::new();
        if rollback.is_some() {
            alarms.push(Alarm {
                level: Level::Critical,
                kind: "rolled_back".into(),
                message: "an older state of the store is in the place of a newer one".to_owned(),
                hint: "put the newer copy back, or have an admin accept this one".to_owned(),
            });
        }
        alarms.extend(
            self.log_verdict()
                .and_then(|verdict| of_log(verdict, rollback.is_some())),
        );
        let clock = self.clock_view();
        alarms.extend(self.clock_alarm(&clock));
        alarms.extend(of_memory(self.ports.sealer.is_in_locked_memory()));
        let recovery = self.backups();
        if let Some(hold) = &recovery.hold {
            alarms.push(Alarm {
                level: Level::Critical,
                kind: "tokens_held".into(),
                message: format!(
                    "a backup of {} was restored: its tokens are refused until an admin releases them",
                    hold.backup_at
                ),
                hint: "revoke what was revoked after the backup, then: strongroom token release --all"
                    .to_owned(),
            });
        }
        let refusals = self.refusals.view(self.time.latest());
        alarms.extend(of_refusals(&refusals));
        alarms.extend(self.erasures.missing());
        alarms.extend(self.erasures.alarm());
        alarms.extend(store.faults.iter().map(|fault| of_fault(fault)));
        alarms.extend(self.backup_alarm(recovery.backups.last.as_ref()));
        // The gravest first; else in this order.
        alarms.sort_by_key(|alarm| std::cmp::Reverse(alarm.level));
        Health {
            now: self.now(),
            opened_at: self.opened_at,
            notices: self.ports.store.opening().notices.iter().map(noticed).collect(),
            store,
            clock,
            log: self.log_verdict(),
            rollback,
            recovery,
            refusals,
            alarms,
        }
    }

    /// Backups are made daily; a new store has a day for its first.
    fn backup_alarm(&self, last: Option<&LastBackup>) -> Option<Alarm> {
        let now = self.now();
        let warning = |kind: &'static str, message| Alarm {
            level: Level::Warning,
            kind: kind.into(),
            message,
            hint: "run: strongroom backup, and have it run daily".to_owned(),
        };
        if let Some(last) = last {
            let days = now.since(last.at).num_days();
            return (now.since(last.at) > OLD_BACKUP)
                .then(|| warning("backup_old", format!("the last backup is {days} days old")));
        }
        let registry = self.registry();
        let first = registry
            .organizations
            .iter()
            .map(|(first, _)| first.created_at)
            .min()?;
        (now.since(first) > FIRST_BACKUP).then(|| warning("no_backup", "no backup was ever made".to_owned()))
    }

    /// Writes to the audit log what opening mended or missed, if that is not there yet.
    ///
    /// # Errors
    /// The store takes nothing at the moment; it can be tried again.
    pub(super) fn log_opening(&self) -> Result<(), Error> {
        let mut writer = self.writer();
        // What is mended later is told like what opening mended.
        let notices = self.ports.store.opening().notices;
        let mut logged = lock(&self.logged_notices);
        let unlogged = notices.get(*logged..).unwrap_or_default();
        // An empty store has nothing that could be missing; an older state takes no entry before it is accepted.
        if unlogged.is_empty() || writer.sequence == 0 || self.found.rollback().is_some() {
            return Ok(());
        }
        let changes = Changes {
            notes: unlogged.iter().filter_map(entry).collect(),
            ..Changes::default()
        };
        if !changes.notes.is_empty() {
            self.commit(&mut writer, &self.ports.account, None, changes)?;
        }
        *logged = notices.len();
        Ok(())
    }
}

/// A log that is not what was written. That an older state has a shorter one is no news.
fn of_log(verdict: Verdict, is_older: bool) -> Option<Alarm> {
    let (kind, message) = match verdict {
        Verdict::Altered(altered) => ("log_altered", format!("the audit log was altered: {altered}")),
        Verdict::Truncated { to, was } if !is_older => (
            "log_truncated",
            format!("the audit log ends with entry {to}, and there was an entry {was}"),
        ),
        _ => return None,
    };
    Some(Alarm {
        level: Level::Critical,
        kind: kind.into(),
        message,
        hint: "keep a copy of data and state directory, and find out who could write there; run: strongroom audit verify"
            .to_owned(),
    })
}

/// Keys that may be swapped out.
fn of_memory(is_locked: bool) -> Option<Alarm> {
    (!is_locked).then(|| Alarm {
        level: Level::Warning,
        kind: "memory_not_locked".into(),
        message: "the keys are in memory that may be swapped out: no more of it may be locked".to_owned(),
        hint: "raise RLIMIT_MEMLOCK (LimitMEMLOCK=1M in the unit), or turn swap off".to_owned(),
    })
}

/// Somebody guesses, or a service goes on with a token that ended.
fn of_refusals(refusals: &RefusalsView) -> Option<Alarm> {
    let most = refusals
        .sources
        .first()
        .map_or_else(String::new, |most| format!(", most from {}", most.source));
    (refusals.last_minute >= MANY_REFUSALS).then(|| Alarm {
        level: Level::Warning,
        kind: "verifications_refused".into(),
        message: format!(
            "{} refused verifications in the last minute{most}",
            grouped(refusals.last_minute)
        ),
        hint: "give that service a token that works, or keep that address out".to_owned(),
    })
}

/// `1,204`.
fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A fault says what to do after a semicolon.
fn of_fault(fault: &str) -> Alarm {
    let (message, hint) = fault
        .split_once("; ")
        .unwrap_or((fault, "run: strongroom doctor"));
    Alarm {
        level: Level::Critical,
        kind: "store_fault".into(),
        message: message.to_owned(),
        hint: hint.to_owned(),
    }
}

fn noticed(notice: &Notice) -> Noticed {
    let (kind, message) = match notice {
        Notice::TakenOver => (
            "taken_over",
            "a store of an earlier version got its journal, checkpoint and key slots".to_owned(),
        ),
        Notice::Replayed(frames) => (
            "replayed",
            format!(
                "after a crash the newest commits ({frames}) were taken from the journal: nothing is lost"
            ),
        ),
        Notice::Rebuilt(why) => (
            "rebuilt",
            format!("the database was rebuilt from checkpoint and journal: {why}"),
        ),
        Notice::TornFrame(sequence) => (
            "torn_commit_dropped",
            format!("commit {sequence} was cut off before anybody was told of it, and was removed"),
        ),
        Notice::NoAnchor => (
            "anchor_missing",
            "there was no anchor: an older copy put back could not have been noticed".to_owned(),
        ),
        Notice::SlotsMended => (
            "slots_mended",
            "one copy of the key slots was damaged or behind, and was written anew from the other".to_owned(),
        ),
        Notice::CheckpointReplaced(why) => (
            "checkpoint_replaced",
            format!("a checkpoint was not what was written, and another was made: {why}"),
        ),
        Notice::UsageLost => (
            "usage_lost",
            "usage could not be read, and is counted anew".to_owned(),
        ),
    };
    Noticed {
        kind: kind.into(),
        message,
    }
}

/// What deserves an entry: everything but a replay, which follows every crash and loses nothing.
fn entry(notice: &Notice) -> Option<Note> {
    let (action, subject) = match notice {
        Notice::Replayed(_) => return None,
        Notice::TakenOver => (Action::StoreTakenOver, "store"),
        Notice::Rebuilt(_) => (Action::StoreRebuilt, "database"),
        Notice::TornFrame(_) => (Action::TornCommitDropped, "journal"),
        Notice::NoAnchor => (Action::AnchorMissing, "anchor"),
        Notice::SlotsMended => (Action::SlotsMended, "key slots"),
        Notice::CheckpointReplaced(_) => (Action::CheckpointReplaced, "checkpoint"),
        Notice::UsageLost => (Action::UsageLost, "usage"),
    };
    Some(Note::done(action, None, subject).because(noticed(notice).message))
}
