//! The copy from the reveal dialog, inside a real tmux with its default settings.

use std::path::PathBuf;
use std::process::Command;

use crate::host::Host;
use crate::operator::Operator;
use crate::pty::Spawn;

/// A tmux of its own; ends with the test.
struct Tmux(PathBuf);

impl Tmux {
    fn run(&self, arguments: &[&str]) -> String {
        let output = Command::new("tmux")
            .arg("-S")
            .arg(&self.0)
            .args(arguments)
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        self.run(&["kill-server"]);
    }
}

#[test]
fn a_token_is_copied_through_tmux_which_keeps_none_of_it() {
    if !crate::skip::has_tmux() {
        return;
    }
    let host = Host::onboarded();
    let tmux = Tmux(host.path("tmux"));
    // tmux takes a line for itself.
    let spawn = Spawn::new("tmux", &host.path("home"))
        .args(["-S", tmux.0.to_str().unwrap(), "-f", "/dev/null"])
        .args(["new-session", env!("CARGO_BIN_EXE_strongroom")])
        .size(100, 30);
    let mut operator = Operator::at(spawn);
    operator
        .sees("generation 1")
        .types("2")
        .sees("no token works here yet");
    let token = operator
        .fills_the_form("payouts", (2, "3 months"))
        .takes_over("payouts");
    assert_eq!(tmux.run(&["list-buffers"]), "");
    operator.tries(&token, "it works, active").types("q");
    assert_eq!(operator.pty.wait_end().0, 0);
    assert_eq!(host.verdict(&token), Ok(()));
}
