//! Completions, as real shells ask for them; man pages.

use std::path::Path;
use std::process::Command;

use super::host::Host;
use super::pty::{Pty, Spawn};
use super::skip::skipped;

/// Calls the function that the script registers, as bash does at a TAB behind the words.
const BASH: &str = r#"source <(strongroom completions bash)
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_TYPE=9
registered=$(complete -p strongroom | sed 's/.* -F \([^ ]*\).*/\1/')
"$registered" strongroom "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}""#;

fn path() -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_strongroom"));
    let directory = program.parent().unwrap().display();
    format!("{directory}:{}", std::env::var("PATH").unwrap())
}

/// What bash would propose for the last of these words; nothing is ever said on the terminal.
fn bash(host: &Host, words: &[&str]) -> Vec<String> {
    let output = Command::new("bash")
        .args(["--norc", "--noprofile", "-c", BASH, "bash", "strongroom"])
        .args(words)
        .current_dir(host.root.path())
        .env_clear()
        .env("HOME", host.path("home"))
        .env("PATH", path())
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{words:?}");
    let lines = String::from_utf8(output.stdout).unwrap();
    lines
        .lines()
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}

/// A shell that a person types into, with the completions turned on.
fn shell(host: &Host, program: &str, arguments: &[&str], turn_on: &str) -> Option<Pty> {
    if Command::new(program).arg("--version").output().is_err() {
        skipped(&format!("there is no {program} on this machine"));
        return None;
    }
    let mut pty = Spawn::new(program, &host.path("home"))
        .args(arguments.iter().copied())
        .env("PATH", &path())
        .env("PS1", "> ")
        .size(100, 24)
        .start();
    pty.send(&format!("{turn_on}; echo re''ady\r"));
    pty.wait_for_text("\nready");
    Some(pty)
}

/// Types a command as far as it takes, with a TAB behind each part, and looks at what the program did.
fn types_little(pty: &mut Pty) {
    pty.send("strongroom token sh\t");
    pty.wait_for_text("strongroom token show");
    pty.send("pay\t");
    pty.wait_for_text("strongroom token show payouts");
    pty.send("--js\t");
    pty.wait_for_text("strongroom token show payouts --json");
    pty.send("\r");
    pty.wait_for_text("\"service\":\"checkout\"");
    // What a shell would run is in no answer.
    pty.send("clear\r");
    pty.wait_for("an empty screen", |screen| !screen.contents().contains("payouts"));
    pty.send("strongroom token show \t\t");
    pty.wait_for_text("checkout-prod");
    assert!(!pty.contents().contains("$(id)"), "{}", pty.contents());
}

fn with_tokens() -> Host {
    let host = Host::onboarded();
    host.token("checkout-prod", &[]);
    host.token("payouts", &["--variable", "OTHER"]);
    host.token("a $(id)", &["--variable", "THIRD"]);
    host
}

#[test]
fn bash_is_told_commands_options_choices_and_names_of_the_store() {
    let host = with_tokens();
    assert_eq!(bash(&host, &["tok"]), ["token", "tokens"]);
    assert_eq!(bash(&host, &["token", "undo"]), ["undo-rotation"]);
    assert_eq!(bash(&host, &["token", "rotate", "--over"]), ["--overlap"]);
    let choices = bash(&host, &["token", "rotate", "--overlap", ""]);
    assert_eq!(choices, ["now", "1h", "24h", "3d", "7d"]);
    assert_eq!(bash(&host, &["token", "show", "ch"]), ["checkout-prod"]);
    assert_eq!(bash(&host, &["why", "payo"]), ["payouts"]);
    assert_eq!(bash(&host, &["--org", ""]), ["acme"]);
    let who = bash(&host, &["token", "revoke", "payouts", "--cashier", "ad"]);
    assert_eq!(who, ["ada@acme.test"]);
    assert_eq!(bash(&host, &["token", "show", "--org", "nobodys", "ch"]), [""; 0]);
    // A file stays a file.
    let file = bash(&host, &["token", "create", "--password-file", "passw"]);
    assert_eq!(file, ["password"]);
    // A name that a shell would run is proposed by its id.
    let rows = host.run(&["token", "list", "--json"]).json();
    let rows = rows["rows"].as_array().or(rows.as_array()).unwrap();
    let odd = rows.iter().find(|row| row["name"] == "a $(id)").unwrap();
    let id = odd["id"].as_str().unwrap();
    assert_eq!(bash(&host, &["token", "show", &id[..6]]), [id]);
}

#[test]
fn a_daemon_and_a_replaced_token_change_nothing() {
    let host = with_tokens();
    host.serve();
    assert_eq!(bash(&host, &["token", "show", "ch"]), ["checkout-prod"]);
    host.admin(&["token", "rotate", "payouts", "--overlap", "24h", "-q"])
        .succeeds();
    // The name is the new one's; the old one goes by its id.
    assert_eq!(bash(&host, &["token", "show", "pay"]), ["payouts"]);
    assert_eq!(bash(&host, &["token", "show", "01"]).len(), 2);
}

#[test]
fn where_nothing_may_be_known_nothing_is_proposed_and_nothing_asked() {
    let empty = Host::empty();
    assert_eq!(bash(&empty, &["token", "show", "ch"]), [""; 0]);
    assert!(!empty.data().exists(), "a TAB makes no store");
    // Sealed with a passphrase: nobody is asked for it, and no file that is named is read.
    let sealed = Host::empty();
    sealed.file("phrase", "a passphrase of some length");
    sealed
        .init(&["--seal", "passphrase", "--passphrase-file", "phrase"])
        .succeeds();
    let words = ["--passphrase-file", "phrase", "--org", ""];
    assert_eq!(bash(&sealed, &words), [""; 0]);
    // A bad configuration is told to whoever runs a command.
    sealed.file("broken.toml", "no_such_key = 1");
    assert_eq!(bash(&sealed, &["--config", "broken.toml", "--org", ""]), [""; 0]);
}

#[test]
fn the_variable_alone_changes_no_command() {
    let host = Host::onboarded();
    let mut command = host.command(&["org", "list", "-q"]);
    command.env("STRONGROOM_COMPLETE", "bash");
    assert_eq!(host.finish(command, b"").succeeds().out, "acme\n");
}

#[test]
fn at_a_prompt_of_bash_a_tab_goes_on() {
    let host = with_tokens();
    let turn_on = "source <(strongroom completions bash)";
    if let Some(mut pty) = shell(&host, "bash", &["--norc", "--noprofile", "-i"], turn_on) {
        types_little(&mut pty);
    }
}

#[test]
fn at_a_prompt_of_zsh_a_tab_goes_on() {
    let host = with_tokens();
    let turn_on = "autoload -Uz compinit; compinit -u -D; source <(strongroom completions zsh)";
    if let Some(mut pty) = shell(&host, "zsh", &["-f", "-i"], turn_on) {
        types_little(&mut pty);
    }
}

#[test]
fn at_a_prompt_of_fish_a_tab_goes_on() {
    let host = with_tokens();
    let turn_on = "strongroom completions fish | source";
    if let Some(mut pty) = shell(&host, "fish", &["--no-config", "-i"], turn_on) {
        types_little(&mut pty);
    }
}

#[test]
fn the_man_page_is_what_it_was() {
    let text = Host::empty().run(&["man"]).succeeds().out;
    insta::assert_snapshot!("man", text);
}

#[test]
fn every_command_has_a_man_page_that_everybody_may_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let host = Host::empty();
    std::fs::create_dir(host.path("man1")).unwrap();
    host.run(&["man", "-o", "man1"]).succeeds();
    for name in ["strongroom", "strongroom-token-rotate", "strongroom-seal-rekey"] {
        let path = host.path(&format!("man1/{name}.1"));
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(&format!(".TH {name} 1 ")), "{text}");
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o644);
    }
    let said = host.run(&["man", "-o", "nowhere"]).refused(1);
    assert!(said.contains("nowhere/strongroom.1"), "{said}");
}
