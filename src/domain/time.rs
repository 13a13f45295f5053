//! Instants in UTC, to the millisecond, and calendar months on them.
//!
//! Stored as a number of milliseconds, shown and put into JSON as RFC 3339. A month is a calendar month: 31 January
//! plus one month is the last day of February at the same time of day (product.md).

use std::fmt;

use chrono::{DateTime, Months, SecondsFormat, TimeDelta, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From Unix milliseconds.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Unix milliseconds.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// The day's number since 1970-01-01, for counts per day.
    #[must_use]
    pub const fn day(self) -> i64 {
        self.0.div_euclid(86_400_000)
    }

    /// The instant as chrono's type; an instant outside its range is clamped.
    #[must_use]
    pub fn utc(self) -> DateTime<Utc> {
        let range = DateTime::<Utc>::MIN_UTC.timestamp_millis()..=DateTime::<Utc>::MAX_UTC.timestamp_millis();
        DateTime::from_timestamp_millis(self.0.clamp(*range.start(), *range.end())).unwrap_or_default()
    }

    /// This instant and `delta` later; saturates at the ends.
    #[must_use]
    pub fn plus(self, delta: TimeDelta) -> Self {
        Self(self.0.saturating_add(delta.num_milliseconds()))
    }

    /// This instant and `delta` earlier; saturates at the ends.
    #[must_use]
    pub fn minus(self, delta: TimeDelta) -> Self {
        Self(self.0.saturating_sub(delta.num_milliseconds()))
    }

    /// The same day and time `months` calendar months later, or that month's last day.
    #[must_use]
    pub fn plus_months(self, months: u32) -> Self {
        self.utc()
            .checked_add_months(Months::new(months))
            .map_or(Self(i64::MAX), Self::from)
    }

    /// How long after `earlier` this is; negative when it is before.
    #[must_use]
    pub fn since(self, earlier: Self) -> TimeDelta {
        TimeDelta::milliseconds(self.0.saturating_sub(earlier.0))
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(at: DateTime<Utc>) -> Self {
        Self(at.timestamp_millis())
    }
}

/// RFC 3339 in UTC to the second, `2026-11-23T14:02:00Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.utc().to_rfc3339_opts(SecondsFormat::Secs, true))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.utc().to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.serialize_str(&self.utc().to_rfc3339_opts(SecondsFormat::AutoSi, true))
        } else {
            serializer.serialize_i64(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            let at = DateTime::parse_from_rfc3339(&text).map_err(de::Error::custom)?;
            Ok(at.to_utc().into())
        } else {
            i64::deserialize(deserializer).map(Self)
        }
    }
}

/// A length of time: `40 s`, `8 min`, `22 h`, `3 d 4 h`, `12 d`, `2 mo`, `1 y`. Rounded down, so that nothing seems
/// to last longer than it does; months of 30 days and years of 365, for this purpose only.
#[must_use]
pub fn span(delta: TimeDelta) -> String {
    let seconds = delta.num_seconds().max(0);
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match () {
        () if seconds < 60 => format!("{seconds} s"),
        () if minutes < 60 => format!("{minutes} min"),
        () if hours < 24 => format!("{hours} h"),
        () if days < 7 && hours % 24 > 0 => format!("{days} d {} h", hours % 24),
        () if days < 60 => format!("{days} d"),
        () if days < 365 => format!("{} mo", days / 30),
        () => format!("{} y", days / 365),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        DateTime::parse_from_rfc3339(text).unwrap().to_utc().into()
    }

    #[test]
    fn a_month_after_the_31st_is_the_last_day_of_february() {
        assert_eq!(
            at("2026-01-31T10:11:12Z").plus_months(1),
            at("2026-02-28T10:11:12Z")
        );
        assert_eq!(
            at("2028-01-31T10:11:12Z").plus_months(1),
            at("2028-02-29T10:11:12Z")
        );
        assert_eq!(
            at("2028-02-29T00:00:00Z").plus_months(12),
            at("2029-02-28T00:00:00Z")
        );
    }

    #[test]
    fn days_before_1970_count_downwards() {
        assert_eq!(at("1969-12-31T23:59:59Z").day(), -1);
        assert_eq!(at("1970-01-01T00:00:00Z").day(), 0);
    }

    #[test]
    fn the_ends_saturate() {
        let end = Timestamp::from_millis(i64::MAX);
        assert_eq!(end.plus(TimeDelta::days(1)), end);
        assert_eq!(end.plus_months(1), end);
    }
}
