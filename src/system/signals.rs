//! Signals as plain values, handed to a callback on a thread of their own.

use std::io;
use std::thread;

use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGWINCH};
use signal_hook::iterator::Signals;

/// A signal that matters to a program on a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// The program should end; the signal's number, for the exit code 128 + number.
    End(i32),
    /// The program should stop and give the terminal to the shell.
    Stop,
    /// The program goes on after it was stopped.
    Continue,
    /// The terminal has another size.
    Resize,
}

/// Calls `heard` for every signal from now on.
///
/// # Errors
/// The handlers or the thread cannot be set up.
pub fn watch(heard: impl Fn(Signal) + Send + 'static) -> io::Result<()> {
    let mut signals = Signals::new([SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH])?;
    thread::Builder::new().name("signals".into()).spawn(move || {
        for number in signals.forever() {
            heard(match number {
                SIGTSTP => Signal::Stop,
                SIGCONT => Signal::Continue,
                SIGWINCH => Signal::Resize,
                number => Signal::End(number),
            });
        }
    })?;
    Ok(())
}

/// Ends the process at once, as the signal would have without a handler; for when the orderly way is blocked.
pub fn end_now(number: i32) {
    let _ = signal_hook::low_level::emulate_default_handler(number);
}
