//! The time that can be trusted: it follows the wall clock while that agrees with the clock that counts since the boot.
//!
//! - The *line* is what the boot clock says of the time: where it began, and since then every millisecond that passed.
//!   The wall clock *agrees* while it is within an hour of the line, all its steps since the boot taken together.
//! - Trusted time never goes back. While the wall clock agrees, it is the wall clock; a wall clock that was set back
//!   (within the hour) is waited for at half the pace, so that nothing stands still meanwhile and nothing comes back.
//! - A wall clock that does not agree has *jumped*: that is an alarm, and trusted time goes on with the line. The alarm ends
//!   when the wall clock agrees again, or when an admin confirms what it shows.
//! - Confirmed ahead, trusted time goes there, for good: what expires by it has expired. Confirmed back, it stays where it
//!   is and waits at half the pace, like after a small step: a token that was refused stays refused, and one that lives
//!   lives at most twice as long by the wall.
//! - After a boot there is no line to compare with: a wall clock is taken from an hour before the recorded time up to 31
//!   days after it. Any other is an alarm, until it comes there.
//! - Whoever judges a token takes the later of wall clock and trusted time; whatever is written down is trusted time.
//!
//! So no token comes back by a clock that was set, and none is lost for good: only what trusted time reached has ended.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::time::Timestamp;

/// How far the wall clock may be from the line.
const TOLERANCE: TimeDelta = TimeDelta::hours(1);
/// How long a machine may have been off, so that nobody has to confirm.
const UNSEEN: TimeDelta = TimeDelta::days(31);

/// What both clocks show at one moment.
#[derive(Debug, Clone, Copy)]
pub struct Reading {
    /// The wall clock.
    pub wall: Timestamp,
    /// Milliseconds since the boot (CLOCK_BOOTTIME).
    pub since_boot: u64,
}

/// A recorded time: what the next process goes on from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeMark {
    /// Trusted time.
    pub at: Timestamp,
    /// Which boot of the machine; all zeros where nobody can tell.
    pub boot: [u8; 16],
    /// Milliseconds since that boot when the line shows `at`; without a line, when `at` was trusted time.
    pub since_boot: u64,
    /// Whether there was an alarm.
    pub agreement: Agreement,
}

/// Whether the wall clock can be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Agreement {
    /// It agrees with the line.
    Agreed,
    /// It is off the line: alarm.
    Jumped,
    /// There is no line since the boot, and it is too far from the recorded time: alarm.
    Unproven,
}

/// A wall clock that does not agree, when it was first seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jump {
    /// What it should have shown.
    pub expected: Timestamp,
    /// What it showed.
    pub wall: Timestamp,
}

/// Trusted time, from one reading of the clocks to the next.
#[derive(Debug, Clone)]
pub struct TrustedTime {
    at: Timestamp,
    /// The boot clock's reading that belongs to `at`.
    since_boot: i64,
    /// What the boot clock is behind the time.
    line: Option<i64>,
    /// The wall clock was set back: it is waited for at half the pace.
    is_waiting: bool,
    jump: Option<Jump>,
}

impl TrustedTime {
    /// Goes on from what was recorded: the mark, and the newest entry of the audit log, which may be younger.
    #[must_use]
    pub fn resume(
        mark: Option<TimeMark>,
        newest_entry: Option<Timestamp>,
        boot: [u8; 16],
        reading: Reading,
    ) -> Self {
        let since_boot = signed(reading.since_boot);
        let mut time = Self {
            at: reading.wall,
            since_boot,
            line: None,
            is_waiting: true,
            jump: None,
        };
        let recorded = mark.map(|mark| mark.at).max(newest_entry);
        time.at = recorded.unwrap_or(reading.wall);
        if let Some(mark) = mark {
            let is_same_boot = mark.boot == boot && boot != [0; 16];
            let then = signed(mark.since_boot);
            match mark.agreement {
                Agreement::Agreed | Agreement::Jumped if is_same_boot => {
                    time.line = Some(mark.at.millis().saturating_sub(then));
                }
                Agreement::Unproven if is_same_boot => {
                    time.at = time.at.max(later(mark.at, since_boot - then));
                }
                _ => {}
            }
            if mark.agreement != Agreement::Agreed {
                time.jump = Some(Jump {
                    expected: time.expected(since_boot),
                    wall: reading.wall,
                });
            }
        }
        time.follow(reading);
        time
    }

    /// Takes a reading; what it finds has jumped, if that is new.
    pub fn follow(&mut self, reading: Reading) -> Option<Jump> {
        let since_boot = signed(reading.since_boot).max(self.since_boot);
        let elapsed = since_boot - self.since_boot;
        let expected = self.expected(since_boot);
        let ahead = reading.wall.since(expected);
        let most = if self.line.is_some() { TOLERANCE } else { UNSEEN };
        if ahead < -TOLERANCE || ahead > most {
            self.at = later(self.at, elapsed).max(expected);
            self.since_boot = since_boot;
            let is_new = self.jump.is_none();
            let jump = self.jump.get_or_insert(Jump {
                expected,
                wall: reading.wall,
            });
            return is_new.then_some(*jump);
        }
        self.jump = None;
        self.line
            .get_or_insert(reading.wall.millis().saturating_sub(since_boot));
        // What passed until a step back was found passed at the full pace.
        let passed = if self.is_waiting { elapsed / 2 } else { elapsed };
        let waited = later(self.at, passed);
        self.since_boot += if self.is_waiting { 2 * passed } else { passed };
        self.is_waiting = reading.wall < waited;
        if self.is_waiting {
            self.at = waited;
        } else {
            self.at = reading.wall;
            self.since_boot = since_boot;
        }
        None
    }

    /// An admin says that the wall clock is right: the line goes through what it shows.
    pub fn confirm(&mut self, reading: Reading) {
        self.follow(reading);
        self.line = Some(reading.wall.millis().saturating_sub(signed(reading.since_boot)));
        self.jump = None;
        self.is_waiting = reading.wall < self.at;
        self.at = self.at.max(reading.wall);
    }

    /// Trusted time at the last reading.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// The alarm, while there is one.
    #[must_use]
    pub const fn jump(&self) -> Option<Jump> {
        self.jump
    }

    /// What the wall clock should show now: what the line says, without one what passed since the recorded time.
    #[must_use]
    pub fn expected(&self, since_boot: i64) -> Timestamp {
        match self.line {
            Some(line) => Timestamp::from_millis(line.saturating_add(since_boot)),
            None => later(self.at, since_boot - self.since_boot),
        }
    }

    /// What to record.
    #[must_use]
    pub fn mark(&self, boot: [u8; 16]) -> TimeMark {
        let since_boot = match self.line {
            Some(line) => self.at.millis().saturating_sub(line),
            None => self.since_boot,
        };
        TimeMark {
            at: self.at,
            boot,
            // Trusted time begins at or after the line and loses at most half: it was never before the boot.
            since_boot: u64::try_from(since_boot).unwrap_or_default(),
            agreement: match (self.jump, self.line) {
                (None, _) => Agreement::Agreed,
                (Some(_), Some(_)) => Agreement::Jumped,
                (Some(_), None) => Agreement::Unproven,
            },
        }
    }
}

fn signed(millis: u64) -> i64 {
    i64::try_from(millis).unwrap_or(i64::MAX)
}

fn later(at: Timestamp, millis: i64) -> Timestamp {
    at.plus(TimeDelta::milliseconds(millis))
}
