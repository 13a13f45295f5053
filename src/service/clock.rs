//! The service's time: which of the clocks is believed, when, and what is recorded of it (`domain::trusted_time`).
//!
//! - [`Service::now`] judges: the later of wall clock and trusted time. Verify asks for it each time, so the clocks are
//!   compared only when the wall clock moved by a second or went back since the last look; no lock is waited for.
//! - [`Service::trusted_now`] is for changes: what is written down, and waits that nobody may hurry.
//! - A jump is an entry in the audit log and an alarm in `Health`; an admin confirms it, or the clock is put right.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, TryLockError};

use chrono::TimeDelta;

use super::commit::{Changes, Note};
use super::error::{Code, Error};
use super::ports::{Clock, TimeMark};
use super::request::{Credentials, Show, Sort};
use super::response::{Alarm, ClockView, Event, Level, Response};
use super::{Actor, Ports, Service, lock};
use crate::domain::audit::Action;
use crate::domain::cashier::Role;
use crate::domain::time::Timestamp;
use crate::domain::trusted_time::{Agreement, Jump, Reading, TrustedTime};

/// Milliseconds of the wall clock after which the clocks are compared again.
const BETWEEN_LOOKS: u64 = 1_000;
/// How far trusted time moves before it is recorded again.
const BETWEEN_MARKS: TimeDelta = TimeDelta::seconds(10);
/// How far the wall clock may move between an admin's look and the confirmation.
const WHILE_CONFIRMING: TimeDelta = TimeDelta::hours(1);

/// Trusted time, and what of it verify reads without waiting.
pub(super) struct Timekeeper {
    trusted: Mutex<TrustedTime>,
    boot: [u8; 16],
    /// Trusted time at the last look.
    at: AtomicI64,
    /// What the wall clock showed then.
    seen: AtomicI64,
    kept: Mutex<Kept>,
}

/// What others know already.
struct Kept {
    mark: Option<TimeMark>,
    /// The present jump is in the audit log.
    is_logged: bool,
}

impl Timekeeper {
    /// Goes on from what the store recorded, or from its newest audit entry.
    pub(super) fn resume(ports: &Ports, newest_entry: Option<Timestamp>) -> Self {
        let (clock, mark) = (&*ports.clock, ports.store.recorded_time());
        let boot = clock.boot();
        let trusted = TrustedTime::resume(mark, newest_entry, boot, reading(clock));
        let is_logged = mark.is_some_and(|mark| mark.agreement != Agreement::Agreed);
        Self {
            at: AtomicI64::new(trusted.at().millis()),
            seen: AtomicI64::new(clock.now().millis()),
            trusted: Mutex::new(trusted),
            boot,
            kept: Mutex::new(Kept { mark, is_logged }),
        }
    }

    /// Compares the clocks.
    fn look(&self, clock: &dyn Clock) -> MutexGuard<'_, TrustedTime> {
        let trusted = lock(&self.trusted);
        self.compare(clock, trusted)
    }

    fn compare<'a>(
        &self,
        clock: &dyn Clock,
        mut trusted: MutexGuard<'a, TrustedTime>,
    ) -> MutexGuard<'a, TrustedTime> {
        let reading = reading(clock);
        trusted.follow(reading);
        self.show(&trusted, reading);
        trusted
    }

    fn show(&self, trusted: &TrustedTime, reading: Reading) {
        self.at.store(trusted.at().millis(), Ordering::Release);
        self.seen.store(reading.wall.millis(), Ordering::Release);
    }

    /// Trusted time at the last look; there is a new one if the wall clock moved on by a second, or back.
    fn not_before(&self, clock: &dyn Clock, wall: Timestamp) -> Timestamp {
        let moved = wall.millis().wrapping_sub(self.seen.load(Ordering::Acquire));
        // A step back is a very large number.
        if moved.cast_unsigned() >= BETWEEN_LOOKS {
            match self.trusted.try_lock() {
                Ok(trusted) => drop(self.compare(clock, trusted)),
                Err(TryLockError::Poisoned(poisoned)) => drop(self.compare(clock, poisoned.into_inner())),
                // Somebody else is looking at this moment.
                Err(TryLockError::WouldBlock) => {}
            }
        }
        self.latest()
    }

    /// Trusted time at the last look.
    pub(super) fn latest(&self) -> Timestamp {
        Timestamp::from_millis(self.at.load(Ordering::Acquire))
    }
}

fn reading(clock: &dyn Clock) -> Reading {
    Reading {
        wall: clock.now(),
        since_boot: u64::try_from(clock.monotonic().as_millis()).unwrap_or(u64::MAX),
    }
}

impl Service {
    /// The time to judge by.
    pub(super) fn now(&self) -> Timestamp {
        let clock = &*self.ports.clock;
        let wall = clock.now();
        wall.max(self.time.not_before(clock, wall))
    }

    /// The time to write down.
    pub(super) fn trusted_now(&self) -> Timestamp {
        self.time.look(&*self.ports.clock).at()
    }

    /// Both clocks, as people see them.
    pub(super) fn clock_view(&self) -> ClockView {
        let (trusted, jump) = {
            let trusted = self.time.look(&*self.ports.clock);
            (trusted.at(), trusted.jump())
        };
        let wall = self.ports.clock.now();
        ClockView {
            trusted,
            wall,
            jump,
            would_expire: match jump {
                Some(_) if wall > trusted => self.live(trusted).saturating_sub(self.live(wall)),
                _ => 0,
            },
        }
    }

    /// How many tokens work at an instant.
    fn live(&self, at: Timestamp) -> usize {
        let organizations = self.registry().organizations.len();
        let live = |place| {
            let place = u32::try_from(place).unwrap_or(u32::MAX);
            let order = (Sort::Expiry, false);
            self.index
                .select(place, (Show::Live, ""), order, at)
                .counts
                .live()
        };
        (0..organizations).map(live).sum()
    }

    /// The alarm about the clock, while there is one.
    pub(super) fn clock_alarm(&self, clock: &ClockView) -> Option<Alarm> {
        clock.jump.map(|jump| Alarm {
            level: Level::Critical,
            kind: "clock_jumped".into(),
            message: format!(
                "the wall clock shows {}, {} the time that can be trusted, {}",
                clock.wall,
                distance(clock.wall.since(clock.trusted)),
                clock.trusted
            ),
            hint: format!(
                "put the clock right; or, if {} is right, have an admin confirm it: strongroom clock confirm",
                if jump.wall > jump.expected {
                    "the later time"
                } else {
                    "the earlier time"
                }
            ),
        })
    }

    /// An admin says that the wall clock is right, as it was shown: it is believed from now on.
    pub(super) fn confirm_clock(
        &self,
        actor: &Actor,
        credentials: &Credentials,
        shown: Timestamp,
    ) -> Result<Response, Error> {
        let proven = self.proven(actor, credentials, Role::Admin)?;
        let mut writer = self.writer();
        let acting = self.still_proven(&proven, Role::Admin)?;
        let clock = self.clock_view();
        if clock.jump.is_none() {
            return Err(Error::new(
                Code::Conflict,
                "the wall clock agrees with the time that can be trusted",
                "there is nothing to confirm",
            ));
        }
        if clock.wall.since(shown).abs() > WHILE_CONFIRMING {
            return Err(Error::new(
                Code::Conflict,
                format!(
                    "the wall clock shows {} now, and {shown} was confirmed",
                    clock.wall
                ),
                "nothing was changed; look at it again",
            ));
        }
        let reason = format!(
            "{} the time before, {}",
            distance(clock.wall.since(clock.trusted)),
            clock.trusted
        );
        let note = Note::done(Action::ClockConfirmed, None, clock.wall.to_string()).because(reason);
        let changes = Changes {
            notes: vec![note],
            ..Changes::default()
        };
        // First the entry, with the time that could be trusted until now.
        self.commit(&mut writer, actor, Some(&acting), changes)?;
        let mut trusted = self.time.look(&*self.ports.clock);
        let reading = reading(&*self.ports.clock);
        trusted.confirm(reading);
        self.time.show(&trusted, reading);
        drop(trusted);
        drop(writer);
        // What cannot be recorded now is recorded by the next maintenance.
        let _ = self.keep_time(true);
        Ok(Response::Done)
    }

    /// Writes down that the clock jumped, once, and records how far trusted time came: when it moved, and `always`.
    ///
    /// # Errors
    /// The store takes no entry at the moment; it is tried again.
    pub(super) fn keep_time(&self, always: bool) -> Result<(), Error> {
        let mut kept = lock(&self.time.kept);
        let (mark, jump) = {
            let trusted = self.time.look(&*self.ports.clock);
            (trusted.mark(self.time.boot), trusted.jump())
        };
        let logged = match jump {
            Some(jump) if !kept.is_logged => self.log_jump(jump),
            Some(_) => Ok(true),
            None => {
                if kept.is_logged {
                    self.feed.publish(&Event::Changed);
                }
                Ok(false)
            }
        };
        kept.is_logged = *logged.as_ref().unwrap_or(&false);
        let is_due = always
            || kept.mark.is_none_or(|kept| {
                mark.at.since(kept.at) >= BETWEEN_MARKS
                    || (mark.boot, mark.agreement) != (kept.boot, kept.agreement)
            });
        if is_due {
            self.ports.store.record_time(mark);
            kept.mark = Some(mark);
        }
        logged.map(|_| ())
    }

    /// Whether it is in the audit log now; a store that is still empty has none.
    fn log_jump(&self, jump: Jump) -> Result<bool, Error> {
        let mut writer = self.writer();
        if writer.sequence == 0 {
            return Ok(false);
        }
        let reason = format!(
            "{} what was expected, {}",
            distance(jump.wall.since(jump.expected)),
            jump.expected
        );
        let note = Note::done(Action::ClockJumped, None, jump.wall.to_string()).because(reason);
        let changes = Changes {
            notes: vec![note],
            ..Changes::default()
        };
        self.commit(&mut writer, &self.ports.account, None, changes)?;
        Ok(true)
    }
}

/// `2 h after`, `3652 days before`.
fn distance(delta: TimeDelta) -> String {
    let (size, side) = (
        delta.abs(),
        if delta < TimeDelta::zero() {
            "before"
        } else {
            "after"
        },
    );
    match size.num_hours() {
        0 => format!("{} s {side}", size.num_seconds()),
        hours @ 1..72 => format!("{hours} h {side}"),
        _ => format!("{} days {side}", size.num_days()),
    }
}
