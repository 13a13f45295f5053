//! Tabs 3 and 4 with the real service, and signing in for them.

use std::time::Duration;

use strongroom::console::input::Input;
use strongroom::console::runtime::Event;
use strongroom::domain::cashier::Role;
use strongroom::domain::text::Email;

use super::harness::{ADA, Console, PASSWORD};

fn with_grace() -> Console {
    let mut console = Console::onboarded();
    console.keys("4 | n");
    console.sees("Who makes this change?");
    console.sees("This needs the role admin.");
    console.type_in(PASSWORD);
    console.keys("enter");
    console.sees("Add a cashier");
    console.keys("grace@acme.test | enter | enter");
    // Copied, so that closing it loses nothing.
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
    console.keys("down | down | enter");
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
    console.sees("the code: sent to your terminal");
    let copied = console.emitted.len();
    console.pass(Duration::from_secs(44));
    assert_eq!(console.emitted.len(), copied);
    console.pass(Duration::from_secs(1));
    assert!(console.emitted[copied..].starts_with(b"\x1b]52;c;\x07"));
}

#[test]
fn giving_the_sign_in_up_opens_no_form() {
    let mut console = Console::onboarded();
    console.keys("4 | n | esc");
    console.sees_not("Add a cashier");
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
    console.keys("x");
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
    console.keys("enter | esc | u");
    console.sees("failed sign-ins forgotten");
}

#[test]
fn a_code_is_hidden_until_it_is_asked_for_and_not_closed_by_mistake() {
    let mut console = Console::onboarded();
    console.keys("4 | n");
    console.type_in(PASSWORD);
    console.keys("enter");
    console.keys("grace@acme.test | enter | enter");
    console.sees("•••••-•••••-•••••-•••••");
    console.keys("esc");
    console.sees("neither copied nor shown yet");
    console.keys("up | enter");
    console.sees_not("•••••");
    console.pass(Duration::from_secs(59));
    console.sees_not("•••••");
    console.pass(Duration::from_secs(1));
    console.sees("•••••-•••••-•••••-•••••");
    console.keys("esc");
    console.sees("Cashiers · 2");
    console.sees_not("One-time code");
}

/// Olaf, an operator who set his password, signed in.
fn olaf() -> Console {
    let mut console = with_grace();
    console.keys("esc | i");
    let olaf = Email::parse("olaf@acme.test").unwrap();
    console.enrolled(&olaf, Role::Operator);
    console.keys("i | ctrl-u | shift-tab | ctrl-u");
    console.fill(olaf.as_str(), PASSWORD);
    console.sees("olaf@acme.test operator 10 min");
    console
}

#[test]
fn what_a_role_does_not_allow_is_said_before_a_form_opens() {
    let mut console = olaf();
    for (tab, keys, title) in [
        ("4", "n", "Add a cashier"),
        ("4", "e", "Change the role"),
        ("4", "x", "Disable the cashier"),
        ("4", "p", "Reset the cashier"),
        ("1", "R", "Rotate the key pair"),
    ] {
        console.keys(tab);
        console.pass(Duration::from_secs(20));
        console.keys(keys);
        console.sees("olaf@acme.test has the role operator, and this needs admin");
        console.sees_not(title);
    }
    console.keys("2 | n");
    console.sees("New API token");
}

#[test]
fn a_read_only_console_opens_no_form() {
    let mut console = with_grace();
    console.keys("esc");
    console.model.facts.read_only = true;
    console.keys("n");
    console.sees("this console may only look");
    console.sees_not("Add a cashier");
    console.pass(Duration::from_secs(20));
    console.keys("2 | n");
    console.sees("this console may only look");
}

#[test]
fn a_console_of_one_viewer_opens_no_form_though_nobody_has_signed_in() {
    let mut console = Console::onboarded();
    console.pass(Duration::from_secs(20));
    console.model.facts.role = Some(Role::Viewer);
    console.keys("2 | n");
    console.sees("has the role viewer, and this needs operator");
    console.keys("4 | n");
    console.sees("has the role viewer, and this needs admin");
    console.sees_not("Who makes this change?");
}

#[test]
fn cashiers_are_filtered_sorted_and_opened() {
    let mut console = olaf();
    console.keys("4");
    console.sees("Cashiers · 3 · by e-mail");
    console.keys("s");
    console.sees("by role ↑");
    let rows = |console: &Console| {
        let text = console.text();
        let rows: Vec<String> = text
            .lines()
            .skip(4)
            .take(3)
            .map(|row| row[5..].to_owned())
            .collect();
        rows.concat()
    };
    let text = rows(&console);
    let place = |name: &str| text.find(name).unwrap();
    assert!(
        place("ada@") < place("grace@") && place("grace@") < place("olaf@"),
        "{text}"
    );
    console.keys("S");
    console.sees("by role ↓");
    assert!(rows(&console).find("olaf@") < rows(&console).find("ada@"));
    console.keys("/ | admin | enter");
    console.sees("1 of 3");
    console.sees_not("grace@acme.test");
    console.keys("enter");
    console.sees("Last one  just now");
    console.sees("organization.onboarded");
    console.keys("esc | esc");
    console.sees("Cashiers · 3");
    console.keys(": | cashiers nobody | enter");
    console.sees("No cashier fits this filter.");
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
fn a_click_selects_a_cashier_and_the_hints_are_buttons() {
    let mut console = with_grace();
    console.keys("esc | 4");
    let click = |console: &mut Console, column, row| console.take(Event::Input(Input::Click { column, row }));
    let details = |console: &mut Console| {
        console.keys("enter");
        let text = console.text();
        console.keys("esc");
        text
    };
    click(&mut console, 20, 4);
    let first = details(&mut console);
    click(&mut console, 20, 5);
    let second = details(&mut console);
    assert_ne!(first, second);
    // Below the last one, on the frame and above the list nothing is hit.
    for row in [0, 3, 9, 22] {
        click(&mut console, 20, row);
        assert_eq!(details(&mut console), second, "{row}");
    }
    // The last row names keys, and a click on one presses it.
    let last = console.text().lines().last().unwrap().to_owned();
    let column = u16::try_from(last.find("help").unwrap()).unwrap();
    click(&mut console, column, 23);
    console.sees("Help: Cashiers");
}

#[test]
fn a_click_selects_an_entry() {
    let mut console = with_grace();
    console.keys("esc | 3");
    console.take(Event::Input(Input::Click { column: 20, row: 6 }));
    console.keys("enter");
    console.sees("Entry 3");
}
