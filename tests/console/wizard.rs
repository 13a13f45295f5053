//! The way from nothing to the first key pair, and into a sealed store.

use strongroom::gateway::StoreState;

use super::harness::{ADA, Console, PASSWORD, absent};

#[test]
fn an_empty_machine_is_onboarded_with_keys_alone() {
    let console = Console::onboarded();
    console.sees("FinCode › Acme");
    console.sees("generation 1 · RSA 2048 bits");
    console.sees(&format!("by {ADA}"));
}

#[test]
fn going_back_loses_nothing_that_was_typed() {
    let mut console = Console::over(absent());
    console.keys("Acme Payments | enter | enter | enter");
    console.type_in(ADA);
    console.keys("esc");
    console.sees("Acme Payments");
    console.sees("acme-payments");
    console.keys("enter");
    console.sees(ADA);
    console.sees("step 2 of 7");
}

#[test]
fn escape_on_the_first_step_stays_and_quits_nothing() {
    let mut console = Console::over(absent());
    console.keys("esc | esc");
    console.sees("step 1 of 7");
    assert!(!console.quit);
}

#[test]
fn a_short_password_and_another_one_are_refused_beside_their_field() {
    let mut console = Console::over(absent());
    console.keys("Acme | enter | enter | enter");
    console.fill(ADA, "short");
    console.keys("x | enter");
    console.sees("the password has 5 characters, 15 are the least");
    console.keys("ctrl-u");
    console.type_in(PASSWORD);
    console.keys("enter | enter");
    console.sees("this is not the same password");
}

#[test]
fn a_common_password_leads_back_to_its_step_and_a_second_try_succeeds() {
    let mut console = Console::over(absent());
    console.keys("Acme | enter | enter | enter");
    let common = "passwordpassword";
    console.fill(ADA, common);
    console.type_in(common);
    console.keys("enter | up | enter | enter | enter | enter");
    console.keeps_the_recovery_key();
    console.settle();
    console.sees("Who is the first admin?");
    console.sees("✗ ");
    console.keys("ctrl-u");
    console.type_in(PASSWORD);
    console.keys("enter | ctrl-u");
    console.type_in(PASSWORD);
    // The store is there already: only size and summary are left.
    console.keys("enter | enter | enter");
    console.sees("Encryption Keys");
}

#[test]
fn a_slug_that_was_typed_does_not_follow_the_name_any_more() {
    let mut console = Console::over(absent());
    console.keys("Acme | enter | ctrl-u | pay | shift-tab | X");
    console.sees("AcmeX");
    console.sees("Short name   pay");
}

#[test]
fn a_wrong_passphrase_is_said_and_the_right_one_opens() {
    let mut console = Console::over(StoreState::NeedsPassphrase);
    console.sees("The store is sealed");
    console.keys("wrong | enter");
    console.sees("the passphrase is wrong");
    console.type_in(PASSWORD);
    console.keys("enter");
    // It is open, and empty: the wizard goes on without asking for a seal.
    console.sees("step 1 of 5");
}

#[test]
fn five_minutes_without_a_key_forget_typed_passwords_and_nothing_else() {
    let mut console = Console::over(absent());
    console.keys("Acme | enter | enter | enter");
    console.fill(ADA, PASSWORD);
    console.pass(std::time::Duration::from_secs(301));
    console.sees(ADA);
    console.sees_not("••••");
}

#[test]
fn the_recovery_key_is_shown_until_its_end_was_typed_and_never_again() {
    let mut console = Console::over(absent());
    console.keys("Acme | enter | enter | enter");
    console.fill(ADA, PASSWORD);
    console.type_in(PASSWORD);
    console.keys("enter | up | enter | enter | enter | enter");
    console.settle();
    console.sees("AGE-SECRET-KEY-1");
    console.sees("last step");
    console.keys("x | enter");
    console.sees("these are not its last six characters");
    console.keys("ctrl-u");
    // Nobody is there: it is hidden, and another one is made.
    console.pass(std::time::Duration::from_secs(301));
    console.sees_not("AGE-SECRET-KEY-1");
    console.sees("Is this right?");
    console.keys("enter");
    console.sees("the password has 0 characters");
    console.type_in(PASSWORD);
    console.keys("enter");
    console.type_in(PASSWORD);
    console.keys("enter | enter | enter");
    console.keeps_the_recovery_key();
    console.settle();
    console.sees("generation 1");
    console.sees_not("AGE-SECRET-KEY-1");
}
