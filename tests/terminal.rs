//! What must hold at the terminal (console.md), on a real one: it is given back on every road out, and within a second.
//!
//! The program on it is a small app over the console's runtime, in this same binary: the test `subject`, which does
//! nothing unless another test starts it with its environment. So panics can be had without a way to ask the product
//! for them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that fails panics"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "the subject has a real clock, and tests have deadlines"
)]
#![allow(
    clippy::disallowed_types,
    clippy::print_stdout,
    reason = "the subject reports on the screen it came from"
)]

#[path = "support/pty.rs"]
mod pty;
#[path = "support/subject.rs"]
mod subject;

use std::time::Duration;

use pty::{Pty, Spawn, process_state, processor_time, wait_until};
use rustix::process::{Pid, Signal};
use tempfile::TempDir;

const SECOND: Duration = Duration::from_secs(1);

#[test]
#[ignore = "the program that the other tests run"]
fn subject() {
    if std::env::var_os(subject::WANTED).is_some() {
        subject::main();
    }
}

/// A home that lives as long as the test.
fn home() -> TempDir {
    TempDir::new().unwrap()
}

fn subject_arguments() -> [&'static str; 5] {
    [
        "subject",
        "--exact",
        "--ignored",
        "--nocapture",
        "--test-threads=1",
    ]
}

fn prepared(home: &TempDir) -> Spawn {
    Spawn::new(std::env::current_exe().unwrap(), home.path())
        .args(subject_arguments())
        .env(subject::WANTED, "1")
}

/// The subject as the child of a shell, as it is in real life: `$0 "$@"` in `script`.
fn under_shell(home: &TempDir, script: &str) -> Spawn {
    let program = std::env::current_exe().unwrap();
    Spawn::new("/bin/sh", home.path())
        .args(["-c", script, program.to_str().unwrap()])
        .args(subject_arguments())
        .env(subject::WANTED, "1")
}

fn started(spawn: Spawn) -> Pty {
    let pty = spawn.start();
    pty.wait_for("the first frame", |screen| {
        screen.alternate_screen() && screen.contents().contains("keys 0")
    });
    pty
}

/// Asserts that the terminal is as it was before, and that nothing was left on the alternate screen.
fn assert_given_back(pty: &mut Pty) {
    let cooked = pty.is_cooked();
    pty.drain();
    pty.screen(|screen| {
        assert!(!screen.alternate_screen());
        assert!(!screen.bracketed_paste());
        assert!(!screen.hide_cursor());
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
    });
    assert!(cooked, "the line discipline is still raw");
    let raw = String::from_utf8_lossy(&pty.raw()).into_owned();
    let left = raw
        .rfind("\x1b[?1049l")
        .expect("the alternate screen was never left");
    assert!(
        raw[..left].ends_with("\x1b[2J\x1b[H"),
        "not blanked before it was left"
    );
    // Every frame was ended; each leave ends one more, in case.
    let (begun, ended) = (
        raw.matches("\x1b[?2026h").count(),
        raw.matches("\x1b[?2026l").count(),
    );
    assert_eq!(begun + raw.matches("\x1b[?1049l").count(), ended);
}

#[test]
fn quitting_gives_the_terminal_back() {
    let home = home();
    let mut pty = started(prepared(&home));
    assert!(!pty.is_cooked());
    pty.send("q");
    let (code, took) = pty.wait_end();
    assert!(took < SECOND, "{took:?}");
    assert_eq!(code, 0);
    assert_given_back(&mut pty);
    assert!(pty.contents().contains("ended: Ok(Quit)"), "{}", pty.contents());
}

#[test]
fn a_panic_while_updating_drawing_or_working_gives_the_terminal_back_and_is_told() {
    for (key, said) in [
        ("u", "panic while updating"),
        ("v", "panic while drawing"),
        ("w", "panic while working"),
    ] {
        let home = home();
        let mut pty = started(prepared(&home));
        pty.send(key);
        let (code, took) = pty.wait_end();
        assert!(took < SECOND, "{said}: {took:?}");
        assert_eq!(code, 1, "{said}");
        assert_given_back(&mut pty);
        assert!(pty.contents().contains(said), "{}", pty.contents());
    }
}

#[test]
fn a_deadly_signal_gives_the_terminal_back() {
    for signal in [Signal::TERM, Signal::HUP, Signal::INT, Signal::QUIT] {
        let home = home();
        let mut pty = started(prepared(&home));
        pty.kill(signal);
        let (code, took) = pty.wait_end();
        assert!(took < SECOND, "{signal:?}: {took:?}");
        assert_eq!(i32::try_from(code).unwrap(), 128 + signal.as_raw());
        assert_given_back(&mut pty);
    }
}

#[test]
fn a_terminal_that_takes_no_bytes_cannot_hold_the_process() {
    let home = home();
    let mut pty = started(prepared(&home));
    pty.stall();
    pty.send("f");
    let (flooding, pid) = (home.path().join("flooding"), pty.pid());
    wait_until("the flood", || flooding.exists().then_some(()));
    // Asleep in the write that nobody takes.
    wait_until("the write that blocks", || {
        let wchan = std::fs::read_to_string(format!("/proc/{}/wchan", pid.as_raw_nonzero())).ok()?;
        (process_state(pid) == Some('S') && !wchan.is_empty()).then_some(())
    });
    pty.kill(Signal::TERM);
    let (_, took) = pty.wait_end();
    assert!(took < SECOND, "{took:?}");
    pty.flow();
}

#[test]
fn a_lost_terminal_ends_the_process() {
    let home = home();
    let mut pty = started(prepared(&home));
    pty.hang_up();
    let (_, took) = pty.wait_end();
    assert!(took < SECOND, "{took:?}");
}

#[test]
fn a_lost_terminal_ends_a_process_that_no_signal_reaches_without_spinning() {
    let home = home();
    // In a session of its own the terminal is not the process's to be signalled about.
    let script = "trap '' HUP; exec setsid -w \"$0\" \"$@\"";
    let mut pty = started(under_shell(&home, script));
    pty.hang_up();
    let (_, took) = pty.wait_end();
    assert!(took < SECOND, "{took:?}");
    let report = std::fs::read_to_string(home.path().join("report")).unwrap();
    let (ended, busy) = report.split_once('\n').unwrap();
    assert_eq!(ended, "Ok(TerminalLost)");
    let busy: u64 = busy.trim().parse().unwrap();
    assert!(busy < 300, "{busy} ms of processor time");
}

#[test]
fn suspending_gives_the_terminal_back_and_going_on_repaints() {
    let home = home();
    let mut pty = started(under_shell(&home, "\"$0\" \"$@\"; exit $?"));
    pty.send("k");
    pty.wait_for_text("keys 1");
    let inner = wait_until("the shell's child", || child_of(pty.pid()));
    for _ in 0..2 {
        pty.send("\x1a");
        wait_until("the stop", || (process_state(inner) == Some('T')).then_some(()));
        pty.wait_for("the screen it came from", |screen| {
            !screen.alternate_screen() && !screen.hide_cursor()
        });
        assert!(pty.is_cooked());
        pty.kill_group(Signal::CONT);
        pty.wait_for("the repainted screen", |screen| {
            screen.alternate_screen() && screen.contents().contains("keys 1")
        });
        wait_until("raw mode", || (!pty.is_cooked()).then_some(()));
    }
    pty.send("q");
    assert_eq!(pty.wait_end().0, 0);
    assert_given_back(&mut pty);
}

#[test]
fn suspending_is_refused_where_nobody_could_make_it_go_on_and_where_it_is_turned_off() {
    let home = home();
    let off = under_shell(&home, "\"$0\" \"$@\"; exit $?").env(subject::NO_SUSPEND, "1");
    for spawn in [prepared(&home), off] {
        let mut pty = started(spawn);
        pty.send("\x1ak");
        pty.wait_for("the key after it", |screen| {
            screen.alternate_screen() && screen.contents().contains("keys 1")
        });
        pty.send("q");
        assert_eq!(pty.wait_end().0, 0);
    }
}

#[test]
fn a_storm_of_sizes_ends_with_the_last_one() {
    let home = home();
    let mut pty = started(prepared(&home));
    for step in 0..300u16 {
        pty.resize(40 + step % 160, 10 + step % 50);
    }
    pty.resize(120, 40);
    pty.wait_for("the last size", |screen| {
        screen.contents().contains("size 120x40") && screen.contents().contains("keys 0")
    });
    pty.send("q");
    assert_eq!(pty.wait_end().0, 0);
    assert_given_back(&mut pty);
}

#[test]
fn a_terminal_too_small_says_so_and_comes_back_by_itself() {
    let home = home();
    let pty = started(prepared(&home));
    pty.resize(79, 24);
    pty.wait_for_text("It has 79×24.");
    pty.resize(80, 24);
    pty.wait_for("the screen again", |screen| {
        let contents = screen.contents();
        contents.contains("keys 0") && !contents.contains("too small")
    });
}

#[test]
fn a_paste_is_one_event_and_does_nothing_outside_of_fields() {
    let home = home();
    let mut pty = started(prepared(&home));
    pty.paste("q\r\nq\x03uvw");
    pty.wait_for_text("pastes 1");
    pty.wait_for_text("keys 0");
    // A long one too: more than any buffer on the way holds.
    pty.paste(&"q".repeat(20_000));
    pty.wait_for_text("pastes 2");
    pty.wait_for_text("keys 0");
}

#[test]
fn half_a_sequence_neither_freezes_it_nor_keeps_it_from_ending() {
    for half in [
        "ab\x1b]",
        "ab\x1b[",
        "ab\x1b[<0;1",
        "ab\x1b[200~",
        "ab\x1bO",
        "ab\x1b[1;",
    ] {
        let home = home();
        let mut pty = started(prepared(&home));
        for _ in 0..5 {
            pty.send(half);
        }
        pty.wait_for("a key", |screen| !screen.contents().contains("keys 0"));
        pty.kill(Signal::TERM);
        let (_, took) = pty.wait_end();
        assert!(took < SECOND, "{half:?}: {took:?}");
    }
}

#[test]
fn every_key_of_a_flood_arrives() {
    let home = home();
    let mut pty = started(prepared(&home));
    for _ in 0..30 {
        pty.send(&"k".repeat(100));
    }
    pty.wait_for_text("keys 3000");
}

#[test]
fn an_idle_console_writes_nothing_and_takes_no_processor_time() {
    let home = home();
    let pty = started(prepared(&home));
    let (written, busy) = (pty.written(), processor_time(pty.pid()).unwrap());
    // Idleness is measured over three of the clock's seconds, each of them a tick.
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(pty.written() - written, 0);
    let busy = processor_time(pty.pid()).unwrap().saturating_sub(busy);
    assert!(busy <= Duration::from_millis(30), "{busy:?}");
}

#[test]
fn slow_work_delays_no_key() {
    let home = home();
    let mut pty = started(prepared(&home));
    pty.send("sss");
    pty.send("kk");
    pty.wait_for_text("keys 5");
    pty.wait_for_text("answers 0");
    std::fs::write(home.path().join("go"), "").unwrap();
    pty.wait_for_text("answers 3");
}

#[test]
fn no_color_draws_no_colour_and_still_shows_the_selection() {
    let home = home();
    let pty = started(prepared(&home).env("NO_COLOR", "1"));
    let row = pty.screen(|screen| {
        let row = screen
            .rows(0, 80)
            .position(|row| row.contains("selected"))
            .unwrap();
        assert!(screen.cell(u16::try_from(row).unwrap(), 2).unwrap().inverse());
        row
    });
    assert!(row > 0);
    let raw = String::from_utf8_lossy(&pty.raw()).into_owned();
    for colour in ["\x1b[38;", "\x1b[48;", "\x1b[3", "\x1b[4"] {
        let coloured = raw.match_indices(colour).filter(|(at, _)| {
            let parameters: String = raw[at + 2..]
                .chars()
                .take_while(|c| *c != 'm' && !c.is_alphabetic())
                .collect();
            parameters
                .split(';')
                .any(|p| matches!(p.parse::<u8>(), Ok(30..=38 | 40..=48 | 90..=107)))
        });
        assert_eq!(coloured.count(), 0, "{colour:?}");
    }
}

fn child_of(parent: Pid) -> Option<Pid> {
    let parent = parent.as_raw_nonzero();
    let children = std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).ok()?;
    Pid::from_raw(children.split_whitespace().next()?.parse().ok()?)
}

#[test]
fn the_program_itself_gives_the_terminal_back() {
    for road in [
        Road::Interrupt,
        Road::Signal(Signal::TERM),
        Road::Signal(Signal::HUP),
        Road::HangUp,
    ] {
        let home = home();
        let mut pty = Spawn::strongroom(home.path()).start();
        pty.wait_for("the first frame", |screen| {
            screen.alternate_screen() && !screen.contents().trim().is_empty()
        });
        wait_until("raw mode", || (!pty.is_cooked()).then_some(()));
        match road {
            Road::Interrupt => pty.send("\x03"),
            Road::Signal(signal) => pty.kill(signal),
            Road::HangUp => pty.hang_up(),
        }
        let (_, took) = pty.wait_end();
        assert!(took < SECOND, "{road:?}: {took:?}");
        if road != Road::HangUp {
            assert_given_back(&mut pty);
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Road {
    Interrupt,
    Signal(Signal),
    HangUp,
}
