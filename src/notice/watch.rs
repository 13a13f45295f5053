//! Which notices a stretch of the audit log and a stretch of time bring.

use chrono::TimeDelta;
use serde_json::json;

use super::{Kind, Notice};
use crate::domain::audit::checkpoint::hex;
use crate::domain::audit::{Action, AuditEntry, Outcome};
use crate::domain::text::Slug;
use crate::domain::time::Timestamp;
use crate::service::response::TokenRow;

/// What an entry of the audit log tells, if anybody outside wants to hear of it.
#[must_use]
pub fn of_entry(entry: &AuditEntry) -> Option<Notice> {
    if entry.result != Outcome::Done {
        return None;
    }
    let kind = match entry.action {
        Action::TokenRevoked | Action::TokenRevokedAsLeaked => Kind::TokenRevoked,
        Action::TokenRotated => Kind::RotationStarted,
        Action::TokenCutOver | Action::TokenCutOverWhenQuiet | Action::RotationUndone => {
            Kind::RotationFinished
        }
        Action::KeyRotated => Kind::KeyRotated,
        _ => return None,
    };
    let by = entry.actor.cashier.as_ref().map(ToString::to_string);
    let mut data = json!({
        "organization": entry.organization,
        "action": entry.action,
        "reason": entry.reason,
        "by": by.unwrap_or_else(|| entry.actor.os_user.clone()),
        "audit_sequence": entry.sequence,
    });
    let subject = entry.subject.as_str();
    let token = subject.rsplit_once(' ').filter(|_| kind != Kind::KeyRotated);
    match token {
        Some((name, id)) => {
            data["id"] = id.into();
            data["name"] = name.into();
        }
        None => data["key"] = subject.into(),
    }
    let id = match (entry.action, token) {
        // An overlap that runs out has the same name: whichever is seen, the end is told once.
        (Action::TokenCutOver | Action::TokenCutOverWhenQuiet, Some((_, id))) => finished(id),
        // After an older state was restored another entry may have the same number.
        _ => format!("audit-{}-{}", entry.sequence, &hex(&entry.hash)[..16]),
    };
    Some(Notice {
        id,
        kind,
        at: entry.at,
        data,
    })
}

/// What time brought this token after `from` and until `to`: of several steps of its ladder the most urgent one.
#[must_use]
pub fn of_ending(row: &TokenRow, organization: &Slug, from: Timestamp, to: Timestamp) -> Option<Notice> {
    let is_new = |at: Timestamp| from < at && at <= to;
    let ends_at = row.ends_at;
    if row.replaced_by.is_some() {
        return is_new(ends_at).then(|| Notice {
            id: finished(&row.id.to_string()),
            kind: Kind::RotationFinished,
            at: ends_at,
            data: data(row, organization),
        });
    }
    let (kind, before) = if is_new(ends_at) {
        (Kind::TokenExpired, TimeDelta::zero())
    } else if ends_at > to {
        let steps = row.warnings.steps();
        let step = steps.filter(|step| is_new(ends_at.minus(*step))).min()?;
        (Kind::TokenExpiring, step)
    } else {
        return None;
    };
    let seconds = before.num_seconds();
    let mut data = data(row, organization);
    if kind == Kind::TokenExpiring {
        data["threshold_seconds"] = seconds.into();
    }
    Some(Notice {
        id: format!("token-{}-{}-{seconds}", row.id, ends_at.millis()),
        kind,
        at: ends_at.minus(before),
        data,
    })
}

/// Whether a token that works became dormant after `from` and until `to`.
#[must_use]
pub fn of_silence(row: &TokenRow, organization: &Slug, from: Timestamp, to: Timestamp) -> Option<Notice> {
    let last_used = row.last_used?;
    let at = last_used.plus(dormant_after(row));
    let is_told = row.replaced_by.is_none() && from < at && at <= to;
    is_told.then(|| Notice {
        id: format!("token-{}-dormant-{}", row.id, last_used.millis()),
        kind: Kind::TokenDormant,
        at,
        data: data(row, organization),
    })
}

/// As `Life::dormant_after` has it.
fn dormant_after(row: &TokenRow) -> TimeDelta {
    TimeDelta::days(30).min(row.expires_at.since(row.minted_at) / 4)
}

fn finished(token: &str) -> String {
    format!("rotation-{token}-finished")
}

fn data(row: &TokenRow, organization: &Slug) -> serde_json::Value {
    json!({
        "organization": organization,
        "id": row.id,
        "name": row.name,
        "service": row.service,
        "environment": row.environment,
        "owner": row.owner,
        "ends_at": row.ends_at,
        "last_used": row.last_used,
        "replaced_by": row.replaced_by,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_795_716_840_000);

    /// A token of a year whose end is so far away.
    fn row(left: TimeDelta, replaced_by: Option<&str>) -> TokenRow {
        let ends_at = NOW.plus(left);
        serde_json::from_value(json!({
            "id": "01JDEXAMP0000000000000000A", "name": "payouts", "service": "payouts", "environment": "prod",
            "variable": "FINCODE_TOKEN_PROD", "masked": "fincode_prod_…x7Qm", "status": "active", "flag": null,
            "lifetime": "1y", "minted_at": ends_at.minus(TimeDelta::days(365)), "minted_by": "ada@acme.test",
            "owner": "ada@acme.test", "note": null, "warnings": "30d,14d,7d,3d,1d",
            "expires_at": ends_at, "ends_at": ends_at, "acknowledged": true, "replaces": null,
            "replaced_by": replaced_by, "leaked": false, "last_used": NOW.minus(TimeDelta::days(20)), "uses": 0,
            "days": [],
        }))
        .unwrap()
    }

    /// What hours after each other bring, in stretches of so many.
    fn told(row: &TokenRow, hours: i64, stretches: i64) -> Vec<(Kind, Option<i64>)> {
        let slug = Slug::parse("acme").unwrap();
        let at = |place: i64| NOW.plus(TimeDelta::hours(hours * place));
        let each = (0..stretches).filter_map(|place| of_ending(row, &slug, at(place), at(place + 1)));
        each.map(|notice| (notice.kind, notice.data["threshold_seconds"].as_i64()))
            .collect()
    }

    #[test]
    fn each_step_is_told_once_and_the_most_urgent_one_after_a_long_absence() {
        let row = row(TimeDelta::days(40), None);
        let day = 86_400;
        let steps = [30, 14, 7, 3, 1].map(|days| (Kind::TokenExpiring, Some(days * day)));
        let all: Vec<_> = steps.into_iter().chain([(Kind::TokenExpired, None)]).collect();
        assert_eq!(told(&row, 1, 24 * 60), all);
        assert_eq!(told(&row, 24 * 38, 1), [(Kind::TokenExpiring, Some(3 * day))]);
        assert_eq!(told(&row, 24 * 60, 1), [(Kind::TokenExpired, None)]);
    }

    #[test]
    fn the_old_one_of_a_rotation_only_ends_it() {
        let row = row(TimeDelta::days(2), Some("01JDEXAMP0000000000000000B"));
        assert_eq!(told(&row, 1, 100), [(Kind::RotationFinished, None)]);
    }

    #[test]
    fn silence_is_told_once() {
        let slug = Slug::parse("acme").unwrap();
        let row = row(TimeDelta::days(200), None);
        let at = |days| NOW.plus(TimeDelta::days(days));
        let told = |from, to| of_silence(&row, &slug, at(from), at(to)).map(|notice| notice.at);
        assert_eq!(told(9, 10), Some(at(10)));
        assert_eq!([told(8, 9), told(10, 11)], [None, None]);
    }
}
