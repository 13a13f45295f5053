//! What the README tells people to type does what it says.

#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::process::Command;

const README: &str = include_str!("../README.md");

/// The blocks that are marked `sh`, in their order.
fn blocks() -> Vec<&'static str> {
    let fences = README.split("\n```").skip(1).step_by(2);
    fences.filter_map(|block| block.strip_prefix("sh\n")).collect()
}

/// One shell for all of them, as a reader has: a later block uses what an earlier one made.
#[test]
fn every_block_of_commands_runs_from_top_to_bottom() {
    let root = tempfile::tempdir().unwrap();
    let programs = root.path().join("bin");
    fs::create_dir(&programs).unwrap();
    symlink(env!("CARGO_BIN_EXE_strongroom"), programs.join("strongroom")).unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let blocks = blocks();
    assert!(blocks.len() >= 5, "the README lost its examples");
    // Whoever has the daemon's usual port keeps it.
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port().to_string();
    drop(free);
    let script: String = blocks
        .iter()
        .enumerate()
        .map(|(number, block)| {
            format!(
                "{}\necho 'block {number} done' >&2\n",
                block.replace("7143", &port)
            )
        })
        .collect();
    // `pipefail`, so that a command in the middle of a pipe counts.
    let output = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &script])
        .current_dir(root.path())
        .env_clear()
        .env("HOME", root.path())
        .env("PATH", path)
        .output()
        .unwrap();
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{out}\n{err}");
    assert!(err.contains(&format!("block {} done", blocks.len() - 1)), "{err}");
    for part in [
        "active\tcheckout-prod\tacme",
        "4711",
        "checkout-prod\tretiring",
        "organization.onboarded",
        "HTTP/1.1 200 OK",
        "x-auth-service: checkout",
    ] {
        assert!(out.contains(part), "the output lacks {part}:\n{out}");
    }
    let pem = fs::read_to_string(root.path().join("acme.pem")).unwrap();
    assert!(pem.starts_with("-----BEGIN PUBLIC KEY-----"));
}

#[test]
fn the_configuration_that_it_shows_is_one() {
    let (_, rest) = README.split_once("```toml\n").unwrap();
    let (text, _) = rest.split_once("```").unwrap();
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("config.toml"), text).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_strongroom"))
        .args(["org", "list", "--config", "config.toml"])
        .current_dir(root.path())
        .env_clear()
        .env("HOME", root.path())
        .output()
        .unwrap();
    // Not found, because there is no store; a setting that was refused would be 2.
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
}
