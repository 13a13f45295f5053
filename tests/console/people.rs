//! Tabs 3 and 4 with the real service, and signing in for them.

use std::time::Duration;

use strongroom::console::input::Input;
use strongroom::console::runtime::Event;

use super::harness::{ADA, Console, PASSWORD};

fn with_grace() -> Console {
    let mut console = Console::onboarded();
    console.keys("4 | n | grace@acme.test | enter | enter");
    console.sees("Who makes this change?");
    console.type_in(PASSWORD);
    console.keys("enter");
    console
}

#[test]
fn a_change_asks_for_the_cashier_once_and_goes_on_by_itself() {
    let mut console = with_grace();
    console.sees("One-time code");
    console.sees("For grace@acme.test");
    console.keys("esc | n | alan@acme.test | enter | enter");
    console.sees("For alan@acme.test");
    console.keys("esc");
    console.sees(&format!("● {ADA} admin 10 min"));
    console.sees("Cashiers · 3");
}

#[test]
fn leaving_with_a_code_open_asks_first_and_the_lock_keeps_it_for_the_admin_who_made_it() {
    let mut console = with_grace();
    console.sees("strongroom cashier enrol grace@acme.test");
    console.keys("ctrl-c");
    console.sees("Leave it unconfirmed?");
    console.keys("esc");
    console.pass(Duration::from_secs(300));
    console.sees("waits behind it: ada@acme.test opens it again");
    console.sees_not("strongroom cashier enrol");
    console.type_in(PASSWORD);
    console.keys("enter");
    console.sees("strongroom cashier enrol grace@acme.test");
}

#[test]
fn the_code_is_copied_as_a_secret_and_cleared_after_45_seconds() {
    let mut console = with_grace();
    console.keys("enter");
    console.sees("the code: sent to your terminal");
    let copied = console.emitted.len();
    console.pass(Duration::from_secs(44));
    assert_eq!(console.emitted.len(), copied);
    console.pass(Duration::from_secs(1));
    assert!(console.emitted[copied..].starts_with(b"\x1b]52;c;\x07"));
}

#[test]
fn giving_the_sign_in_up_changes_nothing_and_says_so() {
    let mut console = Console::onboarded();
    console.keys("4 | n | grace@acme.test | enter | enter | esc");
    console.sees("nobody signed in, so nothing was changed");
    console.keys("esc");
    console.sees("Cashiers · 1");
}

#[test]
fn ten_minutes_later_the_cashier_is_asked_for_again() {
    let mut console = with_grace();
    console.keys("esc");
    // A key now and then, so that the console does not lock.
    for _ in 0..3 {
        console.pass(Duration::from_secs(210));
        console.keys("down");
    }
    console.sees("● viewing");
    console.keys("x | down | enter");
    console.sees("Who makes this change?");
}

#[test]
fn a_role_is_changed_a_cashier_disabled_reset_and_released() {
    let mut console = with_grace();
    console.keys("esc | down | e | down | enter");
    console.sees("grace@acme.test              admin");
    console.keys("x | down | enter");
    console.sees("✗ disabled");
    console.keys("x | down | enter");
    console.sees("○ invited");
    console.keys("p | down | enter");
    console.sees("For grace@acme.test");
    console.keys("esc | u");
    console.sees("failed sign-ins forgotten");
}

#[test]
fn the_last_admin_cannot_be_demoted_and_the_dialog_says_why() {
    let mut console = with_grace();
    console.keys("esc | up | e | up | enter");
    console.sees("✗ ");
    console.sees("Change the role");
}

#[test]
fn what_was_done_is_listed_found_and_opened() {
    let mut console = with_grace();
    console.keys("esc | 3");
    console.sees("cashier.added");
    console.keys("/ | onboarded | enter");
    console.sees("organization.onboarded");
    console.sees_not("cashier.signed_in");
    console.keys("enter");
    console.sees("ops (uid 1000) on this host");
    console.keys("esc | esc");
    console.sees("cashier.signed_in");
}

#[test]
fn a_filter_takes_letters_that_are_commands_elsewhere() {
    let mut console = Console::onboarded();
    console.keys("3 | / | q14?:");
    console.sees("/q14?:");
    console.sees("Nothing that was done fits this filter.");
    assert!(!console.quit);
}

#[test]
fn a_click_selects_an_entry() {
    let mut console = with_grace();
    console.keys("esc | 3");
    console.take(Event::Input(Input::Click { column: 20, row: 6 }));
    console.keys("enter");
    console.sees("Entry 2");
}
