//! The program itself with a fault at each call: `init`, `token create`, `token revoke` and `key rotate`. What it said is
//! done has to be there afterwards; what it did not say is done or not, and can be done again.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::process::{self, Fault, WHATS};
use crate::random::Random;
use crate::site::{Site, copy_all};
use crate::tally::{Plan, Tally, in_parallel, sample};

const COMMANDS: [(&str, &[&str]); 4] = [
    (
        "init",
        &[
            "init",
            "--slug",
            "acme",
            "--name",
            "Acme",
            "--admin",
            "ada@acme.test",
            "--key-size",
            "2048",
            "--no-recovery-key",
        ],
    ),
    (
        "create",
        &[
            "token",
            "create",
            "new",
            "--service",
            "pay",
            "--environment",
            "prod",
            "-q",
            "--cashier",
            "ada@acme.test",
        ],
    ),
    (
        "revoke",
        &["token", "revoke", "old", "--yes", "--cashier", "ada@acme.test"],
    ),
    (
        "rotate",
        &[
            "key",
            "rotate",
            "--confirm",
            "acme",
            "--key-size",
            "2048",
            "--cashier",
            "ada@acme.test",
        ],
    ),
];

/// A machine with a home, which is all that the program writes to.
struct Host(PathBuf);

/// A command, and a fault to meet.
struct Trial {
    name: &'static str,
    arguments: &'static [&'static str],
    fault: Fault,
}

impl Trial {
    fn of(number: u64) -> Self {
        let place = |number: u64| usize::try_from(number).unwrap();
        let (name, arguments) = COMMANDS[place(number / 100_000)];
        Self {
            name,
            arguments,
            fault: Fault {
                what: WHATS[place(number % 10)],
                at: number / 10 % 10_000,
                waits: false,
            },
        }
    }
}

pub(crate) fn run(plan: &Plan, root: &Path, most: usize, tally: &Tally) {
    let mut random = Random::new(plan.seed ^ 0x9109);
    let empty = Host::make(&root.join("program-empty"));
    let full = Host::make(&root.join("program-full"));
    full.succeeds(COMMANDS[0].1);
    let create = [
        "token",
        "create",
        "old",
        "--service",
        "pay",
        "--environment",
        "prod",
        "-q",
        "--cashier",
        "ada@acme.test",
    ];
    let old = full.succeeds(&create);
    let mut numbers = Vec::new();
    let mut calls = BTreeMap::new();
    for (command, (name, arguments)) in (0..).zip(COMMANDS) {
        let seen = host_for(name, &empty, &full).calls(arguments, &root.join("program-dry"));
        tally.add(format!("program: calls of {name}"), seen.len() as u64);
        for (at, call) in (1..).zip(seen) {
            numbers.extend((0..7).map(|what| (command * 10_000 + at) * 10 + what));
            calls.insert((command, at), call);
        }
    }
    sample(&mut numbers, most, &mut random);
    in_parallel(plan, &numbers, |number| {
        let trial = Trial::of(number);
        let place = root.join(format!("program-{number}"));
        copy_all(&host_for(trial.name, &empty, &full).0, &place);
        let host = Host(place);
        if let Err(what) = host.meets(&trial, old.trim(), tally) {
            let call = calls.get(&(number / 100_000, trial.fault.at));
            let call = call.map_or("?", String::as_str);
            let what = format!("{}, {} at {call}: {what}", trial.name, trial.fault.what);
            tally.fail("program", number, plan, &Site(host.0.clone()), &what);
        }
        fs::remove_dir_all(&host.0).unwrap();
    });
}

fn host_for<'a>(name: &str, empty: &'a Host, full: &'a Host) -> &'a Host {
    if name == "init" { empty } else { full }
}

impl Host {
    fn make(root: &Path) -> Self {
        fs::create_dir_all(root).unwrap();
        let password = root.join("password");
        fs::write(&password, "nine lives and a half\n").unwrap();
        fs::set_permissions(password, fs::Permissions::from_mode(0o600)).unwrap();
        Self(root.to_owned())
    }

    fn run(&self, arguments: &[&str], input: &str, fault: Option<(Fault, Option<&Path>)>) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_strongroom"));
        command
            .args(arguments)
            .env_clear()
            .env("HOME", self.0.join("home"));
        if ["init", "create", "revoke", "rotate"]
            .iter()
            .any(|name| arguments.contains(name))
        {
            command.arg("--password-file").arg(self.0.join("password"));
        }
        if let Some((fault, log)) = fault {
            process::preload(&mut command, &[self.0.join("home")], fault, log);
        }
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that reads nothing may be gone already.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    }

    fn succeeds(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments, "", None);
        assert!(output.status.success(), "{arguments:?}: {}", said(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// What a command calls, on a copy of this host.
    fn calls(&self, arguments: &[&str], place: &Path) -> Vec<String> {
        copy_all(&self.0, place);
        let (host, log) = (Self(place.to_owned()), place.join("calls"));
        let none = Fault {
            what: "",
            at: 0,
            waits: false,
        };
        assert!(host.run(arguments, "", Some((none, Some(&log)))).status.success());
        let text = fs::read_to_string(log).unwrap();
        fs::remove_dir_all(place).unwrap();
        text.lines()
            .map(|line| line.replace(&*place.to_string_lossy(), ""))
            .collect()
    }

    fn meets(&self, trial: &Trial, old: &str, tally: &Tally) -> Result<(), String> {
        let output = self.run(trial.arguments, "", Some((trial.fault, None)));
        match output.status.code() {
            None => tally.add("kills", 1),
            Some(101) => return Err(format!("it panicked: {}", said(&output))),
            Some(_) => tally.add(format!("{} met by the program", trial.fault.what), 1),
        }
        let done = output.status.success();
        if output.status.code().is_some() && !done && !said(&output).contains(' ') {
            return Err("it failed without a word".into());
        }
        match trial.name {
            "init" => self.is_onboarded(done)?,
            "create" if done => self.verdict(String::from_utf8_lossy(&output.stdout).trim(), &[true])?,
            _ => {}
        }
        if trial.name == "init" {
            return Ok(());
        }
        let revoked = trial.name == "revoke";
        self.verdict(
            old,
            if revoked && done {
                &[false]
            } else if revoked {
                &[true, false]
            } else {
                &[true]
            },
        )?;
        let generation = self.generation()?;
        let expected: &[&str] = match (trial.name, done) {
            ("rotate", true) => &["2"],
            ("rotate", false) => &["1", "2"],
            _ => &["1"],
        };
        if expected.contains(&generation.as_str()) {
            return Ok(());
        }
        Err(format!("the key has generation {generation}, not {expected:?}"))
    }

    /// Onboarded where it said so; else it can be done now.
    fn is_onboarded(&self, done: bool) -> Result<(), String> {
        let list = self.run(&["org", "list", "-q"], "", None);
        if list.status.success() && list.stdout == b"acme\n" {
            return Ok(());
        }
        if done {
            return Err(format!("it was onboarded, and now: {}", said(&list)));
        }
        let mut again = self.run(COMMANDS[0].1, "", None);
        // A key file that a kill left is not written over; the refusal says how to go on.
        if said(&again).contains("choose another path") {
            let other = format!("key-file={}", self.0.join("home/other.key").display());
            again = self.run(&[COMMANDS[0].1, &["--seal", &other]].concat(), "", None);
        }
        if again.status.success() {
            return Ok(());
        }
        Err(format!("it cannot be onboarded any more: {}", said(&again)))
    }

    fn verdict(&self, token: &str, expected: &[bool]) -> Result<(), String> {
        let output = self.run(&["verify"], token, None);
        let good = match output.status.code() {
            Some(0) => true,
            Some(4) => false,
            _ => return Err(format!("verify: {}", said(&output))),
        };
        if expected.contains(&good) {
            return Ok(());
        }
        Err(format!("a token is {}good", if good { "" } else { "not " }))
    }

    /// The active key's generation, after it opened what it had encrypted.
    fn generation(&self) -> Result<String, String> {
        let ciphertext = self.run(&["key", "encrypt"], "1234", None);
        let opened = self.run(
            &["key", "decrypt"],
            &String::from_utf8_lossy(&ciphertext.stdout),
            None,
        );
        if !opened.stdout.starts_with(b"1234") {
            return Err(format!(
                "the key does not open: {} {}",
                said(&ciphertext),
                said(&opened)
            ));
        }
        let shown = self.run(&["key", "show", "--json"], "", None);
        let shown: serde_json::Value = serde_json::from_slice(&shown.stdout).map_err(|_| said(&shown))?;
        Ok(shown["active"]["generation"].to_string())
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).trim().to_owned()
}
