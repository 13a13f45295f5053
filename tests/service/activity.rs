use sha2::{Digest as _, Sha256};
use strongroom::service::Request;
use strongroom::service::request::Invalidation;

use super::harness::{ADA, Harness};

#[test]
fn every_change_has_its_entry_and_the_chain_holds() {
    let harness = Harness::admin();
    let (id, secret) = harness.minted("payouts-prod");
    harness.invalidate(&[id], Invalidation::Revoke).unwrap();
    let mut entries = harness.activity("").entries;
    entries.reverse();
    let actions: Vec<_> = entries.iter().map(|entry| entry.action.word()).collect();
    let expected = [
        "cashier.added",
        "organization.onboarded",
        "cashier.signed_in",
        "token.created",
        "token.acknowledged",
        "token.revoked",
    ];
    assert_eq!(actions, expected);
    let mut previous = [0; 32];
    for (number, entry) in entries.iter().enumerate() {
        assert_eq!(entry.sequence, number as u64 + 1);
        assert_eq!(entry.previous, previous);
        previous = Sha256::digest(entry.canonical()).into();
        assert_eq!(entry.hash, previous);
    }
    let log = format!("{entries:?}");
    assert!(!log.contains(secret.expose_text().unwrap()));
    assert!(log.contains(ADA));
}

#[test]
fn a_filter_finds_old_entries_and_pages_meet_without_gaps() {
    let harness = Harness::onboarded();
    for number in 0..30 {
        harness.minted(&format!("token-{number}"));
    }
    assert_eq!(harness.activity("onboarded").entries.len(), 1);
    assert_eq!(harness.activity("TOKEN.CREATED").entries.len(), 30);
    let mut seen = Vec::new();
    let mut before = None;
    loop {
        let request = Request::ListActivity {
            filter: "created".into(),
            before,
            limit: 7,
        };
        let strongroom::service::Response::Activity(page) = harness.ask(request).unwrap() else {
            panic!()
        };
        seen.extend(page.entries.iter().map(|entry| entry.sequence));
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    assert_eq!(seen.len(), 30);
    assert!(seen.windows(2).all(|pair| pair[0] > pair[1]));
}

#[test]
fn forwards_from_an_entry_it_gives_the_same_entries_the_other_way_round() {
    let harness = Harness::onboarded();
    for number in 0..12 {
        harness.minted(&format!("token-{number}"));
    }
    for filter in ["", "created", "nobody"] {
        let mut expected = harness.activity(filter).entries;
        expected.reverse();
        let mut seen = Vec::new();
        let mut after = Some(0);
        while let Some(from) = after {
            let request = Request::FollowActivity {
                filter: filter.into(),
                after: from,
                limit: 5,
            };
            let strongroom::service::Response::Activity(page) = harness.ask(request).unwrap() else {
                panic!()
            };
            assert!(page.entries.len() <= 5);
            seen.extend(page.entries);
            after = page.next;
        }
        assert_eq!(seen, expected, "{filter}");
    }
}

#[test]
fn a_refused_change_leaves_no_trace_but_a_failed_sign_in_does() {
    let harness = Harness::onboarded();
    let head = harness.activity("").head;
    assert!(harness.session(ADA, "wrong wrong wrong").is_err());
    let page = harness.activity("");
    assert_eq!(page.head, head + 1);
    assert_eq!(page.entries[0].action.word(), "cashier.sign_in_failed");
    assert_eq!(harness.store().audit_head().unwrap().unwrap().sequence, head + 1);
}
