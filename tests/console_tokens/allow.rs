//! Where a token may be used from: typed into the form for a new one, and changed in a dialog.

use strongroom::domain::secret::Secret;
use strongroom::service::Verified;

use super::harness::{Harness, PASSWORD};
use super::looks::call;
use super::seat::Seat;

/// The token with callers here and there, opened.
fn opened() -> (Seat, Secret) {
    let harness = Harness::onboarded();
    let (_, secret) = harness.minted("payouts-prod");
    for host in 1..=9 {
        call(&harness, &secret, &format!("10.0.0.{host}"), host);
        harness.advance(0, 1);
    }
    call(&harness, &secret, "2001:db8::7", 1);
    let mut seat = Seat::new(harness);
    seat.press("enter");
    (seat, secret)
}

fn allowed(harness: &Harness) -> Vec<String> {
    let detail = harness.show("payouts-prod");
    detail.allowed.iter().map(ToString::to_string).collect()
}

#[test]
fn who_would_be_refused_is_said_before_the_list_is_saved() {
    let (mut seat, _) = opened();
    seat.press("a");
    let screen = seat.screen();
    assert!(screen.contains("Where payouts-prod may be used from"), "{screen}");
    assert!(
        screen.contains("it works from anywhere: nobody would be refused"),
        "{screen}"
    );
    seat.type_text("2001:db8::/32");
    let screen = seat.screen();
    assert!(
        screen.contains("9 of 10 recent callers would be refused:"),
        "{screen}"
    );
    assert!(screen.contains("10.0.0.9 checkout/4.2 9, 1 min ago"), "{screen}");
    assert!(screen.contains("and 4 more"), "{screen}");
    insta::assert_snapshot!("allow_80x24", screen);
    seat.type_text(", 10.0.0.0/29");
    let screen = seat.screen();
    assert!(
        screen.contains("2 of 10 recent callers would be refused:"),
        "{screen}"
    );
    seat.press("enter");
    seat.sign_in();
    let screen = seat.screen();
    assert!(screen.contains("answered 403 from anywhere else now"), "{screen}");
    assert!(screen.contains("10.0.0.0/29, 2001:db8::/32"), "{screen}");
    assert_eq!(allowed(&seat.harness), ["10.0.0.0/29", "2001:db8::/32"]);
    // Emptied, it is from anywhere again.
    seat.press("a ctrl-u enter");
    assert!(
        seat.screen().contains("payouts-prod may be used from anywhere"),
        "{}",
        seat.screen()
    );
    assert_eq!(allowed(&seat.harness), Vec::<String>::new());
}

#[test]
fn a_bad_entry_is_named_while_the_list_is_typed() {
    let (mut seat, _) = opened();
    seat.press("a");
    seat.type_text("10.0.0.300");
    // It may go on.
    assert!(!seat.screen().contains("must be an address"), "{}", seat.screen());
    seat.type_text(", ");
    assert!(
        seat.screen()
            .contains("✗ 10.0.0.300 must be an address or a range"),
        "{}",
        seat.screen()
    );
    seat.press("ctrl-u");
    seat.type_text("10.0.0.9/8");
    seat.press("enter");
    assert!(
        seat.screen()
            .contains("10.0.0.9/8 is one address of the range 10.0.0.0/8"),
        "{}",
        seat.screen()
    );
    assert_eq!(allowed(&seat.harness), Vec::<String>::new());
}

#[test]
fn a_new_token_is_restricted_from_its_first_day() {
    let mut seat = Seat::new(Harness::onboarded());
    seat.fill_form("payouts-prod");
    seat.press("shift-tab shift-tab");
    seat.type_text("host");
    // Judged as soon as the focus is elsewhere.
    seat.press("tab");
    let screen = seat.screen();
    assert!(
        screen.contains("✗ host must be an address or a range"),
        "{screen}"
    );
    insta::assert_snapshot!("create_with_bad_entry_80x24", screen);
    seat.press("shift-tab ctrl-u");
    seat.type_text("10.0.0.0/8");
    seat.press("tab tab");
    seat.type_text(PASSWORD);
    seat.press("enter");
    let token = super::harness::secret(&super::reveal::token(&mut seat));
    super::reveal::close(&mut seat);
    assert_eq!(allowed(&seat.harness), ["10.0.0.0/8"]);
    call(&seat.harness, &token, "10.0.0.4", 1);
    let elsewhere = seat.harness.verified_from(&token, "192.0.2.7", "");
    assert!(matches!(elsewhere, Verified::Forbidden(_)), "{elsewhere:?}");
    seat.press(":");
    seat.type_text("allow payouts-prod");
    seat.press("enter");
    assert!(
        seat.screen().contains("Where payouts-prod may be used from"),
        "{}",
        seat.screen()
    );
}
