//! A program on a real terminal: a PTY with a VT100 parser behind it.
//!
//! Nothing sleeps and hopes: [`Pty::wait_for`] looks whenever bytes arrive, up to a deadline. Every byte is recorded, so
//! that a test can say what was never written.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "a module of several test binaries, each using a part of it"
)]
#![allow(clippy::disallowed_methods, reason = "deadlines of tests are real time")]

use std::io::Read;
use std::io::Write;
use std::num::NonZeroU16;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal};

/// How long a test waits for what should take milliseconds.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// What to run, and on what terminal.
pub struct Spawn {
    command: CommandBuilder,
    columns: u16,
    rows: u16,
}

impl Spawn {
    /// `program`, with nothing in its environment but PATH, HOME (`home`), TERM and a UTF-8 locale, on 80×24 cells.
    pub fn new(program: impl AsRef<Path>, home: &Path) -> Self {
        let mut command = CommandBuilder::new(program.as_ref());
        command.env_clear();
        command.cwd(home);
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", home);
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        Self {
            command,
            columns: 80,
            rows: 24,
        }
    }

    /// The strongroom binary.
    pub fn strongroom(home: &Path) -> Self {
        Self::new(env!("CARGO_BIN_EXE_strongroom"), home)
    }

    pub fn args<'a>(mut self, args: impl IntoIterator<Item = &'a str>) -> Self {
        self.command.args(args);
        self
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    pub fn size(mut self, columns: u16, rows: u16) -> Self {
        (self.columns, self.rows) = (columns, rows);
        self
    }

    pub fn start(self) -> Pty {
        let size = PtySize {
            rows: self.rows,
            cols: self.columns,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let child = pair.slave.spawn_command(self.command).unwrap();
        drop(pair.slave);
        let seen = Arc::new(Seen {
            state: Mutex::new(State {
                parser: vt100::Parser::new(cells(self.rows), cells(self.columns), 0),
                raw: Vec::new(),
                paused: false,
                closing: false,
            }),
            changed: Condvar::new(),
        });
        let mut reader = pair.master.try_clone_reader().unwrap();
        let tty = pair.master.tty_name().unwrap();
        let writer = pair.master.take_writer().unwrap();
        let shared = Arc::clone(&seen);
        let thread = std::thread::spawn(move || read(&mut *reader, &shared));
        Pty {
            child,
            tty,
            seen,
            reader: Some(thread),
            writer: Some(writer),
            master: Some(pair.master),
        }
    }
}

/// A running program and its terminal.
pub struct Pty {
    child: Box<dyn Child + Send + Sync>,
    tty: PathBuf,
    seen: Arc<Seen>,
    reader: Option<JoinHandle<()>>,
    writer: Option<Box<dyn Write + Send>>,
    master: Option<Box<dyn MasterPty + Send>>,
}

struct Seen {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    parser: vt100::Parser,
    raw: Vec<u8>,
    paused: bool,
    closing: bool,
}

fn read(reader: &mut dyn Read, seen: &Seen) {
    let mut bytes = [0; 4096];
    loop {
        let mut state = seen.state.lock().unwrap();
        while state.paused && !state.closing {
            state = seen.changed.wait(state).unwrap();
        }
        if state.closing {
            return;
        }
        drop(state);
        // An error is how a PTY says that its last user is gone.
        let count = reader.read(&mut bytes).unwrap_or(0);
        let mut state = seen.state.lock().unwrap();
        state.parser.process(&bytes[..count]);
        state.raw.extend_from_slice(&bytes[..count]);
        seen.changed.notify_all();
        if count == 0 {
            return;
        }
    }
}

fn cells(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).unwrap()
}

impl Pty {
    /// Types `keys`, as bytes.
    pub fn send(&mut self, keys: &str) {
        let writer = self.writer.as_mut().unwrap();
        writer.write_all(keys.as_bytes()).unwrap();
        writer.flush().unwrap();
    }

    /// Types these bytes; false when nobody is there any more.
    pub fn try_send(&mut self, keys: &[u8]) -> bool {
        let writer = self.writer.as_mut().unwrap();
        writer.write_all(keys).and_then(|()| writer.flush()).is_ok()
    }

    /// Pastes `text` in brackets, as a terminal does that was asked to.
    pub fn paste(&mut self, text: &str) {
        self.send(&format!("\x1b[200~{text}\x1b[201~"));
    }

    /// Waits until the screen fulfils `condition`; `what` names it when it does not come.
    #[track_caller]
    pub fn wait_for(&self, what: &str, condition: impl Fn(&vt100::Screen) -> bool) {
        let until = Instant::now() + DEADLINE;
        let mut state = self.state();
        while !condition(state.parser.screen()) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let contents = state.parser.screen().contents();
                // The reader needs it while this test is torn down.
                drop(state);
                panic!("never seen: {what}\n{contents}");
            }
            state = self.seen.changed.wait_timeout(state, left).unwrap().0;
        }
    }

    /// Waits until `text` is on the screen.
    #[track_caller]
    pub fn wait_for_text(&self, text: &str) {
        self.wait_for(text, |screen| screen.contents().contains(text));
    }

    /// What is on the screen now.
    pub fn contents(&self) -> String {
        self.state().parser.screen().contents()
    }

    /// Looks at the screen as it is now.
    pub fn screen<T>(&self, look: impl FnOnce(&vt100::Screen) -> T) -> T {
        look(self.state().parser.screen())
    }

    /// Every byte written so far.
    pub fn raw(&self) -> Vec<u8> {
        self.state().raw.clone()
    }

    /// How many bytes were written so far.
    pub fn written(&self) -> usize {
        self.state().raw.len()
    }

    /// The terminal has another size.
    pub fn resize(&self, columns: u16, rows: u16) {
        self.state().parser.set_size(cells(rows), cells(columns));
        let size = PtySize {
            rows,
            cols: columns,
            pixel_width: 0,
            pixel_height: 0,
        };
        self.master.as_ref().unwrap().resize(size).unwrap();
    }

    /// Stops taking what the program writes, as ctrl-s or a stalled connection does.
    pub fn stall(&self) {
        self.state().paused = true;
    }

    /// Takes it again.
    pub fn flow(&self) {
        self.state().paused = false;
        self.seen.changed.notify_all();
    }

    /// The program's process.
    pub fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.process_id().unwrap()).unwrap()).unwrap()
    }

    /// Sends the program a signal.
    pub fn kill(&self, signal: Signal) {
        rustix::process::kill_process(self.pid(), signal).unwrap();
    }

    /// Sends the program's process group a signal.
    pub fn kill_group(&self, signal: Signal) {
        rustix::process::kill_process_group(self.pid(), signal).unwrap();
    }

    /// Closes the terminal, as when the connection breaks.
    pub fn hang_up(&mut self) {
        let mut state = self.state();
        state.closing = true;
        drop(state);
        self.seen.changed.notify_all();
        // The reader holds the terminal open while it waits for a byte: write it one, from the other side.
        let noctty = i32::try_from(rustix::fs::OFlags::NOCTTY.bits()).unwrap();
        let poke = std::fs::OpenOptions::new()
            .write(true)
            .custom_flags(noctty)
            .open(&self.tty);
        if let Ok(mut tty) = poke {
            let _ = tty.write_all(b" ");
        }
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        self.writer = None;
        self.master = None;
    }

    /// Whether the line discipline echoes and edits, as a shell leaves it.
    pub fn is_cooked(&self) -> bool {
        use rustix::termios::{LocalModes, tcgetattr};
        let noctty = i32::try_from(rustix::fs::OFlags::NOCTTY.bits()).unwrap();
        let tty = std::fs::OpenOptions::new()
            .read(true)
            .custom_flags(noctty)
            .open(&self.tty)
            .unwrap();
        let modes = tcgetattr(&tty).unwrap().local_modes;
        modes.contains(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG)
    }

    /// Waits for the program's end; its exit code, and how long it took from now.
    pub fn wait_end(&mut self) -> (u32, Duration) {
        let begin = Instant::now();
        let until = begin + DEADLINE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return (status.exit_code(), begin.elapsed());
            }
            assert!(
                Instant::now() < until,
                "still running after {DEADLINE:?}\n{}",
                self.contents()
            );
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Waits until all that the program wrote was read; after its end.
    pub fn drain(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.seen.state.lock().unwrap()
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let mut state = self
            .seen
            .state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        state.closing = true;
        drop(state);
        self.seen.changed.notify_all();
    }
}

/// Processor time that a process took so far; `None` when it is gone.
pub fn processor_time(pid: Pid) -> Option<Duration> {
    let stat = stat(pid)?;
    let ticks: u64 = stat[11].parse::<u64>().ok()? + stat[12].parse::<u64>().ok()?;
    Some(Duration::from_millis(ticks * 10))
}

/// A process's state letter, `T` when it is stopped; `None` when it is gone.
pub fn process_state(pid: Pid) -> Option<char> {
    stat(pid)?[0].chars().next()
}

/// The fields of /proc/PID/stat from the state on.
fn stat(pid: Pid) -> Option<Vec<String>> {
    let text = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?;
    let (_, fields) = text.rsplit_once(") ")?;
    Some(fields.split(' ').map(str::to_owned).collect())
}

/// Waits until `condition` gives something.
pub fn wait_until<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + DEADLINE;
    loop {
        if let Some(found) = condition() {
            return found;
        }
        assert!(Instant::now() < until, "never came: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}
