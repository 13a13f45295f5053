//! The domain's rules as properties: they hold for every record and instant, not only for the examples that came to mind.

#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use chrono::TimeDelta;
use proptest::prelude::*;

use strongroom::domain::audit::{Action, AuditActor, AuditEntry, Outcome};
use strongroom::domain::cashier::Role;
use strongroom::domain::id::{Id, RequestId};
use strongroom::domain::text::{Email, Slug, escape, is_unprintable, line};
use strongroom::domain::throttle::Throttle;
use strongroom::domain::time::Timestamp;
use strongroom::domain::token::quiet::{Quiet, Silence, Why};
use strongroom::domain::token::{Life, Lifetime, Overlap, Refusal, Status, Verdict, judge};
use strongroom::domain::usage::Usage;

#[path = "domain/calendar.rs"]
mod calendar;

#[path = "domain/leak_patterns.rs"]
mod leak_patterns;
#[path = "domain/login.rs"]
mod login;

#[path = "domain/million_tokens.rs"]
mod million_tokens;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

/// Instants from 1970 to 2200.
fn instants() -> impl Strategy<Value = i64> {
    0..calendar::millis(2200, 1, 1)
}

fn lifetimes() -> impl Strategy<Value = Lifetime> {
    proptest::sample::select(&Lifetime::ALL)
}

fn overlaps() -> impl Strategy<Value = Overlap> {
    proptest::sample::select(&Overlap::ALL)
}

/// A life that began at some instant, perhaps retiring, revoked, deleted at instants around its length.
fn lives() -> impl Strategy<Value = (Lifetime, Life)> {
    let share = || proptest::option::of(0.0..1.3);
    (lifetimes(), instants(), share(), share(), share()).prop_map(
        |(lifetime, minted_at, retired, revoked, deleted)| {
            let mut life = Life::begin(lifetime, at(minted_at));
            let length = life.expires_at.since(life.minted_at).num_milliseconds() as f64;
            let after = |share: f64| at(minted_at + (length * share) as i64);
            life.retires_at = retired.map(|share| after(share).min(life.expires_at));
            life.revoked_at = revoked.map(after);
            life.deleted_at = deleted.map(after);
            (lifetime, life)
        },
    )
}

/// Instants around a life: its own dates and the milliseconds beside them as often as any other.
fn instants_of(life: Life) -> impl Strategy<Value = i64> {
    let (from, to) = (life.minted_at.millis(), life.expires_at.millis());
    let dates = [life.ends_at(), life.expires_at, life.minted_at].map(Timestamp::millis);
    prop_oneof![
        from..to + 30 * DAY,
        (proptest::sample::select(dates.to_vec()), -1..=1i64).prop_map(|(date, beside)| date + beside),
    ]
}

/// Lengths of time below `limit`: the named ones and the milliseconds beside them as often as any other.
fn beside(lengths: &[i64], limit: i64) -> impl Strategy<Value = i64> {
    let near = (proptest::sample::select(lengths.to_vec()), -1..=1i64);
    prop_oneof![
        0..limit,
        near.prop_map(|(length, beside)| (length + beside).max(0))
    ]
}

fn lives_and_instants() -> impl Strategy<Value = (Lifetime, Life, i64, i64)> {
    lives()
        .prop_flat_map(|(lifetime, life)| (Just(lifetime), Just(life), instants_of(life), instants_of(life)))
}

proptest! {
    // The smallest failing input is printed; no file is left behind.
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_expiry_is_the_calendar_s_however_it_is_computed(minted in instants(), lifetime in lifetimes()) {
        let months = match lifetime {
            Lifetime::Hours24 => 0,
            Lifetime::Month1 => 1,
            Lifetime::Months3 => 3,
            Lifetime::Months6 => 6,
            Lifetime::Year1 => 12,
        };
        let expected = if months == 0 { minted + DAY } else { calendar::plus_months(minted, months) };
        prop_assert_eq!(lifetime.expires_at(at(minted)).millis(), expected);
    }

    // The day, not the instant: 30 May 20:00 and 31 May 04:00 both end on 30 June, at their own time of day.
    #[test]
    fn who_mints_later_never_gets_an_earlier_day(a in instants(), apart in 0..40 * DAY, lifetime in lifetimes()) {
        prop_assert!(lifetime.expires_at(at(a)).day() <= lifetime.expires_at(at(a + apart)).day());
    }

    #[test]
    fn a_longer_choice_ends_later(minted in instants()) {
        let ends = Lifetime::ALL.map(|lifetime| lifetime.expires_at(at(minted)));
        prop_assert!(ends.is_sorted_by(|a, b| a < b), "{ends:?}");
    }

    #[test]
    fn time_alone_never_brings_a_token_back((lifetime, life, a, b) in lives_and_instants()) {
        let rank = |status| match status {
            Status::Active => 0,
            Status::Held => unreachable!("dates alone hold nothing"),
            Status::Expiring | Status::Retiring => 1,
            Status::Expired => 2,
            Status::Revoked => 3,
            Status::Deleted => 4,
        };
        let [earlier, later] = [a.min(b), a.max(b)].map(|now| life.status(lifetime.warnings()[0], at(now)));
        prop_assert!(rank(earlier) <= rank(later), "{earlier:?} became {later:?}");
        prop_assert!(earlier.is_live() || !later.is_live());
    }

    #[test]
    fn rights_taken_away_count_before_dates_that_ran_out((lifetime, life, now, _) in lives_and_instants()) {
        let now = at(now);
        let status = life.status(lifetime.warnings()[0], now);
        prop_assert_eq!(status == Status::Deleted, life.deleted_at.is_some());
        prop_assert_eq!(status == Status::Revoked, life.deleted_at.is_none() && life.revoked_at.is_some());
        if life.deleted_at.or(life.revoked_at).is_none() {
            prop_assert_eq!(status == Status::Expired, now >= life.ends_at());
            prop_assert_eq!(status == Status::Retiring, now < life.ends_at() && life.retires_at.is_some());
        }
    }

    #[test]
    fn the_verdict_and_the_status_agree((lifetime, life, now, _) in lives_and_instants()) {
        let status = life.status(lifetime.warnings()[0], at(now));
        match judge(&life, lifetime.warnings()[0], at(now)) {
            Verdict::Good(same) => prop_assert!(same == status && status.is_live()),
            Verdict::Refused(Refusal::Expired) => prop_assert_eq!(status, Status::Expired),
            Verdict::Refused(Refusal::Held) => prop_assert!(false, "dates alone hold nothing"),
            Verdict::Refused(Refusal::Revoked) => {
                prop_assert!(matches!(status, Status::Revoked | Status::Deleted));
            }
        }
    }

    #[test]
    fn a_token_works_until_the_millisecond_before_its_end(minted in instants(), lifetime in lifetimes()) {
        let life = Life::begin(lifetime, at(minted));
        let end = life.expires_at.millis();
        prop_assert_eq!(life.status(lifetime.warnings()[0], at(minted)), Status::Active);
        prop_assert_eq!(life.status(lifetime.warnings()[0], at(end - 1)), Status::Expiring);
        prop_assert_eq!(life.status(lifetime.warnings()[0], at(end)), Status::Expired);
    }

    #[test]
    fn an_overlap_never_outlives_the_old_token(
        minted in instants(), lifetime in lifetimes(), overlap in overlaps(), share in 0.0..1.0,
    ) {
        let mut life = Life::begin(lifetime, at(minted));
        let length = life.expires_at.since(life.minted_at).num_milliseconds() as f64;
        let acknowledged = at(minted + (length * share) as i64);
        let retires = overlap.retires_at(acknowledged, life.expires_at);
        prop_assert!(retires >= acknowledged && retires <= life.expires_at);
        prop_assert!(retires.since(acknowledged) <= overlap.length());
        prop_assert!(retires == life.expires_at || retires.since(acknowledged) == overlap.length());
        life.retires_at = Some(retires);
        prop_assert!(!judge(&life, lifetime.warnings()[0], retires).is_good());
        if retires > acknowledged {
            let last = retires.minus(TimeDelta::milliseconds(1));
            prop_assert_eq!(judge(&life, lifetime.warnings()[0], last), Verdict::Good(Status::Retiring));
        }
    }

    #[test]
    fn even_a_wrong_end_of_an_overlap_does_not_outlive_the_expiry((lifetime, mut life, _, _) in lives_and_instants()) {
        life.retires_at = Some(life.expires_at.plus(TimeDelta::days(1)));
        prop_assert!(!judge(&life, lifetime.warnings()[0], life.expires_at).is_good());
    }

    #[test]
    fn a_longer_overlap_retires_no_earlier(from in instants(), left in 0..400 * DAY) {
        let ends = Overlap::ALL.map(|overlap| overlap.retires_at(at(from), at(from + left)));
        prop_assert!(ends.is_sorted(), "{ends:?}");
    }

    #[test]
    fn quiet_is_longer_than_every_gap_that_was_counted_and_than_what_was_asked(
        apart in proptest::collection::vec(beside(&[HOUR, DAY], 3 * DAY), 0..20), counted_from in beside(&[0, DAY], 40 * DAY),
        hours in 0..72i64, after in beside(&[HOUR, DAY], 50 * DAY),
    ) {
        let (minted, mut usage, mut last) = (20_000 * DAY, Usage::default(), 20_000 * DAY);
        for gap in &apart {
            last += gap;
            usage.record("10.0.0.4", "", 1, at(last));
        }
        let counted_since = at(minted + counted_from);
        let now = last.max(minted + counted_from) + after;
        let silence = Silence::of(at(minted), &usage, counted_since, TimeDelta::hours(hours), at(now));
        prop_assert_eq!(silence.judge(false, at(now)), Quiet::No(Why::SuccessorUnseen));
        let is_quiet = silence.judge(true, at(now)) == Quiet::Yes;
        let silent = after;
        // Gaps that ended in the last 30 days, each later than the one before it was counted.
        let mut ended = minted;
        let recent = apart.iter().filter(|gap| {
            ended += **gap;
            at(now).day() - at(ended).day() < 30
        });
        let longest = recent.max().copied().unwrap_or(0).max(hours * HOUR).max(HOUR);
        prop_assert!(!is_quiet || silent > longest, "silent for {silent}, once {longest}");
        prop_assert!(is_quiet || silent <= longest || apart.is_empty(), "silent for {silent}, never more than {longest}");
    }

    #[test]
    fn a_revocation_can_be_undone_for_sixty_minutes_and_a_leak_never((_, life) in lives(), after in beside(&[0, HOUR], 2 * HOUR)) {
        let now = life.revoked_at.unwrap_or(life.minted_at).plus(TimeDelta::milliseconds(after));
        let expected = life.revoked_at.is_some() && life.deleted_at.is_none() && after < HOUR;
        prop_assert_eq!(life.can_be_restored(false, now), expected);
        prop_assert!(!life.can_be_restored(true, now));
    }

    #[test]
    fn dormant_is_thirty_days_or_a_quarter_of_a_shorter_life((_, life) in lives(), silent in beside(&[DAY / 4, 30 * DAY], 60 * DAY)) {
        let quarter = (life.expires_at.millis() - life.minted_at.millis()) / 4;
        let now = life.minted_at.plus(TimeDelta::milliseconds(silent));
        prop_assert_eq!(life.is_dormant(life.minted_at, now), silent >= quarter.min(30 * DAY));
    }

    #[test]
    fn a_wrong_password_costs_its_wait_and_no_more(failures in 0..40u32, last in instants(), after in beside(&[1_000, 8_000, 900_000, 1_800_000], DAY)) {
        let throttle = Throttle {
            email: Email::parse("ada@acme.test").unwrap(),
            source: "root".into(),
            failures,
            last_failure: at(last),
        };
        let wait = match failures {
            0 => 0,
            1 => 1_000,
            2 => 2_000,
            3 => 4_000,
            4 => 8_000,
            5..10 => 15 * 60_000,
            _ => 30 * 60_000,
        };
        let expected = (after < wait).then(|| at(last + wait));
        prop_assert_eq!(throttle.blocked_until(at(last + after)), expected);
        prop_assert!(Throttle::wait(failures) <= Throttle::wait(failures + 1));
        prop_assert!(!throttle.is_stale(at(last + after)), "forgotten within a day");
    }

    #[test]
    fn identifiers_survive_text_and_sort_by_time(a in instants(), b in instants(), random: [[u8; 10]; 2]) {
        let (first, second) = (Id::new(at(a), random[0]), Id::new(at(b), random[1]));
        prop_assert_eq!(first.to_string().to_uppercase().parse::<Id>(), Ok(first));
        prop_assert_eq!(first.to_string().cmp(&second.to_string()), first.cmp(&second));
        prop_assert!(a == b || (a < b) == (first < second));
    }

    #[test]
    fn instants_survive_json(millis in instants()) {
        let json = serde_json::to_string(&at(millis)).unwrap();
        prop_assert_eq!(serde_json::from_str::<Timestamp>(&json).unwrap(), at(millis));
    }

    #[test]
    fn nothing_unprintable_gets_into_a_line_or_out_of_an_escape(text in texts()) {
        let escaped = escape(&text);
        prop_assert!(!escaped.chars().any(is_unprintable) && !escaped.chars().any(drives_or_misleads));
        prop_assert_eq!(escape(&escaped), escaped.clone(), "escaping twice is escaping once");
        if let Ok(accepted) = line("name", &text, 64) {
            prop_assert!(!accepted.chars().any(drives_or_misleads), "{accepted:?}");
            prop_assert!((1..=64).contains(&accepted.chars().count()));
            prop_assert_eq!(accepted, text.trim_matches(' '));
        } else {
            let length = text.trim_matches(' ').chars().count();
            prop_assert!(!(1..=64).contains(&length) || text.chars().any(is_unprintable));
        }
    }

    #[test]
    fn two_audit_entries_have_the_same_bytes_only_if_they_are_the_same(
        a in entries(), other in entries(), fields in proptest::array::uniform2(0..12usize),
    ) {
        let mut b = AuditEntry { hash: other.hash, ..a.clone() };
        fields.into_iter().for_each(|field| take(field, &other, &mut b));
        let are_same = a == AuditEntry { hash: a.hash, ..b.clone() };
        prop_assert_eq!(a.canonical() == b.canonical(), are_same, "{:?}\n{:?}", a, b);
    }
}

/// Gives an entry one of another's fields, all but the hash: entries that differ in little are the ones to mix up.
fn take(field: usize, from: &AuditEntry, to: &mut AuditEntry) {
    let from = from.clone();
    match field {
        0 => to.previous = from.previous,
        1 => to.sequence = from.sequence,
        2 => to.at = from.at,
        3 => to.actor.cashier = from.actor.cashier,
        4 => to.actor.role = from.actor.role,
        5 => to.actor.os_user = from.actor.os_user,
        6 => to.actor.uid = from.actor.uid,
        7 => to.actor.address = from.actor.address,
        8 => to.action = from.action,
        9 => (to.organization, to.request) = (from.organization, from.request),
        10 => (to.subject, to.reason) = (from.subject, from.reason),
        _ => to.result = from.result,
    }
}

/// What must never reach a terminal as it is, listed here a second time and from Unicode's own properties: controls
/// (Cc), line and paragraph separators (Zl, Zp), Bidi_Control, and the zero-width ones of Default_Ignorable_Code_Point.
fn drives_or_misleads(character: char) -> bool {
    let lists: [&[char]; 3] = [
        &['\u{2028}', '\u{2029}'],
        &[
            '\u{61c}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}',
            '\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}',
        ],
        &[
            '\u{ad}',
            '\u{34f}',
            '\u{180e}',
            '\u{200b}',
            '\u{200c}',
            '\u{200d}',
            '\u{2060}',
            '\u{2061}',
            '\u{2064}',
            '\u{206a}',
            '\u{206f}',
            '\u{3164}',
            '\u{fe00}',
            '\u{fe0f}',
            '\u{feff}',
            '\u{ffa0}',
            '\u{fff9}',
            '\u{e0001}',
            '\u{e0041}',
            '\u{e0100}',
            '\u{1d173}',
        ],
    ];
    matches!(character, '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}') || lists.concat().contains(&character)
}

/// Texts in which what drives a terminal is as frequent as letters.
fn texts() -> impl Strategy<Value = String> {
    let evil: Vec<char> = (0..=0x10_FFFF)
        .filter_map(char::from_u32)
        .filter(|c| drives_or_misleads(*c))
        .collect();
    let character = prop_oneof![
        4 => proptest::char::range(' ', '~'),
        2 => any::<char>(),
        1 => proptest::sample::select(evil),
    ];
    prop_oneof![
        proptest::collection::vec(character, 0..80).prop_map(String::from_iter),
        "[ a-zé支]{0,70}",
    ]
}

/// Audit entries from so few values that fields often agree, or differ only in where one of them ends.
fn entries() -> impl Strategy<Value = AuditEntry> {
    let short = || proptest::sample::select(vec!["", "a", "b", "ab", "a\0"]).prop_map(str::to_owned);
    let email = proptest::option::of(Just(Email::parse("a@b").unwrap()));
    let role = proptest::option::of(proptest::sample::select(&Role::ALL));
    let actor = (email, role, short(), 0..2u32, proptest::option::of(short())).prop_map(
        |(cashier, role, os_user, uid, address)| AuditActor {
            cashier,
            role,
            os_user,
            uid,
            address,
        },
    );
    let action = proptest::sample::select(vec![Action::TokenRevoked, Action::TokenRevokedAsLeaked]);
    let organization = proptest::option::of(Just(Slug::parse("a").unwrap()));
    let result = proptest::sample::select(vec![Outcome::Done, Outcome::Refused]);
    let numbers = (1..3u64, 0..2i64, 0..2u8, 0..2u8, any::<u8>());
    (actor, action, organization, short(), result, short(), numbers).prop_map(
        |(actor, action, organization, subject, result, reason, numbers)| {
            let (sequence, millis, request, previous, hash) = numbers;
            AuditEntry {
                sequence,
                at: at(millis),
                actor,
                action,
                organization,
                subject,
                result,
                reason,
                request: RequestId(Id::from_bytes([request; 16])),
                previous: [previous; 32],
                hash: [hash; 32],
            }
        },
    )
}
