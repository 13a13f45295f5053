//! Dates for people: how far away in words, and the exact instant where somebody wants to know.

use chrono::{FixedOffset, TimeDelta};

use crate::domain::time::Timestamp;
pub use crate::domain::time::span;

/// `in 3 d 4 h`, `8 min ago`, `just now`: two units at most, and only for what is still to come.
#[must_use]
pub fn relative(at: Timestamp, now: Timestamp) -> String {
    let delta = at.since(now);
    if delta.abs() < TimeDelta::seconds(1) {
        return "just now".to_owned();
    }
    if delta > TimeDelta::zero() {
        format!("in {}", span(delta))
    } else {
        let ago = delta.abs();
        let whole_days = TimeDelta::days(ago.num_days());
        format!(
            "{} ago",
            span(if whole_days.is_zero() { ago } else { whole_days })
        )
    }
}

/// `2026-11-26 18:14 UTC`, and the local time beside it where it differs.
#[must_use]
pub fn exact(at: Timestamp, utc_offset: i32) -> String {
    let utc = at.utc().format("%Y-%m-%d %H:%M UTC").to_string();
    match FixedOffset::east_opt(utc_offset) {
        Some(offset) if utc_offset != 0 => {
            let local = at.utc().with_timezone(&offset);
            format!("{utc} ({})", local.format("%d %b %H:%M local"))
        }
        _ => utc,
    }
}

/// `2026-11-26`.
#[must_use]
pub fn day(at: Timestamp) -> String {
    at.utc().format("%Y-%m-%d").to_string()
}

/// What is left of something: `3 d 4 h`, `21 h 51 min`, `51 min`, `40 s`. Two units, rounded down.
#[must_use]
pub fn left(delta: TimeDelta) -> String {
    let minutes = delta.num_minutes().max(0);
    match (minutes / 60, minutes % 60) {
        (0, _) => span(delta),
        (hours @ 1..24, 0) => format!("{hours} h"),
        (hours @ 1..24, minutes) => format!("{hours} h {minutes} min"),
        _ => span(delta),
    }
}

/// `14:02 UTC`.
#[must_use]
pub fn clock(at: Timestamp) -> String {
    at.utc().format("%H:%M UTC").to_string()
}

/// Thousands apart: `41,202`.
#[must_use]
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_the_units_that_people_think_in() {
        let cases = [
            (TimeDelta::seconds(40), "40 s"),
            (TimeDelta::minutes(8), "8 min"),
            (TimeDelta::hours(22), "22 h"),
            (TimeDelta::hours(76), "3 d 4 h"),
            (TimeDelta::days(3), "3 d"),
            (TimeDelta::days(12), "12 d"),
            (TimeDelta::days(70), "2 mo"),
            (TimeDelta::days(400), "1 y"),
        ];
        for (delta, words) in cases {
            assert_eq!(span(delta), words);
        }
    }

    #[test]
    fn the_direction_is_said() {
        let now = Timestamp::from_millis(1_000_000_000);
        assert_eq!(relative(now, now), "just now");
        assert_eq!(relative(now.plus(TimeDelta::hours(22)), now), "in 22 h");
        assert_eq!(relative(now.minus(TimeDelta::minutes(8)), now), "8 min ago");
        assert_eq!(relative(now.minus(TimeDelta::hours(36)), now), "1 d ago");
    }

    #[test]
    fn local_time_stands_beside_utc_only_where_it_differs() {
        let at = Timestamp::from_millis(1_795_716_840_000);
        assert_eq!(exact(at, 0), "2026-11-26 18:14 UTC");
        assert_eq!(exact(at, 19_800), "2026-11-26 18:14 UTC (26 Nov 23:44 local)");
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(count(7), "7");
        assert_eq!(count(41_202), "41,202");
        assert_eq!(count(1_000_000), "1,000,000");
    }
}
