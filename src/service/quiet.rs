//! *Finish when quiet*: the old token of a rotation retires as soon as nobody calls with it any more
//! (`domain::token::quiet` decides), at the end of its overlap at the latest.
//!
//! Silence means something only while this process is asked about tokens and writes down who asked. That begins with
//! [`Service::begin_counting`], and anew when a turn comes late (a host that slept, a clock put forward) or when a token
//! works again that was refused for a while. The cut is a change of its own, by the account of the process.

use std::sync::Mutex;

use chrono::TimeDelta;

use super::commit::{Changes, Note};
use super::error::Error;
use super::index::Slot;
use super::mint::subject;
use super::ports::Record;
use super::response::FinishView;
use super::{Service, lock};
use crate::domain::audit::Action;
use crate::domain::time::Timestamp;
use crate::domain::token::quiet::{Quiet, Silence};
use crate::domain::token::{Finish, Status, Token};

/// Turns further apart than this do not belong to one stretch.
const BETWEEN_TURNS: TimeDelta = TimeDelta::minutes(1);

/// Since when uses have been counted without a break; nothing while nobody counts.
#[derive(Default)]
pub(super) struct Counting(Mutex<Option<Stretch>>);

#[derive(Clone, Copy)]
struct Stretch {
    since: Timestamp,
    until: Timestamp,
}

impl Counting {
    fn begin(&self, now: Timestamp) {
        *lock(&self.0) = Some(Stretch {
            since: now,
            until: now,
        });
    }

    /// Counts go on, but what was silent until now was perhaps only refused.
    pub(super) fn begin_anew(&self, now: Timestamp) {
        if let Some(stretch) = &mut *lock(&self.0) {
            stretch.since = now;
        }
    }

    fn turn(&self, now: Timestamp) -> Option<Timestamp> {
        let mut counting = lock(&self.0);
        let stretch = counting.as_mut()?;
        if now.since(stretch.until) > BETWEEN_TURNS {
            stretch.since = now;
        }
        stretch.until = now;
        Some(stretch.since)
    }

    fn since(&self) -> Option<Timestamp> {
        lock(&self.0).map(|stretch| stretch.since)
    }
}

impl Service {
    /// From now on whoever is shown a token asks this process: that nobody asks about one means that nobody uses it.
    pub fn begin_counting(&self) {
        self.counting.begin(self.trusted_now());
    }

    /// Retires the old tokens that are quiet.
    pub(super) fn finish_quiet(&self) -> Result<(), Error> {
        let now = self.trusted_now();
        if self.found.rollback().is_some() {
            // Nobody's token is good: nobody's silence means anything.
            self.counting.begin_anew(now);
        }
        let Some(since) = self.counting.turn(now) else {
            return Ok(());
        };
        for slot in self.index.finishing(now) {
            if self.is_quiet(slot, since, now) {
                self.retire_quiet(slot, since)?;
            }
        }
        Ok(())
    }

    fn is_quiet(&self, slot: Slot, counted_since: Timestamp, now: Timestamp) -> bool {
        // What costs nothing first: the rest reads the store.
        let (_, _, last) = self.index.read(slot, super::index::Entry::counts);
        if now.since(last.unwrap_or(counted_since).max(counted_since)) < TimeDelta::hours(1) {
            return false;
        }
        let (old, _) = self.index.token_at(slot);
        self.index.status(slot, now) == Status::Retiring
            && self
                .silence(&old, slot, counted_since, now)
                .judge(self.is_successor_seen(&old), now)
                == Quiet::Yes
    }

    fn silence(&self, old: &Token, slot: Slot, counted_since: Timestamp, now: Timestamp) -> Silence {
        let hours = match old.finish {
            Finish::AtEnd => 0,
            Finish::WhenQuiet { hours } => hours,
        };
        let at_least = TimeDelta::hours(hours.into());
        let usage = self.usage_of(slot);
        Silence::of(old.life.minted_at, &usage, counted_since, at_least, now)
    }

    fn is_successor_seen(&self, old: &Token) -> bool {
        let slot = old.replaced_by.and_then(|id| self.index.slot(id));
        slot.is_some_and(|slot| {
            let (_, _, last) = self.index.read(slot, super::index::Entry::counts);
            last.is_some()
        })
    }

    fn retire_quiet(&self, slot: Slot, counted_since: Timestamp) -> Result<(), Error> {
        let mut writer = self.writer();
        let now = self.trusted_now();
        // It may have been used, or changed, while the lock was waited for.
        if !self.is_quiet(slot, counted_since, now) {
            return Ok(());
        }
        let (mut old, _) = self.index.token_at(slot);
        let silence = self.silence(&old, slot, counted_since, now);
        old.life.retires_at = Some(now);
        let reason = format!(
            "silent since {}, for longer than {} min",
            silence.since,
            silence.needed.num_minutes()
        );
        let note = Note::done(
            Action::TokenCutOverWhenQuiet,
            self.slug(old.organization),
            subject(&old),
        );
        let put = vec![Record::Token(old)];
        let changes = Changes::of(put, note.because(reason));
        self.commit(&mut writer, &self.ports.account, None, changes)
    }

    /// How far a retiring token is from being quiet; `None` for one that simply ends with its overlap.
    pub(super) fn finish_view(&self, old: &Token, slot: Slot, now: Timestamp) -> Option<FinishView> {
        let Finish::WhenQuiet { hours } = old.finish else {
            return None;
        };
        if self.index.status(slot, now) != Status::Retiring {
            return None;
        }
        let counted_since = self.counting.since();
        let silence = self.silence(old, slot, counted_since.unwrap_or(now), now);
        Some(FinishView {
            hours,
            counted: counted_since.is_some(),
            successor_seen: self.is_successor_seen(old),
            silent_since: silence.since,
            needed_seconds: silence.needed.num_seconds(),
            quiet_at: silence.quiet_at(),
        })
    }
}
