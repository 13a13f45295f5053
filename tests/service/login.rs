//! Logins: a JWT of an hour, a refresh token that is good once, one session a cashier, and who ends it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use strongroom::crypto::{Argon2Passwords, Cost};
use strongroom::domain::cashier::Role;
use strongroom::domain::login::RefreshSecret;
use strongroom::domain::secret::Secret;
use strongroom::domain::time::Timestamp;
use strongroom::service::login::{LoginGranted, LoginProof, LoginRefusal, LoginVerified, refresh_token};
use strongroom::service::ports::{Opening, Record, Rollback};
use strongroom::service::response::CashierRow;
use strongroom::service::{Actor, Code, Error, Ports, Request, Response, Service};

use super::harness::{ADA, Harness, PASSWORD, code_of, credentials, email, onboard, secret};
use super::support::SeededEntropy;

const OPERATOR: &str = "olaf@acme.test";
const DAY: u64 = 24;

/// Acme with its admin signed in, and an operator.
fn acme() -> Harness {
    let harness = Harness::admin();
    harness.cashier(OPERATOR, Role::Operator);
    harness
}

fn log_in(harness: &Harness, who: &str) -> LoginGranted {
    harness
        .service
        .log_in(&harness.actor, &credentials(who, PASSWORD))
        .unwrap()
}

fn refresh(harness: &Harness, granted: &LoginGranted) -> Result<LoginGranted, Error> {
    harness.service.refresh_login(&harness.actor, &secret_of(granted))
}

fn secret_of(granted: &LoginGranted) -> RefreshSecret {
    refresh_token(&granted.refresh).unwrap()
}

fn verify(harness: &Harness, granted: &LoginGranted) -> LoginVerified {
    harness.service.verify_login(granted.jwt.expose())
}

fn is_good(harness: &Harness, granted: &LoginGranted) -> bool {
    matches!(verify(harness, granted), LoginVerified::Good(_))
}

const ENDED: LoginVerified = LoginVerified::Refused(LoginRefusal::Ended);
const EXPIRED: LoginVerified = LoginVerified::Refused(LoginRefusal::Expired);

fn row(harness: &Harness, who: &str) -> CashierRow {
    let Response::Cashiers(rows) = harness.ask(Request::ListCashiers).unwrap() else {
        panic!()
    };
    rows.into_iter().find(|row| row.email == email(who)).unwrap()
}

fn claims(granted: &LoginGranted) -> serde_json::Value {
    let text = granted.jwt.expose_text().unwrap();
    let payload = text.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

#[test]
fn a_login_gives_a_jwt_of_an_hour_that_says_who() {
    let harness = acme();
    let granted = log_in(&harness, OPERATOR);
    let LoginVerified::Good(who) = verify(&harness, &granted) else {
        panic!()
    };
    assert_eq!((who.email.as_str(), who.role), (OPERATOR, Role::Operator));
    assert_eq!(who.expires_at, granted.expires_at);
    let claims = claims(&granted);
    assert_eq!(claims["iss"], "fincode");
    assert_eq!(claims["email"], OPERATOR);
    assert_eq!(claims["role"], "operator");
    assert_eq!(claims["sid"], who.session.to_string());
    assert_eq!(claims["iat"], 1_795_435_200);
    assert_eq!(claims["nbf"], claims["iat"]);
    assert_eq!(claims["exp"], 1_795_438_800);
    assert_eq!(claims["jti"].as_str().map(str::len), Some(26));
    let refresh = granted.refresh.expose_text().unwrap();
    assert!(
        refresh.starts_with("fincode_refresh_") && refresh.len() == 108,
        "{}",
        refresh.len()
    );
    // The two are told apart by their form alone.
    assert_eq!(harness.verdict(&granted.refresh), Err(None));
    assert_eq!(harness.verdict(&granted.jwt), Err(None));
    assert_eq!(harness.last_action(), "login.key_rotated");
    assert_eq!(harness.activity("").entries[1].action.word(), "login.begun");
    let shown = row(&harness, OPERATOR).login.unwrap();
    assert_eq!(
        (shown.from.as_str(), shown.ends_at),
        ("local:ops", granted.ends_at)
    );
    assert_eq!(format!("{granted:?}").matches("Secret(…)").count(), 2);
}

#[test]
fn an_hour_ends_the_jwt_and_thirty_days_without_a_refresh_the_session() {
    let harness = acme();
    let first = log_in(&harness, OPERATOR);
    harness.clock.advance(Duration::from_millis(3_599_999));
    assert!(is_good(&harness, &first));
    harness.clock.advance(Duration::from_millis(1));
    assert_eq!(verify(&harness, &first), EXPIRED);
    let second = refresh(&harness, &first).unwrap();
    assert!(is_good(&harness, &second));
    assert_eq!(verify(&harness, &first), EXPIRED);
    assert_eq!(claims(&first)["sid"], claims(&second)["sid"]);
    assert_ne!(claims(&first)["jti"], claims(&second)["jti"]);
    harness.advance(30 * DAY - 1, 59);
    let third = refresh(&harness, &second).unwrap();
    harness.advance(30 * DAY, 0);
    assert_eq!(row(&harness, OPERATOR).login, None);
    assert_eq!(code_of(refresh(&harness, &third)), Code::Unauthenticated);
}

#[test]
fn a_refresh_is_not_logged_and_the_jwt_before_it_keeps_its_hour() {
    let harness = acme();
    let first = log_in(&harness, OPERATOR);
    let head = harness.activity("").head;
    harness.advance(0, 10);
    let second = refresh(&harness, &first).unwrap();
    assert_eq!(harness.activity("").head, head);
    assert!(is_good(&harness, &first) && is_good(&harness, &second));
    let shown = row(&harness, OPERATOR).login.unwrap();
    assert_eq!(shown.refreshed_at.since(shown.since).num_minutes(), 10);
}

#[test]
fn a_refresh_token_that_is_used_again_ends_the_session_for_both_who_have_it() {
    let harness = acme();
    let first = log_in(&harness, OPERATOR);
    let second = refresh(&harness, &first).unwrap();
    let third = refresh(&harness, &second).unwrap();
    // Also one from long before, not only the last.
    let error = refresh(&harness, &first).unwrap_err();
    assert_eq!(error.code, Code::Unauthenticated);
    assert!(error.message.contains("used before"), "{error}");
    for granted in [&first, &second, &third] {
        assert_eq!(verify(&harness, granted), ENDED);
        assert_eq!(code_of(refresh(&harness, granted)), Code::Unauthenticated);
    }
    let entry = &harness.activity("login.refresh_reused").entries[0];
    assert_eq!(entry.subject, OPERATOR);
    assert_eq!(harness.activity("login.refresh_reused").entries.len(), 1);
}

#[test]
fn whoever_refreshes_all_the_time_waits_and_keeps_the_session() {
    let harness = acme();
    let (mut granted, other) = (log_in(&harness, OPERATOR), log_in(&harness, ADA));
    for _ in 0..10 {
        granted = refresh(&harness, &granted).unwrap();
    }
    let written = || harness.service.gauges(0).health.store.sequence;
    let head = written();
    for _ in 0..3 {
        let error = refresh(&harness, &granted).unwrap_err();
        assert_eq!(
            (error.code, error.retry_after),
            (Code::Throttled, Some(5)),
            "{error}"
        );
    }
    assert_eq!(written(), head, "nothing is written for it");
    assert!(is_good(&harness, &granted), "the session goes on");
    assert!(refresh(&harness, &other).is_ok(), "nobody waits for another's");
    // When the time that was said is over, and not before.
    harness.clock.advance(Duration::from_millis(4_999));
    assert_eq!(refresh(&harness, &granted).unwrap_err().retry_after, Some(1));
    harness.clock.advance(Duration::from_millis(1));
    granted = refresh(&harness, &granted).unwrap();
    assert_eq!(code_of(refresh(&harness, &granted)), Code::Throttled);
    // Another session has its own.
    let mut again = log_in(&harness, OPERATOR);
    for _ in 0..10 {
        again = refresh(&harness, &again).unwrap();
    }
    assert_eq!(code_of(refresh(&harness, &granted)), Code::Unauthenticated);
    harness.advance(1, 0);
    assert!(refresh(&harness, &again).is_ok());
}

#[test]
fn two_who_refresh_at_the_same_moment_are_a_reuse() {
    let harness = acme();
    let first = log_in(&harness, OPERATOR);
    let done: Vec<_> = std::thread::scope(|scope| {
        let one = || scope.spawn(|| refresh(&harness, &first).is_ok());
        let both = [one(), one()];
        both.map(|one| one.join().unwrap()).into()
    });
    assert_eq!(done.iter().filter(|done| **done).count(), 1);
    assert_eq!(verify(&harness, &first), ENDED);
}

#[test]
fn a_new_login_ends_the_session_before_at_once() {
    let harness = acme();
    let (first, other) = (log_in(&harness, OPERATOR), log_in(&harness, ADA));
    assert!(is_good(&harness, &first));
    let second = log_in(&harness, OPERATOR);
    assert_eq!(verify(&harness, &first), ENDED);
    assert_eq!(code_of(refresh(&harness, &first)), Code::Unauthenticated);
    assert!(is_good(&harness, &second) && is_good(&harness, &other));
    let reason = harness.activity("login.begun").entries[0].reason.clone();
    assert!(reason.starts_with("ends the session of 2026-11-23"), "{reason}");
}

#[test]
fn a_logout_by_either_credential_ends_the_session() {
    let harness = acme();
    let (service, actor) = (&harness.service, &harness.actor);
    let granted = log_in(&harness, OPERATOR);
    service
        .log_out(actor, LoginProof::Jwt(granted.jwt.expose()))
        .unwrap();
    assert_eq!(verify(&harness, &granted), ENDED);
    let granted = log_in(&harness, OPERATOR);
    service
        .log_out(actor, LoginProof::Refresh(&secret_of(&granted)))
        .unwrap();
    assert_eq!(verify(&harness, &granted), ENDED);
    assert_eq!(harness.activity("login.ended").entries.len(), 2);
    for proof in [
        LoginProof::Refresh(&secret_of(&granted)),
        LoginProof::Jwt(granted.jwt.expose()),
        LoginProof::Jwt(b"junk"),
    ] {
        assert_eq!(code_of(service.log_out(actor, proof)), Code::Unauthenticated);
    }
}

#[test]
fn whoever_is_disabled_or_reset_or_changes_the_password_has_no_session_any_more() {
    let harness = acme();
    let disable = |disabled| Request::DisableCashier {
        email: email(OPERATOR),
        disabled,
    };
    let granted = log_in(&harness, OPERATOR);
    harness.ask(disable(true)).unwrap();
    assert_eq!(verify(&harness, &granted), ENDED);
    assert_eq!(code_of(refresh(&harness, &granted)), Code::Unauthenticated);
    harness.ask(disable(false)).unwrap();
    assert_eq!(verify(&harness, &granted), ENDED);
    assert_eq!(code_of(refresh(&harness, &granted)), Code::Unauthenticated);

    let granted = log_in(&harness, OPERATOR);
    let change = Request::ChangePassword {
        credentials: credentials(OPERATOR, PASSWORD),
        password: secret("another battery staple horse"),
    };
    harness.ask(change).unwrap();
    assert_eq!(verify(&harness, &granted), ENDED);

    let granted = log_in(&harness, ADA);
    harness.ask(Request::BreakGlass { email: email(ADA) }).unwrap();
    assert_eq!(verify(&harness, &granted), ENDED);
    assert_eq!(code_of(refresh(&harness, &granted)), Code::Unauthenticated);
}

#[test]
fn another_role_holds_at_once_where_verify_answers_and_in_the_jwt_after_a_refresh() {
    let harness = acme();
    let first = log_in(&harness, OPERATOR);
    let set = Request::SetRole {
        email: email(OPERATOR),
        role: Role::Viewer,
    };
    harness.ask(set).unwrap();
    let LoginVerified::Good(who) = verify(&harness, &first) else {
        panic!()
    };
    assert_eq!(
        (who.role, &claims(&first)["role"]),
        (Role::Viewer, &"operator".into())
    );
    let second = refresh(&harness, &first).unwrap();
    assert_eq!(claims(&second)["role"], "viewer");
}

#[test]
fn an_admin_or_the_hosts_owner_ends_a_session_and_nobody_else() {
    let mut harness = acme();
    let end = || Request::EndLogin {
        email: email(OPERATOR),
    };
    let granted = log_in(&harness, OPERATOR);
    let admin = harness.actor.session;
    harness.actor.owns_store = false;
    harness.actor.session = None;
    assert_eq!(code_of(harness.ask(end())), Code::SignInRequired);
    harness.sign_in(OPERATOR, PASSWORD);
    assert_eq!(code_of(harness.ask(end())), Code::Forbidden);
    harness.actor.session = admin;
    harness.ask(end()).unwrap();
    assert_eq!(verify(&harness, &granted), ENDED);
    assert_eq!(code_of(harness.ask(end())), Code::Conflict);
    log_in(&harness, OPERATOR);
    harness.actor.session = None;
    harness.actor.owns_store = true;
    harness.ask(end()).unwrap();
    assert_eq!(
        harness.activity("login.ended").entries[0].reason,
        "by the store's owner"
    );
}

#[test]
fn the_password_is_throttled_as_for_a_sign_in_and_the_failures_are_one_row() {
    let harness = acme();
    let wrong = || {
        code_of(
            harness
                .service
                .log_in(&harness.actor, &credentials(OPERATOR, "wrong")),
        )
    };
    assert_eq!(wrong(), Code::Unauthenticated);
    assert_eq!(wrong(), Code::Throttled);
    assert_eq!(harness.last_action(), "login.refused");
    assert_eq!(code_of(harness.session(OPERATOR, PASSWORD)), Code::Throttled);
    harness.clock.advance(Duration::from_secs(1));
    log_in(&harness, OPERATOR);
    assert_eq!(row(&harness, OPERATOR).failures, 0);
    let nobody = credentials("nobody@acme.test", PASSWORD);
    let unknown = harness.service.log_in(&harness.actor, &nobody).unwrap_err();
    harness.clock.advance(Duration::from_secs(60));
    let known = harness
        .service
        .log_in(&harness.actor, &credentials(OPERATOR, "wrong"))
        .unwrap_err();
    assert_eq!(unknown, known);
}

#[test]
fn failures_from_everywhere_are_forgotten_after_a_day() {
    let harness = acme();
    let fail = |address: &str| {
        let actor = Actor {
            address: Some(address.into()),
            ..harness.actor.clone()
        };
        let answer = harness.service.log_in(&actor, &credentials(OPERATOR, "wrong"));
        code_of(answer)
    };
    let stored = || {
        let mut count = 0;
        let mut visit = |record, _| {
            count += usize::from(matches!(record, Record::Throttle(_)));
            Ok(())
        };
        let _ = harness.store().load(&mut visit).unwrap();
        count
    };
    assert_eq!(fail("2001:db8:0:7::1"), Code::Unauthenticated);
    // One client has all of a /64.
    assert_eq!(fail("2001:db8:0:7::2"), Code::Throttled);
    assert_eq!(fail("192.0.2.1"), Code::Unauthenticated);
    assert_eq!(fail("192.0.2.2"), Code::Unauthenticated);
    assert_eq!(stored(), 3);
    harness.advance(25, 0);
    assert_eq!(fail("192.0.2.3"), Code::Unauthenticated);
    assert_eq!(stored(), 1);
}

#[test]
fn sessions_and_the_key_outlive_a_restart() {
    let harness = acme();
    let granted = log_in(&harness, OPERATOR);
    let keys = harness.service.login_keys();
    for harness in [harness.reopened(), harness.after_a_crash()] {
        assert!(is_good(&harness, &granted));
        assert_eq!(harness.service.login_keys(), keys);
    }
    let harness = harness.after_a_crash();
    assert!(refresh(&harness, &granted).is_ok());
}

#[test]
fn the_key_is_replaced_after_ninety_days_and_known_until_nothing_it_signed_is_good() {
    let harness = acme();
    assert_eq!(harness.service.login_keys().jwks, r#"{"keys":[]}"#);
    let kids = || {
        let keys: serde_json::Value = serde_json::from_str(&harness.service.login_keys().jwks).unwrap();
        let keys = keys["keys"].as_array().unwrap().clone();
        keys.iter()
            .map(|key| key["kid"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let mut granted = log_in(&harness, OPERATOR);
    let first = kids();
    for _ in 0..3 {
        harness.advance(29 * DAY, 0);
        granted = refresh(&harness, &granted).unwrap();
    }
    harness.advance(3 * DAY - 1, 30);
    let old = refresh(&harness, &granted).unwrap();
    assert_eq!(kids(), first);
    harness.advance(0, 30);
    let new = refresh(&harness, &old).unwrap();
    let both = kids();
    assert_eq!((both.len(), &both[1]), (2, &first[0]));
    assert_eq!(harness.last_action(), "login.key_rotated");
    // Half an hour of the old one is left, also to a process that never verified it.
    let other = harness.after_a_crash();
    assert!(is_good(&harness, &old) && is_good(&harness, &new) && is_good(&other, &old));
    harness.advance(1, 5);
    assert_eq!(kids(), both[..1]);
    assert_eq!(verify(&harness, &old), EXPIRED);
    // Nobody can tell that it was ours who did not see it before.
    assert_eq!(verify(&harness.after_a_crash(), &old), LoginVerified::Invalid);
    assert_eq!(verify(&harness, &new), EXPIRED);
}

#[test]
fn after_the_keyring_was_replaced_another_key_signs_and_a_refresh_goes_on() {
    let harness = acme();
    let granted = log_in(&harness, OPERATOR);
    let before = harness.service.login_keys();
    let harness = harness.rekeyed().unwrap();
    assert_ne!(harness.service.login_keys(), before);
    assert_eq!(verify(&harness, &granted), LoginVerified::Invalid);
    let second = refresh(&harness, &granted).unwrap();
    assert!(is_good(&harness, &second));
    // What was refreshed is known to the next keyring too, and an old one is still told from a new one.
    let harness = harness.rekeyed().unwrap();
    assert_eq!(code_of(refresh(&harness, &granted)), Code::Unauthenticated);
    assert_eq!(harness.last_action(), "login.refresh_reused");
}

#[test]
fn an_older_state_answers_nothing_and_keeps_no_session_when_it_is_accepted() {
    let harness = acme();
    let granted = log_in(&harness, OPERATOR);
    *harness.full.opening.lock().unwrap() = Opening {
        rollback: Some(Rollback {
            anchored: 431,
            found: 412,
            anchored_at: Timestamp::from_millis(1_795_435_000_000),
        }),
        ..Opening::default()
    };
    let harness = harness.after_a_crash();
    assert_eq!(verify(&harness, &granted), LoginVerified::Unavailable);
    assert_eq!(harness.service.verify_login(b"junk"), LoginVerified::Unavailable);
    assert_eq!(code_of(refresh(&harness, &granted)), Code::RolledBack);
    let again = harness
        .service
        .log_in(&harness.actor, &credentials(ADA, PASSWORD));
    assert_eq!(code_of(again), Code::RolledBack);
    let accept = Request::AcceptRollback {
        credentials: credentials(ADA, PASSWORD),
        sequence: 412,
    };
    harness.ask(accept).unwrap();
    assert_eq!(verify(&harness, &granted), ENDED);
}

#[test]
fn a_restore_that_lost_something_ends_every_session_and_a_complete_one_none() {
    for is_complete in [true, false] {
        let harness = acme();
        let granted = log_in(&harness, OPERATOR);
        harness.restored(is_complete);
        assert_eq!(is_good(&harness, &granted), is_complete);
        assert_eq!(refresh(&harness, &granted).is_ok(), is_complete);
    }
}

#[test]
fn nothing_is_granted_that_was_not_committed() {
    let harness = acme();
    let granted = log_in(&harness, OPERATOR);
    harness.full.is_full.store(true, Ordering::Relaxed);
    let again = harness
        .service
        .log_in(&harness.actor, &credentials(OPERATOR, PASSWORD));
    assert_eq!(code_of(again), Code::DiskFull);
    assert_eq!(code_of(refresh(&harness, &granted)), Code::DiskFull);
    assert!(is_good(&harness, &granted));
    harness.full.is_full.store(false, Ordering::Relaxed);
    // What failed was no use of the refresh token.
    assert!(refresh(&harness, &granted).is_ok());
}

#[test]
fn a_jwt_with_any_byte_changed_added_or_missing_is_invalid() {
    let harness = acme();
    let granted = log_in(&harness, OPERATOR);
    let good = granted.jwt.expose().to_vec();
    // Also when the whole one is known by its hash.
    assert!(is_good(&harness, &granted));
    let invalid = |text: &[u8]| {
        let answer = harness.service.verify_login(text);
        assert_eq!(
            answer,
            LoginVerified::Invalid,
            "{}",
            String::from_utf8_lossy(text)
        );
    };
    for place in 0..good.len() {
        for bit in 0..8 {
            let mut changed = good.clone();
            changed[place] ^= 1 << bit;
            invalid(&changed);
        }
        invalid(&good[..place]);
        invalid(&[&good[..place], &good[place + 1..]].concat());
    }
    for more in ["=", "==", ".", ".e30", " ", "\n", "A"] {
        invalid(&[&good, more.as_bytes()].concat());
        invalid(&[more.as_bytes(), &good].concat());
    }
    invalid(b"");
    invalid(b"..");
    invalid(&[b'a'; 100_000]);
    assert!(is_good(&harness, &granted));
}

#[test]
fn a_flood_of_made_up_jwts_costs_few_signatures_and_good_ones_are_judged_as_ever() {
    let harness = acme();
    let ended = log_in(&harness, OPERATOR);
    let granted = log_in(&harness, OPERATOR);
    assert_eq!(verify(&harness, &ended), ENDED);
    let text = ended.jwt.expose_text().unwrap();
    let forged = format!("{}{}", &text[..text.len() - 86], "A".repeat(86));
    // As many signatures as are verified for nothing within a second, and then none.
    for _ in 0..1_000 {
        assert_eq!(
            harness.service.verify_login(forged.as_bytes()),
            LoginVerified::Invalid
        );
    }
    assert!(is_good(&harness, &granted));
    // Another process' first look at it, in the middle of a flood.
    let other = harness.after_a_crash();
    for _ in 0..1_000 {
        assert_eq!(
            other.service.verify_login(forged.as_bytes()),
            LoginVerified::Invalid
        );
    }
    assert_eq!(verify(&other, &ended), LoginVerified::Invalid);
    assert!(is_good(&other, &granted));
    other.clock.advance(Duration::from_secs(1));
    assert_eq!(verify(&other, &ended), ENDED);
}

#[test]
fn no_other_header_counts_and_what_it_names_is_ignored() {
    let harness = acme();
    let granted = log_in(&harness, OPERATOR);
    let text = granted.jwt.expose_text().unwrap().to_owned();
    let parts: Vec<&str> = text.split('.').collect();
    let header = String::from_utf8(URL_SAFE_NO_PAD.decode(parts[0]).unwrap()).unwrap();
    let kid = header.split('"').nth(7).unwrap().to_owned();
    let headers = [
        r#"{"alg":"none"}"#.to_owned(),
        format!(r#"{{"alg":"none","kid":"{kid}","typ":"JWT"}}"#),
        format!(r#"{{"alg":"HS256","kid":"{kid}","typ":"JWT"}}"#),
        format!(r#"{{"alg":"ES256","kid":"{kid}","typ":"JWT"}}"#),
        header.replace(&kid, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"),
        header.replace('{', r#"{"crit":["exp"],"#),
        header.replace('{', r#"{"jwk":{"kty":"OKP"},"#),
        header.replace('{', r#"{"jku":"https://evil.test/","#),
        header.replace('{', r#"{"x5u":"https://evil.test/","#),
        header.replace(',', ", "),
    ];
    for changed in headers {
        assert_ne!(changed, header);
        let front = URL_SAFE_NO_PAD.encode(&changed);
        for signature in [parts[2], ""] {
            let jwt = format!("{front}.{}.{signature}", parts[1]);
            assert_eq!(
                harness.service.verify_login(jwt.as_bytes()),
                LoginVerified::Invalid,
                "{changed}"
            );
        }
    }
}

#[test]
fn a_thousand_logins_at_once_take_two_hashes_memory_and_none_is_accepted() {
    const EACH: u64 = 64 * 1024;
    let ports = Ports {
        passwords: Arc::new(Argon2Passwords::new(
            Cost::STANDARD,
            Arc::new(SeededEntropy::new(9)),
        )),
        ..Harness::empty().ports
    };
    let service = Service::open(ports).unwrap();
    let owner = Actor::default();
    service.handle(&owner, Request::Onboard(onboard("acme"))).unwrap();
    let granted = service.log_in(&owner, &credentials(ADA, PASSWORD)).unwrap();
    let before = peak_kib();
    let (busy, wrong) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for number in 0..1_000 {
            let (service, busy, wrong) = (&service, &busy, &wrong);
            let login = move || {
                let actor = Actor {
                    address: Some(format!("192.0.{}.{}", number / 250, number % 250)),
                    ..Actor::default()
                };
                let who = if number % 2 == 0 { ADA } else { "nobody@acme.test" };
                match code_of(service.log_in(&actor, &credentials(who, "a wrong password"))) {
                    Code::Busy => busy.fetch_add(1, Ordering::Relaxed),
                    Code::Unauthenticated => wrong.fetch_add(1, Ordering::Relaxed),
                    other => panic!("{other:?}"),
                };
            };
            let thread = std::thread::Builder::new().stack_size(256 * 1024);
            thread.spawn_scoped(scope, login).unwrap();
        }
        // Meanwhile a good one is judged as ever.
        let jwt = granted.jwt.expose();
        assert!(matches!(service.verify_login(jwt), LoginVerified::Good(_)));
    });
    let (busy, wrong) = (busy.into_inner(), wrong.into_inner());
    assert_eq!(busy + wrong, 1_000);
    assert!(busy > 0 && wrong > 0, "{busy} busy, {wrong} wrong");
    // Two hashes, the threads' stacks, and what the tests beside this one take.
    let grown = peak_kib() - before;
    assert!(grown < 2 * EACH + 256 * 1024, "{grown} KiB");
    println!("{busy} of 1000 told to come later, {wrong} wrong, {grown} KiB more at the peak");
}

/// The most memory that this process had so far.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
fn what_is_no_refresh_token_is_refused_and_changes_nothing() {
    let harness = acme();
    let granted = log_in(&harness, OPERATOR);
    let good = granted.refresh.expose().to_vec();
    for place in 0..good.len() {
        let mut changed = good.clone();
        changed[place] ^= 1;
        let answer = refresh_token(&Secret::new(changed))
            .and_then(|secret| harness.service.refresh_login(&harness.actor, &secret));
        assert_eq!(code_of(answer), Code::Unauthenticated);
    }
    let unknown = RefreshSecret::from_random([7; 32], [7; 32]);
    let answer = harness.service.refresh_login(&harness.actor, &unknown);
    assert_eq!(code_of(answer), Code::Unauthenticated);
    assert!(refresh(&harness, &granted).is_ok());
}
