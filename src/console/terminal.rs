//! The terminal: taken over on entry, and given back on every road out.
//!
//! [`restore`] may be called from anywhere and any number of times; it writes in one piece, past every buffer and lock
//! but `input_buffer`'s, which is held for a moment only, so that a panic hook can call it. The alternate screen is blanked before it is left, because some terminals keep what
//! was on it; what was typed ahead is thrown away, because the shell would run it.

use std::io::{self, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::ThreadId;

use ratatui::Frame;
use ratatui::layout::Size;
use rustix::stdio::{stdin, stdout};
use rustix::termios::{QueueSelector, isatty, tcflush, tcgetwinsize};

use super::input_buffer;
use super::screen::Screen;

/// Whether the terminal is ours now, and has to be given back.
static TAKEN: AtomicBool = AtomicBool::new(false);
/// The thread that draws: the only one whose panic may write to the terminal.
static DRAWING: Mutex<Option<ThreadId>> = Mutex::new(None);
/// What the last panic said, for the end of the program to tell.
static PANIC: Mutex<Option<String>> = Mutex::new(None);

/// Alternate screen, blank, cursor hidden, pastes in brackets.
const ENTER: &[u8] = b"\x1b[?1049h\x1b[2J\x1b[H\x1b[?25l\x1b[?2004h";
/// Buttons and the wheel, in cells; no reports of mere moves.
const MOUSE_ON: &[u8] = b"\x1b[?1000h\x1b[?1006h";
/// Ends whatever was begun (a string, a synchronized frame), then the way back: blank, then leave.
const LEAVE: &[u8] =
    b"\x1b\\\x1b[?2026l\x1b[0m\x1b[?1006l\x1b[?1000l\x1b[?2004l\x1b[2J\x1b[H\x1b[?1049l\x1b[?25h";

/// Standard output without std's line buffer.
#[derive(Debug)]
pub struct Out;

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(rustix::io::retry_on_intr(|| rustix::io::write(stdout(), bytes))?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The terminal while it is ours.
#[derive(Debug)]
pub struct Terminal {
    screen: ratatui::Terminal<Screen<Out>>,
    mouse: bool,
}

impl Terminal {
    /// Takes the terminal over, with mouse reports if `mouse`.
    ///
    /// # Errors
    /// Standard input or output is no terminal, or it cannot be set up.
    pub fn enter(mouse: bool) -> io::Result<Self> {
        if !isatty(stdin()) || !isatty(stdout()) {
            return Err(io::Error::other(
                "the console needs a terminal; without one, ask with the commands that `strongroom help` lists",
            ));
        }
        // crossterm leaves out reverse video and bold too under NO_COLOR; the theme has no colours then.
        crossterm::style::force_color_output(true);
        install_panic_hook();
        take(mouse)?;
        let screen = ratatui::Terminal::new(Screen::new(Out, size())).inspect_err(|_| restore())?;
        Ok(Self { screen, mouse })
    }

    /// Draws a frame, in the size that the terminal has now; writes nothing when nothing changed.
    ///
    /// # Errors
    /// The terminal cannot be written to.
    pub fn draw(&mut self, view: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        self.screen.backend_mut().resize(size());
        self.screen.draw(view).map(|_| ())
    }

    /// Writes `bytes` to the terminal itself, between frames (OSC 52).
    ///
    /// # Errors
    /// The terminal cannot be written to.
    pub fn emit(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.screen.backend_mut().emit(bytes)
    }

    /// Takes the terminal over again, whoever had it meanwhile, and forgets what was on it: the next frame is whole.
    ///
    /// # Errors
    /// The terminal cannot be set up.
    pub fn retake(&mut self) -> io::Result<()> {
        restore();
        take(self.mouse)?;
        self.screen = ratatui::Terminal::new(Screen::new(Out, size()))?;
        Ok(())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        restore();
    }
}

fn take(mouse: bool) -> io::Result<()> {
    if let Ok(mut drawing) = DRAWING.lock() {
        *drawing = Some(std::thread::current().id());
    }
    TAKEN.store(true, Ordering::SeqCst);
    let raw = {
        let _held = input_buffer::hold();
        crossterm::terminal::enable_raw_mode()
    };
    raw.and_then(|()| Out.write_all(ENTER))
        .and_then(|()| if mouse { Out.write_all(MOUSE_ON) } else { Ok(()) })
        .inspect_err(|_| restore())
}

/// Gives the terminal back, if it was taken. Never fails: a terminal that is gone needs nothing.
pub fn restore() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        let _ = Out.write_all(LEAVE);
        release();
    }
}

/// Gives back the line discipline only, without writing: for a terminal that takes no bytes.
pub fn release() {
    let _held = input_buffer::hold();
    let _ = tcflush(stdin(), QueueSelector::IFlush);
    let _ = crossterm::terminal::disable_raw_mode();
}

/// What the last panic said, once.
#[must_use]
pub fn last_panic() -> Option<String> {
    PANIC.lock().ok()?.take()
}

/// The terminal's size in cells; 80×24 when it does not know (serial lines).
#[must_use]
pub fn size() -> Size {
    match tcgetwinsize(stdout()) {
        Ok(size) if size.ws_col > 0 && size.ws_row > 0 => Size {
            width: size.ws_col,
            height: size.ws_row,
        },
        _ => Size {
            width: 80,
            height: 24,
        },
    }
}

/// While the terminal is ours, a panic's message is kept for the end instead of being written over the screen; on the
/// thread that draws, the terminal is given back at once.
fn install_panic_hook() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !TAKEN.load(Ordering::SeqCst) {
                return usual(panic);
            }
            if let Ok(mut last) = PANIC.lock() {
                *last = Some(crate::domain::text::escape(&panic.to_string()).into_owned());
            }
            let ours = DRAWING
                .lock()
                .is_ok_and(|drawing| *drawing == Some(std::thread::current().id()));
            if ours {
                restore();
            }
        }));
    });
}
