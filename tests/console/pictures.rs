//! The README's pictures: the demo's year as the console draws it, at a moment that stays, and compared with `assets/`.
//!
//! `STRONGROOM_PICTURES=1 cargo test --test console pictures` draws them anew.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use chrono::TimeDelta;
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use strongroom::console::theme::{Look, Palette};
use strongroom::crypto::{Argon2Passwords, Cost, Ed25519, KeyringFile, RsaEngine, SealSource, Sha256Hasher};
use strongroom::demo::script::{CALLERS, SENDERS};
use strongroom::demo::year::{Lived, beginning, live};
use strongroom::demo::{HashedOnce, PASSWORD, WoundClock};
use strongroom::domain::key_pair::{Fingerprint, KeySize, Mgf1};
use strongroom::domain::recovery::{LastBackup, Recipient};
use strongroom::domain::secret::Secret;
use strongroom::domain::time::Timestamp;
use strongroom::gateway::in_process::{InProcess, Opener};
use strongroom::gateway::{SealChoice, SealStatus, StoreState};
use strongroom::service::ports::{
    BackupMaker, BackupOrder, BackupWatch, Clock as _, CryptoError, GeneratedKey, KeyEngine, PrivateKey,
    PublicKeyFormats, StoreError,
};
use strongroom::service::request::Ciphertext;
use strongroom::service::{Actor, Error, Origin, Ports, Service};
use strongroom::store::memory::{MemoryCheckpoints, MemoryStore};
use strongroom::system::OsEntropy;

use super::harness::Console;
use super::skip::skipped;
use super::support::backup::FixedBackups;
use super::support::{FakeClock, SeededEntropy};

/// 24 November 2026, 14:02 UTC.
const NOW: Timestamp = Timestamp::from_millis(1_795_528_920_000);

/// Real keys, whose names are the same each time.
struct Named {
    engine: RsaEngine,
    made: AtomicU8,
}

impl KeyEngine for Named {
    fn generate(&self, _: KeySize) -> Result<GeneratedKey, CryptoError> {
        let number = self.made.fetch_add(1, Ordering::SeqCst);
        let key = self.engine.generate(KeySize::Bits2048)?;
        let name: Vec<u8> = (0..32_u8)
            .map(|at| at.wrapping_mul(83).wrapping_add(number * 107 + 9))
            .collect();
        Ok(GeneratedKey {
            fingerprint: Fingerprint(name.try_into().unwrap()),
            ..key
        })
    }

    fn open(&self, private: &Secret) -> Result<Box<dyn PrivateKey>, CryptoError> {
        self.engine.open(private)
    }

    fn encrypt(&self, public: &[u8], mgf1: Mgf1, plaintext: &Secret) -> Result<Vec<u8>, CryptoError> {
        self.engine.encrypt(public, mgf1, plaintext)
    }

    fn describe(&self, public: &[u8]) -> Result<PublicKeyFormats, CryptoError> {
        self.engine.describe(public)
    }
}

/// Backups that are not made, when the clock says.
struct Made(Arc<WoundClock>);

impl BackupMaker for Made {
    fn recovery_key(&self) -> Result<(Secret, Recipient), CryptoError> {
        FixedBackups.recovery_key()
    }

    fn make(&self, order: &BackupOrder, watch: &dyn BackupWatch) -> Result<LastBackup, StoreError> {
        Ok(LastBackup {
            at: self.0.now(),
            ..FixedBackups.make(order, watch)?
        })
    }
}

/// A store that is open.
struct Opened(Arc<Service>);

impl Opener for Opened {
    fn state(&self) -> Result<StoreState, Error> {
        Ok(StoreState::Ready)
    }

    fn create(&self, _: SealChoice) -> Result<Arc<Service>, Error> {
        unreachable!("nothing here asks for it")
    }

    fn open(&self, _: Option<&Secret>) -> Result<Arc<Service>, Error> {
        Ok(self.0.clone())
    }

    fn seal(&self) -> Result<SealStatus, Error> {
        unreachable!("nothing here asks for it")
    }

    fn rotate_seal(&self, _: &SealChoice) -> Result<SealStatus, Error> {
        unreachable!("nothing here asks for it")
    }
}

/// The console over the demo, an hour after its year.
fn console() -> Console {
    let clock = Arc::new(WoundClock::at(beginning(NOW)));
    let entropy = Arc::new(SeededEntropy::new(7));
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
    let argon2 = Arc::new(Argon2Passwords::new(cost, entropy.clone()));
    let actor = Actor {
        os_user: "gateway".into(),
        uid: 990,
        owns_store: true,
        ..Actor::default()
    };
    let ports = Ports {
        store: Arc::new(MemoryStore::default()),
        clock: clock.clone(),
        keys: Arc::new(Named {
            engine: RsaEngine::new(Arc::new(OsEntropy)),
            made: AtomicU8::new(1),
        }),
        signer: Arc::new(keyring.audit_signer().unwrap()),
        sealer: Arc::new(keyring),
        passwords: Arc::new(HashedOnce::new(argon2, Secret::from_text(PASSWORD.into()))),
        hasher: Arc::new(Sha256Hasher),
        signatures: Arc::new(Ed25519),
        account: actor.clone(),
        checkpoints: Arc::new(MemoryCheckpoints::default()),
        backup: Arc::new(Made(clock.clone())),
        entropy,
    };
    let service = Service::open(ports).unwrap();
    let lived = live(
        &service,
        &clock,
        NOW.minus(TimeDelta::minutes(56)),
        (&actor, Path::new("/backups")),
        &|| true,
    )
    .unwrap();
    call(&service, &clock, &lived, &actor);
    let gateway = InProcess::new(Box::new(Opened(service)), actor).counting();
    gateway.open().unwrap();
    let mut console = Console::with(Arc::new(gateway), FakeClock::at(NOW));
    // The note about the nearest expiry is a picture of its own.
    console.pass(std::time::Duration::from_secs(20));
    console.clock.set_wall(NOW);
    console
}

/// The calls of the last hour: a part of those that the demo's callers make, each at a moment of its own.
fn call(service: &Arc<Service>, clock: &WoundClock, lived: &Lived, actor: &Actor) {
    for second in 0.. {
        if clock.now() > NOW.minus(TimeDelta::seconds(3)) {
            return;
        }
        let is_due =
            |every: u32, place: usize| every > 0 && (second + place).is_multiple_of(every as usize / 20 + 1);
        for (place, caller) in CALLERS.iter().enumerate() {
            if is_due(caller.every, place) {
                let origin = Origin {
                    address: caller.address.parse().ok(),
                    local: "",
                    agent: caller.agent.as_bytes(),
                };
                clock.wind(TimeDelta::milliseconds(10));
                let _ = service.verify_from(lived.tokens[caller.token].expose(), &origin);
            }
        }
        for sender in SENDERS.iter().filter(|sender| is_due(6 * sender.every, 0)) {
            let field = Ciphertext {
                text: lived.ciphertext.clone(),
                key: lived.replaced.filter(|_| sender.is_stale),
                mgf1: None,
            };
            let of = Actor {
                said_address: Some(sender.address.into()),
                ..actor.clone()
            };
            service.decrypt_all(&of, None, &[field]).unwrap();
        }
        clock.wind(TimeDelta::seconds(1));
    }
}

#[test]
fn the_pictures_are_what_the_console_draws_of_the_demo() {
    let mut console = console();
    let mut shown = Vec::new();
    let mut picture = |console: &Console, name: &str| {
        for (palette, ending) in [(Palette::Dark, ""), (Palette::Light, "-light")] {
            let look = Look {
                palette,
                true_color: false,
                ascii: false,
            };
            shown.push((
                format!("{name}{ending}.svg"),
                sequences(&console.drawn(100, 24, look)),
            ));
        }
    };
    console.keys("1");
    console.sees("Encryption Keys");
    picture(&console, "keys");
    console.keys("2");
    console.sees("checkout-prod");
    console.keys("down | down");
    // Who uses it is looked up when the cursor rests.
    console.pass(std::time::Duration::from_secs(2));
    console.settle();
    picture(&console, "console");
    console.keys("up | enter");
    console.sees("payouts/7.3");
    picture(&console, "cutover");
    for (name, ansi) in shown {
        compare(&name, &ansi);
    }
}

fn compare(name: &str, ansi: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let light = name.contains("-light").then_some("--light");
    let drawing = Command::new("python3")
        .arg(root.join("tests/support/render-screen"))
        .args(light)
        .args(["--columns", "100"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut drawing) = drawing else {
        return skipped("there is no python3, which draws the pictures");
    };
    drawing.stdin.take().unwrap().write_all(ansi.as_bytes()).unwrap();
    let drawn = drawing.wait_with_output().unwrap();
    assert!(drawn.status.success(), "{drawn:?}");
    let path = root.join("assets").join(name);
    if std::env::var_os("STRONGROOM_PICTURES").is_some() {
        fs::write(&path, &drawn.stdout).unwrap();
        return;
    }
    let kept = fs::read(&path).unwrap_or_default();
    assert!(
        kept == drawn.stdout,
        "assets/{name} is not what the console draws now: STRONGROOM_PICTURES=1 cargo test --test console pictures"
    );
}

/// What a terminal would be sent to show it.
fn sequences(buffer: &Buffer) -> String {
    let mut text = String::new();
    for y in 0..buffer.area.height {
        let mut before = String::new();
        for x in 0..buffer.area.width {
            let cell = &buffer[(x, y)];
            let style = style(cell);
            if style != before {
                text.push_str(&format!("\x1b[0{style}m"));
            }
            before = style;
            text.push_str(cell.symbol());
        }
        text.push_str("\x1b[0m\n");
    }
    text
}

fn style(cell: &Cell) -> String {
    let mut style = String::new();
    for (modifier, code) in [
        (Modifier::BOLD, 1),
        (Modifier::DIM, 2),
        (Modifier::ITALIC, 3),
        (Modifier::UNDERLINED, 4),
        (Modifier::REVERSED, 7),
        (Modifier::CROSSED_OUT, 9),
    ] {
        if cell.modifier.contains(modifier) {
            style.push_str(&format!(";{code}"));
        }
    }
    style + &colour(cell.fg, 30) + &colour(cell.bg, 40)
}

fn colour(colour: Color, base: u8) -> String {
    const NORMAL: [Color; 8] = [
        Color::Black,
        Color::Red,
        Color::Green,
        Color::Yellow,
        Color::Blue,
        Color::Magenta,
        Color::Cyan,
        Color::Gray,
    ];
    const BRIGHT: [Color; 8] = [
        Color::DarkGray,
        Color::LightRed,
        Color::LightGreen,
        Color::LightYellow,
        Color::LightBlue,
        Color::LightMagenta,
        Color::LightCyan,
        Color::White,
    ];
    let place = |all: &[Color; 8]| all.iter().position(|one| *one == colour);
    match colour {
        Color::Reset => String::new(),
        Color::Indexed(number) => format!(";{};5;{number}", base + 8),
        Color::Rgb(red, green, blue) => format!(";{};2;{red};{green};{blue}", base + 8),
        _ => match (place(&NORMAL), place(&BRIGHT)) {
            (Some(place), _) => format!(";{}", usize::from(base) + place),
            (_, Some(place)) => format!(";{}", usize::from(base) + 60 + place),
            _ => unreachable!("{colour:?} is none of the sixteen"),
        },
    }
}
