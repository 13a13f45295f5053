//! Wipes what crossterm keeps of what was typed: its input buffer is overwritten only by what comes next.
//!
//! A password that was pasted, or came in one piece over a slow line, would stay there. So after each such burst, when nothing
//! else is waiting, the terminal is taken off standard input for a moment, and crossterm is given a pipe with a paste as
//! long as its buffer, which nobody gets to see. Keys that come meanwhile wait at the terminal. A key by itself leaves
//! nothing but itself.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crossterm::event::{Event, poll, read};
use rustix::io::{dup, write};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::stdio::{dup2_stdin, stdin};

/// As long as crossterm's buffer.
const LENGTH: usize = 1_024;
const BEGIN: &[u8] = b"\x1b[200~";
const END: &[u8] = b"\x1b[201~";
/// What belongs together has come by then.
const MOMENT: Duration = Duration::from_millis(1);

/// As long as the paste is waited for: half a sequence that was typed before it may have made something else of it.
const PATIENCE: Duration = Duration::from_millis(50);

/// Whoever asks or sets the terminal by standard input waits until it is there again.
static STANDARD_INPUT: Mutex<()> = Mutex::new(());

/// Standard input, and that it is the terminal as long as this is held.
pub(super) fn hold() -> MutexGuard<'static, ()> {
    STANDARD_INPUT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Knows how much came at once, and wipes it.
pub(super) struct InputBuffer {
    terminal: OwnedFd,
    /// Both ends for as long as the process lives: whoever watches standard input for a hang-up sees none.
    pipe: (OwnedFd, OwnedFd),
    /// Events since the last moment of silence.
    burst: usize,
}

impl InputBuffer {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            terminal: dup(stdin())?,
            // crossterm reads on where it found half a sequence, however short it was told to wait.
            pipe: pipe_with(PipeFlags::NONBLOCK)?,
            burst: 0,
        })
    }

    /// After each event that was read.
    ///
    /// # Errors
    /// Standard input could not be changed, or not changed back.
    pub(super) fn after(&mut self, event_was_paste: bool) -> io::Result<()> {
        self.burst += if event_was_paste { 2 } else { 1 };
        if poll(MOMENT)? {
            return Ok(());
        }
        if std::mem::take(&mut self.burst) > 1 {
            self.wipe()?;
        }
        Ok(())
    }

    fn wipe(&self) -> io::Result<()> {
        let mut paste = [b'x'; LENGTH];
        paste[..BEGIN.len()].copy_from_slice(BEGIN);
        paste[LENGTH - END.len()..].copy_from_slice(END);
        let _held = hold();
        // A pipe takes so little at once and whole.
        write(&self.pipe.1, &paste)?;
        dup2_stdin(&self.pipe.0)?;
        // Never longer than that: the terminal's end is not seen meanwhile, and everybody waits for what is held.
        let swallowed = loop {
            match poll(PATIENCE).and_then(|is_there| is_there.then(read).transpose()) {
                Ok(Some(Event::Paste(_)) | None) => break Ok(()),
                Ok(Some(_)) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Err(error),
            }
        };
        dup2_stdin(&self.terminal)?;
        swallowed
    }
}
