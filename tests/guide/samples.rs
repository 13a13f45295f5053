//! Every sample before, across and after a rotation, with all kinds of texts, and with what it has to refuse.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use crate::daemon::Daemon;
use crate::host::Host;
use crate::toolchains::{CSHARP, GO, JAVA, NODE, PHP, PYTHON, RUBY, SHELL, Toolchain};
use crate::upstream::{ROTATED, Seen, Upstream};

#[test]
fn java() {
    holds(JAVA);
}

#[test]
fn node() {
    holds(NODE);
}

#[test]
fn python() {
    holds(PYTHON);
}

#[test]
fn csharp() {
    holds(CSHARP);
}

#[test]
fn go() {
    holds(GO);
}

#[test]
fn php() {
    holds(PHP);
}

#[test]
fn ruby() {
    holds(RUBY);
}

#[test]
fn shell() {
    holds(SHELL);
}

/// What a key of 2048 bits takes, in bytes.
pub(crate) const LIMIT: usize = 190;

/// ASCII, more than ASCII, nothing, and as much as fits, in bytes.
pub(crate) fn texts() -> [String; 5] {
    [
        "s3cr3t-Pass!".into(),
        "Zürich – 東京 🔑 \"\\'`$(x)\n".into(),
        String::new(),
        "x".repeat(LIMIT),
        "ü".repeat(LIMIT / 2),
    ]
}

/// Texts that are too long by a byte, by their bytes alone.
pub(crate) fn long_texts() -> [String; 2] {
    ["x".repeat(LIMIT + 1), "ü".repeat(LIMIT / 2) + "x"]
}

/// Requests with the status that each got.
pub(crate) fn statuses(seen: &[Seen]) -> Vec<String> {
    seen.iter()
        .map(|seen| format!("{} {}", seen.what, seen.status))
        .collect()
}

struct Sample {
    program: Command,
    token: String,
    url: String,
}

fn holds(toolchain: Toolchain) {
    let host = Host::onboarded();
    let token = host.token("checkout-prod", &["--expires", "24h"]);
    let write = |name: &str| {
        let directory = host.path(name);
        std::fs::create_dir(&directory).unwrap();
        let path = directory.join(toolchain.file);
        let arguments = [
            "guide",
            "--lang",
            toolchain.language,
            "-o",
            path.to_str().unwrap(),
        ];
        host.run(&arguments).succeeds();
        (toolchain.begin)(&directory).map(|mut program| {
            program.current_dir(directory);
            program
        })
    };
    let Some(program) = write("before") else { return };
    let daemon = Daemon::start(&host, "");
    let upstream = Upstream::start(&daemon);
    let mut sample = Sample {
        program,
        token,
        url: upstream.url(),
    };

    for text in texts() {
        sample.sends(&text);
        let seen = upstream.seen();
        assert_eq!(statuses(&seen), ["POST /profile 201"]);
        assert_eq!(seen[0].opened, serde_json::json!({ "currentPassword": text }));
    }
    for text in long_texts() {
        let said = sample.fails(&text);
        assert!(
            said.contains("has 191 bytes, and this key takes 190 at most"),
            "{said}"
        );
        assert_eq!(statuses(&upstream.seen()), [""; 0]);
    }
    sample.refuses_bad_tokens(&upstream);

    let rotate = ["key", "rotate", "--key-size", "2048", "--confirm", "acme"];
    host.admin(&rotate).succeeds();
    sample.sends("über die Rotation");
    let seen = upstream.seen();
    let twice = ["POST /profile 409", "GET /v1/public-key 200", "POST /profile 201"];
    assert_eq!(statuses(&seen), twice);
    assert_eq!(seen[2].opened["currentPassword"], "über die Rotation");
    upstream.refuse(Some(ROTATED));
    let said = sample.fails("again and again");
    assert!(said.contains("409"), "{said}");
    assert_eq!(
        upstream
            .seen()
            .iter()
            .filter(|seen| seen.what == "POST /profile")
            .count(),
        2
    );
    upstream.refuse(Some("<h1>Conflict</h1>"));
    let said = sample.fails("of another kind");
    assert!(said.contains("409"), "{said}");
    assert_eq!(statuses(&upstream.seen()), ["POST /profile 409"]);
    upstream.refuse(None);

    sample.program = write("after").unwrap();
    sample.sends("after the rotation");
    assert_eq!(statuses(&upstream.seen()), ["POST /profile 201"]);
    let key = host.run(&["key", "show", "--json"]).succeeds().json();
    assert_eq!((&key["mgf1_sha1"], &key["mgf1_sha256"]), (&0.into(), &7.into()));
    daemon.stop();
}

impl Sample {
    fn run(&mut self, text: &str, token: &str) -> Output {
        let mut child = self
            .program
            // Whatever the system's language is, the text is UTF-8.
            .env("LC_ALL", "C")
            .env("FINCODE_API", &self.url)
            .env("FINCODE_TOKEN_PROD", token)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A program that refuses early reads nothing.
        let _ = child.stdin.take().unwrap().write_all(text.as_bytes());
        child.wait_with_output().unwrap()
    }

    #[track_caller]
    fn sends(&mut self, text: &str) {
        let token = self.token.clone();
        let output = self.run(text, &token);
        assert!(output.status.success(), "{text:?}: {output:?}");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "sent\n");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    }

    /// What it says when it fails, which is neither the token nor the text.
    #[track_caller]
    fn fails(&mut self, text: &str) -> String {
        let token = self.token.clone();
        self.fails_with(text, &token)
    }

    #[track_caller]
    fn fails_with(&mut self, text: &str, token: &str) -> String {
        let output = self.run(text, token);
        assert!(output.status.code().is_some_and(|code| code != 0), "{output:?}");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            !said.contains(text) && (token.is_empty() || !said.contains(token)),
            "{said}"
        );
        said
    }

    fn refuses_bad_tokens(&mut self, upstream: &Upstream) {
        let said = self.fails_with("secret-text", "");
        assert!(said.contains("FINCODE_TOKEN_PROD"), "{said}");
        assert_eq!(statuses(&upstream.seen()), [""; 0]);
        let said = self.fails_with("secret-text", "fincode_prod_mistyped");
        assert!(said.contains("401"), "{said}");
        assert_eq!(statuses(&upstream.seen()), ["POST /profile 401"]);
    }
}
