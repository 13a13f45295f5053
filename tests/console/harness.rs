//! A console without a terminal: keys go in, work is done at once on this thread, and the screen is read as text.

use std::path::PathBuf;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use strongroom::console::app::{Effect, Message, Model, Performer, Setup, Work, update, view};
use strongroom::console::input::Input;
use strongroom::console::keymap::Keymap;
use strongroom::console::runtime::{Event as Incoming, Moment};
use strongroom::console::theme::{Look, Theme};
use strongroom::crypto::{Argon2Passwords, Cost, Ed25519, KeyringFile, RsaEngine, SealSource, Sha256Hasher};
use strongroom::domain::cashier::Role;
use strongroom::domain::secret::Secret;
use strongroom::domain::text::Email;
use strongroom::domain::time::Timestamp;
use strongroom::gateway::in_process::{InProcess, Opener};
use strongroom::gateway::{Gateway, SealChoice, SealStatus, StoreState};
use strongroom::service::ports::Clock as _;
use strongroom::service::request::Credentials;
use strongroom::service::{Actor, Code, Error, Event, Ports, Request, Response, Service};
use strongroom::store::memory::{MemoryCheckpoints, MemoryStore};
use strongroom::system::clipboard::{Clipboard, Surroundings, Way};

use super::support::{FakeClock, SeededEntropy};

pub const ADA: &str = "ada@acme.test";
pub const PASSWORD: &str = "correct horse battery staple";

/// A store in memory behind the same door as the real one.
struct InMemory {
    ports: Ports,
    state: Mutex<StoreState>,
}

impl InMemory {
    fn serve(&self) -> Result<Arc<Service>, Error> {
        *self.state.lock().unwrap() = StoreState::Ready;
        Service::open(self.ports.clone())
    }
}

impl Opener for InMemory {
    fn state(&self) -> Result<StoreState, Error> {
        Ok(self.state.lock().unwrap().clone())
    }

    fn create(&self, _seal: SealChoice) -> Result<Arc<Service>, Error> {
        self.serve()
    }

    fn seal(&self) -> Result<SealStatus, Error> {
        unreachable!("nothing here asks for it")
    }

    fn rotate_seal(&self, _: &SealChoice) -> Result<SealStatus, Error> {
        unreachable!("nothing here asks for it")
    }

    fn open(&self, passphrase: Option<&Secret>) -> Result<Arc<Service>, Error> {
        match passphrase.map(|given| given.expose_text() == Some(PASSWORD)) {
            Some(false) => Err(Error::new(
                Code::WrongSeal,
                "the passphrase is wrong",
                "try again",
            )),
            _ => self.serve(),
        }
    }
}

/// The console under test.
pub struct Console {
    pub model: Model,
    pub clock: FakeClock,
    performer: Performer,
    gateway: Arc<dyn Gateway>,
    events: Receiver<Event>,
    /// What was emitted to the terminal itself.
    pub emitted: Vec<u8>,
    pub quit: bool,
}

/// 23 November 2026, noon.
pub fn noon() -> FakeClock {
    FakeClock::at(Timestamp::from_millis(1_795_435_200_000))
}

impl Console {
    /// Over a real service, in this state before it is opened.
    pub fn over(state: StoreState) -> Self {
        let clock = noon();
        let entropy = Arc::new(SeededEntropy::new(1));
        let key = Secret::new(vec![7; 32]);
        let source = SealSource::KeyFile {
            path: "/nowhere/seal.key".into(),
            key: &key,
        };
        let (_, keyring) = KeyringFile::create(&source, entropy.clone()).unwrap();
        let cost = Cost {
            memory_kib: 64,
            passes: 1,
        };
        let signer = Arc::new(keyring.audit_signer().unwrap());
        let ports = Ports {
            store: Arc::new(MemoryStore::default()),
            clock: Arc::new(clock.clone()),
            keys: Arc::new(RsaEngine::new(entropy.clone())),
            sealer: Arc::new(keyring),
            passwords: Arc::new(Argon2Passwords::new(cost, entropy.clone())),
            hasher: Arc::new(Sha256Hasher),
            signatures: Arc::new(Ed25519),
            account: Actor::default(),
            checkpoints: Arc::new(MemoryCheckpoints::default()),
            signer,
            backup: Arc::new(super::support::backup::FixedBackups),
            entropy,
        };
        let opener = InMemory {
            ports,
            state: Mutex::new(state),
        };
        let actor = Actor {
            os_user: "ops".into(),
            uid: 1000,
            owns_store: true,
            ..Actor::default()
        };
        Self::with(Arc::new(InProcess::new(Box::new(opener), actor)), clock)
    }

    /// Over any gateway.
    pub fn with(gateway: Arc<dyn Gateway>, clock: FakeClock) -> Self {
        Self::with_idle(gateway, clock, None)
    }

    /// The same with another time until the lock.
    pub fn with_idle(gateway: Arc<dyn Gateway>, clock: FakeClock, idle: Option<Duration>) -> Self {
        let events = gateway.subscribe();
        let (model, first) = Model::new(Setup {
            at: at(&clock),
            size: (80, 24),
            keymap: Keymap::default(),
            screen: None,
            organization: None,
            email: None,
            read_only: false,
            utc_offset: 0,
            data_dir: PathBuf::from("/var/lib/strongroom/data"),
            program: "strongroom".into(),
            home: Some(PathBuf::from("/home/ada")),
            directory: PathBuf::from("/home/ada"),
            idle,
        });
        let clipboard = Clipboard::new(Way::Osc52, Surroundings::default());
        let mut console = Self {
            model,
            clock,
            performer: Performer::new(gateway.clone(), clipboard, true),
            gateway,
            events,
            emitted: Vec::new(),
            quit: false,
        };
        console.perform(first);
        console
    }

    /// Acme, onboarded by Ada through the wizard, on tab 1.
    pub fn onboarded() -> Self {
        let mut console = Self::over(absent());
        console.keys("Acme | enter | enter | enter");
        console.fill(ADA, PASSWORD);
        console.type_in(PASSWORD);
        // The size, the seal, its file, the summary.
        console.keys("enter | up | enter | enter | enter | enter");
        console.keeps_the_recovery_key();
        console.settle();
        assert!(console.text().contains("Encryption Keys"), "{}", console.text());
        console
    }

    /// Types the end of the recovery key that is shown.
    pub fn keeps_the_recovery_key(&mut self) {
        self.settle();
        let text = self.text();
        let key = text
            .split_whitespace()
            .find(|word| word.starts_with("AGE-SECRET-KEY-1"));
        let key = key
            .unwrap_or_else(|| panic!("no recovery key: {text}"))
            .to_owned();
        self.type_in(&key[key.len() - 6..]);
        self.keys("enter");
    }

    /// Has Ada add a cashier, who sets [`PASSWORD`]: from elsewhere, over the same gateway.
    pub fn enrolled(&mut self, email: &Email, role: Role) {
        let credentials = Credentials {
            email: Email::parse(ADA).unwrap(),
            password: Secret::from_text(PASSWORD.into()),
        };
        let Ok(Response::SignedIn(ada)) = self.gateway.ask(None, Request::SignIn(credentials)) else {
            panic!("Ada cannot sign in")
        };
        let add = Request::AddCashier {
            email: email.clone(),
            role,
        };
        let Ok(Response::EnrolmentCode(code)) = self.gateway.ask(Some(ada.session), add) else {
            panic!("no code")
        };
        let enrol = Request::Enrol {
            email: email.clone(),
            code: code.code,
            password: Secret::from_text(PASSWORD.into()),
        };
        self.gateway.ask(None, enrol).unwrap();
        self.settle();
    }

    /// Texts and keys' names, `|` between them.
    pub fn keys(&mut self, script: &str) {
        for part in script.split('|').map(str::trim) {
            match part.parse() {
                Ok(key) => self.take(Incoming::Input(Input::Key(key))),
                Err(_) => self.type_in(part),
            }
        }
    }

    pub fn type_in(&mut self, text: &str) {
        for character in text.chars() {
            let key = if character == ' ' {
                "space".parse()
            } else {
                character.to_string().parse()
            };
            self.take(Incoming::Input(Input::Key(key.unwrap())));
        }
    }

    /// Two fields and `enter` after each.
    pub fn fill(&mut self, first: &str, second: &str) {
        self.type_in(first);
        self.keys("enter");
        self.type_in(second);
        self.keys("enter");
    }

    pub fn paste(&mut self, text: &str) {
        self.take(Incoming::Input(Input::Paste(text.to_owned().into())));
    }

    /// Lets time pass, with its seconds.
    pub fn pass(&mut self, time: Duration) {
        self.clock.advance(time);
        self.take(Incoming::Tick);
    }

    /// Waits for what other threads do, until `done`.
    pub fn until(&mut self, done: impl Fn(&str) -> bool) -> String {
        for _ in 0..15_000 {
            self.settle();
            let text = self.text();
            if done(&text) {
                return text;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        panic!("did not come within half a minute: {}", self.text());
    }

    /// Takes the events in that the service told so far.
    pub fn settle(&mut self) {
        while let Ok(event) = self.events.try_recv() {
            self.take(Incoming::Message(Message::Event(event)));
        }
    }

    pub fn take(&mut self, event: Incoming<Message>) {
        let effects = update(&mut self.model, at(&self.clock), event);
        self.perform(effects);
    }

    fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Work(work) => self.work(work),
                Effect::Emit(bytes) => self.emitted.extend_from_slice(&bytes),
                Effect::Quit => self.quit = true,
                Effect::Repaint | Effect::Suspend => {}
            }
        }
    }

    fn work(&mut self, work: Work) {
        let message = self.performer.perform(work);
        self.take(Incoming::Message(message));
    }

    /// The screen at 80×24.
    pub fn text(&self) -> String {
        text(&self.drawn(80, 24, Look::default()))
    }

    pub fn drawn(&self, width: u16, height: u16, look: Look) -> Buffer {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        let theme = Theme::new(look);
        terminal.draw(|frame| view(&self.model, &theme, frame)).unwrap();
        terminal.backend().buffer().clone()
    }

    pub fn sees(&self, words: &str) {
        let text = self.text();
        assert!(text.contains(words), "no \"{words}\" in:\n{text}");
    }

    pub fn sees_not(&self, words: &str) {
        let text = self.text();
        assert!(!text.contains(words), "\"{words}\" in:\n{text}");
    }
}

pub fn absent() -> StoreState {
    StoreState::Absent {
        data_dir: "/var/lib/strongroom".into(),
        key_file: "/etc/strongroom/seal.key".into(),
    }
}

fn at(clock: &FakeClock) -> Moment {
    Moment {
        now: clock.now(),
        monotonic: clock.monotonic(),
    }
}

/// A buffer's text, a line a row.
pub fn text(buffer: &Buffer) -> String {
    let width = buffer.area.width;
    let row = |y| {
        (0..width)
            .map(|x| buffer[(x, y)].symbol())
            .collect::<String>()
            .trim_end()
            .to_owned()
    };
    (0..buffer.area.height).map(row).collect::<Vec<_>>().join("\n")
}
