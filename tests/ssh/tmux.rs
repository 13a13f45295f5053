//! A copy that travels from the forced console through SSH and the operator's own tmux to the operator's terminal.

use std::fs;
use std::process::Command;

use crate::host::Host;
use crate::operator::Operator;
use crate::pty::Spawn;
use crate::server::{AS_ADA, Server, can_serve};

#[test]
fn a_copy_arrives_through_the_operator_s_own_tmux() {
    if !can_serve() || !crate::skip::has_tmux() {
        return;
    }
    // Either way in which a tmux lets a program's OSC 52 through; it sets no variable on the other side.
    for (number, lets) in [
        "set -g set-clipboard on",
        "set -g set-clipboard off\nset -g allow-passthrough on",
    ]
    .into_iter()
    .enumerate()
    {
        let server = Server::forcing(Host::onboarded(), AS_ADA);
        let (socket, config) = (server.host.path("tmux"), server.host.path("tmux.conf"));
        fs::write(
            &config,
            format!("set -g default-terminal tmux-256color\n{lets}\n"),
        )
        .unwrap();
        let spawn = Spawn::new("tmux", server.host.root.path())
            .args([
                "-S",
                socket.to_str().unwrap(),
                "-f",
                config.to_str().unwrap(),
                "new-session",
            ])
            .args([server.line(&[]).as_str()])
            .size(100, 30);
        let mut operator = Operator::at(spawn);
        operator
            .sees("viewing as ada@acme.test")
            .sees("generation 1")
            .types("2")
            .sees("no token works here yet");
        let token = operator
            .fills_the_form("payouts", (2, "3 months"))
            .takes_over("payouts");
        operator.types("q");
        operator.pty.wait_end();
        let _ = Command::new("tmux")
            .arg("-S")
            .arg(&socket)
            .arg("kill-server")
            .output();
        assert_eq!(server.host.verdict(&token), Ok(()), "{number}");
        assert_eq!(server.started(), Vec::<String>::new());
    }
}
