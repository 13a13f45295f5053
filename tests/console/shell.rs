//! What surrounds every screen: the lock, the command line, help, pastes, leaving.

use std::sync::Arc;
use std::time::Duration;

use strongroom::console::input::Input;
use strongroom::console::runtime::Event;

use super::canned::Canned;
use super::harness::{ADA, Console, PASSWORD, noon};

#[test]
fn five_idle_minutes_lock_the_console_and_a_password_opens_it() {
    let mut console = Console::onboarded();
    console.keys("t | enter | enter");
    console.type_in("a secret text");
    console.pass(Duration::from_secs(299));
    console.sees("a secret text");
    console.pass(Duration::from_secs(1));
    console.sees("▲ locked");
    console.sees_not("a secret text");
    console.sees_not("Fingerprint");
    console.keys("q | esc");
    assert!(!console.quit);
    console.keys("ctrl-u");
    console.type_in(PASSWORD);
    console.keys("enter");
    console.sees("Fingerprint");
    console.sees_not("a secret text");
}

#[test]
fn the_lock_signs_out() {
    let mut console = Console::onboarded();
    console.keys("i");
    console.type_in(PASSWORD);
    console.keys("enter");
    console.sees("admin 10 min");
    assert!(console.model.facts.session.is_some());
    console.keys("L");
    assert!(console.model.facts.session.is_none());
}

#[test]
fn signing_in_and_out_is_one_key() {
    let mut console = Console::onboarded();
    console.keys("i");
    console.type_in(PASSWORD);
    console.keys("enter");
    console.sees("admin 10 min");
    console.keys("i");
    console.sees("● viewing");
}

#[test]
fn a_paste_outside_of_fields_does_nothing() {
    let mut console = Console::onboarded();
    let before = console.text();
    console.paste("q\nq4R");
    assert_eq!(console.text(), before);
    assert!(!console.quit);
}

#[test]
fn the_command_line_shows_completes_and_says_what_it_does_not_know() {
    let mut console = Console::onboarded();
    console.keys(": | cash | tab");
    console.sees(":cashiers");
    console.keys("enter");
    console.sees("Cashiers · 1");
    console.keys(": | frobnicate | enter");
    console.sees("there is no command \"frobnicate\"");
    console.keys(": | org beta | enter");
    console.sees("there is no organization beta");
    console.keys(": | q | enter");
    assert!(console.quit);
}

#[test]
fn tabs_are_reached_by_number_and_in_a_circle() {
    let mut console = Console::onboarded();
    for (key, shown) in [
        ("3", "entries ·"),
        ("4", "Cashiers ·"),
        ("tab", "Fingerprint"),
        ("shift-tab", "Cashiers ·"),
    ] {
        console.keys(key);
        console.sees(shown);
    }
}

#[test]
fn help_is_about_what_has_the_focus_and_escape_closes_it() {
    let mut console = Console::onboarded();
    console.keys("?");
    console.sees("Help: Encryption Keys");
    console.sees("rotate the key pair");
    console.keys("esc | 4 | ?");
    console.sees("Help: Cashiers");
    console.keys("esc");
    console.sees("Cashiers · 1");
}

#[test]
fn quitting_needs_no_question_while_nothing_would_be_lost() {
    let mut console = Console::onboarded();
    console.keys("R | ctrl-c");
    assert!(console.quit);
}

#[test]
fn a_small_terminal_says_so_and_comes_back_by_itself() {
    let mut console = Console::onboarded();
    console.take(Event::Input(Input::Resize {
        width: 60,
        height: 20,
    }));
    let small = super::harness::text(&console.drawn(60, 20, Default::default()));
    assert!(small.contains("It has 60×20."), "{small}");
    console.take(Event::Input(Input::Resize {
        width: 80,
        height: 24,
    }));
    console.sees("Fingerprint");
}

#[test]
fn notes_go_by_themselves() {
    let mut console = Console::onboarded();
    console.sees("has its first key pair");
    console.pass(Duration::from_secs(20));
    console.sees_not("has its first key pair");
}

#[test]
fn a_click_on_a_tab_shows_it() {
    let mut console = Console::onboarded();
    for (column, shown) in [(38, "entries ·"), (3, "Fingerprint"), (50, "Cashiers ·")] {
        console.take(Event::Input(Input::Click { column, row: 1 }));
        console.sees(shown);
    }
}

#[test]
fn a_lock_that_is_turned_off_holds_for_secrets_all_the_same() {
    let mut console = Console::with_idle(Arc::new(Canned), noon(), Some(Duration::MAX));
    console.pass(Duration::from_secs(3600));
    console.sees("Fingerprint");
    console.keys("4 | n");
    console.fill(ADA, PASSWORD);
    console.keys("mary@acme.test | enter | enter | down | enter");
    console.sees("ntjf4-h11ey-57xk3-v9jkw");
    console.pass(Duration::from_secs(300));
    console.sees("▲ locked");
}

#[test]
fn a_form_that_was_begun_is_not_dropped_by_one_key() {
    let mut console = Console::onboarded();
    console.keys("2 | n | esc");
    console.sees_not("New API token");
    console.keys("n | payouts | esc");
    console.sees("once more drops what was typed");
    console.keys("- | esc");
    console.sees("New API token");
    console.keys("esc");
    console.sees_not("New API token");
}

#[test]
fn a_tilde_is_the_home() {
    let mut console = Console::onboarded();
    console.keys("w | ctrl-u");
    console.type_in("~/no-such-directory/key.pem");
    console.keys("enter");
    console.sees("/home/ada/no-such-directory/key.pem could not be written");
}
