//! The console as a person meets it: the real program in a real terminal, timed from outside.
//!
//! `cargo bench --bench console` prints the time from start to the first frame and to the first rows, from a key press to
//! the last byte of what it changed, and the bytes that each costs, with 0, 10,000 and `STRONGROOM_BENCH_TOKENS`
//! (1,000,000 unless told) tokens, and beside a daemon that has the most. The peer is an empty ratatui program in the same
//! terminal.
#![allow(
    clippy::print_stdout,
    clippy::panic,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a program that measures time, outside the harness that clippy knows tests by"
)]

#[path = "../support/population.rs"]
mod population;
#[path = "../support/served.rs"]
mod served;

use std::io::{Read as _, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use served::Served;

const COLUMNS: u16 = 200;
const ROWS: u16 = 50;
const ROUNDS: usize = 5;
const KEYS: usize = 100;
const DEADLINE: Duration = Duration::from_secs(20);
/// A key is answered when nothing came for this long.
const QUIET: Duration = Duration::from_millis(60);
/// Set in the peer's process.
const EMPTY: &str = "STRONGROOM_BENCH_EMPTY";

fn main() {
    if std::env::var_os(EMPTY).is_some() {
        return empty_program();
    }
    let most = std::env::var("STRONGROOM_BENCH_TOKENS").map_or(1_000_000, |text| text.parse().unwrap());
    println!(
        "{:<34} {:>11} {:>11}",
        "start, ms: median of 5", "first frame", "content"
    );
    let home = tempfile::tempdir().unwrap();
    starts("an empty ratatui program", "empty", || {
        let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
        command.env(EMPTY, "1");
        command
    });
    starts("no store: the wizard", "Organization", || {
        strongroom(&home.path().join("none"))
    });
    for tokens in [10_000, most] {
        let root = tempfile::tempdir().unwrap();
        population::data_directory(root.path(), tokens);
        let data = root.path().join("data");
        starts(&format!("{tokens} tokens"), "-prod-", || {
            let mut command = strongroom(&data);
            command.arg("tokens");
            command
        });
        if tokens == most {
            keys(tokens, &data);
            let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_strongroom"));
            command.env_clear().env("HOME", root.path());
            command.arg("--data-dir").arg(&data);
            let daemon = Served::by(command);
            println!();
            starts("the same, beside a daemon", "-prod-", || {
                let mut command = strongroom(&data);
                command.arg("tokens");
                command
            });
            drop(daemon);
        }
    }
}

/// The program itself over a data directory, with an environment of its own.
fn strongroom(data: &Path) -> CommandBuilder {
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_strongroom"));
    command.env_clear();
    command.env("HOME", data.parent().unwrap());
    command.env("TERM", "xterm-256color");
    command.env("LANG", "C.UTF-8");
    command.arg("--data-dir");
    command.arg(data);
    command
}

/// The peer: what any program in ratatui costs.
fn empty_program() {
    let mut terminal = ratatui::init();
    terminal
        .draw(|frame| frame.render_widget(ratatui::text::Line::raw("empty"), frame.area()))
        .unwrap();
    let _ = std::io::stdin().read(&mut [0]);
    ratatui::restore();
}

fn starts(name: &str, content: &str, command: impl Fn() -> CommandBuilder) {
    let rounds: Vec<(Duration, Duration)> = (0..ROUNDS)
        .map(|_| {
            let mut console = Console::start(command());
            let first = console.wait_for(|screen| !screen.contents().trim().is_empty());
            let rows = console.wait_for(|screen| screen.contents().contains(content));
            (first, rows)
        })
        .collect();
    println!(
        "{name:<34} {:>11.2} {:>11.2}",
        millis(median(rounds.iter().map(|round| round.0))),
        millis(median(rounds.iter().map(|round| round.1)))
    );
}

fn keys(tokens: u64, data: &Path) {
    println!(
        "\n{tokens} tokens, {COLUMNS}x{ROWS}\n{:<34} {:>8} {:>8} {:>8} {:>9}",
        "key to its last byte, ms", "p50", "p99", "most", "bytes p50"
    );
    let mut command = strongroom(data);
    command.arg("tokens");
    let mut console = Console::start(command);
    console.wait_for(|screen| screen.contents().contains("-prod-"));
    console.settle();
    console.report(
        "down and up (j, k)",
        ["j", "k"].iter().copied().cycle().take(KEYS),
    );
    console.report(
        "down, row after row (j)",
        ["j"].iter().copied().cycle().take(KEYS),
    );
    console.report("a screenful down", ["\x1b[6~"].iter().copied().cycle().take(KEYS));
    console.report("a screenful up", ["\x1b[5~"].iter().copied().cycle().take(KEYS));
    console.report(
        "end and home",
        ["\x1b[F", "\x1b[H"].iter().copied().cycle().take(50),
    );
    console.report("sort, every order once", ["s"; 6]);
    console.report("sort, once more", ["s"; 30]);
    console.report("filter: open it", ["/"]);
    console.report("filter: the first key", ["p"]);
    console.report(
        "filter: further keys",
        ["a", "y", "o", "u", "t", "s", "-", "s", "t", "a", "g"],
    );
    console.report(
        "filter: delete and type",
        ["\x7f", "g"].iter().copied().cycle().take(40),
    );
    console.report("filter: leave it", ["\r"]);
    let written = console.written;
    console.listen(Duration::from_secs(3));
    println!(
        "{:<34} {} bytes; resident {} MB",
        "idle for 3 s",
        console.written - written,
        console.resident()
    );
}

/// A program in a terminal, and what it wrote.
struct Console {
    child: Box<dyn Child + Send + Sync>,
    begin: Instant,
    chunks: Receiver<(Instant, Vec<u8>)>,
    parser: vt100::Parser,
    written: usize,
    last: Instant,
    writer: Box<dyn Write + Send>,
    _master: Box<dyn MasterPty + Send>,
}

impl Console {
    fn start(command: CommandBuilder) -> Self {
        let size = PtySize {
            rows: ROWS,
            cols: COLUMNS,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (sender, chunks) = channel();
        std::thread::spawn(move || {
            let mut bytes = vec![0; 64 * 1024];
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                if sender.send((Instant::now(), bytes[..count].to_vec())).is_err() {
                    return;
                }
            }
        });
        let begin = Instant::now();
        Self {
            child: pair.slave.spawn_command(command).unwrap(),
            begin,
            chunks,
            parser: vt100::Parser::new(ROWS.try_into().unwrap(), COLUMNS.try_into().unwrap(), 0),
            written: 0,
            last: begin,
            writer: pair.master.take_writer().unwrap(),
            _master: pair.master,
        }
    }

    /// Takes what is written within `patience`; false when nothing is.
    fn take(&mut self, patience: Duration) -> bool {
        match self.chunks.recv_timeout(patience) {
            Ok((at, bytes)) => {
                self.parser.process(&bytes);
                self.written += bytes.len();
                self.last = at;
                true
            }
            Err(RecvTimeoutError::Timeout) => false,
            Err(RecvTimeoutError::Disconnected) => {
                panic!("the program ended\n{}", self.parser.screen().contents())
            }
        }
    }

    /// The time from the start to the bytes that made the screen so.
    fn wait_for(&mut self, is_so: impl Fn(&vt100::Screen) -> bool) -> Duration {
        while !is_so(self.parser.screen()) {
            assert!(
                self.take(DEADLINE),
                "never came\n{}",
                self.parser.screen().contents()
            );
        }
        self.last - self.begin
    }

    fn settle(&mut self) {
        while self.take(QUIET * 10) {}
    }

    fn listen(&mut self, time: Duration) {
        let until = Instant::now() + time;
        while let Some(left) = until.checked_duration_since(Instant::now()) {
            self.take(left);
        }
    }

    /// Presses each key when the one before was answered, and says what that cost.
    fn report(&mut self, name: &str, keys: impl IntoIterator<Item = &'static str>) {
        let (mut times, mut sizes) = (Vec::new(), Vec::new());
        for key in keys {
            let written = self.written;
            let begin = Instant::now();
            self.writer.write_all(key.as_bytes()).unwrap();
            // Longer for the first byte: a key that changes nothing on the screen must not be taken for a slow one.
            if self.take(QUIET * 20) {
                while self.take(QUIET) {}
                times.push(self.last - begin);
                sizes.push(self.written - written);
            }
        }
        times.sort_unstable();
        sizes.sort_unstable();
        let Some(most) = times.last() else {
            return println!("{name:<34} nothing was written");
        };
        println!(
            "{name:<34} {:>8.2} {:>8.2} {:>8.2} {:>9}",
            millis(times[times.len() / 2]),
            millis(times[(times.len() * 99).div_ceil(100) - 1]),
            millis(*most),
            sizes[sizes.len() / 2]
        );
    }

    /// The program's memory, in MB.
    fn resident(&self) -> u64 {
        let path = format!("/proc/{}/status", self.child.process_id().unwrap());
        let status = std::fs::read_to_string(path).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn median(times: impl Iterator<Item = Duration>) -> Duration {
    let mut times: Vec<_> = times.collect();
    times.sort_unstable();
    times[times.len() / 2]
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
