//! The warning ladder: how long before an end somebody is to be warned, the earliest first.
//!
//! A token's own comes before its organization's for the lifetime, and that before the usual one (console.md). Steps are
//! whole minutes, each once, shorter than the lifetime, so that no token warns from its first moment on.

use std::fmt;

use chrono::TimeDelta;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::Lifetime;
use crate::domain::text::{Problem, TextError};

/// The most steps of a ladder.
pub const MOST_STEPS: usize = 8;
/// The longest step: whoever looks for tokens that end soon need not look further.
pub const LONGEST_STEP: TimeDelta = TimeDelta::days(90);

const MINUTES: [(char, u32); 3] = [('d', 24 * 60), ('h', 60), ('m', 1)];

/// Some steps, such as `14d,3d,4h`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Ladder(
    /// In minutes, descending; one at least.
    Vec<u32>,
);

impl Ladder {
    /// Reads steps such as `14d,3d,4h,30m`, in whatever order.
    ///
    /// # Errors
    /// Says which rule the text breaks.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        let steps = text.split(',').map(|step| minutes(step.trim()));
        let mut steps = steps.collect::<Option<Vec<u32>>>().ok_or_else(malformed)?;
        steps.sort_unstable_by(|a, b| b.cmp(a));
        steps.dedup();
        if steps.len() > MOST_STEPS {
            return Err(malformed());
        }
        Ok(Self(steps))
    }

    /// That of a lifetime where nobody said anything else.
    #[must_use]
    pub fn usual(lifetime: Lifetime) -> Self {
        let minutes = |step: &TimeDelta| u32::try_from(step.num_minutes()).unwrap_or_default();
        Self(lifetime.warnings().iter().map(minutes).collect())
    }

    /// The steps, the longest first.
    pub fn steps(&self) -> impl DoubleEndedIterator<Item = TimeDelta> + '_ {
        self.0.iter().map(|&minutes| TimeDelta::minutes(minutes.into()))
    }

    /// The longest step.
    #[must_use]
    pub fn first(&self) -> TimeDelta {
        self.steps().next().unwrap_or_default()
    }

    /// The shortest step.
    #[must_use]
    pub fn last(&self) -> TimeDelta {
        self.steps().next_back().unwrap_or_default()
    }

    /// The same for a token of this lifetime.
    ///
    /// # Errors
    /// A step is as long as the lifetime.
    pub fn for_lifetime(self, lifetime: Lifetime) -> Result<Self, TextError> {
        if self.first() < lifetime.shortest() {
            return Ok(self);
        }
        Err(TextError {
            field: "warnings",
            problem: Problem::Malformed {
                expected: "shorter than the lifetime they warn of the end of",
            },
        })
    }

    /// The steps that a token of this lifetime can have, if there are any.
    #[must_use]
    pub fn within(&self, lifetime: Lifetime) -> Option<Self> {
        let steps = self.steps().zip(&self.0);
        let short = steps.filter(|(step, _)| *step < lifetime.shortest());
        let short: Vec<u32> = short.map(|(_, minutes)| *minutes).collect();
        (!short.is_empty()).then_some(Self(short))
    }
}

fn malformed() -> TextError {
    TextError {
        field: "warnings",
        problem: Problem::Malformed {
            expected: "one to eight times before the end, 90 days at most, such as 14d,3d,4h",
        },
    }
}

fn minutes(step: &str) -> Option<u32> {
    let (unit, each) = MINUTES.into_iter().find(|(unit, _)| step.ends_with(*unit))?;
    let digits = step.strip_suffix(unit)?;
    if digits.is_empty() || digits.len() > 6 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let minutes = digits.parse::<u32>().ok()?.checked_mul(each)?;
    (minutes > 0 && TimeDelta::minutes(minutes.into()) <= LONGEST_STEP).then_some(minutes)
}

impl fmt::Display for Ladder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, &minutes) in self.0.iter().enumerate() {
            let comma = if place > 0 { "," } else { "" };
            let whole = MINUTES.into_iter().find(|(_, each)| minutes % each == 0);
            let (unit, each) = whole.unwrap_or(('m', 1));
            write!(f, "{comma}{}{unit}", minutes / each)?;
        }
        Ok(())
    }
}

impl Serialize for Ladder {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Ladder {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return Vec::deserialize(deserializer).map(Self);
        }
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

/// What an organization says of its tokens' warnings, by lifetime.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ladders([Option<Ladder>; Lifetime::ALL.len()]);

impl Ladders {
    /// Its own for a lifetime.
    #[must_use]
    pub fn own(&self, lifetime: Lifetime) -> Option<&Ladder> {
        self.0[lifetime as usize].as_ref()
    }

    /// The one that holds for a lifetime.
    #[must_use]
    pub fn of(&self, lifetime: Lifetime) -> Ladder {
        let own = self.own(lifetime).cloned();
        own.unwrap_or_else(|| Ladder::usual(lifetime))
    }

    /// The longest step that holds for a lifetime. Allocates nothing.
    #[must_use]
    pub fn first(&self, lifetime: Lifetime) -> TimeDelta {
        self.own(lifetime).map_or(lifetime.warnings()[0], Ladder::first)
    }

    /// Says another one for a lifetime; `None` for the usual one.
    pub fn set(&mut self, lifetime: Lifetime, ladder: Option<Ladder>) {
        self.0[lifetime as usize] = ladder;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_come_in_any_order_and_are_said_the_longest_first() {
        let ladder = Ladder::parse("4h, 14d,90m,3d,72h").unwrap();
        assert_eq!(ladder.to_string(), "14d,3d,4h,90m");
        assert_eq!(
            (ladder.first(), ladder.last()),
            (TimeDelta::days(14), TimeDelta::minutes(90))
        );
        assert_eq!(Ladder::usual(Lifetime::Month1).to_string(), "7d,3d,1d");
        assert_eq!(Ladder::usual(Lifetime::Hours24).to_string(), "4h,1h");
    }

    #[test]
    fn what_is_no_ladder_is_refused() {
        let nine = "1d,2d,3d,4d,5d,6d,7d,8d,9d";
        for text in [
            "",
            ",",
            "0d",
            "3",
            "d",
            "-3d",
            "+3d",
            "3w",
            "91d",
            "1d,,2d",
            "4294967297d",
            nine,
        ] {
            assert!(Ladder::parse(text).is_err(), "{text}");
        }
        assert!(Ladder::parse("90d,1m").is_ok());
    }

    #[test]
    fn a_step_is_shorter_than_the_lifetime() {
        let ladder = Ladder::parse("28d,1d,1h").unwrap();
        assert!(ladder.clone().for_lifetime(Lifetime::Month1).is_err());
        assert!(ladder.clone().for_lifetime(Lifetime::Months3).is_ok());
        let short = ladder.within(Lifetime::Hours24).map(|ladder| ladder.to_string());
        assert_eq!(short.as_deref(), Some("1h"));
        assert_eq!(Ladder::parse("28d").unwrap().within(Lifetime::Month1), None);
        for lifetime in Lifetime::ALL {
            assert!(
                Ladder::usual(lifetime).for_lifetime(lifetime).is_ok(),
                "{lifetime:?}"
            );
        }
    }
}
