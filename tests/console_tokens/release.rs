use strongroom::domain::token::{Refusal, Status};

use super::harness::Harness;
use super::seat::Seat;

#[test]
fn held_tokens_stay_in_the_list_and_are_released_one_by_one_or_all_at_once() {
    let harness = Harness::onboarded();
    let (_, one) = harness.minted("payouts-prod");
    let (_, two) = harness.minted("checkout-prod");
    harness.restored(false);
    let mut seat = Seat::new(harness);
    let screen = seat.screen();
    assert!(screen.contains("0 active · 2 held"), "{screen}");
    assert!(screen.contains("U lets it work again"), "{screen}");
    let first = match seat.selected().contains("payouts-prod") {
        true => [&one, &two],
        false => [&two, &one],
    };
    let first = first.map(Clone::clone);

    seat.press("U");
    assert!(
        seat.screen()
            .contains("What was revoked after it is not known here")
    );
    seat.press("enter");
    assert_eq!(
        seat.harness.verdict(&first[0]),
        Err(Some(Refusal::Held)),
        "they stay refused"
    );
    seat.press("U down enter");
    seat.sign_in();
    assert_eq!(seat.harness.verdict(&first[0]), Ok(Status::Active));
    assert_eq!(seat.harness.verdict(&first[1]), Err(Some(Refusal::Held)));
    seat.press("U down down enter");
    assert_eq!(seat.harness.verdict(&first[1]), Ok(Status::Active));
    let screen = seat.screen();
    assert!(
        screen.contains("2 active") && !screen.contains(" held"),
        "{screen}"
    );
    seat.press("U");
    assert!(seat.screen().contains("no token is held"));
}
