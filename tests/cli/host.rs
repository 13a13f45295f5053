//! A machine for one test: a home, a data directory, password files, and the program.

use std::cell::RefCell;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;

/// Set where every store gets a daemon as soon as it is there.
pub(crate) const THROUGH_DAEMON: &str = "STRONGROOM_TESTS_THROUGH_DAEMON";

/// The first admin's password.
pub(crate) const PASSWORD: &str = "nine lives and a half";
/// Somebody else's.
pub(crate) const OTHER_PASSWORD: &str = "ten thousand small boats";

/// A machine.
pub(crate) struct Host {
    pub(crate) root: tempfile::TempDir,
    /// What no standard error may show, and no file may hold.
    secrets: RefCell<Vec<String>>,
    /// Who has the store, where the tests go through a daemon.
    daemon: RefCell<Option<Running>>,
}

/// What a command gave.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Host {
    /// A machine without a store.
    pub(crate) fn empty() -> Self {
        let host = Self {
            root: tempfile::tempdir().unwrap(),
            secrets: RefCell::default(),
            daemon: RefCell::default(),
        };
        host.file("password", PASSWORD);
        host.file("other", OTHER_PASSWORD);
        host.keep_secret(PASSWORD);
        host.keep_secret(OTHER_PASSWORD);
        host
    }

    /// A machine with the organization `acme` and its admin, `ada@acme.test`.
    pub(crate) fn onboarded() -> Self {
        let host = Self::empty();
        host.init(&[]).succeeds();
        host
    }

    /// `init` with everything it needs, and more. The small key spares seconds a test.
    pub(crate) fn init(&self, more: &[&str]) -> Ran {
        let mut arguments = vec![
            "init",
            "--slug",
            "acme",
            "--name",
            "Acme Payments",
            "--admin",
            "ada@acme.test",
        ];
        arguments.extend(["--key-size", "2048", "--password-file", "password"]);
        arguments.extend(more);
        if !more.contains(&"--recovery-file") {
            arguments.push("--no-recovery-key");
        }
        let ran = self.run(&arguments);
        if ran.code == 0 && std::env::var_os(THROUGH_DAEMON).is_some() {
            self.serve();
        }
        ran
    }

    /// Starts the daemon, in the place of one that ran; it has the store from now on.
    pub(crate) fn serve(&self) {
        self.daemon.borrow_mut().take();
        let log = fs::File::create(self.path("daemon.log")).unwrap();
        let child = self
            .command(&["serve", "--listen", "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut running = Running(child);
        let says = |lock: String| lock.contains("\"socket\"");
        while !fs::read_to_string(self.data().join("lock")).is_ok_and(says)
            || UnixStream::connect(self.socket()).is_err()
        {
            let log = || fs::read_to_string(self.path("daemon.log"));
            assert!(running.0.try_wait().unwrap().is_none(), "{:?}", log());
            std::thread::sleep(Duration::from_millis(5));
        }
        *self.daemon.borrow_mut() = Some(running);
    }

    /// Kills the daemon.
    pub(crate) fn kill_daemon(&self) {
        self.daemon.borrow_mut().take();
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.path("home/.local/state/strongroom/socket")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Writes a file that only we can read.
    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, format!("{text}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path("home/.local/share/strongroom")
    }

    pub(crate) fn keep_secret(&self, text: &str) {
        self.secrets.borrow_mut().push(text.to_owned());
    }

    /// The program, in a directory and with an environment of its own.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        for secret in self.secrets.borrow().iter() {
            assert!(
                arguments.iter().all(|argument| !argument.contains(secret)),
                "a secret as an argument"
            );
        }
        let mut command = Command::new(env!("CARGO_BIN_EXE_strongroom"));
        command
            .args(arguments)
            .current_dir(self.root.path())
            .env_clear()
            .env("HOME", self.path("home"));
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.feed(arguments, b"")
    }

    /// Runs with `input` on standard input.
    pub(crate) fn feed(&self, arguments: &[&str], input: &[u8]) -> Ran {
        self.finish(self.command(arguments), input)
    }

    pub(crate) fn finish(&self, mut command: Command, input: &[u8]) -> Ran {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A program that refuses early reads nothing.
        let _ = child.stdin.take().unwrap().write_all(input);
        self.ended(&child.wait_with_output().unwrap())
    }

    fn ended(&self, output: &Output) -> Ran {
        let ran = Ran {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        };
        self.keeps_its_secrets(&ran.err);
        ran
    }

    /// What a program said for people to read shows none of this machine's secrets, and no fault of ours.
    #[track_caller]
    pub(crate) fn keeps_its_secrets(&self, said: &str) {
        for secret in self.secrets.borrow().iter() {
            assert!(!said.contains(secret.as_str()), "a secret: {said}");
        }
        assert!(!said.contains("panicked"), "{said}");
    }

    /// Runs a change as the admin.
    pub(crate) fn admin(&self, arguments: &[&str]) -> Ran {
        let who = ["--cashier", "ada@acme.test", "--password-file", "password"];
        self.run(&[arguments, &who].concat())
    }

    /// Has something done, and puts the data directory of before in the place of what came of it.
    ///
    /// A daemon lives through none of it: it is stopped before, and started again afterwards.
    pub(crate) fn forgets(&self, act: impl FnOnce()) {
        let had_daemon = self.daemon.borrow_mut().take().is_some();
        let copy = |from: &Path, to: &Path| {
            let copied = Command::new("cp").arg("-a").args([from, to]).status();
            assert!(copied.unwrap().success());
        };
        let old = self.path("old");
        copy(&self.data(), &old);
        act();
        std::fs::remove_dir_all(self.data()).unwrap();
        copy(&old, &self.data());
        if had_daemon {
            self.serve();
        }
    }

    /// Mints a token for production and gives its text.
    pub(crate) fn token(&self, name: &str, more: &[&str]) -> String {
        let create = [
            "token",
            "create",
            name,
            "--service",
            "checkout",
            "--environment",
            "prod",
            "-q",
        ];
        let token = self
            .admin(&[&create, more].concat())
            .succeeds()
            .out
            .trim_end()
            .to_owned();
        self.keep_secret(&token);
        token
    }

    /// Whether `verify` finds a token good, else the reason that it gives.
    pub(crate) fn verdict(&self, token: &str) -> Result<(), String> {
        let ran = self.feed(&["verify", "--json"], token.as_bytes());
        let answer = ran.json();
        assert_eq!(ran.code, if answer["good"] == true { 0 } else { 4 }, "{ran:?}");
        if answer["good"] == true {
            Ok(())
        } else {
            Err(answer["reason"].as_str().unwrap().to_owned())
        }
    }

    /// A file below `directory` that holds `needle`, if one does.
    pub(crate) fn found(directory: &Path, needle: &[u8]) -> Option<PathBuf> {
        fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .find_map(|path| {
                if path.is_dir() {
                    return Self::found(&path, needle);
                }
                if !path.is_file() {
                    return None;
                }
                let bytes = fs::read(&path).unwrap();
                bytes
                    .windows(needle.len())
                    .any(|window| window == needle)
                    .then_some(path)
            })
    }
}

impl Ran {
    /// It did what it was asked to.
    #[track_caller]
    pub(crate) fn succeeds(self) -> Self {
        assert_eq!(self.code, 0, "{self:?}");
        self
    }

    /// It was refused with this exit code, and said so on standard error only; gives what it said.
    #[track_caller]
    pub(crate) fn refused(self, code: i32) -> String {
        assert_eq!(self.code, code, "{self:?}");
        assert_eq!(self.out, "", "a refusal prints nothing on standard output");
        self.err
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.out.lines().count(), 1, "one line of JSON: {self:?}");
        serde_json::from_str(&self.out).unwrap()
    }
}

/// A command that goes on until it is dropped.
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The shape of a JSON value: names and types without what changes from run to run.
pub(crate) fn shape(value: &Value) -> String {
    serde_json::to_string_pretty(&redacted(value)).unwrap()
}

fn redacted(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let machine = |name: &str| name == "os_user" || name == "uid";
            let field = |(name, value): (&String, &Value)| {
                let value = if machine(name) {
                    "(of the machine)".into()
                } else {
                    redacted(value)
                };
                (name.clone(), value)
            };
            fields.iter().map(field).collect()
        }
        Value::Array(values) => values
            .first()
            .map(redacted)
            .into_iter()
            .collect::<Vec<_>>()
            .into(),
        Value::String(text) => text
            .split(' ')
            .map(redacted_word)
            .collect::<Vec<_>>()
            .join(" ")
            .into(),
        other => other.clone(),
    }
}

fn redacted_word(word: &str) -> &str {
    match word {
        _ if is_time(word) => "(time)",
        _ if word.starts_with("fincode_") && word.contains('…') => "(masked token)",
        _ if word.starts_with("fincode_") => "(token)",
        _ if word.len() == 32 && word.bytes().all(|byte| byte.is_ascii_hexdigit()) => "(store)",
        _ if word.len() == 26 => "(id)",
        _ if word.len() == 32 => "(store)",
        _ if word.len() >= 43 => "(fingerprint, hash, key or ciphertext)",
        _ => word,
    }
}

fn is_time(text: &str) -> bool {
    text.len() >= 20 && text.ends_with('Z') && text.as_bytes()[10] == b'T'
}
