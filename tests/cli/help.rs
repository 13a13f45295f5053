//! What `--help` says, whole: what people learn the program from should change on purpose only.

use super::host::Host;

#[test]
fn the_help_is_what_it_was() {
    let host = Host::empty();
    let mut text = String::new();
    let commands = [
        "",
        "init",
        "org",
        "org onboard",
        "org fields",
        "key",
        "key show",
        "key rotate",
        "key encrypt",
        "key decrypt",
        "token",
        "token list",
        "token create",
        "token rotate",
        "token extend",
        "token cutover",
        "token revoke",
        "token delete",
        "token edit",
        "org contacts",
        "org warnings",
        "cashier",
        "cashier add",
        "cashier enrol",
        "cashier passwd",
        "cashier role",
        "seal status",
        "seal rotate",
        "seal rekey",
        "activity",
        "activity list",
        "activity follow",
        "activity export",
        "audit verify",
        "check",
        "remind",
        "demo",
        "doctor",
        "guide",
        "tokens",
        "keys",
        "cashiers",
        "verify",
        "why",
        "scan",
        "completions",
        "man",
        "webhook",
        "webhook test",
        "config",
    ];
    for command in commands {
        let words: Vec<&str> = command.split_whitespace().chain(["--help"]).collect();
        text.push_str(&format!(
            "$ strongroom {}\n{}\n",
            words.join(" "),
            host.run(&words).succeeds().out
        ));
    }
    insta::assert_snapshot!("help", text);
}

#[test]
fn the_version_is_the_packages() {
    let version = Host::empty().run(&["--version"]).succeeds().out;
    assert_eq!(version, format!("strongroom {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn without_a_terminal_the_console_says_so() {
    let said = Host::onboarded().run(&[]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.err.contains("no terminal"), "{}", said.err);
}
