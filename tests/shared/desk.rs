//! A console beside the daemon of a machine.

use crate::host::Host;
use crate::operator::Operator;
use crate::pty::Spawn;

/// What the header says while nobody answers.
pub(crate) const GONE: &str = "daemon gone, trying again";
/// What is said when somebody does again.
pub(crate) const BACK: &str = "the daemon is back";

/// A console, as the program begins it.
pub(crate) fn console(host: &Host, arguments: &[&str]) -> Operator {
    let spawn = Spawn::strongroom(&host.path("home"))
        .args(arguments.iter().copied())
        .env("STRONGROOM_CLIPBOARD", "osc52");
    Operator::at(spawn)
}

/// A console on the tokens' tab, which shows `name`.
pub(crate) fn at_tokens(host: &Host, name: &str) -> Operator {
    let mut operator = console(host, &[]);
    operator.sees("generation 1").types("2").sees(name);
    operator
}

/// A dialog's text in one line.
pub(crate) fn unwrapped(screen: &str) -> String {
    let words: Vec<_> = screen.split_whitespace().filter(|word| *word != "│").collect();
    words.join(" ")
}

/// How many tokens have this name, whatever became of them.
pub(crate) fn named(host: &Host, name: &str) -> usize {
    let listed = host.run(&["token", "list", "--show", "all", "--json"]);
    let listed = listed.succeeds().json();
    let rows = listed["rows"].as_array().unwrap();
    rows.iter().filter(|row| row["name"] == name).count()
}
