//! How grave something is: pure, from what the store says and the thresholds.

use chrono::TimeDelta;
use serde::Serialize;

use crate::domain::audit::chain::Verdict;
use crate::domain::text::Slug;
use crate::domain::time::{Timestamp, span};
use crate::domain::token::Ladder;
use crate::domain::token::ladder::LONGEST_STEP;
use crate::service::response::{Health, Level, TokenRow, UseFlag};

/// For how long a token that ran out is told of.
const NEWS: TimeDelta = TimeDelta::days(7);

/// From when on a token's end is grave; `None` for the steps of its ladder.
#[derive(Debug, Default)]
pub(super) struct Thresholds {
    pub(super) warning: Option<TimeDelta>,
    pub(super) critical: Option<TimeDelta>,
}

/// Something that somebody has to do something about.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Problem {
    pub(super) level: Level,
    pub(super) message: String,
}

/// What was found.
#[derive(Debug, Default, Serialize)]
pub(super) struct Found {
    /// The gravest first.
    pub(super) problems: Vec<Problem>,
    /// Tokens that end soon.
    pub(super) expiring: usize,
    /// Those that ran out lately.
    pub(super) expired: usize,
    /// Those that work and are not used, where that was asked for.
    pub(super) unused: usize,
    /// Seconds until the next token ends.
    pub(super) next: Option<i64>,
    /// Seconds since the oldest key pair in use was made.
    pub(super) key_age: Option<i64>,
    /// Seconds since the last backup.
    pub(super) backup_age: Option<i64>,
}

impl Thresholds {
    /// How grave it is that a token with this ladder ends in `left`.
    fn level(&self, ladder: &Ladder, left: TimeDelta) -> Option<Level> {
        if left <= self.critical.unwrap_or_else(|| ladder.last()) {
            Some(Level::Critical)
        } else if left <= self.warning.unwrap_or_else(|| ladder.first()) {
            Some(Level::Warning)
        } else {
            None
        }
    }

    /// What ends later than this is no problem.
    pub(super) fn furthest(&self) -> TimeDelta {
        let own = self.warning.max(self.critical).unwrap_or_default();
        own.max(LONGEST_STEP)
    }
}

/// Whether a token ran out so lately that somebody may not know.
pub(super) fn is_news(row: &TokenRow, now: Timestamp) -> bool {
    now.since(row.ends_at) <= NEWS
}

impl Found {
    pub(super) fn level(&self) -> Option<Level> {
        self.problems.iter().map(|problem| problem.level).max()
    }

    /// The gravest first, otherwise as they came.
    pub(super) fn sort(&mut self) {
        self.problems
            .sort_by_key(|problem| std::cmp::Reverse(problem.level));
    }

    pub(super) fn add(&mut self, level: Level, message: impl Into<String>) {
        let message = message.into();
        self.problems.push(Problem { level, message });
    }

    /// The alarms that health shows too, and what it shows without one.
    pub(super) fn take_health(&mut self, health: &Health, oldest_backup: Option<TimeDelta>) {
        for alarm in &health.alarms {
            self.add(alarm.level, format!("{}; {}", alarm.message, alarm.hint));
        }
        if matches!(health.log, Some(Verdict::Unanchored { .. })) {
            let message =
                "the audit log has no signed checkpoint to be compared with; run: strongroom audit verify";
            self.add(Level::Warning, message);
        }
        let age = health
            .recovery
            .backups
            .last
            .as_ref()
            .map(|last| health.now.since(last.at));
        self.backup_age = age.map(|age| age.num_seconds());
        match (oldest_backup, age) {
            (Some(oldest), Some(age)) if age > oldest => {
                self.add(
                    Level::Warning,
                    format!("the last backup was made {} ago", span(age)),
                );
            }
            (Some(_), None) => self.add(Level::Warning, "there is no backup"),
            _ => {}
        }
    }

    pub(super) fn take_key(&mut self, organization: &Slug, age: TimeDelta, oldest: Option<TimeDelta>) {
        self.key_age = self.key_age.max(Some(age.num_seconds()));
        if oldest.is_some_and(|oldest| age > oldest) {
            let message = format!("the key pair of {organization} was made {} ago", span(age));
            self.add(Level::Warning, message);
        }
    }

    /// A token that works.
    pub(super) fn take_live(
        &mut self,
        organization: &Slug,
        row: &TokenRow,
        thresholds: &Thresholds,
        now: Timestamp,
    ) {
        if row.replaced_by.is_some() {
            return;
        }
        let left = row.ends_at.since(now);
        self.next = Some(
            self.next
                .map_or(left.num_seconds(), |next| next.min(left.num_seconds())),
        );
        if let Some(level) = thresholds.level(&row.warnings, left) {
            self.expiring += 1;
            let message = format!("{} of {organization} ends in {}", row.name, span(left));
            self.add(level, message);
        }
    }

    /// A token that ran out.
    pub(super) fn take_expired(&mut self, organization: &Slug, row: &TokenRow, now: Timestamp) {
        if row.replaced_by.is_none() && is_news(row, now) {
            self.expired += 1;
            let ago = span(now.since(row.ends_at));
            let message = format!("{} of {organization} ended {ago} ago", row.name);
            self.add(Level::Critical, message);
        }
    }

    /// A token that works and is silent.
    pub(super) fn take_unused(&mut self, organization: &Slug, row: &TokenRow) {
        self.unused += 1;
        let what = match row.flag {
            Some(UseFlag::NeverUsed) => "was never used",
            _ => "is not used any more",
        };
        self.add(Level::Warning, format!("{} of {organization} {what}", row.name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::token::Lifetime;

    #[test]
    fn a_lifetime_warns_from_its_first_step_on_and_is_critical_from_its_last() {
        let own = Thresholds::default();
        for (lifetime, left, level) in [
            (Lifetime::Hours24, TimeDelta::minutes(241), None),
            (Lifetime::Hours24, TimeDelta::minutes(240), Some(Level::Warning)),
            (Lifetime::Hours24, TimeDelta::minutes(60), Some(Level::Critical)),
            (Lifetime::Month1, TimeDelta::days(8), None),
            (Lifetime::Month1, TimeDelta::days(7), Some(Level::Warning)),
            (Lifetime::Year1, TimeDelta::days(30), Some(Level::Warning)),
            (Lifetime::Year1, TimeDelta::hours(25), Some(Level::Warning)),
            (Lifetime::Year1, TimeDelta::hours(24), Some(Level::Critical)),
        ] {
            assert_eq!(
                own.level(&Ladder::usual(lifetime), left),
                level,
                "{lifetime:?} {left}"
            );
        }
    }

    #[test]
    fn thresholds_that_were_given_come_before_the_steps() {
        let given = Thresholds {
            warning: Some(TimeDelta::days(60)),
            critical: Some(TimeDelta::days(45)),
        };
        assert_eq!(
            given.level(&Ladder::usual(Lifetime::Year1), TimeDelta::days(50)),
            Some(Level::Warning)
        );
        assert_eq!(
            given.level(&Ladder::usual(Lifetime::Year1), TimeDelta::days(40)),
            Some(Level::Critical)
        );
        assert_eq!(given.furthest(), LONGEST_STEP);
        assert_eq!(Thresholds::default().furthest(), LONGEST_STEP);
    }

    /// A token of a year as a list has it, whose end is so far away.
    fn row(left: TimeDelta, replaced_by: Option<&str>) -> TokenRow {
        let ends_at = NOW.plus(left);
        serde_json::from_value(serde_json::json!({
            "id": "01JDEXAMP0000000000000000A", "name": "payouts", "service": "payouts", "environment": "prod",
            "variable": "FINCODE_TOKEN_PROD", "masked": "fincode_prod_…x7Qm", "status": "active", "flag": null,
            "lifetime": "1y", "minted_at": NOW, "minted_by": "ada@acme.test", "owner": "ada@acme.test",
            "note": null, "warnings": "30d,14d,7d,3d,1d", "expires_at": ends_at,
            "ends_at": ends_at, "acknowledged": true, "replaces": null, "replaced_by": replaced_by, "leaked": false,
            "last_used": null, "uses": 0, "days": [],
        }))
        .unwrap()
    }

    const NOW: Timestamp = Timestamp::from_millis(1_795_716_840_000);

    #[test]
    fn a_token_that_ran_out_is_critical_for_a_week_unless_it_was_replaced() {
        let slug = Slug::parse("acme").unwrap();
        let mut found = Found::default();
        let other = Some("01JDEXAMP0000000000000000B");
        for (left, replaced_by) in [
            (TimeDelta::days(-8), None),
            (TimeDelta::days(-3), other),
            (TimeDelta::days(-3), None),
        ] {
            found.take_expired(&slug, &row(left, replaced_by), NOW);
        }
        let messages: Vec<_> = found.problems.iter().map(|problem| &problem.message).collect();
        assert_eq!(messages, ["payouts of acme ended 3 d ago"]);
        assert_eq!((found.expired, found.level()), (1, Some(Level::Critical)));
    }

    #[test]
    fn the_old_one_of_a_rotation_is_expected_to_end() {
        let slug = Slug::parse("acme").unwrap();
        let mut found = Found::default();
        let other = Some("01JDEXAMP0000000000000000B");
        let own = Thresholds::default();
        found.take_live(&slug, &row(TimeDelta::hours(2), other), &own, NOW);
        assert_eq!((found.expiring, found.next), (0, None));
        found.take_live(&slug, &row(TimeDelta::hours(2), None), &own, NOW);
        assert_eq!((found.expiring, found.next), (1, Some(7200)));
        found.take_live(&slug, &row(TimeDelta::days(40), None), &own, NOW);
        assert_eq!((found.expiring, found.next), (1, Some(7200)));
    }
}
