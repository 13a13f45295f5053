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
        assert!(screen.contains("The old one works for another 1 d"), "{screen}");
        assert!(
            screen.contains("▲ still on old: 1 caller, the latest just now"),
            "{screen}"
        );
        assert!(screen.contains("▲ 10.0.0.4 checkout/4.2"), "{screen}");
        assert!(screen.contains("nobody has called with it"), "{screen}");
    }
    seat.harness.advance(2, 9);
    seat.changed();
    assert!(
        seat.screen().contains("works for another 21 h 51 min"),
        "{}",
        seat.screen()
    );
}

#[test]
fn the_board_moves_while_it_is_watched_and_says_when_all_have_moved() {
    let (mut seat, old, new) = rotating();
    seat.press("enter");
    seat.harness.advance(0, 1);
    super::looks::call(&seat.harness, &old, "10.0.0.5", 2);
    seat.wait(2);
    assert!(
        seat.screen()
            .contains("still on old: 2 callers, the latest 2 s ago"),
        "{}",
        seat.screen()
    );
    seat.asked.clear();
    super::looks::call(&seat.harness, &new, "10.0.0.4", 1);
    seat.wait(1);
    assert!(
        seat.screen()
            .contains("still on old: 1 caller, the latest 3 s ago; 1 moved"),
        "{}",
        seat.screen()
    );
    // Once a second at most: the one token, and the other.
    assert_eq!(seat.asked, ["ShowToken", "ShowToken"]);
    super::looks::call(&seat.harness, &new, "10.0.0.5", 1);
    seat.wait(1);
    assert!(
        seat.screen()
            .contains("● all 2 callers have moved to the new one"),
        "{}",
        seat.screen()
    );
}

/// What is kept back while it is slow is answered, and what that leads to.
fn answered(seat: &mut Seat) {
    seat.slow = false;
    while let Some(work) = seat.kept.pop_front() {
        seat.answer(work);
    }
}

#[test]
fn a_key_that_comes_before_the_board_waits_for_it() {
    for (key, opens) in [
        ("F", "Cut over from the old payouts-prod"),
        ("e", "Extend the overlap of payouts-prod"),
        ("u", "Undo the rotation of payouts-prod"),
        ("x", "Invalidate payouts-prod"),
        ("a", "Where payouts-prod may be used from"),
    ] {
        let (mut seat, ..) = rotating();
        seat.slow = true;
        seat.press("enter");
        seat.press(key);
        assert!(!seat.screen().contains(opens), "{key}: {}", seat.screen());
        answered(&mut seat);
        let screen = seat.screen();
        assert!(screen.contains(opens), "{key}: {screen}");
        assert!(!screen.contains("no overlap runs"), "{key}: {screen}");
        // Once is enough.
        seat.press("esc");
        seat.wait(2);
        assert!(!seat.screen().contains(opens), "{key}: {}", seat.screen());
    }
    // Whoever goes back meant something else.
    let (mut seat, ..) = rotating();
    seat.slow = true;
    seat.press("enter F esc");
    answered(&mut seat);
    assert!(!seat.screen().contains("Cut over"), "{}", seat.screen());
}

#[test]
fn a_frame_in_which_nothing_changed_is_the_same() {
    let (mut seat, ..) = rotating();
    seat.press("enter");
    seat.harness.advance(0, 10);
    seat.wait(1);
    let before = seat.buffer();
    seat.changed();
    seat.wait(1);
    assert_eq!(seat.buffer(), before);
}

#[test]
fn the_board_turns_over_to_the_facts_and_back() {
    let (mut seat, ..) = rotating();
    seat.press("enter enter");
    let screen = seat.screen();
    assert!(screen.contains("▲ both work, the old one for 1 d"), "{screen}");
    assert!(screen.contains("enter opens the cutover board"), "{screen}");
    assert!(screen.contains("minted by  ada@acme.test"), "{screen}");
    seat.press("enter");
    assert!(seat.screen().contains("still on old"), "{}", seat.screen());
    seat.press("esc");
    assert!(seat.screen().contains("30 DAYS"), "{}", seat.screen());
}

#[test]
fn a_rotation_is_undone_from_the_board() {
    let (mut seat, old, new) = rotating();
    super::looks::call(&seat.harness, &new, "10.0.0.9", 1);
    seat.press("enter u");
    let screen = seat.screen();
    assert!(
        screen.contains("1 caller used this in the last hour, the latest just now from 10.0.0.9"),
        "{screen}"
    );
    // The harmless answer is proposed.
    seat.press("enter");
    assert_eq!(seat.harness.verdict(&new), Ok(Status::Active));
    seat.press("u down enter");
    seat.sign_in();
    assert_eq!(seat.harness.verdict(&old), Ok(Status::Active));
    assert_eq!(seat.harness.verdict(&new), Err(Some(Refusal::Revoked)));
    assert!(
        seat.screen().contains("the rotation is undone") && seat.screen().contains("● active"),
        "{}",
        seat.screen()
    );
}

#[test]
fn a_rotation_that_finishes_when_quiet_says_how_far_it_is_and_when_it_is_over() {
    let harness = Harness::onboarded();
    harness.service.begin_counting();
    let (_, old) = harness.minted("payouts-prod");
    super::looks::call(&harness, &old, "10.0.0.4", 1);
    let mut seat = Seat::new(harness);
    seat.press("r down down down");
    let chosen = seat.lines_with("● when quiet");
    assert!(
        chosen[0].contains("finish when quiet, 2026-11-30 at the latest"),
        "{chosen:?}"
    );
    seat.press("tab tab");
    seat.type_text(super::harness::ADA);
    seat.press("tab");
    seat.type_text(super::harness::PASSWORD);
    seat.press("enter");
    let new = secret(&super::reveal::token(&mut seat));
    super::reveal::close(&mut seat);
    seat.press("enter");
    assert!(
        seat.screen()
            .contains("finish when quiet: nobody has called with the new one yet"),
        "{}",
        seat.screen()
    );
    super::looks::call(&seat.harness, &new, "10.0.0.4", 1);
    seat.harness.advance(0, 1);
    seat.wait(1);
    assert!(
        seat.screen()
            .contains("quiet since 1 min; retires at 1 h of silence (13:00 UTC)"),
        "{}",
        seat.screen()
    );
    // The first turn comes late, and the silence begins with it.
    for _ in 0..63 {
        seat.harness.advance(0, 1);
        seat.harness.service.maintain().unwrap();
    }
    seat.press("ctrl-l");
    seat.wait(1);
    assert!(
        seat.screen()
            .contains("the overlap is over: only the new token works"),
        "{}",
        seat.screen()
    );
    assert_eq!(seat.harness.verdict(&old), Err(Some(Refusal::Expired)));
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
    assert!(!seat.screen().contains("still on old"), "{}", seat.screen());
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
    // But for *finish when quiet*, which would change something.
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
    seat.press("enter enter");
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

#[test]
fn where_a_token_may_be_used_from_and_its_last_hour_are_seen() {
    let harness = Harness::admin();
    let (_, secret) = harness.minted("payouts-prod");
    let allow = strongroom::service::Request::AllowAddresses {
        organization: None,
        token: strongroom::service::request::TokenRef::parse("payouts-prod"),
        ranges: ["10.0.0.0/8", "2001:db8::/32", "192.0.2.7"]
            .map(|range| range.parse().unwrap())
            .to_vec(),
    };
    harness.ask(allow).unwrap();
    let mut seat = Seat::new(harness);
    seat.resize(140, 40);
    seat.press("enter");
    let screen = seat.screen();
    assert!(screen.contains("10.0.0.0/8, 192.0.2.7"), "{screen}");
    assert!(screen.contains("2001:db8::/32"), "{screen}");
    assert!(screen.contains("in all 0"), "{screen}");
    super::looks::call(&seat.harness, &secret, "10.0.0.4", 7);
    // Once a second it is told, and the screen asks anew.
    seat.used();
    let screen = seat.screen();
    assert!(screen.contains("calls a minute, the last hour"), "{screen}");
    assert!(screen.contains("in all 7"), "{screen}");
    assert!(screen.contains("10.0.0.4 checkout/4.2 7, just now"), "{screen}");
}
