//! What the console says about the store's state: opening, damaged, an older state, alarms.

use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use strongroom::console::app::{Message, News, Screen, Stage};
use strongroom::console::keymap::Command;
use strongroom::console::runtime::Event as Incoming;
use strongroom::console::starting::Starting;
use strongroom::console::unlock::Unlock;
use strongroom::domain::secret::Secret;
use strongroom::domain::time::Timestamp;
use strongroom::domain::trusted_time::Jump;
use strongroom::gateway::{Gateway, OpeningStep, SealChoice, SealStatus, StoreState};
use strongroom::service::request::SessionId;
use strongroom::service::response::{Alarm, Health, Level, Noticed, Rollback};
use strongroom::service::{Code, Error, Event, Request, Response};

use super::canned::{Canned, health, overview};
use super::harness::{ADA, Console, PASSWORD, noon};
use super::looks::picture;

/// Acme, as long as nothing else is said.
#[derive(Default)]
struct Troubled {
    error: Mutex<Option<Error>>,
    rollback: Mutex<Option<Rollback>>,
    health: Mutex<Option<Health>>,
    step: Mutex<Option<OpeningStep>>,
}

impl Gateway for Troubled {
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
        if let Some(error) = &*self.error.lock().unwrap() {
            return Err(error.clone());
        }
        let mut rollback = self.rollback.lock().unwrap();
        match request {
            Request::Overview => {
                let mut overview = overview();
                overview.rollback = *rollback;
                Ok(Response::Overview(overview))
            }
            Request::AcceptRollback {
                credentials,
                sequence,
            } => {
                assert_eq!(sequence, rollback.unwrap().found);
                if credentials.password.expose_text() != Some(PASSWORD) {
                    return Err(wrong());
                }
                *rollback = None;
                Ok(Response::Done)
            }
            Request::ConfirmClock { credentials, wall } => {
                let mut health = self.health.lock().unwrap();
                assert_eq!(health.as_ref().map(|health| health.clock.wall), Some(wall));
                if credentials.password.expose_text() != Some(PASSWORD) {
                    return Err(wrong());
                }
                *health = None;
                Ok(Response::Done)
            }
            Request::Health => {
                let health = self.health.lock().unwrap().clone().unwrap_or_else(health);
                Ok(Response::Health(Box::new(health)))
            }
            other => Canned.ask(session, other),
        }
    }

    fn opening(&self) -> Option<OpeningStep> {
        *self.step.lock().unwrap()
    }

    fn subscribe(&self) -> Receiver<Event> {
        Canned.subscribe()
    }
}

fn wrong() -> Error {
    Error::new(
        Code::Unauthenticated,
        "the e-mail or the password is wrong",
        "try again",
    )
    .on("password")
}

fn stopped(code: Code, message: &str, hint: &str) -> (Arc<Troubled>, Console) {
    let gateway = Arc::new(Troubled::default());
    *gateway.error.lock().unwrap() = Some(Error::new(code, message, hint));
    let console = Console::with(gateway.clone(), noon());
    (gateway, console)
}

#[test]
fn a_damaged_store_says_what_happened_where_what_is_safe_and_what_to_run() {
    let (gateway, mut console) = stopped(
        Code::StoreDamaged,
        "the store is damaged: journal/segment-00000000000000000001: frame 431 does not follow frame 430",
        "nothing was changed; keep a copy of the data directory, then run: strongroom doctor",
    );
    insta::assert_snapshot!("store_damaged", picture(&console));
    console.keys("down | c");
    console.sees("the command: sent to your terminal");
    console.keys("1 | i | : | L");
    console.sees("The store is damaged");
    console.keys("r");
    console.sees("The store is damaged");
    *gateway.error.lock().unwrap() = None;
    console.keys("r");
    console.sees("Encryption Keys");
}

#[test]
fn each_reason_has_its_own_screen() {
    let reasons = [
        (
            "store_of_a_newer_version",
            Code::UnknownVersion,
            "a token record has version 9, and this program reads versions up to 1",
            "a newer Strongroom wrote it: use that version or a newer one; nothing was changed",
        ),
        (
            "store_open_to_others",
            Code::Permissions,
            "/var/lib/strongroom/data can be read by others than ada: its mode is 0755",
            "mend it as its owner with chmod 0700 /var/lib/strongroom/data, then start again; nothing was changed",
        ),
        (
            "store_in_use",
            Code::StoreLocked,
            "the store is in use by process 4711 of ada since 2026-11-23T11:00:00Z",
            "use that console, or end it and try again; nothing was changed",
        ),
        (
            "store_without_its_key_file",
            Code::Sealed,
            "there is no key file /etc/strongroom/seal.key",
            "put it back from where you keep a copy",
        ),
        (
            "store_on_a_full_disk",
            Code::DiskFull,
            "no space left on the device of /var/lib/strongroom/data",
            "nothing was changed; free some space there and repeat it",
        ),
    ];
    for (name, code, message, hint) in reasons {
        let (_, mut console) = stopped(code, message, hint);
        insta::assert_snapshot!(name, picture(&console));
        console.keys("q");
        assert!(console.quit, "{name}");
    }
}

#[test]
fn a_wrong_passphrase_stays_in_the_form_and_damage_does_not() {
    let mut console = Console::over(StoreState::NeedsPassphrase);
    console.keys("wrong | enter");
    console.sees("the passphrase is wrong");
    console.sees("The store is sealed");
    let error = Error::new(Code::StoreDamaged, "the store is damaged: records", "look");
    console.take(Incoming::Message(Message::Unlocked(Err(error))));
    console.sees("The store is damaged");
}

#[test]
fn a_long_opening_says_what_is_done_and_for_how_long() {
    let gateway = Arc::new(Troubled::default());
    let mut console = Console::with(gateway.clone(), noon());
    let begin = |console: &mut Console, step| {
        *gateway.step.lock().unwrap() = step;
        let now = console.model.facts.at.monotonic;
        console.model.stage = Stage::Starting(Starting::new(now));
    };
    begin(&mut console, None);
    console.sees(" Opening the store");
    console.sees_not("q leaves");
    begin(&mut console, Some(OpeningStep::Comparing));
    console.pass(Duration::from_secs(12));
    insta::assert_snapshot!("store_opening", picture(&console));
    begin(&mut console, Some(OpeningStep::Reading(412_000)));
    console.pass(Duration::from_secs(2));
    console.sees("Reading every record: 412,000 2 s");
    console.keys("3");
    assert_eq!(
        console.model.screen,
        Screen::Activity,
        "the tab that it opens with"
    );
    console.keys("R | L | i | :");
    console.sees("Reading every record");
    begin(&mut console, Some(OpeningStep::ReadingAgain(8_192)));
    console.pass(Duration::from_secs(3));
    insta::assert_snapshot!("store_rebuilt_while_opening", picture(&console));
    console.keys("q");
    assert!(console.quit);
}

#[test]
fn a_long_opening_after_the_passphrase_takes_the_place_of_its_form() {
    let gateway = Arc::new(Troubled::default());
    let mut console = Console::with(gateway.clone(), noon());
    let mut unlock = Unlock::default();
    let enter = "enter".parse().unwrap();
    let mut take = |news| unlock.update(&news, Duration::ZERO).is_some();
    assert!(!take(News::Paste(PASSWORD.to_owned().into())));
    assert!(take(News::Key(enter, Some(Command::Accept))));
    console.model.stage = Stage::Sealed(unlock);
    *gateway.step.lock().unwrap() = Some(OpeningStep::Unsealing);
    console.pass(Duration::from_secs(2));
    console.sees("The store is sealed");
    *gateway.step.lock().unwrap() = Some(OpeningStep::Reading(4096));
    console.pass(Duration::from_secs(2));
    console.pass(Duration::from_secs(2));
    console.sees("Reading every record: 4,096");
    console.take(Incoming::Message(Message::Unlocked(Ok(()))));
    console.sees("Fingerprint");
}

fn older() -> (Arc<Troubled>, Console) {
    let gateway = Arc::new(Troubled::default());
    *gateway.rollback.lock().unwrap() = Some(Rollback {
        anchored: 431,
        found: 412,
        anchored_at: Timestamp::from_millis(1_795_435_000_000),
    });
    let console = Console::with(gateway.clone(), noon());
    (gateway, console)
}

#[test]
fn an_older_state_is_shown_with_what_would_be_lost_and_accepted_by_an_admin() {
    let (_, mut console) = older();
    insta::assert_snapshot!("store_rolled_back", picture(&console));
    console.keys("1 | 2 | i | L | :");
    console.sees("An older state of the store");
    console.keys("a | 431 | enter");
    console.fill(ADA, PASSWORD);
    console.sees("this is not 412");
    insta::assert_snapshot!("store_rolled_back_accept", picture(&console));
    console.keys("ctrl-u | 412 | enter | enter | ctrl-u");
    console.type_in("wrong");
    console.keys("enter");
    console.sees("the e-mail or the password is wrong");
    console.type_in(PASSWORD);
    console.keys("enter");
    console.sees("goes on from commit 412");
    console.sees("Fingerprint");
}

#[test]
fn an_older_state_is_left_as_it_is() {
    let (gateway, mut console) = older();
    console.keys("a | 412");
    console.pass(Duration::from_secs(300));
    console.sees_not("Commit ");
    console.keys("q");
    assert!(console.quit);
    assert!(gateway.rollback.lock().unwrap().is_some());
}

fn alarm(level: Level, kind: &'static str, message: &str, hint: &str) -> Alarm {
    Alarm {
        level,
        kind: kind.into(),
        message: message.into(),
        hint: hint.into(),
    }
}

#[test]
fn a_clock_that_jumped_is_confirmed_by_an_admin() {
    let gateway = Arc::new(Troubled::default());
    let mut jumped = health();
    let later = jumped.now.plus(chrono::TimeDelta::days(1));
    jumped.clock.wall = later;
    jumped.clock.would_expire = 2;
    jumped.clock.jump = Some(Jump {
        expected: jumped.now,
        wall: later,
    });
    let message = "the wall clock shows 2026-11-24T12:00:00Z, 1 d ahead of the time that can be trusted";
    jumped.alarms = vec![alarm(
        Level::Critical,
        "clock_jumped",
        message,
        "put the clock right",
    )];
    *gateway.health.lock().unwrap() = Some(jumped);
    let mut console = Console::with(gateway.clone(), noon());
    console.pass(Duration::from_secs(20));
    console.sees("clock jumped");
    console.keys("H");
    console.sees("enter: the wall clock is right");
    console.keys("enter");
    insta::assert_snapshot!("clock_confirm", picture(&console));
    console.fill(ADA, "wrong");
    console.sees("the e-mail or the password is wrong");
    console.type_in(PASSWORD);
    console.keys("enter");
    console.sees("Health: all is well");
    console.keys("enter");
    console.sees_not("Health");
    console.sees_not("clock jumped");
}

fn unwell() -> Health {
    let mut health = health();
    health.alarms = vec![
        alarm(
            Level::Critical,
            "store_fault",
            "the anchor cannot be written to /var/lib/strongroom/state: no space left on the device",
            "free some space there: an older copy put back could not be noticed meanwhile",
        ),
        alarm(
            Level::Warning,
            "no_backup",
            "no backup was ever made",
            "run: strongroom backup",
        ),
    ];
    health.notices = vec![Noticed {
        kind: "rebuilt".into(),
        message: "the database was rebuilt from checkpoint and journal: record 7 has other bytes".into(),
    }];
    health
}

#[test]
fn a_store_that_is_well_says_so_where_there_is_room() {
    let mut console = Console::with(Arc::new(Canned), noon());
    console.pass(Duration::from_secs(20));
    console.sees_not("verified");
    let wide = |console: &mut Console| {
        console.take(Incoming::Input(strongroom::console::input::Input::Resize {
            width: 120,
            height: 40,
        }));
        super::harness::text(&console.drawn(120, 40, Default::default()))
    };
    assert!(wide(&mut console).contains("verified 2 h ago · backed up 9 h ago"));
    console.keys("H");
    insta::assert_snapshot!("health", picture(&console));
    console.keys("esc | : | health | enter");
    console.sees("Health: all is well");
    console.keys("esc | : | webhooks | enter");
    insta::assert_snapshot!("webhooks", picture(&console));
    console.keys("esc");
    console.sees_not("token.revoked");
}

#[test]
fn alarms_are_seen_on_every_tab_with_what_to_do() {
    let gateway = Arc::new(Troubled::default());
    *gateway.health.lock().unwrap() = Some(unwell());
    let mut console = Console::with(gateway.clone(), noon());
    console.pass(Duration::from_secs(20));
    for tab in ["1", "2", "3", "4"] {
        console.keys(tab);
        console.sees("store fault +2");
    }
    insta::assert_snapshot!("health_line_with_alarms", picture(&console));
    console.keys("H");
    insta::assert_snapshot!("health_with_alarms", picture(&console));
    *gateway.health.lock().unwrap() = None;
    console.keys("esc");
    console.pass(Duration::from_secs(10));
    console.sees_not("store fault");
}

#[test]
fn what_the_opening_mended_is_told_once_and_named_in_the_frame() {
    let gateway = Arc::new(Troubled::default());
    let mut mended = unwell();
    mended.alarms.clear();
    *gateway.health.lock().unwrap() = Some(mended);
    let mut console = Console::with(gateway.clone(), noon());
    console.sees("the database was rebuilt from checkpoint and journal");
    console.pass(Duration::from_secs(20));
    console.sees_not("the database was rebuilt");
    console.sees("▲ rebuilt  H");
    console.keys("H");
    console.sees("7 has other bytes");
}
