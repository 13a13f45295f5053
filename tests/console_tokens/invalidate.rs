use strongroom::domain::token::{Refusal, Status};

use super::harness::Harness;
use super::seat::Seat;

#[test]
fn the_blast_radius_comes_before_the_act() {
    let harness = Harness::onboarded();
    let (_, secret) = harness.minted("payouts-prod");
    for address in ["10.0.0.9", "10.0.0.7", "10.0.0.4"] {
        super::looks::call(&harness, &secret, address, 2);
        harness.clock.advance(std::time::Duration::from_secs(40));
    }
    let mut seat = Seat::new(harness);
    seat.slow = true;
    seat.press("x");
    // Until it is known, nothing is taken away.
    seat.press("tab enter");
    assert!(
        seat.screen().contains("a moment: who uses it is being looked up"),
        "{}",
        seat.screen()
    );
    seat.slow = false;
    let work = seat.kept.pop_front().unwrap();
    seat.answer(work);
    let screen = seat.screen();
    assert!(
        screen.contains("3 callers used this in the last hour, the latest 40 s ago from 10.0.0.4"),
        "{screen}"
    );
    for way in ["revoke ", "revoke as leaked", "delete"] {
        assert!(screen.contains(way), "{screen}");
    }
    assert_eq!(seat.harness.verdict(&secret), Ok(Status::Active));
}

#[test]
fn revoking_asks_who_and_can_be_undone_for_an_hour() {
    let harness = Harness::onboarded();
    let (_, secret) = harness.minted("payouts-prod");
    let mut seat = Seat::new(harness);
    seat.press("x tab");
    seat.type_text("not needed any more");
    seat.press("enter");
    seat.sign_in();
    assert!(
        seat.screen()
            .contains("u in the list undoes it within 60 minutes"),
        "{}",
        seat.screen()
    );
    assert_eq!(seat.harness.verdict(&secret), Err(Some(Refusal::Revoked)));
    let reason = seat.harness.show("payouts-prod").revoked.unwrap().reason.unwrap();
    assert_eq!(reason.as_str(), "not needed any more");
    // It is not in the list any more; the undo knows it all the same.
    seat.press("u");
    assert_eq!(seat.harness.verdict(&secret), Ok(Status::Active));
    assert!(seat.screen().contains("payouts-prod"));
}

#[test]
fn an_undo_after_an_hour_is_refused_and_says_why() {
    let harness = Harness::onboarded();
    harness.minted("payouts-prod");
    let mut seat = Seat::new(harness);
    seat.press("x tab enter");
    seat.sign_in();
    seat.press("a");
    seat.harness.advance(1, 0);
    seat.changed();
    seat.press("u");
    seat.sign_in();
    assert!(
        seat.screen().contains("payouts-prod was revoked at"),
        "{}",
        seat.screen()
    );
}

#[test]
fn a_leak_is_never_undone_from_here() {
    let harness = Harness::onboarded();
    let (_, secret) = harness.minted("payouts-prod");
    let mut seat = Seat::new(harness);
    seat.press("x down tab enter");
    seat.sign_in();
    seat.press("u");
    assert!(
        seat.screen()
            .contains("nothing was revoked here that could be undone"),
        "{}",
        seat.screen()
    );
    assert_eq!(seat.harness.verdict(&secret), Err(Some(Refusal::Revoked)));
}

#[test]
fn marked_ones_end_together_after_their_number_was_said() {
    let harness = Harness::onboarded();
    let secrets: Vec<_> = ["a", "b", "c"].map(|name| harness.minted(name).1).into();
    let mut seat = Seat::new(harness);
    seat.press("s home space space x");
    let screen = seat.screen();
    assert!(screen.contains("Invalidate 2 marked tokens"), "{screen}");
    assert!(
        screen.contains("nobody ever used these tokens") && screen.contains("2 of 2 work now"),
        "{screen}"
    );
    seat.press("down down tab enter");
    seat.sign_in();
    assert!(!seat.screen().contains("2 marked ─"), "{}", seat.screen());
    assert_eq!(seat.harness.verdict(&secrets[0]), Err(Some(Refusal::Revoked)));
    assert_eq!(seat.harness.verdict(&secrets[1]), Err(Some(Refusal::Revoked)));
    assert_eq!(seat.harness.verdict(&secrets[2]), Ok(Status::Active));
}

#[test]
fn giving_up_the_sign_in_changes_nothing_and_keeps_what_was_typed() {
    let harness = Harness::onboarded();
    let (_, secret) = harness.minted("payouts-prod");
    let mut seat = Seat::new(harness);
    seat.press("x tab");
    seat.type_text("because");
    seat.press("enter esc");
    let screen = seat.screen();
    assert!(
        screen.contains("nobody signed in, so nothing was changed") && screen.contains("because"),
        "{screen}"
    );
    assert_eq!(seat.harness.verdict(&secret), Ok(Status::Active));
}

#[test]
fn marked_ones_are_named_also_those_that_the_filter_hides() {
    let harness = Harness::onboarded();
    let secrets: Vec<_> = ["ledger-a", "ledger-b", "payouts-c"]
        .map(|name| harness.minted(name).1)
        .into();
    let mut seat = Seat::new(harness);
    seat.press("s home space space x");
    let screen = seat.screen();
    assert!(screen.contains("│ ledger-a, ledger-b "), "{screen}");
    assert!(!screen.contains("in the list as it is filtered"), "{screen}");
    seat.press("esc /");
    seat.type_text("pay");
    seat.press("enter space x");
    let screen = seat.screen();
    assert!(screen.contains("│ ledger-a, ledger-b, payouts-c "), "{screen}");
    assert!(
        screen.contains("2 of them are not in the list as it is filtered: ledger-a, ledger-b"),
        "{screen}"
    );
    for secret in &secrets {
        assert_eq!(seat.harness.verdict(secret), Ok(Status::Active));
    }
}

#[test]
fn a_marked_one_far_down_in_the_list_is_not_said_to_be_filtered_away() {
    let mut seat = Seat::new(super::list::many(450));
    seat.press("s home space end space");
    seat.slow = true;
    seat.press("x tab enter");
    assert!(
        seat.screen().contains("a moment: who uses it"),
        "{}",
        seat.screen()
    );
    let work = seat.kept.pop_front().unwrap();
    seat.answer(work);
    seat.press("enter");
    assert!(
        seat.screen()
            .contains("a moment: whether the list shows them all"),
        "{}",
        seat.screen()
    );
    seat.slow = false;
    while let Some(work) = seat.kept.pop_front() {
        seat.answer(work);
    }
    let screen = seat.screen();
    assert!(screen.contains("Invalidate 2 marked tokens"), "{screen}");
    assert!(!screen.contains("in the list as it is filtered"), "{screen}");
}

#[test]
fn the_undo_names_what_works_again_and_puts_the_cursor_there() {
    let harness = Harness::onboarded();
    for name in ["a-prod", "b-prod", "c-prod", "d-prod"] {
        harness.minted(name);
    }
    let mut seat = Seat::new(harness);
    seat.press("s home down down x tab enter");
    seat.sign_in();
    seat.press("home u");
    assert!(seat.screen().contains("c-prod works again"), "{}", seat.screen());
    assert_eq!(seat.selected(), "c-prod");
    seat.press("home down space space x tab enter");
    seat.press("end u");
    assert!(seat.screen().contains("2 tokens work again"), "{}", seat.screen());
    assert_eq!(seat.selected(), "b-prod");
}

#[test]
fn the_view_of_another_token_undoes_nothing_and_no_note_says_that_it_would() {
    let harness = Harness::onboarded();
    let (_, other) = harness.minted("a-prod");
    let (_, secret) = harness.minted("b-prod");
    let mut seat = Seat::new(harness);
    seat.press("s home down x tab enter");
    seat.sign_in();
    seat.press("home enter");
    let screen = seat.screen();
    assert!(
        screen.contains("b-prod revoked; u in the list undoes it") && !screen.contains("; u undoes"),
        "{screen}"
    );
    seat.press("u");
    let screen = seat.screen();
    assert!(
        screen.contains("a-prod is not revoked; the list undoes what was revoked last"),
        "{screen}"
    );
    assert_eq!(seat.harness.verdict(&secret), Err(Some(Refusal::Revoked)));
    seat.press("esc u");
    assert_eq!(seat.harness.verdict(&secret), Ok(Status::Active));
    assert_eq!(seat.harness.verdict(&other), Ok(Status::Active));
}
