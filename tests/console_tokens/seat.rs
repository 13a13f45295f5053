//! Somebody in front of the console: presses keys, lets time pass, and reads the screen.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use strongroom::console::app::{self, Copied, Effect, Message, Model, Performer, Screen, Setup, Work};
use strongroom::console::input::Input;
use strongroom::console::keymap::Keymap;
use strongroom::console::runtime::{Event, Moment};
use strongroom::console::theme::{Look, Theme};
use strongroom::domain::secret::Secret;
use strongroom::gateway::{Gateway, SealChoice, SealStatus, StoreState};
use strongroom::service::ports::Clock;
use strongroom::service::request::SessionId;
use strongroom::service::{Actor, Error, Request, Response, Service};
use strongroom::system::clipboard::{Clipboard, Surroundings, Way};

use super::harness::{Harness, PASSWORD};

/// The service in this process, without a store to open.
struct Direct {
    service: Arc<Service>,
    actor: Actor,
}

impl Gateway for Direct {
    fn state(&self) -> Result<StoreState, Error> {
        Ok(StoreState::Ready)
    }

    fn initialize(&self, _: SealChoice) -> Result<(), Error> {
        Ok(())
    }

    fn unlock(&self, _: &Secret) -> Result<(), Error> {
        Ok(())
    }

    fn seal(&self) -> Result<SealStatus, Error> {
        unreachable!("nothing here asks for it")
    }

    fn rotate_seal(&self, _: Option<SessionId>, _: SealChoice) -> Result<SealStatus, Error> {
        unreachable!("nothing here asks for it")
    }

    fn ask(&self, session: Option<SessionId>, request: Request) -> Result<Response, Error> {
        let actor = Actor {
            session,
            ..self.actor.clone()
        };
        self.service.handle(&actor, request)
    }

    fn subscribe(&self) -> Receiver<strongroom::service::Event> {
        channel().1
    }
}

pub struct Seat {
    pub harness: Harness,
    pub model: Model,
    performer: Performer,
    terminal: Terminal<TestBackend>,
    theme: Theme,
    /// What was asked since the last look, by name.
    pub asked: Vec<String>,
    /// What was copied: what it is, and the text.
    pub copied: Vec<(String, String)>,
    /// Work that is kept back while `slow`.
    pub kept: VecDeque<Work>,
    pub slow: bool,
}

impl Seat {
    /// Looks at the tokens of `harness` on 80×24 cells.
    pub fn new(harness: Harness) -> Self {
        Self::sized(harness, 80, 24)
    }

    pub fn sized(harness: Harness, width: u16, height: u16) -> Self {
        Self::looking(harness, (width, height), Look::default())
    }

    pub fn looking(harness: Harness, size: (u16, u16), look: Look) -> Self {
        let setup = Setup {
            at: moment(&harness),
            size,
            keymap: Keymap::default(),
            screen: Some(Screen::Tokens),
            organization: None,
            email: None,
            read_only: false,
            utc_offset: 0,
            data_dir: PathBuf::from("/var/lib/strongroom/data"),
            program: "strongroom".into(),
            home: Some(PathBuf::from("/home/ada")),
            directory: PathBuf::from("/home/ops"),
            idle: None,
        };
        let (model, effects) = Model::new(setup);
        let gateway = Direct {
            service: harness.service.clone(),
            actor: Actor {
                session: None,
                ..harness.actor.clone()
            },
        };
        let clipboard = Clipboard::new(Way::None, Surroundings::default());
        let mut seat = Self {
            model,
            performer: Performer::new(Arc::new(gateway), clipboard, true),
            terminal: Terminal::new(TestBackend::new(size.0, size.1)).unwrap(),
            theme: Theme::new(look),
            asked: Vec::new(),
            copied: Vec::new(),
            kept: VecDeque::new(),
            slow: false,
            harness,
        };
        seat.perform(effects);
        seat
    }

    fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            let Effect::Work(work) = effect else { continue };
            if let Work::Ask(ask) = &work {
                let request = format!("{:?}", ask.request);
                let name = request.split([' ', '(', '{']).next().unwrap_or_default();
                self.asked.push(name.to_owned());
            }
            if self.slow {
                self.kept.push_back(work);
            } else {
                self.answer(work);
            }
        }
    }

    /// Does a piece of work, and tells the console.
    pub fn answer(&mut self, work: Work) {
        let message = match work {
            Work::Copy(clip) => {
                let text = clip.text.expose_text().unwrap().to_owned();
                self.copied.push((clip.what.to_owned(), text));
                Message::Copied(Copied {
                    said: Ok(format!("{}: copied", clip.what)),
                    secret: clip.secret,
                    emit: None,
                })
            }
            work => self.performer.perform(work),
        };
        self.happen(Event::Message(message));
    }

    fn happen(&mut self, event: Event<Message>) {
        let effects = app::update(&mut self.model, moment(&self.harness), event);
        self.perform(effects);
    }

    /// Presses keys, apart by spaces.
    pub fn press(&mut self, keys: &str) {
        for key in keys.split(' ') {
            self.happen(Event::Input(Input::Key(key.parse().unwrap())));
        }
    }

    /// Types a text, a key a character.
    pub fn type_text(&mut self, text: &str) {
        for character in text.chars() {
            let key = if character == ' ' {
                "space".to_owned()
            } else {
                character.to_string()
            };
            self.happen(Event::Input(Input::Key(key.parse().unwrap())));
        }
    }

    pub fn paste(&mut self, text: &str) {
        self.happen(Event::Input(Input::Paste(text.to_owned().into())));
    }

    pub fn message(&mut self, message: Message) {
        self.happen(Event::Message(message));
    }

    /// Gives the terminal another size.
    pub fn resize(&mut self, width: u16, height: u16) {
        self.terminal.backend_mut().resize(width, height);
        self.happen(Event::Input(Input::Resize { width, height }));
    }

    pub fn click(&mut self, column: u16, row: u16) {
        self.happen(Event::Input(Input::Click { column, row }));
    }

    /// Turns the wheel.
    pub fn scroll(&mut self, down: bool) {
        self.happen(Event::Input(Input::Scroll { down }));
    }

    /// Lets seconds pass, one by one.
    pub fn wait(&mut self, seconds: u64) {
        for _ in 0..seconds {
            self.harness.clock.advance(Duration::from_secs(1));
            self.happen(Event::Tick);
        }
    }

    /// Tells the console that somebody changed something.
    pub fn changed(&mut self) {
        self.happen(Event::Message(Message::Event(
            strongroom::service::Event::Changed,
        )));
    }

    /// Has the console hear of uses, if there were any.
    pub fn used(&mut self) {
        let events = self.harness.service.subscribe();
        self.harness.service.tell_use();
        for event in events.try_iter() {
            self.happen(Event::Message(Message::Event(event)));
        }
    }

    /// Signs Ada in where the dialog asks for it.
    pub fn sign_in(&mut self) {
        assert!(
            self.screen().contains("Who makes this change?"),
            "{}",
            self.screen()
        );
        // The address of the last sign-in is proposed.
        if !self
            .lines_with("Cashier")
            .iter()
            .any(|line| line.contains(super::harness::ADA))
        {
            self.type_text(super::harness::ADA);
            self.press("tab");
        }
        self.type_text(PASSWORD);
        self.press("enter");
    }

    /// Fills the form for a new token, up to the password.
    pub fn fill_form(&mut self, name: &str) {
        self.press("n");
        self.type_text(name);
        self.press("tab");
        self.type_text("checkout");
        self.press("tab");
        self.type_text("prod");
        self.press("tab tab tab tab");
        self.type_text(super::harness::ADA);
        self.press("tab");
    }

    /// Draws, and gives what is seen.
    pub fn screen(&mut self) -> String {
        let buffer = self.buffer();
        lines(&buffer).join("\n")
    }

    pub fn buffer(&mut self) -> Buffer {
        let (model, theme) = (&self.model, &self.theme);
        self.terminal
            .draw(|frame| app::view(model, theme, frame))
            .unwrap();
        self.terminal.backend().buffer().clone()
    }

    /// The lines that contain `text`.
    pub fn lines_with(&mut self, text: &str) -> Vec<String> {
        let screen = self.screen();
        screen
            .lines()
            .filter(|line| line.contains(text))
            .map(str::to_owned)
            .collect()
    }

    /// The name in the row that the cursor is on.
    pub fn selected(&mut self) -> String {
        let row = self.lines_with("▸").pop().unwrap_or_default();
        row.split('▸')
            .nth(1)
            .unwrap_or_default()
            .split_whitespace()
            .next()
            .unwrap_or_default()
            .to_owned()
    }
}

pub fn lines(buffer: &Buffer) -> Vec<String> {
    let area = buffer.area;
    let row = |y| {
        let symbols = (0..area.width).map(|x| buffer[(x, y)].symbol());
        symbols.collect::<String>().trim_end().to_owned()
    };
    (0..area.height).map(row).collect()
}

fn moment(harness: &Harness) -> Moment {
    Moment {
        now: harness.clock.now(),
        monotonic: harness.clock.monotonic(),
    }
}
