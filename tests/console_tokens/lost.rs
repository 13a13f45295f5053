//! The daemon goes away and comes back while somebody works.

use strongroom::console::app::{Message, Work};
use strongroom::service::response::Connection;
use strongroom::service::{Code, Error, Event};

use super::harness::{ADA, Harness, PASSWORD};
use super::seat::Seat;

impl Seat {
    fn connection(&mut self, connection: Connection) {
        self.message(Message::Event(Event::Connection(connection)));
    }
}

fn gone() -> Error {
    Error::new(
        Code::Io,
        "the daemon does not answer",
        "it is tried again by itself; nothing was changed",
    )
}

#[test]
fn a_lost_daemon_is_said_once_and_what_is_seen_stays() {
    let harness = Harness::onboarded();
    harness.minted("payouts-prod");
    let mut seat = Seat::new(harness);
    seat.wait(1);
    seat.connection(Connection::Lost);
    seat.asked.clear();
    seat.wait(12);
    let screen = seat.screen();
    assert!(screen.contains("▲ daemon gone, trying again · 12 s"), "{screen}");
    assert!(screen.contains("payouts-prod"), "{screen}");
    assert_eq!(seat.asked, Vec::<String>::new());
    insta::assert_snapshot!("lost_80x24", screen);
    seat.harness.minted("ledger-prod");
    seat.connection(Connection::Back);
    let screen = seat.screen();
    assert!(
        !screen.contains("daemon gone") && screen.contains("the daemon is back"),
        "{screen}"
    );
    assert!(screen.contains("ledger-prod"), "{screen}");
}

#[test]
fn a_form_keeps_what_was_typed_while_the_daemon_is_gone() {
    let mut seat = Seat::new(Harness::onboarded());
    seat.fill_form("payouts-prod");
    seat.connection(Connection::Lost);
    seat.wait(3);
    seat.type_text(PASSWORD);
    seat.slow = true;
    seat.press("enter");
    let Some(Work::Ask(ask)) = seat.kept.pop_back() else {
        panic!()
    };
    seat.message(Message::Answered {
        to: ask.to,
        tag: ask.tag,
        result: Err(gone()),
    });
    let screen = seat.screen();
    for said in [
        "the daemon does not answer",
        "payouts-prod",
        "checkout",
        ADA,
        "New API token",
    ] {
        assert!(screen.contains(said), "{said}\n{screen}");
    }
    seat.slow = false;
    seat.connection(Connection::Back);
    seat.press("enter");
    assert!(
        seat.screen().contains("New token payouts-prod"),
        "{}",
        seat.screen()
    );
}

#[test]
fn a_reveal_over_the_whole_screen_says_that_the_daemon_is_gone() {
    let mut seat = Seat::new(Harness::onboarded());
    seat.fill_form("payouts-prod");
    seat.type_text(PASSWORD);
    seat.press("enter");
    assert!(!seat.screen().contains("daemon gone"), "{}", seat.screen());
    seat.connection(Connection::Lost);
    seat.wait(4);
    let screen = seat.screen();
    assert!(screen.contains("New token payouts-prod"), "{screen}");
    assert!(screen.contains("▲ daemon gone, trying again · 4 s"), "{screen}");
    seat.connection(Connection::Back);
    assert!(!seat.screen().contains("daemon gone"), "{}", seat.screen());
}
