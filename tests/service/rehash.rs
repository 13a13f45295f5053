use std::sync::atomic::{AtomicBool, Ordering};

use strongroom::domain::id::TokenId;
use strongroom::domain::secret::Secret;
use strongroom::domain::token::{Overlap, Refusal, Status, Token};
use strongroom::service::ports::{Opening, Record, Rollback};
use strongroom::service::request::{Invalidation, TokenQuery, TokenRef};
use strongroom::service::{Actor, Code, Request, Verified};

use super::harness::Harness;

/// The token's record and its revision, as the store has them.
fn stored(harness: &Harness, id: TokenId) -> (Token, u64) {
    let mut found = None;
    let mut look = |record, revision| {
        if let Record::Token(token) = record
            && token.id == id
        {
            found = Some((token, revision));
        }
        Ok(())
    };
    let _ = harness.store().load(&mut look).unwrap();
    found.unwrap()
}

/// The keys that the stored token and a new one are hashed with.
fn is_rehashed(harness: &Harness, id: TokenId) -> bool {
    let (token, _) = stored(harness, id);
    token.digest_key == harness.ports.sealer.digest(&[0; 32]).1
}

fn told(harness: &Harness) -> Vec<String> {
    let entries = harness.activity("token.rehashed").entries.into_iter();
    entries.map(|entry| entry.subject).collect()
}

/// A token of before another keyring.
fn earlier(name: &str) -> (Harness, TokenId, Secret) {
    let harness = Harness::admin();
    let (id, secret) = harness.minted(name);
    (harness.rekeyed().unwrap(), id, secret)
}

#[test]
fn a_token_that_was_used_is_rehashed_and_found_before_and_after() {
    let (harness, id, secret) = earlier("payouts");
    let (before, revision) = stored(&harness, id);
    harness.service.maintain().unwrap();
    assert_eq!(stored(&harness, id), (before.clone(), revision));
    assert_eq!(harness.verdict(&secret), Ok(Status::Active));
    assert_eq!(stored(&harness, id), (before.clone(), revision));

    harness.service.maintain().unwrap();
    let (after, second) = stored(&harness, id);
    assert_eq!(second, revision + 1);
    assert!(is_rehashed(&harness, id) && after.digest != before.digest);
    let same = Token {
        digest: before.digest,
        digest_key: before.digest_key,
        ..after
    };
    assert_eq!(same, before);
    let entry = harness.activity("token.rehashed").entries.remove(0);
    assert_eq!((entry.subject.as_str(), entry.actor.cashier), ("1 token", None));
    for harness in [&harness, &harness.reopened()] {
        assert_eq!(harness.verdict(&secret), Ok(Status::Active));
        assert_eq!(harness.show("payouts").row.id, id);
        harness.service.maintain().unwrap();
        assert_eq!(told(harness).len(), 1);
    }
}

#[test]
fn many_are_one_entry_and_lists_go_on() {
    let harness = Harness::admin();
    let tokens: Vec<_> = (0..20)
        .map(|number| harness.minted(&format!("t{number:02}")))
        .collect();
    let harness = harness.rekeyed().unwrap();
    let names = |harness: &Harness, text: &str| -> Vec<String> {
        let query = TokenQuery {
            text: text.into(),
            limit: 100,
            ..TokenQuery::default()
        };
        let rows = harness.list(query).rows.into_iter();
        rows.map(|row| row.name.as_str().to_owned()).collect()
    };
    let before = (names(&harness, ""), names(&harness, "t1"));
    for (_, secret) in &tokens {
        for _ in 0..3 {
            harness.verdict(secret).unwrap();
        }
    }
    harness.service.maintain().unwrap();
    assert_eq!(told(&harness), ["20 tokens"]);
    assert_eq!(before, (names(&harness, ""), names(&harness, "t1")));
    assert_eq!((before.0.len(), before.1.len()), (20, 10));
    for (id, secret) in &tokens {
        assert!(is_rehashed(&harness, *id));
        harness.verdict(secret).unwrap();
        assert_eq!(harness.show(&id.to_string()).row.uses, 4);
    }
}

#[test]
fn what_ended_between_its_use_and_the_maintenance_stays_as_it_is() {
    for how in [
        Invalidation::Revoke,
        Invalidation::RevokeAsLeaked,
        Invalidation::Delete,
    ] {
        let (harness, id, secret) = earlier("payouts");
        harness.verdict(&secret).unwrap();
        harness.invalidate(&[id], how).unwrap();
        let ended = stored(&harness, id);
        harness.service.maintain().unwrap();
        assert_eq!(stored(&harness, id), ended);
        assert_eq!(told(&harness), Vec::<String>::new());
        for harness in [&harness, &harness.reopened()] {
            assert!(harness.verdict(&secret).is_err());
            harness.service.maintain().unwrap();
            assert!(!is_rehashed(harness, id));
        }
    }
}

#[test]
fn a_revocation_that_is_undone_leaves_a_token_that_is_rehashed_at_its_next_use() {
    let (harness, id, secret) = earlier("payouts");
    harness.verdict(&secret).unwrap();
    harness.invalidate(&[id], Invalidation::Revoke).unwrap();
    harness.service.maintain().unwrap();
    let undo = Request::RestoreToken {
        organization: None,
        token: TokenRef::Id(id),
    };
    harness.ask(undo).unwrap();
    harness.verdict(&secret).unwrap();
    harness.service.maintain().unwrap();
    assert!(is_rehashed(&harness, id));
    // Ending it afterwards ends it by its new digest.
    harness.invalidate(&[id], Invalidation::Revoke).unwrap();
    for harness in [&harness, &harness.reopened()] {
        assert_eq!(harness.verdict(&secret), Err(Some(Refusal::Revoked)));
    }
}

#[test]
fn a_rotation_meanwhile_keeps_its_overlap_and_one_without_leaves_nothing_to_rehash() {
    for (overlap, works) in [(Overlap::Days3, true), (Overlap::Now, false)] {
        let (harness, id, secret) = earlier("payouts");
        harness.verdict(&secret).unwrap();
        let minted = harness.rotate("payouts", overlap).unwrap();
        harness.acknowledge(&minted);
        let (rotated, _) = stored(&harness, id);
        assert_eq!(rotated.replaced_by, Some(minted.token.id));
        harness.service.maintain().unwrap();
        assert_eq!(is_rehashed(&harness, id), works);
        let (after, _) = stored(&harness, id);
        assert_eq!(
            (after.life, after.replaced_by),
            (rotated.life, rotated.replaced_by)
        );
        for harness in [&harness, &harness.reopened()] {
            assert_eq!(harness.verdict(&secret).is_ok(), works);
            assert_eq!(harness.verdict(&minted.secret), Ok(Status::Active));
        }
    }
}

#[test]
fn counts_callers_and_what_was_found_before_hold_over_it() {
    let (harness, _, secret) = earlier("payouts");
    let verify = |address: &str| match harness.verified_from(&secret, address, "checkout/4.2") {
        Verified::Good { found, .. } => found,
        other => panic!("{other:?}"),
    };
    let before = verify("10.0.0.9");
    verify("10.0.0.4");
    harness.service.maintain().unwrap();
    // Whoever was still at work with what it found.
    let id = harness
        .service
        .with_grant(&before, Status::Active, |grant| grant.id);
    assert_eq!(id, harness.show("payouts").row.id);
    verify("10.0.0.4");
    assert_eq!(verify("10.0.0.9"), before);
    for harness in [&harness, &harness.reopened()] {
        let detail = harness.show("payouts");
        assert_eq!(detail.row.uses, 4);
        assert_eq!(detail.row.last_used.unwrap().to_string(), "2026-11-23T12:00:00Z");
        let callers = detail.callers.iter().map(|it| (it.address.as_str(), it.count));
        let mut callers: Vec<_> = callers.collect();
        callers.sort_unstable();
        assert_eq!(callers, [("10.0.0.4", 2), ("10.0.0.9", 2)]);
    }
}

#[test]
fn nobody_is_refused_while_tokens_are_rehashed() {
    const THREADS: usize = 4;
    let harness = Harness::admin();
    let tokens: Vec<_> = (0..60)
        .map(|number| harness.minted(&format!("t{number:02}")))
        .collect();
    let harness = harness.rekeyed().unwrap();
    let is_over = AtomicBool::new(false);
    let uses: u64 = std::thread::scope(|scope| {
        let verify = || {
            let mut uses = 0;
            while !is_over.load(Ordering::Relaxed) {
                for (id, secret) in &tokens {
                    match harness.service.verify(secret.expose()) {
                        Verified::Good { found, .. } => assert_eq!(found.id, *id),
                        other => panic!("{other:?} after {uses}"),
                    }
                    uses += 1;
                }
            }
            uses
        };
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(verify)).collect();
        while !tokens.iter().all(|(id, _)| is_rehashed(&harness, *id)) {
            harness.service.maintain().unwrap();
            harness.service.write_usage().unwrap();
        }
        is_over.store(true, Ordering::Relaxed);
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    let counted = tokens
        .iter()
        .map(|(id, _)| harness.show(&id.to_string()).row.uses);
    assert_eq!(counted.sum::<u64>(), uses);
    let harness = harness.rekeyed().unwrap();
    assert!(tokens.iter().all(|(_, secret)| harness.verdict(secret).is_ok()));
}

#[test]
fn another_keyring_again_only_when_every_good_token_was_used() {
    let harness = Harness::admin();
    let [(used, first), (unused, second), (_, third)] =
        ["payouts", "ledger", "kyc"].map(|name| harness.minted(name));
    let harness = harness.rekeyed().unwrap();
    harness.verdict(&first).unwrap();
    let Err(refused) = harness.rekeyed() else {
        panic!("it forgets two tokens")
    };
    assert_eq!(refused.code, Code::Conflict);
    for word in ["2 good tokens", "ledger", "kyc"] {
        assert!(refused.message.contains(word), "{}", refused.message);
    }
    assert!(!refused.message.contains("payouts"), "{}", refused.message);
    for word in ["used once", "revoked"] {
        assert!(refused.hint.contains(word), "{}", refused.hint);
    }
    harness.invalidate(&[unused], Invalidation::Revoke).unwrap();
    // Used a moment before, without any maintenance in between.
    harness.verdict(&third).unwrap();
    let harness = harness.rekeyed().unwrap();
    assert_eq!(harness.verdict(&first), Ok(Status::Active));
    assert_eq!(harness.verdict(&third), Ok(Status::Active));
    assert!(harness.verdict(&second).is_err());
    harness.service.maintain().unwrap();
    assert!(is_rehashed(&harness, used));
}

#[test]
fn many_that_were_not_used_are_counted_and_some_named() {
    let harness = Harness::admin();
    for number in 0..5 {
        harness.minted(&format!("t{number}"));
    }
    let Err(refused) = harness.rekeyed().unwrap().rekeyed() else {
        panic!()
    };
    assert!(
        refused.message.starts_with("5 good tokens were"),
        "{}",
        refused.message
    );
    assert!(refused.message.ends_with(" and 2 more"), "{}", refused.message);
}

#[test]
fn a_held_token_is_rehashed_and_stays_held() {
    let (harness, id, secret) = earlier("payouts");
    harness.restored(false);
    assert_eq!(harness.verdict(&secret), Err(Some(Refusal::Held)));
    harness.service.maintain().unwrap();
    assert!(is_rehashed(&harness, id));
    assert_eq!(harness.verdict(&secret), Err(Some(Refusal::Held)));
    let release = Request::ReleaseHold {
        organization: None,
        tokens: Some(vec![TokenRef::Id(id)]),
    };
    harness.ask(release).unwrap();
    for harness in [&harness, &harness.reopened()] {
        assert_eq!(harness.verdict(&secret), Ok(Status::Active));
    }
}

#[test]
fn a_full_disk_leaves_it_for_later() {
    let (harness, id, secret) = earlier("payouts");
    harness.verdict(&secret).unwrap();
    harness.full.is_full.store(true, Ordering::Relaxed);
    assert!(harness.service.maintain().is_err());
    assert!(!is_rehashed(&harness, id));
    harness.verdict(&secret).unwrap();
    harness.full.is_full.store(false, Ordering::Relaxed);
    harness.service.maintain().unwrap();
    assert!(is_rehashed(&harness, id));
    assert_eq!(told(&harness), ["1 token"]);
}

#[test]
fn whoever_only_looks_and_an_older_state_rehash_nothing() {
    let (harness, id, secret) = earlier("payouts");
    let looking = Actor {
        read_only: true,
        ..harness.actor.clone()
    };
    let presented = secret.clone();
    harness
        .service
        .handle(&looking, Request::Verify { presented })
        .unwrap();
    let presented = secret.clone();
    harness.ask(Request::TryToken { presented }).unwrap();
    harness.service.maintain().unwrap();
    assert!(!is_rehashed(&harness, id));

    harness.service.close().unwrap();
    *harness.full.opening.lock().unwrap() = Opening {
        notices: Vec::new(),
        rollback: Some(Rollback {
            anchored: 9,
            found: 4,
            anchored_at: strongroom::domain::time::Timestamp::from_millis(0),
        }),
    };
    let older = harness.after_a_crash();
    assert_eq!(older.service.verify(secret.expose()), Verified::Unavailable);
    older.service.maintain().unwrap();
    assert!(!is_rehashed(&older, id));
}
