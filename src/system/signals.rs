//! Signals as plain values, handed to a callback on a thread of their own.

use std::io;
use std::os::fd::AsFd;
use std::thread;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
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

/// Calls `heard` when a signal asks the program to end, and leaves the other signals alone.
///
/// # Errors
/// The handlers or the thread cannot be set up.
pub fn watch_ends(heard: impl Fn() + Send + 'static) -> io::Result<()> {
    let mut signals = Signals::new([SIGTERM, SIGHUP, SIGINT])?;
    thread::Builder::new()
        .name("signals".into())
        .spawn(move || signals.forever().for_each(|_| heard()))?;
    Ok(())
}

/// Whether the other end of a pipe or terminal is gone, so that nobody will read what is written.
pub fn is_unread(output: impl AsFd) -> bool {
    let output = output.as_fd();
    let mut look = [PollFd::from_borrowed_fd(output, PollFlags::empty())];
    let now = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    poll(&mut look, Some(&now)).is_ok() && look[0].revents().intersects(PollFlags::ERR | PollFlags::HUP)
}

/// Waits until there is something to read from a pipe or file, or its end.
pub fn wait_for_input(input: impl AsFd) {
    let input = input.as_fd();
    let mut look = [PollFd::from_borrowed_fd(input, PollFlags::IN)];
    // What cannot be waited for says so when it is read.
    while poll(&mut look, None) == Err(Errno::INTR) {}
}

/// Ends the process at once, as the signal would have without a handler; for when the orderly way is blocked.
pub fn end_now(number: i32) {
    let _ = signal_hook::low_level::emulate_default_handler(number);
}
