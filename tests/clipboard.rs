//! Copying inside a real tmux: the terminal gets the text, and tmux keeps none of it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that fails panics"
)]
#![allow(clippy::disallowed_types, reason = "tests start programs")]

#[path = "support/pty.rs"]
mod pty;
#[path = "support/skip.rs"]
mod skip;

use std::path::Path;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pty::{Spawn, wait_until};
use strongroom::system::clipboard::{Clipboard, CopyOutcome, Surroundings, Way};

const SECRET: &str = "fincode_prod_0123456789abcdef";

fn tmux(socket: &Path, arguments: &[&str]) -> String {
    let output = Command::new("tmux")
        .arg("-S")
        .arg(socket)
        .args(arguments)
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn inside_tmux_the_terminal_gets_the_text_and_tmux_keeps_none_of_it() {
    if !skip::has_tmux() {
        return;
    }
    let home = tempfile::TempDir::new().unwrap();
    let socket = home.path().join("socket");
    let terminal = Spawn::new("tmux", home.path())
        .args([
            "-S",
            socket.to_str().unwrap(),
            "-f",
            "/dev/null",
            "new-session",
            "cat",
        ])
        .start();
    let client = wait_until("tmux with a client", || {
        let clients = tmux(&socket, &["list-clients", "-F", "#{socket_path},#{pid},0"]);
        clients.lines().next().map(str::to_owned)
    });
    let clipboard = Clipboard::new(
        Way::Auto,
        Surroundings {
            tmux: Some(client.into()),
            term: "screen".into(),
            ..Surroundings::default()
        },
    );

    let copied = clipboard.copy(SECRET);
    assert_eq!(copied, CopyOutcome::SentThroughTmux);
    assert_eq!(copied.to_string(), "sent to your terminal; paste to check");
    let written = |text: &str| {
        let sequence = format!("\x1b]52;c;{}", STANDARD.encode(text));
        let other = format!("\x1b]52;;{}", STANDARD.encode(text));
        let raw = String::from_utf8_lossy(&terminal.raw()).into_owned();
        (raw.contains(&sequence) || raw.contains(&other)).then_some(())
    };
    wait_until("the text at the terminal", || written(SECRET));
    assert_eq!(tmux(&socket, &["list-buffers"]), "");

    assert_eq!(clipboard.clear(), Some(CopyOutcome::SentThroughTmux));
    wait_until("the space that takes its place", || written(" "));
    assert_eq!(tmux(&socket, &["list-buffers"]), "");
    tmux(&socket, &["kill-server"]);
}
