//! What a client can send: an environment, a command, keys. No program is ever started for any of it.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use crate::host::Host;
use crate::server::{AS_ADA, Server, can_serve, said};

#[test]
fn what_is_not_on_the_list_is_refused_in_one_line_and_starts_nothing() {
    if !can_serve() {
        return;
    }
    let server = Server::forcing(Host::onboarded(), AS_ADA);
    let long = "x".repeat(100_000);
    let mut refusal = None;
    for hostile in [
        b"sh".as_slice(),
        b"/bin/sh -i",
        b"tokens; touch planted",
        b"keys && touch planted",
        b"keys | touch planted",
        b"$(touch planted)",
        b"`touch planted`",
        b"keys\ntouch planted",
        b"tokens\rsh",
        b"scp -t .",
        b"internal-sftp",
        b"guide -o planted",
        b"tokens --data-dir /tmp",
        b"tokens --config planted",
        b"keys --as eve@acme.test",
        b"serve",
        b"scan /",
        b"key decrypt",
        b"keys --help",
        b"\x1b[2J\x1b]52;c;cGxhbnRlZA==\x07",
        b"keys \xff\xfe",
        "t\u{202e}okens".as_bytes(),
        long.as_bytes(),
    ] {
        let (out, err, code) = said(&server.run_raw(OsStr::from_bytes(hostile)));
        assert_eq!(
            (out.as_str(), code),
            ("", 2),
            "{:?}: {err}",
            String::from_utf8_lossy(hostile)
        );
        assert_eq!(err.lines().count(), 1, "{err}");
        // It is always the same line: nothing of what came is in it.
        assert_eq!(&err, refusal.get_or_insert_with(|| err.clone()));
    }
    assert!(refusal.unwrap().contains("this connection takes only: tokens"));
    // A filter is compared with names, and is nothing else.
    for filter in [
        "tokens $(touch planted)",
        "tokens ../../etc",
        "activity ;touch planted",
    ] {
        assert_eq!(said(&server.run(&[filter], &[])).2, 0, "{filter}");
    }
    assert_eq!(server.started(), Vec::<String>::new());
    assert!(planted(server.host.root.path()).is_none());
}

/// A file of that name, wherever it may have come to be.
fn planted(root: &Path) -> Option<PathBuf> {
    fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find_map(|path| {
            if path.file_name() == Some(OsStr::new("planted")) {
                return Some(path);
            }
            if path.is_dir() { planted(&path) } else { None }
        })
}

#[test]
fn an_environment_that_the_client_filled_changes_nothing() {
    if !can_serve() {
        return;
    }
    let host = Host::onboarded();
    host.token("checkout", &[]);
    // Another store, with another's cashier, that the client would rather have asked.
    let decoy = Host::onboarded();
    decoy.token("decoy", &[]);
    let config = decoy.file(
        "config.toml",
        &format!("data_dir = \"{}\"", decoy.data().display()),
    );
    let script = decoy.file("script", "touch planted");
    let (home, config, script) = (
        decoy.path("home").display().to_string(),
        config.display().to_string(),
        script.display().to_string(),
    );
    let data = decoy.data().display().to_string();
    let hostile = [
        ("HOME", home.as_str()),
        ("XDG_DATA_HOME", home.as_str()),
        ("XDG_CONFIG_HOME", home.as_str()),
        ("XDG_STATE_HOME", home.as_str()),
        ("XDG_RUNTIME_DIR", home.as_str()),
        ("STRONGROOM_DATA_DIR", data.as_str()),
        ("STRONGROOM_STATE_DIR", data.as_str()),
        ("STRONGROOM_CONFIG", config.as_str()),
        ("STRONGROOM_SOCKET", "/nonexistent/socket"),
        ("STRONGROOM_ORG", "beta"),
        ("STRONGROOM_KEYS", "no table"),
        ("CREDENTIALS_DIRECTORY", home.as_str()),
        ("TMUX", "/nonexistent/tmux,1,0"),
        ("DISPLAY", ":99"),
        ("WAYLAND_DISPLAY", "wayland-99"),
        ("PAGER", script.as_str()),
        ("EDITOR", script.as_str()),
        ("VISUAL", script.as_str()),
        ("SHELL", script.as_str()),
        ("GIT_SSH_COMMAND", script.as_str()),
        ("IFS", "/"),
        ("PS4", "$(touch planted)"),
        ("LANG", "\u{1b}[2J"),
        ("LC_ALL", "C.UTF-8"),
        ("TZ", ":/etc/passwd"),
        ("SSH_CONNECTION", "6.6.6.6 1 6.6.6.6 22"),
        ("SSH_ORIGINAL_COMMAND", "sh"),
    ];
    let server = Server::forcing(host, AS_ADA);
    let (out, err, code) = said(&server.run(&["tokens"], &hostile));
    assert_eq!((err.as_str(), code), ("", 0));
    assert!(out.contains("checkout\tprod") && !out.contains("decoy"), "{out}");

    let mut spawn = server.terminal(&[]);
    for (name, value) in hostile {
        spawn = spawn.env(name, value);
    }
    // The terminal's name comes another way than the rest; the client's command comes before what it sent as a variable.
    let mut pty = spawn.env("TERM", "\u{1b}]0;%s;$(sh)").args(["tokens"]).start();
    pty.wait_for_text("checkout");
    pty.wait_for_text("viewing as ada@acme.test");
    pty.send("c");
    pty.wait_for_text("sent to your terminal");
    pty.send("q");
    assert_eq!(pty.wait_end().0, 0);
    assert_eq!(server.started(), Vec::<String>::new());
    for root in [server.host.root.path(), decoy.root.path()] {
        assert!(planted(root).is_none());
    }
}

#[test]
fn what_libraries_would_obey_is_refused() {
    if !can_serve() {
        return;
    }
    let server = Server::untraced(Host::onboarded(), AS_ADA);
    for name in ["OPENSSL_CONF", "OPENSSL_MODULES", "LD_LIBRARY_PATH"] {
        let (out, err, code) = said(&server.run(&["tokens"], &[(name, "/nonexistent")]));
        assert_eq!((out.as_str(), code), ("", 2), "{err}");
        assert!(err.contains(&format!("{name} is set")), "{err}");
    }
}

/// Numbers that are the same in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(self.0 >> 33).unwrap() % end
    }
}

#[test]
fn no_keys_lead_out_of_the_console() {
    if !can_serve() {
        return;
    }
    let host = Host::onboarded();
    host.token("checkout", &[]);
    host.token("payouts", &[]);
    // It has the store: a console whose client was killed may take a moment to let go of one.
    host.serve();
    let server = Server::forcing(host, AS_ADA);
    let words: [&[u8]; 16] = [
        b"\x1a",
        b"\x1b",
        b"\r",
        b"\t",
        b":",
        b"!sh\r",
        b":!sh\r",
        b"\x1b[A",
        b"\x1b[B",
        b"\x03",
        b"\x1c",
        b"\x1b[200~;sh\r\x1b[201~",
        b"w",
        b"\xff\xfe",
        b"\x1b]52;c;?\x07",
        b"/x\r",
    ];
    let mut random = Random(7);
    for _ in 0..6 {
        let mut pty = server.terminal(&[]).start();
        pty.wait_for_text("viewing as ada@acme.test");
        for _ in 0..400 {
            let bytes = match random.below(3) {
                0 => words[random.below(words.len())].to_vec(),
                1 => vec![b' ' + u8::try_from(random.below(95)).unwrap()],
                _ => vec![u8::try_from(random.below(256)).unwrap()],
            };
            if !pty.try_send(&bytes) {
                break;
            }
        }
        // Whatever they came to: a console, a dialog, or the end.
        pty.kill(rustix::process::Signal::TERM);
        pty.wait_end();
        let raw = OsString::from_vec(pty.raw());
        let shown = raw.to_string_lossy();
        assert!(
            !shown.contains("panicked") && !shown.contains("mistake in it"),
            "{shown}"
        );
    }
    assert_eq!(server.started(), Vec::<String>::new());
}
