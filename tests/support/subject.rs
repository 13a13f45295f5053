//! A small app over the console's runtime: what the tests of the terminal run on one.

#![allow(unreachable_pub, reason = "a module of a test binary")]

use std::path::PathBuf;
use std::time::Duration;

use ratatui::Frame;
use ratatui::text::Line;
use strongroom::console::input::Input;
use strongroom::console::runtime::{App, Effect, Event, Moment, Settings, run};
use strongroom::console::theme::{Look, Theme};
use strongroom::console::widgets::too_small;
use strongroom::domain::time::Timestamp;
use strongroom::service::ports::Clock;

/// The variable without which the subject does nothing.
pub const WANTED: &str = "STRONGROOM_TEST_SUBJECT";
/// The variable that turns ctrl-z off.
pub const NO_SUSPEND: &str = "STRONGROOM_TEST_NO_SUSPEND";

struct Subject {
    theme: Theme,
    keys: u32,
    pastes: u32,
    answers: u32,
    size: (u16, u16),
    panic_in_view: bool,
}

enum Work {
    /// Waits until the file `go` is there.
    Slow,
    Panic,
}

impl App for Subject {
    type Message = ();
    type Work = Work;

    fn update(&mut self, _: Moment, event: Event<()>) -> Vec<Effect<Work>> {
        match event {
            Event::Input(Input::Key(key)) => {
                let effect = match key.to_string().as_str() {
                    "q" => Some(Effect::Quit),
                    "ctrl-z" => return vec![Effect::Suspend],
                    "s" => Some(Effect::Work(Work::Slow)),
                    "w" => Some(Effect::Work(Work::Panic)),
                    "f" => {
                        std::fs::write(home().join("flooding"), "").unwrap();
                        Some(Effect::Emit(b" ".repeat(1 << 20).into()))
                    }
                    "u" => panic!("panic while updating"),
                    "v" => {
                        self.panic_in_view = true;
                        None
                    }
                    _ => None,
                };
                self.keys += 1;
                return effect.into_iter().collect();
            }
            Event::Input(Input::Paste(_)) => self.pastes += 1,
            Event::Input(Input::Resize { width, height }) => self.size = (width, height),
            Event::Message(()) => self.answers += 1,
            Event::Input(_) | Event::Tick => {}
        }
        Vec::new()
    }

    fn view(&self, frame: &mut Frame<'_>) {
        if too_small(frame, &self.theme) {
            return;
        }
        assert!(!self.panic_in_view, "panic while drawing");
        let (width, height) = self.size;
        let lines = [
            Line::styled("the subject", self.theme.title),
            Line::styled(format!("size {width}x{height}"), self.theme.accent),
            Line::styled("  selected  ", self.theme.selected),
            Line::styled(format!("pastes {}", self.pastes), self.theme.warn),
            Line::styled(format!("answers {}", self.answers), self.theme.good),
            Line::styled(format!("keys {}", self.keys), self.theme.dim),
        ];
        for (line, row) in lines.into_iter().zip(frame.area().rows().skip(1)) {
            frame.render_widget(line, row);
        }
    }
}

struct RealClock(std::time::Instant);

impl Clock for RealClock {
    fn now(&self) -> Timestamp {
        chrono::Utc::now().into()
    }

    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }

    fn boot(&self) -> [u8; 16] {
        [1; 16]
    }
}

fn home() -> PathBuf {
    std::env::var_os("HOME").unwrap().into()
}

fn perform(work: Work) {
    match work {
        Work::Slow => {
            while !home().join("go").exists() {
                std::thread::sleep(Duration::from_millis(2));
            }
        }
        Work::Panic => panic!("panic while working"),
    }
}

/// Runs, tells how it ended on the screen and in the file `report` (with milliseconds of processor time), and exits.
pub fn main() -> ! {
    let mut app = Subject {
        theme: Theme::new(Look::from_environment(|name| std::env::var(name).ok())),
        keys: 0,
        pastes: 0,
        answers: 0,
        size: (0, 0),
        panic_in_view: false,
    };
    let settings = Settings {
        mouse: true,
        suspend: std::env::var_os(NO_SUSPEND).is_none(),
    };
    let clock = RealClock(std::time::Instant::now());
    let ended = run(&mut app, |work, _| perform(work), &clock, settings);
    let own = rustix::process::getpid();
    let busy = super::pty::processor_time(own).unwrap().as_millis();
    std::fs::write(home().join("report"), format!("{ended:?}\n{busy}\n")).unwrap();
    use std::io::Write;
    // Fails where the terminal is gone.
    let _ = writeln!(std::io::stdout(), "ended: {ended:?}");
    std::process::exit(match ended {
        Ok(strongroom::console::runtime::Ended::Signal(number)) => 128 + number,
        Ok(_) => 0,
        Err(_) => 1,
    })
}
