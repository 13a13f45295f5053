//! Whether the old token of a rotation is quiet: its successor has been seen in use, and it has itself been silent for
//! longer than it ever was in the last 30 days, for an hour at least.
//!
//! Whoever does not know does not call it quiet. A stretch in which nobody counted is no silence, so silence begins anew
//! with the counting; a gap over such a stretch stays as long as it looked. The time from minting to the first use is a
//! gap like others: it stands for what is not known of a young token, or of one whose counts were lost.

use chrono::TimeDelta;

use crate::domain::time::Timestamp;
use crate::domain::usage::{GAP_DAYS, Usage};

/// No silence is shorter than this.
const SHORTEST: TimeDelta = TimeDelta::hours(1);

/// What is known of an old token's silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Silence {
    /// When it began.
    pub since: Timestamp,
    /// How long it has to be exceeded.
    pub needed: TimeDelta,
}

/// Whether the old token may retire.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quiet {
    /// It is quiet.
    Yes,
    /// It is not, and why.
    No(Why),
}

/// Why an old token is not quiet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Nobody has called with the new one yet.
    SuccessorUnseen,
    /// It is not silent for long enough: it will be at this instant, if nobody calls.
    Heard(Timestamp),
}

impl Silence {
    /// The silence of a token minted at `minted_at`, used like `usage` says, where uses have been counted without a
    /// break from `counted_since` up to `now`, and the operator asked for `at_least`.
    #[must_use]
    pub fn of(
        minted_at: Timestamp,
        usage: &Usage,
        counted_since: Timestamp,
        at_least: TimeDelta,
        now: Timestamp,
    ) -> Self {
        let days = GAP_DAYS as i64;
        let recent = |day: i64| now.day() - day < days;
        let between = usage.gaps.iter().filter(|(day, _)| recent(*day));
        let longest = between.map(|(_, millis)| *millis).max().unwrap_or(0);
        let before_the_first = match usage.first {
            Some(first) if recent(first.day()) => first.since(minted_at),
            Some(_) => TimeDelta::zero(),
            // Nothing is known of how often it is used, but that it was not while somebody counted.
            None => counted_since.since(minted_at),
        };
        Self {
            since: usage.last.unwrap_or(minted_at).max(counted_since),
            needed: TimeDelta::milliseconds(longest)
                .max(before_the_first)
                .max(at_least)
                .max(SHORTEST),
        }
    }

    /// When it will have been silent for long enough, if nobody calls.
    #[must_use]
    pub fn quiet_at(&self) -> Timestamp {
        self.since.plus(self.needed).plus(TimeDelta::milliseconds(1))
    }

    /// Whether the token may retire at `now`; `successor_seen` says whether anybody ever called with the new one.
    pub fn judge(&self, successor_seen: bool, now: Timestamp) -> Quiet {
        if !successor_seen {
            Quiet::No(Why::SuccessorUnseen)
        } else if now < self.quiet_at() {
            Quiet::No(Why::Heard(self.quiet_at()))
        } else {
            Quiet::Yes
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;
    /// When the token of these tests was minted: the counting had begun before.
    const MINTED: i64 = 20_000 * DAY;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    /// The use of a token that was called at these instants after its minting.
    fn used(after: &[i64]) -> Usage {
        let mut usage = Usage::default();
        for after in after {
            usage.record("10.0.0.4", "", 1, at(MINTED + after));
        }
        usage
    }

    fn silence(usage: &Usage, counted_since: i64, now: i64) -> Silence {
        let (since, now) = (at(MINTED + counted_since), at(MINTED + now));
        Silence::of(at(MINTED), usage, since, TimeDelta::zero(), now)
    }

    #[test]
    fn it_is_quiet_once_it_was_silent_for_longer_than_ever() {
        let usage = used(&[0, 3 * HOUR, 4 * HOUR]);
        let silence = silence(&usage, -DAY, 5 * HOUR);
        assert_eq!(silence.needed, TimeDelta::hours(3));
        let end = at(MINTED + 7 * HOUR);
        assert_eq!(
            silence.judge(true, end),
            Quiet::No(Why::Heard(end.plus(TimeDelta::milliseconds(1))))
        );
        assert_eq!(
            silence.judge(true, end.plus(TimeDelta::milliseconds(1))),
            Quiet::Yes
        );
    }

    #[test]
    fn no_silence_of_an_hour_or_less_is_quiet() {
        let silence = silence(&used(&[0, 1000, 2000]), -DAY, HOUR);
        assert_eq!(silence.needed, TimeDelta::hours(1));
    }

    #[test]
    fn it_is_not_quiet_before_the_new_one_was_seen() {
        let silence = silence(&used(&[0]), -DAY, 90 * DAY);
        let far = at(MINTED + 90 * DAY);
        assert_eq!(silence.judge(false, far), Quiet::No(Why::SuccessorUnseen));
        assert_eq!(silence.judge(true, far), Quiet::Yes);
    }

    #[test]
    fn what_the_operator_asks_for_is_kept_too() {
        let usage = used(&[0, 3 * HOUR]);
        let asked = |hours| {
            Silence::of(
                at(MINTED),
                &usage,
                at(MINTED),
                TimeDelta::hours(hours),
                at(MINTED + DAY),
            )
        };
        assert_eq!(asked(2).needed, TimeDelta::hours(3));
        assert_eq!(asked(12).needed, TimeDelta::hours(12));
    }

    #[test]
    fn silence_begins_anew_with_the_counting() {
        let usage = used(&[0, MINUTE]);
        let after_a_crash = silence(&usage, 9 * HOUR, 9 * HOUR + 30 * MINUTE);
        assert_eq!(after_a_crash.since, at(MINTED + 9 * HOUR));
        assert_eq!(
            after_a_crash.judge(true, at(MINTED + 10 * HOUR)),
            Quiet::No(Why::Heard(at(MINTED + 10 * HOUR + 1)))
        );
    }

    #[test]
    fn gaps_of_more_than_thirty_days_ago_do_not_count() {
        let mut usage = used(&[0, 9 * HOUR]);
        for day in 1..=30 {
            usage.record("10.0.0.4", "", 1, at(MINTED + 9 * HOUR + day * DAY));
        }
        assert_eq!(
            silence(&usage, -DAY, 9 * HOUR + 30 * DAY).needed,
            TimeDelta::days(1)
        );
    }

    #[test]
    fn a_token_whose_counts_were_lost_is_as_good_as_unknown() {
        // Minted sixty days ago, and seen for the first time since the loss: its week-long gaps are not known.
        let usage = used(&[60 * DAY, 60 * DAY + MINUTE]);
        let silence = silence(&usage, 59 * DAY, 61 * DAY);
        assert_eq!(silence.needed, TimeDelta::days(60));
        // And one that was not seen at all since.
        let unused = Usage::default();
        assert_eq!(
            super::Silence::of(
                at(MINTED),
                &unused,
                at(MINTED + 59 * DAY),
                TimeDelta::zero(),
                at(MINTED + 61 * DAY)
            )
            .needed,
            TimeDelta::days(59)
        );
    }

    #[test]
    fn a_token_that_was_never_used_while_all_was_counted_is_quiet_after_an_hour() {
        let silence = silence(&Usage::default(), -DAY, DAY);
        assert_eq!((silence.since, silence.needed), (at(MINTED), TimeDelta::hours(1)));
    }
}
