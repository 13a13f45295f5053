//! Who uses a token, in words: the blast radius before an act, and the callers of one token.

use ratatui::text::Line;

use crate::console::app::Desk;
use crate::console::shared::sign_in::unexpected;
use crate::console::theme::Theme;
use crate::console::when;
use crate::domain::id::TokenId;
use crate::domain::text::escape;
use crate::domain::time::Timestamp;
use crate::domain::usage::Caller;
use crate::service::request::{Request, TokenRef};
use crate::service::response::Impact;
use crate::service::{Error, Response};

/// What a dialog knows of the blast radius; `None` while it is looked up.
pub(super) type Known = Option<Result<Impact, Error>>;

/// Asks who would be refused.
pub(super) fn question(tokens: &[TokenId], desk: &Desk<'_>) -> Request {
    Request::TokenImpact {
        organization: desk.facts.current.clone(),
        tokens: tokens.iter().copied().map(TokenRef::Id).collect(),
    }
}

/// Takes the answer.
pub(super) fn answered(result: Result<Response, Error>) -> Known {
    Some(result.and_then(|answer| match answer {
        Response::Impact(impact) => Ok(impact),
        _ => Err(unexpected()),
    }))
}

/// Two lines: what will break, or that it is not known.
pub(super) fn lines<'a>(known: &Known, now: Timestamp, theme: &Theme) -> [Line<'a>; 2] {
    match known {
        None => [Line::styled("looking up who uses it", theme.dim), Line::default()],
        Some(Ok(impact)) => {
            let [who, much] = blast_radius(impact, now);
            let in_use = impact.callers_last_hour > 0;
            let sign = if in_use {
                theme.glyphs.warn
            } else {
                theme.glyphs.dot
            };
            let style = if in_use { theme.warn } else { theme.text };
            [
                Line::styled(format!("{sign} {who}"), style),
                Line::styled(format!("  {much}"), theme.dim),
            ]
        }
        Some(Err(error)) => [
            Line::styled(
                format!("{} who uses it is not known:", theme.glyphs.danger),
                theme.danger,
            ),
            Line::styled(format!("  {}", escape(&error.message)), theme.text),
        ],
    }
}

/// What will break: who would be refused, and how much it is used. Two lines.
pub(super) fn blast_radius(impact: &Impact, now: Timestamp) -> [String; 2] {
    let (this, is) = if impact.subjects == 1 {
        ("this", "token")
    } else {
        ("these", "tokens")
    };
    let month = when::count(impact.uses_30_days);
    let used = match (impact.callers_last_hour, impact.callers.first()) {
        (0, None) => format!("nobody ever used {this} {is}"),
        (0, Some(latest)) => format!(
            "nobody used {this} in the last hour; the latest was {}, {}",
            escape(&latest.address),
            when::relative(latest.last, now)
        ),
        (count, latest) => {
            let callers = if count == 1 { "caller" } else { "callers" };
            let latest = latest.map_or_else(String::new, |latest| {
                let ago = when::relative(latest.last, now);
                format!(", the latest {ago} from {}", escape(&latest.address))
            });
            format!("{count} {callers} used {this} in the last hour{latest}")
        }
    };
    let live = format!(
        "{} of {} {} now; {month} uses in 30 days",
        impact.live,
        impact.subjects,
        works(impact.live)
    );
    [used, live]
}

const fn works(count: usize) -> &'static str {
    if count == 1 { "works" } else { "work" }
}

/// `10.0.0.4 checkout/4.2`.
pub(super) fn who(caller: &Caller) -> String {
    let agent = if caller.agent.is_empty() {
        String::new()
    } else {
        format!(" {}", escape(&caller.agent))
    };
    format!("{}{agent}", escape(&caller.address))
}

/// `10.0.0.4 checkout/4.2 38,110`.
pub(super) fn short(caller: &Caller) -> String {
    format!("{} {}", who(caller), when::count(caller.count))
}

/// `10.0.0.4 checkout/4.2 38,110, 12 s ago`.
pub(super) fn long(caller: &Caller, now: Timestamp) -> String {
    format!("{}, {}", short(caller), when::relative(caller.last, now))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(address: &str, seconds_ago: i64, now: Timestamp) -> Caller {
        Caller {
            address: address.into(),
            agent: "checkout/4.2".into(),
            count: 38_110,
            last: now.minus(chrono::TimeDelta::seconds(seconds_ago)),
        }
    }

    #[test]
    fn the_blast_radius_names_the_latest_caller() {
        let now = Timestamp::from_millis(1_795_716_840_000);
        let impact = Impact {
            subjects: 1,
            live: 1,
            callers_last_hour: 3,
            callers: vec![caller("10.0.0.4", 40, now)],
            uses_30_days: 41_202,
        };
        assert_eq!(
            blast_radius(&impact, now),
            [
                "3 callers used this in the last hour, the latest 40 s ago from 10.0.0.4",
                "1 of 1 works now; 41,202 uses in 30 days"
            ]
        );
        let quiet = Impact {
            callers_last_hour: 0,
            callers: vec![caller("10.0.0.4", 7200, now)],
            ..impact.clone()
        };
        assert_eq!(
            blast_radius(&quiet, now)[0],
            "nobody used this in the last hour; the latest was 10.0.0.4, 2 h ago"
        );
        let unused = Impact {
            subjects: 2,
            callers_last_hour: 0,
            callers: vec![],
            ..impact
        };
        assert_eq!(blast_radius(&unused, now)[0], "nobody ever used these tokens");
    }

    #[test]
    fn what_a_client_calls_itself_cannot_drive_the_terminal() {
        let now = Timestamp::from_millis(0);
        let mut evil = caller("10.0.0.4", 0, now);
        evil.agent = "a\u{1b}[2J\u{202e}".into();
        assert!(!short(&evil).contains(['\u{1b}', '\u{202e}']));
    }
}
