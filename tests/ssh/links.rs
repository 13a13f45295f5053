//! What a client may ask for: a place in the console with a terminal, a list without one.

use crate::host::Host;
use crate::server::{AS_ADA, Server, can_serve, said};

#[test]
fn a_place_opens_the_console_there_and_prints_without_a_terminal() {
    if !can_serve() {
        return;
    }
    let host = Host::onboarded();
    host.token("nightly", &["--expires", "24h"]);
    host.token("checkout", &["--expires", "1y"]);
    let server = Server::forcing(host, AS_ADA);

    for (command, seen) in [
        (&["tokens", "--expiring"][..], "expiring"),
        (&["tokens", "night"], "/night"),
        (&["keys"], "generation 1"),
        (&["activity", "token.created"], "/token.created"),
        (&["cashiers", "admin"], "/admin"),
        (&["guide"], "Quick"),
    ] {
        let mut pty = server.terminal(command).start();
        pty.wait_for_text("viewing as ada@acme.test");
        pty.wait_for_text(seen);
        pty.send("q");
        assert_eq!(pty.wait_end().0, 0, "{command:?}");
    }

    let prints = |command: &[&str]| {
        let (out, err, code) = said(&server.run(command, &[]));
        assert_eq!((err.as_str(), code), ("", 0), "{command:?}: {out}");
        assert!(!out.contains('\x1b'), "{out:?}");
        out
    };
    assert!(prints(&["tokens"]).contains("checkout\tprod\t"));
    assert_eq!(prints(&["tokens", "night"]).lines().count(), 1);
    assert!(prints(&["tokens", "--json"]).starts_with('{'));
    assert!(prints(&["keys"]).starts_with('1'));
    assert!(prints(&["activity", "token.created"]).contains("token.created"));
    assert!(prints(&["cashiers"]).contains("ada@acme.test\tadmin"));
    assert!(prints(&["guide"]).contains("acme"));
    assert!(prints(&["why", "checkout"]).contains("works until"));
    let (out, _, code) = said(&server.run(&["check"], &[]));
    assert!(out.starts_with("STRONGROOM ") && code < 3, "{out}");

    // No terminal and no command: which there are is said in one line.
    let (out, err, code) = said(&server.run(&[], &[]));
    assert_eq!((out.as_str(), code, err.lines().count()), ("", 2, 1), "{err}");
    assert!(err.contains("tokens [--expiring] [FILTER]"), "{err}");
    assert_eq!(server.started(), Vec::<String>::new());
}
