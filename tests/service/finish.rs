//! *Finish when quiet*, and the undo of a rotation.

use std::time::Duration;

use strongroom::domain::id::TokenId;
use strongroom::domain::secret::Secret;
use strongroom::domain::token::{Finish, Overlap, Refusal, Status};
use strongroom::service::request::{Invalidation, RotateToken, TokenRef};
use strongroom::service::response::Minted;
use strongroom::service::{Code, Request, Response};

use super::harness::{ADA, Harness, PASSWORD, code_of, credentials};

impl Harness {
    /// Lets time pass as a daemon does: counts are written and it looks around every half minute.
    fn run(&self, hours: u64, minutes: u64) {
        for _ in 0..(hours * 60 + minutes) * 2 {
            self.clock.advance(Duration::from_secs(30));
            self.service.write_usage().unwrap();
            self.service.maintain().unwrap();
        }
    }

    fn finishing(&self, token: &str, overlap: Overlap, hours: u8) -> Minted {
        let request = RotateToken {
            organization: None,
            token: TokenRef::parse(token),
            lifetime: None,
            overlap,
            finish: Finish::WhenQuiet { hours },
            owner: None,
            note: None,
            credentials: credentials(ADA, PASSWORD),
        };
        let Response::Minted(minted) = self.ask(Request::RotateToken(request)).unwrap() else {
            panic!()
        };
        self.acknowledge(&minted);
        *minted
    }

    fn undo(&self, token: TokenId) -> Result<Response, strongroom::service::Error> {
        self.ask(Request::UndoRotation {
            organization: None,
            token: TokenRef::Id(token),
        })
    }
}

/// A daemon's service and a rotation that finishes when it is quiet; the old token was used every two hours.
fn running(hours: u8) -> (Harness, TokenId, Secret, Minted) {
    let harness = Harness::admin();
    harness.service.begin_counting();
    let (id, old) = harness.minted("payouts-prod");
    for _ in 0..3 {
        assert!(harness.verdict(&old).is_ok());
        harness.run(2, 0);
    }
    assert!(harness.verdict(&old).is_ok());
    let new = harness.finishing("payouts-prod", Overlap::Days7, hours);
    (harness, id, old, new)
}

#[test]
fn the_old_token_retires_by_itself_once_it_is_silent_for_longer_than_ever() {
    let (harness, id, old, new) = running(1);
    assert!(harness.verdict(&new.secret).is_ok());
    harness.run(2, 0);
    assert_eq!(harness.verdict(&old), Ok(Status::Retiring));
    // That was a use: the silence begins anew, and has to be longer than this gap of two hours.
    harness.run(2, 0);
    let finish = harness.show(&id.to_string()).finish.unwrap();
    assert!(finish.counted && finish.successor_seen);
    assert!((7_200..=7_260).contains(&finish.needed_seconds), "{finish:?}");
    harness.run(0, 2);
    assert_eq!(harness.verdict(&old), Err(Some(Refusal::Expired)));
    assert!(harness.verdict(&new.secret).is_ok());
    let entry = &harness.activity("token.cut_over_when_quiet").entries[0];
    assert_eq!(entry.actor.cashier, None);
    assert!(entry.reason.starts_with("silent since"), "{}", entry.reason);
    assert!(harness.show(&id.to_string()).finish.is_none());
}

#[test]
fn without_a_use_of_the_new_one_it_works_until_the_end() {
    let (harness, id, old, _) = running(1);
    harness.run(24, 0);
    assert_eq!(harness.verdict(&old), Ok(Status::Retiring));
    assert!(!harness.show(&id.to_string()).finish.unwrap().successor_seen);
    harness.advance(7 * 24, 0);
    assert_eq!(harness.verdict(&old), Err(Some(Refusal::Expired)));
    assert_eq!(harness.activity("when_quiet").entries.len(), 0);
}

#[test]
fn the_operator_s_hours_are_kept() {
    let (harness, _, old, new) = running(5);
    assert!(harness.verdict(&new.secret).is_ok());
    harness.run(4, 58);
    assert_eq!(harness.activity("when_quiet").entries.len(), 0);
    harness.run(0, 4);
    assert_eq!(harness.verdict(&old), Err(Some(Refusal::Expired)));
}

#[test]
fn a_stretch_in_which_nobody_counted_is_no_silence() {
    let (harness, _, old, new) = running(1);
    assert!(harness.verdict(&new.secret).is_ok());
    harness.run(1, 50);
    // The host slept: a turn comes late.
    harness.advance(9, 0);
    harness.run(1, 50);
    assert_eq!(harness.activity("when_quiet").entries.len(), 0);
    // A crash: the next process begins anew, and one that nobody asks about tokens does not count at all.
    let harness = harness.after_a_crash();
    harness.run(24, 0);
    assert_eq!(harness.activity("when_quiet").entries.len(), 0);
    harness.service.begin_counting();
    harness.run(1, 50);
    assert_eq!(harness.activity("when_quiet").entries.len(), 0);
    harness.run(0, 15);
    assert_eq!(harness.verdict(&old), Err(Some(Refusal::Expired)));
}

#[test]
fn a_token_that_works_again_was_not_silent_while_it_was_refused() {
    let (mut harness, id, old, new) = running(1);
    assert!(harness.verdict(&new.secret).is_ok());
    harness.run(1, 10);
    harness.sign_in(ADA, PASSWORD);
    harness.invalidate(&[id], Invalidation::Revoke).unwrap();
    harness.run(0, 55);
    harness.sign_in(ADA, PASSWORD);
    let restore = Request::RestoreToken {
        organization: None,
        token: TokenRef::Id(id),
    };
    harness.ask(restore).unwrap();
    harness.run(1, 50);
    assert_eq!(harness.activity("when_quiet").entries.len(), 0);
    harness.run(0, 15);
    assert_eq!(harness.verdict(&old), Err(Some(Refusal::Expired)));
}

#[test]
fn a_running_overlap_learns_to_finish_when_quiet_and_forgets_it() {
    let (mut harness, id, old, new) = running(1);
    let extend = |overlap, finish| Request::ExtendOverlap {
        organization: None,
        token: TokenRef::Id(id),
        overlap,
        finish,
    };
    harness.sign_in(ADA, PASSWORD);
    harness.ask(extend(None, Some(Finish::AtEnd))).unwrap();
    assert_eq!(
        harness.refused(extend(None, Some(Finish::AtEnd))).code,
        Code::Conflict
    );
    assert!(harness.verdict(&new.secret).is_ok());
    harness.run(24, 0);
    assert_eq!(harness.verdict(&old), Ok(Status::Retiring));
    harness.sign_in(ADA, PASSWORD);
    let ends_at = harness.show(&id.to_string()).row.ends_at;
    harness
        .ask(extend(None, Some(Finish::WhenQuiet { hours: 1 })))
        .unwrap();
    assert_eq!(harness.show(&id.to_string()).row.ends_at, ends_at);
    // It was used a moment ago, a day after the use before.
    harness.run(24, 2);
    assert_eq!(harness.verdict(&old), Err(Some(Refusal::Expired)));
}

#[test]
fn a_disk_that_is_full_delays_the_cut_and_nothing_else() {
    use std::sync::atomic::Ordering;
    let (harness, _, old, new) = running(1);
    assert!(harness.verdict(&new.secret).is_ok());
    harness.run(1, 58);
    harness.full.is_full.store(true, Ordering::Relaxed);
    for _ in 0..10 {
        harness.clock.advance(Duration::from_secs(30));
        let _ = harness.service.maintain();
    }
    harness.full.is_full.store(false, Ordering::Relaxed);
    harness.run(0, 1);
    assert_eq!(harness.verdict(&old), Err(Some(Refusal::Expired)));
}

#[test]
fn an_undone_rotation_leaves_the_old_token_as_it_was() {
    let (mut harness, id, old, new) = running(1);
    harness.sign_in(ADA, PASSWORD);
    harness.undo(new.token.id).unwrap();
    assert_eq!(harness.verdict(&old), Ok(Status::Active));
    assert_eq!(harness.verdict(&new.secret), Err(Some(Refusal::Revoked)));
    assert_eq!(harness.last_action(), "token.rotation_undone");
    let detail = harness.show("payouts-prod");
    assert_eq!((detail.row.id, detail.row.replaced_by), (id, None));
    assert_eq!(detail.row.ends_at, detail.row.expires_at);
    // Nothing retires it any more, and the new one does not come back beside it.
    harness.run(24, 0);
    assert_eq!(harness.verdict(&old), Ok(Status::Active));
    assert_eq!(code_of(harness.undo(id)), Code::SignInRequired);
    harness.sign_in(ADA, PASSWORD);
    assert_eq!(code_of(harness.undo(id)), Code::Conflict);
    let again = harness.finishing("payouts-prod", Overlap::Hour1, 1);
    assert_eq!(harness.show("payouts-prod").row.id, again.token.id);
}

#[test]
fn the_new_one_of_an_undone_rotation_is_not_restored_beside_the_old_one() {
    let (mut harness, _, _, new) = running(1);
    harness.sign_in(ADA, PASSWORD);
    harness.undo(new.token.id).unwrap();
    let restore = Request::RestoreToken {
        organization: None,
        token: TokenRef::Id(new.token.id),
    };
    assert_eq!(harness.refused(restore).code, Code::Conflict);
}

#[test]
fn a_rotation_whose_new_token_is_being_replaced_is_not_undone() {
    let (mut harness, id, old, _) = running(1);
    let pending = harness.rotate("payouts-prod", Overlap::Hour1).unwrap();
    harness.sign_in(ADA, PASSWORD);
    assert_eq!(code_of(harness.undo(id)), Code::Conflict);
    harness.acknowledge(&pending);
    assert_eq!(code_of(harness.undo(id)), Code::Conflict);
    assert_eq!(harness.verdict(&old), Ok(Status::Retiring));
}

#[test]
fn where_the_new_token_leaked_the_undo_lets_the_old_one_go_on() {
    let (mut harness, id, old, new) = running(1);
    harness.sign_in(ADA, PASSWORD);
    harness
        .invalidate(&[new.token.id], Invalidation::RevokeAsLeaked)
        .unwrap();
    harness.undo(id).unwrap();
    assert_eq!(harness.verdict(&old), Ok(Status::Active));
    assert!(harness.show(&new.token.id.to_string()).revoked.unwrap().leaked);
}
