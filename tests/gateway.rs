//! The door to a service in this process: what it opens by itself, what it waits for, and who hears of changes.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::unimplemented,
    reason = "a helper that fails fails its test"
)]

#[allow(unreachable_pub, reason = "shared by several test binaries")]
#[path = "support/mod.rs"]
mod support;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use strongroom::crypto::{Argon2Passwords, Cost, Ed25519, KeyringFile, RsaEngine, SealSource, Sha256Hasher};
use strongroom::domain::key_pair::KeySize;
use strongroom::domain::secret::Secret;
use strongroom::domain::text::{Brand, Email, OrganizationName, Slug};
use strongroom::domain::time::Timestamp;
use strongroom::gateway::in_process::{InProcess, Opener};
use strongroom::gateway::{Gateway, SealChoice, SealStatus, StoreState};
use strongroom::service::request::{Credentials, Onboard};
use strongroom::service::{Actor, Code, Error, Event, Ports, Request, Response, Service};
use strongroom::store::memory::{MemoryCheckpoints, MemoryStore};

use support::{FakeClock, SeededEntropy};

/// A store in memory, whose openings are counted.
struct Memory {
    state: Mutex<StoreState>,
    opened: Arc<AtomicUsize>,
}

impl Memory {
    fn service(&self) -> Result<Arc<Service>, Error> {
        self.opened.fetch_add(1, Ordering::SeqCst);
        let entropy = Arc::new(SeededEntropy::new(1));
        let source = SealSource::KeyFile {
            path: "/nowhere/seal.key".into(),
            key: &Secret::new(vec![7; 32]),
        };
        let (_, keyring) = KeyringFile::create(&source, entropy.clone()).unwrap();
        let cost = Cost {
            memory_kib: 64,
            passes: 1,
        };
        let signer = Arc::new(keyring.audit_signer().unwrap());
        Service::open(Ports {
            store: Arc::new(MemoryStore::default()),
            clock: Arc::new(FakeClock::at(Timestamp::from_millis(1_795_435_200_000))),
            keys: Arc::new(RsaEngine::new(entropy.clone())),
            sealer: Arc::new(keyring),
            passwords: Arc::new(Argon2Passwords::new(cost, entropy.clone())),
            hasher: Arc::new(Sha256Hasher),
            signatures: Arc::new(Ed25519),
            account: Actor::default(),
            checkpoints: Arc::new(MemoryCheckpoints::default()),
            signer,
            backup: Arc::new(support::backup::FixedBackups),
            entropy,
        })
    }
}

impl Opener for Memory {
    fn state(&self) -> Result<StoreState, Error> {
        Ok(self.state.lock().unwrap().clone())
    }

    fn create(&self, _: SealChoice) -> Result<Arc<Service>, Error> {
        *self.state.lock().unwrap() = StoreState::Ready;
        self.service()
    }

    fn seal(&self) -> Result<SealStatus, Error> {
        unreachable!("nothing here asks for it")
    }

    fn rotate_seal(&self, _: &SealChoice) -> Result<SealStatus, Error> {
        unreachable!("nothing here asks for it")
    }

    fn open(&self, passphrase: Option<&Secret>) -> Result<Arc<Service>, Error> {
        let is_sealed = *self.state.lock().unwrap() == StoreState::NeedsPassphrase;
        if is_sealed && passphrase.map(Secret::expose) != Some(b"right") {
            return Err(Error::new(
                Code::WrongSeal,
                "this is not the passphrase",
                "type it again",
            ));
        }
        self.service()
    }
}

fn gateway(state: StoreState, actor: Actor) -> (InProcess, Arc<AtomicUsize>) {
    let opened = Arc::new(AtomicUsize::new(0));
    let opener = Memory {
        state: Mutex::new(state),
        opened: Arc::clone(&opened),
    };
    (InProcess::new(Box::new(opener), actor), opened)
}

fn absent() -> StoreState {
    StoreState::Absent {
        data_dir: "/data".into(),
        key_file: "/seal.key".into(),
    }
}

fn onboard() -> Request {
    Request::Onboard(Onboard {
        recipient: None,
        brand: Brand::parse("FinCode").unwrap(),
        slug: Slug::parse("acme").unwrap(),
        name: OrganizationName::parse("Acme").unwrap(),
        size: KeySize::Bits2048,
        admin: Credentials {
            email: Email::parse("ada@acme.test").unwrap(),
            password: Secret::from_text("correct horse battery staple".into()),
        },
    })
}

fn organizations(gateway: &InProcess) -> usize {
    match gateway.ask(None, Request::Overview).unwrap() {
        Response::Overview(overview) => overview.organizations.len(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_store_with_a_key_file_opens_at_the_first_question_and_once() {
    let (gateway, opened) = gateway(StoreState::Ready, Actor::default());
    assert_eq!(gateway.state(), Ok(StoreState::Ready));
    assert_eq!(opened.load(Ordering::SeqCst), 0, "looking opens nothing");
    assert_eq!(organizations(&gateway), 0, "made, and not onboarded");
    assert_eq!(organizations(&gateway), 0);
    assert_eq!(opened.load(Ordering::SeqCst), 1);
}

#[test]
fn a_sealed_store_answers_nothing_until_the_right_passphrase_came() {
    let (gateway, opened) = gateway(StoreState::NeedsPassphrase, Actor::default());
    assert_eq!(
        gateway.ask(None, Request::Overview).unwrap_err().code,
        Code::Sealed
    );
    let wrong = gateway.unlock(&Secret::from_text("wrong".into())).unwrap_err();
    assert_eq!(wrong.code, Code::WrongSeal);
    assert_eq!(gateway.state(), Ok(StoreState::NeedsPassphrase));
    gateway.unlock(&Secret::from_text("right".into())).unwrap();
    assert_eq!(gateway.state(), Ok(StoreState::Ready));
    assert_eq!(organizations(&gateway), 0);
    assert_eq!(opened.load(Ordering::SeqCst), 1);
}

#[test]
fn without_a_store_one_is_made_once_and_never_by_who_may_only_look() {
    let seal = || SealChoice::KeyFile("/seal.key".into());
    let (reader, opened) = gateway(
        absent(),
        Actor {
            read_only: true,
            ..Actor::default()
        },
    );
    assert_eq!(reader.initialize(seal()).unwrap_err().code, Code::ReadOnly);
    assert_eq!(opened.load(Ordering::SeqCst), 0);
    let (gateway, _) = gateway(absent(), Actor::default());
    assert_eq!(
        gateway.ask(None, Request::Overview).unwrap_err().code,
        Code::NotOnboarded
    );
    gateway.initialize(seal()).unwrap();
    assert_eq!(gateway.initialize(seal()).unwrap_err().code, Code::Conflict);
    assert_eq!(organizations(&gateway), 0);
}

#[test]
fn who_subscribed_before_the_store_was_there_hears_of_changes_too() {
    let (gateway, _) = gateway(absent(), Actor::default());
    let early = gateway.subscribe();
    gateway
        .initialize(SealChoice::KeyFile("/seal.key".into()))
        .unwrap();
    let late = gateway.subscribe();
    gateway.ask(None, onboard()).unwrap();
    for (who, events) in [("early", &early), ("late", &late)] {
        let event = events.recv_timeout(Duration::from_secs(20));
        assert!(matches!(event, Ok(Event::Changed)), "{who}: {event:?}");
    }
    assert_eq!(organizations(&gateway), 1);
    gateway.close().unwrap();
    let end = std::iter::repeat_with(|| early.recv_timeout(Duration::from_secs(20))).find(Result::is_err);
    assert_eq!(
        end.map(Result::unwrap_err),
        Some(RecvTimeoutError::Disconnected),
        "the feed ends with the service"
    );
}
