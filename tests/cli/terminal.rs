//! The command line on a terminal: questions, tables, and the way into the console.

use crate::host::{Host, OTHER_PASSWORD, PASSWORD};
use crate::pty::{Pty, Spawn};

fn start(host: &Host, arguments: &[&str]) -> Pty {
    let home = host.path("home");
    std::fs::create_dir_all(&home).unwrap();
    Spawn::strongroom(&home)
        .args(arguments.iter().copied())
        .size(120, 40)
        .start()
}

/// Waits for a question, and answers it with enter.
fn answer(pty: &mut Pty, question: &str, text: &str) {
    pty.wait_for_text(question);
    pty.send(&format!("{text}\r"));
}

fn shows(pty: &Pty, secret: &str) -> bool {
    String::from_utf8_lossy(&pty.raw()).contains(secret)
}

const INIT: [&str; 10] = [
    "init",
    "--slug",
    "acme",
    "--name",
    "Acme Payments",
    "--admin",
    "ada@acme.test",
    "--key-size",
    "2048",
    "--no-recovery-key",
];
const CREATE: [&str; 7] = [
    "token",
    "create",
    "payouts",
    "--service",
    "payouts",
    "--environment",
    "prod",
];

#[test]
fn passwords_are_asked_without_echo_and_new_ones_twice() {
    let host = Host::empty();
    let mut pty = start(&host, &INIT);
    answer(&mut pty, "The password of ada@acme.test:", PASSWORD);
    answer(&mut pty, "The same again:", OTHER_PASSWORD);
    assert_eq!(pty.wait_end().0, 2, "{}", pty.contents());
    assert!(!host.data().exists(), "nothing was made");

    let mut pty = start(&host, &INIT);
    // A slip of the finger is taken back, and the whole line too.
    answer(
        &mut pty,
        "The password of ada@acme.test:",
        &format!("oh no\u{15}{PASSWORD}é\u{7f}"),
    );
    answer(&mut pty, "The same again:", PASSWORD);
    assert_eq!(pty.wait_end().0, 0, "{}", pty.contents());
    pty.drain();
    assert!(
        !shows(&pty, PASSWORD) && !shows(&pty, "oh no"),
        "{}",
        pty.contents()
    );

    let mut pty = start(&host, &CREATE);
    answer(&mut pty, "The cashier's e-mail:", "ada@acme.test");
    answer(&mut pty, "The password of ada@acme.test:", PASSWORD);
    assert_eq!(pty.wait_end().0, 0, "{}", pty.contents());
    pty.drain();
    assert!(shows(&pty, "fincode_prod_") && shows(&pty, "ada@acme.test"));
    assert!(!shows(&pty, PASSWORD));
}

#[test]
fn giving_a_question_up_changes_nothing_and_gives_the_terminal_back() {
    let host = Host::onboarded();
    for key in ["\u{3}", "\u{4}", "half a pass\u{3}"] {
        let mut pty = start(&host, &[&CREATE[..], &["--cashier", "ada@acme.test"]].concat());
        pty.wait_for_text("The password of ada@acme.test:");
        assert!(!pty.is_cooked());
        pty.send(key);
        assert_eq!(pty.wait_end().0, 2, "{}", pty.contents());
        assert!(!shows(&pty, "half a pass"));
    }
    assert_eq!(host.run(&["token", "list", "--show", "all"]).succeeds().out, "");
}

#[test]
fn a_list_has_headings_and_a_revocation_asks_first() {
    let host = Host::onboarded();
    host.token("payouts", &[]);
    let mut pty = start(&host, &["token", "list"]);
    assert_eq!(pty.wait_end().0, 0);
    pty.drain();
    assert!(
        pty.contents().starts_with("NAME     ENV   SERVICE   STATUS"),
        "{}",
        pty.contents()
    );

    let who = ["--cashier", "ada@acme.test", "--password-file", "../password"];
    let revoke = [&["token", "revoke", "payouts"][..], &who].concat();
    let mut pty = start(&host, &revoke);
    pty.wait_for_text("0 callers in the last hour");
    answer(&mut pty, "1 of 1 tokens work. Go on?", "n");
    assert_eq!(pty.wait_end().0, 1, "{}", pty.contents());
    assert_eq!(host.run(&["token", "list", "-q"]).succeeds().out, "payouts\n");
    let mut pty = start(&host, &revoke);
    answer(&mut pty, "Go on?", "y");
    assert_eq!(pty.wait_end().0, 0, "{}", pty.contents());
    assert_eq!(host.run(&["token", "list", "-q"]).succeeds().out, "");
}

#[test]
fn a_key_rotation_wants_the_slug_typed_out() {
    let host = Host::onboarded();
    let rotate = [
        "key",
        "rotate",
        "--key-size",
        "2048",
        "--cashier",
        "ada@acme.test",
        "--password-file",
        "../password",
    ];
    let mut pty = start(&host, &rotate);
    answer(&mut pty, "The organization's slug, to confirm:", "acme");
    assert_eq!(pty.wait_end().0, 0, "{}", pty.contents());
    assert_eq!(host.run(&["key", "history", "-q"]).succeeds().out, "2\n1\n");
}

#[test]
fn a_plaintext_that_holds_escape_codes_is_shown_harmlessly() {
    let host = Host::onboarded();
    let ciphertext = host.feed(&["key", "encrypt"], b"4711\x1b[2J").succeeds().out;
    let mut pty = start(&host, &["key", "decrypt"]);
    pty.send(&format!("{ciphertext}\u{4}"));
    assert_eq!(pty.wait_end().0, 0, "{}", pty.contents());
    pty.drain();
    assert!(shows(&pty, "4711\\u{1b}[2J"), "{}", pty.contents());
}

#[test]
fn the_tokens_command_opens_the_console_on_them() {
    let host = Host::onboarded();
    host.token("payouts", &[]);
    for (arguments, seen, unseen) in [
        (&["tokens"][..], "payouts", "nothing"),
        (&["tokens", "--expiring"], "─ expiring ─", "payouts"),
    ] {
        let mut pty = start(&host, arguments);
        pty.wait_for(" the list with its counts", |screen| {
            screen.contents().contains("active ─")
        });
        pty.wait_for_text(seen);
        assert!(!pty.contents().contains(unseen), "{}", pty.contents());
        assert!(
            shows(&pty, "\u{1b}[?1049h"),
            "the console has a screen of its own"
        );
        pty.kill(rustix::process::Signal::TERM);
        pty.wait_end();
        assert!(pty.is_cooked());
    }
}

#[test]
fn a_new_passphrase_is_asked_twice_and_opens_the_store_from_then_on() {
    let host = Host::onboarded();
    host.keep_secret("a river of small stones");
    let rotate = ["seal", "rotate", "--cashier", "ada@acme.test"];
    let mut pty = start(&host, &rotate);
    answer(&mut pty, "The password of ada@acme.test:", PASSWORD);
    answer(&mut pty, "The store's new passphrase:", OTHER_PASSWORD);
    answer(&mut pty, "The same again:", "a river of small stones");
    assert_eq!(pty.wait_end().0, 2, "{}", pty.contents());
    host.run(&["org", "list"]).succeeds();

    let mut pty = start(&host, &rotate);
    answer(&mut pty, "The password of ada@acme.test:", PASSWORD);
    answer(&mut pty, "The store's new passphrase:", OTHER_PASSWORD);
    answer(&mut pty, "The same again:", OTHER_PASSWORD);
    assert_eq!(pty.wait_end().0, 0, "{}", pty.contents());
    pty.drain();
    assert!(
        pty.contents().contains("opens this store no longer"),
        "{}",
        pty.contents()
    );
    let mut pty = start(&host, &["org", "list", "-q"]);
    answer(&mut pty, "The store's passphrase:", OTHER_PASSWORD);
    assert_eq!(pty.wait_end().0, 0, "{}", pty.contents());
}

#[test]
fn a_sealed_store_asks_for_its_passphrase() {
    let host = Host::empty();
    host.file("passphrase", OTHER_PASSWORD);
    host.init(&["--seal", "passphrase", "--passphrase-file", "passphrase"])
        .succeeds();
    let mut pty = start(&host, &["org", "list", "-q"]);
    answer(&mut pty, "The store's passphrase:", OTHER_PASSWORD);
    assert_eq!(pty.wait_end().0, 0, "{}", pty.contents());
    pty.drain();
    assert!(pty.contents().contains("acme") && !shows(&pty, OTHER_PASSWORD));
}

#[test]
fn a_leak_that_works_is_offered_to_be_revoked() {
    let host = Host::onboarded();
    let token = host.token("payouts", &[]);
    std::fs::write(host.path("leak"), &token).unwrap();
    let leak = host.path("leak");
    let scan = ["scan", leak.to_str().unwrap()];
    for (said, code) in [("n", 20), ("", 20)] {
        let mut pty = start(&host, &scan);
        answer(&mut pty, "1 found token works. Revoke as leaked, for good?", said);
        assert_eq!(pty.wait_end().0, code, "{}", pty.contents());
        assert_eq!(host.verdict(&token), Ok(()));
    }
    let mut pty = start(&host, &scan);
    answer(&mut pty, "1 found token works. Revoke as leaked, for good?", "y");
    answer(&mut pty, "The cashier's e-mail:", "ada@acme.test");
    answer(&mut pty, "The password of ada@acme.test:", PASSWORD);
    assert_eq!(pty.wait_end().0, 20, "{}", pty.contents());
    pty.drain();
    assert!(!shows(&pty, &token) && !shows(&pty, PASSWORD));
    assert_eq!(host.verdict(&token), Err("revoked".into()));
    let mut pty = start(&host, &scan);
    assert_eq!(pty.wait_end().0, 21, "nothing is offered any more");
}
