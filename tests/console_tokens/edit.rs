//! What is said of a token: shown where it is opened, and changed in a dialog.

use super::harness::Harness;
use super::seat::Seat;

fn opened(width: u16, height: u16) -> Seat {
    let harness = Harness::onboarded();
    harness.minted("payouts-prod");
    let mut seat = Seat::sized(harness, width, height);
    seat.press("enter");
    seat
}

#[test]
fn name_owner_note_and_warnings_are_changed_in_one_dialog() {
    let mut seat = opened(80, 24);
    assert!(seat.screen().contains("owner"), "{}", seat.screen());
    seat.press("m");
    insta::assert_snapshot!("edit_80x24", seat.screen());
    seat.type_text("-eu");
    seat.press("tab ctrl-u");
    seat.type_text("nobody");
    seat.press("tab");
    seat.type_text("for the nightly run of both data centres");
    seat.press("tab");
    seat.type_text("20d,2d,4h");
    seat.press("enter");
    let screen = seat.screen();
    assert!(screen.contains("✗ the e-mail address must be"), "{screen}");
    seat.type_text("@acme.test");
    seat.press("enter enter enter");
    seat.sign_in();
    let screen = seat.screen();
    assert!(screen.contains("payouts-prod-eu is changed"), "{screen}");
    let row = seat.harness.show("payouts-prod-eu").row;
    assert_eq!(row.owner.as_str(), "nobody@acme.test");
    assert_eq!(row.warnings.to_string(), "20d,2d,4h");
    seat.press("j j j j j j j j j j");
    assert!(
        seat.screen().contains("for the nightly run of both data centres"),
        "{}",
        seat.screen()
    );
    // Emptied, there is no note, and its organization says when to warn.
    seat.press("m tab tab ctrl-u tab ctrl-u enter");
    let detail = seat.harness.show("payouts-prod-eu");
    assert_eq!((detail.row.note, detail.own_warnings), (None, false));
}

#[test]
fn the_dialog_is_drawn_wide_and_opened_by_its_command() {
    let mut seat = opened(120, 40);
    seat.press("esc :");
    seat.type_text("edit payouts-prod");
    seat.press("enter");
    insta::assert_snapshot!("edit_120x40", seat.screen());
    seat.press("ctrl-u");
    seat.press("enter enter enter enter");
    let screen = seat.screen();
    assert!(screen.contains("✗ the name is empty"), "{screen}");
}
