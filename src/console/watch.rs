//! What the loop waits for, and the threads that watch for it: keys, signals, the terminal's end.
//!
//! crossterm's reader spins when the terminal is gone and SIGHUP does not come (a session that ignores it, or has no
//! controlling terminal), so the descriptor is watched for hang-up apart from it. A watchdog ends the process when the
//! loop does not answer a deadly signal in time, as when the terminal takes no bytes.

use std::io;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::stdio::stdin;

use super::input::Input;
use super::input_buffer::InputBuffer;
use super::terminal;
use crate::system::signals::{self, Signal};

/// What arrives at the loop.
#[derive(Debug)]
pub(crate) enum Incoming<M> {
    /// From the terminal.
    Input(Input),
    /// From the operating system.
    Signal(Signal),
    /// An answer, or news.
    Message(M),
    /// A second passed.
    Tick,
    /// The terminal is gone.
    TerminalLost,
    /// The terminal cannot be read.
    InputFailed(io::Error),
    /// Work panicked; what it said is kept by `terminal`.
    WorkerPanicked,
}

/// How long the loop may take to answer a deadly signal, or the terminal's end: the process is gone within a second.
const PATIENCE: Duration = Duration::from_millis(700);
/// How often the terminal is asked whether it is there, should its end not wake anybody.
const LOOK: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 250_000_000,
};

/// Stops the watchdog from ending the process.
#[derive(Debug)]
pub(crate) struct Guard(Sender<()>);

impl Guard {
    /// The loop has ended and the terminal is given back.
    pub(crate) fn done(&self) {
        // Nobody listens when no deadly signal came.
        let _ = self.0.send(());
    }
}

/// Starts the threads.
pub(crate) fn start<M: Send + 'static>(sender: &Sender<Incoming<M>>) -> io::Result<Guard> {
    let (deadly, guard) = watchdog()?;
    let (to_loop, to_dog) = (sender.clone(), deadly.clone());
    signals::watch(move |signal| {
        if let Signal::End(number) = signal {
            let _ = to_dog.send(number);
        }
        let _ = to_loop.send(Incoming::Signal(signal));
    })?;
    let (to_loop, to_dog) = (sender.clone(), deadly);
    thread::Builder::new().name("hang-up".into()).spawn(move || {
        while !hung_up() {}
        let _ = to_dog.send(signal_hook::consts::SIGHUP);
        let _ = to_loop.send(Incoming::TerminalLost);
    })?;
    let to_loop = sender.clone();
    let mut buffer = InputBuffer::new()?;
    thread::Builder::new()
        .name("input".into())
        .spawn(move || read_keys(&to_loop, &mut buffer))?;
    Ok(guard)
}

fn watchdog() -> io::Result<(Sender<i32>, Guard)> {
    let (deadly, heard) = mpsc::channel();
    let (done, ended) = mpsc::channel();
    thread::Builder::new().name("watchdog".into()).spawn(move || {
        if let Ok(number) = heard.recv()
            && ended.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout)
        {
            terminal::release();
            signals::end_now(number);
        }
    })?;
    Ok((deadly, Guard(done)))
}

/// Waits for a moment; whether the terminal hung up.
fn hung_up() -> bool {
    let stdin = stdin();
    let mut watched = [PollFd::new(&stdin, PollFlags::empty())];
    let gone = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
    poll(&mut watched, Some(&LOOK)).is_ok() && watched[0].revents().intersects(gone)
}

fn read_keys<M>(to_loop: &Sender<Incoming<M>>, buffer: &mut InputBuffer) {
    loop {
        let incoming = match crossterm::event::read() {
            // Sizes come with the signal: crossterm asks a /dev/tty that may be another's.
            Ok(crossterm::event::Event::Resize(..)) => continue,
            Ok(event) => match Input::of(event) {
                Some(input) => Incoming::Input(input),
                None => continue,
            },
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) if hung_up() => Incoming::TerminalLost,
            Err(error) => Incoming::InputFailed(error),
        };
        let failed = matches!(incoming, Incoming::InputFailed(_) | Incoming::TerminalLost);
        let is_paste = matches!(incoming, Incoming::Input(Input::Paste(_)));
        if to_loop.send(incoming).is_err() || failed {
            return;
        }
        if let Err(error) = buffer.after(is_paste) {
            let _ = to_loop.send(Incoming::InputFailed(error));
            return;
        }
    }
}
