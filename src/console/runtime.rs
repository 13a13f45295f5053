//! The loop that runs an [`App`]: waits for events, lets the app change, performs effects, draws.
//!
//! Only this thread touches the app and the terminal. Keys, signals, answers and the clock's second arrive over one
//! channel; everything that waits there is taken before the next frame, so that a storm of keys or resizes costs one
//! frame. Work that takes time runs on worker threads and never delays a key press.

use std::any::Any;
use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use ratatui::Frame;
use zeroize::Zeroizing;

use super::input::Input;
use super::terminal::{self, Terminal};
use super::watch::{self, Incoming};
use super::workers::Workers;
use crate::domain::time::Timestamp;
use crate::service::ports::Clock;
use crate::system::signals::Signal;

/// The time at which something happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The time of day.
    pub now: Timestamp,
    /// A reading that never goes back, for how long something lasted or was idle.
    pub monotonic: Duration,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event<M> {
    /// At the terminal. The first event of all is a `Resize` with the size at the start.
    Input(Input),
    /// A second passed, or less.
    Tick,
    /// Work gave an answer, or something outside changed.
    Message(M),
}

/// Something to be done outside of the app.
#[derive(PartialEq, Eq)]
pub enum Effect<W> {
    /// Work on a worker thread; its answer comes back as [`Event::Message`].
    Work(W),
    /// Bytes for the terminal itself, between frames: what `system::clipboard` gave.
    Emit(Zeroizing<Vec<u8>>),
    /// Stop, and give the terminal to the shell until it says go on; nothing where that is not allowed.
    Suspend,
    /// Draw everything anew.
    Repaint,
    /// Leave the console.
    Quit,
}

/// Never shows the terminal's bytes: they may hold a token.
impl<W: fmt::Debug> fmt::Debug for Effect<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Work(work) => write!(f, "Work({work:?})"),
            Self::Emit(bytes) => write!(f, "Emit({} bytes)", bytes.len()),
            Self::Suspend => f.write_str("Suspend"),
            Self::Repaint => f.write_str("Repaint"),
            Self::Quit => f.write_str("Quit"),
        }
    }
}

/// What the loop runs.
pub trait App {
    /// What work answers.
    type Message: Send + 'static;
    /// What workers are asked to do.
    type Work: Send + 'static;

    /// Takes what happened, and says what is to be done. Never blocks.
    fn update(&mut self, at: Moment, event: Event<Self::Message>) -> Vec<Effect<Self::Work>>;

    /// Draws the whole screen.
    fn view(&self, frame: &mut Frame<'_>);
}

/// How the loop behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Settings {
    /// Whether clicks and the wheel are reported.
    pub mouse: bool,
    /// Whether ctrl-z is allowed; not for a forced command. A session's first process is never suspended: nobody could
    /// make it go on.
    pub suspend: bool,
}

/// How the loop ended, the terminal given back.
#[derive(Debug, PartialEq, Eq)]
pub enum Ended {
    /// The app asked for it.
    Quit,
    /// A signal asked for it; its number.
    Signal(i32),
    /// The terminal is gone: nobody reads standard output and error any more, and writing there fails.
    TerminalLost,
}

/// Why the loop failed, the terminal given back.
#[derive(Debug)]
pub enum Failure {
    /// The terminal could not be set up, read or written.
    Terminal(io::Error),
    /// A mistake in the program; what it said.
    Panic(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Terminal(error) => write!(f, "the terminal: {error}"),
            Self::Panic(said) => write!(
                f,
                "the console ended because of a mistake in it; nothing that was confirmed is lost; please report: {said}"
            ),
        }
    }
}

impl std::error::Error for Failure {}

/// Hands messages to the loop from any thread.
#[derive(Debug)]
pub struct Outbox<M>(Sender<Incoming<M>>);

impl<M> Outbox<M> {
    /// Sends a message; false when the loop has ended.
    pub fn send(&self, message: M) -> bool {
        self.0.send(Incoming::Message(message)).is_ok()
    }
}

impl<M> Clone for Outbox<M> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// The loop, before it runs.
#[derive(Debug)]
pub struct Runtime<M> {
    sender: Sender<Incoming<M>>,
    receiver: Receiver<Incoming<M>>,
}

impl<M: Send + 'static> Default for Runtime<M> {
    fn default() -> Self {
        let (sender, receiver) = mpsc::channel();
        Self { sender, receiver }
    }
}

impl<M: Send + 'static> Runtime<M> {
    /// A way in for messages that nobody asked for, such as a change feed's.
    #[must_use]
    pub fn outbox(&self) -> Outbox<M> {
        Outbox(self.sender.clone())
    }

    /// Runs `app` on the terminal until it ends; `perform` does the work, on worker threads, and may send messages
    /// about its progress before its answer.
    ///
    /// # Errors
    /// There is no terminal or it failed, or something panicked. The terminal is given back in every case.
    pub fn run<A>(
        self,
        app: &mut A,
        perform: impl Fn(A::Work, &Outbox<M>) -> M + Send + Sync + 'static,
        clock: &dyn Clock,
        settings: Settings,
    ) -> Result<Ended, Failure>
    where
        A: App<Message = M>,
    {
        let terminal = Terminal::enter(settings.mouse).map_err(Failure::Terminal)?;
        let watched = catch_unwind(AssertUnwindSafe(|| {
            let guard = watch::start(&self.sender).map_err(Failure::Terminal)?;
            let workers = Workers::start(self.outbox(), self.sender.clone(), Arc::new(perform));
            let mut running = Loop {
                app,
                terminal,
                workers,
                clock,
                settings,
                stopped: false,
            };
            let ended = running.run(&self.receiver);
            drop(running);
            guard.done();
            ended
        }));
        // Whatever happened above, and whoever unwound.
        terminal::restore();
        watched.unwrap_or_else(|panic| Err(panicked(panic.as_ref())))
    }
}

/// Runs `app` with a channel of its own; see [`Runtime::run`].
///
/// # Errors
/// As [`Runtime::run`].
pub fn run<A: App>(
    app: &mut A,
    perform: impl Fn(A::Work, &Outbox<A::Message>) -> A::Message + Send + Sync + 'static,
    clock: &dyn Clock,
    settings: Settings,
) -> Result<Ended, Failure> {
    Runtime::default().run(app, perform, clock, settings)
}

fn panicked(panic: &(dyn Any + Send)) -> Failure {
    let said = terminal::last_panic()
        .or_else(|| panic.downcast_ref::<&str>().map(|said| (*said).to_owned()))
        .unwrap_or_else(|| "it said nothing".to_owned());
    Failure::Panic(said)
}

/// The most events between two frames.
const AT_ONCE: usize = 512;

struct Loop<'a, A: App> {
    app: &'a mut A,
    terminal: Terminal,
    workers: Workers<A::Work>,
    clock: &'a dyn Clock,
    settings: Settings,
    /// The shell has the terminal.
    stopped: bool,
}

impl<A: App> Loop<'_, A> {
    fn run(&mut self, incoming: &Receiver<Incoming<A::Message>>) -> Result<Ended, Failure> {
        let size = terminal::size();
        let mut next = Some(Incoming::Input(Input::Resize {
            width: size.width,
            height: size.height,
        }));
        loop {
            let mut taken = 0;
            while let Some(one) = next.take() {
                if let Some(ended) = self.take(one) {
                    return ended;
                }
                taken += 1;
                if taken < AT_ONCE {
                    next = incoming.try_recv().ok();
                }
            }
            if !self.stopped && self.terminal.draw(|frame| self.app.view(frame)).is_err() {
                return Ok(Ended::TerminalLost);
            }
            next = Some(match incoming.recv_timeout(self.until_next_second()) {
                Ok(one) => one,
                Err(RecvTimeoutError::Timeout) => Incoming::Tick,
                Err(RecvTimeoutError::Disconnected) => return Ok(Ended::TerminalLost),
            });
        }
    }

    fn take(&mut self, incoming: Incoming<A::Message>) -> Option<Result<Ended, Failure>> {
        let event = match incoming {
            Incoming::Tick => Event::Tick,
            Incoming::Input(input) => Event::Input(input),
            Incoming::Message(message) => Event::Message(message),
            Incoming::Signal(Signal::End(number)) => return Some(Ok(Ended::Signal(number))),
            Incoming::Signal(Signal::Resize) => {
                let size = terminal::size();
                Event::Input(Input::Resize {
                    width: size.width,
                    height: size.height,
                })
            }
            Incoming::Signal(Signal::Continue) => {
                self.stopped = false;
                return self.retake();
            }
            Incoming::Signal(Signal::Stop) => {
                self.suspend();
                return None;
            }
            Incoming::TerminalLost => return Some(Ok(Ended::TerminalLost)),
            Incoming::InputFailed(error) => return Some(Err(Failure::Terminal(error))),
            Incoming::WorkerPanicked => return Some(Err(panicked(&()))),
        };
        let at = Moment {
            now: self.clock.now(),
            monotonic: self.clock.monotonic(),
        };
        for effect in self.app.update(at, event) {
            let ended = match effect {
                Effect::Work(work) => {
                    self.workers.ask(work);
                    None
                }
                Effect::Emit(bytes) => self
                    .terminal
                    .emit(&bytes)
                    .is_err()
                    .then_some(Ok(Ended::TerminalLost)),
                Effect::Suspend => {
                    self.suspend();
                    None
                }
                Effect::Repaint => self.retake(),
                Effect::Quit => Some(Ok(Ended::Quit)),
            };
            if ended.is_some() {
                return ended;
            }
        }
        None
    }

    fn retake(&mut self) -> Option<Result<Ended, Failure>> {
        self.terminal.retake().is_err().then_some(Ok(Ended::TerminalLost))
    }

    /// Gives the terminal to the shell. The whole process group stops, as with the shell's own ctrl-z: a `sudo` around
    /// this program would keep the shell waiting otherwise. The way back is the signal to continue.
    fn suspend(&mut self) {
        let first_of_session = rustix::process::getsid(None) == Ok(rustix::process::getpid());
        if !self.settings.suspend || first_of_session {
            return;
        }
        terminal::restore();
        self.stopped = true;
        if rustix::process::kill_current_process_group(rustix::process::Signal::STOP).is_err() {
            self.stopped = false;
            let _ = self.retake();
        }
    }

    /// Time to the clock's next full second.
    fn until_next_second(&self) -> Duration {
        let past = self.clock.now().millis().rem_euclid(1000);
        Duration::from_millis(u64::try_from(1000 - past).unwrap_or(1000))
    }
}
