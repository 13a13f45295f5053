//! A JWT of ours, verified by others: PyJWT, and Node's own cryptography. They get the key set and the JWT, and no more.
//!
//! What is missing fails the test where `CI` is set, and skips it elsewhere. `tests/run` installs it.

#![allow(clippy::print_stdout, reason = "a test that is skipped says so")]

use std::ffi::OsString;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use strongroom::domain::cashier::Role;

use super::harness::{Harness, PASSWORD, credentials};

#[test]
fn pyjwt_verifies_what_we_sign() {
    let python = std::env::var_os("STRONGROOM_TEST_PYTHON").unwrap_or_else(|| "python3".into());
    is_verified_by(python, &["-c", "import jwt, cryptography"], "login.py", "PyJWT");
}

#[test]
fn node_verifies_what_we_sign() {
    is_verified_by("node".into(), &["--version"], "login.mjs", "Node");
}

fn is_verified_by(program: OsString, probe: &[&str], script: &str, name: &str) {
    let works = Command::new(&program).args(probe).output();
    if !works.is_ok_and(|output| output.status.success()) {
        assert!(
            std::env::var_os("CI").is_none(),
            "{name} is not here, and CI has to run this test"
        );
        println!("skipped: {name} is not here");
        return;
    }
    let harness = Harness::admin();
    // A letter that JSON escapes and one that it need not.
    let who = "olaf\"é@acme.test";
    harness.cashier(who, Role::Operator);
    let granted = harness
        .service
        .log_in(&harness.actor, &credentials(who, PASSWORD))
        .unwrap();
    let input = format!(
        "{}\n{}\n",
        harness.service.login_keys().jwks,
        granted.jwt.expose_text().unwrap()
    );
    let script = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/interop")
        .join(script);
    let mut child = Command::new(&program)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let claims: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (claims["email"].as_str(), claims["role"].as_str()),
        (Some(who), Some("operator"))
    );
    assert_eq!(claims["exp"].as_i64(), Some(granted.expires_at.millis() / 1000));
}
