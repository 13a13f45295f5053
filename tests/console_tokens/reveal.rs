use std::os::unix::fs::PermissionsExt;

use strongroom::console::app::{Message, Work};
use strongroom::domain::text::Brand;
use strongroom::domain::token::{Overlap, Refusal, Status};
use strongroom::service::request::Invalidation;
use strongroom::service::{Code, Error, Request};

use super::harness::{Harness, PASSWORD};
use super::seat::Seat;

/// A seat before the reveal of `payouts-prod`.
pub fn revealing() -> Seat {
    let mut seat = Seat::new(Harness::onboarded());
    mint(&mut seat);
    seat
}

pub fn mint(seat: &mut Seat) {
    seat.fill_form("payouts-prod");
    seat.type_text(PASSWORD);
    seat.press("enter");
    assert!(
        seat.screen().contains("New token payouts-prod"),
        "{}",
        seat.screen()
    );
}

/// The token's text, as copying gives it.
pub fn token(seat: &mut Seat) -> String {
    seat.press("c");
    seat.copied.pop().unwrap().1
}

/// Copies, types the last four characters, and closes.
pub fn close(seat: &mut Seat) {
    let token = token(seat);
    seat.press("enter");
    seat.type_text(&token[token.len() - 4..]);
    seat.press("enter");
    assert!(!seat.screen().contains("New token"), "{}", seat.screen());
}

#[test]
fn copying_comes_before_showing() {
    let mut seat = revealing();
    let token = token(&mut seat);
    assert!(token.starts_with("fincode_prod_"));
    assert!(!seat.screen().contains(&token[..20]), "{}", seat.screen());
    seat.press("e h");
    let copied: Vec<_> = seat.copied.iter().map(|(_, text)| text.clone()).collect();
    assert_eq!(
        copied,
        [
            format!("FINCODE_TOKEN_PROD={token}"),
            format!("-H 'X-Auth-Token: {token}'")
        ]
    );
}

#[test]
fn the_token_is_shown_alone_on_its_line_from_the_left_edge() {
    let mut seat = revealing();
    let token = token(&mut seat);
    seat.press("v");
    assert_eq!(seat.lines_with(&token), [token.as_str()]);
    seat.press("v");
    assert!(!seat.screen().contains(&token));
}

#[test]
fn a_minute_without_a_key_hides_it() {
    let mut seat = revealing();
    let token = token(&mut seat);
    seat.press("v");
    seat.wait(59);
    assert!(seat.screen().contains(&token));
    seat.wait(1);
    assert!(!seat.screen().contains(&token), "{}", seat.screen());
    assert!(seat.screen().contains("New token payouts-prod"));
}

#[test]
fn it_closes_only_for_its_last_four_characters() {
    let mut seat = revealing();
    let token = token(&mut seat);
    seat.press("esc");
    seat.type_text("zzzz");
    seat.press("enter");
    assert!(
        seat.screen().contains("these are not its last four characters"),
        "{}",
        seat.screen()
    );
    seat.press("esc esc");
    assert!(seat.screen().contains("New token payouts-prod"));
    assert!(!seat.harness.show("payouts-prod").row.acknowledged);
    seat.type_text(&token[token.len() - 4..]);
    seat.press("enter");
    assert!(!seat.screen().contains("New token"), "{}", seat.screen());
    assert!(seat.harness.show("payouts-prod").row.acknowledged);
}

#[test]
fn after_closing_the_token_is_neither_on_screen_nor_in_the_model() {
    let mut seat = revealing();
    let token = token(&mut seat);
    seat.press("v");
    assert!(seat.screen().contains(&token));
    // While it is shown, too, the model's debug output has nothing of it.
    assert!(!format!("{:?}", seat.model).contains(&token[13..40]));
    seat.press("enter");
    seat.type_text(&token[token.len() - 4..]);
    seat.press("enter");
    let buffer = seat.buffer();
    assert!(!format!("{buffer:?}").contains(&token[13..40]));
    assert!(!format!("{:?}", seat.model).contains(&token[13..40]));
    assert!(seat.model.dialogs.is_empty());
}

#[test]
fn discarding_revokes_it_and_the_old_one_goes_on() {
    let harness = Harness::onboarded();
    let (_, old) = harness.minted("payouts-prod");
    let mut seat = Seat::new(harness);
    seat.press("r tab tab");
    seat.type_text("ada@acme.test");
    seat.press("tab");
    seat.type_text(PASSWORD);
    seat.press("enter");
    let new = super::harness::secret(&token(&mut seat));
    seat.press("f8 esc");
    assert_eq!(seat.harness.verdict(&new), Ok(Status::Active));
    seat.press("f8 enter");
    assert!(
        seat.screen().contains("discarded and revoked"),
        "{}",
        seat.screen()
    );
    assert_eq!(seat.harness.verdict(&new), Err(Some(Refusal::Revoked)));
    assert_eq!(seat.harness.verdict(&old), Ok(Status::Active));
    assert!(seat.model.dialogs.is_empty());
}

#[test]
fn a_failed_acknowledgement_keeps_it_open_and_says_why() {
    let mut seat = revealing();
    let token = token(&mut seat);
    seat.press("enter");
    seat.type_text(&token[token.len() - 4..]);
    seat.slow = true;
    seat.press("enter");
    let Some(Work::Ask(ask)) = seat.kept.pop_front() else {
        panic!()
    };
    let error = Error::new(
        Code::DiskFull,
        "the disk is full",
        "free some space there and repeat it",
    );
    seat.message(Message::Answered {
        to: ask.to,
        tag: ask.tag,
        result: Err(error),
    });
    assert!(seat.screen().contains("✗ the disk is full"), "{}", seat.screen());
    seat.slow = false;
    close(&mut seat);
}

#[test]
fn a_reveal_that_is_over_for_the_service_can_be_left() {
    let mut seat = revealing();
    let id = seat.harness.show("payouts-prod").row.id;
    seat.harness.sign_in(super::harness::ADA, PASSWORD);
    seat.harness.invalidate(&[id], Invalidation::Revoke).unwrap();
    let token = token(&mut seat);
    seat.press("enter");
    seat.type_text(&token[token.len() - 4..]);
    seat.press("enter");
    assert!(seat.screen().contains("this reveal is over"), "{}", seat.screen());
    seat.press("enter");
    assert!(seat.model.dialogs.is_empty());
}

#[test]
fn it_is_written_to_a_new_file_that_nobody_else_reads() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("payouts-prod.token");
    let mut seat = revealing();
    let token = token(&mut seat);
    seat.press("w");
    // The last four characters tell its file from those of the tokens before it.
    let proposed = format!("File: /home/ops/payouts-prod-{}.token", &token[token.len() - 4..]);
    assert!(seat.screen().contains(&proposed), "{}", seat.screen());
    seat.press("ctrl-u");
    seat.paste(path.to_str().unwrap());
    seat.press("enter");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("{token}\n"));
    assert_eq!(
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert!(seat.screen().contains("written to"), "{}", seat.screen());
    // A file that is there is left as it is.
    std::fs::write(&path, "mine").unwrap();
    seat.press("w ctrl-u");
    seat.paste(path.to_str().unwrap());
    seat.press("enter");
    assert!(
        seat.screen().contains("exists and was left as it is"),
        "{}",
        seat.screen()
    );
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
}

#[test]
fn the_idle_lock_hides_it_and_keeps_it_for_who_minted_it() {
    let mut seat = revealing();
    let token = token(&mut seat);
    seat.press("v");
    seat.wait(300);
    let screen = seat.screen();
    assert!(
        screen.contains("locked") && !screen.contains(&token) && !screen.contains("New token"),
        "{screen}"
    );
    seat.press("shift-tab");
    seat.press("ctrl-u");
    seat.type_text("vera@acme.test");
    seat.press("tab");
    seat.type_text(PASSWORD);
    seat.press("enter");
    let screen = seat.screen();
    assert!(
        screen.contains("waits for ada@acme.test alone") && !screen.contains("New token"),
        "{screen}"
    );
    seat.press("ctrl-u");
    seat.type_text("ada@acme.test");
    seat.press("tab");
    seat.press("ctrl-u");
    seat.type_text(PASSWORD);
    seat.press("enter");
    assert!(
        seat.screen().contains("New token payouts-prod"),
        "{}",
        seat.screen()
    );
    assert!(!seat.screen().contains(&token));
    close(&mut seat);
}

#[test]
fn leaving_the_console_asks_first() {
    let mut seat = revealing();
    seat.press("ctrl-c");
    assert_eq!(seat.model.dialogs.len(), 2);
    seat.press("esc");
    assert!(seat.screen().contains("New token payouts-prod"));
}

#[test]
fn pasting_where_no_field_is_does_nothing() {
    let mut seat = revealing();
    seat.paste("c\nv\n");
    assert!(seat.copied.is_empty());
    assert!(seat.screen().contains("•••••"));
}

#[test]
fn the_overlap_begins_with_the_acknowledgement_also_for_now() {
    let harness = Harness::onboarded();
    let (_, old) = harness.minted("payouts-prod");
    let mut seat = Seat::new(harness);
    seat.press("r up up tab tab");
    seat.type_text("ada@acme.test");
    seat.press("tab");
    seat.type_text(PASSWORD);
    seat.press("enter");
    assert!(
        seat.screen().contains("and ends then at once"),
        "{}",
        seat.screen()
    );
    seat.wait(90);
    assert_eq!(seat.harness.verdict(&old), Ok(Status::Active));
    close(&mut seat);
    assert_eq!(seat.harness.verdict(&old), Err(Some(Refusal::Expired)));
    assert_eq!(seat.harness.show("payouts-prod").overlap, Some(Overlap::Now));
}

#[test]
fn a_token_wider_than_the_terminal_is_split_at_its_edge_and_says_so() {
    let harness = Harness::empty();
    let mut onboard = super::harness::onboard("acme");
    onboard.brand = Brand::parse("AbcdefghijklmnopqrstuvwX").unwrap();
    harness.ask(Request::Onboard(onboard)).unwrap();
    let mut seat = Seat::new(harness);
    seat.press("n");
    for text in ["payouts-prod", "checkout", "productionnn"] {
        seat.type_text(text);
        seat.press("tab");
    }
    seat.press("tab tab tab");
    seat.type_text("ada@acme.test");
    seat.press("tab");
    seat.type_text(PASSWORD);
    seat.press("enter");
    let token = token(&mut seat);
    assert_eq!(token.len(), 87);
    seat.press("v");
    let screen = seat.screen();
    assert!(
        screen.contains(&format!("\n{}\n{}\n", &token[..80], &token[80..])),
        "{screen}"
    );
    assert!(screen.contains("these lines are one"), "{screen}");
}

#[test]
fn leaving_with_a_first_token_open_does_not_speak_of_an_old_one() {
    let mut seat = revealing();
    seat.press("ctrl-c");
    let screen = seat.screen();
    assert!(screen.contains("Leave it unconfirmed?"), "{screen}");
    assert!(!screen.contains("the old one goes on"), "{screen}");
    seat.press("esc");
    close(&mut seat);
}
