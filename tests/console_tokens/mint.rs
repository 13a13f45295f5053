use strongroom::domain::token::{Overlap, Status};

use super::harness::{Harness, PASSWORD};
use super::seat::Seat;

#[test]
fn a_filled_form_mints_and_the_reveal_takes_its_place() {
    let mut seat = Seat::new(Harness::onboarded());
    seat.fill_form("payouts-prod");
    seat.type_text(PASSWORD);
    seat.press("enter");
    let screen = seat.screen();
    assert!(screen.contains("New token payouts-prod"), "{screen}");
    let row = seat.harness.show("payouts-prod").row;
    assert_eq!(row.variable.as_str(), "FINCODE_TOKEN_PROD");
    assert_eq!(row.lifetime.code(), "3mo");
    assert!(!row.acknowledged);
}

#[test]
fn the_choices_say_their_use_and_when_they_end() {
    let mut seat = Seat::new(Harness::onboarded());
    seat.press("n");
    let screen = seat.screen();
    for line in [
        "24 hours  temporary, testing, until 2026-11-24 12:00 UTC",
        "1 month   short-term, until 2026-12-23 12:00 UTC",
        "3 months  standard, until 2027-02-23 12:00 UTC",
        "6 months  extended, until 2027-05-23 12:00 UTC",
        "1 year    long-term production, until 2027-11-23 12:00 UTC",
    ] {
        assert!(screen.contains(line), "{line}\n{screen}");
    }
}

#[test]
fn the_variable_is_suggested_until_somebody_types_another() {
    let harness = Harness::onboarded();
    harness.minted("first");
    let mut seat = Seat::new(harness);
    seat.press("n");
    seat.type_text("payouts-prod");
    seat.press("tab");
    seat.type_text("payouts");
    seat.press("tab");
    seat.type_text("prod");
    assert!(
        seat.screen().contains("FINCODE_TOKEN_PAYOUTS_PROD"),
        "{}",
        seat.screen()
    );
    seat.press("tab tab ctrl-u");
    seat.type_text("MY_TOKEN");
    seat.press("up up");
    seat.type_text("2");
    let screen = seat.screen();
    assert!(
        screen.contains("MY_TOKEN") && !screen.contains("FINCODE_TOKEN"),
        "{screen}"
    );
}

#[test]
fn errors_stand_beside_their_fields_and_nothing_typed_is_lost() {
    let harness = Harness::onboarded();
    harness.minted("payouts-prod");
    let mut seat = Seat::new(harness);
    seat.press("n shift-tab enter");
    let screen = seat.screen();
    assert!(
        screen.contains("✗ the name is empty") && screen.contains("✗ the e-mail address is empty"),
        "{screen}"
    );
    seat.press("esc");

    seat.fill_form("payouts-prod");
    seat.type_text("wrong");
    seat.press("enter");
    let screen = seat.screen();
    assert!(
        screen.contains("✗ there is a live token named payouts-prod"),
        "{screen}"
    );
    assert!(
        screen.contains("checkout") && screen.contains("ada@acme.test"),
        "{screen}"
    );
    // The name has the focus now; another one meets the wrong password, which alone is wiped.
    seat.type_text("-2");
    seat.press("shift-tab enter");
    let screen = seat.screen();
    assert!(
        screen.contains("payouts-prod-2") && screen.contains("ada@acme.test"),
        "{screen}"
    );
    assert!(!screen.contains("•••••"), "{screen}");
    // A wrong one has to be waited for.
    seat.harness.advance(0, 2);
    seat.type_text(PASSWORD);
    seat.press("enter");
    assert!(
        seat.screen().contains("New token payouts-prod-2"),
        "{}",
        seat.screen()
    );
}

#[test]
fn a_form_does_not_close_while_its_token_is_being_minted() {
    let mut seat = Seat::new(Harness::onboarded());
    seat.fill_form("payouts-prod");
    seat.type_text(PASSWORD);
    seat.slow = true;
    seat.press("enter");
    seat.press("esc esc");
    assert!(
        seat.screen().contains("Checking the password, then minting 0 s"),
        "{}",
        seat.screen()
    );
    seat.slow = false;
    let work = seat.kept.pop_front().unwrap();
    seat.answer(work);
    assert!(seat.screen().contains("New token payouts-prod"));
}

#[test]
fn rotating_says_who_would_notice_and_leaves_the_old_one_until_the_acknowledgement() {
    let harness = Harness::onboarded();
    let (_, old) = harness.minted("payouts-prod");
    super::looks::call(&harness, &old, "10.0.0.4", 1);
    harness.clock.advance(std::time::Duration::from_secs(40));
    let mut seat = Seat::new(harness);
    seat.press("r");
    let screen = seat.screen();
    assert!(
        screen.contains("1 caller used this in the last hour, the latest 40 s ago from 10.0.0.4"),
        "{screen}"
    );
    for overlap in Overlap::ALL {
        assert!(screen.contains(overlap.label()), "{screen}");
    }
    // Three days instead of the proposed one; the old lifetime.
    seat.press("down tab tab");
    seat.type_text("ada@acme.test");
    seat.press("tab");
    seat.type_text(PASSWORD);
    seat.press("enter");
    assert!(
        seat.screen()
            .contains("The old one works until you close this, and for 3 days"),
        "{}",
        seat.screen()
    );
    assert_eq!(seat.harness.verdict(&old), Ok(Status::Active));
    super::reveal::close(&mut seat);
    assert_eq!(seat.harness.verdict(&old), Ok(Status::Retiring));
    assert!(seat.screen().contains("payouts-prod (old)"), "{}", seat.screen());
}

#[test]
fn the_command_line_opens_the_form_by_name() {
    let harness = Harness::onboarded();
    harness.minted("payouts-prod");
    let mut seat = Seat::new(harness);
    seat.press(":");
    seat.type_text("rotate payouts-prod");
    seat.press("enter");
    assert!(seat.screen().contains("Rotate payouts-prod"), "{}", seat.screen());
    seat.press("esc :");
    seat.type_text("rotate nothing");
    seat.press("enter");
    assert!(
        seat.screen().contains("there is no token nothing"),
        "{}",
        seat.screen()
    );
}

#[test]
fn a_replaced_token_is_not_rotated_again() {
    let harness = Harness::onboarded();
    harness.minted("payouts-prod");
    let new = harness.rotate("payouts-prod", Overlap::Hours24).unwrap();
    harness.acknowledge(&new);
    let mut seat = Seat::new(harness);
    assert!(seat.selected() == "payouts-prod");
    seat.press("r");
    assert!(seat.screen().contains("is replaced already"), "{}", seat.screen());
}
