use strongroom::domain::secret::Secret;
use strongroom::domain::token::{Overlap, Refusal, Status};

use super::harness::{Harness, secret};
use super::seat::Seat;

/// A rotation whose overlap of a day has begun: the seat, the old token, the new one.
fn rotating() -> (Seat, Secret, Secret) {
    let harness = Harness::onboarded();
    let (_, old) = harness.minted("payouts-prod");
    let new = harness.rotate("payouts-prod", Overlap::Hours24).unwrap();
    harness.acknowledge(&new);
    super::looks::call(&harness, &old, "10.0.0.4", 7);
    (Seat::new(harness), old, new.secret)
}

#[test]
fn the_board_shows_both_sides_and_the_countdown_from_either_token() {
    let (mut seat, ..) = rotating();
    for keys in ["enter", "esc down enter"] {
        seat.press(keys);
        let screen = seat.screen();
        assert!(
            screen.contains("Overlap: both work, the old one for 1 d"),
            "{screen}"
        );
        assert!(screen.contains("10.0.0.4 checkout/4.2 7, just now"), "{screen}");
        assert!(screen.contains("nobody has called with it"), "{screen}");
    }
    seat.harness.advance(2, 0);
    seat.changed();
    assert!(
        seat.screen().contains("the old one for 22 h"),
        "{}",
        seat.screen()
    );
}

#[test]
fn an_overlap_is_extended_and_cut() {
    let (mut seat, old, new) = rotating();
    seat.press("enter e");
    assert!(
        seat.screen().contains("not longer than it is"),
        "{}",
        seat.screen()
    );
    seat.press("enter");
    seat.sign_in();
    seat.harness.advance(48, 0);
    assert_eq!(seat.harness.verdict(&old), Ok(Status::Retiring));
    seat.changed();
    seat.press("F");
    let screen = seat.screen();
    assert!(
        screen.contains("nobody used this in the last hour; the latest was 10.0.0.4"),
        "{screen}"
    );
    // The harmless answer is proposed.
    seat.press("enter");
    assert_eq!(seat.harness.verdict(&old), Ok(Status::Retiring));
    seat.press("F down enter");
    seat.sign_in();
    assert_eq!(seat.harness.verdict(&old), Err(Some(Refusal::Expired)));
    assert_eq!(seat.harness.verdict(&new), Ok(Status::Active));
    assert!(!seat.screen().contains("Overlap: both work"), "{}", seat.screen());
}

#[test]
fn an_extension_that_adds_nothing_is_neither_proposed_nor_taken() {
    let (mut seat, ..) = rotating();
    // A few minutes into an overlap of 24 hours, the same 24 hours add a few minutes: no proposal.
    seat.harness.advance(0, 8);
    seat.press("enter e");
    assert!(seat.screen().contains("● 3 days"), "{}", seat.screen());
    seat.press("up up");
    assert!(
        seat.screen()
            .contains("not longer than it is: choose another, or go back"),
        "{}",
        seat.screen()
    );
    let before = seat.harness.show("payouts-prod").chain[0].ends_at;
    seat.press("enter");
    assert!(
        seat.screen().contains("Extend the overlap") && seat.screen().contains("choose another"),
        "{}",
        seat.screen()
    );
    assert_eq!(seat.harness.show("payouts-prod").chain[0].ends_at, before);
    seat.press("down down enter");
    seat.sign_in();
    assert!(
        seat.screen().contains("the overlap is longer"),
        "{}",
        seat.screen()
    );
}

#[test]
fn where_no_extension_is_left_each_choice_says_so() {
    let harness = Harness::onboarded();
    harness.minted("payouts-prod");
    let new = harness.rotate("payouts-prod", Overlap::Days7).unwrap();
    harness.acknowledge(&new);
    let mut seat = Seat::new(harness);
    seat.press("enter e");
    assert_eq!(
        seat.lines_with("not longer than it is").len(),
        4,
        "{}",
        seat.screen()
    );
    seat.press("enter");
    assert!(
        seat.screen().contains("choose another, or go back"),
        "{}",
        seat.screen()
    );
}

#[test]
fn without_an_overlap_its_keys_say_so() {
    let harness = Harness::onboarded();
    harness.minted("payouts-prod");
    let mut seat = Seat::new(harness);
    seat.press("enter e");
    assert!(seat.screen().contains("no overlap runs"), "{}", seat.screen());
}

#[test]
fn an_opened_token_tells_everything_and_esc_goes_back() {
    let (mut seat, ..) = rotating();
    let id = seat.harness.show("payouts-prod").chain[0].id;
    seat.press("enter");
    let mut screen = seat.screen();
    for _ in 0..3 {
        seat.press("pgdn");
        screen.push_str(&seat.screen());
    }
    for fact in [
        &id.to_string(),
        "FINCODE_TOKEN_PROD",
        "2027-02-23 12:00 UTC",
        "100 % of its life left",
        "ada@acme.test",
        "rotations, the oldest first",
        "calls a day, 90 days",
        "callers, the latest first",
    ] {
        assert!(screen.contains(fact), "{fact}\n{screen}");
    }
    seat.press("esc");
    assert!(seat.screen().contains("30 DAYS"));
}

#[test]
fn a_revocation_is_undone_where_it_is_told() {
    let harness = Harness::onboarded();
    let (_, token) = harness.minted("payouts-prod");
    let mut seat = Seat::new(harness);
    seat.press("enter x tab");
    seat.type_text("by mistake");
    seat.press("enter");
    seat.sign_in();
    let screen = seat.screen();
    assert!(
        screen.contains("revoked by ada@acme.test: by mistake"),
        "{screen}"
    );
    assert!(screen.contains("u undoes it until 13:00 UTC"), "{screen}");
    seat.press("u");
    assert_eq!(seat.harness.verdict(&token), Ok(Status::Active));
    assert!(seat.screen().contains("● active"), "{}", seat.screen());
}

#[test]
fn a_pasted_token_is_tried_without_being_shown_or_counted() {
    let harness = Harness::onboarded();
    let (_, token) = harness.minted("payouts-prod");
    let text = token.expose_text().unwrap().to_owned();
    let mut seat = Seat::new(harness);
    seat.press("t");
    seat.paste(&format!("{text}\n"));
    assert!(!seat.screen().contains(&text[..20]));
    seat.press("enter");
    let screen = seat.screen();
    assert!(
        screen.contains("● it works, active") && screen.contains("payouts-prod, acme"),
        "{screen}"
    );
    assert!(!format!("{:?}", seat.model).contains(&text[13..40]));
    assert_eq!(seat.harness.show("payouts-prod").row.uses, 0);

    let mut mistyped = text.clone();
    mistyped.replace_range(20..21, if &text[20..21] == "a" { "b" } else { "a" });
    for (tried, said) in [
        (mistyped.as_str(), "its checksum does not fit"),
        ("hello", "this is no token"),
    ] {
        seat.paste(tried);
        seat.press("enter");
        assert!(seat.screen().contains(said), "{}", seat.screen());
    }
    assert_eq!(seat.harness.verdict(&secret("hello")), Err(None));
}
