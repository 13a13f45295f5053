//! The process' memory: what is done with is gone from it, nobody else may look into it, and no core is left.
//!
//! Only root may read another process' memory; as anybody else these tests see that they may not.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use openssl::bn::{BigNum, BigNumContext};
use openssl::pkey::PKey;
use rustix::process::{Pid, Signal, getuid, kill_process};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::host::PASSWORD;
use crate::memory_of::Memory;
use crate::operator::{EMAIL, Operator};
use crate::pty::{Spawn, wait_until};
use crate::search::{encrypt, forms};
use crate::skip::{can_be_another_account, skipped};

const PLAINTEXT: &str = "securityAnswer Lovelace 1815";

/// A prime of a public key, as OpenSSL keeps it: in words, the last byte first.
fn prime_of(memory: &Memory, public_key: &str) -> Option<Vec<u8>> {
    let key = PKey::public_key_from_der(&STANDARD.decode(public_key).unwrap()).unwrap();
    let modulus = key.rsa().unwrap().n().to_owned().unwrap();
    let half = usize::try_from(modulus.num_bytes()).unwrap() / 2;
    let (mut context, mut rest) = (BigNumContext::new().unwrap(), BigNum::new().unwrap());
    let writable = memory.0.iter().filter(|(name, _)| name.contains(" rw"));
    for (_, bytes) in writable {
        for window in bytes.windows(half).step_by(8) {
            if window[half - 1] < 0xb5 || window[0] % 2 == 0 {
                continue;
            }
            let mut prime = window.to_vec();
            prime.reverse();
            let factor = BigNum::from_slice(&prime).unwrap();
            rest.checked_rem(&modulus, &factor, &mut context).unwrap();
            if rest.num_bits() == 0 {
                return Some(window.to_vec());
            }
        }
    }
    None
}

/// Both orders of bytes of both primes.
fn primes(public_key: &str, prime: &[u8]) -> Vec<Vec<u8>> {
    let key = PKey::public_key_from_der(&STANDARD.decode(public_key).unwrap()).unwrap();
    let modulus = key.rsa().unwrap().n().to_owned().unwrap();
    let mut one = prime.to_vec();
    one.reverse();
    let (mut context, mut other) = (BigNumContext::new().unwrap(), BigNum::new().unwrap());
    other
        .checked_div(&modulus, &BigNum::from_slice(&one).unwrap(), &mut context)
        .unwrap();
    let other = other.to_vec();
    let backwards = |bytes: &[u8]| bytes.iter().rev().copied().collect();
    vec![backwards(&one), backwards(&other), one, other]
}

#[test]
fn what_is_done_with_is_gone_from_memory() {
    let home = tempfile::tempdir().unwrap();
    let mut operator = Operator::at(Spawn::strongroom(home.path()));
    let pid = operator.pty.pid();
    let recovery_key = operator.onboards();
    if !getuid().is_root() {
        let refused = File::open(format!("/proc/{}/mem", pid.as_raw_nonzero())).unwrap_err();
        assert_eq!(refused.kind(), std::io::ErrorKind::PermissionDenied);
        return skipped("only root can read another process' memory");
    }
    let status = fs::read_to_string(format!("/proc/{}/status", pid.as_raw_nonzero())).unwrap();
    let locked = status.lines().find(|line| line.starts_with("VmLck:")).unwrap();
    assert!(
        !locked.contains("\t       0 kB"),
        "the keyring is locked: {locked}"
    );
    let seal_key = fs::read(home.path().join(".config/strongroom/seal.key")).unwrap();

    operator.types("2").sees("no token works here yet");
    operator
        .fills_the_form("payouts", (0, "24 hours"))
        .sees("New token payouts");
    let token = operator.copies("c");
    operator.looks_at(&token, "v", "v");
    // The search finds what is there.
    assert!(!Memory::of(pid).holding(token.as_bytes()).is_empty());
    operator.closes_the_reveal("payouts", &token);
    operator.tries(&token, "it works, active");

    operator.types("1").sees("Fingerprint");
    let old_key = operator.copies("c");
    operator
        .decrypts(&encrypt(&old_key, PLAINTEXT))
        .sees("opened by generation 1");
    operator.looks_at(PLAINTEXT, "\r", "\r");
    assert!(!Memory::of(pid).holding(PLAINTEXT.as_bytes()).is_empty());
    operator.types("G\r").misses("Try out");
    let prime = prime_of(&Memory::of(pid), &old_key).expect("an open key is in memory");
    operator
        .types("R")
        .sees("Rotate the key pair")
        .sees("Clients have to take");
    operator.types("\racme\r").gives_credentials();
    operator
        .sees("The key pair was rotated")
        .types("\r")
        .misses("was rotated");
    operator.sees("generation 2");
    // Back to where nothing of it is on the screen, and a key more: what waits to be drawn is drawn.
    operator.types("2").sees("payouts");

    let mut secrets = vec![
        ("password".to_owned(), PASSWORD.as_bytes().to_vec()),
        ("plaintext".to_owned(), PLAINTEXT.as_bytes().to_vec()),
        ("seal key".to_owned(), seal_key),
        ("recovery key".to_owned(), recovery_key.into_bytes()),
    ];
    let of_token = forms(&token).into_iter().map(|form| ("token".to_owned(), form));
    secrets.extend(of_token);
    let of_key = primes(&old_key, &prime).into_iter();
    secrets.extend(of_key.map(|form| ("prime of the replaced key".to_owned(), form)));
    let memory = Memory::of(pid);
    let found: Vec<_> = secrets
        .iter()
        .flat_map(|(name, form)| {
            memory
                .holding(form)
                .into_iter()
                .map(move |at| format!("{name}: {at}"))
        })
        .collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
    assert!(
        !memory.holding(b"payouts-service").is_empty(),
        "the search finds what is there"
    );
    operator.leaves_the_console();
}

/// A shell that allows cores of any size, and then becomes `program`. What is started in a shell's background ignores
/// SIGQUIT, and so would the program.
fn with_cores(program: &Path, home: &Path) -> Command {
    let mut command = Command::new("env");
    command
        .args([
            "--default-signal=QUIT",
            "sh",
            "-c",
            "ulimit -c unlimited && exec \"$0\" \"$@\"",
        ])
        .arg(program)
        .current_dir(home)
        .env("HOME", home)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

fn cores(home: &Path) -> Vec<String> {
    let names = fs::read_dir(home)
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    let names = names.map(|name| name.to_string_lossy().into_owned());
    names.filter(|name| name.starts_with("core")).collect()
}

#[test]
fn a_process_that_is_aborted_leaves_no_core() {
    let home = tempfile::tempdir().unwrap();
    // Where cores go into the working directory, another program leaves one.
    let pattern = fs::read_to_string("/proc/sys/kernel/core_pattern").unwrap();
    let mut other = with_cores(Path::new("cat"), home.path()).spawn().unwrap();
    wait_until("cat to run", || is_running(other.id(), "cat"));
    kill_process(pid_of(other.id()), Signal::ABORT).unwrap();
    other.wait().unwrap();
    if pattern.trim() == "core" {
        assert!(!cores(home.path()).is_empty(), "cores are written here");
    }
    for (number, signal) in [Signal::ABORT, Signal::SEGV, Signal::QUIT]
        .into_iter()
        .enumerate()
    {
        let here = home.path().join(number.to_string());
        fs::create_dir(&here).unwrap();
        let program = Path::new(env!("CARGO_BIN_EXE_strongroom"));
        let mut command = with_cores(program, &here);
        // It waits for the passphrase on standard input.
        command.args([
            "init",
            "--slug",
            "acme",
            "--name",
            "Acme",
            "--admin",
            EMAIL,
            "--no-recovery-key",
            "--password-fd",
            "0",
        ]);
        let mut child = command.spawn().unwrap();
        wait_until("the program to close itself", || {
            let status = fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
            (status.contains("Name:\tstrongroom") && status.contains("NoNewPrivs:\t1")).then_some(())
        });
        let limits = fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
        let limit = limits
            .lines()
            .find(|line| line.starts_with("Max core file size"))
            .unwrap();
        assert_eq!(
            limit.split_whitespace().filter(|word| *word == "0").count(),
            2,
            "{limit}"
        );
        let ended = wait_until("the end", || {
            // A segmentation fault that is none is taken the first time.
            kill_process(pid_of(child.id()), signal).unwrap();
            child.try_wait().unwrap()
        });
        use std::os::unix::process::ExitStatusExt as _;
        assert_eq!(ended.signal(), Some(signal.as_raw()));
        assert!(!ended.core_dumped());
        assert_eq!(cores(&here), Vec::<String>::new());
    }
}

/// The same account may neither read the memory nor look at the descriptors; the process itself may.
#[test]
fn another_process_of_the_same_account_may_not_look_in() {
    if !can_be_another_account() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let nobody = Some(rustix::fs::Uid::from_raw(65_534));
    for directory in [home.path(), &home.path().join("bin")] {
        let _ = fs::create_dir(directory);
        fs::set_permissions(directory, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let program = home.path().join("bin/strongroom");
    fs::copy(env!("CARGO_BIN_EXE_strongroom"), &program).unwrap();
    let own = home.path().join("home");
    fs::create_dir(&own).unwrap();
    rustix::fs::chown(&own, nobody, None).unwrap();
    let script = "printf '%s' \"$PASSWORD\" | \"$0\" init --slug acme --name Acme --admin ada@acme.test \
         --no-recovery-key --key-size 2048 --password-fd 0 && \
         exec 7<\"$HOME/wait\" && \"$0\" cashier list -q --read-only </dev/null && \
         { \"$0\" verify <&7 & pid=$!; } && \
         until grep -q 'NoNewPrivs:.1' /proc/$pid/status; do :; done; \
         cat /proc/$$/environ >/dev/null || echo cannot look at all; \
         for name in mem environ maps fd/0; do cat /proc/$pid/$name >/dev/null 2>&1 && echo saw $name; done; \
         kill $pid; echo looked";
    let status = Command::new("mkfifo").arg(own.join("wait")).status().unwrap();
    assert!(status.success());
    rustix::fs::chown(own.join("wait"), nobody, None).unwrap();
    let _writer = fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(own.join("wait"))
        .unwrap();
    let output = Command::new("setpriv")
        .args([
            "--reuid",
            "65534",
            "--regid",
            "65534",
            "--clear-groups",
            "sh",
            "-c",
            script,
        ])
        .arg(&program)
        .current_dir(&own)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", &own)
        .env("PASSWORD", PASSWORD)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let lines: Vec<_> = said.lines().rev().take(2).collect();
    assert_eq!(lines, ["looked", EMAIL], "{output:?}");
}

fn pid_of(id: u32) -> Pid {
    Pid::from_raw(i32::try_from(id).unwrap()).unwrap()
}

fn is_running(id: u32, name: &str) -> Option<()> {
    let running = fs::read_to_string(format!("/proc/{id}/comm")).ok()?;
    (running.trim_end() == name).then_some(())
}
